//! What the workers of a cluster print: in a notebook it appears as that of workers on this machine does, with the
//! worker's host and PID in front; a program prints it itself.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write};

use super::bridge::Stream;
use crate::notebook::{self, Group, GroupOrder, OutputStyle};
use crate::spawn::Conditions;
use crate::sys::exit::Exit;

/// The workers of one map, as far as they have printed.
#[derive(Debug)]
pub(super) struct Output {
    style: OutputStyle,
    group: Option<Group>,
    relays: HashMap<(String, u32), Relay>,
}

/// The pipes through which a notebook gets what one worker prints.
#[derive(Debug)]
struct Relay {
    stdout: File,
    stderr: File,
    item: Option<usize>,
}

impl Output {
    pub(super) fn new(style: OutputStyle, grouped: Option<GroupOrder>) -> io::Result<Self> {
        let group = match grouped {
            Some(order) => Group::new(order)?,
            None => None,
        };
        Ok(Self {
            style,
            group,
            relays: HashMap::new(),
        })
    }

    /// Shows what the worker has printed while it was on the item.
    pub(super) fn show(&mut self, host: &str, pid: u32, item: usize, stream: Stream, text: &[u8]) -> io::Result<()> {
        if !notebook::is_notebook() {
            return match stream {
                Stream::Stdout => io::stdout().write_all(text),
                Stream::Stderr => io::stderr().write_all(text),
            };
        }
        let key = (host.to_owned(), pid);
        if !self.relays.contains_key(&key)
            && let Some(relay) = self.begin(host, pid)?
        {
            self.relays.insert(key.clone(), relay);
        }
        let Some(relay) = self.relays.get_mut(&key) else {
            return Ok(());
        };
        if let Some(group) = &self.group
            && relay.item != Some(item)
        {
            relay.item = Some(item);
            let mark = group.mark(item);
            relay.stdout.write_all(mark.as_bytes())?;
            relay.stderr.write_all(mark.as_bytes())?;
        }
        match stream {
            Stream::Stdout => relay.stdout.write_all(text),
            Stream::Stderr => relay.stderr.write_all(text),
        }
    }

    /// The item has an outcome, and all that it has printed is shown.
    pub(super) fn item_done(&self, item: usize) {
        if let Some(group) = &self.group {
            group.items_done(std::slice::from_ref(&(item..item + 1)));
        }
    }

    fn begin(&self, host: &str, pid: u32) -> io::Result<Option<Relay>> {
        let Some(redirection) = notebook::redirection()? else {
            return Ok(None);
        };
        let conditions = Conditions {
            name: Some(host),
            output_style: self.style,
            group: self.group.as_ref(),
            ..Conditions::default()
        };
        let [stdout, stderr] = redirection.relay(conditions.announcement(pid))?.map(File::from);
        Ok(Some(Relay {
            stdout,
            stderr,
            item: None,
        }))
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        for ((_, pid), relay) in self.relays.drain() {
            drop(relay);
            notebook::worker_exited(pid, Exit::Code(0));
        }
        if let Some(group) = &self.group {
            group.end();
        }
    }
}
