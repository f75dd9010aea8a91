//! A variable as it is looked at: what its type can do, and how that is told.

use std::any::Any;
use std::fmt::Debug;
use std::ops::Range;

use serde_json::{Map, Value};

use crate::cell::looked::Sequence;
use crate::contract::inspection::{Look, Part, Parts, Seen, Summary};
use crate::display;

use super::outline::{self, Bracket, Node, Outline, Wanted};

/// How much of a value is shown on a line, in characters.
const SHOWN: usize = 60;
/// How much of a part of one.
const SHOWN_OF_PART: usize = 200;

/// A variable's value.
#[derive(Debug)]
pub struct View<'a> {
    debug: Option<&'a dyn Debug>,
    bytes: usize,
    elements: Option<Sequence<'a>>,
}

/// How variables of one type are looked at.
pub(in crate::cell) struct Viewer {
    view: Box<SeenAny>,
}

/// The same for a value of any type; None where it is of another.
type SeenAny = dyn for<'a> Fn(&'a dyn Any, Seeing<'_>) -> Option<Seen>;

/// Tells what there is to see.
pub type Seeing<'a> = &'a dyn Fn(View<'_>) -> Seen;

impl<'a> View<'a> {
    /// One that takes so many bytes, with what it leads to.
    pub fn new(debug: Option<&'a dyn Debug>, bytes: usize, elements: Option<Sequence<'a>>) -> Self {
        Self { debug, bytes, elements }
    }

    pub(super) fn see(&self, look: &Look) -> Seen {
        match look {
            Look::Summary => Seen::Summary(self.summary()),
            Look::Parts { path, range } => Seen::Parts(self.parts(path, range)),
            Look::Grid => Seen::Grid { data: self.grid() },
        }
    }

    fn summary(&self) -> Summary {
        let elements = self.elements.as_ref().map(|elements| elements.length);
        Summary {
            text: self.debug.map(|value| outline::line(value, SHOWN)),
            bytes: self.bytes,
            elements,
            has_parts: self.debug.is_some_and(outline::has_parts) || self.list().is_some_and(|list| list.length > 0),
        }
    }

    /// Its elements, where they can be had one by one as its `Debug` has them: a matrix has rows there, and numbers here.
    fn list(&self) -> Option<&Sequence<'a>> {
        let elements = self.elements.as_ref()?;
        let Some(value) = self.debug else { return Some(elements) };
        let mut begins_so = true;
        elements.visit(0..1, &mut |first| {
            let first = outline::line(first, SHOWN);
            let first = first.trim_end_matches(outline::ELLIPSIS);
            begins_so = outline::line(value, SHOWN + 1).strip_prefix('[').is_some_and(|rest| {
                rest.starts_with(first) || first.starts_with(rest.trim_end_matches(outline::ELLIPSIS))
            });
        });
        (begins_so && outline::is_list(value)).then_some(elements)
    }

    fn parts(&self, path: &[usize], range: &Range<usize>) -> Parts {
        match (self.list(), path) {
            (Some(list), []) => {
                let mut parts = Vec::new();
                list.visit(range.clone(), &mut |element| {
                    parts.push(Part {
                        name: format!("[{}]", range.start + parts.len()),
                        text: outline::line(element, SHOWN_OF_PART),
                        has_parts: outline::has_parts(element),
                    });
                });
                let (total, is_cut) = (list.length, false);
                Parts { parts, total, is_cut }
            }
            (Some(list), [first, rest @ ..]) => {
                let mut parts = Parts::default();
                list.visit(*first..*first + 1, &mut |element| {
                    parts = parts_of(element, Wanted { path: rest, range });
                });
                parts
            }
            (None, path) => self
                .debug
                .map_or_else(Parts::default, |value| parts_of(value, Wanted { path, range })),
        }
    }

    fn grid(&self) -> Option<Map<String, Value>> {
        let Some(list) = self.list() else {
            return self.entries();
        };
        let rows = display::Capped::first_and_last(list.length, |range, take| {
            list.visit(range, &mut |element| {
                let columns = 0..display::COLUMNS;
                let outline = Outline::of(
                    element,
                    Wanted {
                        path: &[],
                        range: &columns,
                    },
                );
                take(outline.meant.map_or(display::Node::Empty, cells));
            });
        });
        Some(display::grid(display::Node::List(rows)).into_data())
    }

    /// The first of its entries, where it is a collection of such.
    fn entries(&self) -> Option<Map<String, Value>> {
        let (value, elements) = (self.debug?, self.elements.as_ref()?);
        let rows = 0..display::HEAD_ROWS;
        let outline = Outline::of(
            value,
            Wanted {
                path: &[],
                range: &rows,
            },
        );
        // What is no list has its elements in another way than they are here.
        let meant = outline.meant.filter(|meant| meant.bracket() == Some(Bracket::Curly))?;
        let entries = meant.into_parts().map(|(key, part)| (key, cells(part)));
        let rows = display::Capped::beginning(entries.collect(), elements.length);
        Some(display::grid(display::Node::Record(rows)).into_data())
    }
}

fn parts_of(value: &dyn Debug, wanted: Wanted<'_>) -> Parts {
    let outline = Outline::of(value, wanted);
    let total = outline.meant.as_ref().map_or(0, Node::total);
    let parts = outline.meant.into_iter().flat_map(Node::into_parts);
    Parts {
        parts: parts
            .map(|(name, part)| Part {
                name,
                text: part.line(SHOWN_OF_PART),
                has_parts: part.has_parts(),
            })
            .collect(),
        total,
        is_cut: outline.is_cut,
    }
}

/// A row of a grid.
fn cells(row: Node) -> display::Node {
    if !row.has_parts() {
        return cell(&row);
    }
    let (is_list, total) = (row.bracket() != Some(Bracket::Curly), row.total());
    let parts = row.into_parts().map(|(name, part)| (name, cell(&part)));
    if is_list {
        display::Node::List(display::Capped::beginning(parts.map(|(_, part)| part).collect(), total))
    } else {
        display::Node::Record(display::Capped::beginning(parts.collect(), total))
    }
}

fn cell(part: &Node) -> display::Node {
    let text = part.line(SHOWN_OF_PART);
    if text == "[]" {
        return display::Node::List(display::Capped::beginning(Vec::new(), 0));
    }
    match text.parse::<f64>() {
        Ok(_) => display::Node::Number(text),
        Err(_) => display::Node::Text(unquoted(text)),
    }
}

/// Tables have their texts without quotes.
fn unquoted(text: String) -> String {
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    match inner {
        Some(inner) if !inner.contains('\\') => inner.to_owned(),
        _ => text,
    }
}

impl Viewer {
    pub(in crate::cell) fn new<T: 'static>(view: for<'a> fn(&'a T, Seeing<'_>) -> Seen) -> Self {
        Self {
            view: Box::new(move |value, seeing| Some(view(value.downcast_ref()?, seeing))),
        }
    }

    /// What there is to see of a value; None where it is of another type.
    pub(in crate::cell) fn see(&self, value: &dyn Any, look: &Look) -> Option<Seen> {
        (self.view)(value, &|view| view.see(look))
    }
}

impl std::fmt::Debug for Viewer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Viewer").finish_non_exhaustive()
    }
}
