//! Functions and closures as a magic sees them: how they take their arguments, and what they declare to return.

use std::ops::Range;

use ra_ap_syntax::ast::{self, AstNode, HasGenericArgs};
use ra_ap_syntax::{Edition, SourceFile};

use super::magic_error::MagicError;

/// A function or a closure.
#[derive(Clone, Debug)]
pub(super) struct Callable {
    /// A function's name; of a closure the whole of it.
    pub(super) name: Range<usize>,
    pub(super) parameters: Vec<Parameter>,
    pub(super) result: Returned,
    pub(super) generic: bool,
    /// Whether it returns a future.
    pub(super) asynchronous: bool,
    /// Whether a variable has the name of the function, which is then meant by it.
    pub(super) shadowed: bool,
}

/// A closure, and the parts of its text.
#[derive(Clone, Debug)]
pub(super) struct Closure {
    pub(super) callable: Callable,
    /// The parameters, with the bars around them.
    pub(super) parameter_list: Range<usize>,
    /// Each parameter: its pattern, and its type if it says one.
    pub(super) parameters: Vec<Range<usize>>,
    pub(super) body: Range<usize>,
}

/// How a parameter takes its argument.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Parameter {
    ByValue,
    ByReference,
    ByMutableReference,
    /// A closure's without a type, or that is declared as a reference to whatever it is.
    Inferred,
}

/// What is declared to be returned.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Returned {
    /// Nothing is declared; of a function that means `()`.
    Undeclared,
    Type {
        text: String,
    },
    /// A `Result`; `ok` is the type of success where it is written.
    Result {
        text: String,
        ok: Option<String>,
    },
    /// `impl Trait`, which cannot be written elsewhere.
    Opaque,
}

impl Closure {
    /// All of its text.
    pub(super) fn range(&self) -> Range<usize> {
        self.callable.name.clone()
    }
}

impl Callable {
    /// Refuses what would return before it has done anything.
    pub(super) fn check_synchronous(&self) -> Result<(), MagicError> {
        if !self.asynchronous {
            return Ok(());
        }
        Err(MagicError::new(
            self.name.clone(),
            "it is asynchronous, and a worker waits for no future",
            "returns a future",
            "leave `async` out, and wait inside: `tokio::runtime::Runtime::new().unwrap().block_on(async { ... })`, with \
             `:dep tokio = { version = \"1\", features = [\"full\"] }`",
        ))
    }

    /// What goes in front of its name where it is called. Functions of cells are at the top of their crate.
    pub(super) fn path(&self) -> &'static str {
        if self.shadowed { "crate::" } else { "" }
    }
}

/// How what has this type is called; None where it cannot be.
pub(super) fn of_type(type_: &str) -> Option<(Vec<Parameter>, Returned)> {
    let file = SourceFile::parse(&format!("type T = {type_};"), Edition::CURRENT).tree();
    // A box with what can be called, or a pointer to a function: the first that has parameters and is no parameter.
    let called = file.syntax().descendants().find_map(|node| {
        if let Some(pointer) = ast::FnPtrType::cast(node.clone()) {
            let types = parameters(pointer.param_list())
                .into_iter()
                .map(|parameter| parameter.ty());
            return Some((types.collect::<Vec<_>>(), pointer.ret_type()));
        }
        let segment = ast::PathSegment::cast(node)?;
        let arguments = segment.parenthesized_arg_list()?;
        let types = arguments.type_args().map(|argument| argument.ty());
        Some((types.collect(), segment.ret_type()))
    });
    let (types, result) = called?;
    let kinds = types.into_iter().map(|type_| kind_of(type_, Parameter::ByValue));
    Some((kinds.collect(), returned(result)))
}

/// The parameters of a function or a closure.
pub(super) fn parameters(list: Option<ast::ParamList>) -> Vec<ast::Param> {
    list.into_iter().flat_map(|list| list.params()).collect()
}

/// How each takes its argument; `without_type` where it does not say so.
pub(super) fn kinds(parameters: &[ast::Param], without_type: Parameter) -> Vec<Parameter> {
    let kinds = parameters.iter().map(|parameter| kind_of(parameter.ty(), without_type));
    kinds.collect()
}

fn kind_of(type_: Option<ast::Type>, without_type: Parameter) -> Parameter {
    match type_ {
        None => without_type,
        Some(ast::Type::RefType(reference)) if matches!(reference.ty(), Some(ast::Type::InferType(_))) => without_type,
        Some(ast::Type::RefType(reference)) if reference.mut_token().is_some() => Parameter::ByMutableReference,
        Some(ast::Type::RefType(_)) => Parameter::ByReference,
        Some(ast::Type::InferType(_)) => without_type,
        Some(_) => Parameter::ByValue,
    }
}

/// What a function or a closure declares to return.
pub(super) fn returned(declared: Option<ast::RetType>) -> Returned {
    let Some(type_) = declared.and_then(|declared| declared.ty()) else {
        return Returned::Undeclared;
    };
    let text = type_.syntax().text().to_string();
    if text == "()" {
        return Returned::Undeclared;
    }
    if type_
        .syntax()
        .descendants()
        .any(|node| ast::ImplTraitType::can_cast(node.kind()))
    {
        return Returned::Opaque;
    }
    let ast::Type::PathType(path) = &type_ else {
        return Returned::Type { text };
    };
    match path.path().and_then(|path| path.segment()) {
        Some(segment) if segment.name_ref().is_some_and(|name| name.text() == "Result") => {
            let ok = segment
                .generic_arg_list()
                .and_then(|arguments| arguments.generic_args().next())
                .map(|argument| argument.syntax().text().to_string());
            Returned::Result { text, ok }
        }
        _ => Returned::Type { text },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_called_is_known_by_its_type() {
        let (parameters, result) = of_type("Box<dyn Fn(i32, &str, &mut u8) -> Result<u8, String> + Send>").unwrap();
        let expected = [
            Parameter::ByValue,
            Parameter::ByReference,
            Parameter::ByMutableReference,
        ];
        assert_eq!(parameters, expected);
        assert!(matches!(result, Returned::Result { ok: Some(ok), .. } if ok == "u8"));
        let (parameters, result) = of_type("fn(u8)").unwrap();
        assert_eq!((parameters, result), (vec![Parameter::ByValue], Returned::Undeclared));
        assert!(of_type("std::sync::Arc<dyn Fn() -> u8>").is_some());
        for type_ in ["i32", "Vec<u8>", "(u8, u16)", "[u8; 2]"] {
            assert!(of_type(type_).is_none(), "{type_}");
        }
    }
}
