//! The state of a widget as its front ends see it, and its part of the widgets' protocol
//! (<https://github.com/jupyter-widgets/ipywidgets/blob/main/packages/schema/messages.md>).

use parcell::contract::comms::{CommMessage, Payload, UPDATE};
use serde_json::{Map, Value, json};

/// The traits of one widget.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Widget {
    state: Map<String, Value>,
    /// What is binary, in base64, and where in the state it belongs.
    buffers: Vec<(Vec<Value>, String)>,
}

impl Widget {
    /// As a `comm_open` describes it.
    pub(super) fn opened(payload: &Payload) -> Widget {
        let mut widget = Widget::default();
        widget.update(payload);
        widget
    }

    /// What it has changed, where the message is an update.
    pub(super) fn update(&mut self, payload: &Payload) {
        let Some(Value::Object(state)) = payload.data.get("state") else {
            return;
        };
        let changed: Vec<(Vec<Value>, String)> = paths(&payload.data).zip(payload.buffers.iter().cloned()).collect();
        let is_of = |path: &[Value], name: &String| path.first().and_then(Value::as_str) == Some(name);
        for (name, value) in state {
            self.buffers.retain(|(path, _)| !is_of(path, name));
            self.state.insert(name.clone(), value.clone());
        }
        for (path, buffer) in changed {
            let [Value::String(name), inner @ ..] = &path[..] else {
                continue;
            };
            if inner.is_empty() {
                self.state.remove(name);
            }
            self.buffers.retain(|(known, _)| *known != path);
            self.buffers.push((path, buffer));
        }
    }

    /// Its traits, without what is binary.
    pub(super) fn state(&self) -> &Map<String, Value> {
        &self.state
    }

    /// Gives one trait another value.
    pub(super) fn set(&mut self, name: &str, value: Value) {
        self.state.insert(name.to_owned(), value);
    }

    /// All of it, as an update.
    pub(super) fn as_update(&self) -> Payload {
        let paths: Vec<_> = self.buffers.iter().map(|(path, _)| path).collect();
        let buffers = self.buffers.iter().map(|(_, buffer)| buffer.clone()).collect();
        Payload::update(self.state.clone().into(), json!(paths), buffers)
    }

    /// As a notebook's metadata keeps it: without what is null, which front ends know, and most of a layout is.
    pub(super) fn saved(&self) -> Value {
        let mut saved = self.model();
        let traits = self.state.iter().filter(|(_, value)| !value.is_null());
        let state: Map<String, Value> = traits.map(|(name, value)| (name.clone(), value.clone())).collect();
        saved.insert("state".to_owned(), state.into());
        if !self.buffers.is_empty() {
            let buffers = self.buffers.iter();
            let buffers = buffers.map(|(path, data)| json!({"encoding": "base64", "path": path, "data": data}));
            saved.insert("buffers".to_owned(), buffers.collect());
        }
        saved.into()
    }

    fn model(&self) -> Map<String, Value> {
        ["model_name", "model_module", "model_module_version"]
            .into_iter()
            .map(|name| {
                let value = self.state.get(&format!("_{name}")).cloned();
                (name.to_owned(), value.unwrap_or_default())
            })
            .collect()
    }
}

/// The states of many widgets, as the control comm tells them.
pub(super) fn all_states<'a>(widgets: impl Iterator<Item = (&'a str, &'a Widget)>) -> Payload {
    let (mut states, mut paths, mut buffers) = (Map::new(), Vec::new(), Vec::new());
    for (id, widget) in widgets {
        let mut told = widget.model();
        told.insert("state".to_owned(), widget.state.clone().into());
        states.insert(id.to_owned(), told.into());
        for (path, buffer) in &widget.buffers {
            let beginning = [json!(id), json!("state")];
            paths.push(Value::from_iter(beginning.into_iter().chain(path.iter().cloned())));
            buffers.push(buffer.clone());
        }
    }
    Payload {
        buffers,
        ..Payload::of(json!({"method": "update_states", "states": states, "buffer_paths": paths}))
    }
}

