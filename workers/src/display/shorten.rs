//! Text of values that may be huge: the beginning and, where it costs nothing, the end, with the true size.
//!
//! Formatting stops when there is enough; nothing is formatted only to be thrown away.

use std::fmt::{self, Debug, Display, Write};

use super::precision::Precise;
use super::{MimeBundle, pretty};
use crate::text::grouped;

/// What is shown whole. More would cover many screens.
const WHOLE: usize = 16 * 1024;
/// How much is shown of the beginning of something larger, which nobody reads through.
const HEAD: usize = 2 * 1024;
/// How much is shown of its end.
const TAIL: usize = 1024;
/// How far the length of a text is counted whose end is not shown.
const COUNTED: usize = 16 * 1024 * 1024;
/// What may be laid out over several lines: text that is shown whole, with its indentation.
const LINES: usize = 16 * WHOLE;
const ELLIPSIS: &str = "...";

/// The text of a value.
#[derive(Debug, PartialEq)]
pub(crate) struct Shortened {
    pub(crate) text: String,
}

impl Shortened {
    /// Any value as `Debug` writes it.
    pub(crate) fn debug<T: Debug + ?Sized>(value: &T) -> Self {
        Self::dyn_debug(&value)
    }

    /// Not generic: what is generic is compiled again with every cell that shows something.
    fn dyn_debug(value: &dyn Debug) -> Self {
        let value = &Precise(value);
        let shortened = Self::of(format_args!("{value:?}"));
        match pretty(&shortened.text, value) {
            Some(text) => Self { text },
            None => shortened,
        }
    }

    /// Any value as `Display` writes it.
    pub(crate) fn display(value: &(impl Display + ?Sized)) -> Self {
        Self::of(format_args!("{value}"))
    }

    /// A string as `Debug` writes it.
    pub(crate) fn string(value: &str) -> Self {
        if let Some(text) = whole(value.len(), &value) {
            return Self { text };
        }
        let head = beginning(&&value[..value.floor_char_boundary(HEAD)], HEAD);
        let tail = &value[value.ceil_char_boundary(value.len() - TAIL)..];
        let tail = Cut::of(format_args!("{tail:?}"), 2 * TAIL, 2 * TAIL);
        let mut text = head;
        text.push_str(ELLIPSIS);
        // Where escapes make the end longer than it may be, the beginning has to do.
        text.push_str(tail.whole().map_or("\"", |tail| &tail[1..]));
        Self { text }.with_size(value.len(), "byte", "bytes")
    }

    /// Elements in order, by their index.
    pub(crate) fn sequence<'a>(count: usize, element: &dyn Fn(usize) -> &'a dyn Debug) -> Self {
        if let Some(text) = whole(count, &Sequence(count, element)) {
            return Self { text };
        }
        let mut text = "[".to_owned();
        let appended = append(&mut text, &|take| each((0..count).map(element), take));
        let end = match appended {
            Appended::Cut => String::new(),
            Appended::Whole { items } => end(&|take| each((0..count).rev().map(element), take), count - items),
        };
        text.push_str(ELLIPSIS);
        text.push_str(&end);
        text.push(']');
        Self { text }.with_size(count, "element", "elements")
    }

    /// Elements in any order, as `Debug` writes `value`, which has them.
    pub(crate) fn set<T: Debug>(value: &dyn Debug, items: impl ExactSizeIterator<Item = T> + Clone) -> Self {
        let forward = |take: Take<'_>| each(items.clone(), take);
        Self::braced(value, items.len(), &forward, ["element", "elements"])
    }

    /// Keys with values, as `Debug` writes `value`, which has them.
    pub(crate) fn map<K: Debug, V: Debug>(
        value: &dyn Debug,
        items: impl ExactSizeIterator<Item = (K, V)> + Clone,
    ) -> Self {
        let forward = |take: Take<'_>| each(items.clone().map(|(key, value)| Entry(key, value)), take);
        Self::braced(value, items.len(), &forward, ["entry", "entries"])
    }

    /// What is displayed for it.
    pub(crate) fn into_bundle(self) -> MimeBundle {
        MimeBundle::new().with("text/plain", self.text)
    }

    fn of(arguments: fmt::Arguments<'_>) -> Self {
        let cut = Cut::of(arguments, WHOLE, COUNTED);
        let (length, is_counted) = (cut.length, cut.length <= COUNTED);
        match cut.into_whole() {
            Ok(text) => Self { text },
            Err(mut text) => {
                text.truncate(text.floor_char_boundary(HEAD));
                text.push_str(ELLIPSIS);
                let size = match is_counted {
                    true => format!("{} bytes of text", grouped(length)),
                    false => format!("more than {} bytes of text", grouped(COUNTED)),
                };
                text.push_str(&format!("\n(shortened: {size})"));
                Self { text }
            }
        }
    }

    fn braced(value: &dyn Debug, count: usize, forward: Visit<'_>, [one, many]: [&str; 2]) -> Self {
        if let Some(text) = whole(count, value) {
            return Self { text };
        }
        let mut text = "{".to_owned();
        append(&mut text, forward);
        text.push_str(ELLIPSIS);
        text.push('}');
        Self { text }.with_size(count, one, many)
    }

    /// With something in brackets below it, unless that is empty.
    pub(crate) fn with_note(mut self, note: &str) -> Self {
        if !note.is_empty() {
            self.text.push_str(&format!("\n({note})"));
        }
        self
    }

    fn with_size(self, count: usize, one: &str, many: &str) -> Self {
        let unit = if count == 1 { one } else { many };
        self.with_note(&format!("shortened: {} {unit}", grouped(count)))
    }
}

