//! `%%process`: the cell's function in processes of its own, or its statements in a throw-away process.

use super::Variables;
use super::application::Application;
use super::arguments::unquoted;
use super::body::{Body, Node, NodeKind};
use super::callable::{Callable, Parameter, Returned};
use super::items;
use super::magic::{MagicLine, leave_out};
use super::magic_error::MagicError;
use super::magics;
use super::options::{Options, duration_code};
use super::results::Results;
use super::selection::Selected;
use super::source_map::SourceMap;
use super::target::Target;
use super::words::{Word, Words};

const INDEX: &str = "parcell_index";

pub(super) fn rewrite(cell: &str, line: &MagicLine, variables: &dyn Variables) -> Result<SourceMap, MagicError> {
    let mut words = Words::new(cell, line.arguments.clone());
    let magic = magics::known("%%process");
    let options = Options::read(&mut words, magic)?;
    let settings = settings(&options)?;
    let rest = items::split(cell, words.rest().range);
    if !rest.expression.text.is_empty() {
        let message = format!("`{}` is not expected here", rest.expression.text);
        return Err(MagicError::new(
            rest.expression.range,
            message,
            "unexpected",
            format!("the magic is {}", magic.usage()),
        ));
    }
    let target = rest.read_target()?;
    let daemon = options.get("--daemon");
    if let (Some(_), Some(target)) = (daemon, &rest.target) {
        return Err(MagicError::new(
            target.range.clone(),
            "`--daemon` gives no results",
            "stays without a value",
            "the cell does not wait for the processes: leave `-> NAME` or `--daemon` out",
        ));
    }
    let application = options
        .get("--args")
        .map(|given| Application::new(cell, line.name.clone(), given.value(), variables));
    let mut call = Call {
        cell,
        line,
        settings,
        daemon: daemon.is_some(),
        shows_one: application.is_none() && !options.has("--count"),
        target: rest.target.zip(target),
        map: leave_out(cell, line),
    };
    let mut body = Body::parse(cell, line.body.clone());
    body.note_shadowed(cell, variables);
    call.run(&body, application)?;
    Ok(call.map)
}

/// The code that makes the library's options.
fn settings(options: &Options<'_>) -> Result<String, MagicError> {
    options.exclude("--args", "--count", "there is one process for each item")?;
    options.exclude("--daemon", "--timeout", "nobody waits for a daemon")?;
    options.exclude("--quiet", "--raw", "what is not shown has no prefix")?;
    let mut code = "parcell::cell::ProcessOptions::new()".to_owned();
    let mut call = |method: &str, argument: &dyn ToString| {
        code.push_str(&format!(".{method}({})", argument.to_string()));
    };
    if let Some(given) = options.get("--count") {
        call("count", &given.number("processes", 1)?);
    }
    if let Some(given) = options.get("--name") {
        call("name", &format!("{:?}", unquoted(given.value().text)));
    }
    if let Some(given) = options.get("--timeout") {
        call("timeout", &duration_code(given.duration()?));
    }
    if let Some(given) = options.get("--memory") {
        call("memory_limit", &given.size()?);
    }
    for (flag, method) in [("--quiet", "quiet"), ("--raw", "raw")] {
        if options.has(flag) {
            call(method, &"");
        }
    }
    Ok(code)
}

struct Call<'a> {
    cell: &'a str,
    line: &'a MagicLine,
    /// The code of the library's options.
    settings: String,
    daemon: bool,
    /// Whether there is one process, of which the result is shown as it is.
    shows_one: bool,
    target: Option<(Word<'a>, Target)>,
    map: SourceMap,
}

