//! The notebook's variables as editors show them: names, types, values, and what they are made of.
//!
//! Values are as somebody has looked at them last, between cells (`engine::look`). While a cell runs there is nobody who
//! could look: the cell has taken its variables, and may be changing them.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use parcell::cell::whos::{self, size_text};
use parcell::contract::inspection::{Parts, Seen, Summary};

use super::event::MimeBundle;
use super::magics::short_type;

/// How many ways to parts are remembered. Whoever has expanded more begins anew.
const MOST_PLACES: usize = 1 << 16;
/// What ends a text that is not whole.
const ELLIPSIS: &str = "...";
/// Stands for the value of what has none to be shown.
pub(crate) const NO_VALUE: &str = "-";

/// A variable, or a part of one.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Variable {
    pub(crate) name: String,
    /// None of parts, whose types nobody knows.
    pub(crate) type_: Option<String>,
    /// Shortened. What cannot be looked at says why.
    pub(crate) value: String,
    /// By this its parts are asked for; None where it has none.
    pub(crate) parts: Option<PlaceId>,
    /// How many elements it has.
    pub(crate) elements: Option<usize>,
}

/// Names a variable or a part of one that has parts. The same one always has the same name.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct PlaceId(pub(crate) u64);

/// From a variable to a part: at each step, which one.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct Place {
    pub(super) variable: String,
    pub(super) path: Vec<usize>,
}

/// Why something of a variable cannot be shown.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum NotSeen {
    #[error("a cell is running: the variable can be looked at when it has ended")]
    Busy,
    #[error("there is no variable `{0}` any more")]
    Gone(String),
    #[error("there is nothing by this reference: ask for the variables again")]
    NoPlace,
    #[error("`{variable}` cannot be shown: {reason}")]
    Failed { variable: String, reason: String },
}

/// What is known of the variables.
#[derive(Debug, Default)]
pub(super) struct Variables {
    /// By name, with the types that they had.
    seen: BTreeMap<String, (String, Seen)>,
    /// Whether nothing has run since.
    is_current: bool,
    places: Vec<Place>,
    ids: HashMap<Place, PlaceId>,
}

impl Variables {
    /// Something runs that may change variables.
    pub(super) fn begin(&mut self) {
        self.is_current = false;
    }

    /// They have been looked at.
    pub(super) fn see(&mut self, seen: impl Iterator<Item = ((String, String), Seen)>) {
        self.seen = seen.map(|((name, type_), seen)| (name, (type_, seen))).collect();
        self.is_current = true;
    }

    /// What was seen of a variable that it takes too long to look at.
    pub(super) fn slow(&self, name: &str, type_: &str) -> Option<Seen> {
        let (seen_type, seen) = self.seen.get(name)?;
        (seen_type == type_ && matches!(seen, Seen::Failed { is_slow: true, .. })).then(|| seen.clone())
    }

    /// Whether nobody needs to look again.
    pub(super) fn is_current(&self) -> bool {
        self.is_current
    }

    /// These, with what is known of their values.
    pub(super) fn all<'a>(&mut self, variables: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<Variable> {
        let variables: Vec<_> = variables
            .map(|(name, type_)| {
                // Of a value of another type nothing is known.
                let seen = self.seen.get(name).filter(|(seen, _)| seen == type_);
                (name, type_, seen.map(|(_, seen)| seen.clone()))
            })
            .collect();
        let described = variables.into_iter().map(|(name, type_, seen)| {
            let mut variable = Variable {
                name: name.to_owned(),
                type_: Some(short_type(type_)),
                ..Variable::default()
            };
            match seen {
                Some(Seen::Summary(summary)) => {
                    variable.value = value_text(&summary);
                    variable.elements = summary.elements;
                    variable.parts = summary.has_parts.then(|| self.id_of(Place::of(name)));
                }
                Some(Seen::Failed { reason, .. }) => variable.value = format!("<{reason}>"),
                Some(Seen::Unknown) => variable.value = NO_VALUE.to_owned(),
                _ => variable.value = ELLIPSIS.to_owned(),
            }
            variable
        });
        described.collect()
    }

    /// The parts that have been seen at a place, beginning with this one of them.
    pub(super) fn parts(&mut self, place: &Place, first: usize, parts: &Parts) -> Vec<Variable> {
        let described = parts.parts.iter().enumerate().map(|(index, part)| Variable {
            name: part.name.clone(),
            value: part.text.clone(),
            parts: part.has_parts.then(|| self.id_of(place.part(first + index))),
            ..Variable::default()
        });
        described.collect()
    }

    /// What an ID names.
    pub(super) fn place(&self, id: PlaceId) -> Option<Place> {
        self.places.get(usize::try_from(id.0.checked_sub(1)?).ok()?).cloned()
    }

    fn id_of(&mut self, place: Place) -> PlaceId {
        if let Some(id) = self.ids.get(&place) {
            return *id;
        }
        if self.places.len() == MOST_PLACES {
            self.places.clear();
            self.ids.clear();
        }
        self.places.push(place.clone());
        // Zero is what clients take for none.
        let id = PlaceId(self.places.len() as u64);
        self.ids.insert(place, id);
        id
    }
}

