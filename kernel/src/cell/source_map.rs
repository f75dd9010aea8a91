//! Rewritten text, and where each part of it comes from.

use std::ops::Range;

/// Text put together from parts of an original and from generated parts.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct SourceMap {
    text: String,
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
struct Piece {
    /// Where it begins in the text.
    start: usize,
    origin: Origin,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Origin {
    /// Copied from the original, from here on.
    Copied(usize),
    /// Written by us on account of this part of the original.
    Generated(Range<usize>),
}

/// Where something in the text comes from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Provenance {
    /// A person wrote it, here.
    Written(Range<usize>),
    /// We wrote it, on account of this.
    Generated(Range<usize>),
}

impl SourceMap {
    /// The original as it is.
    pub(crate) fn identity(original: &str) -> SourceMap {
        let mut map = SourceMap::default();
        map.copy(original, 0..original.len());
        map
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Appends a part of the original.
    pub(crate) fn copy(&mut self, original: &str, range: Range<usize>) {
        self.pieces.push(Piece {
            start: self.text.len(),
            origin: Origin::Copied(range.start),
        });
        self.text.push_str(&original[range]);
    }

    /// Appends a part of the original on lines of its own: what happens on a compiled line can be told only of the line.
    pub(crate) fn copy_apart(&mut self, original: &str, range: Range<usize>) {
        self.generate("\n", range.clone());
        self.copy(original, range.clone());
        self.generate("\n", range);
    }

    /// Appends text of our own. Messages about it are shown at `because_of`, a part of the original.
    pub(crate) fn generate(&mut self, text: &str, because_of: Range<usize>) {
        self.pieces.push(Piece {
            start: self.text.len(),
            origin: Origin::Generated(because_of),
        });
        self.text.push_str(text);
    }

    /// Appends a part of another map's text, which comes from where it came from there.
    pub(crate) fn copy_mapped(&mut self, map: &SourceMap, range: Range<usize>) {
        for (index, piece) in map.pieces.iter().enumerate() {
            let end = map.pieces.get(index + 1).map_or(map.text.len(), |next| next.start);
            let part = piece.start.max(range.start)..end.min(range.end);
            if part.is_empty() {
                continue;
            }
            let origin = match &piece.origin {
                Origin::Copied(original) => Origin::Copied(original + part.start - piece.start),
                Origin::Generated(because_of) => Origin::Generated(because_of.clone()),
            };
            self.pieces.push(Piece {
                start: self.text.len(),
                origin,
            });
            self.text.push_str(&map.text[part]);
        }
    }

    /// Appends all of another map, on a line of its own.
    pub(crate) fn append(&mut self, map: &SourceMap) {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.generate("\n", map.place(0..0).range());
        }
        self.copy_mapped(map, 0..map.text.len());
    }

    /// The same with text of our own at an offset.
    pub(crate) fn with_inserted(&self, at: usize, text: &str, because_of: Range<usize>) -> SourceMap {
        let mut map = SourceMap::default();
        map.copy_mapped(self, 0..at);
        map.generate(text, because_of);
        map.copy_mapped(self, at..self.text.len());
        map
    }

    /// Where this map's original is the text of `earlier`: the map from `earlier`'s original to this one's text.
    pub(crate) fn through(&self, earlier: &SourceMap) -> SourceMap {
        let mut map = SourceMap::default();
        for (index, piece) in self.pieces.iter().enumerate() {
            let end = self.pieces.get(index + 1).map_or(self.text.len(), |next| next.start);
            match &piece.origin {
                Origin::Copied(original) => map.copy_mapped(earlier, *original..original + end - piece.start),
                Origin::Generated(because_of) => {
                    map.generate(&self.text[piece.start..end], earlier.place(because_of.clone()).range());
                }
            }
        }
        map
    }

