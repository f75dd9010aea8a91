//! A function or a closure applied to items: what the call needs so that each item is taken, borrowed, or cloned as the
//! parameter wants it.

use std::ops::Range;

use super::Variables;
use super::callable::{Callable, Closure, Parameter};
use super::magic_error::MagicError;
use super::selection::Selected;
use super::source_map::SourceMap;
use super::words::{Word, is_identifier};

/// The name that generated code gives an item.
const ITEM: &str = "parcell_item";

/// How the items are handed over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Source {
    /// An expression: its items are taken.
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
        if !is_identifier(expression.text) {
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

/// Items, and the cell that they are written in.
#[derive(Clone, Debug)]
pub(super) struct Application<'a> {
    cell: &'a str,
    /// The magic's name, to which belongs what stands for nothing that was written.
    magic: Range<usize>,
    expression: Word<'a>,
    source: Source,
    /// Whether the function runs where the variables are not, and so gets the items themselves.
    sends_items: bool,
}

impl<'a> Application<'a> {
    pub(super) fn new(
        cell: &'a str,
        magic: Range<usize>,
        expression: Word<'a>,
        variables: &dyn Variables,
    ) -> Application<'a> {
        let source = Source::of(&expression, variables);
        Application {
            cell,
            magic,
            expression,
            source,
            sends_items: false,
        }
    }

    /// The same for a function that runs where the variables are not: items are copied here, and sent.
    pub(super) fn sending_items(self) -> Application<'a> {
        Application {
            sends_items: true,
            ..self
        }
    }

    /// Whether the function sees references to the items.
    fn gives_references(&self) -> bool {
        self.source.gives_references() && !self.sends_items
    }

    /// The call of what maps, `map_call` up to its parenthesis, with what is applied and the items.
    pub(super) fn apply(
        &self,
        map: &mut SourceMap,
        selected: &Selected,
        map_call: impl FnOnce(&mut SourceMap),
    ) -> Result<(), MagicError> {
        self.check(selected)?;
        map_call(map);
        match selected {
            Selected::Function(function) => self.function(map, function),
            Selected::Closure(closure) => self.closure(map, closure),
        }
        map.generate(", ", self.magic.clone());
        self.items(map);
        map.generate(")", self.magic.clone());
        Ok(())
    }

    fn check(&self, selected: &Selected) -> Result<(), MagicError> {
        let callable = selected.callable();
        callable.check_synchronous()?;
        if !callable.parameters.is_empty() {
            return Ok(());
        }
        let (name, help) = match selected {
            Selected::Function(_) => (
                format!("`{}`", &self.cell[callable.name.clone()]),
                "it is called with each item: give it a parameter",
            ),
            Selected::Closure(_) => (
                "the closure".to_owned(),
                "it is called with each item: write `|item| ...`",
            ),
        };
        let message = format!("{name} takes no parameter");
        Err(MagicError::new(callable.name.clone(), message, "takes nothing", help))
    }

    /// A closure that calls the function with an item.
    fn function(&self, map: &mut SourceMap, function: &Callable) {
        let names = names(&function.parameters);
        let pattern = self.pattern(&function.parameters, &names);
        map.generate(&format!("|{pattern}| {{ "), function.name.clone());
        for (parameter, name) in std::iter::zip(&function.parameters, &names) {
            self.own(map, *parameter, name);
        }
        map.generate(function.path(), self.magic.clone());
        map.generate(&self.cell[function.name.clone()], function.name.clone());
        map.generate("(", self.magic.clone());
        for (parameter, name) in std::iter::zip(&function.parameters, &names) {
            let reference = self.reference(*parameter);
            map.generate(&format!("{reference}{name}"), self.expression.range.clone());
            map.generate(", ", self.magic.clone());
        }
        map.generate(") }", self.magic.clone());
    }

    /// The closure as it was written, or with the items taken apart, borrowed or cloned at its beginning.
    ///
    /// It stays the argument of the map, so that what it does not say is inferred, and changes nothing it captures.
    fn closure(&self, map: &mut SourceMap, closure: &Closure) {
        let parameters = &closure.callable.parameters;
        let stays = match parameters[..] {
            [Parameter::Inferred] => true,
            [Parameter::ByValue] => !self.gives_references(),
            _ => false,
        };
        let text = closure.range();
        if stays {
            map.copy_apart(self.cell, text);
            return;
        }
        let names = names(parameters);
        let pattern = self.pattern(parameters, &names);
        map.generate("\n", text.clone());
        map.copy(self.cell, text.start..closure.parameter_list.start);
        map.generate(&format!("|{pattern}|"), closure.parameter_list.clone());
        map.copy(self.cell, closure.parameter_list.end..closure.body.start);
        map.generate("{", text.clone());
        for ((parameter, name), written) in std::iter::zip(parameters, &names).zip(&closure.parameters) {
            map.generate(" ", written.clone());
            self.own(map, *parameter, name);
            map.generate("let ", written.clone());
            map.copy(self.cell, written.clone());
            map.generate(" = ", written.clone());
            let argument = format!("{}{name};", self.reference(*parameter));
            map.generate(&argument, self.expression.range.clone());
        }
        map.copy_apart(self.cell, closure.body.clone());
        map.generate("}\n", text);
    }

    fn items(&self, map: &mut SourceMap) {
        let expression = self.expression.range.clone();
        let is_copied = self.sends_items && self.source.gives_references();
        if is_copied {
            map.generate("::std::iter::IntoIterator::into_iter(", expression.clone());
        }
        if self.source == Source::Borrowed {
            map.generate("&", expression.clone());
        }
        map.copy_apart(self.cell, expression.clone());
        if self.source == Source::Copied {
            map.generate(".clone()", expression);
        } else if is_copied {
            map.generate(").cloned()", expression);
        }
    }

    /// What takes an item, or the parts of it, by these names.
    fn pattern(&self, parameters: &[Parameter], names: &[String]) -> String {
        // What is borrowed is not changed, but the worker's own copy of it.
        let mutable = |parameter: &Parameter| {
            if self.gives_references() {
                ""
            } else {
                mutable(*parameter)
            }
        };
        let parts: Vec<_> = std::iter::zip(parameters, names)
            .map(|(parameter, name)| format!("{}{name}", mutable(parameter)))
            .collect();
        match &parts[..] {
            [one] => one.clone(),
            several => format!("({})", several.join(", ")),
        }
    }

    /// Makes the worker's own copy of an item that is only borrowed, where it is taken or changed: the variable stays as
    /// it is. A statement of its own, so that a wrong type is the argument's, not the copy's.
    fn own(&self, map: &mut SourceMap, parameter: Parameter, name: &str) {
        let is_wanted = matches!(parameter, Parameter::ByValue | Parameter::ByMutableReference);
        if self.gives_references() && is_wanted {
            let mutable = mutable(parameter);
            let copy = format!("let {mutable}{name} = ::std::clone::Clone::clone({name}); ");
            map.generate(&copy, self.expression.range.clone());
        }
    }

    /// What stands in front of an item that the parameter takes.
    fn reference(&self, parameter: Parameter) -> &'static str {
        match parameter {
            Parameter::ByReference if !self.gives_references() => "&",
            Parameter::ByMutableReference => "&mut ",
            Parameter::ByReference | Parameter::ByValue | Parameter::Inferred => "",
        }
    }
}

/// The names that generated code gives an item, or the parts of it.
fn names(parameters: &[Parameter]) -> Vec<String> {
    match parameters.len() {
        1 => vec![ITEM.to_owned()],
        count => (0..count).map(|index| format!("{ITEM}_{index}")).collect(),
    }
}

/// What stands in front of the name of what the parameter changes.
fn mutable(parameter: Parameter) -> &'static str {
    if parameter == Parameter::ByMutableReference {
        "mut "
    } else {
        ""
    }
}