impl<'a> Call<'a> {
    fn run(&mut self, body: &Body, application: Option<Application<'_>>) -> Result<(), MagicError> {
        let ends_with_function = matches!(body.nodes.last().map(|node| &node.kind), Some(NodeKind::Function(_)));
        match (application, body.last_closure(), body.last_function()) {
            _ if body.nodes.is_empty() => Err(MagicError::new(
                self.line.name.clone(),
                "there is nothing to run in this cell",
                "runs nothing",
                "write below the magic what the process is to do",
            )),
            (Some(application), Some(closure), _) => {
                self.map.copy(self.cell, self.line.body.start..closure.range().start);
                self.run_each(&application, &Selected::Closure(closure.clone()), false)
            }
            (Some(application), None, Some(function)) if ends_with_function => {
                self.map.copy(self.cell, self.line.body.clone());
                self.generate("\n");
                let shows_nothing = function.result == Returned::Undeclared;
                self.run_each(&application, &Selected::Function(function.clone()), shows_nothing)
            }
            (Some(_), ..) => Err(MagicError::new(
                self.line.name.clone(),
                "there is no function for the items of `--args`",
                "calls nothing",
                "end the cell with a function or a closure: it is called with each item",
            )),
            (None, Some(closure), _) => self.run_closure(&closure.callable),
            (None, None, Some(function)) if ends_with_function => self.run_function(function),
            _ => self.run_statements(body),
        }
    }

    fn run_each(
        &mut self,
        application: &Application<'_>,
        selected: &Selected,
        shows_nothing: bool,
    ) -> Result<(), MagicError> {
        let results = self.results(Some(selected.callable()), shows_nothing)?;
        results.open(self.cell, &mut self.map, &self.line.name);
        let call = self.process_call("run_each");
        application.apply(&mut self.map, selected, |map| {
            map.generate(&call, self.line.name.clone())
        })?;
        results.close(&mut self.map, &self.line.name);
        Ok(())
    }

    fn run_function(&mut self, function: &Callable) -> Result<(), MagicError> {
        self.check(function)?;
        self.map.copy(self.cell, self.line.body.clone());
        self.generate("\n");
        let shows_nothing = function.result == Returned::Undeclared;
        let results = self.open(Some(function), shows_nothing, method(function))?;
        let pattern = if function.parameters.is_empty() {
            "|| ".to_owned()
        } else {
            format!("|{INDEX}| ")
        };
        self.map.generate(&pattern, function.name.clone());
        self.map.generate(function.path(), self.line.name.clone());
        self.map
            .generate(&self.cell[function.name.clone()], function.name.clone());
        let argument = match function.parameters.first() {
            None => String::new(),
            Some(Parameter::ByReference) => format!("&{INDEX}"),
            Some(_) => INDEX.to_owned(),
        };
        self.map.generate(&format!("({argument})"), function.name.clone());
        self.close(&results);
        Ok(())
    }

    fn run_closure(&mut self, closure: &Callable) -> Result<(), MagicError> {
        let range = closure.name.clone();
        self.check(closure)?;
        self.map.copy(self.cell, self.line.body.start..range.start);
        let results = self.open(Some(closure), false, method(closure))?;
        self.map.copy_apart(self.cell, range);
        self.close(&results);
        Ok(())
    }

    /// Items stay outside, where they are defined for later cells too; everything else goes into the process.
    fn run_statements(&mut self, body: &Body) -> Result<(), MagicError> {
        self.map.copy(self.cell, body.commands.clone());
        self.generate("\n");
        let is_item = |kind: &NodeKind| matches!(kind, NodeKind::Item | NodeKind::Function(_));
        for node in body.nodes.iter().filter(|node| is_item(&node.kind)) {
            self.map.copy(self.cell, node.range.clone());
            self.generate("\n");
        }
        let results = self.open(None, false, "run")?;
        self.generate("|| {\n");
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
        self.close(&results);
        Ok(())
    }

    fn check(&self, callable: &Callable) -> Result<(), MagicError> {
        callable.check_synchronous()?;
        if callable.parameters.len() <= 1 {
            return Ok(());
        }
        let help = "a process is given its index, or nothing";
        Err(MagicError::new(
            callable.name.clone(),
            "it takes more than one parameter",
            "takes too much",
            help,
        ))
    }

