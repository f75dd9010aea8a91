//! The structure of a value, read from what `Debug` writes of it over several lines (`{:#?}`).
//!
//! It is read as it is written, line by line, so that of all that nobody has asked for nothing is kept but its number: the
//! value may have a million elements, each of them with fields. Whatever is laid out in a way of its own counts as one text.

use std::fmt::Debug;
use std::ops::Range;

use super::enough::{Wants, write_until_enough};
use crate::display::Precise;

/// How much is written before it is given up, in bytes: the rest would take seconds.
const MOST: usize = 32 << 20;
/// How many parts of what is shown on a line are kept, and down to which depth.
const ON_A_LINE: usize = 16;
const DEPTH_OF_A_LINE: usize = 6;
/// How much of a text that has no parts is kept, in bytes.
const LONGEST: usize = 4096;
const INDENTATION: usize = 4;
const ELLIPSIS: &str = "...";

/// Which parts are wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    /// From the value to what is meant: at each step, which of the parts.
    pub(super) path: &'a [usize],
    /// Which of its parts.
    pub(super) range: &'a Range<usize>,
}

/// A value, or a part of one.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// A field's name or a key.
    name: Option<String>,
    /// All of it, or what stands in front of the bracket.
    text: String,
    /// What its parts are in; None where it has none.
    bracket: Option<Bracket>,
    /// Those that are wanted.
    parts: Vec<Node>,
    /// The place of the first of them.
    first: usize,
    /// How many there are.
    total: usize,
    /// Whether they have names.
    has_names: bool,
}

/// Kinds of brackets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Bracket {
    Round,
    Square,
    Curly,
}

/// What is kept of a node.
#[derive(Clone, Copy, Debug)]
enum Role {
    /// What is wanted is in it, so many steps away from the value.
    Leading(usize),
    /// What is meant: its parts are wanted.
    Meant,
    /// It is shown on a line, with parts down to a depth.
    Shown(usize),
    /// Nothing.
    Counted,
}

/// What has been read.
#[derive(Debug)]
pub(super) struct Outline {
    /// What was meant; None where the path leads nowhere.
    pub(super) meant: Option<Node>,
    /// Whether there may be more.
    pub(super) is_cut: bool,
}

impl Outline {
    /// Reads a value.
    pub(super) fn of(value: &dyn Debug, wanted: Wanted<'_>) -> Self {
        let mut reader = Reader::new(wanted);
        write_until_enough(format_args!("{value:#?}"), &mut |text| reader.take(text));
        reader.finish()
    }
}

/// Whether a value has parts, which takes no longer than its first line.
pub(super) fn has_parts(value: &dyn Debug) -> bool {
    let (line, is_over) = first_line(value);
    is_over && Bracket::opened_by(line.trim_end()).is_some()
}

/// Whether a value is a list, as `Debug` writes those.
pub(super) fn is_list(value: &dyn Debug) -> bool {
    first_line(value).0.starts_with('[')
}

/// The beginning of a value on one line, of so many characters.
pub(super) fn line(value: &dyn Debug, characters: usize) -> String {
    let (mut text, mut left, mut end) = (String::new(), characters, "");
    write_until_enough(format_args!("{:?}", Precise(value)), &mut |piece| {
        for character in piece.chars() {
            if left == 0 {
                end = ELLIPSIS;
                return Wants::Enough;
            }
            text.push(character);
            left -= 1;
        }
        Wants::More
    });
    text.split_whitespace().collect::<Vec<_>>().join(" ") + end
}

/// The first line of a value that is laid out over several, and whether there is another.
fn first_line(value: &dyn Debug) -> (String, bool) {
    let mut first = String::new();
    let mut is_over = false;
    write_until_enough(format_args!("{value:#?}"), &mut |text| {
        let (line, rest) = text.split_once('\n').unzip();
        first.push_str(line.unwrap_or(text));
        is_over = rest.is_some();
        if is_over || first.len() > LONGEST {
            Wants::Enough
        } else {
            Wants::More
        }
    });
    (first, is_over)
}

impl Node {
    pub(super) fn bracket(&self) -> Option<Bracket> {
        self.bracket
    }

    pub(super) fn total(&self) -> usize {
        self.total
    }

    pub(super) fn has_parts(&self) -> bool {
        self.total > 0
    }

    /// Those that were wanted, each with its name among them.
    pub(super) fn into_parts(self) -> impl Iterator<Item = (String, Node)> {
        let (bracket, first) = (self.bracket, self.first);
        self.parts.into_iter().enumerate().map(move |(index, mut part)| {
            let place = first + index;
            let name = part.name.take().unwrap_or_else(|| match bracket {
                Some(Bracket::Round) => place.to_string(),
                _ => format!("[{place}]"),
            });
            (name, part)
        })
    }

