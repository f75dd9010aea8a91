//! Turning a cell into what is done for it: the Rust that it stands for, and what the session answers itself.

use std::ops::Range;

use super::body::has_code;
use super::lines;
use super::magic::{self, CellMagic, MagicLine};
use super::magic_error::MagicError;
use super::source_map::SourceMap;
use super::split::split;
use super::step::{Part, Rewritten, Step};
use super::{Variables, line_magic, pool, process, script, session_magic, timing};

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
        CellMagic::Capture => Step::Capture {
            name: script::captured_in(cell, &line)?,
            parts: rewrite(&magic::blank_out(cell, &line), variables)?,
            place: line.name.clone(),
        },
        CellMagic::Fmt => {
            script::no_arguments(cell, &line)?;
            Step::Format(line.body.clone())
        }
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
    let code = magic::blank_out(cell, line);
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
        ) if has_code(code.map.text()) => Ok(Step::Run(Rewritten {
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

/// The cell of a `%%pool` or `%%process` with its line magics as the calls that they stand for.
fn with_calls(cell: &str, line: &MagicLine, variables: &dyn Variables) -> Result<SourceMap, MagicError> {
    let is_known = |name: &str| variables.is_known(name);
    let found = lines::scan(cell, line.body.clone(), &is_known);
    refuse(cell, line, session_lines(cell, line.body.clone(), &is_known)?)?;
    let mut map = SourceMap::default();
    map.copy(cell, 0..line.body.start);
    line_magic::write_rust(cell, line.body.clone(), &found, &is_known, &mut map)?;
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
        if session_magic::session_step(cell, &line)?.is_some() {
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
    fn magics_in_a_function_of_a_pool_become_calls() {
        let text = rewritten("%%pool 0..3\nfn f(x: u8) {\n    !ls\n}");
        assert!(
            text.starts_with("\nfn f(x: u8) {\n    parcell::cell::shell(\"ls\");\n}"),
            "{text}"
        );
        assert_eq!(refused("%%pool nothing\nfn f() {\n!ls\n}").1, "f");
    }
}
