//! Magics that are a line and become a call of the library on that line.

use std::ops::Range;

use super::arguments::{Arguments, unquoted};
use super::body::Body;
use super::lines::{Line, LineKind};
use super::magic;
use super::magic_error::{MagicError, suggestion};
use super::magics;
use super::source_map::SourceMap;
use super::timing;
use super::words::{Words, trimmed};

/// Appends a part of the cell with Rust in the place of lines that are none.
pub(super) fn write_rust(
    cell: &str,
    part: Range<usize>,
    found: &[Line],
    is_known: &dyn Fn(&str) -> bool,
    map: &mut SourceMap,
) -> Result<(), MagicError> {
    let mut position = part.start;
    for (index, line) in found.iter().enumerate() {
        map.copy(cell, position..line.range.start);
        position = line.range.end;
        let is_last = index + 1 == found.len() && Body::parse(cell, position..part.end).nodes.is_empty();
        write(cell, line, is_last && !line.nested, is_known, map)?;
    }
    map.copy(cell, position..part.end);
    Ok(())
}

/// Writes the Rust that a line stands for. Where it is the last of the cell, the value of what it times is the cell's.
fn write(
    cell: &str,
    line: &Line,
    is_last: bool,
    is_known: &dyn Fn(&str) -> bool,
    map: &mut SourceMap,
) -> Result<(), MagicError> {
    match line.kind {
        LineKind::EngineCommand => {
            refuse_quit(cell, line)?;
            map.copy(cell, line.range.clone());
            Ok(())
        }
        LineKind::Command => {
            let command = shell_command(cell, line.range.clone())?;
            map.generate(&format!("{command};"), line.range.clone());
            Ok(())
        }
        LineKind::Magic => write_magic(cell, line, is_last, is_known, map),
    }
}

fn write_magic(
    cell: &str,
    line: &Line,
    is_last: bool,
    is_known: &dyn Fn(&str) -> bool,
    map: &mut SourceMap,
) -> Result<(), MagicError> {
    let mut arguments = Arguments::of(cell, line);
    let call = match arguments.name.text {
        "%time" => return timing::time_line(cell, line, is_last, is_known, map),
        "%timeit" => return timing::timeit_line(cell, line, map),
        "%checkpoint" => format!("checkpoint({})", checkpoint(&mut arguments)?),
        "%cd" => format!("change_directory({:?})", unquoted(arguments.rest().text)),
        "%pwd" => "print_directory()".to_owned(),
        "%timeline" => "timeline()".to_owned(),
        "%workers" => workers(&mut arguments)?,
        "%precision" => format!("set_precision({})", precision(&mut arguments)?),
        "%env" => environment(&mut arguments)?,
        name => return Err(magic::unknown(name, arguments.name.range)),
    };
    if !matches!(arguments.name.text, "%cd" | "%env") {
        arguments.end()?;
    }
    map.generate(&format!("parcell::cell::{call};"), line.range.clone());
    Ok(())
}

pub(super) fn shell_command(cell: &str, range: Range<usize>) -> Result<String, MagicError> {
    let command = trimmed(cell, range.start + 1..range.end);
    if command.text.is_empty() {
        return Err(MagicError::new(
            range.start..range.start + 1,
            "there is no command behind `!`",
            "runs nothing",
            "write a command for the shell behind it, as in `!ls`",
        ));
    }
    Ok(format!("parcell::cell::shell({:?})", command.text))
}

