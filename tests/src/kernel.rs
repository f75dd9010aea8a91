//! One running kernel: started with a connection file of its own, and gone without a trace at the end.

use crate::library;
use crate::processes::{self, Process};
use crate::wait::holds_within;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use std::collections::HashSet;
use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use uuid::Uuid;

/// Marks a kernel and all processes that it starts.
const MARK: &str = "PARCELL_TEST_KERNEL";

/// Where the kernel keeps what outlives it.
const DATA_VARIABLE: &str = "PARCELL_DATA_DIR";

/// How long a kernel may take to end, and what it started to be gone after it.
const END_LIMIT: Duration = Duration::from_secs(10);

/// A kernel and the directory that it works in.
#[derive(Debug)]
pub struct Kernel {
    child: Child,
    directory: TempDir,
    connection: Connection,
    mark: String,
    /// Processes that were seen below the kernel.
    seen: HashSet<Process>,
}

/// What a connection file says.
#[derive(Clone, Debug)]
pub struct Connection {
    transport: Transport,
    ip: String,
    ports: [u16; 5],
    /// The key that signs messages.
    pub key: String,
}

/// What a kernel's sockets are made of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Transport {
    /// Unix sockets.
    Ipc,
    /// TCP, on a loopback address that no other kernel of a test has.
    Tcp,
}

impl Kernel {
    /// Starts a kernel on Unix sockets.
    ///
    /// # Panics
    ///
    /// When the kernel's binary is not there.
    pub fn start() -> Kernel {
        Kernel::start_on(Transport::Ipc)
    }

    /// Starts a kernel.
    ///
    /// # Panics
    ///
    /// When the kernel's binary is not there.
    pub fn start_on(transport: Transport) -> Kernel {
        Kernel::start_for(transport, std::process::id())
    }

    /// Starts a kernel that is told to belong to the process `owner`.
    ///
    /// # Panics
    ///
    /// When the kernel's binary is not there.
    pub fn start_for(transport: Transport, owner: u32) -> Kernel {
        Kernel::start_with(transport, owner, None)
    }

    /// Starts a kernel that keeps what outlives it in `data`.
    ///
    /// # Panics
    ///
    /// When the kernel's binary is not there.
    pub fn start_with_data(data: &Path) -> Kernel {
        Kernel::start_with(Transport::Ipc, std::process::id(), Some(data))
    }

