//! Every way in which a call in a worker can fail, for the tests of what a failure costs.

use std::hint::black_box;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How much a worker may allocate, where that is limited.
pub(crate) const MEMORY: u64 = 64 << 20;

/// A way to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Fault {
    Panic,
    DoublePanic,
    Abort,
    Segfault,
    Kill,
    Exit(i32),
    StackOverflow,
    OutOfMemory,
    Endless,
    Encode,
    Decode,
}

/// Panics when it is dropped, though it be by a panic.
struct PanicsWhenDropped;

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        panic!("boom again");
    }
}

impl Fault {
    /// Each of them, with two exit codes.
    pub(crate) const ALL: [Self; 12] = [
        Self::Panic,
        Self::DoublePanic,
        Self::Abort,
        Self::Segfault,
        Self::Kill,
        Self::Exit(0),
        Self::Exit(3),
        Self::StackOverflow,
        Self::OutOfMemory,
        Self::Endless,
        Self::Encode,
        Self::Decode,
    ];

    /// Does it, or returns a result that does.
    fn happen(self) -> Reply {
        let pid = rustix::process::getpid();
        match self {
            Self::Panic => panic!("boom {}", 1 + 1),
            Self::DoublePanic => {
                let _second = PanicsWhenDropped;
                panic!("boom, and")
            }
            Self::Abort => std::process::abort(),
            Self::Segfault => {
                // SAFETY: it is not safe, and must not be: the page at 0 is never mapped, so the process is killed.
                unsafe { std::ptr::without_provenance_mut::<u8>(8).write_volatile(1) }
            }
            Self::Kill => rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap(),
            Self::Exit(code) => std::process::exit(code),
            Self::StackOverflow => drop(overflow(0)),
            Self::OutOfMemory => {
                // As `vec!` does, without the message, whose backtrace takes long. Whether that is told apart as well,
                // the tests of limits see.
                if Vec::<u8>::new().try_reserve_exact(4 * MEMORY as usize).is_err() {
                    std::process::abort();
                }
            }
            Self::Endless => loop {
                std::hint::spin_loop();
            },
            Self::Encode => return Reply::NotEncodable,
            Self::Decode => return Reply::NotDecodable,
        }
        unreachable!("{self:?} did not happen")
    }

    /// What the error's text says after the item and the process.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Panic => concat!("panicked at ", file!(), ":"),
            Self::Abort => "was killed by SIGABRT (abort)",
            Self::StackOverflow => "overflowed its stack",
            Self::DoublePanic => "aborted while it panicked: a destructor panicked as well",
            Self::Segfault => "was killed by SIGSEGV (segmentation fault)",
            Self::Kill => "was killed by SIGKILL (kill)",
            Self::Exit(0) => "ended its process with exit code 0 before it returned",
            Self::Exit(_) => "ended its process with exit code 3 before it returned",
            Self::OutOfMemory => "was killed by SIGABRT (abort); memory had probably run out, when it used",
            Self::Endless => "took longer than the 500ms allowed",
            Self::Encode => {
                "has a result that cannot be sent: cannot encode a value of type `Reply`: not to be written"
            }
            Self::Decode => "has a result that cannot be sent: cannot decode a value of type `Reply`: not to be read",
        }
    }
}

/// What a worker does: fails, or says which process it is.
pub(crate) fn happen(fault: Option<Fault>) -> Reply {
    fault.map_or_else(|| Reply::Pid(std::process::id()), Fault::happen)
}

#[expect(unconditional_recursion, reason = "that is what a stack overflow needs")]
fn overflow(depth: u64) -> u64 {
    black_box([depth; 64]);
    overflow(depth + 1) + black_box(depth)
}

/// A result that can refuse to be written or read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Reply {
    /// The process that has been called.
    Pid(u32),
    NotEncodable,
    NotDecodable,
}

impl Serialize for Reply {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Pid(pid) => pid.serialize(serializer),
            Self::NotEncodable => Err(serde::ser::Error::custom("not to be written")),
            Self::NotDecodable => u32::MAX.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Reply {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u32::deserialize(deserializer)? {
            u32::MAX => Err(serde::de::Error::custom("not to be read")),
            pid => Ok(Self::Pid(pid)),
        }
    }
}
