//! Text as a person sees it: without the control sequences that colour it, without the indentation of the test around it.

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

/// A cell's code as it is sent. Where a test lays it out as a block, which begins with a line break, the line breaks
/// at both ends and the indentation that all lines share are the test's.
pub fn cell_code(laid_out: &str) -> String {
    let Some(block) = laid_out.strip_prefix('\n') else {
        return laid_out.to_owned();
    };
    let lines = || block.trim_end().lines();
    let indentation = |line: &str| line.len() - line.trim_start().len();
    let shared = lines().filter(|line| !line.trim().is_empty()).map(indentation).min();
    let code: Vec<&str> = lines()
        .map(|line| line.get(shared.unwrap_or(0)..).unwrap_or(""))
        .collect();
    code.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_control_sequences_go() {
        assert_eq!(without_colours("\x1b[1;31mred\x1b[0m [1m] \x1b"), "red [1m] \x1b");
        assert_eq!(without_colours("cut short \x1b[3"), "cut short ");
    }

    #[test]
    fn a_block_loses_the_indentation_of_the_test() {
        let block = r#"
            %%pool 0..3
            fn f(n: u8) -> &str {

                "😀"
            }
        "#;
        assert_eq!(cell_code(block), "%%pool 0..3\nfn f(n: u8) -> &str {\n\n    \"😀\"\n}");
        assert_eq!(cell_code("\n    // only a comment\n"), "// only a comment");
    }

    #[test]
    fn code_in_one_line_is_sent_as_it_is() {
        for code in ["", "1 + 2", "  1\n    + 2\n"] {
            assert_eq!(cell_code(code), code);
        }
    }
}
