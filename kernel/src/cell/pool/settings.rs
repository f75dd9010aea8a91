//! What the options of `%%pool` become: the library's pool, or its cluster, with `PoolOptions` that are filled in.

use super::super::Dialect;
use super::super::magic_error::MagicError;
use super::super::options::{Given, Options, duration_code};

/// Code that makes what runs the items.
pub(super) struct Engine {
    pub(super) code: String,
    /// Whether what an item's function returns as an error is returned, and not told the notebook.
    pub(super) returns_errors: bool,
}

/// What of a cell's options a pool of a program has no method for: how a notebook shows what workers print, and in which
/// order results come.
const OF_CELLS: [&str; 4] = ["--unordered", "--quiet", "--no-progress", "--cluster"];

/// The code that makes what runs the items.
pub(super) fn code(options: &Options<'_>, dialect: Dialect) -> Result<Engine, MagicError> {
    options.exclude("--quiet", "--raw", "what is not shown has no prefix")?;
    options.exclude("--quiet", "--grouped", "what is not shown is not grouped")?;
    options.exclude(
        "--cluster",
        "--profile",
        "the speed-up is measured against one worker on this machine",
    )?;
    options.exclude("--widget", "--no-progress", "the widget shows how far the map is")?;
    options.exclude("--widget", "--cluster", "workers on other machines are Dask's to end")?;
    let is_pool = dialect == Dialect::Program && !OF_CELLS.iter().any(|option| options.has(option));
    let start = if is_pool {
        "Pool::builder()"
    } else {
        "parcell::cell::PoolOptions::new()"
    };
    let mut code = start.to_owned();
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
    let flags: &[(&str, &str, &str)] = if is_pool {
        // Lines of a program's workers have no prefix.
        &[
            ("--grouped", "grouped", "true"),
            ("--profile", "profile", "true"),
            ("--widget", "progress_widget", ""),
        ]
    } else {
        &[
            ("--unordered", "unordered", ""),
            ("--grouped", "grouped", ""),
            ("--quiet", "quiet", ""),
            ("--raw", "raw", ""),
            ("--profile", "profile", ""),
            ("--no-progress", "no_progress", ""),
            ("--widget", "widget", ""),
        ]
    };
    for (flag, method, argument) in flags {
        if options.has(flag) {
            call(method, argument);
        }
    }
    let code = match options.get("--cluster") {
        Some(given) => format!("parcell::cell::cluster({:?}, {code})", address(given)?),
        None if is_pool => format!("{code}.build()"),
        None => format!("parcell::cell::pool({code})"),
    };
    Ok(Engine {
        code,
        returns_errors: is_pool,
    })
}

/// The address of a scheduler, or the name of a file that describes one.
fn address<'a>(given: &Given<'a>) -> Result<&'a str, MagicError> {
    let value = given.value();
    let place = value.text.split_once("://").map_or(value.text, |(_, place)| place);
    let port = place.rsplit_once(':').map(|(host, port)| (host, port.parse::<u16>()));
    let is_address = matches!(port, Some((host, Ok(_))) if !host.is_empty());
    if is_address || value.text.ends_with(".json") {
        return Ok(value.text);
    }
    Err(MagicError::new(
        value.range,
        format!("`{}` is not the address of a Dask scheduler", value.text),
        "not an address",
        "write `--cluster tcp://HOST:PORT`, or the name of the scheduler's file, which ends with `.json`",
    ))
}
