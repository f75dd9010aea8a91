//! How much of what cells print goes out, and in how many messages.
//!
//! jupyter_server passes on at most 3,000,000 bytes of streams and 3,000 messages in 3 seconds between two idles, and
//! drops the rest without a word. So what a cell prints is put together while it comes fast, and stays below those
//! limits: beyond them the beginning and the end are kept, and a notice says what was left out between them.

use crate::session::{CellId, LeftOut, Overflow, Stream};
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

/// The time in which jupyter_server counts, and some more: messages do not reach it at an even pace.
const WINDOW: Duration = Duration::from_millis(3200);

/// The most text in one message, in bytes.
const MESSAGE: usize = 64 * 1024;

/// How long text is held that follows other text, so that the two can go out together. A person sees no delay.
const MERGE: Duration = Duration::from_millis(20);

/// What a message costs besides its text, in bytes: headers, signature, the names of fields.
const OVERHEAD: usize = 800;

/// What may go out in a window while a cell prints.
const RUNNING: Limit = Limit {
    bytes: 2_000_000,
    messages: 1_900,
};

/// What may go out to complete the text before something that is shown in the middle of a cell.
const INTERRUPTED: Limit = Limit {
    bytes: 2_300_000,
    messages: 1_960,
};

/// What may go out at all, kept free for the end of a cell.
const ENDING: Limit = Limit {
    bytes: 2_500_000,
    messages: 2_000,
};

/// What has to have been sent at most for a cut to end before its cell does. Well below the limit, since otherwise a
/// cell that never stops would be shown in many small parts with a notice between each two.
const RESUMING: Limit = Limit {
    bytes: 1_000_000,
    messages: 950,
};

/// How much of the end is kept.
const TAIL: Limit = Limit {
    bytes: 150_000,
    messages: 24,
};

/// A piece of what a cell printed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Piece {
    pub(super) cell: CellId,
    /// The number that is shown beside the cell.
    pub(super) number: u32,
    pub(super) stream: Stream,
    pub(super) text: String,
}

/// Decides what goes out, for one kernel. It sends nothing and reads no clock: what each call gives is to be sent.
#[derive(Debug, Default)]
pub(super) struct Budget {
    sent: Sent,
    /// Waits for more that could go out with it.
    pending: Option<Piece>,
    last_sent: Option<Instant>,
    /// Whether the text that went out last ended in the middle of a line.
    line_is_open: bool,
    cut: Option<Cut>,
    /// Where what is left out is kept.
    overflow: Option<Overflow>,
}

/// What was sent within the window.
#[derive(Debug, Default)]
struct Sent {
    messages: VecDeque<(Instant, usize)>,
    bytes: usize,
}

/// What does not go out now: its end, and how much there was before that.
#[derive(Debug)]
struct Cut {
    tail: VecDeque<Piece>,
    tail_cost: usize,
    left_out: BTreeMap<(CellId, u32), LeftOut>,
    /// When there may be room again.
    resume: Instant,
}

#[derive(Clone, Copy, Debug)]
struct Limit {
    bytes: usize,
    messages: usize,
}

impl Budget {
    /// One that keeps what it leaves out.
    pub(super) fn new(overflow: Overflow) -> Budget {
        Budget {
            overflow: Some(overflow),
            ..Budget::default()
        }
    }

    /// A cell has printed something.
    pub(super) fn stream(&mut self, now: Instant, piece: Piece) -> Vec<Piece> {
        let mut out = Vec::new();
        if self
            .pending
            .as_ref()
            .is_some_and(|pending| !pending.continues_with(&piece))
        {
            self.flush(now, RUNNING, &mut out);
        }
        if let Some(cut) = &mut self.cut {
            cut.hold(piece, &mut self.overflow);
            self.resume(now, &mut out);
            return out;
        }
        match &mut self.pending {
            Some(pending) => pending.text.push_str(&piece.text),
            None => self.pending = Some(piece),
        }
        let is_full = |pending: &Piece| pending.text.len() >= MESSAGE;
        if self.merge_end().is_none_or(|end| end <= now) || self.pending.as_ref().is_some_and(is_full) {
            self.flush(now, RUNNING, &mut out);
        }
        out
    }

