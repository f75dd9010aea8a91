//! What a cell defines: its items, its last function, and the closure or expression that it ends with.

use std::ops::Range;

use ra_ap_syntax::ast::{self, AstNode, HasGenericArgs, HasGenericParams, HasName};
use ra_ap_syntax::{Edition, Parse, SourceFile, SyntaxNode, TextRange};

use super::Variables;
use super::items::is_identifier;
use super::magic_error::{MagicError, suggestion};
use super::options::Given;
use super::words::Word;

/// A parsed body of a cell. All ranges are in the cell.
#[derive(Debug)]
pub(super) struct Body {
    /// evcxr's commands (`:dep` and the like) in front of the code.
    pub(super) commands: Range<usize>,
    pub(super) nodes: Vec<Node>,
}

/// A statement, an item or the expression at the end.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) range: Range<usize>,
    pub(super) kind: NodeKind,
}

#[derive(Debug)]
pub(super) enum NodeKind {
    Function(Callable),
    Item,
    Statement,
    /// The closure at the end.
    Closure(Closure),
    /// Another expression at the end.
    Value,
}

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

/// What a magic applies.
#[derive(Clone, Debug)]
pub(super) enum Selected {
    Function(Callable),
    Closure(Closure),
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

impl Selected {
    pub(super) fn callable(&self) -> &Callable {
        match self {
            Selected::Function(callable) | Selected::Closure(Closure { callable, .. }) => callable,
        }
    }
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

impl Body {
    pub(super) fn parse(cell: &str, range: Range<usize>) -> Body {
        let code_start = range.start + commands_length(&cell[range.clone()]);
        let parser = Parser {
            offset: code_start,
            end: range.end,
        };
        let statements = parse_code(&cell[code_start..range.end])
            .syntax_node()
            .children()
            .find_map(ast::Fn::cast)
            .and_then(|function| function.body())
            .and_then(|body| body.stmt_list());
        let nodes = statements
            .map(|statements| statements.syntax().children().map(|node| parser.node(&node)).collect())
            .unwrap_or_default();
        Body {
            commands: range.start..code_start,
            nodes,
        }
    }

    /// What the cell's magic is to apply: the function that `--fn` names, the closure at the end, or the last function.
    pub(super) fn selected(
        &self,
        cell: &str,
        named: Option<&Given<'_>>,
        variables: &dyn Variables,
    ) -> Result<Option<Selected>, MagicError> {
        if let Some(given) = named {
            return self.named(cell, &given.value(), variables).map(Some);
        }
        let closure = self.last_closure().cloned().map(Selected::Closure);
        Ok(closure.or_else(|| self.last_function().cloned().map(Selected::Function)))
    }

    /// The function of this name, in this cell or an earlier one, or elsewhere.
    fn named(&self, cell: &str, name: &Word<'_>, variables: &dyn Variables) -> Result<Selected, MagicError> {
        if !name.text.split("::").all(is_identifier) {
            let message = format!("`{}` is not the name of a function", name.text);
            let help = "name a function of this cell or an earlier one, for example `--fn square`";
            return Err(MagicError::new(name.range.clone(), message, "not a name", help));
        }
        if let Some(function) = self
            .functions()
            .find(|function| &cell[function.name.clone()] == name.text)
        {
            return Ok(Selected::Function(function.clone()));
        }
        let here = Callable {
            name: name.range.clone(),
            parameters: vec![Parameter::ByValue],
            result: Returned::Opaque,
            generic: false,
            asynchronous: false,
            shadowed: variables.type_of(name.text).is_some(),
        };
        if let Some(source) = variables.function(name.text) {
            let earlier = Body::parse(&source, 0..source.len());
            let callable = earlier.last_function().map_or(here.clone(), |function| Callable {
                name: here.name,
                shadowed: here.shadowed,
                ..function.clone()
            });
            return Ok(Selected::Function(callable));
        }
        // Of what comes from elsewhere only the compiler knows the parameters.
        if name.text.contains("::") || variables.is_known(name.text) {
            return Ok(Selected::Function(here));
        }
        let functions = self.functions().map(|function| &cell[function.name.clone()]);
        let help = format!(
            "{}name a function of this cell or an earlier one",
            suggestion(name.text, functions)
        );
        let message = format!("there is no function `{}`", name.text);
        Err(MagicError::new(name.range.clone(), message, "unknown function", help))
    }

