//! Turning a cell with a magic into the Rust that it stands for.

use super::function::{Body, NodeKind};
use super::magic::{self, CellMagic, MagicLine};
use super::magic_error::MagicError;
use super::source_map::SourceMap;
use super::{Variables, pool, process};

/// What evcxr gets in the place of a cell.
#[derive(Clone, Debug)]
pub(crate) struct Rewritten {
    pub(crate) map: SourceMap,
}

/// Rewrites a cell; plain Rust stays as it is.
pub(crate) fn rewrite(cell: &str, variables: &dyn Variables) -> Result<Rewritten, MagicError> {
    let map = match magic::find(cell)? {
        None => show_value(cell),
        Some(line) => match line.magic {
            CellMagic::Pool => pool::rewrite(cell, &line, variables)?,
            CellMagic::Process => process::rewrite(cell, &line)?,
        },
    };
    Ok(Rewritten { map })
}

/// Plain Rust, with the value of the expression at the end shown.
///
/// evcxr would do that too. But it compiles its own way of showing first, and where that fails because of a mistake in
/// the expression it takes a note of rustc's for the error.
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
    map.generate("(", range.clone());
    map.copy_apart(cell, range.clone());
    map.generate(").evcxr_display();", range.clone());
    map.copy(cell, range.end..cell.len());
    map
}

/// A cell with white space in the place of its magic: every position stays.
pub(super) fn without_magic(cell: &str) -> String {
    match magic::find(cell) {
        Ok(Some(line)) => {
            let blank = " ".repeat(line.arguments.end - line.name.start);
            format!("{}{blank}{}", &cell[..line.name.start], &cell[line.body])
        }
        _ => cell.to_owned(),
    }
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
    }

    pub(in crate::cell) fn rewritten(cell: &str) -> String {
        let variables = Known(&[
            ("numbers", "Vec<u64>"),
            ("range", "std::ops::Range<i32>"),
            ("slice", "&'static [u8]"),
        ]);
        rewrite(cell, &variables).unwrap().map.text().to_owned()
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
        ] {
            assert_eq!(rewritten(cell), cell);
        }
    }

    #[test]
    fn the_value_at_the_end_is_shown() {
        assert_eq!(
            rewritten(":dep a\nlet x = 1;\nx + 1 // two"),
            ":dep a\nlet x = 1;\n(\nx + 1\n).evcxr_display(); // two"
        );
        assert_eq!(rewritten("println!(\"x\")"), "(\nprintln!(\"x\")\n).evcxr_display();");
    }
}
