//! What goes to output widgets, of which a terminal has none: it is shown when the cell has ended.

use std::collections::BTreeMap;

use parcell::contract::comms::{CommMessage, Payload, STATE};
use serde_json::Value;

use crate::session::{MimeBundle, OUTPUTS, Stream};

/// What output widgets have, as the cell that runs has left them.
#[derive(Debug, Default)]
pub(super) struct Captured {
    /// By the widgets' names.
    outputs: BTreeMap<String, Vec<Output>>,
}

/// One output.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Output {
    Printed {
        stream: Stream,
        text: String,
    },
    Shown(MimeBundle),
    /// An error's traceback.
    Failed(String),
}

impl Captured {
    /// Something is said on a comm. All that a widget has is said each time.
    pub(super) fn hear(&mut self, message: &CommMessage) {
        let (CommMessage::CommOpen { comm_id, payload, .. } | CommMessage::CommMsg { comm_id, payload }) = message
        else {
            return;
        };
        if let Some(outputs) = outputs(payload) {
            self.outputs.insert(comm_id.clone(), outputs);
        }
    }

    /// What the widgets have got since this was asked last.
    pub(super) fn take(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.outputs).into_values().flatten().collect()
    }
}

fn outputs(payload: &Payload) -> Option<Vec<Output>> {
    let outputs = payload.data.get(STATE)?.get(OUTPUTS)?.as_array()?;
    Some(outputs.iter().filter_map(output).collect())
}

fn output(output: &Value) -> Option<Output> {
    match output["output_type"].as_str()? {
        "stream" => Some(Output::Printed {
            stream: match output["name"].as_str()? {
                "stderr" => Stream::Stderr,
                _ => Stream::Stdout,
            },
            text: output["text"].as_str()?.to_owned(),
        }),
        "error" => {
            let lines = output["traceback"].as_array()?.iter().filter_map(Value::as_str);
            Some(Output::Failed(lines.collect::<Vec<_>>().join("\n")))
        }
        _ => Some(Output::Shown(output["data"].as_object()?.clone())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn update(comm_id: &str, state: Value) -> CommMessage {
        CommMessage::CommMsg {
            comm_id: comm_id.to_owned(),
            payload: Payload::update(state, json!([]), Vec::new()),
        }
    }

    #[test]
    fn the_last_that_a_widget_was_told_counts_once() {
        let mut captured = Captured::default();
        let printed = |text: &str| json!({"output_type": "stream", "name": "stdout", "text": text});
        captured.hear(&update("a", json!({"outputs": [printed("one\n")]})));
        captured.hear(&update("a", json!({"outputs": [printed("one\ntwo\n")]})));
        captured.hear(&update("b", json!({"value": 7})));
        let error = json!({"output_type": "error", "ename": "Panic", "evalue": "no", "traceback": ["Panic: no", " --> cell 1"]});
        let shown = json!({"output_type": "display_data", "data": {"text/plain": "x"}, "metadata": {}});
        captured.hear(&update("c", json!({"outputs": [shown, error]})));
        let text = |text: &str| Output::Printed {
            stream: Stream::Stdout,
            text: text.to_owned(),
        };
        let bundle = MimeBundle::from_iter([("text/plain".to_owned(), json!("x"))]);
        assert_eq!(
            captured.take(),
            [
                text("one\ntwo\n"),
                Output::Shown(bundle),
                Output::Failed("Panic: no\n --> cell 1".to_owned())
            ]
        );
        assert_eq!(captured.take(), []);
    }
}