    /// Notes down which functions have the name of a variable: a cell that is run again has the results of its first run.
    pub(super) fn note_shadowed(&mut self, cell: &str, variables: &dyn Variables) {
        for node in &mut self.nodes {
            if let NodeKind::Function(function) = &mut node.kind {
                function.shadowed = variables.type_of(&cell[function.name.clone()]).is_some();
            }
        }
    }

    fn functions(&self) -> impl DoubleEndedIterator<Item = &Callable> {
        self.nodes.iter().filter_map(|node| match &node.kind {
            NodeKind::Function(function) => Some(function),
            _ => None,
        })
    }

    /// The last function, with the place of its definition.
    pub(super) fn last_function(&self) -> Option<&Callable> {
        self.functions().next_back()
    }

    /// The closure that the cell ends with.
    pub(super) fn last_closure(&self) -> Option<&Closure> {
        match &self.nodes.last()?.kind {
            NodeKind::Closure(closure) => Some(closure),
            _ => None,
        }
    }
}

/// What stands in front of code that is parsed.
pub(super) const PREFIX: &str = "fn f(){";

/// Statements and items as a file, which is what can be parsed.
pub(super) fn parse_code(code: &str) -> Parse<SourceFile> {
    SourceFile::parse(&format!("{PREFIX}{code}\n}}"), Edition::CURRENT)
}

/// The length of the lines in front that are blank, comments, or commands, up to the last command.
pub(super) fn commands_length(text: &str) -> usize {
    let mut length = 0;
    let mut position = 0;
    for line in text.split_inclusive('\n') {
        position += line.len();
        let trimmed = line.trim();
        if trimmed.starts_with(':') && !trimmed.starts_with("::") {
            length = position;
        } else if !trimmed.is_empty() && !trimmed.starts_with("//") {
            break;
        }
    }
    length
}

struct Parser {
    offset: usize,
    end: usize,
}

impl Parser {
    fn node(&self, node: &SyntaxNode) -> Node {
        let kind = if let Some(function) = ast::Fn::cast(node.clone()) {
            match self.function(&function) {
                Some(callable) => NodeKind::Function(callable),
                None => NodeKind::Item,
            }
        } else if let Some(call) = ast::MacroExpr::cast(node.clone()).and_then(|call| call.macro_call()) {
            // With braces it is a statement, or items, as for `thread_local!`.
            let braces = call.token_tree().is_some_and(|tokens| tokens.l_curly_token().is_some());
            if braces { NodeKind::Statement } else { NodeKind::Value }
        } else if ast::MacroCall::can_cast(node.kind()) {
            NodeKind::Statement
        } else if ast::Item::can_cast(node.kind()) {
            NodeKind::Item
        } else if let Some(closure) = ast::ClosureExpr::cast(node.clone()) {
            NodeKind::Closure(self.closure(&closure))
        } else if ast::Expr::can_cast(node.kind()) {
            NodeKind::Value
        } else {
            NodeKind::Statement
        };
        Node {
            range: self.range(node.text_range()),
            kind,
        }
    }

    fn function(&self, function: &ast::Fn) -> Option<Callable> {
        let name = self.range(function.name()?.syntax().text_range());
        let parameters = parameters(function.param_list());
        Some(Callable {
            name,
            parameters: kinds(&parameters, Parameter::ByValue),
            result: returned(function.ret_type()),
            generic: function.generic_param_list().is_some(),
            asynchronous: function.async_token().is_some(),
            shadowed: false,
        })
    }

    fn closure(&self, closure: &ast::ClosureExpr) -> Closure {
        let text = self.range(closure.syntax().text_range());
        let parameters = parameters(closure.param_list());
        let range_or =
            |node: Option<&SyntaxNode>, position| node.map_or(position..position, |node| self.range(node.text_range()));
        let list = closure.param_list();
        let body = closure.body();
        Closure {
            parameter_list: range_or(list.as_ref().map(AstNode::syntax), text.start),
            body: range_or(body.as_ref().map(AstNode::syntax), text.end),
            callable: Callable {
                name: text,
                parameters: kinds(&parameters, Parameter::Inferred),
                result: returned(closure.ret_type()),
                generic: false,
                asynchronous: closure.async_token().is_some() || body.as_ref().is_some_and(is_async_block),
                shadowed: false,
            },
            parameters: parameters
                .iter()
                .map(|parameter| self.range(parameter.syntax().text_range()))
                .collect(),
        }
    }

