//! What is said and done in which order, whatever comes in between: also what comes once in a thousand runs.
//!
//! What is to be done is compared in words, each with the name of the request that it is for: `idle a`.

mod cells;
mod comms;
mod ending;
mod questions;
mod requests;

use super::*;
use crate::jupyter::content::ExecuteReply;
use crate::jupyter::lookups::Lookup;
use crate::jupyter::message::ParentHeader;
use crate::jupyter::requests::RequestContent;
use crate::session::{self, CellError, CellId, InputRequestId, MimeBundle, Outcome, Stream};
use bytes::Bytes;
use jupyter_protocol::{ErrorOutput, ExecutionState};
use serde_json::{Value, json};
use std::time::Duration;

/// A kernel without sockets and processes.
struct Kernel {
    dispatcher: Dispatcher,
    now: Instant,
}

impl Kernel {
    fn new() -> Kernel {
        let kernel_info = crate::jupyter::kernel_info::reply("1.95.0");
        Kernel {
            dispatcher: Dispatcher::new(Budget::default(), History::default(), kernel_info),
            now: Instant::now(),
        }
    }

    fn handle(&mut self, input: Input) -> Vec<Action> {
        self.dispatcher.handle(self.now, input)
    }

    /// A message on the shell channel, of the client `one`.
    fn shell(&mut self, name: &str, msg_type: &str, content: Value) -> Vec<String> {
        self.receive(message(Channel::Shell, "one", name, msg_type, content))
    }

    fn control(&mut self, name: &str, msg_type: &str, content: Value) -> Vec<String> {
        self.receive(message(Channel::Control, "one", name, msg_type, content))
    }

    /// A cell whose code is its name.
    fn execute(&mut self, name: &str, mut options: Value) -> Vec<String> {
        options["code"] = json!(name);
        self.shell(name, "execute_request", options)
    }

    fn receive(&mut self, received: Received) -> Vec<String> {
        described(self.handle(Input::Message(received)))
    }

    fn notice(&mut self, notice: Notice) -> Vec<String> {
        described(self.handle(Input::Notice(notice)))
    }

    fn event(&mut self, event: Event) -> Vec<String> {
        described(self.handle(Input::Event(event)))
    }

    fn print(&mut self, cell: u64, text: &str) -> Vec<String> {
        let text = text.to_owned();
        let stream = Stream::Stdout;
        self.output(cell, session::Content::Stream { stream, text })
    }

    /// The cell's value.
    fn show(&mut self, cell: u64, text: &str) -> Vec<String> {
        let data = MimeBundle::from_iter([("text/plain".to_owned(), json!(text))]);
        self.output(cell, session::Content::result(data))
    }

    fn output(&mut self, cell: u64, content: session::Content) -> Vec<String> {
        let cell = CellId(cell);
        self.event(Event::Output { cell, content })
    }

    fn succeed(&mut self, cell: u64) -> Vec<String> {
        let (cell, outcome) = (CellId(cell), Outcome::Ok);
        self.event(Event::Finished { cell, outcome })
    }

    fn fail(&mut self, cell: u64, ename: &str) -> Vec<String> {
        let outcome = Outcome::Error(CellError {
            ename: ename.to_owned(),
            evalue: String::new(),
            traceback: Vec::new(),
        });
        let cell = CellId(cell);
        self.event(Event::Finished { cell, outcome })
    }

    fn elapse(&mut self, time: Duration) -> Vec<String> {
        self.now += time;
        described(self.handle(Input::Elapsed))
    }

    fn close(&mut self) -> Vec<String> {
        described(self.dispatcher.close())
    }
}

fn message(channel: Channel, client: &'static str, name: &str, msg_type: &str, content: Value) -> Received {
    let request = Request {
        channel,
        identities: vec![Bytes::from_static(client.as_bytes())],
        header: ParentHeader(json!({"msg_id": name}).to_string().into()),
        msg_type: msg_type.to_owned(),
        subshell: None,
        parent_id: None,
    };
    Received {
        request,
        content: RequestContent::read(msg_type, &content),
    }
}

/// What is to be done, in words.
fn described(actions: Vec<Action>) -> Vec<String> {
    actions.into_iter().map(describe).collect()
}

fn describe(action: Action) -> String {
    match action {
        Action::Publish { parent, content } => format!("{} {}", in_words(&content), id(&parent)),
        Action::Reply { request, content } => {
            let client = String::from_utf8_lossy(&request.identities[0]);
            format!("{} {} to {client}", in_words(&content), id(&request.header))
        }
        Action::CheckCompleteness { request, code } => format!("check {code:?} {}", id(&request.header)),
        Action::LookUp {
            request,
            lookup: Lookup::Variables { may_look: false, .. },
        } => format!("tell what is known {}", id(&request.header)),
        Action::LookUp { request, .. } => format!("look up {}", id(&request.header)),
        Action::Ask { request, input, .. } => {
            let client = String::from_utf8_lossy(&request.identities[0]);
            format!("ask {:?} {} to {client}", input.prompt, id(&request.header))
        }
        Action::Answer { question, answer } => format!("answer {} with {answer:?}", question.0),
        Action::HearComm { cell, message } => format!("hear comm {} as {}", message.comm_id(), cell.0),
        Action::ListComms { request, .. } => format!("list comms {}", id(&request.header)),
        Action::Execute(cell) => format!("run {:?} as {}", cell.code, cell.id.0),
        Action::Expect(cell) => format!("expect {:?} as {}", cell.code, cell.execution_count),
        Action::Interrupt => "interrupt".to_owned(),
    }
}

fn in_words(content: &Content) -> String {
    match content {
        Content::Status(status) => match status.execution_state {
            ExecutionState::Busy => "busy".to_owned(),
            ExecutionState::Idle => "idle".to_owned(),
            _ => panic!("{status:?}"),
        },
        Content::ExecuteReply(ExecuteReply::Ok { execution_count, .. }) => format!("ok {execution_count}"),
        Content::ExecuteReply(ExecuteReply::Error {
            execution_count, ename, ..
        }) => {
            format!("{ename} {execution_count}")
        }
        Content::ExecuteReply(ExecuteReply::Aborted { execution_count }) => format!("aborted {execution_count}"),
        Content::Error(ErrorOutput { ename, .. }) => format!("error {ename}"),
        Content::Refusal(refusal) => format!("{} {}", refusal.msg_type, refusal.error.ename),
        Content::Stream(stream) => format!("print {:?}", stream.text),
        Content::ExecuteResult(result) => format!("show {}", result.data["text/plain"]),
        Content::Comm(comm) => format!("{} {}", comm.msg_type, comm.data["state"]),
        other => other.msg_type().to_owned(),
    }
}

fn id(header: &ParentHeader) -> String {
    let header: Value = serde_json::from_slice(&header.0).unwrap();
    header["msg_id"].as_str().unwrap().to_owned()
}