    /// On a line of about this many characters, without its name.
    pub(super) fn line(&self, characters: usize) -> String {
        let mut line = Line {
            text: String::new(),
            room: characters,
        };
        self.write(&mut line);
        line.text
    }

    fn write(&self, line: &mut Line) {
        line.push(&self.text);
        let Some(bracket) = self.bracket else { return };
        let [opening, closing] = bracket.both();
        if self.text.is_empty() || bracket != Bracket::Curly {
            line.push(opening);
        } else {
            line.push(" { ");
        }
        for (index, part) in self.parts.iter().enumerate() {
            if index > 0 {
                line.push(", ");
            }
            if let Some(name) = &part.name {
                line.push(name);
                line.push(": ");
            }
            part.write(line);
        }
        if self.total > self.parts.len() {
            let separator = if self.parts.is_empty() { "" } else { ", " };
            line.push(separator);
            line.push(ELLIPSIS);
        }
        if !self.text.is_empty() && bracket == Bracket::Curly {
            line.push(" ");
        }
        line.push(closing);
    }

    fn add_text(&mut self, text: &str) {
        let room = LONGEST.saturating_sub(self.text.len());
        self.text.push_str(&text[..text.floor_char_boundary(room)]);
    }
}

impl Bracket {
    /// The bracket that a line ends with which is open.
    fn opened_by(line: &str) -> Option<Self> {
        match line.chars().next_back()? {
            '(' => Some(Self::Round),
            '[' => Some(Self::Square),
            '{' => Some(Self::Curly),
            _ => None,
        }
    }

    fn both(self) -> [&'static str; 2] {
        match self {
            Self::Round => ["(", ")"],
            Self::Square => ["[", "]"],
            Self::Curly => ["{", "}"],
        }
    }
}

impl Role {
    /// That of the part at this place of something with this role.
    fn of_part(self, index: usize, wanted: Wanted<'_>) -> Self {
        match self {
            Self::Leading(steps) if wanted.path.get(steps) == Some(&index) => {
                if steps + 1 == wanted.path.len() {
                    Self::Meant
                } else {
                    Self::Leading(steps + 1)
                }
            }
            Self::Meant if wanted.range.contains(&index) => Self::Shown(0),
            Self::Shown(depth) if index < ON_A_LINE && depth < DEPTH_OF_A_LINE => Self::Shown(depth + 1),
            _ => Self::Counted,
        }
    }
}

/// What is shown on one line.
struct Line {
    text: String,
    room: usize,
}

impl Line {
    /// Nothing is added once something has been cut.
    fn push(&mut self, text: &str) {
        if self.text.ends_with(ELLIPSIS) && self.room == 0 {
            return;
        }
        for character in text.chars() {
            if self.room == 0 {
                self.text.push_str(ELLIPSIS);
                return;
            }
            self.text.push(if character == '\n' { ' ' } else { character });
            self.room -= 1;
        }
    }
}

/// Reads what is written to it.
struct Reader<'a> {
    wanted: Wanted<'a>,
    line: String,
    written: usize,
    /// Those whose brackets are open, each a part of the one before.
    open: Vec<(Node, Role)>,
    /// The value itself, once it has been read.
    value: Option<Node>,
    meant: Option<Node>,
    is_cut: bool,
    /// Whether what was read last ended with a comma, which is its own where another line follows.
    had_comma: bool,
}

impl<'a> Reader<'a> {
    fn new(wanted: Wanted<'a>) -> Self {
        Self {
            wanted,
            line: String::new(),
            written: 0,
            open: Vec::new(),
            value: None,
            meant: None,
            is_cut: false,
            had_comma: false,
        }
    }

    fn finish(mut self) -> Outline {
        let last = std::mem::take(&mut self.line);
        if !last.is_empty() || self.value.is_none() {
            self.take_line(&last);
        }
        // What is cut has its brackets open.
        while let Some((node, role)) = self.open.pop() {
            self.close(node, role);
        }
        Outline {
            meant: self.meant.take().or(self.value.filter(|_| self.wanted.path.is_empty())),
            is_cut: self.is_cut,
        }
    }

