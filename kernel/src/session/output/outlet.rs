//! Where everything goes out, in order, each for the cell that it belongs to. Lines of workers get their prefix here, for here
//! it is known what was said last: a line that one process has begun never goes on with what another says.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use parcell::contract::comms::{Notice, Question};

use super::prompts::Prompt;
use super::worker_lines::Lines;
use super::worker_prefix::Prefix;
use crate::session::backtrace;
use crate::session::event::{CellId, Content, Stream};
use crate::session::locations::Locations;

/// The representation of what is shown in which places are named.
const PLAIN: &str = "text/plain";

/// A worker, and which of its streams.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Speaker {
    pub(super) pid: u32,
    pub(super) stream: Stream,
    pub(super) prefix: Prefix,
}

/// What a worker says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Said {
    pub(super) cell: CellId,
    pub(super) speaker: Arc<Speaker>,
    pub(super) what: Saying,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Saying {
    Lines(Lines),
    Content(Content),
}

/// What goes out.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Utterance {
    Output {
        cell: CellId,
        content: Content,
    },
    /// The library has said this about a comm.
    OfComm {
        cell: CellId,
        notice: Notice,
    },
    /// The same for the question about comms that was asked first.
    Asked {
        cell: CellId,
        question: Question,
    },
    /// The question that was asked first of those that have not gone out: all that was printed before it has.
    Question(Prompt),
}

/// Says it, and remembers which lines are not ended.
#[derive(Debug)]
pub(super) struct Outlet {
    said: Vec<Utterance>,
    locations: Arc<Mutex<Locations>>,
    begun: HashMap<CellId, BegunLine>,
}

/// A cell's last line, which is not ended.
#[derive(Debug)]
struct BegunLine {
    /// None for the notebook process, whose two streams may share a line.
    speaker: Option<Arc<Speaker>>,
    stream: Stream,
}

impl Outlet {
    pub(super) fn new(locations: Arc<Mutex<Locations>>) -> Outlet {
        Outlet {
            said: Vec::new(),
            locations,
            begun: HashMap::new(),
        }
    }

    /// What has been said since this was asked for.
    pub(super) fn take(&mut self) -> Vec<Utterance> {
        std::mem::take(&mut self.said)
    }

    /// A thread of the notebook process asks.
    pub(super) fn ask(&mut self, prompt: Prompt) {
        self.said.push(Utterance::Question(prompt));
    }

    /// The library says something about a comm.
    pub(super) fn tell_of_comm(&mut self, cell: CellId, notice: Notice) {
        self.said.push(Utterance::OfComm { cell, notice });
    }

    /// A thread asks about comms.
    pub(super) fn ask_about_comm(&mut self, cell: CellId, question: Question) {
        self.said.push(Utterance::Asked { cell, question });
    }

    /// The notebook process says something, or the kernel.
    pub(super) fn notebook(&mut self, cell: CellId, content: Content) {
        if is_seen(&content) && self.begun.get(&cell).is_some_and(|line| line.speaker.is_some()) {
            self.end_line(cell);
        }
        self.send(cell, content, None);
    }

    /// A worker says something.
    pub(super) fn worker(&mut self, said: Said) {
        let Said { cell, speaker, what } = said;
        match what {
            Saying::Lines(lines) => self.lines(cell, &speaker, &lines),
            Saying::Content(content) => {
                if is_seen(&content) {
                    self.end_line(cell);
                }
                if matches!(content, Content::DisplayData { .. })
                    && let Some(line) = speaker.prefix.alone()
                {
                    self.print(cell, &speaker, format!("{line}\n"));
                }
                self.send(cell, content, Some(&speaker));
            }
        }
    }

    fn lines(&mut self, cell: CellId, speaker: &Arc<Speaker>, lines: &Lines) {
        let is_its_own = |line: &BegunLine| line.speaker.as_ref().is_some_and(|last| Arc::ptr_eq(last, speaker));
        let goes_on = lines.continues && self.begun.get(&cell).is_some_and(is_its_own);
        let mut text = String::with_capacity(lines.text.len() + 32);
        let mut rest = lines.text.as_str();
        if lines.continues {
            let (first, others) = rest.split_at(rest.find('\n').map_or(rest.len(), |end| end + 1));
            rest = others;
            match (goes_on, first.strip_prefix('\r')) {
                (true, None) => text.push_str(first),
                (true, Some(anew)) => text.extend(["\r", speaker.prefix.text(), anew]),
                // Something else came between, which has ended the line.
                (false, _) if first.trim_matches(['\r', '\n']).is_empty() => {}
                (false, anew) => text.extend([speaker.prefix.text(), anew.unwrap_or(first)]),
            }
        }
        text.extend(
            rest.split_inclusive('\n')
                .flat_map(|line| [speaker.prefix.text(), line]),
        );
        if !goes_on && !text.is_empty() {
            self.end_line(cell);
        }
        self.print(cell, speaker, text);
    }

    fn print(&mut self, cell: CellId, speaker: &Arc<Speaker>, text: String) {
        if !text.is_empty() {
            let stream = speaker.stream;
            self.send(cell, Content::Stream { stream, text }, Some(speaker));
        }
    }

    /// Ends the cell's last line, if it is not ended.
    fn end_line(&mut self, cell: CellId) {
        if let Some(BegunLine { stream, .. }) = self.begun.remove(&cell) {
            let text = "\n".to_owned();
            let content = Content::Stream { stream, text };
            self.said.push(Utterance::Output { cell, content });
        }
    }

