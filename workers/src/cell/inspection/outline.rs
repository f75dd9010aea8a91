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
pub(super) const ELLIPSIS: &str = "...";

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
mod tests;
