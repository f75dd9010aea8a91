//! What every cell has from the start: the library, serde, and the library's prelude.

use std::path::Path;

use evcxr::{CommandContext, Error, EvalContext};

/// Large enough never to be reached. evcxr runs this executable as rustc's wrapper only while it has a cache.
const CACHE_BYTES: u64 = 1 << 50;

/// Puts them into scope. `library` is the directory of the library's package.
pub(crate) fn load(mut context: EvalContext, library: &Path) -> Result<CommandContext, Error> {
    let mut state = context.state();
    state.set_cache_bytes(CACHE_BYTES);
    context.eval_with_state("", state)?;
    let mut context = CommandContext::with_eval_context(context);
    reload(&mut context, library)?;
    Ok(context)
}

/// Puts them into scope again, after everything has been cleared.
pub(crate) fn reload(context: &mut CommandContext, library: &Path) -> Result<(), Error> {
    context.execute(&code(library))?;
    Ok(())
}

/// What puts them into scope.
pub(crate) fn code(library: &Path) -> String {
    // What derive macros generate refers to serde by its name.
    format!(
        ":dep parcell = {{ path = {library:?} }}\n\
         :dep serde = {{ version = \"1\", features = [\"derive\"] }}\n\
         use parcell::prelude::*;"
    )
}

/// Forgets all variables, items, imports and crates. What it returns brings back the crates, and what every cell has.
pub(crate) fn clear(context: &mut CommandContext) -> Result<String, Error> {
    let shown = context.execute(":show_deps")?;
    let crates: String = shown
        .get("text/plain")
        .unwrap_or_default()
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| format!(":dep {line}\n"))
        .collect();
    context.execute(":clear")?;
    Ok(format!("{crates}use parcell::prelude::*;"))
}
