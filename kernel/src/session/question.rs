//! Questions for rust-analyzer, which has one thread: who asks waits for the answer as long as that takes, but for its
//! turn only so long.

use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

/// How long rust-analyzer may take to come to a question while a cell is evaluated, whose types it may infer or whose crates
/// it may read. JupyterLab waits a second for completions.
pub(super) const TURN: Duration = Duration::from_millis(600);

/// The same while it has nothing to do but to start, which takes a few seconds, unless the machine is busy.
pub(super) const START: Duration = Duration::from_secs(60);

/// A question, as who answers it sees it.
#[derive(Debug)]
pub(super) struct Question<T> {
    begun: oneshot::Sender<()>,
    reply: oneshot::Sender<T>,
}

/// The answer to a question, as who asks sees it.
#[derive(Debug)]
pub(super) struct Answer<T> {
    begun: oneshot::Receiver<()>,
    reply: oneshot::Receiver<T>,
}

/// The two sides of a question.
pub(super) fn question<T>() -> (Question<T>, Answer<T>) {
    let (begin, begun) = oneshot::channel();
    let (send, reply) = oneshot::channel();
    (
        Question {
            begun: begin,
            reply: send,
        },
        Answer { begun, reply },
    )
}

impl<T> Question<T> {
    /// Finds the answer, unless nobody waits for it any more.
    pub(super) fn answer(self, find: impl FnOnce() -> T) {
        if self.begun.send(()).is_ok() {
            // Who asked may have gone meanwhile.
            let _ = self.reply.send(find());
        }
    }
}

impl<T> Answer<T> {
    /// The answer; None where the question's turn does not come in this time, or never will.
    pub(super) async fn get(self, turn: Duration) -> Option<T> {
        timeout(turn, self.begun).await.ok()?.ok()?;
        self.reply.await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_asks_waits_for_an_answer_but_not_for_its_turn() {
        let (asked, answer) = question();
        let answering = tokio::spawn(async move {
            asked.begun.send(()).unwrap();
            tokio::time::sleep(TURN * 50).await;
            asked.reply.send(7).unwrap();
        });
        assert_eq!(answer.get(TURN).await, Some(7));
        answering.await.unwrap();

        let (asked, answer) = question::<u8>();
        assert_eq!(answer.get(TURN).await, None);
        asked.answer(|| panic!("nobody waits for this"));
    }
}
