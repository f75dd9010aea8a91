//! `Debug` text over several lines, where one would be too long: what fits stays on one line, and short elements share
//! lines, as rustfmt lays out code.
//!
//! `{:#?}` alone gives every number of a list a line of its own.

use std::fmt::Write;

/// How many characters a line should have at most.
const WIDTH: usize = 100;
/// Elements that are no longer than this share lines.
const SHORT: usize = 20;
const INDENT: usize = 4;

/// Whether a value's `{:?}` is better laid out over several lines. One that has lines has its own layout.
pub(super) fn is_wanted(text: &str) -> bool {
    text.len() > WIDTH && text.chars().count() > WIDTH && !text.contains('\n')
}

/// Lays out what `{:#?}` wrote; None if that is not in the form that the standard library gives it.
pub(super) fn lay_out(text: &str) -> Option<String> {
    let mut lines = text.lines();
    let root = Item::parse(lines.next()?, 0, &mut lines)?;
    if lines.next().is_some() {
        return None;
    }
    let mut laid_out = String::new();
    root.write(0, &mut laid_out);
    Some(laid_out)
}

/// A line, or several between an opening and a closing one.
struct Item<'a> {
    open: &'a str,
    inner: Vec<Item<'a>>,
    close: &'a str,
}

impl<'a> Item<'a> {
    /// Parses the item that begins with `first`, which is indented by `indent`.
    fn parse(first: &'a str, indent: usize, lines: &mut std::str::Lines<'a>) -> Option<Self> {
        let open = first.get(indent..)?;
        if !first[..indent].trim().is_empty() || open.starts_with(' ') {
            return None;
        }
        let mut item = Item {
            open,
            inner: Vec::new(),
            close: "",
        };
        if !open.ends_with(['{', '[', '(']) {
            return Some(item);
        }
        loop {
            let line = lines.next()?;
            let rest = line.get(indent..)?;
            if rest.starts_with(['}', ']', ')']) {
                item.close = rest;
                // A key that is laid out over several lines is followed by its value.
                return matches!(rest.len(), 1 | 2).then_some(item);
            }
            item.inner.push(Item::parse(line, indent + INDENT, lines)?);
        }
    }

    fn write(&self, indent: usize, text: &mut String) {
        let room = WIDTH.saturating_sub(indent);
        let line = self.on_one_line(room);
        if let Some(line) = line {
            text.push_str(&line);
            return;
        }
        text.push_str(self.open);
        if self.inner.is_empty() && self.close.is_empty() {
            return;
        }
        match self.short_elements() {
            Some(elements) => fill(&elements, indent + INDENT, text),
            None => {
                for item in &self.inner {
                    new_line(indent + INDENT, text);
                    item.write(indent + INDENT, text);
                }
            }
        }
        new_line(indent, text);
        text.push_str(self.close);
    }

    /// The item as `{:?}` writes it, if that is no longer than `room`.
    fn on_one_line(&self, room: usize) -> Option<String> {
        let mut line = String::new();
        self.join(room, &mut line).then_some(line)
    }

    /// Appends the item; false, with some of it appended, if the line would be longer than `room`.
    fn join(&self, room: usize, line: &mut String) -> bool {
        line.push_str(self.open);
        let padding = if self.is_struct() { " " } else { "" };
        for (index, item) in self.inner.iter().enumerate() {
            line.push_str(if index == 0 { padding } else { " " });
            if !item.join(room, line) {
                return false;
            }
        }
        if !self.inner.is_empty() {
            if line.ends_with(',') && !self.is_single() {
                line.pop();
            }
            line.push_str(padding);
        }
        line.push_str(self.close);
        // Characters are counted only where bytes do not decide.
        line.len() <= room || line.chars().count() <= room
    }

    /// Whether the braces are those of a struct, and not of a map or set.
    fn is_struct(&self) -> bool {
        self.open
            .strip_suffix(" {")
            .is_some_and(|name| name.ends_with(|last: char| last.is_alphanumeric() || matches!(last, '_' | '>')))
    }

    /// Whether it is a tuple of one, whose comma belongs to it.
    fn is_single(&self) -> bool {
        let before = self.open.strip_suffix('(');
        self.inner.len() == 1 && before.is_some_and(|before| before.is_empty() || before.ends_with(' '))
    }

    /// The elements of a list, if all of them are short.
    fn short_elements(&self) -> Option<Vec<String>> {
        if self.is_struct() || self.open.ends_with('(') {
            return None;
        }
        self.inner.iter().map(|item| item.on_one_line(SHORT)).collect()
    }
}

/// Appends elements, as many on a line as fit.
fn fill(elements: &[String], indent: usize, text: &mut String) {
    let mut used = WIDTH;
    for element in elements {
        let length = element.chars().count();
        if used + 1 + length > WIDTH {
            new_line(indent, text);
            used = indent;
        } else {
            text.push(' ');
            used += 1;
        }
        text.push_str(element);
        used += length;
    }
}

fn new_line(indent: usize, text: &mut String) {
    // Writing to a string does not fail.
    let _ = write!(text, "\n{:indent$}", "");
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(Debug)]
    #[expect(dead_code, reason = "`Debug` reads them")]
    struct Planet {
        name: &'static str,
        moons: Vec<&'static str>,
        orbit: Option<(f64, f64)>,
    }

    fn planet(moons: usize) -> Planet {
        Planet {
            name: "Jupiter, the largest of them all",
            moons: vec!["Ganymede"; moons],
            orbit: Some((4.95, 5.46)),
        }
    }

    #[test]
    fn what_fits_is_on_one_line() {
        let values: [&dyn std::fmt::Debug; 6] = [
            &planet(0),
            &[1, 2, 3],
            &(1, "a"),
            &BTreeMap::from([("a", Some(1))]),
            &((1,), [Some((2,))]),
            &"x {",
        ];
        for value in values {
            assert_eq!(lay_out(&format!("{value:#?}")).unwrap(), format!("{value:?}"));
        }
    }

    #[test]
    fn short_elements_share_lines() {
        let text = lay_out(&format!("{:#?}", (0..60).collect::<Vec<u32>>())).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 5, "{text}");
        assert!(lines[1].starts_with("    0, 1, 2, ") && lines.iter().all(|line| line.len() <= WIDTH));
        assert_eq!((lines[0], lines[4]), ("[", "]"));
    }

    #[test]
    fn structs_have_a_line_for_each_field() {
        let text = lay_out(&format!("{:#?}", vec![planet(9), planet(1)])).unwrap();
        let expected = r#"[
    Planet {
        name: "Jupiter, the largest of them all",
        moons: [
            "Ganymede", "Ganymede", "Ganymede", "Ganymede", "Ganymede", "Ganymede", "Ganymede",
            "Ganymede", "Ganymede",
        ],
        orbit: Some((4.95, 5.46)),
    },
    Planet {
        name: "Jupiter, the largest of them all",
        moons: ["Ganymede"],
        orbit: Some((4.95, 5.46)),
    },
]"#;
        assert_eq!(text, expected);
    }

    #[test]
    fn what_has_another_form_is_left_alone() {
        for text in [
            "[\n1,\n]",
            "[\n    1,",
            "{\n    (\n        1,\n    ): 2,\n}\nmore",
            "a\nb",
        ] {
            assert_eq!(lay_out(text), None, "{text}");
        }
        assert!(!is_wanted("short") && !is_wanted(&"line\n".repeat(100)) && is_wanted(&"x".repeat(101)));
    }
}