    /// Where a position of the original is in the text; a position between two parts belongs to the one that it ends.
    pub(crate) fn position_of(&self, original: usize) -> Option<usize> {
        let ends = self.pieces.iter().skip(1).map(|piece| piece.start);
        let found: Vec<(bool, usize)> = self
            .pieces
            .iter()
            .zip(ends.chain([self.text.len()]))
            .filter_map(|(piece, end)| match piece.origin {
                Origin::Copied(start) if (start..=start + end - piece.start).contains(&original) => {
                    Some((original == start, piece.start + original - start))
                }
                _ => None,
            })
            .collect();
        let behind = found.iter().find(|(begins, _)| !begins);
        behind.or(found.first()).map(|(_, position)| *position)
    }

    /// Where a part of the text comes from.
    pub(crate) fn place(&self, range: Range<usize>) -> Provenance {
        let index = self
            .pieces
            .partition_point(|piece| piece.start <= range.start)
            .saturating_sub(1);
        let Some(piece) = self.pieces.get(index) else {
            return Provenance::Generated(0..0);
        };
        match &piece.origin {
            Origin::Generated(because_of) => Provenance::Generated(because_of.clone()),
            Origin::Copied(original) => {
                let end_of_piece = self.pieces.get(index + 1).map_or(self.text.len(), |next| next.start);
                let offset = |position: usize| original + position.min(end_of_piece) - piece.start;
                Provenance::Written(offset(range.start)..offset(range.end.max(range.start)))
            }
        }
    }
}

impl Provenance {
    pub(crate) fn range(&self) -> Range<usize> {
        match self {
            Provenance::Written(range) | Provenance::Generated(range) => range.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_leads_back_to_where_it_comes_from() {
        let original = "magic items\nbody";
        let mut map = SourceMap::default();
        map.generate("\n", 0..5);
        map.copy(original, 12..16);
        map.generate(";f(", 0..5);
        map.copy(original, 6..11);
        map.generate(")", 0..5);
        assert_eq!(map.text(), "\nbody;f(items)");
        assert_eq!(map.place(2..4), Provenance::Written(13..15));
        assert_eq!(map.place(8..13), Provenance::Written(6..11));
        assert_eq!(map.place(6..7), Provenance::Generated(0..5));
        assert_eq!(map.place(13..14), Provenance::Generated(0..5));
        assert_eq!(map.position_of(14), Some(3));
        assert_eq!(map.position_of(11), Some(13));
        assert_eq!(map.position_of(2), None);
        let mut map = SourceMap::default();
        map.copy("abcd", 2..4);
        map.copy("abcd", 0..2);
        assert_eq!(map.position_of(2), Some(4));
    }

    #[test]
    fn a_range_over_several_parts_stays_in_its_first() {
        let mut map = SourceMap::default();
        map.copy("abcdef", 0..2);
        map.copy("abcdef", 4..6);
        assert_eq!(map.place(1..4), Provenance::Written(1..2));
    }

    #[test]
    fn a_map_of_a_mapped_text_leads_to_the_first_original() {
        let original = "a; %x b; c";
        let mut first = SourceMap::default();
        first.copy(original, 0..3);
        first.generate("x();", 3..5);
        first.copy(original, 5..10);
        assert_eq!(first.text(), "a; x(); b; c");
        let mut second = SourceMap::default();
        second.copy(first.text(), 0..11);
        second.generate("show(", 11..12);
        second.copy(first.text(), 11..12);
        second.generate(")", 11..12);
        let map = second.through(&first).with_inserted(3, "!", 3..5);
        assert_eq!(map.text(), "a; !x(); b; show(c)");
        assert_eq!(map.place(0..1), Provenance::Written(0..1));
        assert_eq!(map.place(4..8), Provenance::Generated(3..5));
        assert_eq!(map.place(9..10), Provenance::Written(6..7));
        assert_eq!(map.place(12..16), Provenance::Generated(9..10));
        assert_eq!(map.place(17..18), Provenance::Written(9..10));
    }

    #[test]
    fn nothing_comes_from_nowhere() {
        assert_eq!(SourceMap::default().place(0..1), Provenance::Generated(0..0));
    }
}
