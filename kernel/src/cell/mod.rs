//! What a person writes in a cell: magics, and the Rust that they stand for.
//!
//! `rewrite` turns a cell into the Rust that is evaluated; the `SourceMap` that comes with it leads from there back to
//! what the person wrote, so that every message points at that.

#[cfg(test)]
mod any_text;
mod application;
mod arguments;
mod body;
mod callable;
mod closure_parameters;
mod commands;
mod complete;
mod cursor;
mod definitions;
mod delimiters;
mod depth;
mod dialect;
mod expressions;
mod format;
mod history_range;
mod items;
mod line_magic;
mod lines;
mod magic;
mod magic_error;
mod magics;
#[cfg(test)]
mod magics_page;
mod names;
mod options;
mod parsing;
mod pool;
mod process;
mod query;
mod results;
mod rewrite;
mod script;
mod selection;
mod session_magic;
mod source_map;
mod split;
mod step;
mod subject;
mod target;
mod timing;
mod types;
mod without_magics;
mod words;

pub(crate) use closure_parameters::closure_parameters;
pub(crate) use commands::{CommandHelp, commands, is_engine_command};
pub(crate) use complete::{Completeness, is_complete};
pub(crate) use cursor::{Cursor, Excerpt, at as cursor};
pub(crate) use definitions::{Definition, DefinitionKind, definitions, find_item, macro_documentation};
pub(crate) use delimiters::{Unbalanced, UnbalancedKind, closing, unbalanced};
pub(crate) use depth::too_deep;
pub(crate) use dialect::{Dialect, ForProgram};
pub(crate) use expressions::{Event, expression_at};
pub(crate) use format::formatted;
pub(crate) use history_range::HistoryRange;
pub(crate) use magic_error::{MagicError, suggestion};
pub(crate) use magics::{MAGICS, MagicHelp, OptionHelp, magic};
pub(crate) use names::{definition_of_variable, imported};
pub(crate) use parsing::{is_sound, nodes};
pub(crate) use query::{Query, query};
pub(crate) use rewrite::rewrite;
pub(crate) use source_map::{Provenance, SourceMap};
pub(crate) use split::{VALUE_BEGINS, VALUE_SHOWN};
pub(crate) use step::{FilePurpose, History, Part, Rewritten, Save, Step};
pub(crate) use subject::{Subject, SubjectKind, subject};
pub(crate) use types::Types;

/// What the rewriting may ask about the notebook.
pub(crate) trait Variables {
    /// The type of a variable, as Rust writes it.
    fn type_of(&self, name: &str) -> Option<String>;

    /// The source of a function that an earlier cell defined.
    fn function(&self, _name: &str) -> Option<String> {
        None
    }

    /// What the Rust is for.
    fn dialect(&self) -> Dialect {
        Dialect::Cell
    }

    /// Whether something of the notebook has this name: a variable, an item, an import.
    fn is_known(&self, name: &str) -> bool {
        self.type_of(name).is_some()
    }
}
