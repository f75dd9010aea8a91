//! What kinds of models there are: which traits each has, and what they may be.

use serde_json::{Map, Value};

/// A kind of model, as the published specification describes it.
#[derive(Debug)]
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) traits: &'static [Trait],
}

#[derive(Debug)]
pub(super) struct Trait {
    pub(super) name: &'static str,
    pub(super) type_: TraitType,
    /// JSON.
    pub(super) default: &'static str,
}

#[derive(Debug)]
pub(super) enum TraitType {
    Bool,
    Int,
    Float,
    Text,
    Choice(&'static [&'static str]),
    /// A model of its own, which comes with this one.
    Part(&'static Kind),
    /// What is binary.
    Bytes,
    /// Whatever the front end understands.
    Other,
}

/// A trait cannot have this value.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum TraitError {
    #[error("the widget {kind} has no trait `{name}`; it has {}", known.join(", "))]
    Unknown {
        kind: &'static str,
        name: String,
        known: Vec<&'static str>,
    },
    #[error("the trait `{name}` of the widget {kind} is {wanted}, not {value}")]
    Value {
        kind: &'static str,
        name: String,
        wanted: String,
        value: Value,
    },
}

impl Kind {
    /// The traits that are JSON, with their defaults.
    pub(super) fn defaults(&self) -> Map<String, Value> {
        let plain = self.traits.iter();
        let plain = plain.filter(|known| !matches!(known.type_, TraitType::Part(_) | TraitType::Bytes));
        // The generator has written JSON.
        plain
            .map(|known| {
                (
                    known.name.to_owned(),
                    serde_json::from_str(known.default).unwrap_or_default(),
                )
            })
            .collect()
    }

    /// The models that come with one of this kind, each with the name of its trait.
    pub(super) fn parts(&self) -> impl Iterator<Item = (&'static str, &'static Self)> {
        self.traits.iter().filter_map(|known| match known.type_ {
            TraitType::Part(kind) => Some((known.name, kind)),
            _ => None,
        })
    }

    /// Whether the trait may have this value.
    pub(super) fn check(&self, name: &str, value: &Value) -> Result<(), TraitError> {
        let Some(known) = self.traits.iter().find(|known| known.name == name) else {
            let known = self.traits.iter().map(|known| known.name);
            return Err(TraitError::Unknown {
                kind: self.name,
                name: name.to_owned(),
                known: known.filter(|name| !name.starts_with('_')).collect(),
            });
        };
        let wanted = match known.type_ {
            // Many may be left open, which the front end knows best.
            _ if value.is_null() => return Ok(()),
            TraitType::Bool if !value.is_boolean() => "true or false".to_owned(),
            TraitType::Int if !(value.is_i64() || value.is_u64()) => "a whole number".to_owned(),
            TraitType::Float if !value.is_number() => "a number".to_owned(),
            TraitType::Text if !value.is_string() => "text".to_owned(),
            TraitType::Choice(choices) if !value.as_str().is_some_and(|value| choices.contains(&value)) => {
                let choices: Vec<String> = choices.iter().map(|choice| format!("{choice:?}")).collect();
                format!("one of {}", choices.join(", "))
            }
            TraitType::Part(kind) => format!("a {} of its own", kind.name),
            TraitType::Bytes => "bytes".to_owned(),
            _ => return Ok(()),
        };
        Err(TraitError::Value {
            kind: self.name,
            name: name.to_owned(),
            wanted,
            value: value.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::models::{BUTTON, IMAGE, INT_SLIDER, TAB};
    use super::*;

    fn refused(kind: &Kind, name: &str, value: Value) -> String {
        kind.check(name, &value).unwrap_err().to_string()
    }

    #[test]
    fn models_begin_as_the_specification_says() {
        let slider = INT_SLIDER.defaults();
        assert_eq!(slider["_model_name"], "IntSliderModel");
        assert_eq!((&slider["max"], &slider["value"]), (&json!(100), &json!(0)));
        assert!(!slider.contains_key("layout") && !IMAGE.defaults().contains_key("value"));
        let parts: Vec<_> = INT_SLIDER.parts().map(|(name, kind)| (name, kind.name)).collect();
        assert_eq!(parts, [("layout", "Layout"), ("style", "SliderStyle")]);
    }

    #[test]
    fn what_a_trait_cannot_be_is_refused_by_name() {
        assert_eq!(INT_SLIDER.check("max", &json!(5)), Ok(()));
        assert_eq!(INT_SLIDER.check("tooltip", &Value::Null), Ok(()));
        assert_eq!(TAB.check("titles", &json!(["a"])), Ok(()));
        assert_eq!(
            refused(&INT_SLIDER, "max", json!(1.5)),
            "the trait `max` of the widget IntSlider is a whole number, not 1.5"
        );
        assert_eq!(
            refused(&BUTTON, "button_style", json!("sucess")),
            "the trait `button_style` of the widget Button is one of \"primary\", \"success\", \"info\", \"warning\", \
             \"danger\", \"\", not \"sucess\""
        );
        assert_eq!(
            refused(&IMAGE, "vaule", json!(1)),
            "the widget Image has no trait `vaule`; it has format, height, layout, tabbable, tooltip, value, width"
        );
        assert!(refused(&IMAGE, "value", json!("x")).contains("is bytes"));
        assert!(refused(&IMAGE, "layout", json!("x")).contains("is a Layout of its own"));
    }
}
