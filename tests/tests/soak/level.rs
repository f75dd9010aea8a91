//! What a notebook takes of the machine, so that later can be compared with earlier.

use parcell_tests::{Notebook, descriptors, memory};
use std::fmt;

/// What one process takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    /// Resident memory, in bytes.
    pub(crate) memory: u64,
    pub(crate) descriptors: usize,
}

/// What all of it takes between two cells.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Level {
    pub(crate) kernel: Usage,
    pub(crate) supervisor: Usage,
    /// The process that has the variables.
    pub(crate) notebook: Usage,
    pub(crate) processes: usize,
    /// What the session has on disk, in bytes.
    pub(crate) files: u64,
}

impl Level {
    pub(crate) async fn of(n: &mut Notebook) -> Level {
        let notebook = n.value("std::process::id()").await.parse().unwrap();
        let processes = n.kernel.processes();
        let supervisor = n.kernel.supervisor().expect("there is a supervisor");
        Level {
            kernel: Usage::of(n.kernel.pid()),
            supervisor: Usage::of(supervisor),
            notebook: Usage::of(notebook),
            processes: processes.len(),
            files: n.kernel.bytes_on_disk(),
        }
    }

    /// Asserts that since `before`, after `cells` cells more, nothing has grown but what cells leave for a reason.
    ///
    /// A cell's library stays loaded and on disk, because functions and variables of later cells may use its code; and what
    /// the kernel keeps of it is its text and where its lines are, for errors in later cells.
    #[track_caller]
    pub(crate) fn assert_level_since(&self, before: &Level, cells: usize) {
        let cells = cells as u64;
        let report = format!("before: {before}\nafter:  {self}\n{cells} cells");
        assert_eq!(self.processes, before.processes, "{report}");
        for (now, then) in [(self.kernel, before.kernel), (self.supervisor, before.supervisor)] {
            assert_eq!(now.descriptors, then.descriptors, "{report}");
        }
        assert!(self.notebook.descriptors <= before.notebook.descriptors, "{report}");
        assert!(
            self.kernel.memory <= before.kernel.memory + ALLOWANCE + cells * KERNEL_A_CELL,
            "{report}"
        );
        assert!(
            self.supervisor.memory <= before.supervisor.memory + (1 << 20),
            "{report}"
        );
        assert!(
            self.notebook.memory <= before.notebook.memory + ALLOWANCE + cells * NOTEBOOK_A_CELL,
            "{report}"
        );
        assert!(self.files <= before.files + cells * FILES_A_CELL, "{report}");
        println!("{report}");
    }
}

/// What the allocator may keep, and rust-analyzer may have read meanwhile.
const ALLOWANCE: u64 = 64 << 20;
const KERNEL_A_CELL: u64 = 64 << 10;
const NOTEBOOK_A_CELL: u64 = 256 << 10;
const FILES_A_CELL: u64 = 256 << 10;

impl Usage {
    fn of(pid: i32) -> Usage {
        Usage {
            memory: memory(pid, "status", "VmRSS").expect("the process is there"),
            descriptors: descriptors(pid),
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let processes = [
            ("kernel", self.kernel),
            ("supervisor", self.supervisor),
            ("notebook", self.notebook),
        ];
        for (name, usage) in processes {
            write!(
                f,
                "{name} {:.1} MiB, {} descriptors; ",
                usage.memory as f64 / 1_048_576.0,
                usage.descriptors
            )?;
        }
        write!(
            f,
            "{} processes, {:.1} MiB on disk",
            self.processes,
            self.files as f64 / 1_048_576.0
        )
    }
}
