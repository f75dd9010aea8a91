//! Magics that are a line: most become a call of the library on the same line, and the rest are the session's to answer.

use std::ops::Range;

use super::body::Body;
use super::lines::{self, Line, LineKind};
use super::magic;
use super::magic_error::{MagicError, suggestion};
use super::magics::{self, MagicHelp};
use super::options;
use super::source_map::SourceMap;
use super::step::Step;
use super::timing;
use super::words::{Word, Words, trimmed};

/// What the session does for a line; None for a line that becomes Rust.
pub(super) fn session_step(cell: &str, line: &Line) -> Result<Option<Step>, MagicError> {
    if line.kind != LineKind::Magic {
        return Ok(None);
    }
    let mut arguments = Arguments::of(cell, line);
    let step = match arguments.name.text {
        "%who" => Step::Who,
        "%reset" => {
            // There is nothing to confirm, but IPython's users are used to saying so.
            arguments.take_if("-f");
            Step::Reset
        }
        "%lsmagic" => Step::ListMagics,
        "%help" => match arguments.next() {
            Some(word) => Step::Help(help_on(&word)?),
            None => Step::ListMagics,
        },
        _ => return Ok(None),
    };
    arguments.end()?;
    if line.nested {
        let name = arguments.name;
        return Err(MagicError::new(
            name.range,
            format!("`{}` is inside a block", name.text),
            "inside a block",
            "it is about the whole notebook: put it on a line outside of functions and loops",
        ));
    }
    Ok(Some(step))
}

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
        "%workers" => "workers()".to_owned(),
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

fn help_on(word: &Word<'_>) -> Result<&'static MagicHelp, MagicError> {
    magics::find(word.text).ok_or_else(|| {
        let help = format!(
            "{}`%lsmagic` lists all magics; `:help` lists the commands that begin with a colon",
            suggestion(word.text, magics::MAGICS.iter().map(|magic| magic.name))
        );
        let message = format!("there is no magic `{}`", word.text);
        MagicError::new(word.range.clone(), message, "unknown magic", help)
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

/// A text without the quotes around it.
pub(super) fn unquoted(text: &str) -> &str {
    let stripped = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    stripped('"').or_else(|| stripped('\'')).unwrap_or(text)
}

/// The name of a magic and what follows it.
struct Arguments<'a> {
    name: Word<'a>,
    words: Words<'a>,
}

impl<'a> Arguments<'a> {
    fn of(cell: &'a str, line: &Line) -> Arguments<'a> {
        let text = lines::name_of(&cell[line.range.clone()]);
        let range = line.range.start..line.range.start + text.len();
        Arguments {
            words: Words::new(cell, range.end..line.range.end),
            name: Word { text, range },
        }
    }

    /// The next word, up to a comment.
    fn next(&mut self) -> Option<Word<'a>> {
        let word = self.words.peek().filter(|word| !word.text.starts_with("//"))?;
        self.words.next();
        Some(word)
    }

    fn take_if(&mut self, wanted: &str) {
        if self.words.peek().is_some_and(|word| word.text == wanted) {
            self.words.next();
        }
    }

    fn rest(&self) -> Word<'a> {
        self.words.rest()
    }

    /// Nothing may follow.
    fn end(&self) -> Result<(), MagicError> {
        options::refuse_more(&self.words, format!("the magic is {}", self.usage()))
    }

    fn usage(&self) -> String {
        magics::find(self.name.text).map_or_else(String::new, MagicHelp::usage)
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
