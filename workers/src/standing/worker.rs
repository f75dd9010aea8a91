//! A standing worker's side: take a task, run it, put its result.

use std::ffi::c_int;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::panic::catch_unwind;
use std::sync::atomic::{AtomicBool, Ordering};

use super::setup::{Setup, VARIABLE};
use super::shared::{ARRIVED, CREW, CrewMemory, HUB, HubMemory, result_log, task_log};
use super::task::{self, Call, Reply};
use crate::codec::{self, Travelling};
use crate::contract::{mime, symbols};
use crate::error::TaskError;
use crate::handles::log::{Log, LogMessage};
use crate::job;
use crate::job::function::{Function, LoadedFunction, LoadedFunctions};
use crate::notebook;
use crate::panics;
use crate::protocol;
use crate::sys::abort::noting_why;
use crate::sys::fork;
use crate::sys::identity::ProcessIdentity;
use crate::sys::lifeline::Tail;
use crate::sys::placed::Placed;
use crate::sys::{allocator, descriptors, environment, limits, region};

/// The exit code of a worker that cannot do its work because the library failed.
const FAILED: i32 = 101;

/// Whether this program lets its copies be workers.
static ALLOWED: AtomicBool = AtomicBool::new(false);

/// Lets copies of this program be standing workers.
pub(crate) fn allow_workers() {
    ALLOWED.store(true, Ordering::Relaxed);
}

/// Whether copies of this program may be standing workers.
pub(crate) fn are_workers_allowed() -> bool {
    ALLOWED.load(Ordering::Relaxed)
}

/// Where this program was started to be a worker, it is one, and this does not return.
pub(crate) fn work_if_told() {
    if let Some(setup) = std::env::var_os(VARIABLE) {
        let setup = setup.to_str().and_then(|text| serde_json::from_str(text).ok());
        run(setup);
    }
}

const _: () = symbols::STANDING_WORKER.defined_by(parcell_standing_worker, "parcell_standing_worker");

/// Makes the calling process a worker; for the notebook's host, which has loaded this library for that.
#[unsafe(no_mangle)]
pub(super) extern "C" fn parcell_standing_worker() -> c_int {
    allow_workers();
    work_if_told();
    FAILED
}

#[expect(clippy::print_stderr, reason = "there is nobody else to tell")]
fn run(setup: Option<Setup>) -> ! {
    let result = setup
        .ok_or_else(|| io::Error::other(format!("{VARIABLE} is not understood")))
        .and_then(|setup| Worker::enter(setup)?.work());
    let code = match result {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("parcell: a standing worker cannot go on: {error}");
            FAILED
        }
    };
    // Who receives what could not be passed is told so.
    let _ = catch_unwind(region::pass_on);
    let _ = io::stdout().flush();
    std::process::exit(code)
}

struct Worker {
    setup: Setup,
    crew: Placed<CrewMemory>,
    tasks: Log,
    hub: Placed<HubMemory>,
    results: Log,
    functions: LoadedFunctions,
    cell: Option<u64>,
    done: u64,
}

/// What a look at the tasks leads to.
enum Next {
    Task(u64, LogMessage),
    End,
}

impl Worker {
    fn enter(setup: Setup) -> io::Result<Self> {
        // What this process starts is no worker. It has one thread yet.
        environment::remove(VARIABLE)?;
        region::accept(io::stdin().as_fd())?;
        descriptors::empty_stdin()?;
        let employer = ProcessIdentity::from_word(setup.employer).ok_or(io::ErrorKind::InvalidData)?;
        let lifeline = Tail::of_process(employer.pid(), setup.lifeline)?;
        if !lifeline.hold()? || !employer.is_alive() {
            // It ended before this process had begun, and nobody waits for it.
            std::process::exit(0);
        }
        let crew = Placed::<CrewMemory>::open(setup.crew, CREW)?;
        let hub = Placed::<HubMemory>::open(setup.hub, HUB)?;
        if let Some(bytes) = setup.memory_limit {
            limits::limit_memory(bytes)?;
        }
        allocator::keep_freed_memory();
        fork::mark_as_worker();
        panics::record_from_here();
        Ok(Self {
            tasks: task_log(&crew),
            results: result_log(&hub),
            setup,
            crew,
            hub,
            functions: LoadedFunctions::default(),
            cell: None,
            done: 0,
        })
    }

    fn work(self) -> io::Result<()> {
        let (crew, desk) = (self.crew.clone(), self.setup.desk);
        noting_why(&crew.desks[desk].note, || self.serve())
    }

    fn serve(mut self) -> io::Result<()> {
        let broken = self.initialize();
        loop {
            match self.next()? {
                Next::End => return Ok(()),
                Next::Task(number, task) => self.run(number, task, broken.as_deref())?,
            }
            if self.setup.max_tasks.is_some_and(|most| self.done >= most) {
                return Ok(());
            }
        }
    }

