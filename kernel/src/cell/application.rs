//! A function or a closure applied to items: what the call needs so that each item is taken, borrowed, or cloned as the
//! parameter wants it.

use std::ops::Range;

use super::function::{Callable, Parameter};
use super::magic_error::MagicError;
use super::source_map::SourceMap;
use super::words::Word;
use super::{Variables, items};

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

    /// A closure that calls the function with an item.
    pub(super) fn function(&self, map: &mut SourceMap, function: &Callable) -> Result<(), MagicError> {
        let parameters = &function.parameters;
        if parameters.is_empty() {
            let message = format!("`{}` takes no parameter", &self.cell[function.name.clone()]);
            let help = "it is called with each item: give it a parameter";
            return Err(MagicError::new(function.name.clone(), message, "takes nothing", help));
        }
        let names: Vec<_> = match parameters.len() {
            1 => vec![ITEM.to_owned()],
            count => (0..count).map(|index| format!("{ITEM}_{index}")).collect(),
        };
        let patterns: Vec<_> = std::iter::zip(parameters, &names)
            .map(|(parameter, name)| self.pattern(*parameter, name))
            .collect();
        let pattern = match &patterns[..] {
            [one] => one.clone(),
            several => format!("({})", several.join(", ")),
        };
        map.generate(&format!("|{pattern}| {{ "), function.name.clone());
        for (parameter, name) in std::iter::zip(parameters, &names) {
            self.own(map, *parameter, name);
        }
        map.generate(function.path(), self.magic.clone());
        map.generate(&self.cell[function.name.clone()], function.name.clone());
        map.generate("(", self.magic.clone());
        for (parameter, name) in std::iter::zip(parameters, &names) {
            map.generate(&self.argument(*parameter, name), self.expression.range.clone());
            map.generate(", ", self.magic.clone());
        }
        map.generate(") }", self.magic.clone());
        Ok(())
    }

    /// The closure as it was written, or one around it that hands it its items.
    pub(super) fn closure(
        &self,
        map: &mut SourceMap,
        closure: &Callable,
        range: Range<usize>,
    ) -> Result<(), MagicError> {
        if closure.parameters.is_empty() {
            let help = "it is called with each item: write `|item| ...`";
            let message = "the closure takes no parameter";
            return Err(MagicError::new(range, message, "takes nothing", help));
        }
        let by_value = closure.parameters == [Parameter::ByValue];
        if !by_value || !self.gives_references() {
            map.copy_apart(self.cell, range);
            return Ok(());
        }
        map.generate("{ let parcell_closure = ", self.magic.clone());
        map.copy_apart(self.cell, range);
        map.generate(&format!("; move |{ITEM}| {{ "), self.magic.clone());
        self.own(map, Parameter::ByValue, ITEM);
        map.generate("parcell_closure(", self.magic.clone());
        map.generate(ITEM, self.expression.range.clone());
        map.generate(") } }", self.magic.clone());
        Ok(())
    }

    /// The items.
    pub(super) fn items(&self, map: &mut SourceMap) {
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

    fn pattern(&self, parameter: Parameter, name: &str) -> String {
        match parameter {
            Parameter::ByMutableReference if !self.gives_references() => format!("mut {name}"),
            _ => name.to_owned(),
        }
    }

    /// Makes the worker's own copy of an item that is only borrowed, where the function takes or changes it: the
    /// variable stays as it is. A statement of its own, so that a wrong type is the argument's, not the copy's.
    fn own(&self, map: &mut SourceMap, parameter: Parameter, name: &str) {
        let mutable = if parameter == Parameter::ByMutableReference {
            "mut "
        } else {
            ""
        };
        if self.gives_references() && parameter != Parameter::ByReference {
            let copy = format!("let {mutable}{name} = ::std::clone::Clone::clone({name}); ");
            map.generate(&copy, self.expression.range.clone());
        }
    }

    fn argument(&self, parameter: Parameter, name: &str) -> String {
        match parameter {
            Parameter::ByReference if self.gives_references() => name.to_owned(),
            Parameter::ByReference => format!("&{name}"),
            Parameter::ByMutableReference => format!("&mut {name}"),
            Parameter::ByValue | Parameter::Inferred => name.to_owned(),
        }
    }
}
