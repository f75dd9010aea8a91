//! What the options of `%%pool` become: calls that fill in the library's `PoolOptions`.

use super::super::magic_error::MagicError;
use super::super::options::{Options, duration_code};

/// The code that makes the library's options.
pub(super) fn code(options: &Options<'_>) -> Result<String, MagicError> {
    options.exclude("--quiet", "--raw", "what is not shown has no prefix")?;
    options.exclude("--quiet", "--grouped", "what is not shown is not grouped")?;
    let mut code = "parcell::cell::PoolOptions::new()".to_owned();
    let mut call = |method: &str, argument: &dyn ToString| {
        code.push_str(&format!(".{method}({})", argument.to_string()));
    };
    if let Some(given) = options.get("--workers") {
        call("workers", &given.number("workers", 1)?);
    }
    if let Some(given) = options.get("--chunk-size") {
        call("chunk_size", &given.number("items in a chunk", 1)?);
    }
    if let Some(given) = options.get("--timeout") {
        call("timeout", &duration_code(given.duration()?));
    }
    if let Some(given) = options.get("--retries") {
        call("retries", &given.number("retries", 0)?);
    }
    if let Some(given) = options.get("--memory") {
        call("memory_limit", &given.size()?);
    }
    for (flag, method) in [
        ("--unordered", "unordered"),
        ("--grouped", "grouped"),
        ("--quiet", "quiet"),
        ("--raw", "raw"),
        ("--profile", "profile"),
        ("--no-progress", "no_progress"),
    ] {
        if options.has(flag) {
            call(method, &"");
        }
    }
    Ok(code)
}
