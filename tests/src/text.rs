//! Text as a person sees it: without the control sequences that colour it.

/// The text without ANSI control sequences.
pub fn without_colours(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("\x1b[") {
        plain.push_str(&rest[..start]);
        let sequence = &rest[start + 2..];
        let end = sequence.find(|character: char| ('@'..='~').contains(&character));
        rest = end.map_or("", |end| &sequence[end + 1..]);
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_control_sequences_go() {
        assert_eq!(without_colours("\x1b[1;31mred\x1b[0m [1m] \x1b"), "red [1m] \x1b");
        assert_eq!(without_colours("cut short \x1b[3"), "cut short ");
    }
}
