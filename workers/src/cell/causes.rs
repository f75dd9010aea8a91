//! Failures of one call, grouped by cause: what a reader wants to know of a hundred errors is that they are one.

use crate::error::TaskError;

/// How many causes are told apart; the rest is counted.
const LISTED: usize = 10;
/// How many further items, or processes, of a cause are named.
const NAMED: usize = 10;

/// Failures of the same kind, whose texts differ in nothing but numbers; crashes have ended in the same way.
#[derive(Debug)]
struct Cause<'a> {
    key: String,
    first: &'a TaskError,
    /// The others' items, or the PIDs of processes that have none.
    named: Vec<usize>,
    others: usize,
}

/// Each cause by its first failure and the others' items, the most frequent first.
pub(super) fn summary<'a>(errors: impl IntoIterator<Item = &'a TaskError>) -> Vec<String> {
    let mut causes = group(errors);
    // Stable: of causes that are as frequent, the one that came first.
    causes.sort_by_key(|cause| std::cmp::Reverse(cause.others));
    let mut lines: Vec<String> = causes.iter().take(LISTED).flat_map(Cause::lines).collect();
    if let Some(rest) = causes.get(LISTED..).filter(|rest| !rest.is_empty()) {
        let failures: usize = rest.iter().map(|cause| cause.others + 1).sum();
        lines.push(format!("and {failures} more, of {} other causes", rest.len()));
    }
    lines
}

fn group<'a>(errors: impl IntoIterator<Item = &'a TaskError>) -> Vec<Cause<'a>> {
    let mut causes: Vec<Cause<'a>> = Vec::new();
    for error in errors {
        let key = match error {
            TaskError::Crashed { cause, .. } => cause.to_string(),
            _ => without_numbers(&format!("{} {error}", error.kind())),
        };
        let Some(cause) = causes.iter_mut().find(|cause| cause.key == key) else {
            causes.push(Cause {
                key,
                first: error,
                named: Vec::new(),
                others: 0,
            });
            continue;
        };
        cause.others += 1;
        if cause.named.len() < NAMED {
            cause.named.extend(error.item().or(error.pid().map(|pid| pid as usize)));
        }
    }
    causes
}

impl Cause<'_> {
    fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.first.to_string()];
        if self.others > 0 {
            lines.push(self.of_the_others());
        }
        lines
    }

    fn of_the_others(&self) -> String {
        let (one, several) = match self.first.item() {
            Some(_) => ("item", "items"),
            None => ("process", "processes"),
        };
        let named: Vec<String> = self.named.iter().map(ToString::to_string).collect();
        let named = named.join(", ");
        match (self.others, self.named.len()) {
            (1, 1) => format!("  and {one} {named}"),
            (others, shown) if others > shown => format!("  and {others} more: {several} {named}, ..."),
            (others, _) => format!("  and {others} more: {several} {named}"),
        }
    }
}

/// The text with each number as `#`, so that two that differ in nothing else are the same.
fn without_numbers(text: &str) -> String {
    let mut key = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '0'..='9' if key.ends_with('#') => {}
            '0'..='9' => key.push('#'),
            _ => key.push(character),
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::CrashCause;

    fn failed(item: Option<usize>, error: &str) -> TaskError {
        TaskError::Failed {
            pid: 4711,
            item,
            error: error.to_owned(),
        }
    }

    #[test]
    fn failures_are_grouped_by_what_they_say() {
        let mut errors: Vec<_> = (0..3)
            .map(|item| failed(Some(item), &format!("no file {item}.txt")))
            .collect();
        errors.insert(0, failed(Some(9), "disk full"));
        assert_eq!(
            summary(&errors),
            [
                "item 0 (pid 4711) failed: no file 0.txt",
                "  and 2 more: items 1, 2",
                "item 9 (pid 4711) failed: disk full",
            ]
        );
    }

    #[test]
    fn many_failures_of_one_cause_are_counted() {
        let errors: Vec<_> = (0..100).map(|item| failed(Some(item), "no")).collect();
        let named = "  and 99 more: items 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, ...";
        assert_eq!(summary(&errors), ["item 0 (pid 4711) failed: no", named]);
        assert_eq!(summary(&errors[..2])[1], "  and item 1");
        let processes = [failed(None, "no"), failed(None, "no")];
        assert_eq!(summary(&processes), ["process 4711 failed: no", "  and process 4711"]);
    }

    #[test]
    fn many_causes_are_counted() {
        let errors: Vec<_> = ('a'..='z').map(|letter| failed(Some(1), &letter.to_string())).collect();
        let lines = summary(&errors);
        assert_eq!(
            (lines.len(), lines[10].as_str()),
            (11, "and 16 more, of 16 other causes")
        );
    }

    #[test]
    fn exit_codes_are_told_apart() {
        let exited = |code| TaskError::Crashed {
            pid: 1,
            item: None,
            cause: CrashCause::ExitCode(code),
            probably_out_of_memory: false,
            peak_memory: None,
        };
        assert_eq!(group([&exited(2), &exited(3), &exited(2)]).len(), 2);
    }

    #[test]
    fn the_kind_counts_too() {
        let timed_out = TaskError::TimedOut {
            pid: 1,
            item: Some(1),
            limit: std::time::Duration::from_secs(1),
        };
        assert_eq!(
            group([&failed(Some(1), "x"), &timed_out, &failed(Some(2), "x")]).len(),
            2
        );
    }
}
