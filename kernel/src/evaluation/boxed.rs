//! Values whose types have no name, as closures have: what stays of them is a box with what they can do.

use crate::analysis::{ObjectKind, TraitObject};

/// What else is asked of a value, from most to least: that threads may share it, and that it may move to one.
const BOUNDS: [&str; 3] = [" + Send + Sync", " + Send", ""];

/// The box that is kept in the place of a value whose type has no name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Boxed {
    object: TraitObject,
    bounds: usize,
}

impl Boxed {
    pub(super) fn new(object: TraitObject) -> Boxed {
        Boxed { object, bounds: 0 }
    }

    /// Its type, as Rust writes it.
    pub(super) fn type_(&self) -> String {
        let object = &self.object.text;
        let bounds = BOUNDS[self.bounds];
        match self.object.kind {
            ObjectKind::Future => format!("std::pin::Pin<Box<{object}{bounds}>>"),
            _ => format!("Box<{object}{bounds}>"),
        }
    }

    /// The code that makes it of a variable.
    pub(super) fn made_of(&self, variable: &str) -> String {
        match self.object.kind {
            ObjectKind::Future => format!("Box::pin({variable})"),
            _ => format!("Box::new({variable})"),
        }
    }

    /// Asks less of the value; false where nothing more can be left out.
    pub(super) fn demand_less(&mut self) -> bool {
        self.bounds += 1;
        self.bounds < BOUNDS.len()
    }

    pub(super) fn object(&self) -> &TraitObject {
        &self.object
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_has_all_bounds_that_hold() {
        let text = "dyn Fn(u8) -> u8".to_owned();
        let kind = ObjectKind::Closure;
        let mut boxed = Boxed::new(TraitObject { text, kind });
        assert_eq!(boxed.made_of("f"), "Box::new(f)");
        let mut types = vec![boxed.type_()];
        while boxed.demand_less() {
            types.push(boxed.type_());
        }
        let expected = [
            "Box<dyn Fn(u8) -> u8 + Send + Sync>",
            "Box<dyn Fn(u8) -> u8 + Send>",
            "Box<dyn Fn(u8) -> u8>",
        ];
        assert_eq!(types, expected);
    }

    #[test]
    fn a_future_is_pinned() {
        let text = "dyn std::future::Future<Output = u8>".to_owned();
        let kind = ObjectKind::Future;
        let boxed = Boxed::new(TraitObject { text, kind });
        let type_ = "std::pin::Pin<Box<dyn std::future::Future<Output = u8> + Send + Sync>>";
        assert_eq!(
            (boxed.type_().as_str(), boxed.made_of("f").as_str()),
            (type_, "Box::pin(f)")
        );
    }
}
