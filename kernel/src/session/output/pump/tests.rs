//! The supervisor and the notebook process are played, through real sockets and pipes.

use std::io::Write;
use std::os::fd::AsFd;
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use rustix::net::connect;
use tokio::sync::mpsc::unbounded_channel;

use super::*;
use crate::process::messages::{FromSupervisor, OutputStyle, Worker, WorkerEvent};
use crate::session::event::Event;
use crate::session::event::{Cell, Content};
use crate::session::events::EventSender;
use crate::session::events::Events;

/// A session without an engine.
struct Session {
    pump: Pump,
    events: Events,
    questions: Arc<Questions>,
    directory: tempfile::TempDir,
}

/// The writing ends of a notebook process.
struct Notebook {
    supervisor: Channel,
    stdout: std::fs::File,
    workers: Channel,
}

impl Session {
    fn start() -> Session {
        let directory = tempfile::tempdir().unwrap();
        let (sender, received) = unbounded_channel();
        let events = EventSender::from(sender);
        let backlog = Backlog::new().unwrap();
        let questions = Arc::new(Questions::new(events.clone()));
        let pump = Pump::start(
            directory.path(),
            Hearers {
                comms: Arc::new(Comms::new(events.clone(), Arc::default())),
                events,
                backlog: Arc::clone(&backlog),
                locations: Arc::default(),
                questions: Arc::clone(&questions),
            },
        );
        Session {
            pump: pump.unwrap(),
            events: Events::new(received, backlog),
            questions,
            directory,
        }
    }

    fn begin(&self, id: u64) {
        self.pump.begin_cell(CellId(id));
        self.questions.begin(&Cell {
            id: CellId(id),
            execution_count: 1,
            code: String::new(),
            allow_stdin: true,
        });
    }

    /// What has been said: text, and questions between brackets.
    fn said(&mut self) -> String {
        let mut said = String::new();
        while let Ok(event) = self.events.try_recv() {
            said.push_str(&text(event));
        }
        said
    }

    /// The next that is said.
    fn next(&mut self) -> String {
        let mut next = pin!(self.events.recv());
        loop {
            match next.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(event) => return text(event.unwrap()),
                Poll::Pending => std::thread::yield_now(),
            }
        }
    }
}

impl Notebook {
    fn start(session: &Path) -> Notebook {
        let socket = socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).unwrap();
        connect(&socket, &SocketAddrUnix::new(session.join(KERNEL_SOCKET)).unwrap()).unwrap();
        let supervisor = Channel::from(socket);
        let (stdout, written) = rustix::pipe::pipe().unwrap();
        let (stderr, _) = rustix::pipe::pipe().unwrap();
        let (workers, announced) = Channel::pair().unwrap();
        let results = tempfile::tempfile().unwrap();
        let given = [stdout.as_fd(), stderr.as_fd(), announced.as_fd(), results.as_fd()];
        supervisor.send(&FromSupervisor::Started { pid: 5 }, &given).unwrap();
        Notebook {
            supervisor,
            stdout: written.into(),
            workers,
        }
    }
}

fn text(event: Event) -> String {
    match event {
        Event::Output {
            content: Content::Stream { text, .. },
            ..
        } => text,
        Event::InputRequest(question) => format!("<{}>", question.prompt),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_a_cell_prints_at_once_is_not_the_one_befores() {
    let mut session = Session::start();
    let mut notebook = Notebook::start(session.directory.path());
    // The process is known.
    session.pump.drain();
    // The supervisor that is played reads nothing: no more cells than its socket holds news of.
    for id in 1..100 {
        session.pump.begin_cell(CellId(id));
        notebook.stdout.write_all(b"printed\n").unwrap();
        session.pump.drain();
        let said = session.events.try_recv();
        assert!(
            matches!(&said, Ok(Event::Output { cell: CellId(of), .. }) if *of == id),
            "{said:?}"
        );
    }
}

#[test]
fn all_that_was_written_is_said_when_a_cell_is_drained() {
    let mut session = Session::start();
    let mut notebook = Notebook::start(session.directory.path());
    session.begin(1);
    notebook.stdout.write_all(b"of the notebook\n").unwrap();
    let (stdout, mut written) = std::io::pipe().unwrap();
    let worker = Worker {
        pid: 7,
        name: None,
        output: OutputStyle::Raw,
        group: None,
        unattended: false,
    };
    let started = WorkerEvent::WorkerStarted(worker);
    notebook.workers.send(&started, &[stdout.as_fd()]).unwrap();
    written.write_all(b"of its worker").unwrap();
    let line = FromSupervisor::ControlLine("a line of generated code".to_owned());
    notebook.supervisor.send(&line, &[]).unwrap();
    let report = session.pump.drain();
    assert_eq!(session.said(), "of the notebook\nof its worker\n");
    assert!(report.has_control_line("a line of generated code"));
    assert!(report.results.is_some());
}

#[test]
fn a_question_comes_behind_what_was_printed_and_has_its_own_answer() {
    let mut session = Session::start();
    let mut notebook = Notebook::start(session.directory.path());
    session.begin(1);
    let mut askers = Vec::new();
    for prompt in ["one", "two"] {
        let (asker, given) = Channel::pair().unwrap();
        let question = WorkerEvent::InputRequested {
            prompt: prompt.into(),
            password: false,
        };
        notebook
            .stdout
            .write_all(format!("before {prompt}\n").as_bytes())
            .unwrap();
        notebook.workers.send(&question, &[given.as_fd()]).unwrap();
        askers.push(asker);
    }
    session.pump.drain();
    let said = session.said();
    // Where the pump reads while this writes, what follows the question may have been said already.
    assert!(said.starts_with("before one\n") && said.contains("<one>"), "{said}");
    assert!(!said.contains("<two>"), "the second waits: {said}");
    session.questions.end();
    for asker in askers {
        assert!(asker.receive::<crate::process::messages::Answered>().is_err());
    }
}

#[test]
fn more_than_is_kept_waits_to_be_heard_and_is_not_lost() {
    const LINES: usize = 1 << 18;
    let mut session = Session::start();
    let mut notebook = Notebook::start(session.directory.path());
    session.begin(1);
    let writer = std::thread::spawn(move || {
        for _ in 0..LINES / 1024 {
            notebook.stdout.write_all(&b"0123456789abcde\n".repeat(1024)).unwrap();
        }
        notebook
    });
    let mut heard = 0;
    while heard < LINES * 16 {
        heard += session.next().len();
    }
    assert_eq!(heard, LINES * 16);
    drop(writer.join().unwrap());
    assert_eq!(session.said(), "");
}

#[test]
fn another_notebook_process_is_heard_in_the_place_of_one_that_was_lost() {
    let mut session = Session::start();
    let mut first = Notebook::start(session.directory.path());
    session.begin(1);
    first.stdout.write_all(b"last words\n").unwrap();
    drop(first);
    session.pump.drain();
    let mut second = Notebook::start(session.directory.path());
    second.stdout.write_all(b"first words\n").unwrap();
    session.pump.drain();
    assert_eq!(session.said(), "last words\nfirst words\n");
}
