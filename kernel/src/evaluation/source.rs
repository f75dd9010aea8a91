//! Generated source, and where each part of it comes from.

use std::ops::Range;

/// Where a part of the source comes from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Origin {
    /// From the code that is being evaluated, from here on.
    Cell {
        start: usize,
    },
    /// From an earlier cell.
    Earlier,
    /// It ends what the code that is being evaluated may leave unended, in front of this place.
    End {
        at: usize,
    },
    /// It is what stores this variable.
    Storing(String),
    Generated,
}

/// A piece of code, and where it is in the code that is being evaluated; None where it is from an earlier cell.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Code {
    pub(super) text: String,
    pub(super) start: Option<usize>,
}

impl Code {
    /// Code that nobody has just written.
    pub(super) fn earlier(text: impl Into<String>) -> Code {
        Code {
            text: text.into(),
            start: None,
        }
    }
}

/// Source that is put together from pieces, each of which begins on a line of its own.
#[derive(Clone, Debug, Default)]
pub(super) struct Source {
    text: String,
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug)]
struct Piece {
    range: Range<usize>,
    origin: Origin,
}

impl Source {
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    pub(super) fn generate(&mut self, text: &str) {
        self.push(text, Origin::Generated);
    }

    pub(super) fn code(&mut self, code: &Code) {
        let origin = code.start.map_or(Origin::Earlier, |start| Origin::Cell { start });
        self.push(&code.text, origin);
    }

    pub(super) fn end(&mut self, at: usize) {
        self.push(";", Origin::End { at });
    }

    pub(super) fn store(&mut self, variable: &str, statement: &str) {
        self.push(statement, Origin::Storing(variable.to_owned()));
    }

    fn push(&mut self, text: &str, origin: Origin) {
        let start = self.text.len();
        self.text.push_str(text);
        if !text.ends_with('\n') {
            self.text.push('\n');
        }
        let range = start..self.text.len();
        self.pieces.push(Piece { range, origin });
    }

    /// The origins of all pieces that are touched.
    pub(super) fn origins(&self, range: Range<usize>) -> impl Iterator<Item = &Origin> {
        let touched = move |piece: &&Piece| piece.range.start <= range.end && range.start < piece.range.end;
        self.pieces.iter().filter(touched).map(|piece| &piece.origin)
    }

    /// The same part of the code that is being evaluated; None where it does not begin in it.
    pub(super) fn in_cell(&self, range: Range<usize>) -> Option<Range<usize>> {
        let piece = self.piece(range.start)?;
        let start = match piece.origin {
            Origin::Cell { start } => start,
            Origin::End { at } => return Some(at.saturating_sub(1)..at),
            _ => return None,
        };
        let place = |offset: usize| start + (offset - piece.range.start);
        let end = match range.end.checked_sub(1).and_then(|last| self.piece(last)) {
            Some(last) if range.end > range.start => match last.origin {
                Origin::Cell { start } => start + (range.end - last.range.start),
                // It goes on in what was generated behind it.
                _ => place(piece.range.end),
            },
            _ => place(range.start),
        };
        Some(place(range.start)..end)
    }

    /// Where this place of the code that is being evaluated is; None where no piece has it.
    pub(super) fn place_of(&self, offset: usize) -> Option<usize> {
        self.pieces.iter().find_map(|piece| match piece.origin {
            Origin::Cell { start } if (start..=start + piece.range.len()).contains(&offset) => {
                Some(piece.range.start + (offset - start))
            }
            _ => None,
        })
    }

    fn piece(&self, offset: usize) -> Option<&Piece> {
        let index = self.pieces.partition_point(|piece| piece.range.end <= offset);
        self.pieces.get(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> Source {
        let mut source = Source::default();
        source.generate("fn f() {");
        source.code(&Code {
            text: "let a = 1;".to_owned(),
            start: Some(4),
        });
        source.code(&Code::earlier("struct P;\n"));
        source.store("a", "put(a);");
        source.generate("}");
        source
    }

    #[test]
    fn each_piece_is_on_lines_of_its_own() {
        assert_eq!(source().text(), "fn f() {\nlet a = 1;\nstruct P;\nput(a);\n}\n");
    }

    #[test]
    fn places_lead_to_the_cell_and_back() {
        let source = source();
        let range = source.text().find("= 1").unwrap()..source.text().find(";\nstruct").unwrap();
        assert_eq!(source.in_cell(range.clone()), Some(10..13));
        assert_eq!(source.place_of(10), Some(range.start));
        assert_eq!(source.place_of(14), Some(range.end + 1), "the end of the code");
        assert_eq!(source.place_of(2), None);
        assert_eq!(source.in_cell(range.start..source.text().len()), Some(10..15));
        assert_eq!(source.in_cell(0..3), None);
    }

    #[test]
    fn the_origin_of_each_place_is_known() {
        let source = source();
        let at = |text: &str| {
            let start = source.text().find(text).unwrap();
            source.origins(start..start + 1).next().unwrap().clone()
        };
        assert_eq!(at("let"), Origin::Cell { start: 4 });
        assert_eq!(at("struct"), Origin::Earlier);
        assert_eq!(at("put"), Origin::Storing("a".to_owned()));
        assert_eq!(at("fn"), Origin::Generated);
        let touched: Vec<_> = source.origins(9..22).collect();
        assert_eq!(touched, [&Origin::Cell { start: 4 }, &Origin::Earlier]);
    }
}
