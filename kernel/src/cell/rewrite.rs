//! Turning a cell into what is done for it: the Rust that it stands for, and what the session answers itself.

use std::ops::Range;

use super::function::{Body, NodeKind, commands_length};
use super::lines::{self, Line, LineKind};
use super::magic::{self, CellMagic, MagicLine};
use super::magic_error::MagicError;
use super::magics::MagicHelp;
use super::source_map::SourceMap;
use super::{Variables, line_magic, pool, process, script, timing};

/// What evcxr gets in the place of a cell, or of a part of one.
#[derive(Clone, Debug)]
pub(crate) struct Rewritten {
    pub(crate) map: SourceMap,
    /// Whether it is said how long compiling took.
    pub(crate) tells_compile_time: bool,
}

/// A part of a cell, and what is done for it when the parts before it have completed.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) range: Range<usize>,
    pub(crate) step: Step,
}

/// What is done for a part of a cell.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Run(Rewritten),
    Who,
    Reset,
    ListMagics,
    Help(&'static MagicHelp),
    Show { mime: &'static str, text: String },
}

impl Step {
    fn run(map: SourceMap) -> Step {
        Step::Run(Rewritten {
            map,
            tells_compile_time: false,
        })
    }
}

/// Rewrites a cell, of which there is always at least one part; plain Rust stays as it is.
pub(crate) fn rewrite(cell: &str, variables: &dyn Variables) -> Result<Vec<Part>, MagicError> {
    let Some(line) = magic::find(cell)? else {
        return split(cell, variables);
    };
    let step = match line.magic {
        CellMagic::Bash => Step::run(script::bash(cell, &line)?),
        CellMagic::WriteFile => Step::run(script::write_file(cell, &line)?),
        CellMagic::Show(mime) => Step::Show {
            mime,
            text: script::document(cell, &line)?.to_owned(),
        },
        CellMagic::Time => time(cell, &line, variables)?,
        CellMagic::Timeit => {
            let rust = with_calls(cell, &line, variables)?;
            Step::run(timing::timeit_cell(cell, &line, &rust)?)
        }
        CellMagic::Pool | CellMagic::Process => {
            let rust = with_calls(cell, &line, variables)?;
            let line = MagicLine {
                body: line.body.start..rust.text().len(),
                ..line
            };
            let map = match line.magic {
                CellMagic::Process => process::rewrite(rust.text(), &line, variables),
                _ => pool::rewrite(rust.text(), &line, variables),
            };
            let map = map.map_err(|error| MagicError {
                range: rust.place(error.range.clone()).range(),
                ..error
            })?;
            Step::run(map.through(&rust))
        }
    };
    Ok(vec![Part {
        range: 0..cell.len(),
        step,
    }])
}

fn time(cell: &str, line: &MagicLine, variables: &dyn Variables) -> Result<Step, MagicError> {
    script::no_arguments(cell, line)?;
    let code = without_magic_line(cell, line);
    let is_known = |name: &str| variables.is_known(name);
    let of_session = session_lines(&code, 0..code.len(), &is_known)?;
    refuse(cell, line, of_session)?;
    let mut parts = rewrite(&code, variables)?;
    match (parts.pop(), parts.is_empty()) {
        (
            Some(Part {
                step: Step::Run(code), ..
            }),
            true,
        ) if has_code(&code.map) => Ok(Step::Run(Rewritten {
            map: timing::time_cell(line, &code.map),
            tells_compile_time: true,
        })),
        (Some(part), false) => Err(not_part_of(cell, line, part.range)),
        _ => Err(MagicError::new(
            line.name.clone(),
            "there is nothing to time in this cell",
            "times nothing",
            "write the code that is to be timed on the lines below",
        )),
    }
}

fn has_code(map: &SourceMap) -> bool {
    !Body::parse(map.text(), 0..map.text().len()).nodes.is_empty()
}

/// The cell of a `%%pool` or `%%process` with its line magics as the calls that they stand for.
fn with_calls(cell: &str, line: &MagicLine, variables: &dyn Variables) -> Result<SourceMap, MagicError> {
    let is_known = |name: &str| variables.is_known(name);
    let found = lines::scan(cell, line.body.clone(), &is_known);
    refuse(cell, line, session_lines(cell, line.body.clone(), &is_known)?)?;
    let mut map = SourceMap::default();
    map.copy(cell, 0..line.body.start);
    write_rust(cell, line.body.clone(), &found, &is_known, &mut map)?;
    Ok(map)
}

/// The lines that the session answers. In a text that is not Rust there are none.
fn session_lines(
    cell: &str,
    part: Range<usize>,
    is_known: &dyn Fn(&str) -> bool,
) -> Result<Option<Range<usize>>, MagicError> {
    if magic::find(cell)?.is_some_and(|line| line.magic.takes_text()) {
        return Ok(None);
    }
    let start = magic::find(cell)?.map_or(part.start, |line| line.body.start);
    for line in lines::scan(cell, start..part.end, is_known) {
        if line_magic::session_step(cell, &line)?.is_some() {
            return Ok(Some(line.range));
        }
    }
    Ok(None)
}

fn refuse(cell: &str, line: &MagicLine, of_session: Option<Range<usize>>) -> Result<(), MagicError> {
    of_session.map_or(Ok(()), |range| Err(not_part_of(cell, line, range)))
}

fn not_part_of(cell: &str, line: &MagicLine, range: Range<usize>) -> MagicError {
    let start = range.start + (cell[range.clone()].len() - cell[range.clone()].trim_start().len());
    let name = lines::name_of(&cell[start..range.end]);
    MagicError::new(
        start..start + name.len(),
        format!("`{name}` cannot be part of a `{}` cell", &cell[line.name.clone()]),
        "not in this cell",
        "put it into a cell of its own",
    )
}

/// A cell without a magic of its own, cut where the session has something to answer, and where evcxr's commands follow
/// code, in front of which it wants them.
fn split(cell: &str, variables: &dyn Variables) -> Result<Vec<Part>, MagicError> {
    let is_known = |name: &str| variables.is_known(name);
    let found = lines::scan(cell, 0..cell.len(), &is_known);
    let mut splitter = Splitter {
        cell,
        is_known: &is_known,
        start: 0,
        pending: Vec::new(),
        parts: Vec::new(),
    };
    for line in found {
        if let Some(step) = line_magic::session_step(cell, &line)? {
            splitter.end_code(line.range.start)?;
            splitter.start = line.range.end;
            splitter.parts.push(Part {
                range: line.range,
                step,
            });
            continue;
        }
        if line.kind == LineKind::EngineCommand && has_code(&splitter.code(line.range.start)?) {
            splitter.end_code(line.range.start)?;
        }
        splitter.pending.push(line);
    }
    splitter.end_code(cell.len())?;
    Ok(splitter.parts)
}

struct Splitter<'a> {
    cell: &'a str,
    is_known: &'a dyn Fn(&str) -> bool,
    /// Where the code begins that is in no part yet.
    start: usize,
    /// The lines in it that are not Rust.
    pending: Vec<Line>,
    parts: Vec<Part>,
}

