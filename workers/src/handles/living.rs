//! Which of many words in shared memory stand for processes that have ended.

use crate::sys::identity::ProcessIdentity;

/// Asks the system only once about each process. For one look at a table, not for longer: processes end.
#[derive(Default)]
pub(crate) struct Living(Vec<u64>);

impl Living {
    /// Whether the process that has this word lives.
    pub(crate) fn has(&mut self, word: u64) -> bool {
        if self.0.contains(&word) {
            return true;
        }
        let lives = ProcessIdentity::from_word(word).is_some_and(ProcessIdentity::is_alive);
        if lives {
            self.0.push(word);
        }
        lives
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_has_the_word_0_and_this_process_lives() {
        let mut living = Living::default();
        assert!(!living.has(0));
        let own = ProcessIdentity::current().word();
        assert!(living.has(own) && living.has(own));
        assert_eq!(living.0, [own]);
    }
}
