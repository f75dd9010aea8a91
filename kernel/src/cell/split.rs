//! A cell without a magic of its own: cut into parts, with Rust in the place of lines that are none, and its value shown.

use super::body::{Body, NodeKind, has_code};
use super::lines::{self, Line, LineKind};
use super::magic_error::MagicError;
use super::parsing::{commands_length, is_sound};
use super::source_map::SourceMap;
use super::step::{Part, Step};
use super::{Dialect, Variables, line_magic, session_magic};

/// A cell without a magic of its own, cut where the session has something to answer, and where commands follow
/// code, in front of which it wants them.
pub(super) fn split(cell: &str, variables: &dyn Variables) -> Result<Vec<Part>, MagicError> {
    let is_known = |name: &str| variables.is_known(name);
    let found = lines::scan(cell, 0..cell.len(), &is_known);
    let mut splitter = Splitter {
        cell,
        is_known: &is_known,
        dialect: variables.dialect(),
        start: 0,
        pending: Vec::new(),
        parts: Vec::new(),
    };
    for line in found {
        if let Some(step) = session_magic::session_step(cell, &line)? {
            splitter.end_code(line.range.start)?;
            splitter.start = line.range.end;
            splitter.parts.push(Part {
                range: line.range,
                step,
            });
            continue;
        }
        if line.kind == LineKind::EngineCommand && has_code(splitter.code(line.range.start)?.text()) {
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
    dialect: Dialect,
    /// Where the code begins that is in no part yet.
    start: usize,
    /// The lines in it that are not Rust.
    pending: Vec<Line>,
    parts: Vec<Part>,
}

impl Splitter<'_> {
    fn code(&self, end: usize) -> Result<SourceMap, MagicError> {
        let mut map = SourceMap::default();
        line_magic::write_rust(self.cell, self.start..end, &self.pending, self.is_known, &mut map)?;
        Ok(map)
    }

    fn end_code(&mut self, end: usize) -> Result<(), MagicError> {
        let rust = self.code(end)?;
        let range = self.start..end;
        self.start = end;
        self.pending.clear();
        let is_whole_cell = range == (0..self.cell.len());
        if is_whole_cell || has_code(rust.text()) || commands_length(rust.text()) > 0 {
            self.parts.push(Part {
                range,
                step: Step::run(show_value(rust.text(), self.dialect).through(&rust)),
            });
        }
        Ok(())
    }
}

/// What stands in front of a value that is shown.
pub(crate) const VALUE_BEGINS: &str = "(&(";
/// What stands behind a value in brackets that is shown.
pub(crate) const VALUE_SHOWN: &str = ").parcell_value().evcxr_display();";

/// Plain Rust, with the value of the expression at the end shown.
/// The library's `cell::display` says what the calls find.
fn show_value(cell: &str, dialect: Dialect) -> SourceMap {
    let body = Body::parse(cell, 0..cell.len());
    // What is misspelt is to be told in words about what was written.
    let value = body
        .nodes
        .last()
        .filter(|_| is_sound(&cell[body.commands.end..]))
        .filter(|node| matches!(node.kind, NodeKind::Value | NodeKind::Closure(_)))
        .filter(|node| dialect.shows(&cell[node.range.clone()]));
    let Some(range) = value.map(|node| node.range.clone()) else {
        return SourceMap::identity(cell);
    };
    let mut map = SourceMap::default();
    map.copy(cell, 0..range.start);
    map.generate(dialect.value_begins(), range.clone());
    map.copy_apart(cell, range.clone());
    map.generate(&dialect.value_ends(), range.clone());
    map.copy(cell, range.end..cell.len());
    map
}

#[cfg(test)]
mod tests {
    use super::super::rewrite::rewrite;
    use super::super::rewrite::tests::{Known, rewritten};
    use super::*;

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
    fn commands_may_follow_code() {
        assert_eq!(
            parts(":dep a\n:vars\nlet b = 1;\n:type b\n:vars\nlet c = 2;"),
            [":dep a\n:vars\nlet b = 1;\n", ":type b\n:vars\nlet c = 2;"]
        );
        assert_eq!(parts("!ls\n:vars"), ["parcell::cell::shell(\"ls\");\n", ":vars"]);
    }
}