    fn send(&mut self, cell: CellId, content: Content, speaker: Option<&Arc<Speaker>>) {
        match &content {
            Content::Stream { stream, text } if !text.ends_with('\n') => {
                let (speaker, stream) = (speaker.cloned(), *stream);
                self.begun.insert(cell, BegunLine { speaker, stream });
            }
            content if is_seen(content) => {
                self.begun.remove(&cell);
            }
            _ => {}
        }
        let content = self.located(content);
        self.said.push(Utterance::Output { cell, content });
    }

    /// With the places of compiled code in it replaced by those in cells.
    fn located(&self, mut content: Content) -> Content {
        let text = match &mut content {
            Content::Stream { text, .. } => Some(text),
            Content::DisplayData { data, .. }
            | Content::UpdateDisplayData { data, .. }
            | Content::ExecuteResult { data, .. } => match data.get_mut(PLAIN) {
                Some(serde_json::Value::String(text)) => Some(text),
                _ => None,
            },
            Content::Comm(_) | Content::ClearOutput { .. } => None,
        };
        if let Some(text) = text {
            let locations = self.locations.lock().unwrap_or_else(PoisonError::into_inner);
            *text = backtrace::in_text(&locations.in_text(text), &locations).into_owned();
        }
        content
    }
}

/// Whether it appears below what the cell has shown before.
fn is_seen(content: &Content) -> bool {
    !matches!(content, Content::UpdateDisplayData { .. })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::event::MimeBundle;

    const CELL: CellId = CellId(3);

    struct Heard {
        outlet: Outlet,
    }

    impl Heard {
        fn new() -> Heard {
            let outlet = Outlet::new(Arc::default());
            Heard { outlet }
        }

        fn say(&mut self, speaker: &Arc<Speaker>, text: &str, continues: bool) {
            let text = text.to_owned();
            self.outlet.worker(Said {
                cell: CELL,
                speaker: Arc::clone(speaker),
                what: Saying::Lines(Lines { text, continues }),
            });
        }

        fn notebook(&mut self, text: &str) {
            let text = text.to_owned();
            let stream = Stream::Stdout;
            self.outlet.notebook(CELL, Content::Stream { stream, text });
        }

        /// All that was printed, with an asterisk for what is no text.
        fn seen(&mut self) -> String {
            let mut seen = String::new();
            for utterance in self.outlet.take() {
                match utterance {
                    Utterance::Output {
                        content: Content::Stream { text, .. },
                        ..
                    } => seen.push_str(&text),
                    _ => seen.push('*'),
                }
            }
            seen
        }
    }

    fn worker(pid: u32) -> Arc<Speaker> {
        Arc::new(Speaker {
            pid,
            stream: Stream::Stdout,
            prefix: Prefix::new(pid, None, anstyle::Style::new()),
        })
    }

    #[test]
    fn a_line_goes_on_where_nothing_came_between() {
        let (mut heard, one) = (Heard::new(), worker(1));
        heard.say(&one, "thinking... ", false);
        heard.say(&one, "done\nnext\n", true);
        assert_eq!(heard.seen(), "[pid 1] thinking... done\n[pid 1] next\n");
        heard.say(&one, "10 %", false);
        heard.say(&one, "\r20 %", true);
        heard.say(&one, "\n", true);
        assert_eq!(heard.seen(), "[pid 1] 10 %\r[pid 1] 20 %\n");
    }

    #[test]
    fn a_line_that_was_interrupted_goes_on_in_another() {
        let (mut heard, one, two) = (Heard::new(), worker(1), worker(2));
        heard.say(&one, "a", false);
        heard.say(&two, "b", false);
        heard.say(&one, "c\n", true);
        heard.say(&two, "\n", true);
        heard.say(&two, "\n", false);
        assert_eq!(heard.seen(), "[pid 1] a\n[pid 2] b\n[pid 1] c\n[pid 2] \n");
        heard.say(&one, "10 %", false);
        heard.notebook("x");
        heard.say(&one, "\r20 %\n", true);
        assert_eq!(heard.seen(), "[pid 1] 10 %\nx\n[pid 1] 20 %\n");
    }

    #[test]
    fn the_notebook_prints_as_it_likes() {
        let mut heard = Heard::new();
        heard.notebook("a");
        heard.notebook("b");
        heard.notebook("\n\n");
        assert_eq!(heard.seen(), "ab\n\n");
    }

    #[test]
    fn what_a_worker_displays_has_a_line_that_says_whose_it_is() {
        let (mut heard, one) = (Heard::new(), worker(1));
        let shown = |data: MimeBundle| Said {
            cell: CELL,
            speaker: Arc::clone(&one),
            what: Saying::Content(Content::display(data)),
        };
        heard.say(&one, "a", false);
        heard.outlet.worker(shown(MimeBundle::new()));
        assert_eq!(heard.seen(), "[pid 1] a\n[pid 1]\n*");
        let update = Content::UpdateDisplayData {
            data: MimeBundle::new(),
            metadata: MimeBundle::new(),
            display_id: "a".to_owned(),
        };
        heard.say(&one, "a", false);
        heard.outlet.notebook(CELL, update);
        heard.say(&one, "b\n", true);
        assert_eq!(heard.seen(), "[pid 1] a*b\n");
    }
}