impl Place {
    /// A variable itself.
    pub(super) fn of(variable: &str) -> Place {
        Place {
            variable: variable.to_owned(),
            path: Vec::new(),
        }
    }

    fn part(&self, index: usize) -> Place {
        let mut part = self.clone();
        part.path.push(index);
        part
    }
}

/// The table that `%whos` shows.
pub(super) fn table(variables: &[(String, String)], seen: Vec<Seen>) -> MimeBundle {
    let types: Vec<String> = variables.iter().map(|(_, type_)| short_type(type_)).collect();
    let mut rows: Vec<whos::Variable<'_>> = std::iter::zip(variables, &types)
        .zip(seen.into_iter().map(Some).chain(std::iter::repeat(None)))
        .map(|(((name, _), type_), seen)| whos::Variable {
            name,
            type_,
            summary: match seen {
                Some(Seen::Summary(summary)) => Some(summary),
                Some(Seen::Failed { reason, .. }) => Some(Summary {
                    text: Some(format!("<{reason}>")),
                    ..Summary::default()
                }),
                _ => None,
            },
        })
        .collect();
    rows.sort_by_key(|row| row.name);
    whos::table_of_variables(&rows)
}

/// Which parts are meant where nobody says: the first so many.
pub(crate) fn first_parts() -> Range<usize> {
    0..100
}

/// A value, with its size where it is not whole.
fn value_text(summary: &Summary) -> String {
    match &summary.text {
        Some(text) if text.ends_with(ELLIPSIS) => format!("{text} ({})", size_text(summary)),
        Some(text) => text.clone(),
        None => NO_VALUE.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use parcell::contract::inspection::Part;

    use super::*;

    fn summary(text: &str, has_parts: bool) -> Seen {
        Seen::Summary(Summary {
            text: Some(text.to_owned()),
            bytes: 24,
            elements: has_parts.then_some(1000),
            has_parts,
        })
    }

    fn named(variables: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(name, type_): &(&str, &str)| ((*name).to_owned(), (*type_).to_owned());
        variables.iter().map(owned).collect()
    }

    const TYPES: [(&str, &str); 3] = [("a", "alloc::vec::Vec<u8>"), ("b", "u8"), ("c", "P")];

    fn variables() -> Variables {
        let mut variables = Variables::default();
        let failed = Seen::Failed {
            reason: "no".to_owned(),
            is_slow: true,
        };
        let seen = [summary("[1, ...", true), summary("7", false), failed];
        variables.see(named(&TYPES).into_iter().zip(seen));
        variables
    }

    #[test]
    fn each_has_its_name_type_and_value() {
        let all = variables().all(TYPES.into_iter());
        let texts: Vec<_> = all
            .iter()
            .map(|variable| (variable.type_.as_deref().unwrap(), variable.value.as_str()))
            .collect();
        assert_eq!(
            texts,
            [
                ("Vec<u8>", "[1, ... (1,000 elements, 24 bytes)"),
                ("u8", "7"),
                ("P", "<no>")
            ]
        );
        assert_eq!(all[0].parts, Some(PlaceId(1)));
        assert_eq!((all[0].elements, all[1].parts), (Some(1000), None));
    }

    #[test]
    fn what_has_changed_its_type_or_was_never_seen_is_unknown() {
        let now = [("a", "u8"), ("d", "u8")];
        let all = variables().all(now.into_iter());
        assert!(
            all.iter()
                .all(|variable| variable.value == "..." && variable.parts.is_none())
        );
        let variables = variables();
        assert!(variables.slow("c", "P").is_some() && variables.slow("c", "Q").is_none());
        assert!(variables.slow("a", TYPES[0].1).is_none());
    }

    #[test]
    fn it_is_current_until_something_runs() {
        let mut variables = variables();
        assert!(variables.is_current());
        variables.begin();
        assert!(!variables.is_current());
    }

    #[test]
    fn a_place_keeps_its_name() {
        let mut variables = variables();
        let part = |name: &str, has_parts| Part {
            name: name.to_owned(),
            text: "x".to_owned(),
            has_parts,
        };
        let parts = Parts {
            parts: vec![part("[5]", false), part("[6]", true)],
            total: 9,
            is_cut: false,
        };
        let a = Place::of("a");
        let shown = variables.parts(&a, 5, &parts);
        assert_eq!((shown[0].parts, shown[1].name.as_str()), (None, "[6]"));
        let id = shown[1].parts.unwrap();
        assert_eq!(variables.place(id), Some(a.part(6)));
        assert_eq!(variables.parts(&a, 5, &parts)[1].parts, Some(id));
        assert_eq!(variables.place(PlaceId(0)), None);
        assert_eq!(variables.place(PlaceId(99)), None);
    }

    #[test]
    fn the_table_has_all_of_them_in_order() {
        let table = table(&named(&[("b", "u8"), ("a", "u8")]), vec![summary("1", false)]);
        let text = table["text/plain"].as_str().unwrap();
        let names: Vec<_> = text.lines().skip(1).map(|line| &line[..1]).collect();
        assert_eq!(names, ["a", "b"]);
        assert!(text.lines().nth(1).unwrap().trim_end().ends_with('-'), "{text}");
    }
}
