//! A cell's Rust alone, for those that analyse it.

use super::lines::{self, LineKind};
use super::magic;

/// A cell with blanks in the place of its magics, and of all else that is not Rust: every position stays.
pub(super) fn without_magics(cell: &str) -> String {
    if let Some(measured) = magic::measured_cell(cell) {
        return without_magics(&measured);
    }
    let code = match magic::find(cell) {
        Ok(Some(line)) if line.magic.takes_text() => return " ".repeat(cell.len()),
        Ok(Some(line)) => magic::blank_out(cell, &line),
        _ => cell.to_owned(),
    };
    let mut found = lines::scan(&code, 0..code.len(), &|_| false);
    found.retain(|line| line.kind != LineKind::EngineCommand);
    for line in &mut found {
        if let Some(start) = lines::measured_code(&code, line.range.clone()) {
            line.range.end = start;
        }
    }
    lines::without(&code, 0..code.len(), &found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_magics_every_position_stays() {
        assert_eq!(
            without_magics("let é = 1;\n!ls\n%time é.m()\n%who\nx"),
            "let é = 1;\n;  \n;     é.m()\n;   \nx"
        );
        assert_eq!(without_magics("%%pool x\n%pwd\ny"), "        \n;   \ny");
        assert_eq!(without_magics("%%bash\nls"), "         ");
        assert_eq!(
            without_magics("%%capture c\n%%time\n%%pool x\ny"),
            "           \n      \n        \ny"
        );
        assert_eq!(without_magics("%%capture\n%%bash\nls").trim(), "");
    }
}
