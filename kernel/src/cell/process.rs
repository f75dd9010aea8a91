//! `%%process`: the cell's function in processes of its own, or its statements in a throw-away process.

use std::ops::Range;

use super::function::{Body, Callable, Node, NodeKind, Parameter, Returned};
use super::items;
use super::magic::MagicLine;
use super::magic_error::MagicError;
use super::pool::{count, unknown_option};
use super::rewrite::leave_out_magic;
use super::source_map::SourceMap;
use super::words::{Word, Words};

pub(super) const USAGE: &str = "%%process [-n COUNT] [-> NAME]";
const INDEX: &str = "parcell_index";

pub(super) fn rewrite(cell: &str, line: &MagicLine) -> Result<SourceMap, MagicError> {
    let mut words = Words::new(cell, line.arguments.clone());
    let processes = options(&mut words)?;
    let rest = items::split(cell, words.rest().range);
    if !rest.expression.text.is_empty() {
        let message = format!("`{}` is not expected here", rest.expression.text);
        return Err(MagicError::new(
            rest.expression.range,
            message,
            "unexpected",
            format!("the magic is {USAGE}"),
        ));
    }
    let body = Body::parse(cell, line.body.clone());
    let mut call = Call {
        cell,
        line,
        processes,
        target: rest.target,
        map: leave_out_magic(cell, line),
    };
    let closure = body.last_closure();
    let ends_with_function = matches!(body.nodes.last().map(|node| &node.kind), Some(NodeKind::Function(_)));
    match body.last_function() {
        _ if body.nodes.is_empty() => {
            let help = "write below the magic what the process is to do";
            return Err(MagicError::new(
                line.name.clone(),
                "there is nothing to run in this cell",
                "runs nothing",
                help,
            ));
        }
        _ if let Some((closure, range)) = closure => call.run_closure(closure, range)?,
        Some(function) if ends_with_function => call.run_function(function)?,
        _ => call.run_statements(&body),
    }
    Ok(call.map)
}

fn options(words: &mut Words<'_>) -> Result<usize, MagicError> {
    let mut processes = 1;
    while let Some(word) = words
        .peek()
        .filter(|word| word.text.starts_with('-') && word.text != "->")
    {
        words.next();
        match word.text {
            "-n" | "--count" => processes = count(words, &word, "processes")?,
            _ => return Err(unknown_option(&word, USAGE, ["-n", "--count"])),
        }
    }
    Ok(processes)
}

struct Call<'a> {
    cell: &'a str,
    line: &'a MagicLine,
    processes: usize,
    target: Option<Word<'a>>,
    map: SourceMap,
}

