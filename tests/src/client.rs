//! A strict client: it verifies all that it receives, waits for nothing without a limit, and at the end fails on
//! messages that no test has looked at.

mod cells;

use crate::kernel::Kernel;
use crate::message::{Message, Wire};
use crate::schema;
use crate::sockets::{Channel, Dealer, Mailbox, RECEIVE_LIMIT, subscribe};
use crate::wait::within;
use bytes::Bytes;
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use zeromq::{ReqSocket, Socket, SocketRecv, SocketSend, ZmqMessage};

/// A client of one kernel.
pub struct Client {
    wire: Wire,
    shell: Dealer,
    control: Dealer,
    stdin: Dealer,
    iopub: Mailbox,
    heartbeat: ReqSocket,
    /// The headers of what was sent, by ID: parents have to be equal to them.
    sent: HashMap<String, Value>,
    received: HashSet<String>,
    closed: bool,
}

/// Everything that one request led to.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The answer.
    pub reply: Message,
    /// All broadcasts under the request, from busy to idle.
    pub broadcasts: Vec<Message>,
}

impl Client {
    /// Connects to a kernel that starts, and waits until it answers and its broadcasts arrive.
    ///
    /// # Panics
    ///
    /// When that takes too long.
    pub async fn connect(kernel: &Kernel) -> Client {
        let [shell, control, stdin, iopub, heartbeat] = kernel.connection().endpoints();
        let wire = Wire::new(&kernel.connection().key);
        // Clients use one identity for their channels: the kernel finds the one to ask for input by it.
        let connect = |endpoint: String| Dealer::connect(endpoint, wire.session().to_owned());
        let mut beat = ReqSocket::new();
        within(RECEIVE_LIMIT, "the kernel to listen", beat.connect(&heartbeat))
            .await
            .expect("a heartbeat");
        let mut client = Client {
            shell: connect(shell).await,
            control: connect(control).await,
            stdin: connect(stdin).await,
            iopub: subscribe(&iopub).await,
            heartbeat: beat,
            wire,
            sent: HashMap::new(),
            received: HashSet::new(),
            closed: false,
        };
        client.wait_for_welcome().await;
        client
    }

    /// Sends a request and waits for its reply and for idle.
    pub async fn request(&mut self, channel: Channel, msg_type: &str, content: Value) -> Exchange {
        let id = self.send(channel, msg_type, content).await;
        self.exchange(channel, &id).await
    }

    /// Asks something on the shell's channel that shows nothing; gives the content of the reply.
    ///
    /// # Panics
    ///
    /// When there are broadcasts other than busy and idle.
    pub async fn ask(&mut self, msg_type: &str, content: Value) -> Value {
        let Exchange { reply, broadcasts } = self.request(Channel::Shell, msg_type, content).await;
        assert_eq!(broadcasts.len(), 2, "more than busy and idle: {broadcasts:?}");
        reply.content
    }

    /// Sends a message; gives its ID.
    pub async fn send(&mut self, channel: Channel, msg_type: &str, content: Value) -> String {
        let header = self.wire.header(msg_type);
        self.send_with_header(channel, header, content).await
    }

    /// Sends a message on the shell's channel to a sub-shell; gives its ID.
    pub async fn send_to_subshell(&mut self, subshell: &str, msg_type: &str, content: Value) -> String {
        let mut header = self.wire.header(msg_type);
        header["subshell_id"] = json!(subshell);
        self.send_with_header(Channel::Shell, header, content).await
    }

