//! `%%pool`: the cell's function or closure, applied to every item.

use std::ops::Range;

use super::Variables;
use super::function::{Body, Callable, Parameter, Returned};
use super::items::{self, Items};
use super::magic::MagicLine;
use super::magic_error::{MagicError, suggestion};
use super::rewrite::leave_out_magic;
use super::source_map::SourceMap;
use super::words::{Word, Words};

pub(super) const USAGE: &str = "%%pool [-n WORKERS] [-c CHUNK] [-k] [--] ITEMS [-> [mut] NAME[: TYPE]]";

const OPTIONS: [(&str, &str); 3] = [("-n", "--workers"), ("-c", "--chunk-size"), ("-k", "--keep-going")];

/// The name that generated code gives an item.
const ITEM: &str = "parcell_item";

#[derive(Clone, Debug, Default, Eq, PartialEq)]
struct Options {
    workers: Option<usize>,
    chunk_size: Option<usize>,
    keep_going: bool,
}

pub(super) fn rewrite(cell: &str, line: &MagicLine, variables: &dyn Variables) -> Result<SourceMap, MagicError> {
    let mut words = Words::new(cell, line.arguments.clone());
    let options = options(&mut words)?;
    let items = items::split(cell, words.rest().range);
    check(&items, line)?;
    let body = Body::parse(cell, line.body.clone());
    let source = Source::of(&items.expression, variables);
    let mut call = Call {
        cell,
        line,
        options,
        items,
        source,
        map: leave_out_magic(cell, line),
    };
    if let Some((closure, range)) = body.last_closure() {
        call.map_closure(closure, range)?;
    } else if let Some(function) = body.last_function() {
        call.map_function(function)?;
    } else {
        let help = format!("define a function below the magic, or end the cell with a closure: {USAGE}");
        return Err(MagicError::new(
            line.name.clone(),
            "there is no function in this cell",
            "maps nothing",
            help,
        ));
    }
    Ok(call.map)
}

fn options(words: &mut Words<'_>) -> Result<Options, MagicError> {
    let mut options = Options::default();
    while let Some(word) = words
        .peek()
        .filter(|word| word.text.starts_with('-') && word.text != "->")
    {
        words.next();
        match word.text {
            "--" => break,
            "-n" | "--workers" => options.workers = Some(count(words, &word, "workers")?),
            "-c" | "--chunk-size" => options.chunk_size = Some(count(words, &word, "items in a chunk")?),
            "-k" | "--keep-going" => options.keep_going = true,
            _ => {
                return Err(unknown_option(
                    &word,
                    USAGE,
                    OPTIONS.iter().flat_map(|(short, long)| [*short, *long]),
                ));
            }
        }
    }
    Ok(options)
}

/// The positive number behind an option.
pub(super) fn count(words: &mut Words<'_>, option: &Word<'_>, what: &str) -> Result<usize, MagicError> {
    let help = format!("give the number of {what}, for example `{} 4`", option.text);
    let Some(value) = words.next() else {
        let message = format!("`{}` needs a number", option.text);
        return Err(MagicError::new(option.range.clone(), message, "nothing follows", help));
    };
    match value.text.parse() {
        Ok(0) => Err(MagicError::new(
            value.range,
            format!("the number of {what} is 0"),
            "must be at least 1",
            help,
        )),
        Ok(number) => Ok(number),
        Err(_) => {
            let message = format!("`{}` is not a number of {what}", value.text);
            Err(MagicError::new(
                value.range,
                message,
                "not a positive whole number",
                help,
            ))
        }
    }
}

pub(super) fn unknown_option<'a>(word: &Word<'_>, usage: &str, known: impl IntoIterator<Item = &'a str>) -> MagicError {
    let help = format!("{}the magic is {usage}", suggestion(word.text, known));
    MagicError::new(
        word.range.clone(),
        format!("there is no option `{}`", word.text),
        "unknown option",
        help,
    )
}

fn check(items: &Items<'_>, line: &MagicLine) -> Result<(), MagicError> {
    if items.expression.text.is_empty() {
        let help = format!("name what to map over, for example `%%pool -n 4 0..10`: {USAGE}");
        return Err(MagicError::new(
            line.name.clone(),
            "there are no items to map over",
            "ITEMS is missing",
            help,
        ));
    }
    match &items.target {
        Some(target) if target.text.is_empty() => {
            let range = target.range.start.saturating_sub("->".len())..target.range.start;
            let help = "give the variable for the results, for example `-> squares`";
            Err(MagicError::new(
                range,
                "there is no name behind `->`",
                "NAME is missing",
                help,
            ))
        }
        _ => Ok(()),
    }
}

