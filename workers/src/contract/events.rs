//! News of workers, on the socket that the host has for them: where a worker starts and ends, what its map is done with,
//! and what else comes behind what workers have printed.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::comms::Question;

/// What the host is told, one message each.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum WorkerEvent<'a> {
    /// A thread of the notebook process reads standard input. The socket on which it awaits the answer is attached;
    /// closed, that stands for the end of input.
    InputRequested {
        /// What is asked.
        prompt: Cow<'a, str>,
        /// Whether the answer is not to be shown.
        password: bool,
    },
    /// A thread asks about comms. The socket on which it awaits the answer is attached.
    Asked {
        /// What it asks.
        question: Question,
    },
    /// A worker has been started. The read ends of its standard output and standard error are attached, in this order.
    WorkerStarted(Announcement<'a>),
    /// A worker has ended and was waited for, so that all that it wrote is in its pipes.
    WorkerExited {
        /// Which worker.
        pid: u32,
        /// Left out where it was clean, or is not known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ending: Option<Ending>,
    },
    /// These items of a map whose output is grouped are done; all that they printed is in their workers' pipes.
    ItemsDone {
        /// The map's key.
        group: Cow<'a, str>,
        /// Ranges, each from its first item to the one behind its last, in the order in which they are done.
        items: Vec<(usize, usize)>,
    },
    /// That map has ended, and its workers with it.
    GroupEnded {
        /// The map's key.
        group: Cow<'a, str>,
    },
    /// To be shown on standard error, behind what the workers have printed that have ended.
    Notice {
        /// What is shown, with its end of line.
        text: Cow<'a, str>,
    },
}

/// A worker that has been started.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Announcement<'a> {
    /// Which process it is.
    pub pid: u32,
    /// The name that its user has given it.
    pub name: Option<Cow<'a, str>>,
    /// Left out where it is the usual one.
    #[serde(default, skip_serializing_if = "OutputStyle::is_default")]
    pub output: OutputStyle,
    /// The map whose items' lines are shown together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<Group<'a>>,
    /// Whether nobody waits for it, so that the host reports an end that is not clean.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unattended: bool,
}

/// How what a worker prints is shown.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputStyle {
    /// Whole lines, each with the worker in front.
    #[default]
    Lines,
    /// As it is.
    Raw,
    /// Not at all.
    Quiet,
}

impl OutputStyle {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A map whose items' lines are shown together.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Group<'a> {
    /// Its name, and the word of the [`marks`](super::marks) in what its workers print.
    pub key: Cow<'a, str>,
    /// In which order.
    pub order: GroupOrder,
}

/// In which order the items' lines are shown.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupOrder {
    /// In that of the items.
    #[default]
    Items,
    /// In that in which they are done.
    Completion,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Ending {
    /// By itself.
    Exited {
        /// Its exit code.
        code: i32,
    },
    /// By a signal.
    Killed {
        /// The signal's number.
        signal: i32,
    },
}

#[cfg(test)]
mod tests {
    use super::super::tests::{TEXTS, returns, travels};
    use super::*;

    fn announcement(pid: u32) -> Announcement<'static> {
        Announcement {
            pid,
            name: None,
            output: OutputStyle::Lines,
            group: None,
            unattended: false,
        }
    }

    #[test]
    fn a_start_leaves_out_what_is_usual() {
        let usual = WorkerEvent::WorkerStarted(announcement(12));
        travels(&usual, r#"{"event":"worker_started","pid":12,"name":null}"#);
        let all = Announcement {
            name: Some("x".into()),
            output: OutputStyle::Quiet,
            group: Some(Group {
                key: "k3y".into(),
                order: GroupOrder::Completion,
            }),
            unattended: true,
            ..announcement(u32::MAX)
        };
        let wire = r#"{"event":"worker_started","pid":4294967295,"name":"x","output":"quiet","group":{"key":"k3y","order":"completion"},"unattended":true}"#;
        travels(&WorkerEvent::WorkerStarted(all), wire);
    }

    #[test]
    fn every_kind_of_start_returns() {
        for output in [OutputStyle::Lines, OutputStyle::Raw, OutputStyle::Quiet] {
            for order in [None, Some(GroupOrder::Items), Some(GroupOrder::Completion)] {
                for text in TEXTS {
                    let key = text.into();
                    returns(&WorkerEvent::WorkerStarted(Announcement {
                        name: Some(text.into()),
                        output,
                        group: order.map(|order| Group { key, order }),
                        unattended: output == OutputStyle::Raw,
                        ..announcement(0)
                    }));
                }
            }
        }
    }

    #[test]
    fn an_exit_has_an_ending_where_it_was_not_clean() {
        let exit = |pid, ending| WorkerEvent::WorkerExited { pid, ending };
        travels(&exit(12, None), r#"{"event":"worker_exited","pid":12}"#);
        let failed = exit(0, Some(Ending::Exited { code: 3 }));
        travels(
            &failed,
            r#"{"event":"worker_exited","pid":0,"ending":{"Exited":{"code":3}}}"#,
        );
        let killed = exit(1, Some(Ending::Killed { signal: 9 }));
        travels(
            &killed,
            r#"{"event":"worker_exited","pid":1,"ending":{"Killed":{"signal":9}}}"#,
        );
        for number in [i32::MIN, -1, 0, i32::MAX] {
            returns(&exit(u32::MAX, Some(Ending::Exited { code: number })));
            returns(&exit(u32::MAX, Some(Ending::Killed { signal: number })));
        }
    }

    #[test]
    fn news_of_a_map_return() {
        let done = |group, items| WorkerEvent::ItemsDone { group, items };
        let some = done("k3y".into(), vec![(0, 1), (7, 9)]);
        travels(&some, r#"{"event":"items_done","group":"k3y","items":[[0,1],[7,9]]}"#);
        returns(&done("".into(), vec![]));
        returns(&done("".into(), vec![(0, usize::MAX), (usize::MAX, usize::MAX)]));
        let ended = WorkerEvent::GroupEnded { group: "k3y".into() };
        travels(&ended, r#"{"event":"group_ended","group":"k3y"}"#);
    }

    #[test]
    fn texts_return_as_they_are() {
        let notice = WorkerEvent::Notice { text: "a\n".into() };
        travels(&notice, r#"{"event":"notice","text":"a\n"}"#);
        let question = WorkerEvent::InputRequested {
            prompt: "? ".into(),
            password: true,
        };
        travels(
            &question,
            r#"{"event":"input_requested","prompt":"? ","password":true}"#,
        );
        for text in TEXTS {
            returns(&WorkerEvent::Notice { text: text.into() });
            returns(&WorkerEvent::GroupEnded { group: text.into() });
            returns(&WorkerEvent::ItemsDone {
                group: text.into(),
                items: vec![(1, 2)],
            });
            returns(&WorkerEvent::InputRequested {
                prompt: text.into(),
                password: false,
            });
        }
    }
}
