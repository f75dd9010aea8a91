//! `%time`, `%timeit`, `%%time` and `%%timeit`: magics that measure the code of a line or of a cell.

use std::ops::Range;

use super::body::{Body, NodeKind};
use super::line_magic::shell_command;
use super::lines::{self, Line};
use super::magic::{MagicLine, leave_out};
use super::magic_error::MagicError;
use super::magics::{self, MagicHelp};
use super::options::{self, Options};
use super::parsing::commands_length;
use super::source_map::SourceMap;
use super::words::{Words, trimmed};

/// How many runs there are where nothing is said.
const RUNS: usize = 7;

/// `%time`: statements between the start and the stop of a clock, or the value that the last of them gives.
pub(super) fn time_line(
    cell: &str,
    line: &Line,
    is_last: bool,
    is_known: &dyn Fn(&str) -> bool,
    map: &mut SourceMap,
) -> Result<(), MagicError> {
    let name = line.range.start..line.range.start + "%time".len();
    let timed = trimmed(cell, name.end..line.range.end);
    let body = Body::parse(cell, timed.range.clone());
    if timed.text.is_empty() || body.nodes.is_empty() && !timed.text.starts_with('!') {
        let help =
            "write what is to be timed behind it, as in `%time work(1000)`, or `%%time` at the top for the whole cell";
        return Err(nothing(name, "there is nothing to time on this line", help));
    }
    map.generate("parcell::cell::start_timer(); ", name.clone());
    let semicolon = if is_last { "" } else { ";" };
    if timed.text.starts_with('!') && !lines::is_expression(timed.text, is_known) {
        let command = shell_command(cell, timed.range.clone())?;
        map.generate(&format!("parcell::cell::stop_timer({command}){semicolon}"), timed.range);
        return Ok(());
    }
    let value = body
        .nodes
        .last()
        .filter(|node| matches!(node.kind, NodeKind::Value | NodeKind::Closure(_)));
    let Some(value) = value.map(|node| node.range.clone()) else {
        map.copy(cell, timed.range);
        map.generate("\nparcell::cell::stop_timer(());", name);
        return Ok(());
    };
    map.copy(cell, timed.range.start..value.start);
    map.generate("parcell::cell::stop_timer(", name.clone());
    map.copy_apart(cell, value.clone());
    map.generate(&format!("){semicolon}"), name);
    map.copy(cell, value.end..timed.range.end);
    Ok(())
}

/// `%%time`: a clock around what the rest of the cell has become.
pub(super) fn time_cell(line: &MagicLine, code: &SourceMap) -> SourceMap {
    let start = commands_length(code.text());
    let mut map = code.with_inserted(start, "parcell::cell::start_cell_timer(); ", line.name.clone());
    map.generate("\nparcell::cell::stop_cell_timer();", line.name.clone());
    map
}

/// `%timeit`: the rest of the line, run again and again.
pub(super) fn timeit_line(cell: &str, line: &Line, map: &mut SourceMap) -> Result<(), MagicError> {
    let name = line.range.start..line.range.start + "%timeit".len();
    let mut words = Words::new(cell, name.end..line.range.end);
    let settings = settings(&mut words, magics::known("%timeit"))?;
    let measured = trimmed(cell, words.rest().range);
    if Body::parse(cell, measured.range.clone()).nodes.is_empty() {
        let help = "write what is to be measured behind it, as in `%timeit work(1000)`, or `%%timeit` at the top for the \
                    whole cell";
        return Err(nothing(name, "there is nothing to measure on this line", help));
    }
    map.generate(&format!("parcell::cell::timeit({settings}, || {{"), name.clone());
    map.copy_apart(cell, measured.range);
    map.generate("});", name);
    Ok(())
}

/// `%%timeit`: the rest of the cell, of which `rust` is what it has become, run again and again.
pub(super) fn timeit_cell(cell: &str, line: &MagicLine, rust: &SourceMap) -> Result<SourceMap, MagicError> {
    let mut words = Words::new(cell, line.arguments.clone());
    let settings = settings(&mut words, magics::known("%%timeit"))?;
    options::refuse_more(
        &words,
        "write the code that is to be measured on the lines below, or all of it on one line behind `%timeit`",
    )?;
    let (start, end) = (line.body.start, rust.text().len());
    let code = start + commands_length(&rust.text()[start..]);
    if Body::parse(rust.text(), code..end).nodes.is_empty() {
        let help = "write the code that is to be measured on the lines below";
        let message = "there is nothing to measure in this cell";
        return Err(nothing(line.name.clone(), message, help));
    }
    let mut map = leave_out(cell, line);
    map.copy_mapped(rust, start..code);
    map.generate(&format!("parcell::cell::timeit({settings}, || {{\n"), line.name.clone());
    map.copy_mapped(rust, code..end);
    map.generate("\n});", line.name.clone());
    Ok(map)
}