/// As `Debug` writes a slice with these elements.
struct Sequence<'a, 'e>(usize, &'a dyn Fn(usize) -> &'e dyn Debug);

impl Debug for Sequence<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries((0..self.0).map(self.1)).finish()
    }
}

/// The text of something with this many parts, if it is short enough.
fn whole(parts: usize, value: &dyn Debug) -> Option<String> {
    // Each part takes a byte or more.
    if parts > WHOLE {
        return None;
    }
    let value = &Precise(value);
    let text = Cut::of(format_args!("{value:?}"), WHOLE, WHOLE).into_whole().ok()?;
    Some(pretty(&text, value).unwrap_or(text))
}

/// The text of a value over several lines, if `text` is too long for one.
fn pretty(text: &str, value: &dyn Debug) -> Option<String> {
    if !pretty::is_wanted(text) {
        return None;
    }
    let lines = Cut::of(format_args!("{value:#?}"), LINES, LINES).into_whole().ok()?;
    pretty::lay_out(&lines)
}

/// The first `limit` bytes of a value's text, without the quote that ends a string.
fn beginning(value: &dyn Debug, limit: usize) -> String {
    match Cut::of(format_args!("{value:?}"), limit, limit).into_whole() {
        Ok(mut text) => {
            text.pop();
            text
        }
        Err(text) => text,
    }
}

/// Takes an item; false if that is enough.
type Take<'a> = &'a mut dyn FnMut(&dyn Debug) -> bool;

/// Gives items one after the other, until that is enough.
type Visit<'a> = &'a dyn Fn(Take<'_>);

fn each<T: Debug>(items: impl Iterator<Item = T>, take: Take<'_>) {
    for item in items {
        if !take(&item) {
            return;
        }
    }
}

/// What has been appended: whole items, or some of which the last is cut.
enum Appended {
    Whole { items: usize },
    Cut,
}

/// Appends items until there are enough, each with a separator behind it. The last one is cut where there would be
/// little otherwise.
fn append(text: &mut String, visit: Visit<'_>) -> Appended {
    let mut appended = Appended::Whole { items: 0 };
    visit(&mut |next| {
        let left = HEAD.saturating_sub(text.len());
        if left == 0 {
            return false;
        }
        match Cut::of(format_args!("{:?}", Precise(next)), left, left).into_whole() {
            Ok(whole) => {
                text.push_str(&format!("{whole}, "));
                if let Appended::Whole { items } = &mut appended {
                    *items += 1;
                }
                true
            }
            Err(_) if text.len() > HEAD / 2 => false,
            Err(cut) => {
                text.push_str(&cut);
                appended = Appended::Cut;
                false
            }
        }
    });
    appended
}

/// The last items, of which there are at most this many, each with a separator in front of it.
fn end(visit: Visit<'_>, at_most: usize) -> String {
    let mut texts = Vec::new();
    let mut left = TAIL;
    visit(&mut |item| {
        if texts.len() == at_most {
            return false;
        }
        let Ok(text) = Cut::of(format_args!("{:?}", Precise(item)), left, left).into_whole() else {
            return false;
        };
        left = left.saturating_sub(text.len() + 2);
        texts.push(text);
        true
    });
    texts.iter().rev().flat_map(|text| [", ", text]).collect()
}

/// An entry of a map.
struct Entry<K, V>(K, V);

impl<K: Debug, V: Debug> Debug for Entry<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)?;
        f.write_str(": ")?;
        self.1.fmt(f)
    }
}

/// The beginning of a text, and how long the text would have been, as far as that was counted.
struct Cut {
    shown: String,
    limit: usize,
    counted: usize,
    length: usize,
}

impl Cut {
    /// Formats until more than `counted` bytes have come, and keeps at most `limit` of them.
    fn of(arguments: fmt::Arguments<'_>, limit: usize, counted: usize) -> Self {
        let mut cut = Self {
            shown: String::new(),
            limit,
            counted,
            length: 0,
        };
        // An error is our own end, or the value's `Debug` has said all that it wanted to.
        let _ = fmt::write(&mut cut, arguments);
        cut
    }