    /// Something else is about to be shown: gives what has to be seen before it.
    pub(super) fn display(&mut self, now: Instant) -> Vec<Piece> {
        let mut out = Vec::new();
        self.flush(now, RUNNING, &mut out);
        if let Some(cut) = &self.cut
            && self.sent.has_room(now, INTERRUPTED, cut.messages(), cut.cost())
        {
            self.release(now, &mut out);
        }
        // Only streams are counted in bytes.
        self.sent.add(now, 0);
        out
    }

    /// A cell has ended: gives all that is left. The client is about to hear of idle, and counts anew from there.
    pub(super) fn finish(&mut self, now: Instant) -> Vec<Piece> {
        let mut out = Vec::new();
        self.flush(now, ENDING, &mut out);
        self.release(now, &mut out);
        *self = Budget {
            overflow: self.overflow.take(),
            ..Budget::default()
        };
        out
    }

    /// When to call `elapse`, if nothing else happens before.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match &self.cut {
            Some(cut) => Some(cut.resume),
            None => self.pending.as_ref().and(self.merge_end()),
        }
    }

    /// Time has passed.
    pub(super) fn elapse(&mut self, now: Instant) -> Vec<Piece> {
        let mut out = Vec::new();
        if self.merge_end().is_none_or(|end| end <= now) {
            self.flush(now, RUNNING, &mut out);
        }
        self.resume(now, &mut out);
        out
    }

    fn merge_end(&self) -> Option<Instant> {
        self.last_sent.map(|sent| sent + MERGE)
    }

    /// Gives what waits, as far as the limit allows; the rest is cut.
    fn flush(&mut self, now: Instant, limit: Limit, out: &mut Vec<Piece>) {
        let Some(pending) = self.pending.take() else { return };
        for piece in pending.split() {
            match &mut self.cut {
                Some(cut) => cut.hold(piece, &mut self.overflow),
                None if self.sent.has_room(now, limit, 1, piece.cost()) => self.send(now, piece, out),
                None => {
                    let mut cut = Cut::new(self.sent.room_at(now));
                    cut.hold(piece, &mut self.overflow);
                    self.cut = Some(cut);
                }
            }
        }
    }

    /// Ends the cut, if there is room.
    fn resume(&mut self, now: Instant, out: &mut Vec<Piece>) {
        let Some(cut) = &mut self.cut else { return };
        if now < cut.resume {
            return;
        }
        if self.sent.has_room(now, RESUMING, 0, 0) {
            self.release(now, out);
        } else {
            cut.resume = self.sent.room_at(now);
        }
    }

    /// Ends the cut: says what was left out, and gives the end.
    fn release(&mut self, now: Instant, out: &mut Vec<Piece>) {
        let Some(mut cut) = self.cut.take() else { return };
        cut.begin_at_line(&mut self.overflow);
        for (&(cell, number), left_out) in &cut.left_out {
            let text = self.notice(cell, *left_out);
            let stream = Stream::Stderr;
            self.send(
                now,
                Piece {
                    cell,
                    number,
                    stream,
                    text,
                },
                out,
            );
        }
        for piece in cut.tail {
            self.send(now, piece, out);
        }
    }

    /// Says what was left out, and where that is.
    fn notice(&self, cell: CellId, left_out: LeftOut) -> String {
        let begin = if self.line_is_open { "\n" } else { "" };
        let place = self.overflow.as_ref().and_then(|overflow| overflow.place(cell));
        let place = place.map_or_else(String::new, |place| format!("; {place}"));
        format!("{begin}parcell: {left_out} left out here: more was printed than a notebook can take{place}\n")
    }

    fn send(&mut self, now: Instant, piece: Piece, out: &mut Vec<Piece>) {
        self.sent.add(now, piece.cost());
        self.last_sent = Some(now);
        self.line_is_open = !piece.text.ends_with('\n');
        out.push(piece);
    }
}

impl Piece {
    fn continues_with(&self, next: &Piece) -> bool {
        (self.cell, self.stream) == (next.cell, next.stream)
    }