/// What a front end is told of the change that one of them has made.
pub(super) fn echo(payload: &Payload) -> Payload {
    let mut echo = payload.clone();
    echo.metadata.clear();
    echo.data.insert("method".to_owned(), "echo_update".into());
    echo
}

/// Whether a widget's traits are changed by it.
pub(crate) fn is_widget_update(message: &CommMessage) -> bool {
    matches!(message, CommMessage::CommMsg { payload, .. } if payload.method() == UPDATE)
}

/// One update that changes what both change; where they disagree, what the later one says.
pub(crate) fn merged_updates(earlier: &CommMessage, mut later: CommMessage) -> CommMessage {
    let payload = merged(earlier.payload(), later.payload());
    *later.payload_mut() = payload;
    later
}

fn merged(earlier: &Payload, later: &Payload) -> Payload {
    let mut widget = Widget::opened(earlier);
    widget.update(later);
    Payload {
        metadata: later.metadata.clone(),
        ..widget.as_update()
    }
}

fn paths(data: &Map<String, Value>) -> impl Iterator<Item = Vec<Value>> {
    let paths = data.get("buffer_paths").and_then(Value::as_array);
    paths
        .into_iter()
        .flatten()
        .map(|path| path.as_array().cloned().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(data: Value, buffers: &[&str]) -> Payload {
        Payload {
            buffers: buffers.iter().map(|&buffer| buffer.to_owned()).collect(),
            ..Payload::of(data)
        }
    }

    #[test]
    fn updates_change_what_they_name() {
        let mut widget = Widget::opened(&payload(
            json!({"state": {"value": 1, "min": 0}, "buffer_paths": []}),
            &[],
        ));
        widget.update(&payload(json!({"method": "update", "state": {"value": 5}}), &[]));
        assert_eq!(Value::from(widget.state().clone()), json!({"value": 5, "min": 0}));
        widget.update(&payload(json!({"method": "custom", "content": {}}), &[]));
        assert_eq!(widget.as_update().data["state"], json!({"value": 5, "min": 0}));
    }

    #[test]
    fn binary_parts_stand_beside_the_state() {
        let opened = json!({"state": {"format": "png", "value": null}, "buffer_paths": [["value"]]});
        let mut widget = Widget::opened(&payload(opened, &["aGk="]));
        assert_eq!(Value::from(widget.state().clone()), json!({"format": "png"}));
        let update = widget.as_update();
        assert_eq!(
            (&update.data["buffer_paths"], update.buffers),
            (&json!([["value"]]), vec!["aGk=".to_owned()])
        );
        let changed = json!({"state": {"value": null, "files": [{"name": "a"}]}, "buffer_paths": [["value"], ["files", 0, "content"]]});
        widget.update(&payload(changed, &["AA==", "AQ=="]));
        assert_eq!(widget.as_update().buffers, ["AA==", "AQ=="]);
        let states = all_states([("x", &widget)].into_iter());
        assert_eq!(
            states.data["buffer_paths"],
            json!([["x", "state", "value"], ["x", "state", "files", 0, "content"]])
        );
        assert_eq!(
            widget.saved()["buffers"][0],
            json!({"encoding": "base64", "path": ["value"], "data": "AA=="})
        );
        widget.update(&payload(json!({"state": {"value": "text", "tooltip": null}}), &[]));
        let kept = widget.saved()["state"]
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>();
        assert!(
            kept.contains(&"value".to_owned()) && !kept.contains(&"tooltip".to_owned()),
            "{kept:?}"
        );
        assert_eq!(widget.as_update().buffers, ["AQ=="]);
    }

    #[test]
    fn what_comes_too_fast_is_put_together() {
        let one = payload(json!({"method": "update", "state": {"a": 1, "b": 1}}), &[]);
        let two = payload(json!({"method": "update", "state": {"b": 2}}), &[]);
        assert_eq!(merged(&one, &two).data["state"], json!({"a": 1, "b": 2}));
        assert_eq!(merged(&one, &two).method(), "update");
        assert_eq!(echo(&one).method(), "echo_update");
    }
}