impl Splitter<'_> {
    fn code(&self, end: usize) -> Result<SourceMap, MagicError> {
        let mut map = SourceMap::default();
        write_rust(self.cell, self.start..end, &self.pending, self.is_known, &mut map)?;
        Ok(map)
    }

    fn end_code(&mut self, end: usize) -> Result<(), MagicError> {
        let rust = self.code(end)?;
        let range = self.start..end;
        self.start = end;
        self.pending.clear();
        let is_whole_cell = range == (0..self.cell.len());
        if is_whole_cell || has_code(&rust) || commands_length(rust.text()) > 0 {
            self.parts.push(Part {
                range,
                step: Step::run(hide_from_evcxr(show_value(rust.text()).through(&rust))),
            });
        }
        Ok(())
    }
}

/// Appends a part of the cell with Rust in the place of lines that are none.
fn write_rust(
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
        line_magic::write(cell, line, is_last && !line.nested, is_known, map)?;
    }
    map.copy(cell, position..part.end);
    Ok(())
}

/// evcxr takes a first line that begins with `!` for a command of the shell, and `::` for one of its own.
fn hide_from_evcxr(map: SourceMap) -> SourceMap {
    let mut start = commands_length(map.text());
    for line in map.text()[start..].split_inclusive('\n') {
        if !line.trim().is_empty() && !line.trim().starts_with("//") {
            if line.starts_with('!') || line.trim_start().starts_with("::") {
                // It skips spaces, but no tabs.
                let because_of = map.place(start..start + 1).range();
                return map.with_inserted(start, "\t", because_of);
            }
            break;
        }
        start += line.len();
    }
    map
}

