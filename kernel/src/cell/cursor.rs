//! What the cursor is in: a magic, an option, a command, or Rust, and then which Rust stands for it.

use std::ops::Range;

use super::commands::is_command_line;
use super::lines;
use super::magic::{self, CellMagic, MagicLine};
use super::magics::{MAGICS, MagicHelp, magic};
use super::rewrite::rewrite;
use super::source_map::SourceMap;
use super::step::{Rewritten, Step};
use super::without_magics::without_magics;
use super::words::Words;
use super::{Variables, items, options};

/// What the cursor is in. Ranges are in the cell, of the word that the cursor is in or behind.
#[derive(Clone, Debug)]
pub(crate) enum Cursor {
    /// The name of a magic, as much of it as there is.
    Magic { word: Range<usize> },
    /// An option of this magic.
    Option {
        magic: &'static MagicHelp,
        word: Range<usize>,
    },
    /// The name of a command.
    Command { word: Range<usize> },
    /// The name of a crate that is to be added.
    Crate { word: Range<usize> },
    /// Rust.
    Rust(Excerpt),
    /// Something of which nothing is known: a number behind an option, a shell's command.
    Other,
}

/// Rust that can be analysed in the place of a cell, and where the cursor is in it.
#[derive(Clone, Debug)]
pub(crate) struct Excerpt {
    pub(crate) map: SourceMap,
    pub(crate) position: usize,
}

/// What the position (in bytes) of a cell is in.
pub(crate) fn at(cell: &str, position: usize, variables: &dyn Variables) -> Cursor {
    let line = line_at(cell, position);
    if magic::first_line(cell).is_some_and(|first| first.end < position)
        && let Some(measured) = magic::measured_cell(cell)
    {
        return at(&measured, position, variables);
    }
    let before = &cell[line.start..position];
    let first = before.trim_start();
    let leads = magic::first_line(cell).is_none_or(|first| line.start <= first.start);
    if leads && first.starts_with('?') {
        return after_question_marks(cell, position, variables);
    }
    if first.starts_with('%')
        && !first.contains(char::is_whitespace)
        && MAGICS
            .iter()
            .any(|magic| magic.name.starts_with(first) && (leads || !magic.takes_cell()))
    {
        return Cursor::Magic {
            word: position - first.len()..word_end(cell, position),
        };
    }
    // A command of which nothing has been written yet.
    if cell[line.clone()].trim() == ":" && first == ":" {
        return Cursor::Command {
            word: position - first.len()..position,
        };
    }
    let name = first.split_whitespace().next().unwrap_or_default();
    if let Some(magic) = magic(name).filter(|magic| leads || !magic.takes_cell()) {
        let arguments = position - first.len() + name.len()..line.end;
        return in_magic(cell, position, magic, arguments, variables);
    }
    let is_known = |name: &str| variables.is_known(name);
    if is_command_line(before) && is_no_rust(cell, position, &is_known) {
        return in_command(cell, position, line);
    }
    excerpt(cell, position, variables).map_or(Cursor::Other, Cursor::Rust)
}

/// The Rust that stands for a cell of which the position (in bytes) is in Rust.
fn excerpt(cell: &str, position: usize, variables: &dyn Variables) -> Option<Excerpt> {
    let line = match magic::find(cell) {
        Ok(Some(line)) if line.magic.takes_text() => return None,
        Ok(Some(line)) if matches!(line.magic, CellMagic::Pool | CellMagic::Process) => line,
        _ => {
            let map = plain(cell, &|name| variables.is_known(name));
            return map.position_of(position).map(|position| Excerpt { map, position });
        }
    };
    // The types of a closure's parameters are known where it is called.
    if let Some(excerpt) = in_rewritten(cell, position, variables) {
        return Some(excerpt);
    }
    let mut map = SourceMap::default();
    map.copy(cell, line.body.clone());
    if position > line.body.start {
        return map.position_of(position).map(|position| Excerpt { map, position });
    }
    map.generate(";\n", line.name.clone());
    let expression = expression(cell, &line)?;
    let start = map.text().len();
    let position = start + position.checked_sub(expression.start)?;
    map.copy(cell, expression);
    (position <= map.text().len()).then_some(Excerpt { map, position })
}

/// The position in what a cell magic is rewritten to.
fn in_rewritten(cell: &str, position: usize, variables: &dyn Variables) -> Option<Excerpt> {
    rewrite(cell, variables)
        .ok()?
        .into_iter()
        .find_map(|part| match part.step {
            Step::Run(Rewritten { map, .. }) => {
                let position = map.position_of(position)?;
                Some(Excerpt { map, position })
            }
            _ => None,
        })
}

