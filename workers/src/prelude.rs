//! What most programs need, and every notebook cell has: `use parcell::prelude::*`.
//!
//! It leaves out names that collide with other crates' preludes.

// The result of joining a thread, and that of `catch_unwind`, has this trait in its type; a notebook that keeps such a
// variable writes its type without a path.
pub use std::any::Any;

pub use serde::{Deserialize, Serialize};

pub use crate::cell::{EvcxrDisplay as _, ShownValue as _, StdDisplay as _};
pub use crate::display::{
    DisplayHandle, MimeBundle, ToMimeBundle, clear_output, display, display_with_id, html, jpeg, json, latex, markdown,
    png, svg, table, update_display,
};
pub use crate::{
    AsyncResult, BoundedSemaphore, Condition, Connection, DictProxy, Event, JoinableQueue, ListProxy, Lock, Manager,
    ManagerError, Pipe, Pool, Process, ProcessPoolExecutor, Queue, QueueError, QueueProxy, RLock, Semaphore,
    SharedArray, SharedMemory, TaskError, Value, ValueProxy, WaitFor, active_children, as_completed, cpu_count,
    current_process, input, item_seed, last_results, parent_process, password,
};
