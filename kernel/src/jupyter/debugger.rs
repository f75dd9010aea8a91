//! What the debugger protocol asks, as far as it is about variables: JupyterLab's panel shows them with it.
//!
//! The messages are those of the Debug Adapter Protocol (<https://microsoft.github.io/debug-adapter-protocol/specification>) with
//! Jupyter's additions to it (<https://jupyter-client.readthedocs.io/en/stable/messaging.html#debug-request>), each inside a
//! `debug_request` or `debug_reply`. Cells cannot be stopped in, so there are no breakpoints, threads and frames.

use super::content::Content;
use crate::session::{CellId, NO_VALUE, NotSeen, PlaceId, Session, Variable, first_parts};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What is asked.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct DebugRequest {
    #[serde(default)]
    seq: i64,
    command: String,
    #[serde(default)]
    arguments: Value,
}

/// The answer.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename = "response")]
pub(super) struct DebugReply {
    seq: i64,
    request_seq: i64,
    success: bool,
    command: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    body: Value,
}

/// Something that happens.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename = "event")]
pub(super) struct DebugEvent {
    seq: i64,
    event: &'static str,
    body: Value,
}

/// The kernel's side of the protocol.
#[derive(Debug, Default)]
pub(super) struct Debugger {
    /// Whether a client has turned it on.
    is_started: bool,
    style: Style,
}

/// How variables are told of.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Style {
    /// As the protocol has it.
    #[default]
    Plain,
    /// For JupyterLab, whose tree shows of each variable the name and the type, and not the value, unless the type is one of
    /// Python's. So the value stands behind the type there, as in Rust: `count: u64 = 5`.
    TypeWithValue,
}

/// What is answered at once, and what needs a look at the notebook.
#[derive(Debug)]
pub(super) enum Answer {
    Now { content: Content, event: Option<Content> },
    Later(Inquiry),
}

/// A question about variables.
#[derive(Debug)]
pub(super) struct Inquiry {
    request: DebugRequest,
    subject: Subject,
    style: Style,
}

