//! `%%bash`, `%%writefile`, `%%html` and its like: magics for a cell's text as it is.

use super::arguments::unquoted;
use super::magic::{MagicLine, leave_out};
use super::magic_error::MagicError;
use super::magics::{self, MagicHelp};
use super::options::{self, Options};
use super::source_map::SourceMap;
use super::words::{Words, is_identifier};

/// `%%bash`: the rest of the cell as a script.
pub(super) fn bash(cell: &str, line: &MagicLine) -> Result<SourceMap, MagicError> {
    no_arguments(cell, line)?;
    let mut map = leave_out(cell, line);
    map.generate(
        &format!("parcell::cell::bash({:?});", text(cell, line)),
        line.name.clone(),
    );
    Ok(map)
}

/// `%%writefile`: the rest of the cell into a file.
pub(super) fn write_file(cell: &str, line: &MagicLine) -> Result<SourceMap, MagicError> {
    let usage = usage(cell, line);
    let mut words = Words::new(cell, line.arguments.clone());
    let append = match magics::find(&cell[line.name.clone()]) {
        Some(magic) => Options::read(&mut words, magic)?.has("--append"),
        None => false,
    };
    let path = words.rest();
    if path.text.is_empty() {
        return Err(MagicError::new(
            line.name.clone(),
            "there is no file to write to",
            "writes nothing",
            format!("name a file, as in `%%writefile notes.txt`: the magic is {usage}"),
        ));
    }
    let mut content = text(cell, line).to_owned();
    if !content.is_empty() && !content.ends_with('\n') {
        content.push('\n');
    }
    let mut map = leave_out(cell, line);
    let call = format!(
        "parcell::cell::write_file({:?}, {append}, {content:?});",
        unquoted(path.text)
    );
    map.generate(&call, path.range);
    Ok(map)
}

/// `%%html` and its like: the rest of the cell.
pub(super) fn document<'a>(cell: &'a str, line: &MagicLine) -> Result<&'a str, MagicError> {
    no_arguments(cell, line)?;
    let text = text(cell, line);
    if text.trim().is_empty() {
        return Err(MagicError::new(
            line.name.clone(),
            "there is nothing to show in this cell",
            "shows nothing",
            "write what is to be shown on the lines below",
        ));
    }
    Ok(text)
}

/// `%%capture`: the name of the variable that takes what the cell prints and shows, if it is to be kept.
pub(super) fn captured_in(cell: &str, line: &MagicLine) -> Result<Option<String>, MagicError> {
    let mut words = Words::new(cell, line.arguments.clone());
    let Some(word) = words.peek().filter(|word| !word.text.starts_with("//")) else {
        return Ok(None);
    };
    words.next();
    let help = format!("the magic is {}", usage(cell, line));
    options::refuse_more(&words, help.clone())?;
    if !is_identifier(word.text) {
        let message = format!("`{}` cannot be the name of a variable", word.text);
        return Err(MagicError::new(word.range, message, "not a name", help));
    }
    Ok(Some(word.text.to_owned()))
}

/// Nothing may follow the magic on its line.
pub(super) fn no_arguments(cell: &str, line: &MagicLine) -> Result<(), MagicError> {
    let help = format!(
        "the magic is {}; what it is for follows on the lines below",
        usage(cell, line)
    );
    options::refuse_more(&Words::new(cell, line.arguments.clone()), help)
}

fn usage(cell: &str, line: &MagicLine) -> String {
    magics::find(&cell[line.name.clone()]).map_or_else(String::new, MagicHelp::usage)
}

/// What follows the magic's line.
fn text<'a>(cell: &'a str, line: &MagicLine) -> &'a str {
    let rest = &cell[line.body.clone()];
    rest.strip_prefix("\r\n")
        .or_else(|| rest.strip_prefix('\n'))
        .unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::super::rewrite::rewrite;
    use super::super::rewrite::tests::{Known, refused, rewritten};
    use super::super::step::Step;

    #[test]
    fn scripts_and_files_are_passed_on_as_they_are() {
        assert_eq!(
            rewritten("%%bash\necho \"%who\"\n!x\n%%pool\n"),
            "parcell::cell::bash(\"echo \\\"%who\\\"\\n!x\\n%%pool\\n\");"
        );
        assert_eq!(
            rewritten("// first\n%%writefile -a 'a b.txt'\n  é\n{\"x\"}"),
            "\nparcell::cell::write_file(\"a b.txt\", true, \"  é\\n{\\\"x\\\"}\\n\");"
        );
        assert_eq!(
            rewritten("%%writefile x"),
            "parcell::cell::write_file(\"x\", false, \"\");"
        );
    }

    #[test]
    fn documents_are_shown_as_they_are() {
        let parts = rewrite("%%html\n<b>%who</b>\n", &Known(&[])).unwrap();
        let Step::Show { mime, text } = &parts[0].step else {
            panic!("{parts:?}")
        };
        assert_eq!((parts.len(), *mime, text.as_str()), (1, "text/html", "<b>%who</b>\n"));
    }

    #[test]
    fn mistakes_are_pointed_at() {
        for (cell, message, at) in [
            ("%%bash -x\nls", "`-x` is not expected here", "-x"),
            ("%%writefile\nls", "there is no file to write to", "%%writefile"),
            ("%%writefile -b x\nls", "there is no option `-b`", "-b"),
            ("%%html <b>\n</b>", "`<b>` is not expected here", "<b>"),
            ("%%capture a b\n1", "`b` is not expected here", "b"),
            ("%%capture let\n1", "`let` cannot be the name of a variable", "let"),
            ("%%svg\n\n", "there is nothing to show in this cell", "%%svg"),
            (
                "%%pool 0..3\n%reset\nfn f(x: u8) {}",
                "`%reset` cannot be part of a `%%pool` cell",
                "%reset",
            ),
        ] {
            assert_eq!(refused(cell), (message.to_owned(), at.to_owned()), "{cell}");
        }
    }
}