    fn take_line(&mut self, line: &str) {
        let depth = self.open.len();
        let Some((top, _)) = self.open.last() else {
            return self.take_outermost(line);
        };
        let outside = INDENTATION * (depth - 1);
        let closing = top.bracket.map_or("", |bracket| bracket.both()[1]);
        let closed = without_indentation(line, outside).and_then(|rest| rest.strip_prefix(closing));
        if let Some(rest) = closed
            && matches!(rest, "" | ",")
        {
            self.close_last();
        } else if let Some(value) = closed.and_then(|rest| rest.strip_prefix(": ")) {
            self.close_key(value);
        } else if let Some(entry) = without_indentation(line, INDENTATION * depth)
            && !entry.starts_with(' ')
            && !self.continues(entry)
        {
            self.begin(entry);
        } else {
            self.continue_last(line);
        }
    }

    fn take_outermost(&mut self, line: &str) {
        if let Some(value) = &mut self.value {
            // It is laid out in its own way.
            value.add_text("\n");
            value.add_text(line);
            return;
        }
        let role = if self.wanted.path.is_empty() {
            Role::Meant
        } else {
            Role::Leading(0)
        };
        self.enter(None, line, role);
    }

    /// Whether an entry is none, but another line of the one before: all fields have names, and so have all entries of maps.
    fn continues(&self, entry: &str) -> bool {
        let Some((top, _)) = self.open.last() else { return false };
        top.bracket == Some(Bracket::Curly)
            && top.has_names
            && split_name(entry).0.is_none()
            && Bracket::opened_by(entry).is_none()
    }

    /// A part of what is open begins with this line.
    fn begin(&mut self, entry: &str) {
        let Some((top, role)) = self.open.last_mut() else {
            return;
        };
        let role = role.of_part(top.total, self.wanted);
        let (name, content) = match top.bracket {
            Some(Bracket::Curly) => split_name(entry),
            _ => (None, entry),
        };
        top.total += 1;
        top.has_names |= name.is_some();
        let (name, content) = (name.map(str::to_owned), content.to_owned());
        self.enter(name, &content, role);
    }

    /// Something begins with this text, and ends with it if no bracket is opened.
    fn enter(&mut self, name: Option<String>, content: &str, role: Role) {
        let mut node = Node {
            name,
            ..Node::default()
        };
        if let Some(bracket) = Bracket::opened_by(content) {
            node.bracket = Some(bracket);
            node.add_text(content[..content.len() - 1].trim_end());
            if let Role::Meant = role {
                node.first = self.wanted.range.start;
            }
            self.open.push((node, role));
            return;
        }
        if self.open.is_empty() {
            node.add_text(content);
        } else {
            node.add_text(self.without_comma(content));
        }
        self.close(node, role);
    }

    fn close_last(&mut self) {
        if let Some((node, role)) = self.open.pop() {
            self.close(node, role);
        }
    }

    /// What has been read last was a key, whose value follows.
    fn close_key(&mut self, value: &str) {
        let Some((key, role)) = self.open.pop() else { return };
        let key = key.line(LONGEST);
        self.enter(Some(key), value, role);
    }

    /// Something has been read.
    fn close(&mut self, node: Node, role: Role) {
        match (role, self.open.last_mut()) {
            (Role::Counted, _) => {}
            (Role::Meant, _) => self.meant = Some(node),
            (Role::Leading(_), Some(_)) => {}
            (Role::Shown(_), Some((top, _))) => top.parts.push(node),
            (_, None) => self.value = Some(node),
        }
        if self.open.is_empty() && self.value.is_none() {
            self.value = Some(Node::default());
        }
    }

    /// One more line of what has been read last.
    fn continue_last(&mut self, line: &str) {
        let before = if self.had_comma { ",\n" } else { "\n" };
        let line = self.without_comma(line.trim_start());
        let last = self.open.last_mut().and_then(|(top, _)| top.parts.last_mut());
        if let Some(last) = last.filter(|last| last.bracket.is_none()) {
            last.add_text(before);
            last.add_text(line);
        }
    }

    fn without_comma<'t>(&mut self, line: &'t str) -> &'t str {
        let without = line.strip_suffix(',');
        self.had_comma = without.is_some();
        without.unwrap_or(line)
    }
}

impl Reader<'_> {
    fn take(&mut self, text: &str) -> Wants {
        self.written += text.len();
        if self.written > MOST {
            self.is_cut = true;
            return Wants::Enough;
        }
        for piece in text.split_inclusive('\n') {
            // Of a line that nobody could read only the beginning counts, and how it ends.
            if self.line.len() + piece.len() > 4 * LONGEST {
                self.line.truncate(self.line.floor_char_boundary(LONGEST));
            }
            self.line
                .push_str(&piece[piece.ceil_char_boundary(piece.len().saturating_sub(3 * LONGEST))..]);
            if self.line.ends_with('\n') {
                let line = std::mem::take(&mut self.line);
                self.take_line(&line[..line.len() - 1]);
            }
        }
        Wants::More
    }
}