    /// What the message takes of the limit. Control characters are longer in JSON.
    fn cost(&self) -> usize {
        let escaped = |byte: u8| match byte {
            b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 2,
            0..0x20 => 6,
            _ => 1,
        };
        OVERHEAD + self.text.bytes().map(escaped).sum::<usize>()
    }

    /// In pieces that each fit a message, cut between characters, after a line where there is one.
    fn split(self) -> Vec<Piece> {
        if self.text.len() <= MESSAGE {
            return vec![self];
        }
        let mut pieces = Vec::new();
        let mut rest = self.text.as_str();
        while !rest.is_empty() {
            let mut end = rest.floor_char_boundary(MESSAGE);
            if end < rest.len()
                && let Some(line_end) = rest[..end].rfind('\n')
            {
                end = line_end + 1;
            }
            let (text, after) = rest.split_at(end);
            pieces.push(Piece {
                text: text.to_owned(),
                ..self
            });
            rest = after;
        }
        pieces
    }
}

impl Sent {
    fn add(&mut self, now: Instant, cost: usize) {
        self.messages.push_back((now, cost));
        self.bytes += cost;
    }

    /// Whether so much more stays within the limit.
    fn has_room(&mut self, now: Instant, limit: Limit, messages: usize, bytes: usize) -> bool {
        while let Some(&(sent, cost)) = self.messages.front()
            && sent + WINDOW <= now
        {
            self.messages.pop_front();
            self.bytes -= cost;
        }
        self.messages.len() + messages <= limit.messages && self.bytes + bytes <= limit.bytes
    }

    /// When a cut may end, if nothing else is sent.
    fn room_at(&self, now: Instant) -> Instant {
        let (mut messages, mut bytes) = (self.messages.len(), self.bytes);
        for &(sent, cost) in &self.messages {
            messages -= 1;
            bytes -= cost;
            if messages <= RESUMING.messages && bytes <= RESUMING.bytes {
                return sent + WINDOW;
            }
        }
        now
    }
}

impl Cut {
    fn new(resume: Instant) -> Cut {
        Cut {
            tail: VecDeque::new(),
            tail_cost: 0,
            left_out: BTreeMap::new(),
            resume,
        }
    }

    /// Adds to the end, and leaves out what is too far from it.
    fn hold(&mut self, piece: Piece, overflow: &mut Option<Overflow>) {
        for piece in piece.split() {
            match self.tail.back_mut() {
                Some(last) if last.continues_with(&piece) && last.text.len() + piece.text.len() <= MESSAGE => {
                    self.tail_cost += piece.cost() - OVERHEAD;
                    last.text.push_str(&piece.text);
                }
                _ => {
                    self.tail_cost += piece.cost();
                    self.tail.push_back(piece);
                }
            }
        }
        while self.tail_cost > TAIL.bytes || self.tail.len() > TAIL.messages {
            let Some(first) = self.tail.pop_front() else { return };
            self.tail_cost -= first.cost();
            self.leave_out(&first, &first.text, overflow);
        }
    }

    /// What was left out ends with a line, where the end that is kept has one.
    fn begin_at_line(&mut self, overflow: &mut Option<Overflow>) {
        if self.left_out.is_empty() {
            return;
        }
        let Some(mut first) = self.tail.pop_front() else { return };
        match first.text.find('\n') {
            Some(line_end) if line_end + 1 < first.text.len() => {
                let rest = first.text.split_off(line_end + 1);
                let begun = std::mem::replace(&mut first.text, rest);
                self.leave_out(&first, &begun, overflow);
            }
            _ => {}
        }
        self.tail.push_front(first);
    }

    /// Leaves out a text of this piece.
    fn leave_out(&mut self, of: &Piece, text: &str, overflow: &mut Option<Overflow>) {
        self.left_out.entry((of.cell, of.number)).or_default().add(text);
        if let Some(overflow) = overflow {
            overflow.keep(of.cell, of.number, text);
        }
    }

    /// How many messages it takes to end it.
    fn messages(&self) -> usize {
        self.tail.len() + self.left_out.len()
    }

    /// What they cost, about.
    fn cost(&self) -> usize {
        self.tail_cost + self.left_out.len() * 2 * OVERHEAD
    }
}

#[cfg(test)]
mod tests;
