//! A kernel of either kind, and a client that takes it as it is: here nothing is checked, everything is timed.

use crate::in_path;
use bytes::Bytes;
use parcell_tests::Wire;
use serde_json::{Value, json};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};
use zeromq::{DealerSocket, Socket, SocketRecv, SocketSend, SubSocket, ZmqMessage};

/// Nothing here takes longer, unless a kernel hangs.
const LIMIT: Duration = Duration::from_secs(600);
const EVCXR: &str = "evcxr_jupyter";
const DELIMITER: &[u8] = b"<IDS|MSG>";

/// A kernel that can be started.
#[derive(Debug)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) program: PathBuf,
    arguments: [&'static str; 1],
    /// Where it keeps what it has compiled.
    cache: TempDir,
}

/// A running kernel and its client.
pub(crate) struct Peer {
    name: &'static str,
    child: Child,
    _directory: TempDir,
    wire: Wire,
    shell: DealerSocket,
    control: DealerSocket,
    iopub: SubSocket,
    /// When it was started.
    pub(crate) started: Instant,
    /// How long it took to answer for the first time.
    pub(crate) answered: Duration,
}

/// How a cell went.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) time: Duration,
    /// How many broadcasts it led to.
    pub(crate) messages: usize,
    /// Everything that was printed and shown.
    pub(crate) text: String,
}

impl Kind {
    pub(crate) fn parcell() -> Kind {
        let built = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/release/parcell"));
        Kind {
            name: "parcell",
            program: std::env::var_os("PARCELL_BIN").map_or(built, PathBuf::from),
            arguments: ["kernel"],
            cache: cache(),
        }
    }

    pub(crate) fn evcxr() -> Option<Kind> {
        Some(Kind {
            name: EVCXR,
            program: std::env::var_os("EVCXR_JUPYTER")
                .map(PathBuf::from)
                .or_else(|| in_path("evcxr_jupyter"))?,
            arguments: ["--control_file"],
            cache: cache(),
        })
    }
}

fn cache() -> TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

impl Peer {
    pub(crate) fn pid(&self) -> i32 {
        let pid = self.child.id().expect("the kernel is there");
        i32::try_from(pid).expect("PIDs are positive")
    }

