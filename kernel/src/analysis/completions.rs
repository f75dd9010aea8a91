//! What could stand at a place.

use ra_ap_hir::PrefixKind;
use ra_ap_ide::{
    CallableSnippets, CompletionConfig, CompletionFieldsToResolve, CompletionItem, CompletionItemKind, RaFixtureConfig,
};
use ra_ap_ide_db::imports::insert_use::{ImportGranularity, InsertUseConfig};
use ra_ap_ide_db::{SnippetCap, SymbolKind};

use super::AnalysisError;
use super::host::Host;
use super::hover::position;

/// Something that could stand at a place, in the place of the word that is there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Completion {
    /// As a snippet: it may have `$0`, and `${1:name}` where an argument goes.
    pub(crate) text: String,
    /// What it is, in a word.
    pub(crate) kind: &'static str,
}

pub(super) fn at(host: &Host, offset: usize) -> Result<Vec<Completion>, AnalysisError> {
    let found = host
        .analysis
        .analysis()
        .completions(&config(), position(host, offset)?, None)
        .map_err(|error| AnalysisError::Unanswered(error.to_string()))?;
    let found = found.unwrap_or_default();
    Ok(found.iter().filter_map(|item| completion(item, &host.source)).collect())
}

/// None where it does not begin as the word does, or changes more than the word.
fn completion(item: &CompletionItem, source: &str) -> Option<Completion> {
    let mut edits = item.text_edit.iter();
    let edit = edits.next()?;
    if edits.next().is_some() || !item.lookup().starts_with(&source[edit.delete]) {
        return None;
    }
    Some(Completion {
        text: edit.insert.clone(),
        kind: kind(item.kind),
    })
}

fn config() -> CompletionConfig<'static> {
    CompletionConfig {
        enable_postfix_completions: true,
        snippet_cap: SnippetCap::new(true),
        enable_imports_on_the_fly: false,
        enable_self_on_the_fly: true,
        enable_private_editable: true,
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
        enable_auto_iter: true,
        enable_auto_await: true,
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
