//! Magics that are a line and that the session answers: it knows the notebook's variables and the code of its cells.

use super::arguments::Arguments;
use super::history_range::HistoryRange;
use super::lines::{Line, LineKind};
use super::magic_error::{MagicError, suggestion};
use super::magics::{self, MagicHelp};
use super::query::Query;
use super::source_map::SourceMap;
use super::step::{FilePurpose, History, Rewritten, Save, Step};
use super::words::Word;

/// What the session does for a line; None for a line that becomes Rust.
pub(super) fn session_step(cell: &str, line: &Line) -> Result<Option<Step>, MagicError> {
    if line.kind != LineKind::Magic {
        return Ok(None);
    }
    let mut arguments = Arguments::of(cell, line);
    let step = match arguments.name.text {
        "%who" => Step::Who,
        "%whos" => Step::Whos,
        "%reset" => {
            // There is nothing to confirm, but IPython's users are used to saying so.
            arguments.take_if("-f");
            Step::Reset
        }
        "%lsmagic" => Step::ListMagics,
        "%help" => match arguments.next() {
            Some(word) => Step::Help(help_on(&word)?),
            None => Step::ListMagics,
        },
        "%pinfo" => Step::Explain(query(&mut arguments, false)?),
        "%pinfo2" => Step::Explain(query(&mut arguments, true)?),
        "%history" => Step::History(history(&mut arguments)?),
        "%save" => Step::Save(save(&mut arguments, line)?),
        "%fmt" => Step::FormatEarlier(ranges(&mut arguments)?),
        "%run" => read_file(&mut arguments, line, FilePurpose::Run)?,
        "%load" => read_file(&mut arguments, line, FilePurpose::Load)?,
        _ => return Ok(None),
    };
    arguments.end()?;
    if line.nested {
        let name = arguments.name;
        return Err(MagicError::new(
            name.range,
            format!("`{}` is inside a block", name.text),
            "inside a block",
            "it is about the whole notebook: put it on a line outside of functions and loops",
        ));
    }
    Ok(Some(step))
}

fn help_on(word: &Word<'_>) -> Result<&'static MagicHelp, MagicError> {
    magics::find(word.text).ok_or_else(|| {
        let help = format!(
            "{}`%lsmagic` lists all magics; `:help` lists the commands that begin with a colon",
            suggestion(word.text, magics::MAGICS.iter().map(|magic| magic.name))
        );
        let message = format!("there is no magic `{}`", word.text);
        MagicError::new(word.range.clone(), message, "unknown magic", help)
    })
}

fn query(arguments: &mut Arguments<'_>, source: bool) -> Result<Query, MagicError> {
    let name = arguments
        .next()
        .ok_or_else(|| missing(arguments, "name", "asks about nothing"))?;
    Ok(Query {
        name: name.range,
        source,
    })
}

fn history(arguments: &mut Arguments<'_>) -> Result<History, MagicError> {
    let options = arguments.options(magics::known("%history"))?;
    let ranges = ranges(arguments)?;
    Ok(History {
        numbered: options.has("--numbers"),
        containing: options.get("--grep").map(|given| given.value().text.to_owned()),
        ranges,
    })
}

fn save(arguments: &mut Arguments<'_>, line: &Line) -> Result<Save, MagicError> {
    let options = arguments.options(magics::known("%save"))?;
    let path = arguments.next_path();
    let path = path.ok_or_else(|| missing(arguments, "file", "saves to nowhere"))?;
    Ok(Save {
        path: path.text.to_owned(),
        may_replace: options.has("--force"),
        ranges: ranges(arguments)?,
        place: line.range.clone(),
    })
}

fn ranges(arguments: &mut Arguments<'_>) -> Result<Vec<HistoryRange>, MagicError> {
    let mut ranges = Vec::new();
    while let Some(word) = arguments.next() {
        let range = HistoryRange::parse(word.text).ok_or_else(|| {
            MagicError::new(
                word.range,
                format!("`{}` names no cells", word.text),
                "names no cells",
                "name them by their numbers, as in `3`, `3-5` or `3-`",
            )
        })?;
        ranges.push(range);
    }
    Ok(ranges)
}

fn read_file(arguments: &mut Arguments<'_>, line: &Line, purpose: FilePurpose) -> Result<Step, MagicError> {
    let path = arguments.next_path();
    let path = path.ok_or_else(|| missing(arguments, "file", "reads nothing"))?;
    let mut map = SourceMap::default();
    map.generate(
        &format!("parcell::cell::name_file({:?});", path.text),
        line.range.clone(),
    );
    Ok(Step::ReadFile {
        naming: Rewritten::plain(map),
        purpose,
        place: line.range.clone(),
    })
}

fn missing(arguments: &Arguments<'_>, what: &str, label: &str) -> MagicError {
    let name = &arguments.name;
    MagicError::new(
        name.range.clone(),
        format!("`{}` needs a {what}", name.text),
        label,
        format!("the magic is {}", arguments.usage()),
    )
}

#[cfg(test)]
mod tests {
    use super::super::rewrite::rewrite;
    use super::super::rewrite::tests::{Known, refused};
    use super::*;

    fn step(cell: &str) -> Step {
        rewrite(cell, &Known(&[])).unwrap().remove(0).step
    }

    #[test]
    fn cells_are_chosen_by_their_numbers() {
        let Step::History(History {
            numbered,
            containing,
            ranges,
        }) = step("%history -n -g vec 3 5-7 9-")
        else {
            panic!("no history")
        };
        assert!(numbered && containing.as_deref() == Some("vec"));
        let chosen: Vec<u32> = (1..12)
            .filter(|cell| ranges.iter().any(|range| range.contains(*cell)))
            .collect();
        assert_eq!(chosen, [3, 5, 6, 7, 9, 10, 11]);
        let Step::Save(save) = step("%save -f 'a b.rs' 1-2") else {
            panic!("not saved")
        };
        assert_eq!(
            (save.path.as_str(), save.may_replace, save.ranges.len()),
            ("a b.rs", true, 1)
        );
    }

    #[test]
    fn files_are_named_by_the_notebook_process() {
        let Step::ReadFile { naming, purpose, .. } = step("%run notebooks/pool.ipynb // all of it") else {
            panic!("no file")
        };
        assert_eq!(naming.map.text(), "parcell::cell::name_file(\"notebooks/pool.ipynb\");");
        assert_eq!(purpose, FilePurpose::Run);
    }

    #[test]
    fn mistakes_are_pointed_at() {
        for (cell, message, at) in [
            ("%pinfo", "`%pinfo` needs a name", "%pinfo"),
            ("%run", "`%run` needs a file", "%run"),
            ("%load a.rs b.rs", "`b.rs` is not expected here", "b.rs"),
            ("%save", "`%save` needs a file", "%save"),
            ("%save a.rs one", "`one` names no cells", "one"),
            ("%history 5-3", "`5-3` names no cells", "5-3"),
            ("%history -x", "there is no option `-x`", "-x"),
            ("fn f() {\n%run a.rs\n}", "`%run` is inside a block", "%run"),
        ] {
            assert_eq!(refused(cell), (message.to_owned(), at.to_owned()), "{cell}");
        }
    }
}
