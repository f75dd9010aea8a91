//! Cells that ask: `?name` and `??name`.

use super::event::MimeBundle;
use super::inspection::{self, Detail};
use super::knowledge::Knowledge;
use crate::cell::{self, MagicError, Query};
use crate::evaluation::Look;

/// What the cell is to show.
///
/// # Errors
///
/// When there is nothing of that name.
pub(super) fn answer(
    look: &mut Look<'_>,
    knowledge: &Knowledge,
    code: &str,
    query: &Query,
) -> Result<MimeBundle, MagicError> {
    let name = &code[query.name.clone()];
    let detail = if query.source {
        Detail::Source
    } else {
        Detail::Documentation
    };
    let parts = if name.starts_with(['%', ':']) {
        inspection::named(name)
    } else {
        inspection::ask(look, knowledge, (name, name.len()), detail)
            // Not everybody writes the `!` of a macro.
            .or_else(|| inspection::ask(look, knowledge, (&format!("{name}!"), name.len()), detail))
    };
    match parts {
        Some(parts) => Ok(inspection::bundle(&parts)),
        None => Err(not_found(knowledge, query, name)),
    }
}

fn not_found(knowledge: &Knowledge, query: &Query, name: &str) -> MagicError {
    let magics = cell::MAGICS.iter().map(|magic| magic.name);
    let commands = cell::commands().iter().map(|command| command.name);
    let variables = knowledge.variables().map(|(name, _)| name);
    let items = knowledge.items().map(|item| item.definition.name.as_str());
    let suggestion = match name.chars().next() {
        Some('%') => cell::suggestion(name, magics),
        Some(':') => cell::suggestion(name, commands),
        _ => cell::suggestion(name, variables.chain(items)),
    };
    let help = format!(
        "{suggestion}ask about a variable, an item, a path like `std::mem::swap`, a field or method like \
         `numbers.len`, a keyword, a magic or a command"
    );
    MagicError::new(
        query.name.clone(),
        format!("nothing is known about `{name}`"),
        "not found",
        help,
    )
}
