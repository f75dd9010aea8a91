//! What a cell consists of: its statements and items, among them functions, and the closure or expression that it ends with.

use std::ops::Range;

use ra_ap_syntax::ast::{self, AstNode, HasGenericParams, HasName};
use ra_ap_syntax::{SyntaxNode, TextRange};

use super::Variables;
use super::callable::{Callable, Closure, Parameter, kinds, parameters, returned};
use super::parsing::{PREFIX, commands_length, nodes};

/// A parsed body of a cell. All ranges are in the cell.
#[derive(Debug)]
pub(super) struct Body {
    /// Commands (`:dep` and the like) in front of the code.
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

impl Body {
    pub(super) fn parse(cell: &str, range: Range<usize>) -> Body {
        let code_start = range.start + commands_length(&cell[range.clone()]);
        let parser = Parser {
            offset: code_start,
            end: range.end,
        };
        let nodes = nodes(&cell[code_start..range.end]);
        let nodes = nodes.iter().map(|(_, node)| parser.node(node)).collect();
        Body {
            commands: range.start..code_start,
            nodes,
        }
    }

    /// Notes down which functions have the name of a variable: a cell that is run again has the results of its first run.
    pub(super) fn note_shadowed(&mut self, cell: &str, variables: &dyn Variables) {
        for node in &mut self.nodes {
            if let NodeKind::Function(function) = &mut node.kind {
                function.shadowed = variables.type_of(&cell[function.name.clone()]).is_some();
            }
        }
    }

    /// All functions, with the places of their definitions.
    pub(super) fn functions(&self) -> impl DoubleEndedIterator<Item = &Callable> {
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

/// Whether there is any statement, item or expression.
pub(super) fn has_code(text: &str) -> bool {
    !Body::parse(text, 0..text.len()).nodes.is_empty()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::callable::Returned;

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