/// The first arguments of the library's function.
fn settings(words: &mut Words<'_>, magic: &MagicHelp) -> Result<String, MagicError> {
    let options = Options::read(words, magic)?;
    let number = |option: &str, what: &str| options.get(option).map(|given| given.number(what, 1)).transpose();
    let loops = match number("--loops", "loops")? {
        Some(loops) => format!("::std::option::Option::Some({loops})"),
        None => "::std::option::Option::None".to_owned(),
    };
    let runs = number("--runs", "runs")?.unwrap_or(RUNS);
    Ok(format!("{loops}, {runs}"))
}

fn nothing(magic: Range<usize>, message: &str, help: &str) -> MagicError {
    MagicError::new(magic, message, "measures nothing", help)
}

#[cfg(test)]
mod tests {
    use super::super::rewrite::tests::{refused, rewritten};

    #[test]
    fn a_clock_is_put_around_any_code() {
        assert_eq!(
            rewritten("%%time\n:dep a\n\nlet a = 1;\na"),
            "      \n:dep a\nparcell::cell::start_cell_timer(); \nlet a = 1;\n(&(\na\n)).parcell_value().evcxr_display();\n\
             parcell::cell::stop_cell_timer();"
        );
        let text = rewritten("%%time\n%%pool 0..3\nfn f(x: u8) {}");
        assert!(text.starts_with("parcell::cell::start_cell_timer(); "), "{text}");
        assert!(
            text.contains("parcell::cell::pool(") && text.ends_with("stop_cell_timer();"),
            "{text}"
        );
    }

    #[test]
    fn what_is_run_again_and_again_is_in_a_closure() {
        assert_eq!(
            rewritten("let v = 3;\n%timeit -n 10 v + 1 // fast\nv"),
            "let v = 3;\nparcell::cell::timeit(::std::option::Option::Some(10), 7, || {\nv + 1 // fast\n});\n\
             (&(\nv\n)).parcell_value().evcxr_display();"
        );
        assert_eq!(
            rewritten("%timeit -r3 -- -v.len()"),
            "parcell::cell::timeit(::std::option::Option::None, 3, || {\n-v.len()\n});"
        );
        assert_eq!(
            rewritten("%%timeit --runs 2\n:dep a\nlet b = 1;\nb"),
            "\n:dep a\nparcell::cell::timeit(::std::option::Option::None, 2, || {\nlet b = 1;\nb\n});"
        );
        // All of an expression that goes over several lines.
        let text = rewritten("%timeit -n 1 [\n    1,\n].len()\nlet a = 1;");
        assert!(text.contains("|| {\n[\n    1,\n].len()\n});\nlet a = 1;"), "{text}");
    }

    #[test]
    fn mistakes_are_pointed_at() {
        for (cell, message, at) in [
            ("%time", "there is nothing to time on this line", "%time"),
            ("%time // x", "there is nothing to time on this line", "%time"),
            ("%%time 3\nls()", "`3` is not expected here", "3"),
            ("%%time\n// nothing", "there is nothing to time in this cell", "%%time"),
            ("%%time\n1;\n%who", "`%who` cannot be part of a `%%time` cell", "%who"),
            ("%timeit", "there is nothing to measure on this line", "%timeit"),
            ("%timeit -n 0 f()", "the number of loops is 0", "0"),
            ("%timeit -r few f()", "`few` is not a number of runs", "few"),
            ("%timeit -x f()", "there is no option `-x`", "-x"),
            ("%%timeit f()\ng()", "`f()` is not expected here", "f()"),
            (
                "%%timeit\n// nothing",
                "there is nothing to measure in this cell",
                "%%timeit",
            ),
            (
                "%%timeit\n%reset",
                "`%reset` cannot be part of a `%%timeit` cell",
                "%reset",
            ),
            (
                "%%timeit\n%%pool 0..3\n|n| n",
                "`%%pool` is not the first line of the cell",
                "%%pool",
            ),
        ] {
            assert_eq!(refused(cell), (message.to_owned(), at.to_owned()), "{cell}");
        }
    }
}
