//! Cells of a client: sent, asked for input, and seen to their end.

use super::{Client, Exchange, is_status};
use crate::execution::Execution;
use crate::message::Message;
use crate::sockets::Channel;
use crate::text::cell_code;
use bytes::Bytes;
use serde_json::{Value, json};

impl Client {
    /// Runs a cell and waits for its end.
    pub async fn execute(&mut self, code: &str) -> Execution {
        let id = self.submit_cell(code).await;
        self.execution(&id).await
    }

    /// Queues a cell, whose code may be laid out as a block; gives the request's ID.
    pub async fn submit_cell(&mut self, code: &str) -> String {
        self.submit(json!({"code": cell_code(code)})).await
    }

    /// Queues a cell with all that its request says; gives the request's ID.
    pub async fn submit(&mut self, content: Value) -> String {
        self.send(Channel::Shell, "execute_request", content).await
    }

    /// Queues a cell whose questions this client answers; gives the request's ID.
    pub async fn submit_asking(&mut self, code: &str) -> String {
        self.submit(json!({"code": cell_code(code), "allow_stdin": true})).await
    }

    /// Waits for the next question of a cell.
    ///
    /// # Panics
    ///
    /// When the next message for the cell on this channel is something else.
    pub async fn question(&mut self, id: &str) -> Message {
        let question = self
            .receive(Some(Channel::Stdin), |message| message.parent_id() == Some(id))
            .await;
        assert_eq!(question.msg_type(), "input_request", "{question:?}");
        question
    }

    /// Answers a question.
    pub async fn answer(&mut self, question: &Message, value: &str) {
        let header = self.wire.header("input_reply");
        let parts = [&header, &Value::Object(question.header.clone()), &json!({})].map(Value::to_string);
        let [header, parent, metadata] = parts;
        let frames = self
            .wire
            .frames_of([header, parent, metadata, json!({"value": value}).to_string()]);
        self.send_frames(Channel::Stdin, frames).await;
    }

    /// Waits for the end of a cell that was submitted.
    pub async fn execution(&mut self, id: &str) -> Execution {
        let exchange = self.exchange(Channel::Shell, id).await;
        Execution::new(exchange)
    }

    /// Waits until a cell that was submitted has printed `text`; gives all its broadcasts so far.
    ///
    /// # Panics
    ///
    /// When the cell ends without.
    pub async fn printed(&mut self, id: &str, text: &str) -> Vec<Message> {
        let mut broadcasts = Vec::new();
        let mut printed = String::new();
        while !printed.contains(text) {
            let message = self.broadcast(id).await;
            assert!(!is_status(&message, "idle"), "it ended before it printed {text:?}");
            if message.msg_type() == "stream" {
                printed.push_str(message.content["text"].as_str().unwrap_or_default());
            }
            broadcasts.push(message);
        }
        broadcasts
    }

    /// Waits until a cell that was submitted shows `text`, at once or as a change; gives all its broadcasts so far.
    ///
    /// # Panics
    ///
    /// When the cell ends without.
    pub async fn displayed(&mut self, id: &str, text: &str) -> Vec<Message> {
        let mut broadcasts = Vec::new();
        loop {
            let message = self.broadcast(id).await;
            assert!(!is_status(&message, "idle"), "it ended before it showed {text:?}");
            let shown = message.content["data"]["text/plain"].as_str().unwrap_or_default();
            let is_it = matches!(message.msg_type(), "display_data" | "update_display_data") && shown.contains(text);
            broadcasts.push(message);
            if is_it {
                return broadcasts;
            }
        }
    }

    /// Waits for the end of a cell of which these broadcasts have been received.
    pub async fn execution_after(&mut self, id: &str, broadcasts: Vec<Message>) -> Execution {
        let broadcasts = self.rest_to_idle(id, broadcasts).await;
        let reply = self.reply(Channel::Shell, id).await;
        Execution::new(Exchange { reply, broadcasts })
    }

    /// Sends the same frames of a cell several times, and waits for the end of the one that is run.
    ///
    /// # Panics
    ///
    /// When the header is none.
    pub async fn replay(&mut self, channel: Channel, header: &Value, frames: &[Bytes], times: usize) -> Execution {
        let id = header["msg_id"].as_str().expect("a header has an ID").to_owned();
        self.sent.insert(id.clone(), header.clone());
        for _ in 0..times {
            self.send_frames(channel, frames.to_vec()).await;
        }
        Execution::new(self.exchange(channel, &id).await)
    }
}