    /// Runs the initializer; why it failed, if it did.
    fn initialize(&self) -> Option<String> {
        let function = self.setup.initializer.as_ref()?;
        let outcome = match function.load() {
            Ok(function) => panics::catch(|| function.call(Travelling::new(&[], None), &mut Vec::new())),
            Err(error) => return Some(error.to_string()),
        };
        match outcome {
            Ok(Ok(_)) => None,
            Ok(Err(error)) => Some(error.into_task_error(None).to_string()),
            Err(panic) => Some(panic.description()),
        }
    }

    fn next(&self) -> io::Result<Next> {
        let desk = &self.crew.desks[self.setup.desk];
        let next = self.crew.tasks.wait_until(ARRIVED, None, |visit| {
            let number = visit.state.log.first;
            match self.tasks.take(&mut visit.state.log) {
                Ok(Some((task, surplus))) => {
                    if let Some(surplus) = surplus {
                        visit.afterwards(|| surplus.give_back());
                    }
                    // Before the task is out of the log, so that at every moment it is in the log or on a desk.
                    desk.task.store(number + 1, Ordering::Release);
                    Some(Ok(Next::Task(number, task)))
                }
                Ok(None) => (visit.state.closed != 0).then_some(Ok(Next::End)),
                Err(error) => Some(Err(error)),
            }
        });
        next.unwrap_or_else(|| unreachable!("a wait without a limit ends with something"))
    }

    fn run(&mut self, number: u64, LogMessage { bytes, vector }: LogMessage, broken: Option<&str>) -> io::Result<()> {
        let (wanted, call, argument) = task::decode(&bytes).ok_or(io::ErrorKind::InvalidData)?;
        if !wanted {
            return Ok(());
        }
        self.note_activity(true);
        self.done += 1;
        let mut out = bytemuck::bytes_of(&self.reply(number, false)).to_vec();
        let head = out.len();
        let mut argument = Some(Travelling::new(argument, vector));
        let mut vector = None;
        let failed = match broken {
            Some(reason) => self.refuse(reason, &mut out),
            None => {
                let mut job = |_: usize, out: &mut Vec<u8>, _: &dyn job::Stage| {
                    let argument = argument.take().expect("a call is made once");
                    vector = self.function(call)?.call(argument, out)?;
                    Ok(())
                };
                job::run(0, &job::Alone, &mut job, &mut out)
            }
        };
        out[..head].copy_from_slice(bytemuck::bytes_of(&self.reply(number, failed)));
        let message = LogMessage { bytes: out, vector };
        // Whatever it printed is there before the result is.
        let _ = io::stdout().flush();
        self.hub.results.visit(|visit| {
            self.results.append(visit.state, &message)?;
            // Before anybody can have the result.
            self.note_activity(false);
            visit.ring(ARRIVED, u32::MAX);
            io::Result::Ok(())
        })
    }

    /// For who asks what workers are doing.
    fn note_activity(&self, is_on_task: bool) {
        let activity = self.done << 1 | u64::from(is_on_task);
        let desk = &self.crew.desks[self.setup.desk];
        desk.activity.store(activity, Ordering::Relaxed);
    }

    /// Appends why no task is run here, which is an error.
    fn refuse(&self, reason: &str, out: &mut Vec<u8>) -> bool {
        let error = TaskError::NotInitialized {
            pid: std::process::id(),
            item: None,
            error: reason.to_owned(),
        };
        let start = out.len();
        if codec::encode_into(&error, out).is_err() {
            // Strings and numbers always encode; if not, the employer reports the empty payload as one it cannot decode.
            out.truncate(start);
        }
        true
    }

    fn reply(&self, task: u64, failed: bool) -> Reply {
        Reply {
            crew: self.setup.crew_id,
            task,
            pid: std::process::id(),
            failed: failed.into(),
        }
    }

    fn function(&mut self, call: &[u8]) -> Result<LoadedFunction, job::ItemError> {
        let call: Call = codec::decode(call)?;
        self.speak_for(call.cell);
        self.functions.get(&call.function, load).map_err(job::ItemError::Failed)
    }

    /// What is printed from here on belongs to another cell of the notebook.
    fn speak_for(&mut self, cell: Option<u64>) {
        if self.cell != cell {
            self.cell = cell;
            if let Some(cell) = cell {
                notebook::work_for_cell(cell);
                protocol::write_stdout(mime::CELL, &cell);
                protocol::write_stderr(mime::CELL, &cell);
            }
        }
    }
}

fn load(function: &Function) -> Result<LoadedFunction, String> {
    function
        .load()
        .map_err(|error| format!("its code cannot be loaded from {}: {error}", function.file()))
}
