//! `%%bash` and `%%writefile`: magics for a cell's text as it is.

use super::line_magic::unquoted;
use super::magic::MagicLine;
use super::magic_error::MagicError;
use super::magics;
use super::options::Options;
use super::rewrite::leave_out_magic;
use super::source_map::SourceMap;
use super::words::Words;

/// `%%bash`: the rest of the cell as a script.
pub(super) fn bash(cell: &str, line: &MagicLine) -> Result<SourceMap, MagicError> {
    no_arguments(cell, line)?;
    let mut map = leave_out_magic(cell, line);
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
    let mut map = leave_out_magic(cell, line);
    let call = format!(
        "parcell::cell::write_file({:?}, {append}, {content:?});",
        unquoted(path.text)
    );
    map.generate(&call, path.range);
    Ok(map)
}

/// Nothing may follow the magic on its line.
pub(super) fn no_arguments(cell: &str, line: &MagicLine) -> Result<(), MagicError> {
    let word = Words::new(cell, line.arguments.clone()).next();
    match word.filter(|word| !word.text.starts_with("//")) {
        None => Ok(()),
        Some(word) => Err(MagicError::new(
            word.range,
            format!("`{}` is not expected here", word.text),
            "unexpected",
            format!(
                "the magic is {}; what it is for follows on the lines below",
                usage(cell, line)
            ),
        )),
    }
}

fn usage(cell: &str, line: &MagicLine) -> &'static str {
    magics::find(&cell[line.name.clone()]).map_or("", |magic| magic.usage)
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
    use super::super::rewrite::tests::{refused, rewritten};

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
    fn mistakes_are_pointed_at() {
        for (cell, message, at) in [
            ("%%bash -x\nls", "`-x` is not expected here", "-x"),
            ("%%writefile\nls", "there is no file to write to", "%%writefile"),
            ("%%writefile -b x\nls", "there is no option `-b`", "-b"),
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