    fn start_with(transport: Transport, owner: u32, data: Option<&Path>) -> Kernel {
        let directory = tempfile::Builder::new()
            .prefix("parcell-test-")
            .tempdir()
            .expect("a temporary directory");
        let connection = Connection::new(transport, directory.path());
        let file = directory.path().join("kernel.json");
        fs::write(&file, connection.file()).expect("the connection file is written");
        for name in ["tmp", "run", "work"] {
            fs::create_dir(directory.path().join(name)).expect("a directory for the kernel");
        }
        let log = File::create(directory.path().join("kernel.log")).expect("a log file");
        library::prepare(&binary());
        let mark = Uuid::new_v4().to_string();
        let child = Command::new(binary())
            .arg("kernel")
            .arg(&file)
            .current_dir(directory.path().join("work"))
            .env("TMPDIR", directory.path().join("tmp"))
            .env("XDG_RUNTIME_DIR", directory.path().join("run"))
            .env(DATA_VARIABLE, data.unwrap_or(&directory.path().join("data")))
            .env("JPY_PARENT_PID", owner.to_string())
            .env(library::CACHE_VARIABLE, library::cache())
            .env(MARK, &mark)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a second handle on the log"))
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("{} does not start: {error}", binary().display()));
        Kernel {
            child,
            directory,
            connection,
            mark,
            seen: HashSet::new(),
        }
    }

    /// Where the kernel's sockets are.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The kernel's PID.
    pub fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).expect("PIDs are positive")
    }

    /// How much memory the kernel's own process has resident, in bytes.
    ///
    /// # Panics
    ///
    /// When there is no kernel any more.
    pub fn memory(&self) -> u64 {
        processes::memory(self.pid(), "status", "VmRSS").expect("the kernel is there, and has memory")
    }

    /// The directory that cells run in.
    pub fn working_directory(&self) -> PathBuf {
        self.directory.path().join("work")
    }

    /// Makes an empty file in the directory that cells run in: what they wait for.
    ///
    /// # Panics
    ///
    /// When it cannot be written.
    pub fn make_file(&self, name: &str) {
        fs::write(self.working_directory().join(name), "").expect("a file for cells");
    }

    /// The processes below the kernel now. They must be gone when the kernel is.
    pub fn processes(&mut self) -> Vec<Process> {
        let processes = processes::descendants(self.pid());
        self.seen.extend(processes.iter().cloned());
        processes
    }

    /// The process that stands between the kernel and the notebook's, where it has been started.
    pub fn supervisor(&mut self) -> Option<i32> {
        let is_supervisor = |process: &Process| {
            let arguments = fs::read(format!("/proc/{}/cmdline", process.pid)).unwrap_or_default();
            String::from_utf8_lossy(&arguments).contains("__supervisor")
        };
        let supervisor = self.processes().into_iter().find(is_supervisor)?;
        Some(supervisor.pid)
    }

    /// How much the kernel and its processes have written to their directories and not removed, in bytes.
    pub fn bytes_on_disk(&self) -> u64 {
        ["tmp", "run", "data"]
            .map(|name| bytes_below(&self.directory.path().join(name)))
            .iter()
            .sum()
    }

    /// Sends a signal to the kernel alone.
    ///
    /// # Panics
    ///
    /// When there is no kernel any more.
    pub fn signal(&mut self, signal: Signal) {
        self.processes();
        let pid = Pid::from_raw(self.pid()).expect("PIDs are not zero");
        kill_process(pid, signal).expect("the kernel can be signalled");
    }

    /// Waits until the kernel has ended, and makes sure that it left nothing: no process, no file.
    ///
    /// # Panics
    ///
    /// When it does not end in time, or left something.
    pub async fn ended(mut self) -> ExitStatus {
        self.processes();
        let mut status = None;
        let child = &mut self.child;
        holds_within(END_LIMIT, || {
            status = child.try_wait().expect("the kernel can be waited for");
            status.is_some()
        })
        .await;
        let status = status.unwrap_or_else(|| panic!("the kernel has not ended after {END_LIMIT:?}"));
        let nobody = holds_within(END_LIMIT, || self.survivors().is_empty()).await;
        assert!(nobody, "the kernel left processes: {:?}", self.survivors());
        let files = self.files_left();
        assert!(files.is_empty(), "the kernel left files: {files:?}");
        status
    }

    /// What the kernel and its processes wrote to their own standard output and error.
    pub fn log(&self) -> String {
        let log = fs::read(self.directory.path().join("kernel.log")).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    fn survivors(&self) -> HashSet<Process> {
        let mut survivors: HashSet<Process> = self.seen.iter().filter(|process| process.is_alive()).cloned().collect();
        survivors.extend(processes::with_variable(&format!("{MARK}={}", self.mark)));
        survivors
    }

    /// Everything in the kernel's directories. What cells wrote to their working directory is theirs.
    fn files_left(&self) -> Vec<PathBuf> {
        let mut left = entries(&self.directory.path().join("tmp"));
        left.extend(entries(&self.directory.path().join("run")));
        let ours =
            ["kernel.json", "kernel.log", "tmp", "run", "work", "data"].map(|name| self.directory.path().join(name));
        left.extend(
            entries(self.directory.path())
                .into_iter()
                .filter(|path| !ours.contains(path)),
        );
        left
    }

    /// Kills the kernel and all that it started, until nothing is left of them.
    fn kill(&mut self) {
        let end = Instant::now() + END_LIMIT;
        self.processes();
        // Only fails when the kernel has been waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
        loop {
            let survivors = self.survivors();
            if survivors.is_empty() || Instant::now() > end {
                return;
            }
            for pid in survivors.iter().filter_map(|process| Pid::from_raw(process.pid)) {
                // It may end by itself between being seen and being killed.
                let _ = kill_process(pid, Signal::KILL);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Kernel {
    #[expect(clippy::print_stderr, reason = "it belongs to what a failed test says")]
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("--- what the kernel logged ---\n{}--- end ---", self.log());
        }
    }
}

impl Connection {
    fn new(transport: Transport, directory: &Path) -> Connection {
        let (ip, ports) = match transport {
            Transport::Ipc => (directory.join("socket").display().to_string(), [1, 2, 3, 4, 5]),
            Transport::Tcp => free_ports(),
        };
        Connection {
            transport,
            ip,
            ports,
            key: Uuid::new_v4().to_string(),
        }
    }

    fn file(&self) -> String {
        let [shell, control, stdin, iopub, heartbeat] = self.ports;
        let transport = match self.transport {
            Transport::Ipc => "ipc",
            Transport::Tcp => "tcp",
        };
        json!({
            "transport": transport, "ip": self.ip, "key": self.key, "signature_scheme": "hmac-sha256",
            "shell_port": shell, "control_port": control, "stdin_port": stdin, "iopub_port": iopub,
            "hb_port": heartbeat, "kernel_name": "parcell",
        })
        .to_string()
    }

    /// The endpoints of shell, control, stdin, IOPub and the heartbeat.
    pub fn endpoints(&self) -> [String; 5] {
        self.ports.map(|port| match self.transport {
            Transport::Ipc => format!("ipc://{}-{port}", self.ip),
            Transport::Tcp => format!("tcp://{}:{port}", self.ip),
        })
    }
}

/// An address that is this kernel's alone, so that nobody takes a port between its choice and its use.
fn free_ports() -> (String, [u16; 5]) {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let [_, _, high, low] = std::process::id().to_be_bytes();
    let [.., nth] = NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    let ip = Ipv4Addr::new(127, high | 0x80, low, nth.saturating_add(1));
    let listeners = [(); 5].map(|()| TcpListener::bind((ip, 0)).expect("a free port"));
    (
        ip.to_string(),
        listeners.map(|listener| listener.local_addr().expect("it is bound").port()),
    )
}

/// The kernel's binary: what PARCELL_BIN names, or the one built beside the tests.
///
/// # Panics
///
/// When there is none.
#[must_use]
pub fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("PARCELL_BIN") {
        return PathBuf::from(path);
    }
    let test = std::env::current_exe().expect("a test has a path");
    let directory = test.ancestors().find(|path| path.join("parcell").is_file());
    directory
        .expect("the kernel is built: `cargo build -p parcell-kernel`")
        .join("parcell")
}

/// Files that go while they are counted are none.
fn bytes_below(directory: &Path) -> u64 {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let of_entry = |entry: fs::DirEntry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => bytes_below(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    };
    entries.map(of_entry).sum()
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).expect("the test's directory is there");
    entries
        .map(|entry| entry.expect("an entry can be read").path())
        .collect()
}