/// A cell without commands and line magics: to analyse it must not run them.
fn plain(cell: &str, is_known: &dyn Fn(&str) -> bool) -> SourceMap {
    let rust = without_magics(cell);
    let mut map = SourceMap::default();
    let mut start = 0;
    for line in lines::scan(&rust, 0..rust.len(), is_known) {
        map.copy(&rust, start..line.range.start);
        start = line.range.end;
    }
    map.copy(&rust, start..rust.len());
    map
}

/// Whether the position is in a line that is not Rust.
fn is_no_rust(cell: &str, position: usize, is_known: &dyn Fn(&str) -> bool) -> bool {
    lines::scan(cell, 0..cell.len(), is_known)
        .iter()
        .any(|line| (line.range.start..=line.range.end).contains(&position))
}

/// The expression behind a cell magic's options.
fn expression(cell: &str, line: &MagicLine) -> Option<Range<usize>> {
    let name = match line.magic {
        CellMagic::Pool => "%%pool",
        CellMagic::Process => "%%process",
        _ => return None,
    };
    let mut words = Words::new(cell, line.arguments.clone());
    let rest = options::behind(&mut words, magic(name)?);
    Some(items::split(cell, rest).expression.range)
}

fn in_magic(
    cell: &str,
    position: usize,
    magic: &'static MagicHelp,
    arguments: Range<usize>,
    variables: &dyn Variables,
) -> Cursor {
    let mut words = Words::new(cell, arguments.clone());
    while let Some(word) = words.peek().filter(|word| options::is_option(word.text)) {
        let (flag, has_value) = words.next_flag();
        if flag.range.end >= position && flag.range.start < position {
            return Cursor::Option {
                magic,
                word: flag.range,
            };
        }
        if word.text == "--" {
            break;
        }
        let option = magic.option(flag.text);
        if has_value || option.is_some_and(|option| option.value.is_some()) {
            let value = words.next_value();
            let end = value.as_ref().map_or(arguments.end, |value| value.range.end);
            if (flag.range.end..=end).contains(&position) {
                return match (option.and_then(|option| option.value), value) {
                    (Some("ITEMS"), Some(value)) => in_value(cell, position, value.range),
                    _ => Cursor::Other,
                };
            }
        }
    }
    if magic.takes_cell() {
        let mut words = Words::new(cell, arguments);
        let expression = items::split(cell, options::behind(&mut words, magic));
        if expression.target.is_some_and(|target| position >= target.range.start) {
            return Cursor::Other;
        }
        return excerpt(cell, position, variables).map_or(Cursor::Other, Cursor::Rust);
    }
    let line = arguments.start - magic.name.len()..arguments.end;
    let Some(start) = lines::measured_code(cell, line) else {
        return Cursor::Other;
    };
    let mut map = SourceMap::default();
    map.copy(cell, start..arguments.end);
    map.position_of(position)
        .map_or(Cursor::Other, |position| Cursor::Rust(Excerpt { map, position }))
}

/// A position in the value of an option that is Rust.
fn in_value(cell: &str, position: usize, value: Range<usize>) -> Cursor {
    let mut map = SourceMap::default();
    map.copy(cell, value);
    map.position_of(position)
        .map_or(Cursor::Other, |position| Cursor::Rust(Excerpt { map, position }))
}

fn in_command(cell: &str, position: usize, line: Range<usize>) -> Cursor {
    let mut words = Words::new(cell, line.clone());
    let Some(name) = words.next() else { return Cursor::Other };
    if name.text.starts_with('!') {
        return Cursor::Other;
    }
    if position <= name.range.end {
        return Cursor::Command { word: name.range };
    }
    match name.text {
        ":dep" => {
            let start = words.peek().map_or(position, |word| word.range.start.min(position));
            let is_name = |character: char| character.is_alphanumeric() || matches!(character, '-' | '_');
            if !cell[start..position].chars().all(is_name) {
                return Cursor::Other;
            }
            let rest = &cell[position..line.end];
            let end = position + rest.find(|character| !is_name(character)).unwrap_or(rest.len());
            Cursor::Crate { word: start..end }
        }
        ":doc" | ":type" | ":t" => {
            let mut map = SourceMap::default();
            map.copy(cell, name.range.end..line.end);
            map.position_of(position)
                .map_or(Cursor::Other, |position| Cursor::Rust(Excerpt { map, position }))
        }
        _ => Cursor::Other,
    }
}