/// Plain Rust, with the value of the expression at the end shown.
///
/// evcxr would do that too. But it compiles its own way of showing first, and where that fails because of a mistake in
/// the expression it takes a note of rustc's for the error. The library's `cell::display` says what the calls find.
fn show_value(cell: &str) -> SourceMap {
    let body = Body::parse(cell, 0..cell.len());
    let value = body
        .nodes
        .last()
        .filter(|node| matches!(node.kind, NodeKind::Value | NodeKind::Closure(_)));
    let Some(range) = value.map(|node| node.range.clone()) else {
        return SourceMap::identity(cell);
    };
    let mut map = SourceMap::default();
    map.copy(cell, 0..range.start);
    map.generate("(&(", range.clone());
    map.copy_apart(cell, range.clone());
    map.generate(")).parcell_value().evcxr_display();", range.clone());
    map.copy(cell, range.end..cell.len());
    map
}

/// A cell with blanks in the place of its magics, and of all else that is not Rust: every position stays.
pub(super) fn without_magic(cell: &str) -> String {
    let code = match magic::find(cell) {
        Ok(Some(line)) if line.magic.takes_text() => return " ".repeat(cell.len()),
        Ok(Some(line)) => without_magic_line(cell, &line),
        _ => cell.to_owned(),
    };
    let mut found = lines::scan(&code, 0..code.len(), &|_| false);
    found.retain(|line| line.kind != LineKind::EngineCommand);
    for line in &mut found {
        if let Some(start) = timing::measured_code(&code, line.range.clone()) {
            line.range.end = start;
        }
    }
    lines::without(&code, 0..code.len(), &found)
}

fn without_magic_line(cell: &str, line: &MagicLine) -> String {
    let blank = " ".repeat(line.arguments.end - line.name.start);
    format!("{}{blank}{}", &cell[..line.name.start], &cell[line.body.clone()])
}

