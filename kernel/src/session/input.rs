//! What cells ask: one question at a time is put to whoever submitted the cell that runs, the others wait their turn.
//!
//! A question is a socket on which a thread of the notebook process waits. Without an answer the socket is closed, and
//! the thread finds the end of standard input: so do threads that ask while no cell runs, and all that still wait when
//! their cell ends.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Seek, Write};
use std::os::fd::AsFd;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::event::{Cell, CellId, Content, Event, InputRequest, InputRequestId, Stream};
use super::events::EventSender;
use crate::process::channel::Channel;
use crate::process::messages::Answered;
use rustix::fs::{MemfdFlags, memfd_create};

const NOBODY_TO_ASK: &str = "parcell: nobody can be asked for input here, so standard input is empty\n";

/// The questions of a session's cells.
#[derive(Debug)]
pub(super) struct Questions {
    state: Mutex<InputState>,
    events: EventSender,
}

#[derive(Debug, Default)]
struct InputState {
    /// The cell that may ask.
    cell: Option<Asking>,
    /// How many questions have been asked.
    count: u64,
    /// The first has been put and is to be answered.
    pending: VecDeque<(InputRequest, Channel)>,
}

#[derive(Debug)]
struct Asking {
    cell: CellId,
    allowed: bool,
    /// Whether the cell has been told that there is nobody to ask.
    told: bool,
}

impl Questions {
    pub(super) fn new(events: EventSender) -> Questions {
        Questions {
            state: Mutex::default(),
            events,
        }
    }

    /// What is asked from now on is asked under this cell.
    pub(super) fn begin(&self, cell: &Cell) {
        let mut state = self.state();
        state.pending.clear();
        state.cell = Some(Asking {
            cell: cell.id,
            allowed: cell.allow_stdin,
            told: false,
        });
    }

    /// The cell has ended: nobody is asked any more.
    pub(super) fn end(&self) {
        let mut state = self.state();
        state.cell = None;
        state.pending.clear();
    }

    /// A thread asks, and awaits the answer on `asker`.
    pub(super) fn ask(&self, prompt: String, password: bool, asker: Channel) {
        let mut state = self.state();
        let Some(asking) = &mut state.cell else {
            return tracing::debug!("input was asked for while no cell ran");
        };
        let cell = asking.cell;
        if !asking.allowed {
            if !std::mem::replace(&mut asking.told, true) {
                let (stream, text) = (Stream::Stderr, NOBODY_TO_ASK.to_owned());
                let content = Content::Stream { stream, text };
                self.say(Event::Output { cell, content });
            }
            return;
        }
        state.count += 1;
        let question = InputRequest {
            id: InputRequestId(state.count),
            cell,
            prompt,
            password,
        };
        state.pending.push_back((question, asker));
        if state.pending.len() == 1 {
            self.put_first(&state);
        }
    }

    /// Answers a question; None is the end of input. False where it waits for no answer.
    pub(super) fn answer(&self, id: InputRequestId, answer: Option<&str>) -> bool {
        let mut state = self.state();
        if state.pending.front().is_none_or(|(question, _)| question.id != id) {
            return false;
        }
        let asker = state.pending.pop_front();
        self.put_first(&state);
        drop(state);
        if let (Some((_, asker)), Some(answer)) = (asker, answer)
            && let Err(error) = send(answer, &asker)
        {
            tracing::warn!(%error, "an answer could not be given to the cell that asked");
        }
        true
    }

    fn put_first(&self, state: &InputState) {
        if let Some((question, _)) = state.pending.front() {
            self.say(Event::InputRequest(question.clone()));
        }
    }

    fn say(&self, event: Event) {
        self.events.send(event);
    }

    fn state(&self) -> MutexGuard<'_, InputState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// In a file, which has room for any answer: sending waits for nobody.
pub(super) fn send(answer: &str, asker: &Channel) -> io::Result<()> {
    let mut file = File::from(memfd_create("parcell-answer", MemfdFlags::CLOEXEC)?);
    file.write_all(answer.as_bytes())?;
    file.rewind()?;
    asker.send(&Answered, &[file.as_fd()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::channel::ReceiveError;
    use std::io::Read;
    use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

    fn questions(allow_stdin: bool) -> (Questions, UnboundedReceiver<Event>) {
        let (sender, events) = unbounded_channel();
        let questions = Questions::new(sender.into());
        questions.begin(&Cell {
            id: CellId(3),
            execution_count: 1,
            code: String::new(),
            allow_stdin,
        });
        (questions, events)
    }

    /// Asks as a thread of the notebook process does, and gives the end on which the answer comes.
    fn ask(questions: &Questions, prompt: &str) -> Channel {
        let (ours, asker) = Channel::pair().unwrap();
        questions.ask(prompt.to_owned(), false, asker);
        ours
    }

    fn answer_to(asker: &Channel) -> Option<String> {
        match asker.receive::<Answered>() {
            Ok((Answered, descriptors)) => {
                let mut text = String::new();
                let file = descriptors.into_iter().next().unwrap();
                File::from(file).read_to_string(&mut text).unwrap();
                Some(text)
            }
            Err(ReceiveError::Closed) => None,
            Err(error) => panic!("{error}"),
        }
    }

    fn next_question(events: &mut UnboundedReceiver<Event>) -> InputRequest {
        match events.try_recv() {
            Ok(Event::InputRequest(question)) => question,
            other => panic!("not a question: {other:?}"),
        }
    }

    #[test]
    fn questions_are_put_one_after_another_and_answered_once() {
        let (questions, mut events) = questions(true);
        let [one, two] = ["one", "two"].map(|prompt| ask(&questions, prompt));
        let first = next_question(&mut events);
        assert_eq!((first.prompt.as_str(), first.cell), ("one", CellId(3)));
        assert!(events.try_recv().is_err(), "the second waits");
        assert!(questions.answer(first.id, Some("1")));
        assert!(!questions.answer(first.id, Some("again")));
        assert_eq!(answer_to(&one).as_deref(), Some("1"));
        let second = next_question(&mut events);
        let long = "x".repeat(1 << 20);
        assert!(questions.answer(second.id, Some(&long)));
        assert_eq!(answer_to(&two), Some(long));
    }

    #[test]
    fn what_has_no_answer_when_the_cell_ends_ends() {
        let (questions, mut events) = questions(true);
        let askers = ["one", "two"].map(|prompt| ask(&questions, prompt));
        let first = next_question(&mut events);
        questions.end();
        assert_eq!(askers.each_ref().map(answer_to), [None, None]);
        assert!(!questions.answer(first.id, Some("late")));
        assert_eq!(answer_to(&ask(&questions, "between cells")), None);
    }

    #[test]
    fn end_of_input_is_an_answer() {
        let (questions, mut events) = questions(true);
        let asker = ask(&questions, "");
        assert!(questions.answer(next_question(&mut events).id, None));
        assert_eq!(answer_to(&asker), None);
    }

    #[test]
    fn who_cannot_be_asked_is_told_of_once() {
        let (questions, mut events) = questions(false);
        for _ in 0..2 {
            assert_eq!(answer_to(&ask(&questions, "")), None);
        }
        assert!(matches!(
            events.try_recv(),
            Ok(Event::Output { cell: CellId(3), content: Content::Stream { stream: Stream::Stderr, text } })
                if text == NOBODY_TO_ASK
        ));
        assert!(events.try_recv().is_err());
    }
}