#[derive(Debug)]
enum Subject {
    Variables,
    Parts(VariablesArguments),
    Shown { name: String },
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct InitializeArguments {
    #[serde(default, rename = "clientID")]
    client_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct VariablesArguments {
    variables_reference: u64,
    #[serde(default)]
    start: Option<usize>,
    /// Zero, too, is all.
    #[serde(default)]
    count: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RichInspectArguments {
    variable_name: String,
}

impl Debugger {
    /// What is answered.
    pub(super) fn answer(&mut self, request: DebugRequest) -> Answer {
        let arguments = || request.arguments.clone();
        let read = match request.command.as_str() {
            "initialize" => return self.initialize(&request),
            "disconnect" => {
                self.is_started = false;
                return now(request.succeeded(json!({})));
            }
            "debugInfo" => return now(request.succeeded(self.info())),
            // There is nothing to be configured, and nothing that could be stopped at.
            "attach" | "configurationDone" | "setExceptionBreakpoints" => return now(request.succeeded(json!({}))),
            "setBreakpoints" => return now(request.succeeded(json!({"breakpoints": []}))),
            "inspectVariables" => Ok(Subject::Variables),
            "variables" => serde_json::from_value(arguments()).map(Subject::Parts),
            "richInspectVariables" => serde_json::from_value(arguments())
                .map(|RichInspectArguments { variable_name: name }| Subject::Shown { name }),
            command => {
                let message = format!("this kernel shows variables; it does not know `{command}`");
                return now(request.failed(message));
            }
        };
        match read {
            Ok(subject) => Answer::Later(Inquiry {
                request,
                subject,
                style: self.style,
            }),
            Err(error) => {
                let message = format!("malformed `{}`: {error}", request.command);
                now(request.failed(message))
            }
        }
    }

    fn initialize(&mut self, request: &DebugRequest) -> Answer {
        let client = InitializeArguments::deserialize(&request.arguments).ok();
        let client = client.and_then(|arguments| arguments.client_id);
        self.is_started = true;
        self.style = match client.as_deref() {
            Some("jupyterlab") => Style::TypeWithValue,
            _ => Style::Plain,
        };
        Answer::Now {
            content: request.succeeded(json!({"supportsConfigurationDoneRequest": true})),
            event: Some(Content::DebugEvent(DebugEvent {
                seq: request.seq,
                event: "initialized",
                body: json!({}),
            })),
        }
    }

    /// What a client is told that comes, or comes back.
    fn info(&self) -> Value {
        json!({
            "isStarted": self.is_started,
            "hashMethod": "Murmur2",
            "hashSeed": 0,
            // Where the code of cells would be: clients want names for it.
            "tmpFilePrefix": "parcell/cell-",
            "tmpFileSuffix": ".rs",
            "breakpoints": [],
            "stoppedThreads": [],
            "richRendering": true,
            "exceptionPaths": [],
            "copyToGlobals": false,
        })
    }
}

impl Inquiry {
    /// The answer, once somebody has looked. Where nobody `may_look`, it is what is known.
    pub(super) async fn answer(self, session: &Session, cell: CellId, may_look: bool) -> Content {
        let Inquiry {
            request,
            subject,
            style,
        } = self;
        let found = match subject {
            Subject::Variables => {
                let variables = session.variables(cell, may_look).await;
                Ok(json!({"variables": style.told_all(variables)}))
            }
            _ if !may_look => Err(NotSeen::Busy),
            Subject::Parts(asked) => asked.find(session, cell, style).await,
            Subject::Shown { name } => session
                .show_variable(cell, name)
                .await
                .map(|(data, metadata)| json!({"data": data, "metadata": metadata})),
        };
        match found {
            Ok(body) => request.succeeded(body),
            Err(error) => request.failed(error.to_string()),
        }
    }
}

impl VariablesArguments {
    async fn find(self, session: &Session, cell: CellId, style: Style) -> Result<Value, NotSeen> {
        let first = first_parts();
        let start = self.start.unwrap_or(first.start);
        let count = self.count.filter(|count| *count > 0).unwrap_or(first.len());
        let range = start..start.saturating_add(count);
        let (mut parts, total) = session
            .parts(cell, PlaceId(self.variables_reference), range.clone())
            .await?;
        if self.count.is_none() && total > range.end {
            parts.push(Variable {
                name: "...".to_owned(),
                value: format!("{} more", total - range.end),
                ..Variable::default()
            });
        }
        Ok(json!({"variables": style.told_all(parts)}))
    }
}

impl Style {
    fn told_all(self, variables: Vec<Variable>) -> Vec<Value> {
        variables.into_iter().map(|variable| self.told(variable)).collect()
    }

    fn told(self, variable: Variable) -> Value {
        let type_ = match self {
            Style::Plain => variable.type_,
            Style::TypeWithValue if variable.value == NO_VALUE => variable.type_,
            Style::TypeWithValue => variable.type_.map(|type_| format!("{type_} = {}", variable.value)),
        };
        let mut told = json!({
            "name": variable.name,
            "value": variable.value,
            "variablesReference": variable.parts.map_or(0, |place| place.0),
        });
        if let Some(type_) = type_ {
            told["type"] = type_.into();
            told["evaluateName"] = told["name"].clone();
        }
        if let Some(elements) = variable.elements.filter(|_| variable.parts.is_some()) {
            told["indexedVariables"] = elements.into();
        }
        told
    }
}

impl DebugRequest {
    fn succeeded(&self, body: Value) -> Content {
        self.reply(None, body)
    }

    fn failed(&self, message: String) -> Content {
        self.reply(Some(message), json!({}))
    }

    fn reply(&self, message: Option<String>, body: Value) -> Content {
        Content::DebugReply(DebugReply {
            seq: self.seq,
            request_seq: self.seq,
            success: message.is_none(),
            command: self.command.clone(),
            message,
            body,
        })
    }
}

fn now(content: Content) -> Answer {
    Answer::Now { content, event: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzzing::{for_all, json as any_json};

    fn request(command: &str, arguments: Value) -> DebugRequest {
        serde_json::from_value(json!({"type": "request", "seq": 3, "command": command, "arguments": arguments}))
            .unwrap()
    }

    fn replied(debugger: &mut Debugger, command: &str, arguments: Value) -> Value {
        match debugger.answer(request(command, arguments)) {
            Answer::Now { content, .. } => serde_json::to_value(content).unwrap(),
            Answer::Later(inquiry) => panic!("{inquiry:?}"),
        }
    }

    fn style(debugger: &mut Debugger) -> Style {
        match debugger.answer(request("inspectVariables", json!({}))) {
            Answer::Later(inquiry) => inquiry.style,
            other => panic!("{other:?}"),
        }
    }

    fn variable() -> Variable {
        Variable {
            name: "a".to_owned(),
            type_: Some("Vec<u8>".to_owned()),
            value: "[1]".to_owned(),
            parts: Some(PlaceId(4)),
            elements: Some(1),
        }
    }

    #[test]
    fn it_is_on_from_initialize_to_disconnect() {
        let mut debugger = Debugger::default();
        let is_started =
            |debugger: &mut Debugger| replied(debugger, "debugInfo", json!({}))["body"]["isStarted"].clone();
        assert_eq!(is_started(&mut debugger), false);
        let Answer::Now { content, event } = debugger.answer(request("initialize", json!({"clientID": "vscode"})))
        else {
            panic!("it is answered at once")
        };
        let reply = serde_json::to_value(content).unwrap();
        assert_eq!(
            (
                &reply["type"],
                &reply["request_seq"],
                &reply["success"],
                &reply["command"]
            ),
            (&json!("response"), &json!(3), &json!(true), &json!("initialize"))
        );
        assert_eq!(serde_json::to_value(event).unwrap()["event"], "initialized");
        assert_eq!(is_started(&mut debugger), true);
        replied(&mut debugger, "disconnect", json!({"restart": false}));
        assert_eq!(is_started(&mut debugger), false);
    }

    #[test]
    fn no_breakpoint_is_ever_set() {
        let asked = json!({"source": {"path": "x"}, "breakpoints": [{"line": 1}]});
        let reply = replied(&mut Debugger::default(), "setBreakpoints", asked);
        assert_eq!(
            (&reply["success"], &reply["body"]["breakpoints"]),
            (&json!(true), &json!([]))
        );
    }

    #[test]
    fn what_is_not_understood_is_refused_by_name() {
        let mut debugger = Debugger::default();
        let reply = replied(&mut debugger, "stepIn", json!({}));
        assert_eq!(reply["success"], false);
        assert!(reply["message"].as_str().unwrap().contains("`stepIn`"), "{reply}");
        let reply = replied(&mut debugger, "variables", json!({}));
        assert_eq!(
            reply["message"],
            "malformed `variables`: missing field `variablesReference`"
        );
        assert!(serde_json::from_value::<DebugRequest>(json!({"seq": 1})).is_err());
    }

    #[test]
    fn variables_are_told_of_as_the_client_shows_them() {
        let mut debugger = Debugger::default();
        assert_eq!(style(&mut debugger), Style::Plain);
        debugger.answer(request("initialize", json!({"clientID": "jupyterlab"})));
        assert_eq!(style(&mut debugger), Style::TypeWithValue);
        assert_eq!(
            Style::Plain.told(variable()),
            json!({"name": "a", "value": "[1]", "variablesReference": 4, "type": "Vec<u8>", "evaluateName": "a",
                "indexedVariables": 1})
        );
        assert_eq!(Style::TypeWithValue.told(variable())["type"], "Vec<u8> = [1]");
        let part = Variable {
            name: "[0]".to_owned(),
            value: "1".to_owned(),
            ..Variable::default()
        };
        assert_eq!(
            Style::TypeWithValue.told(part),
            json!({"name": "[0]", "value": "1", "variablesReference": 0})
        );
    }

    #[test]
    fn any_request_is_answered() {
        const COMMANDS: [&str; 8] = [
            "initialize",
            "variables",
            "richInspectVariables",
            "inspectVariables",
            "setBreakpoints",
            "debugInfo",
            "attach",
            "",
        ];
        const FIELDS: [&str; 5] = ["variablesReference", "start", "count", "variableName", "clientID"];
        let arguments = proptest::collection::vec((proptest::sample::select(&FIELDS[..]), any_json()), 0..5);
        for_all(
            1000,
            (proptest::sample::select(&COMMANDS[..]), arguments, any_json()),
            |(command, fields, other)| {
                let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value));
                for arguments in [Value::Object(fields.collect()), other] {
                    if let Answer::Now { content, .. } = Debugger::default().answer(request(command, arguments)) {
                        assert_eq!(serde_json::to_value(content).unwrap()["command"], command);
                    }
                }
            },
        );
    }
}