    /// What is in front of a cell for its crates to be kept for other sessions.
    pub(crate) fn keeps_crates(&self) -> &'static str {
        match self.name {
            EVCXR => ":cache 500\n",
            _ => "",
        }
    }

    /// Starts a kernel and waits until it answers and its broadcasts arrive.
    pub(crate) async fn start(kind: &Kind) -> Peer {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let ports = [(); 5].map(|()| {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
            listener.local_addr().expect("it is bound").port()
        });
        let key = uuid::Uuid::new_v4().to_string();
        let connection = directory.path().join("kernel.json");
        let [shell, control, stdin, iopub, heartbeat] = ports;
        let content = json!({
            "transport": "tcp", "ip": "127.0.0.1", "key": key, "signature_scheme": "hmac-sha256",
            "shell_port": shell, "control_port": control, "stdin_port": stdin, "iopub_port": iopub,
            "hb_port": heartbeat, "kernel_name": kind.name,
        });
        std::fs::write(&connection, content.to_string()).expect("the connection file is written");
        let started = Instant::now();
        let child = Command::new(&kind.program)
            .args(kind.arguments)
            .arg(&connection)
            // Of this run alone, so that what is compiled first is so. evcxr's is below it.
            .env("PARCELL_CACHE_DIR", kind.cache.path())
            .env("XDG_CACHE_HOME", kind.cache.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the kernel starts");
        let address = |port: u16| format!("tcp://127.0.0.1:{port}");
        let mut sockets = (DealerSocket::new(), DealerSocket::new(), SubSocket::new());
        connect(&mut sockets.0, &address(shell)).await;
        connect(&mut sockets.1, &address(control)).await;
        connect(&mut sockets.2, &address(iopub)).await;
        sockets.2.subscribe("").await.expect("a subscription");
        let mut peer = Peer {
            name: kind.name,
            child,
            _directory: directory,
            wire: Wire::new(&key),
            shell: sockets.0,
            control: sockets.1,
            iopub: sockets.2,
            started,
            answered: Duration::ZERO,
        };
        peer.send("kernel_info_request", json!({})).await;
        within(peer.shell.recv()).await;
        peer.answered = started.elapsed();
        // A subscription has taken effect when something arrives.
        while timeout(Duration::from_millis(100), peer.iopub.recv()).await.is_err() {
            peer.send("kernel_info_request", json!({})).await;
            within(peer.shell.recv()).await;
        }
        peer
    }

    /// Runs a cell and waits for its idle and its reply.
    pub(crate) async fn run(&mut self, code: &str) -> Ran {
        let begin = Instant::now();
        let id = self.submit(code).await;
        let (messages, text) = self.read_to_idle(&id).await;
        self.read_reply(&id).await;
        Ran {
            time: begin.elapsed(),
            messages,
            text,
        }
    }

    /// Queues all cells at once; how long it takes until the last is idle.
    pub(crate) async fn run_all(&mut self, cells: &[String]) -> Duration {
        let begin = Instant::now();
        let mut ids = Vec::new();
        for cell in cells {
            ids.push(self.submit(cell).await);
        }
        for id in &ids {
            self.read_to_idle(id).await;
        }
        let took = begin.elapsed();
        for id in &ids {
            self.read_reply(id).await;
        }
        took
    }

    /// How long it takes until it is known what could stand at the end of the code.
    pub(crate) async fn complete(&mut self, code: &str) -> Duration {
        let begin = Instant::now();
        let id = self
            .send(
                "complete_request",
                json!({"code": code, "cursor_pos": code.chars().count()}),
            )
            .await;
        self.read_reply(&id).await;
        begin.elapsed()
    }

    /// From the interrupt of an endless loop to its idle.
    pub(crate) async fn interrupt_busy_cell(&mut self) -> Duration {
        let id = self
            .submit("println!(\"running\"); loop { std::hint::spin_loop(); }")
            .await;
        while !self.broadcast(&id).await.1.contains("running") {}
        let begin = Instant::now();
        let (header, content) = (self.wire.header("interrupt_request"), json!({}));
        let frames = self.wire.frames(&header, &content);
        self.control.send(message(frames)).await.expect("the kernel is there");
        self.read_to_idle(&id).await;
        let time = begin.elapsed();
        self.read_reply(&id).await;
        time
    }

    /// Ends the kernel.
    pub(crate) async fn stop(mut self) {
        let frames = self
            .wire
            .frames(&self.wire.header("shutdown_request"), &json!({"restart": false}));
        self.control.send(message(frames)).await.expect("the kernel is there");
        if timeout(Duration::from_secs(5), self.child.wait()).await.is_err() {
            println!("{} does not end and is killed", self.name);
            self.child.kill().await.expect("it can be killed");
        }
    }

    async fn submit(&mut self, code: &str) -> String {
        let content = json!({"code": code, "silent": false, "store_history": true, "user_expressions": {},
                             "allow_stdin": false, "stop_on_error": true});
        self.send("execute_request", content).await
    }

    async fn send(&mut self, msg_type: &str, content: Value) -> String {
        let header = self.wire.header(msg_type);
        let frames = self.wire.frames(&header, &content);
        self.shell.send(message(frames)).await.expect("the kernel is there");
        header["msg_id"].as_str().expect("it has one").to_owned()
    }

    async fn read_to_idle(&mut self, id: &str) -> (usize, String) {
        let (mut count, mut text) = (0, String::new());
        loop {
            let (is_idle, said) = self.broadcast(id).await;
            count += 1;
            text.push_str(&said);
            if is_idle {
                return (count, text);
            }
        }
    }

    /// The next broadcast under a request: whether it is idle, and what it says.
    async fn broadcast(&mut self, id: &str) -> (bool, String) {
        loop {
            let [header, parent, content] = parts(within(self.iopub.recv()).await);
            if parent["msg_id"] != id {
                continue;
            }
            let idle = header["msg_type"] == "status" && content["execution_state"] == "idle";
            let said = content["text"].as_str().or(content["data"]["text/plain"].as_str());
            return (idle, said.unwrap_or_default().to_owned());
        }
    }

    async fn read_reply(&mut self, id: &str) {
        while parts(within(self.shell.recv()).await)[1]["msg_id"] != id {}
    }
}

async fn connect(socket: &mut impl Socket, endpoint: &str) {
    let limit = Instant::now() + LIMIT;
    // The kernel is starting: until it listens, connecting fails.
    while let Err(error) = socket.connect(endpoint).await {
        assert!(Instant::now() < limit, "cannot connect to {endpoint}: {error}");
        sleep(Duration::from_millis(2)).await;
    }
}

async fn within<T>(received: impl Future<Output = Result<T, zeromq::ZmqError>>) -> T {
    timeout(LIMIT, received)
        .await
        .expect("the kernel answers in time")
        .expect("the socket is open")
}

fn message(frames: Vec<Bytes>) -> ZmqMessage {
    ZmqMessage::try_from(frames).expect("at least one frame")
}

/// Header, parent header and content.
fn parts(message: ZmqMessage) -> [Value; 3] {
    let frames = message.into_vec();
    let delimiter = frames.iter().position(|frame| frame == DELIMITER).expect("a delimiter");
    [2, 3, 5].map(|part| serde_json::from_slice(&frames[delimiter + part]).unwrap_or_default())
}
