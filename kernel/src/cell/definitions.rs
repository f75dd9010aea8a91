//! What the cells of a notebook define, with its source: what is shown when somebody asks for it.

use ra_ap_syntax::ast::{self, AstNode, HasDocComments, HasName};
use ra_ap_syntax::{Edition, SourceFile, SyntaxKind, SyntaxNode};

use super::parsing::{commands_length, parse_code};
use super::without_magics::without_magics;

/// An item of a cell.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Definition {
    /// Its name; of an `impl` the name of the type.
    pub(crate) name: String,
    pub(crate) kind: DefinitionKind,
    /// What comes before the body, without attributes and comments.
    pub(crate) signature: String,
    /// Its documentation comments, in Markdown.
    pub(crate) documentation: String,
    /// All of it as it was written.
    pub(crate) source: String,
    /// The names of its fields or variants.
    pub(crate) members: Vec<String>,
}

/// What an item is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum DefinitionKind {
    Function,
    Struct,
    Enum,
    Union,
    Trait,
    TypeAlias,
    Constant,
    Static,
    Module,
    Macro,
    Implementation,
}

impl DefinitionKind {
    /// Its name in the replies to clients.
    pub(crate) fn name(self) -> &'static str {
        match self {
            DefinitionKind::Function => "function",
            DefinitionKind::Struct => "struct",
            DefinitionKind::Enum => "enum",
            DefinitionKind::Union => "union",
            DefinitionKind::Trait => "trait",
            DefinitionKind::TypeAlias => "type",
            DefinitionKind::Constant => "constant",
            DefinitionKind::Static => "static",
            DefinitionKind::Module => "module",
            DefinitionKind::Macro => "macro",
            DefinitionKind::Implementation => "impl",
        }
    }
}

/// The items that a cell defines at its top level.
pub(crate) fn definitions(cell: &str) -> Vec<Definition> {
    let code = without_magics(cell);
    let code = &code[commands_length(&code)..];
    let statements = parse_code(code)
        .syntax_node()
        .children()
        .find_map(ast::Fn::cast)
        .and_then(|function| function.body())
        .and_then(|body| body.stmt_list());
    statements
        .into_iter()
        .flat_map(|statements| statements.syntax().children().collect::<Vec<_>>())
        .filter_map(ast::Item::cast)
        .filter_map(|item| definition(&item))
        .collect()
}

/// The source of the first item that is called so in a file, without documentation; within the type or trait `owner`,
/// if one is given.
pub(crate) fn find_item(file: &str, owner: Option<&str>, name: &str) -> Option<String> {
    let file = SourceFile::parse(file, Edition::CURRENT).syntax_node();
    let items = file.descendants().filter(|node| match node.parent() {
        // Fields and variants are shown with what they belong to.
        Some(_) if ast::Item::can_cast(node.kind()) || ast::AssocItem::can_cast(node.kind()) => true,
        _ => ast::RecordField::can_cast(node.kind()) || ast::Variant::can_cast(node.kind()),
    });
    items
        .filter(|node| name_of(node).is_some_and(|found| found.text() == name))
        .find(|node| owner.is_none_or(|owner| is_within(node, owner)))
        .map(|node| without_documentation(&node))
}

/// The documentation of the first macro that is called so in a file.
pub(crate) fn macro_documentation(file: &str, name: &str) -> Option<String> {
    let file = SourceFile::parse(file, Edition::CURRENT).syntax_node();
    file.descendants()
        .filter_map(ast::MacroRules::cast)
        .find(|item| item.name().is_some_and(|found| found.text() == name))
        .map(|item| documentation(&ast::Item::MacroRules(item)))
}

fn name_of(node: &SyntaxNode) -> Option<ast::Name> {
    node.children().find_map(ast::Name::cast)
}

fn is_within(node: &SyntaxNode, owner: &str) -> bool {
    node.ancestors().skip(1).any(|ancestor| {
        name_of(&ancestor).is_some_and(|name| name.text() == owner)
            || ast::Impl::cast(ancestor)
                .and_then(|item| implementing_type(&item))
                .as_deref()
                == Some(owner)
    })
}

fn without_documentation(node: &SyntaxNode) -> String {
    let kept = node
        .children_with_tokens()
        .skip_while(|element| element.kind().is_trivia())
        .filter(|element| element.kind() != SyntaxKind::COMMENT);
    let text: String = kept.map(|element| element.to_string()).collect();
    // As far to the left as it goes.
    let margin = text
        .lines()
        .skip(1)
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.len() - line.trim_start_matches(' ').len())
        .min()
        .unwrap_or(0);
    let blank = " ".repeat(margin);
    text.split('\n')
        .map(|line| line.strip_prefix(&blank).unwrap_or(line))
        .collect::<Vec<_>>()
        .join("\n")
}

fn definition(item: &ast::Item) -> Option<Definition> {
    use DefinitionKind::*;
    let (kind, name, body) = match item {
        ast::Item::Fn(item) => (Function, item.name(), syntax(item.body())),
        ast::Item::Struct(item) => (Struct, item.name(), None),
        ast::Item::Enum(item) => (Enum, item.name(), None),
        ast::Item::Union(item) => (Union, item.name(), None),
        ast::Item::Trait(item) => (Trait, item.name(), syntax(item.assoc_item_list())),
        ast::Item::TypeAlias(item) => (TypeAlias, item.name(), None),
        ast::Item::Const(item) => (Constant, item.name(), None),
        ast::Item::Static(item) => (Static, item.name(), None),
        ast::Item::Module(item) => (Module, item.name(), syntax(item.item_list())),
        ast::Item::MacroRules(item) => (Macro, item.name(), syntax(item.token_tree())),
        ast::Item::Impl(item) => (Implementation, None, syntax(item.assoc_item_list())),
        _ => return None,
    };
    let name = match (name, item) {
        (Some(name), _) => name.text().to_string(),
        (None, ast::Item::Impl(item)) => implementing_type(item)?,
        _ => return None,
    };
    Some(Definition {
        name,
        kind,
        signature: signature(item.syntax(), body.as_ref()),
        documentation: documentation(item),
        source: item.syntax().text().to_string(),
        members: members(item),
    })
}