/// How the items are handed to the map.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Source {
    /// An expression: the map takes the items.
    Taken,
    /// A variable that is a collection: it is borrowed, and stays.
    Borrowed,
    /// A variable that refers to a collection.
    Reference,
    /// A variable that is itself an iterator: a copy is used up, and it stays.
    Copied,
}

impl Source {
    fn of(expression: &Word<'_>, variables: &dyn Variables) -> Source {
        if !items::is_identifier(expression.text) {
            return Source::Taken;
        }
        match variables.type_of(expression.text) {
            Some(type_) if type_.starts_with('&') => Source::Reference,
            Some(type_) if type_.contains("ops::Range") || type_.starts_with("Range") => Source::Copied,
            _ => Source::Borrowed,
        }
    }

    /// Whether the function sees references to the items.
    fn gives_references(self) -> bool {
        matches!(self, Source::Borrowed | Source::Reference)
    }
}

/// The call that takes the magic's place.
struct Call<'a> {
    cell: &'a str,
    line: &'a MagicLine,
    options: Options,
    items: Items<'a>,
    source: Source,
    map: SourceMap,
}

impl Call<'_> {
    fn map_function(&mut self, function: &Callable) -> Result<(), MagicError> {
        let parameters = &function.parameters;
        if parameters.is_empty() {
            let message = format!("`{}` takes no parameter", &self.cell[function.name.clone()]);
            let help = "it is called with each item: give it a parameter";
            return Err(MagicError::new(function.name.clone(), message, "takes nothing", help));
        }
        self.map.copy(self.cell, self.line.body.clone());
        self.open("\n", function, function.result == Returned::Undeclared);
        let names: Vec<_> = match parameters.len() {
            1 => vec![ITEM.to_owned()],
            count => (0..count).map(|index| format!("{ITEM}_{index}")).collect(),
        };
        let patterns: Vec<_> = parameters
            .iter()
            .zip(&names)
            .map(|(parameter, name)| self.pattern(*parameter, name))
            .collect();
        let pattern = if patterns.len() == 1 {
            patterns[0].clone()
        } else {
            format!("({})", patterns.join(", "))
        };
        self.map.generate(&format!("|{pattern}| {{ "), function.name.clone());
        for (parameter, name) in parameters.iter().zip(&names) {
            self.own(*parameter, name);
        }
        self.map
            .generate(&self.cell[function.name.clone()], function.name.clone());
        self.generate("(");
        for (parameter, name) in parameters.iter().zip(&names) {
            let argument = self.argument(*parameter, name);
            self.map.generate(&argument, self.items.expression.range.clone());
            self.generate(", ");
        }
        self.generate(") }, ");
        self.close(function.result == Returned::Undeclared);
        Ok(())
    }

    fn map_closure(&mut self, closure: &Callable, range: Range<usize>) -> Result<(), MagicError> {
        if closure.parameters.is_empty() {
            let help = "it is called with each item: write `|item| ...`";
            return Err(MagicError::new(
                range,
                "the closure takes no parameter",
                "takes nothing",
                help,
            ));
        }
        self.map.copy(self.cell, self.line.body.start..range.start);
        self.open("", closure, false);
        let by_value = closure.parameters == [Parameter::ByValue];
        if by_value && self.source.gives_references() {
            self.generate("{ let parcell_closure = ");
            self.map.copy_apart(self.cell, range);
            self.generate(&format!("; move |{ITEM}| {{ "));
            self.own(Parameter::ByValue, ITEM);
            self.generate("parcell_closure(");
            self.map.generate(ITEM, self.items.expression.range.clone());
            self.generate(") } }, ");
        } else {
            self.map.copy_apart(self.cell, range);
            self.generate(", ");
        }
        self.close(false);
        Ok(())
    }

    /// Everything in front of the function.
    fn open(&mut self, before: &str, callable: &Callable, shows_nothing: bool) {
        self.generate(before);
        if let Some(target) = self.items.target.clone() {
            self.generate("let ");
            self.map.copy(self.cell, target.range);
            if !target.text.contains(':')
                && let Some(type_) = self.results_type(callable)
            {
                self.map.generate(&format!(": {type_}"), callable.name.clone());
            }
            self.generate(" = ");
        } else if !shows_nothing {
            self.generate("parcell::cell::show_results(");
        }
        let Options {
            workers,
            chunk_size,
            keep_going,
        } = self.options;
        let method = match (&callable.result, keep_going) {
            (Returned::Result { .. }, false) => "try_map",
            (Returned::Result { .. }, true) => "try_map_results",
            (_, true) => "map_results",
            (_, false) => "map",
        };
        let mut options = "parcell::cell::PoolOptions::new()".to_owned();
        if let Some(workers) = workers {
            options.push_str(&format!(".workers({workers})"));
        }
        if let Some(items) = chunk_size {
            options.push_str(&format!(".chunk_size({items})"));
        }
        self.generate(&format!("parcell::cell::pool({options})."));
        // What is wrong with the results is wrong with the function.
        self.map.generate(method, callable.name.clone());
        self.generate("(");
    }

    /// The items, and everything behind them.
    fn close(&mut self, shows_nothing: bool) {
        let expression = self.items.expression.range.clone();
        if self.source == Source::Borrowed {
            self.map.generate("&", expression.clone());
        }
        self.map.copy_apart(self.cell, expression.clone());
        if self.source == Source::Copied {
            self.map.generate(".clone()", expression);
        }
        self.generate(")");
        match (&self.items.target, shows_nothing) {
            (Some(_), _) | (None, true) => self.generate(";"),
            (None, false) => self.generate(");"),
        }
    }

    /// The results' type where the declaration tells it: evcxr must know the type of a variable, and cannot always
    /// infer it.
    fn results_type(&self, callable: &Callable) -> Option<String> {
        let one = match &callable.result {
            _ if callable.generic => return None,
            Returned::Type { text } => text.clone(),
            Returned::Result { ok, .. } => ok.clone()?,
            Returned::Undeclared | Returned::Opaque => return None,
        };
        let one = if self.options.keep_going {
            format!("::std::result::Result<{one}, ::parcell::TaskError>")
        } else {
            one
        };
        Some(format!("::std::vec::Vec<{one}>"))
    }

    fn pattern(&self, parameter: Parameter, name: &str) -> String {
        match parameter {
            Parameter::ByMutableReference if !self.source.gives_references() => format!("mut {name}"),
            _ => name.to_owned(),
        }
    }

    /// Makes the worker's own copy of an item that is only borrowed, where the function takes or changes it: the
    /// variable stays as it is. A statement of its own, so that a wrong type is the argument's, not the copy's.
    fn own(&mut self, parameter: Parameter, name: &str) {
        let mutable = if parameter == Parameter::ByMutableReference {
            "mut "
        } else {
            ""
        };
        if self.source.gives_references() && parameter != Parameter::ByReference {
            let copy = format!("let {mutable}{name} = ::std::clone::Clone::clone({name}); ");
            self.map.generate(&copy, self.items.expression.range.clone());
        }
    }

    fn argument(&self, parameter: Parameter, name: &str) -> String {
        match parameter {
            Parameter::ByReference if self.source.gives_references() => name.to_owned(),
            Parameter::ByReference => format!("&{name}"),
            Parameter::ByMutableReference => format!("&mut {name}"),
            Parameter::ByValue | Parameter::Inferred => name.to_owned(),
        }
    }

    fn generate(&mut self, text: &str) {
        self.map.generate(text, self.line.name.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::super::rewrite::tests::{refused, rewritten};

    #[test]
    fn a_function_over_a_variable_gets_clones_and_the_variable_stays() {
        let text = rewritten("%%pool -n 4 numbers -> squares\nfn square(n: u64) -> u64 {\n    n * n\n}");
        assert_eq!(
            text,
            "\nfn square(n: u64) -> u64 {\n    n * n\n}\nlet squares: ::std::vec::Vec<u64> = \
             parcell::cell::pool(parcell::cell::PoolOptions::new().workers(4)).map(|parcell_item| { \
             let parcell_item = ::std::clone::Clone::clone(parcell_item); square(parcell_item, ) }, &\nnumbers\n);"
        );
    }

    #[test]
    fn references_are_passed_on_and_made_where_needed() {
        assert!(
            rewritten("%%pool numbers\nfn f(n: &u64) -> u64 { *n }").contains("{ f(parcell_item, ) }, &\nnumbers\n")
        );
        assert!(rewritten("%%pool slice\nfn f(n: &u8) -> u8 { *n }").contains("{ f(parcell_item, ) }, \nslice\n)"));
        assert!(rewritten("%%pool 0..9\nfn f(n: &u64) -> u64 { *n }").contains("{ f(&parcell_item, ) }, \n0..9\n"));
        assert!(
            rewritten("%%pool range\nfn f(n: i32) -> i32 { n }").contains("{ f(parcell_item, ) }, \nrange\n.clone())")
        );
    }

    #[test]
    fn several_parameters_take_tuples() {
        let text = rewritten("%%pool pairs()\nfn f(a: u64, b: &str, c: &mut Vec<u8>) -> u64 { a }");
        assert!(text.contains("|(parcell_item_0, parcell_item_1, mut parcell_item_2)| { f(parcell_item_0, &parcell_item_1, &mut parcell_item_2, )"), "{text}");
    }

    #[test]
    fn a_closure_stays_where_it_is() {
        let text = rewritten("%%pool -n 2 0..4\nlet k = 3;\n|i| i * k");
        assert_eq!(
            text,
            "\nlet k = 3;\nparcell::cell::show_results(parcell::cell::pool(parcell::cell::PoolOptions::new().workers(2)).map(\n|i| i * k\n, \n0..4\n));"
        );
        let text = rewritten("%%pool numbers -> out\n|n: u64| n + 1");
        assert!(
            text.contains("let parcell_closure = \n|n: u64| n + 1\n; move |parcell_item| { let parcell_item ="),
            "{text}"
        );
    }

    #[test]
    fn the_kind_of_map_follows_from_the_declaration() {
        let text = rewritten("%%pool 0..4 -> out\nfn f(x: u8) -> Result<u16, String> { Ok(1) }");
        assert!(
            text.contains(
                "let out: ::std::vec::Vec<u16> = parcell::cell::pool(parcell::cell::PoolOptions::new()).try_map("
            ),
            "{text}"
        );
        let text = rewritten("%%pool -k 0..4 -> out\nfn f(x: u8) -> u16 { 1 }");
        assert!(
            text.contains("Vec<::std::result::Result<u16, ::parcell::TaskError>>"),
            "{text}"
        );
        assert!(text.contains(".map_results("), "{text}");
        assert!(rewritten("%%pool 0..4\nfn f(x: u8) {}").ends_with(", \n0..4\n);"));
    }

    #[test]
    fn an_err_is_a_failure_also_when_the_map_goes_on() {
        let text = rewritten("%%pool -k 0..4 -> out\nfn f(x: u8) -> io::Result<u16> { Ok(1) }");
        assert!(
            text.contains("let out: ::std::vec::Vec<::std::result::Result<u16, ::parcell::TaskError>> ="),
            "{text}"
        );
        assert!(text.contains(".try_map_results("), "{text}");
    }

    #[test]
    fn mistakes_are_pointed_at() {
        let function = "\nfn f(x: u8) {}";
        for (line, message, at) in [
            ("%%pool --wrokers 4 0..3", "there is no option `--wrokers`", "--wrokers"),
            ("%%pool -n 4", "there are no items to map over", "%%pool"),
            ("%%pool -n 0 0..3", "the number of workers is 0", "0"),
            ("%%pool -n abc 0..3", "`abc` is not a number of workers", "abc"),
            ("%%pool -n", "`-n` needs a number", "-n"),
            ("%%pool 0..3 ->", "there is no name behind `->`", "->"),
        ] {
            assert_eq!(
                refused(&format!("{line}{function}")),
                (message.to_owned(), at.to_owned()),
                "{line}"
            );
        }
        assert_eq!(
            refused("%%pool 0..3\nlet x = 1;").0,
            "there is no function in this cell"
        );
        assert_eq!(refused("%%pool 0..3\nfn f() {}").0, "`f` takes no parameter");
    }

    #[test]
    fn negative_items_follow_a_double_dash() {
        assert!(rewritten("%%pool -n 2 -- -3..3\nfn f(x: i32) {}").contains(", \n-3..3\n);"));
    }
}
