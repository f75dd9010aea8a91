//! Cells by their numbers, as `%history` and `%save` name them.

/// The cells from one number to another: `3`, `3-5`, or `3-` for all from there on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct HistoryRange {
    first: u32,
    last: u32,
}

impl HistoryRange {
    pub(super) fn parse(text: &str) -> Option<HistoryRange> {
        let (first, last) = match text.split_once('-') {
            None => (text.parse().ok()?, text.parse().ok()?),
            Some((first, "")) => (first.parse().ok()?, u32::MAX),
            Some((first, last)) => (first.parse().ok()?, last.parse().ok()?),
        };
        (first <= last).then_some(HistoryRange { first, last })
    }

    pub(crate) fn contains(self, cell: u32) -> bool {
        (self.first..=self.last).contains(&cell)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_cell_several_or_all_from_one_on() {
        let chosen = |text: &str| {
            let range = HistoryRange::parse(text)?;
            Some((1..6).filter(|cell| range.contains(*cell)).collect::<Vec<u32>>())
        };
        assert_eq!(chosen("3"), Some(vec![3]));
        assert_eq!(chosen("2-3"), Some(vec![2, 3]));
        assert_eq!(chosen("4-"), Some(vec![4, 5]));
        for wrong in ["", "x", "-3", "3-2", "3-x", "1-2-3", "%"] {
            assert_eq!(chosen(wrong), None, "{wrong}");
        }
    }
}
