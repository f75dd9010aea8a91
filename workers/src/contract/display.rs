//! What the library shows, named and filled as Jupyter's messages are.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Representations of one thing by MIME type, or what is said of them.
type Object<'a> = Cow<'a, Map<String, Value>>;

/// What is said about things to be shown, a block each.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "message", rename_all = "snake_case")]
pub enum Message<'a> {
    /// Something is shown.
    DisplayData {
        /// Its representations.
        data: Object<'a>,
        /// What is said of them.
        metadata: Object<'a>,
        /// The name by which it can be changed.
        display_id: Cow<'a, str>,
    },
    /// What was shown under this name is changed.
    UpdateDisplayData {
        /// Its new representations.
        data: Object<'a>,
        /// What is said of them.
        metadata: Object<'a>,
        /// The name.
        display_id: Cow<'a, str>,
    },
    /// The cell's result.
    ExecuteResult {
        /// Its representations.
        data: Object<'a>,
        /// What is said of them.
        metadata: Object<'a>,
    },
    /// What the cell has shown so far goes.
    ClearOutput {
        /// Not before there is something new.
        wait: bool,
    },
}

/// Where in the metadata the library's [`Notes`] are.
pub const NOTES: &str = "parcell";

/// What the library says of something that it shows, for whoever shows it.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Notes {
    /// Something else will take its place, so that who cannot rewrite what has been shown need not show it.
    pub transient: bool,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{TEXTS, returns, travels};
    use super::*;

    fn object(value: Value) -> Object<'static> {
        match value {
            Value::Object(object) => Cow::Owned(object),
            other => panic!("not an object: {other}"),
        }
    }

    #[test]
    fn a_message_is_one_flat_object() {
        let data = || object(json!({"text/plain": "x"}));
        let shown = Message::DisplayData {
            data: data(),
            metadata: object(json!({})),
            display_id: "a".into(),
        };
        let wire = r#"{"message":"display_data","data":{"text/plain":"x"},"metadata":{},"display_id":"a"}"#;
        travels(&shown, wire);
        let updated = Message::UpdateDisplayData {
            data: data(),
            metadata: object(json!({"image/png": {"width": 3}})),
            display_id: "a".into(),
        };
        let wire = r#"{"message":"update_display_data","data":{"text/plain":"x"},"metadata":{"image/png":{"width":3}},"display_id":"a"}"#;
        travels(&updated, wire);
        let result = Message::ExecuteResult {
            data: data(),
            metadata: object(json!({})),
        };
        let wire = r#"{"message":"execute_result","data":{"text/plain":"x"},"metadata":{}}"#;
        travels(&result, wire);
        let cleared = Message::ClearOutput { wait: true };
        travels(&cleared, r#"{"message":"clear_output","wait":true}"#);
    }

    #[test]
    fn every_value_returns() {
        let numbers = json!([u64::MAX, i64::MIN, 1.5, f64::MAX, f64::MIN_POSITIVE, null, false]);
        returns(&Message::ExecuteResult {
            data: object(json!({"application/json": numbers})),
            metadata: object(json!({"nested": {"a": [{}, []]}})),
        });
        for text in TEXTS {
            returns(&Message::DisplayData {
                data: object(json!({text: text})),
                metadata: object(json!({text: {text: true}})),
                display_id: text.into(),
            });
        }
    }

    #[test]
    fn notes_are_told_by_name() {
        travels(&Notes { transient: true }, r#"{"transient":true}"#);
        travels(&Notes::default(), r#"{"transient":false}"#);
    }
}