/// What stands behind `?` is what it would be without.
fn after_question_marks(cell: &str, position: usize, variables: &dyn Variables) -> Cursor {
    let marks = cell[..position].chars().filter(|character| *character == '?').count();
    let blank = cell.replacen('?', " ", marks);
    match at(&blank, position, variables) {
        // The operators `:` and `%` would not be taken for one behind white space.
        Cursor::Other if blank[..position].trim_start().starts_with(':') => Cursor::Command {
            word: position - blank[..position].trim_start().len()..word_end(cell, position),
        },
        found => found,
    }
}

fn line_at(cell: &str, position: usize) -> Range<usize> {
    let start = cell[..position].rfind('\n').map_or(0, |newline| newline + 1);
    let end = cell[position..]
        .find('\n')
        .map_or(cell.len(), |length| position + length);
    start..end
}

fn word_end(cell: &str, position: usize) -> usize {
    let rest = &cell[position..];
    position + rest.find(char::is_whitespace).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::super::rewrite::tests::Known;
    use super::*;

    /// What the place marked with `|` is in, and the word or the Rust before it.
    fn found(marked: &str) -> (&'static str, String) {
        let position = marked.find('¦').unwrap();
        let cell = marked.replacen('¦', "", 1);
        let variables = Known(&[("numbers", "Vec<u64>")]);
        match at(&cell, position, &variables) {
            Cursor::Magic { word } => ("magic", cell[word].to_owned()),
            Cursor::Option { word, .. } => ("option", cell[word].to_owned()),
            Cursor::Command { word } => ("command", cell[word].to_owned()),
            Cursor::Crate { word } => ("crate", cell[word].to_owned()),
            Cursor::Rust(Excerpt { map, position }) => ("rust", map.text()[..position].to_owned()),
            Cursor::Other => ("other", String::new()),
        }
    }

    fn is(marked: &str, kind: &str, text: &str) {
        assert_eq!(found(marked), (kind, text.to_owned()), "{marked}");
    }

    #[test]
    fn magics_and_their_options() {
        is("%%po¦", "magic", "%%po");
        is("// squares\n\n%%p¦ol", "magic", "%%pol");
        is("?%%po¦", "magic", "%%po");
        is("%%pool --kee¦", "option", "--kee");
        is("%%capture said\n%%pool --kee¦", "option", "--kee");
        is("%%time\n%%po¦", "magic", "%%po");
        is("%%time\n%%bash\nnum¦", "other", "");
        is("%%pool -n 4 -¦ 0..3", "option", "-");
        is("%%pool -n 4¦", "other", "");
        is("%%pool --workers=4 --ret¦ 0..3", "option", "--ret");
        is("%%pool --timeout=1¦ 0..3", "other", "");
        is("%%process --args num¦ -n 3", "rust", "num");
        is("%%pool 0..3 -> na¦", "other", "");
        is("let a = 7\n%%po¦", "rust", "let a = 7\n%%po");
    }

    #[test]
    fn commands_and_crates() {
        is(":¦", "command", ":");
        is(":de¦", "command", ":de");
        is("  :vars\n:sho¦", "command", ":sho");
        is(":dep ra¦ = \"0.9\"", "crate", "ra");
        is(":dep ¦", "crate", "");
        is(":dep rand = \"0¦", "other", "");
        is(":type num¦", "rust", " num");
        is("?:de¦", "command", ":de");
        is("let a = 1;\n:de¦", "command", ":de");
        is("let a\n    :u¦", "rust", "let a\n    :u");
        is("!ls fo¦", "other", "");
    }

    #[test]
    fn rust_stands_without_commands() {
        is(":dep a\n!ls\nlet é = nu¦", "rust", "\n;  \nlet é = nu");
        is("?nu¦", "rust", " nu");
    }

    #[test]
    fn rust_in_the_expression_of_a_magic_and_below_it() {
        is("%%pool -n 4 num¦", "rust", ";\nnum");
        is("%%pool -n 4 num¦\nstruct P;", "rust", "\nstruct P;;\nnum");
        is("%%pool ¦", "rust", ";\n");
        let (kind, text) = found("%%pool numbers.it¦\n|n| n");
        assert!(
            kind == "rust" && text.contains("|n| n") && text.ends_with("numbers.it"),
            "{text}"
        );
        let (kind, text) = found("%%pool -k numbers -> a\n|n| n.po¦");
        assert!(
            kind == "rust" && text.ends_with("|n| n.po") && text.contains(".map_results("),
            "{text}"
        );
        let (kind, text) = found("%%pool numbers.it¦ -> a\nfn f(n: u8) -> u8 { n }");
        assert!(
            kind == "rust" && text.contains("fn f(n: u8)") && text.ends_with("numbers.it"),
            "{text}"
        );
        is("%%process\nfn f() { numbers.le¦", "rust", "\nfn f() { numbers.le");
    }
}