fn without_indentation(line: &str, spaces: usize) -> Option<&str> {
    let (indentation, rest) = line.split_at_checked(spaces)?;
    indentation.bytes().all(|byte| byte == b' ').then_some(rest)
}

/// A field's name or a key, and what follows the colon.
fn split_name(entry: &str) -> (Option<&str>, &str) {
    let quoted = match entry.as_bytes().first() {
        Some(quote @ (b'"' | b'\'')) => end_of_quoted(entry, *quote),
        _ => 0,
    };
    match entry[quoted..].find(": ") {
        Some(0) if quoted > 0 => (Some(&entry[..quoted]), &entry[quoted + 2..]),
        Some(colon) if quoted == 0 => (Some(&entry[..colon]), &entry[colon + 2..]),
        _ => (None, entry),
    }
}

/// Where a quoted text ends that begins here.
fn end_of_quoted(text: &str, quote: u8) -> usize {
    let mut is_escaped = false;
    for (index, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            byte if byte == quote => return index + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet, HashMap};
    use std::fmt;
    use std::time::Duration;

    use proptest::test_runner::{Config, TestRng, TestRunner};

    use super::*;

    #[derive(Debug)]
    struct Point {
        x: i32,
        #[expect(dead_code, reason = "it is shown")]
        name: &'static str,
    }

    #[derive(Debug)]
    #[expect(dead_code, reason = "they are shown")]
    struct Deep {
        points: Vec<Point>,
        pair: (u8, Option<String>),
        unit: (),
        empty: Vec<u8>,
        map: BTreeMap<&'static str, Vec<u8>>,
    }

    fn point(x: i32) -> Point {
        Point { x, name: "a: {b}" }
    }

    fn deep() -> Deep {
        Deep {
            points: vec![point(1), point(2)],
            pair: (7, Some("x\ny".to_owned())),
            unit: (),
            empty: Vec::new(),
            map: BTreeMap::from([("k: (", vec![1, 2]), ("l", vec![])]),
        }
    }

    fn parts(value: &dyn Debug, path: &[usize]) -> Vec<(String, String, bool)> {
        let range = 0..100;
        let outline = Outline::of(value, Wanted { path, range: &range });
        assert!(!outline.is_cut);
        outline
            .meant
            .unwrap()
            .into_parts()
            .map(|(name, part)| (name, part.line(60), part.has_parts()))
            .collect()
    }

    fn texts(value: &dyn Debug, path: &[usize]) -> Vec<String> {
        parts(value, path)
            .into_iter()
            .map(|(name, text, has_parts)| format!("{name}={text}{}", if has_parts { "+" } else { "" }))
            .collect()
    }

    #[test]
    fn fields_elements_and_entries_have_names_and_values() {
        assert_eq!(
            texts(&deep(), &[]),
            [
                "points=[Point { x: 1, name: \"a: {b}\" }, Point { x: 2, name: \"a: {b}...+",
                "pair=(7, Some(\"x\\ny\"))+",
                "unit=()",
                "empty=[]",
                "map={\"k: (\": [1, 2], \"l\": []}+",
            ]
        );
        assert_eq!(texts(&deep(), &[0, 1]), ["x=2", "name=\"a: {b}\""]);
        assert_eq!(texts(&deep(), &[1]), ["0=7", "1=Some(\"x\\ny\")+"]);
        assert_eq!(texts(&deep(), &[4]), ["\"k: (\"=[1, 2]+", "\"l\"=[]"]);
        assert_eq!(texts(&deep(), &[4, 0]), ["[0]=1", "[1]=2"]);
    }

    #[test]
    fn keys_that_have_parts_are_names() {
        let map = BTreeMap::from([((1, 'a'), vec![3]), ((2, ':'), vec![])]);
        assert_eq!(texts(&map, &[]), ["(1, 'a')=[3]+", "(2, ':')=[]"]);
        assert_eq!(texts(&map, &[0]), ["[0]=3"]);
        assert_eq!(texts(&BTreeSet::from(["a: b", "c"]), &[]).len(), 2);
        assert_eq!(texts(&HashMap::from([(1, 2.5)]), &[]), ["1=2.5"]);
    }

    #[test]
    fn what_has_no_parts_or_is_nowhere_has_none() {
        assert!(texts(&7, &[]).is_empty());
        assert!(texts(&Duration::from_millis(1500), &[]).is_empty());
        let range = 0..1;
        let nowhere = |path: &[usize]| Outline::of(&deep(), Wanted { path, range: &range }).meant.is_none();
        assert!(nowhere(&[9]) && nowhere(&[2, 0]) && nowhere(&[0, 0, 0, 0]));
        assert!(!has_parts(&7) && !has_parts(&Vec::<u8>::new()) && !has_parts(&"("));
        assert!(has_parts(&deep()) && has_parts(&Some(1)) && is_list(&[1]) && !is_list(&(1, 2)));
    }

    #[test]
    fn only_what_is_wanted_is_kept_of_much() {
        let range = 5_000..5_003;
        let many: Vec<_> = (0..10_000).map(|x| (point(x), vec![x; 100])).collect();
        let outline = Outline::of(
            &many,
            Wanted {
                path: &[],
                range: &range,
            },
        );
        let meant = outline.meant.unwrap();
        assert_eq!(meant.total(), 10_000);
        let parts: Vec<_> = meant.into_parts().collect();
        assert_eq!(parts.len(), 3);
        assert_eq!(parts[0].0, "[5000]");
        assert!(parts[0].1.parts[1].parts.len() == ON_A_LINE && parts[0].1.parts[1].total == 100);
        assert!(
            parts[0].1.line(1000).ends_with("5000, ...])"),
            "{}",
            parts[0].1.line(1000)
        );
    }

    #[test]
    fn what_is_too_much_is_cut() {
        let much = vec!["x".repeat(1000); 40_000];
        let outline = Outline::of(
            &much,
            Wanted {
                path: &[],
                range: &(0..2),
            },
        );
        let meant = outline.meant.unwrap();
        assert!(outline.is_cut && meant.total() > 30_000 && meant.parts.len() == 2);
    }

    #[test]
    fn a_layout_of_its_own_is_one_text() {
        struct Own(&'static str);
        impl Debug for Own {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.0)
            }
        }
        #[derive(Debug)]
        #[expect(dead_code, reason = "they are shown")]
        struct Holder {
            matrix: Own,
            broken: Own,
            last: u8,
        }
        let holder = Holder {
            matrix: Own("[[1, 2],\n [3, 4]], shape=[2, 2]"),
            broken: Own("begin\nnext {\n)"),
            last: 1,
        };
        let parts = texts(&holder, &[]);
        assert_eq!(parts[0], "matrix=[[1, 2], [3, 4]], shape=[2, 2]");
        assert!(parts[1].starts_with("broken=begin"), "{parts:?}");
        assert!(texts(&Own("a\nb {\nc"), &[]).is_empty());
        for text in [
            "",
            "{",
            "(\n",
            "}\n}",
            "[\n]\n]",
            "a {\n    b: c (\n",
            "\u{1f980} {\n  \u{1f980}",
        ] {
            let _ = texts(&Own(text), &[]);
            let _ = texts(&Some(Own(text)), &[]);
        }
    }

    #[test]
    fn a_line_is_cut_where_it_is_full() {
        let line = |value: &dyn Debug, characters| {
            let range = 0..100;
            let outline = Outline::of(
                value,
                Wanted {
                    path: &[],
                    range: &range,
                },
            );
            outline.meant.unwrap().line(characters)
        };
        assert_eq!(line(&[1, 2, 3], 4), "[1, ...");
        assert_eq!(line(&point(1).x, 4), "1");
        assert_eq!(line(&"x".repeat(100_000), 4), "\"xxx...");
    }

    #[test]
    fn any_text_is_read() {
        struct Own(String);
        impl Debug for Own {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        // What matters, and little else.
        let texts = "[a-c\u{e9}:{}()\\[\\], \"'\\\\\n]{0,120}";
        let config = Config {
            cases: 2000,
            failure_persistence: None,
            ..Config::default()
        };
        let rng = TestRng::deterministic_rng(config.rng_algorithm);
        let paths = proptest::collection::vec(0..3_usize, 0..4);
        let tested = TestRunner::new_with_rng(config, rng).run(&(texts, paths), |(text, path)| {
            for value in [&Own(text.clone()) as &dyn Debug, &Some([Own(text.clone()), Own(text)])] {
                let outline = Outline::of(
                    value,
                    Wanted {
                        path: &path,
                        range: &(0..5),
                    },
                );
                if let Some(meant) = outline.meant {
                    assert!(meant.parts.len() <= meant.total().min(5));
                    assert!(meant.line(20).chars().count() <= 20 + ELLIPSIS.len());
                }
                has_parts(value);
            }
            Ok(())
        });
        tested.unwrap();
    }
}