fn checkpoint(arguments: &mut Arguments<'_>) -> Result<&'static str, MagicError> {
    match arguments.next() {
        None => Ok("None"),
        Some(word) if word.text == "on" => Ok("Some(true)"),
        Some(word) if word.text == "off" => Ok("Some(false)"),
        Some(word) => {
            let help = format!(
                "{}the magic is {}",
                suggestion(word.text, ["on", "off"]),
                arguments.usage()
            );
            let message = format!("`{}` is neither `on` nor `off`", word.text);
            Err(MagicError::new(word.range, message, "neither on nor off", help))
        }
    }
}

fn workers(arguments: &mut Arguments<'_>) -> Result<String, MagicError> {
    let options = arguments.options(magics::known("%workers"))?;
    Ok(match options.get("--stop") {
        Some(given) => format!("stop_worker({})", given.number("the process", 1)?),
        None => "workers()".to_owned(),
    })
}

/// As many digits as IEEE's double precision ever needs behind the point.
const MOST_DIGITS: usize = 1074;

fn precision(arguments: &mut Arguments<'_>) -> Result<String, MagicError> {
    let Some(word) = arguments.next() else {
        return Ok("None".to_owned());
    };
    // IPython's users write formats too.
    let text = word.text.strip_prefix("%.").and_then(|text| text.strip_suffix('f'));
    match text.unwrap_or(word.text).parse::<usize>() {
        Ok(digits) if digits <= MOST_DIGITS => Ok(format!("Some({digits})")),
        _ => Err(MagicError::new(
            word.range,
            format!("`{}` is not a number of digits", word.text),
            "not a number of digits",
            format!("give the digits behind the point, as in `%precision 3`, or nothing; at most {MOST_DIGITS}"),
        )),
    }
}

fn environment(arguments: &mut Arguments<'_>) -> Result<String, MagicError> {
    let rest = arguments.rest();
    if rest.text.is_empty() {
        return Ok("print_environment()".to_owned());
    }
    let (name, value) = match rest
        .text
        .split_once('=')
        .or_else(|| rest.text.split_once(char::is_whitespace))
    {
        Some((name, value)) => (name.trim(), Some(value.trim())),
        None => (rest.text, None),
    };
    let is_name = |character: char| character.is_alphanumeric() || character == '_';
    if name.is_empty() || !name.chars().all(is_name) {
        let message = format!("`{name}` is not the name of a variable");
        let help = format!("the magic is {}", arguments.usage());
        return Err(MagicError::new(rest.range, message, "not a name and a value", help));
    }
    Ok(match value {
        Some(value) => format!("set_environment_variable({name:?}, {:?})", unquoted(value)),
        None => format!("print_environment_variable({name:?})"),
    })
}

/// It would end the kernel's process on the spot.
fn refuse_quit(cell: &str, line: &Line) -> Result<(), MagicError> {
    let command = Words::new(cell, line.range.clone()).next();
    match command.filter(|word| word.text == ":quit") {
        Some(word) => Err(MagicError::new(
            word.range,
            "a cell cannot end the kernel",
            "ends no kernel",
            "shut the kernel down where it was started: in JupyterLab's menu Kernel, in jupyter console with Ctrl-D; \
             `%reset` forgets all variables and items",
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::rewrite::tests::{refused, rewritten};

    #[test]
    fn lines_become_calls_on_their_own_lines() {
        assert_eq!(
            rewritten("let a = 1;\n!echo \"é\"\n%cd 'a b'\n%pwd // where\nlet b = 2;"),
            "let a = 1;\nparcell::cell::shell(\"echo \\\"é\\\"\");\nparcell::cell::change_directory(\"a b\");\n\
             parcell::cell::print_directory();\nlet b = 2;"
        );
        assert_eq!(
            rewritten("%env\n%env HOME\n%env A=b c\n%env A \"b\"\n%checkpoint off\n%timeline\n%workers"),
            "parcell::cell::print_environment();\nparcell::cell::print_environment_variable(\"HOME\");\n\
             parcell::cell::set_environment_variable(\"A\", \"b c\");\n\
             parcell::cell::set_environment_variable(\"A\", \"b\");\nparcell::cell::checkpoint(Some(false));\nparcell::cell::timeline();\nparcell::cell::workers();"
        );
    }

    #[test]
    fn digits_and_processes_are_chosen() {
        assert_eq!(
            rewritten("%precision 3\n%precision\n%precision %.2f\n%workers --stop 12"),
            "parcell::cell::set_precision(Some(3));\nparcell::cell::set_precision(None);\n\
             parcell::cell::set_precision(Some(2));\nparcell::cell::stop_worker(12);"
        );
    }

    #[test]
    fn statements_and_values_are_timed() {
        assert_eq!(
            rewritten("%time let a = f();\n%time g()\n%time !ls\na"),
            "parcell::cell::start_timer(); let a = f();\nparcell::cell::stop_timer(());\n\
             parcell::cell::start_timer(); parcell::cell::stop_timer(\ng()\n);\n\
             parcell::cell::start_timer(); parcell::cell::stop_timer(parcell::cell::shell(\"ls\"));\n\
             (&(\na\n)).parcell_value().evcxr_display();"
        );
        assert_eq!(
            rewritten("%time f() // slow"),
            "parcell::cell::start_timer(); (&(\nparcell::cell::stop_timer(\nf()\n)\n)).parcell_value().evcxr_display(); // slow"
        );
    }

    #[test]
    fn mistakes_are_pointed_at() {
        for (cell, message, at) in [
            ("%whoo", "there is no magic `%whoo`", "%whoo"),
            ("let a = 1;\n%who all", "`all` is not expected here", "all"),
            ("%reset -x", "`-x` is not expected here", "-x"),
            ("%checkpoint of", "`of` is neither `on` nor `off`", "of"),
            ("%workers all", "`all` is not expected here", "all"),
            ("%workers --stop x", "`x` is not a number of the process", "x"),
            ("%workers --stpo 1", "there is no option `--stpo`", "--stpo"),
            ("%precision two", "`two` is not a number of digits", "two"),
            ("%precision 2 3", "`3` is not expected here", "3"),
            ("%checkpoint on now", "`now` is not expected here", "now"),
            ("%help %pol", "there is no magic `%pol`", "%pol"),
            ("%env a-b=c", "`a-b` is not the name of a variable", "a-b=c"),
            ("!", "there is no command behind `!`", "!"),
            ("fn f() {\n%who\n}", "`%who` is inside a block", "%who"),
            (
                "let a = 1;\n%%bash",
                "`%%bash` is not the first line of the cell",
                "%%bash",
            ),
            ("let a = 1;\n  :quit", "a cell cannot end the kernel", ":quit"),
            (":quit", "a cell cannot end the kernel", ":quit"),
        ] {
            assert_eq!(refused(cell), (message.to_owned(), at.to_owned()), "{cell}");
        }
    }
}