fn syntax(node: Option<impl AstNode>) -> Option<SyntaxNode> {
    node.map(|node| node.syntax().clone())
}

/// The last name in the type that an `impl` is for.
fn implementing_type(item: &ast::Impl) -> Option<String> {
    match item.self_ty()? {
        ast::Type::PathType(path) => Some(path.path()?.segment()?.name_ref()?.text().to_string()),
        _ => None,
    }
}

/// The text up to the body, from behind attributes and comments on.
fn signature(item: &SyntaxNode, body: Option<&SyntaxNode>) -> String {
    let mut text = String::new();
    let mut begun = false;
    for element in item.children_with_tokens() {
        if element.as_node() == body && body.is_some() {
            break;
        }
        begun |= !(element.kind().is_trivia() || ast::Attr::can_cast(element.kind()));
        if begun {
            text.push_str(&element.to_string());
        }
    }
    text.trim_end().to_owned()
}

fn documentation(item: &ast::Item) -> String {
    let lines: Vec<String> = match item {
        ast::Item::Fn(item) => comments(item),
        ast::Item::Struct(item) => comments(item),
        ast::Item::Enum(item) => comments(item),
        ast::Item::Union(item) => comments(item),
        ast::Item::Trait(item) => comments(item),
        ast::Item::TypeAlias(item) => comments(item),
        ast::Item::Const(item) => comments(item),
        ast::Item::Static(item) => comments(item),
        ast::Item::Module(item) => comments(item),
        ast::Item::MacroRules(item) => comments(item),
        _ => Vec::new(),
    };
    lines.join("\n").trim().to_owned()
}

fn comments(item: &impl HasDocComments) -> Vec<String> {
    let texts = item
        .doc_comments()
        .filter_map(|comment| comment.doc_comment().map(|(text, _)| text.to_owned()));
    texts
        .flat_map(|text| {
            let line = |line: &str| line.strip_prefix(' ').unwrap_or(line).to_owned();
            text.split('\n').map(line).collect::<Vec<_>>()
        })
        .collect()
}

fn members(item: &ast::Item) -> Vec<String> {
    let names: Vec<Option<ast::Name>> = match item {
        ast::Item::Struct(item) => match item.field_list() {
            Some(ast::FieldList::RecordFieldList(fields)) => fields.fields().map(|field| field.name()).collect(),
            _ => Vec::new(),
        },
        ast::Item::Union(item) => item
            .record_field_list()
            .map(|fields| fields.fields().map(|field| field.name()).collect())
            .unwrap_or_default(),
        ast::Item::Enum(item) => item
            .variant_list()
            .map(|variants| variants.variants().map(|variant| variant.name()).collect())
            .unwrap_or_default(),
        _ => Vec::new(),
    };
    names
        .into_iter()
        .flatten()
        .map(|name| name.text().to_string())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_come_with_signature_documentation_and_source() {
        let cell = ":dep a\n/// Doubles it.\n///\n///     code\n#[inline]\npub fn double<T>(a: T) -> T\nwhere\n    T: Copy,\n{\n    a\n}\nlet x = 1;";
        let [double] = definitions(cell).try_into().unwrap();
        assert_eq!(
            (double.name.as_str(), double.kind),
            ("double", DefinitionKind::Function)
        );
        assert_eq!(double.signature, "pub fn double<T>(a: T) -> T\nwhere\n    T: Copy,");
        assert_eq!(double.documentation, "Doubles it.\n\n    code");
        assert!(double.source.starts_with("/// Doubles") && double.source.ends_with("a\n}"));
    }

    #[test]
    fn items_are_found_in_files_by_their_owner() {
        let file = "struct B;\nimpl B { fn len() {} }\nimpl<T> A<T> {\n    /// Doc.\n    #[inline]\n    fn len() {\n        1\n    }\n}\npub mod m { macro_rules! x { () => {} } }";
        assert_eq!(
            find_item(file, Some("A"), "len").unwrap(),
            "#[inline]\nfn len() {\n    1\n}"
        );
        assert_eq!(find_item(file, None, "x").unwrap(), "macro_rules! x { () => {} }");
        assert_eq!(find_item(file, Some("A"), "x"), None);
        let file = "/// Doc.\nmacro_rules! x { () => {} }";
        assert_eq!(macro_documentation(file, "x").as_deref(), Some("Doc."));
        assert_eq!(macro_documentation(file, "y"), None);
    }

    #[test]
    fn types_know_their_members_and_implementations_their_type() {
        let cell = "%%pool 0..3\nstruct Point { x: u8, y: u8 }\nimpl std::fmt::Debug for Point { }\nenum E { A, B(u8) }\nmacro_rules! m { () => {} }\nfn f(a: u8) {}";
        let found = definitions(cell);
        let names: Vec<_> = found
            .iter()
            .map(|found| (found.name.as_str(), found.kind.name()))
            .collect();
        assert_eq!(
            names,
            [
                ("Point", "struct"),
                ("Point", "impl"),
                ("E", "enum"),
                ("m", "macro"),
                ("f", "function")
            ]
        );
        assert_eq!(found[0].members, ["x", "y"]);
        assert_eq!(found[2].members, ["A", "B"]);
        assert_eq!(found[1].signature, "impl std::fmt::Debug for Point");
        assert_eq!(found[3].signature, "macro_rules! m");
    }
}