impl Call<'_> {
    fn run_function(&mut self, function: &Callable) -> Result<(), MagicError> {
        self.check_parameters(function, function.name.clone())?;
        self.map.copy(self.cell, self.line.body.clone());
        self.generate("\n");
        let shows_nothing = function.result == Returned::Undeclared;
        self.open(shows_nothing, function);
        let pattern = if function.parameters.is_empty() {
            "|| ".to_owned()
        } else {
            format!("|{INDEX}| ")
        };
        self.map.generate(&pattern, function.name.clone());
        self.map
            .generate(&self.cell[function.name.clone()], function.name.clone());
        let argument = match function.parameters.first() {
            None => String::new(),
            Some(Parameter::ByReference) => format!("&{INDEX}"),
            Some(_) => INDEX.to_owned(),
        };
        self.map.generate(&format!("({argument})"), function.name.clone());
        self.close(shows_nothing);
        Ok(())
    }

    fn run_closure(&mut self, closure: &Callable, range: Range<usize>) -> Result<(), MagicError> {
        self.check_parameters(closure, range.clone())?;
        self.map.copy(self.cell, self.line.body.start..range.start);
        self.open(false, closure);
        self.map.copy_apart(self.cell, range);
        self.close(false);
        Ok(())
    }

    /// Items stay outside, where they are defined for later cells too; everything else goes into the process.
    fn run_statements(&mut self, body: &Body) {
        self.map.copy(self.cell, body.commands.clone());
        self.generate("\n");
        let is_item = |kind: &NodeKind| matches!(kind, NodeKind::Item | NodeKind::Function(_));
        for node in body.nodes.iter().filter(|node| is_item(&node.kind)) {
            self.map.copy(self.cell, node.range.clone());
            self.generate("\n");
        }
        self.open_results(false);
        self.generate(&format!("parcell::cell::process({}).run(|| {{\n", self.processes));
        for node in body.nodes.iter().filter(|node| !is_item(&node.kind)) {
            self.map.copy(self.cell, node.range.clone());
            self.generate("\n");
        }
        // Statements have the value `()`, also where they never end, as `std::process::abort();` does.
        let ends_with_value = matches!(
            body.nodes.last(),
            Some(Node {
                kind: NodeKind::Value,
                ..
            })
        );
        self.generate(if ends_with_value {
            "}"
        } else {
            "#[allow(unreachable_code)]\n()}"
        });
        self.close(false);
    }

    fn check_parameters(&self, callable: &Callable, range: Range<usize>) -> Result<(), MagicError> {
        if callable.parameters.len() <= 1 {
            return Ok(());
        }
        let help = "a process is given its index, or nothing";
        Err(MagicError::new(
            range,
            "it takes more than one parameter",
            "takes too much",
            help,
        ))
    }

    fn open(&mut self, shows_nothing: bool, callable: &Callable) {
        self.open_results(shows_nothing);
        let method = if callable.parameters.is_empty() {
            "run"
        } else {
            // Where its type is not said, an index is a usize.
            match callable.parameters.first() {
                Some(Parameter::Inferred) => "run_indexed::<usize, _>",
                _ => "run_indexed",
            }
        };
        self.generate(&format!("parcell::cell::process({}).{method}(", self.processes));
    }

    fn open_results(&mut self, shows_nothing: bool) {
        if let Some(target) = self.target.clone() {
            self.generate("let ");
            self.map.copy(self.cell, target.range);
            self.generate(" = ");
        } else if !shows_nothing {
            let show = if self.processes == 1 {
                "show_result"
            } else {
                "show_results"
            };
            self.generate(&format!("parcell::cell::{show}("));
        }
    }

    fn close(&mut self, shows_nothing: bool) {
        self.generate(if self.target.is_some() || shows_nothing {
            ");"
        } else {
            "));"
        });
    }

    fn generate(&mut self, text: &str) {
        self.map.generate(text, self.line.name.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::super::rewrite::tests::{refused, rewritten};

    #[test]
    fn a_function_is_given_its_index_if_it_takes_one() {
        assert_eq!(
            rewritten("%%process -n 5\nfn worker(num: usize) { println!(\"{num}\"); }"),
            "\nfn worker(num: usize) { println!(\"{num}\"); }\nparcell::cell::process(5).run_indexed(|parcell_index| \
             worker(parcell_index));"
        );
        assert!(rewritten("%%process\nfn f() {}").ends_with("parcell::cell::process(1).run(|| f());"));
    }

    #[test]
    fn statements_run_in_a_process_and_items_stay_defined() {
        assert_eq!(
            rewritten("%%process\nlet a = f();\nfn f() -> u8 { 1 }\nprintln!(\"{a}\");"),
            "\nfn f() -> u8 { 1 }\nparcell::cell::show_result(parcell::cell::process(1).run(|| {\n\
             let a = f();\nprintln!(\"{a}\");\n#[allow(unreachable_code)]\n()}));"
        );
    }

    #[test]
    fn mistakes_are_pointed_at() {
        assert_eq!(
            refused("%%process -n 0\nfn f() {}"),
            ("the number of processes is 0".to_owned(), "0".to_owned())
        );
        assert_eq!(refused("%%process 3\nfn f() {}").1, "3");
        assert_eq!(refused("%%process --cuont 3\nfn f() {}").1, "--cuont");
        assert_eq!(refused("%%process\n").0, "there is nothing to run in this cell");
        assert_eq!(
            refused("%%process\nfn f(a: u8, b: u8) {}").0,
            "it takes more than one parameter"
        );
    }
}