    /// Writes everything in front of what is run: statements, where there is no function.
    fn open(
        &mut self,
        callable: Option<&Callable>,
        shows_nothing: bool,
        method: &str,
    ) -> Result<Results<'a>, MagicError> {
        let results = self.results(callable, shows_nothing)?;
        results.open(self.cell, &mut self.map, &self.line.name);
        self.generate(&self.process_call(method));
        Ok(results)
    }

    fn results(&self, callable: Option<&Callable>, shows_nothing: bool) -> Result<Results<'a>, MagicError> {
        let Some((written, target)) = self.target.clone() else {
            return Ok(match (shows_nothing || self.daemon, self.shows_one) {
                (true, _) => Results::Dropped,
                (false, true) => Results::Shown("show_result"),
                (false, false) => Results::Shown("show_results"),
            });
        };
        let type_ = target.type_of_parts(&written, callable)?;
        Ok(Results::Named {
            written,
            target,
            type_: type_.map(|type_| (type_, self.line.name.clone())),
        })
    }

    /// The call of the library's method, up to its parenthesis.
    fn process_call(&self, method: &str) -> String {
        let kind = if self.daemon { ".daemon()" } else { "" };
        format!("parcell::cell::process({}){kind}.{method}(", self.settings)
    }

    fn close(&mut self, results: &Results<'_>) {
        self.generate(")");
        results.close(&mut self.map, &self.line.name);
    }

    fn generate(&mut self, text: &str) {
        self.map.generate(text, self.line.name.clone());
    }
}

/// The library's method for what may take an index.
fn method(callable: &Callable) -> &'static str {
    match callable.parameters.first() {
        None => "run",
        // Where its type is not said, an index is a usize.
        Some(Parameter::Inferred) => "run_indexed::<usize, _>",
        Some(_) => "run_indexed",
    }
}

#[cfg(test)]
mod tests {
    use super::super::rewrite::tests::{refused, rewritten};

    #[test]
    fn a_function_is_given_its_index_if_it_takes_one() {
        assert_eq!(
            rewritten("%%process -n 5\nfn worker(num: usize) { println!(\"{num}\"); }"),
            "\nfn worker(num: usize) { println!(\"{num}\"); }\nparcell::cell::process(parcell::cell::ProcessOptions::new().count(5)).run_indexed(|parcell_index| \
             worker(parcell_index));"
        );
        assert!(
            rewritten("%%process\nfn f() {}")
                .ends_with("parcell::cell::process(parcell::cell::ProcessOptions::new()).run(|| f());")
        );
    }

    #[test]
    fn statements_run_in_a_process_and_items_stay_defined() {
        assert_eq!(
            rewritten("%%process\nlet a = f();\nfn f() -> u8 { 1 }\nprintln!(\"{a}\");"),
            "\nfn f() -> u8 { 1 }\nparcell::cell::show_result(parcell::cell::process(parcell::cell::ProcessOptions::new()).run(|| {\n\
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

    #[test]
    fn items_are_arguments() {
        let text = rewritten("%%process --args [1, 2] --name 'a b' -> out\nfn f(a: &u8) -> u8 { *a }");
        assert!(
            text.ends_with(
                "let out = parcell::cell::process(parcell::cell::ProcessOptions::new().name(\"a b\"))\
                            .run_each(|parcell_item| { f(&parcell_item, ) }, \n[1, 2]\n);"
            ),
            "{text}"
        );
        let text = rewritten("%%process --args=numbers\n|n: u64| n");
        assert!(
            text.ends_with("::clone(parcell_item); let n: u64 = parcell_item;\nn\n}\n, &\nnumbers\n));"),
            "{text}"
        );
    }

    #[test]
    fn options_are_filled_in() {
        let text = rewritten("%%process -n 2 --timeout=500ms --memory 1MiB --raw\nfn f() {}");
        assert!(
            text.contains(
                "ProcessOptions::new().count(2).timeout(::std::time::Duration::new(0, 500000000))\
                 .memory_limit(1048576).raw()).run(|| f());"
            ),
            "{text}"
        );
        let text = rewritten("%%process --daemon\nloop {}");
        assert!(
            text.starts_with("\nparcell::cell::process(parcell::cell::ProcessOptions::new()).daemon().run(|| {"),
            "{text}"
        );
        assert!(text.ends_with("});"), "{text}");
    }

    #[test]
    fn contradictions_are_pointed_at() {
        for (line, at) in [
            ("-n 2 --args 0..3", "--args"),
            ("--daemon --timeout 1s", "--timeout"),
            ("--quiet --raw", "--raw"),
            ("--daemon -> out", "out"),
            ("--args 0..3 -> [a, b]", "[a, b]"),
        ] {
            assert_eq!(refused(&format!("%%process {line}\nfn f(x: u8) {{}}")).1, at, "{line}");
        }
        assert_eq!(
            refused("%%process --args 0..3\nlet x = 1;").0,
            "there is no function for the items of `--args`"
        );
    }
}