    fn whole(&self) -> Option<&str> {
        (self.length == self.shown.len()).then_some(self.shown.as_str())
    }

    /// The text, or its beginning where it is cut.
    fn into_whole(self) -> Result<String, String> {
        if self.length == self.shown.len() {
            Ok(self.shown)
        } else {
            Err(self.shown)
        }
    }
}

impl Write for Cut {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        // Once something was cut, nothing may follow.
        if self.length == self.shown.len() {
            let room = piece.floor_char_boundary(self.limit - self.shown.len());
            self.shown.push_str(&piece[..room]);
        }
        self.length += piece.len();
        if self.length > self.counted {
            Err(fmt::Error)
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::collections::BTreeMap;

    use super::*;

    fn slice<T: Debug>(items: &[T]) -> String {
        Shortened::sequence(items.len(), &|index| &items[index]).text
    }

    #[test]
    fn what_is_small_is_whole() {
        assert_eq!(slice(&[1, 2]), "[1, 2]");
        assert_eq!(slice::<u8>(&[]), "[]");
        assert_eq!(Shortened::string("a \"b\"").text, "\"a \\\"b\\\"\"");
        assert_eq!(Shortened::debug(&Some("x")).text, "Some(\"x\")");
        let map = BTreeMap::from([(1, 'a')]);
        assert_eq!(Shortened::map(&map, map.iter()).text, "{1: 'a'}");
        let limit = "x".repeat(WHOLE - 2);
        assert_eq!(Shortened::string(&limit).text.len(), WHOLE);
    }

    #[test]
    fn a_sequence_has_its_beginning_its_end_and_its_count() {
        let numbers: Vec<u32> = (0..1_000_000).collect();
        let text = slice(&numbers);
        assert!(text.starts_with("[0, 1, 2, "), "{text}");
        assert!(
            text.ends_with(", 999998, 999999]\n(shortened: 1,000,000 elements)"),
            "{text}"
        );
        assert!(text.contains(", ..., "));
        assert!(text.len() < WHOLE + 100);
    }

    #[test]
    fn elements_in_the_middle_are_not_formatted() {
        struct Counted<'a>(&'a Cell<usize>);
        impl Debug for Counted<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.set(self.0.get() + 1);
                f.write_str("element")
            }
        }
        let count = Cell::new(0);
        let items: Vec<Counted<'_>> = (0..100_000).map(|_| Counted(&count)).collect();
        assert!(slice(&items).contains("100,000 elements"));
        assert!(count.get() < 3 * WHOLE / 8, "{}", count.get());
    }

    #[test]
    fn one_huge_element_is_cut_inside() {
        let text = slice(&["x".repeat(1 << 20), "end".to_owned()]);
        assert!(text.starts_with("[\"xxx"));
        assert!(
            text.ends_with("x...]\n(shortened: 2 elements)"),
            "{}",
            &text[text.len() - 60..]
        );
        let text = slice(&["first".to_owned(), "y".repeat(1 << 20)]);
        assert!(text.starts_with("[\"first\", \"yyy"));
    }

    #[test]
    fn a_string_has_its_beginning_its_end_and_its_length() {
        let text = Shortened::string(&format!("beginning{}\nend", "ü".repeat(WHOLE))).text;
        assert!(text.starts_with("\"beginningüü"));
        assert!(
            text.ends_with("ü\\nend\"\n(shortened: 32,781 bytes)"),
            "{}",
            &text[text.len() - 60..]
        );
        assert!(text.contains("ü...ü"));
        let text = Shortened::string(&"\u{1}".repeat(WHOLE)).text;
        assert!(
            text.ends_with("...\"\n(shortened: 16,384 bytes)"),
            "{}",
            &text[text.len() - 60..]
        );
    }

    #[test]
    fn a_map_has_its_beginning_and_its_count() {
        let map: BTreeMap<u64, u64> = (0..100_000).map(|n| (n, n * n % 7)).collect();
        let text = Shortened::map(&map, map.iter()).text;
        assert!(text.starts_with("{0: 0, 1: 1, 2: 4, "));
        assert!(text.ends_with(", ...}\n(shortened: 100,000 entries)"));
    }

    #[test]
    fn any_other_text_is_counted_only_so_far() {
        let text = Shortened::debug(&(1, "x".repeat(WHOLE))).text;
        assert!(text.starts_with("(1, \"xxx") && text.ends_with("x...\n(shortened: 16,391 bytes of text)"));
        let endless = fmt::from_fn(|f| {
            loop {
                f.write_str("and on ")?
            }
        });
        let text = Shortened::debug(&endless).text;
        assert!(text.ends_with("(shortened: more than 16,777,216 bytes of text)"));
    }
}