/// Empty lines in the place of the magic and what is in front of it, so that the body's lines keep their numbers.
pub(super) fn leave_out_magic(cell: &str, line: &MagicLine) -> SourceMap {
    let mut map = SourceMap::default();
    let lines_before = cell[..line.body.start].matches('\n').count();
    map.generate(&"\n".repeat(lines_before), line.name.clone());
    map
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A notebook with these variables.
    pub(in crate::cell) struct Known(pub(in crate::cell) &'static [(&'static str, &'static str)]);

    impl Variables for Known {
        fn type_of(&self, name: &str) -> Option<String> {
            self.0
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, type_)| (*type_).to_owned())
        }

        fn function(&self, name: &str) -> Option<String> {
            (name == "earlier").then(|| "fn earlier(a: u8, b: u8) -> bool { a < b }".to_owned())
        }
    }

    pub(in crate::cell) fn rewritten(cell: &str) -> String {
        let variables = Known(&[
            ("numbers", "Vec<u64>"),
            ("range", "std::ops::Range<i32>"),
            ("slice", "&'static [u8]"),
        ]);
        let parts = rewrite(cell, &variables).unwrap();
        match &parts[..] {
            [
                Part {
                    step: Step::Run(code), ..
                },
            ] => code.map.text().to_owned(),
            _ => panic!("not one piece of code: {parts:?}"),
        }
    }

    pub(in crate::cell) fn refused(cell: &str) -> (String, String) {
        let error = rewrite(cell, &Known(&[])).unwrap_err();
        (error.message, cell[error.range].to_owned())
    }

    #[test]
    fn plain_rust_stays_as_it_is() {
        for cell in [
            "let x = 1;",
            "",
            "// %%pool\nlet y = 7 % 3;",
            ":vars",
            "thread_local! { static A: u8 = 1 }",
            "let a = 7\n  % 3;",
            "let s = \"\n%who\n!ls\n\";",
        ] {
            assert_eq!(rewritten(cell), cell);
        }
    }

    #[test]
    fn the_value_at_the_end_is_shown() {
        assert_eq!(
            rewritten(":dep a\nlet x = 1;\nx + 1 // two"),
            ":dep a\nlet x = 1;\n(&(\nx + 1\n)).parcell_value().evcxr_display(); // two"
        );
        assert_eq!(
            rewritten("println!(\"x\")"),
            "(&(\nprintln!(\"x\")\n)).parcell_value().evcxr_display();"
        );
    }

    /// What the parts of a cell are, with the text of code.
    fn parts(cell: &str) -> Vec<String> {
        let parts = rewrite(cell, &Known(&[])).unwrap();
        let name = |part: Part| match part.step {
            Step::Run(code) => code.map.text().to_owned(),
            step => format!("{step:?} {}", &cell[part.range]),
        };
        parts.into_iter().map(name).collect()
    }

    #[test]
    fn a_cell_is_cut_where_the_session_answers() {
        assert_eq!(
            parts("let a = 1;\n%who\n!ls\nlet b = 2;\nb"),
            [
                "let a = 1;\n",
                "Who %who",
                "\nparcell::cell::shell(\"ls\");\nlet b = 2;\n(&(\nb\n)).parcell_value().evcxr_display();"
            ]
        );
        assert_eq!(parts("%who\n"), ["Who %who"]);
        assert_eq!(
            parts("// names\n%who // all\n%lsmagic"),
            ["Who %who // all", "ListMagics %lsmagic"]
        );
        assert!(parts("%help pool")[0].contains("%%pool"));
    }

    #[test]
    fn commands_of_evcxr_may_follow_code() {
        assert_eq!(
            parts(":dep a\n:vars\nlet b = 1;\n:type b\n:vars\nlet c = 2;"),
            [":dep a\n:vars\nlet b = 1;\n", ":type b\n:vars\nlet c = 2;"]
        );
        assert_eq!(parts("!ls\n:vars"), ["parcell::cell::shell(\"ls\");\n", ":vars"]);
    }

    #[test]
    fn what_evcxr_would_take_for_a_command_is_hidden() {
        assert_eq!(rewritten("// x\n!true;"), "// x\n\t!true;");
        assert_eq!(
            rewritten(":dep a\n::std::mem::drop(1);"),
            ":dep a\n\t::std::mem::drop(1);"
        );
        assert_eq!(rewritten("!true"), "(&(\n!true\n)).parcell_value().evcxr_display();");
    }

    #[test]
    fn magics_in_a_function_of_a_pool_become_calls() {
        let text = rewritten("%%pool 0..3\nfn f(x: u8) {\n    !ls\n}");
        assert!(
            text.starts_with("\nfn f(x: u8) {\n    parcell::cell::shell(\"ls\");\n}"),
            "{text}"
        );
        assert_eq!(refused("%%pool nothing\nfn f() {\n!ls\n}").1, "f");
    }

    #[test]
    fn without_magics_every_position_stays() {
        assert_eq!(
            without_magic("let é = 1;\n!ls\n%time é.m()\n%who\nx"),
            "let é = 1;\n;  \n;     é.m()\n;   \nx"
        );
        assert_eq!(without_magic("%%pool x\n%pwd\ny"), "        \n;   \ny");
        assert_eq!(without_magic("%%bash\nls"), "         ");
    }
}