    /// The same of a message with binary parts, on the shell's channel.
    pub async fn send_with_buffers(&mut self, msg_type: &str, content: Value, buffers: &[&'static [u8]]) -> String {
        let header = self.wire.header(msg_type);
        let mut frames = self.wire.frames(&header, &content);
        frames.extend(buffers.iter().map(|&buffer| Bytes::from_static(buffer)));
        let id = header["msg_id"].as_str().unwrap_or_default().to_owned();
        self.sent.insert(id.clone(), header);
        self.send_frames(Channel::Shell, frames).await;
        id
    }

    async fn send_with_header(&mut self, channel: Channel, header: Value, content: Value) -> String {
        let frames = self.wire.frames(&header, &content);
        let id = header["msg_id"].as_str().unwrap_or_default().to_owned();
        self.sent.insert(id.clone(), header);
        self.send_frames(channel, frames).await;
        id
    }

    /// Sends frames as they are.
    ///
    /// # Panics
    ///
    /// When there are none, or the kernel is gone.
    pub async fn send_frames(&mut self, channel: Channel, frames: Vec<Bytes>) {
        let message = ZmqMessage::try_from(frames).expect("at least one frame");
        self.dealer(channel)
            .sender
            .send(message)
            .await
            .expect("the kernel is there");
    }

    /// Waits for the reply to a request and for its broadcasts up to idle.
    pub async fn exchange(&mut self, channel: Channel, id: &str) -> Exchange {
        let broadcasts = self.broadcasts_to_idle(id).await;
        let reply = self.reply(channel, id).await;
        Exchange { reply, broadcasts }
    }

    /// Waits for the reply to a request.
    ///
    /// # Panics
    ///
    /// When the next message for this request is something else.
    pub async fn reply(&mut self, channel: Channel, id: &str) -> Message {
        let reply = self
            .receive(Some(channel), |message| message.parent_id() == Some(id))
            .await;
        let asked = self.sent[id]["msg_type"]
            .as_str()
            .unwrap_or_default()
            .replace("_request", "_reply");
        assert_eq!(reply.msg_type(), asked, "{reply:?}");
        reply
    }

    /// Waits for the next broadcast under a request; after its idle, that is late output.
    pub async fn broadcast(&mut self, id: &str) -> Message {
        self.receive(None, |message| message.parent_id() == Some(id)).await
    }

    /// All broadcasts under a request, from busy to idle. That it is still busy, which a cell says where something else has
    /// been answered meanwhile, is left out.
    ///
    /// # Panics
    ///
    /// When the first is not busy.
    pub async fn broadcasts_to_idle(&mut self, id: &str) -> Vec<Message> {
        let first = self.broadcast(id).await;
        assert!(is_status(&first, "busy"), "the first message is not busy: {first:?}");
        self.rest_to_idle(id, vec![first]).await
    }

    async fn rest_to_idle(&mut self, id: &str, mut broadcasts: Vec<Message>) -> Vec<Message> {
        while !broadcasts.last().is_some_and(|message| is_status(message, "idle")) {
            broadcasts.push(self.broadcast(id).await);
        }
        let mut is_first = true;
        broadcasts.retain(|message| std::mem::take(&mut is_first) || !is_status(message, "busy"));
        broadcasts
    }

    /// The wire that this client signs with.
    pub fn wire(&self) -> &Wire {
        &self.wire
    }

    /// Sends a heartbeat and gives what comes back.
    ///
    /// # Panics
    ///
    /// When nothing comes back.
    pub async fn beat(&mut self, payload: &'static [u8]) -> Vec<Bytes> {
        self.heartbeat
            .send(ZmqMessage::from(Bytes::from_static(payload)))
            .await
            .expect("the kernel is there");
        within(RECEIVE_LIMIT, "a heartbeat", self.heartbeat.recv())
            .await
            .expect("a heartbeat")
            .into_vec()
    }

    /// Asks the kernel to end, checks that it says so to everyone, and ends this client.
    pub async fn shut_down(mut self, channel: Channel) {
        let Exchange { reply, broadcasts } = self
            .request(channel, "shutdown_request", json!({"restart": false}))
            .await;
        assert_eq!(reply.content["restart"], false);
        let [_busy, announced, _idle] = broadcasts.as_slice() else {
            panic!("not one broadcast: {broadcasts:?}")
        };
        assert_eq!(announced.msg_type(), "shutdown_reply");
        self.close();
    }

    /// Ends this client, of a kernel that goes on.
    ///
    /// # Panics
    ///
    /// When there are messages that nobody has looked at.
    pub async fn leave(mut self) {
        // What the kernel had sent before this has arrived after it.
        for channel in [Channel::Shell, Channel::Control] {
            self.request(channel, "kernel_info_request", json!({})).await;
        }
        self.close();
    }

    /// Ends this client.
    ///
    /// # Panics
    ///
    /// When there are messages that nobody has looked at.
    pub fn close(&mut self) {
        self.closed = true;
        for channel in [None, Some(Channel::Shell), Some(Channel::Control), Some(Channel::Stdin)] {
            while let Ok(frames) = self.mailbox(channel).incoming.try_recv() {
                self.keep(channel, frames);
            }
            let unread = &self.mailbox(channel).kept;
            assert!(unread.is_empty(), "unread messages on {channel:?}: {unread:?}");
        }
    }

    /// Goes away without a word, as a client does whose machine is switched off.
    pub fn abandon(mut self) {
        self.closed = true;
    }

    /// Receives until a message fits; keeps the others for later. None is IOPub.
    async fn receive(&mut self, channel: Option<Channel>, fits: impl Fn(&Message) -> bool) -> Message {
        loop {
            let kept = &mut self.mailbox(channel).kept;
            if let Some(index) = kept.iter().position(&fits) {
                return kept.remove(index).expect("the index is in range");
            }
            let incoming = &mut self.mailbox(channel).incoming;
            let what = channel.map_or("a broadcast".to_owned(), |channel| format!("a message on {channel:?}"));
            let frames = within(RECEIVE_LIMIT, &what, incoming.recv())
                .await
                .expect("the socket is open");
            self.keep(channel, frames);
        }
    }

    /// Reads a message, checks all that can be checked of it alone, and puts it into the mailbox.
    fn keep(&mut self, channel: Option<Channel>, frames: Vec<Bytes>) {
        let message = self.wire.read(frames);
        schema::check(&message);
        let topics = usize::from(channel.is_none());
        assert_eq!(
            message.topics.len(),
            topics,
            "{} frames before {message:?}",
            message.topics.len()
        );
        let id = message.header["msg_id"].to_string();
        assert!(self.received.insert(id), "the ID was used before: {message:?}");
        if self.is_of_interest(&message) {
            self.mailbox(channel).kept.push_back(message);
        }
    }

    /// Whether it is for this client: not for another, not caused by the kernel's own start.
    fn is_of_interest(&self, message: &Message) -> bool {
        let Some(id) = message.parent_id() else {
            let is_welcome = message.msg_type() == "iopub_welcome";
            assert!(
                is_welcome || is_status(message, "starting"),
                "caused by nothing: {message:?}"
            );
            return is_welcome;
        };
        if message.parent_header["session"] != self.wire.session() {
            return false;
        }
        let sent = self
            .sent
            .get(id)
            .unwrap_or_else(|| panic!("caused by nothing that was sent: {message:?}"));
        assert_eq!(
            &Value::Object(message.parent_header.clone()),
            sent,
            "the parent was changed"
        );
        true
    }

    /// Waits until the kernel says that it has heard of the subscription, and answers.
    async fn wait_for_welcome(&mut self) {
        let welcome = self
            .receive(None, |message| message.msg_type() == "iopub_welcome")
            .await;
        assert_eq!(welcome.content["subscription"], "", "{welcome:?}");
        self.request(Channel::Control, "kernel_info_request", json!({})).await;
    }

    fn dealer(&mut self, channel: Channel) -> &mut Dealer {
        match channel {
            Channel::Shell => &mut self.shell,
            Channel::Control => &mut self.control,
            Channel::Stdin => &mut self.stdin,
        }
    }

    fn mailbox(&mut self, channel: Option<Channel>) -> &mut Mailbox {
        match channel {
            None => &mut self.iopub,
            Some(channel) => &mut self.dealer(channel).mailbox,
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if !self.closed && !std::thread::panicking() {
            panic!("a client was dropped that was not closed: nobody knows what it has not read");
        }
    }
}

fn is_status(message: &Message, state: &str) -> bool {
    message.msg_type() == "status" && message.content["execution_state"] == state
}
