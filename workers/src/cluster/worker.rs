//! A worker on a cluster: it takes chunks of encoded arguments from the process that has started it, and gives back what
//! the function makes of them.

use std::ffi::{OsString, c_int};
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::frame;
use crate::codec::{self, Travelling};
use crate::job::function::{Function, LoadedFunction, LoadedFunctions};
use crate::job::{self, Alone, ItemError, Stage};
use crate::notebook;
use crate::panics;
use crate::sys::{allocator, environment, fork, inherited, limits};

/// Makes a program a worker: the numbers of the descriptors that requests come from and replies go to.
const VARIABLE: &str = "PARCELL_CLUSTER_WORKER";
/// Where the files are that code is in.
const FILES: &str = "PARCELL_CLUSTER_FILES";
/// How many bytes the worker may allocate.
const MEMORY: &str = "PARCELL_CLUSTER_MEMORY";
/// The exit code of a worker that cannot do its work because the library failed.
const FAILED: i32 = 101;

/// A chunk of items.
#[derive(Debug, Deserialize)]
struct Request {
    /// With names of files that are relative to the directory of all files.
    function: Function,
    /// The body has the arguments, one after the other; these are their lengths.
    lengths: Vec<usize>,
}

/// What came of one item; the body is the result, or the error.
#[derive(Debug, Serialize)]
struct Reply {
    failed: bool,
}

/// Where this program was started to be a worker, it is one, and this does not return.
pub(crate) fn work_if_told() {
    if let Some(descriptors) = std::env::var_os(VARIABLE) {
        run(&descriptors)
    }
}

/// Makes the calling process a worker; for a program that has loaded this library for that.
#[unsafe(no_mangle)]
pub(super) extern "C" fn parcell_cluster_worker() -> c_int {
    notebook::work_far_from_host();
    work_if_told();
    FAILED
}

#[expect(clippy::print_stderr, reason = "there is nobody else to tell")]
fn run(descriptors: &OsString) -> ! {
    let result = Worker::enter(descriptors).and_then(Worker::serve);
    let code = match result {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("parcell: a worker on a cluster cannot go on: {error}");
            FAILED
        }
    };
    let _ = io::stdout().flush();
    std::process::exit(code)
}

struct Worker {
    requests: File,
    replies: File,
    files: PathBuf,
    functions: LoadedFunctions,
}

impl Worker {
    fn enter(descriptors: &OsString) -> io::Result<Self> {
        let numbers: Option<Vec<i32>> = descriptors
            .to_str()
            .and_then(|text| text.split(',').map(|number| number.parse().ok()).collect());
        let Some(&[requests, replies]) = numbers.as_deref() else {
            return Err(io::Error::other(format!("{VARIABLE} is not understood")));
        };
        let files = std::env::var_os(FILES).unwrap_or_default().into();
        let memory = std::env::var(MEMORY).ok().and_then(|bytes| bytes.parse().ok());
        // What this process starts is no worker. It has one thread yet.
        environment::remove(VARIABLE)?;
        let worker = Self {
            requests: inherited::take(requests)?.into(),
            replies: inherited::take(replies)?.into(),
            files,
            functions: LoadedFunctions::default(),
        };
        rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
        // Of the machine's cores the cluster has counted one for this process.
        for (name, value) in environment::thread_limits(1).collect::<Vec<_>>() {
            environment::set(name, value.as_ref())?;
        }
        if let Some(bytes) = memory {
            limits::limit_memory(bytes)?;
        }
        allocator::keep_freed_memory();
        fork::mark_as_worker();
        panics::record_from_here();
        Ok(worker)
    }

    fn serve(mut self) -> io::Result<()> {
        while let Some((request, arguments)) = frame::read::<Request>(&mut self.requests)? {
            self.run(&request, &arguments)?;
        }
        Ok(())
    }

    fn run(&mut self, request: &Request, mut arguments: &[u8]) -> io::Result<()> {
        let function = self.function(&request.function);
        let mut message = Vec::new();
        for &length in &request.lengths {
            let (argument, rest) = arguments.split_at_checked(length).ok_or(io::ErrorKind::InvalidData)?;
            arguments = rest;
            let mut job = |_: usize, out: &mut Vec<u8>, _: &dyn Stage| match &function {
                Ok(function) => {
                    let vector = function.call(Travelling::new(argument, None), out)?;
                    // To another machine it goes with the rest.
                    vector.iter().for_each(|vector| codec::encode_vector(vector, out));
                    Ok(())
                }
                Err(error) => Err(ItemError::Failed(error.clone())),
            };
            let mut out = Vec::new();
            let failed = job::run(0, &Alone, &mut job, &mut out);
            // Whatever it printed is there before the result is.
            let _ = io::stdout().flush();
            message.clear();
            frame::append(&Reply { failed }, &out, &mut message)?;
            self.replies.write_all(&message)?;
        }
        Ok(())
    }

    fn function(&mut self, function: &Function) -> Result<LoadedFunction, String> {
        let files = &self.files;
        self.functions.get(function, |function| {
            let here = function.moved(|name| files.join(name).to_string_lossy().into_owned());
            here.load()
                .map_err(|error| format!("its code cannot be loaded on this worker of the cluster: {error}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::fuzzing::{Changed, changed, for_all};
    use crate::sys::counted::frugally;

    #[test]
    fn any_request_is_understood_or_an_error() {
        let function = Function::of(|n: u32| n);
        let request = (vec(0..9usize, 0..4), vec(any::<u8>(), 0..20)).prop_map(move |(lengths, arguments)| {
            let mut bytes = Vec::new();
            let header = json!({"function": function, "lengths": lengths});
            frame::append(&header, &arguments, &mut bytes).unwrap();
            bytes
        });
        for_all(2000, changed(request), |Changed { bytes, .. }| {
            let mut stream = &bytes[..];
            frugally(bytes.len() + 1024, || {
                while let Ok(Some((request, _))) = frame::read::<Request>(&mut stream) {
                    let _ = request.function.moved(|name| format!("/files/{name}"));
                }
            });
        });
    }
}
