//! What the session does for magics: it knows the notebook's variables, the code of its cells, and what a cell puts out.

use std::io;
use std::ops::Range;
use std::path::Path;

use parcell::contract::inspection::Look;

use super::{Engine, Purpose, shown};
use super::{file, outcome};
use crate::cell::{self, FilePurpose, History, HistoryRange, Part, Rewritten, Save, SourceMap, Step};
use crate::session::captured::captured;
use crate::session::diagnostics;
use crate::session::endings::Subject;
use crate::session::event::{Cell, CellError, Content, Event, Outcome, Stream};
use crate::session::variables;
use crate::toolchain::rustfmt;

impl Engine<'_> {
    /// Does what is more than to run the cell's code.
    pub(super) fn answer(&mut self, cell: &Cell, step: &Step) -> Outcome {
        let data = match step {
            Step::Run(_) => return Outcome::Ok,
            Step::Reset => return self.reset(cell),
            Step::Whos => return self.show_variables(cell),
            Step::Explain(query) => return self.explain_name(cell, query),
            Step::History(history) => return self.print_history(cell, history),
            Step::Save(save) => return self.save(cell, save),
            Step::ReadFile { naming, purpose, place } => return self.read_file(cell, naming, *purpose, place),
            Step::Format(place) => return self.format(cell, &cell.code[place.clone()]),
            Step::FormatEarlier(ranges) => return self.format_earlier(cell, ranges),
            Step::Capture { parts, name, place } => return self.capture(cell, parts, name.as_deref(), place),
            Step::Who => shown::variables(self.evaluator.names().variables()),
            Step::ListMagics => shown::list(),
            Step::Help(magic) => shown::help(magic),
            Step::Show { mime, text } => shown::document(mime, text),
        };
        self.say(cell, Content::display(data));
        Outcome::Ok
    }

    /// Runs code on account of a part of the cell.
    fn run_generated(&mut self, cell: &Cell, code: &str, place: &Range<usize>) -> Outcome {
        let mut map = SourceMap::default();
        map.generate(code, place.clone());
        self.run_rewritten(cell, &Rewritten::plain(map))
    }

    fn run_rewritten(&mut self, cell: &Cell, code: &Rewritten) -> Outcome {
        self.run(cell, Subject::Cell, code, false, &mut SourceMap::default())
    }

    fn show_variables(&mut self, cell: &Cell) -> Outcome {
        let variables = self.names_and_types();
        if variables.is_empty() {
            self.say(cell, Content::display(shown::variables(std::iter::empty())));
            return Outcome::Ok;
        }
        let names = variables.iter().map(|(name, _)| name.clone()).collect();
        match self.look(cell.id, names, &Look::Summary) {
            Ok(seen) => {
                self.say(cell, Content::display(variables::table(&variables, seen)));
                Outcome::Ok
            }
            Err(error) => {
                let report = self.shared.pump.drain();
                Outcome::Error(outcome::explain(&error, Subject::Cell, &report, self.interrupted(cell)))
            }
        }
    }

    /// The cells that were run before this one and that these ranges name; all where there is none.
    fn earlier<'a>(&'a self, cell: &Cell, ranges: &'a [HistoryRange]) -> impl Iterator<Item = (u32, &'a str)> {
        let earlier = self.inputs.range(..cell.execution_count);
        let is_named = |number: u32| ranges.is_empty() || ranges.iter().any(|range| range.contains(number));
        earlier
            .filter(move |(number, _)| is_named(**number))
            .map(|(number, code)| (*number, code.as_str()))
    }

    fn print_history(&self, cell: &Cell, history: &History) -> Outcome {
        let mut text = String::new();
        for (number, code) in self.earlier(cell, &history.ranges) {
            if history.containing.as_ref().is_some_and(|part| !code.contains(part)) {
                continue;
            }
            let number = if history.numbered {
                format!("{number:>4}: ")
            } else {
                String::new()
            };
            for (index, line) in code.trim_end().lines().enumerate() {
                let margin = if index == 0 {
                    number.clone()
                } else {
                    " ".repeat(number.len())
                };
                text.push_str(format!("{margin}{line}").trim_end());
                text.push('\n');
            }
        }
        if !text.is_empty() {
            let stream = Stream::Stdout;
            self.say(cell, Content::Stream { stream, text });
        }
        Outcome::Ok
    }

    fn format_earlier(&self, cell: &Cell, ranges: &[HistoryRange]) -> Outcome {
        let mut codes: Vec<&str> = self.earlier(cell, ranges).map(|(_, code)| code.trim_end()).collect();
        if ranges.is_empty() {
            codes.drain(..codes.len().saturating_sub(1));
        }
        if codes.is_empty() {
            let text =
                "no cell has been run that is to be formatted; `%history -n` shows the numbers of those that have";
            return Outcome::Error(diagnostics::plain_error("HistoryError", text));
        }
        self.format(cell, &codes.join("\n\n"))
    }

    /// Puts the code in the place of the cell, laid out.
    fn format(&self, cell: &Cell, code: &str) -> Outcome {
        let code = code.trim_start_matches(['\r', '\n']);
        match cell::formatted(code, rustfmt) {
            Ok(formatted) => {
                let text = formatted.unwrap_or_else(|| code.to_owned());
                self.shared.say(Event::NextInput { cell: cell.id, text });
                Outcome::Ok
            }
            Err(error) => {
                let text = diagnostics::with_causes(&error);
                Outcome::Error(diagnostics::plain_error("FormatError", &text))
            }
        }
    }

    fn save(&mut self, cell: &Cell, save: &Save) -> Outcome {
        let codes: Vec<&str> = self
            .earlier(cell, &save.ranges)
            .map(|(_, code)| code.trim_end())
            .collect();
        if codes.is_empty() {
            let text = "no cell has been run that is to be saved; `%history -n` shows the numbers of those that have";
            return Outcome::Error(diagnostics::plain_error("HistoryError", text));
        }
        let content = codes.join("\n\n") + "\n";
        let call = format!(
            "::parcell::cell::save_file({:?}, {}, {content:?});",
            save.path, save.may_replace
        );
        self.run_generated(cell, &call, &save.place)
    }

    fn read_file(&mut self, cell: &Cell, naming: &Rewritten, purpose: FilePurpose, place: &Range<usize>) -> Outcome {
        self.named_file = None;
        let outcome = self.run_rewritten(cell, naming);
        let named = match self.purpose {
            Purpose::Run => self.named_file.take(),
            Purpose::Check => file::named_in(&cell.code[place.clone()]),
        };
        let Some(path) = named.filter(|_| outcome == Outcome::Ok) else {
            return outcome;
        };
        match purpose {
            FilePurpose::Run => self.run_file(cell, &path),
            FilePurpose::Load => match std::fs::read_to_string(&path) {
                Ok(text) => {
                    let text = format!("// {}\n{text}", cell.code[place.clone()].trim());
                    self.shared.say(Event::NextInput { cell: cell.id, text });
                    Outcome::Ok
                }
                Err(error) => Outcome::Error(cannot_read(&path, &error)),
            },
        }
    }

    /// Runs what is in a file as if it stood in the cell.
    fn run_file(&mut self, cell: &Cell, path: &Path) -> Outcome {
        if self.files.iter().any(|running| running == path) {
            let text = format!("`{}` runs itself", path.display());
            return Outcome::Error(diagnostics::plain_error("FileError", &text));
        }
        let codes = match file::read(path) {
            Ok(codes) => codes,
            Err(error) => return Outcome::Error(cannot_read(path, &error)),
        };
        self.files.push(path.to_owned());
        let outcome = self.run_codes(cell, path, codes);
        self.files.pop();
        outcome
    }

    fn run_codes(&mut self, cell: &Cell, path: &Path, codes: Vec<file::Code>) -> Outcome {
        for code in codes {
            if self.interrupted(cell) {
                return Outcome::Error(outcome::interrupted(Subject::Cell));
            }
            let part = Cell {
                code: code.text,
                ..cell.clone()
            };
            if let Outcome::Error(mut error) = self.run_code(&part) {
                let of_cell = code
                    .cell
                    .map(|number| format!(", code cell {number}"))
                    .unwrap_or_default();
                error
                    .traceback
                    .push(format!("  = in `{}`{of_cell}, which `%run` runs", path.display()));
                return Outcome::Error(error);
            }
        }
        Outcome::Ok
    }

    fn capture(&mut self, cell: &Cell, parts: &[Part], name: Option<&str>, place: &Range<usize>) -> Outcome {
        let shared = self.shared;
        let (outcome, contents) = shared.captured(cell.id, || self.run_parts(cell, parts));
        if outcome != Outcome::Ok {
            // What it has said before it failed may tell why.
            for content in contents {
                self.say(cell, content);
            }
            return outcome;
        }
        let Some(name) = name else { return Outcome::Ok };
        match self.store_captured(&captured(contents)) {
            Ok(file) => {
                let path = file.path().display().to_string();
                let code = format!("let {name}: parcell::display::Captured = ::parcell::cell::captured({path:?});");
                self.run_generated(cell, &code, place)
            }
            Err(error) => {
                let text = format!("what was captured cannot be kept: {error}");
                Outcome::Error(diagnostics::plain_error("FileError", &text))
            }
        }
    }

    fn store_captured(&self, captured: &parcell::display::Captured) -> io::Result<tempfile::NamedTempFile> {
        let mut file = tempfile::NamedTempFile::new_in(self.evaluator.directory())?;
        serde_json::to_writer(io::BufWriter::new(&mut file), captured)?;
        Ok(file)
    }
}

fn cannot_read(path: &Path, error: &dyn std::fmt::Display) -> CellError {
    diagnostics::plain_error("FileError", &format!("cannot read `{}`: {error}", path.display()))
}
