//! What could stand at a place.

use std::collections::HashMap;

use ra_ap_base_db::EditionedFileId;
use ra_ap_hir::{Adt, AsAssocItem, AssocItemContainer, PrefixKind, Semantics, attach_db};
use ra_ap_ide::{
    CallableSnippets, CompletionConfig, CompletionFieldsToResolve, CompletionItem, CompletionItemKind, RaFixtureConfig,
    RootDatabase, TextSize,
};
use ra_ap_ide_db::imports::insert_use::{ImportGranularity, InsertUseConfig};
use ra_ap_ide_db::{SnippetCap, SymbolKind};
use ra_ap_syntax::ast::{self, AstNode};
use ra_ap_syntax::{SyntaxKind, SyntaxNode, SyntaxToken};

use super::AnalysisError;
use super::host::{EDITION, Host};
use super::hover::position;

/// How many characters of a name it takes to look for it in all crates: fewer would find hundreds.
const TOLD_APART: usize = 3;

/// Something that could stand at a place, in the place of the word that is there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Completion {
    /// As a snippet: it may have `$0`, and `${1:name}` where an argument goes.
    pub(crate) text: String,
    /// What it is, in a word.
    pub(crate) kind: &'static str,
    /// Its type or its signature, as Rust writes it, where it has one.
    pub(crate) detail: Option<String>,
    /// The path by which it can be named, where its name alone is not in scope.
    pub(crate) path: Option<String>,
    /// How far the type or the trait that it is a method of is from the value's type: what one finds first comes first.
    pub(crate) distance: usize,
    /// How well it fits, as far as rust-analyzer can tell; more is better.
    pub(crate) relevance: u32,
    pub(crate) is_deprecated: bool,
}

/// Where it is asked for completions.
struct Place {
    /// How far each method is from the value that it would be called on; None where it is called on nothing.
    distances: Option<HashMap<String, usize>>,
    is_type: bool,
    /// The word in front of it is long enough to look for it everywhere.
    is_told_apart: bool,
}

pub(super) fn at(host: &Host, offset: usize) -> Result<Vec<Completion>, AnalysisError> {
    let position = position(host, offset)?;
    let place = Place::find(host, position.offset);
    let found = host
        .analysis
        .analysis()
        .completions(&config(&place), position, None)
        .map_err(|error| AnalysisError::Unanswered(error.to_string()))?;
    let found = found.unwrap_or_default();
    Ok(found
        .iter()
        .filter_map(|item| completion(item, &place, &host.source))
        .collect())
}

/// None where it does not begin as the word does, changes more than the word, or cannot stand there as it is.
fn completion(item: &CompletionItem, place: &Place, source: &str) -> Option<Completion> {
    let mut edits = item.text_edit.iter();
    let edit = edits.next()?;
    if edits.next().is_some() || !item.lookup().starts_with(&source[edit.delete]) {
        return None;
    }
    let is_macro = matches!(
        item.kind,
        CompletionItemKind::SymbolKind(SymbolKind::Macro | SymbolKind::ProcMacro)
    );
    if place.is_type && is_macro {
        // It could, and hardly ever does.
        return None;
    }
    let path = match &item.import_to_add[..] {
        [] => None,
        [import] if !import.as_underscore => Some(import.path.clone()),
        // Naming it does not bring it into scope.
        _ => return None,
    };
    let distance = place
        .distances
        .as_ref()
        .and_then(|distances| distances.get(item.lookup()));
    Some(Completion {
        text: edit.insert.clone(),
        kind: kind(item.kind),
        detail: item.detail.clone(),
        path,
        distance: distance.copied().unwrap_or(0),
        relevance: item.relevance.score(),
        is_deprecated: item.deprecated,
    })
}

impl Place {
    fn find(host: &Host, offset: TextSize) -> Place {
        let database = host.analysis.raw_database();
        let semantics = Semantics::new(database);
        let file = semantics.parse(EditionedFileId::new(database, host.source_id, EDITION));
        let token = file.syntax().token_at_offset(offset).left_biased();
        let node = token.as_ref().and_then(SyntaxToken::parent);
        let is_in = |kind| {
            node.iter()
                .flat_map(SyntaxNode::ancestors)
                .any(|node| node.kind() == kind)
        };
        let word = token.as_ref().filter(|token| token.kind() == SyntaxKind::IDENT);
        let receiver = node.iter().flat_map(SyntaxNode::ancestors).find_map(receiver);
        Place {
            distances: receiver
                .filter(|receiver| receiver.syntax().text_range().end() <= offset)
                .map(|receiver| attach_db(database, || distances(&semantics, &receiver))),
            is_type: is_in(SyntaxKind::PATH_TYPE) && !is_in(SyntaxKind::PATH_EXPR),
            is_told_apart: word.is_some_and(|word| word.text().len() >= TOLD_APART),
        }
    }
}