    fn range(&self, range: TextRange) -> Range<usize> {
        let place = |position: usize| (position + self.offset).saturating_sub(PREFIX.len()).min(self.end);
        place(range.start().into())..place(range.end().into())
    }
}

fn is_async_block(body: &ast::Expr) -> bool {
    matches!(body, ast::Expr::BlockExpr(block) if block.async_token().is_some())
}

fn parameters(list: Option<ast::ParamList>) -> Vec<ast::Param> {
    list.into_iter().flat_map(|list| list.params()).collect()
}

fn kinds(parameters: &[ast::Param], without_type: Parameter) -> Vec<Parameter> {
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

fn returned(declared: Option<ast::RetType>) -> Returned {
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

    fn parse(cell: &str) -> Body {
        Body::parse(cell, 0..cell.len())
    }

    #[test]
    fn the_last_function_and_its_signature_are_found() {
        let cell = "use a::b;\nfn helper() {}\nstruct P;\nfn f(a: u64, b: &str, c: &mut [u8]) -> Result<Vec<u8>, E> { todo!() }\n";
        let body = parse(cell);
        let function = body.last_function().unwrap();
        assert_eq!(&cell[function.name.clone()], "f");
        use Parameter::*;
        assert_eq!(function.parameters, [ByValue, ByReference, ByMutableReference]);
        let result = Returned::Result {
            text: "Result<Vec<u8>, E>".into(),
            ok: Some("Vec<u8>".into()),
        };
        assert_eq!(function.result, result);
        assert_eq!(body.nodes.len(), 4);
    }

    #[test]
    fn the_closure_at_the_end_is_found_also_behind_statements() {
        let cell = "let k = 3;\nmove |x: &u64, y| -> u64 { x * k + y }";
        let body = parse(cell);
        let closure = body.last_closure().unwrap();
        let text = |range: &Range<usize>| &cell[range.clone()];
        assert_eq!(text(&closure.range()), "move |x: &u64, y| -> u64 { x * k + y }");
        assert_eq!(text(&closure.parameter_list), "|x: &u64, y|");
        assert_eq!(text(&closure.parameters[0]), "x: &u64");
        assert_eq!(text(&closure.parameters[1]), "y");
        assert_eq!(text(&closure.body), "{ x * k + y }");
        let callable = &closure.callable;
        assert_eq!(callable.parameters, [Parameter::ByReference, Parameter::Inferred]);
        assert_eq!(callable.result, Returned::Type { text: "u64".into() });
        assert!(parse("let f = |x| x;").last_closure().is_none());
    }

    #[test]
    fn a_reference_to_whatever_it_is_has_no_type() {
        let parameters = |cell| parse(cell).last_closure().unwrap().callable.parameters.clone();
        assert_eq!(parameters("|a: &_, b: _| a"), [Parameter::Inferred; 2]);
        assert_eq!(parameters("|a: &Vec<_>| a"), [Parameter::ByReference]);
    }

    #[test]
    fn commands_in_front_are_left_out() {
        let cell = "\n:dep rand = \"0.9\"\n// why\nfn f() {}";
        let body = parse(cell);
        assert_eq!(&cell[body.commands.clone()], "\n:dep rand = \"0.9\"\n");
        assert_eq!(&cell[body.last_function().unwrap().name.clone()], "f");
    }

    #[test]
    fn what_cannot_be_written_elsewhere_is_opaque() {
        let body = parse("fn f(x: u8) -> impl Iterator<Item = u8> { 0..x }");
        assert_eq!(body.last_function().unwrap().result, Returned::Opaque);
        assert_eq!(
            parse("fn f() -> () {}").last_function().unwrap().result,
            Returned::Undeclared
        );
    }
}