/// What a method is called on, or a field is of.
fn receiver(node: SyntaxNode) -> Option<ast::Expr> {
    match ast::Expr::cast(node)? {
        ast::Expr::MethodCallExpr(call) => call.receiver(),
        ast::Expr::FieldExpr(field) => field.expr(),
        _ => None,
    }
}

/// For each method of a value how many types are nearer: those of its own type have none, then come those of what it
/// dereferences to, and those of traits at last.
fn distances(semantics: &Semantics<'_, RootDatabase>, receiver: &ast::Expr) -> HashMap<String, usize> {
    let database = semantics.db;
    let mut distances = HashMap::new();
    let type_ = semantics.type_of_expr(receiver).map(|type_| type_.original());
    let Some((type_, scope)) = type_.zip(semantics.scope(receiver.syntax())) else {
        return distances;
    };
    // Inherent methods come in the order in which the types are looked at, which is that of dereferencing.
    let mut heads: Vec<Option<Adt>> = Vec::new();
    let mut of_traits = Vec::new();
    type_.iterate_method_candidates(database, &scope, None, |function| {
        let name = function.name(database).as_str().to_owned();
        match function.as_assoc_item(database).map(|item| item.container(database)) {
            Some(AssocItemContainer::Impl(implementation)) if implementation.trait_(database).is_none() => {
                let head = implementation.self_ty(database).as_adt();
                let known = heads.iter().position(|known| *known == head);
                let distance = known.unwrap_or_else(|| {
                    heads.push(head);
                    heads.len() - 1
                });
                distances.entry(name).or_insert(distance);
            }
            _ => of_traits.push(name),
        }
        None::<()>
    });
    for name in of_traits {
        distances.entry(name).or_insert(heads.len());
    }
    distances
}

fn config(place: &Place) -> CompletionConfig<'static> {
    CompletionConfig {
        enable_postfix_completions: true,
        snippet_cap: SnippetCap::new(true),
        enable_imports_on_the_fly: place.is_told_apart && place.distances.is_none(),
        enable_self_on_the_fly: true,
        // The notebook's own are all in one module, and so in sight.
        enable_private_editable: false,
        prefer_no_std: false,
        full_function_signatures: true,
        snippets: Vec::new(),
        insert_use: InsertUseConfig {
            prefix_kind: PrefixKind::ByCrate,
            group: false,
            granularity: ImportGranularity::Item,
            enforce_granularity: false,
            skip_glob_imports: false,
        },
        callable: Some(CallableSnippets::FillArguments),
        limit: None,
        prefer_prelude: false,
        // It invents expressions, at the price of hundreds of milliseconds.
        enable_term_search: false,
        term_search_fuel: 0,
        prefer_absolute: false,
        add_semicolon_to_unit: true,
        fields_to_resolve: CompletionFieldsToResolve::empty(),
        exclude_flyimport: Vec::new(),
        exclude_traits: &[],
        // They are of calls in between, of which only the name would be left.
        enable_auto_iter: false,
        enable_auto_await: false,
        ra_fixture: RaFixtureConfig::default(),
        add_colons_to_module: true,
    }
}

/// The words that Jupyter's clients have icons for.
fn kind(kind: CompletionItemKind) -> &'static str {
    match kind {
        CompletionItemKind::SymbolKind(SymbolKind::Function | SymbolKind::Method) => "function",
        CompletionItemKind::SymbolKind(
            SymbolKind::Struct
            | SymbolKind::Enum
            | SymbolKind::Union
            | SymbolKind::Trait
            | SymbolKind::TypeAlias
            | SymbolKind::TypeParam
            | SymbolKind::SelfType,
        ) => "class",
        CompletionItemKind::SymbolKind(SymbolKind::Module | SymbolKind::CrateRoot | SymbolKind::ToolModule) => "module",
        CompletionItemKind::SymbolKind(
            SymbolKind::Macro
            | SymbolKind::ProcMacro
            | SymbolKind::Derive
            | SymbolKind::DeriveHelper
            | SymbolKind::Attribute
            | SymbolKind::BuiltinAttr,
        ) => "function",
        CompletionItemKind::Keyword => "keyword",
        _ => "instance",
    }
}
