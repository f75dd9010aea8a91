//! Packs what notebooks need of the library crate into the binary: its sources are embedded by `include_dir`, and the
//! manifest written here stands on its own, with nothing inherited from this workspace.

use std::ffi::CStr;
use std::path::{Path, PathBuf};
use std::{env, fs};

use toml::{Table, Value};

#[path = "../workers/src/contract/symbols.rs"]
#[expect(
    dead_code,
    unreachable_pub,
    reason = "only the names of what the host has are needed here"
)]
mod symbols;

type Error = Box<dyn std::error::Error>;

fn main() -> Result<(), Error> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("..");
    println!("cargo::rerun-if-changed={}", root.join("workers").display());
    println!("cargo::rerun-if-changed={}", root.join("Cargo.toml").display());
    fs::write(
        PathBuf::from(env::var("OUT_DIR")?).join("parcell.Cargo.toml"),
        standalone_manifest(&root)?,
    )?;

    // Cells call these functions of the executable: `close`, to know which descriptors the notebook process gives up;
    // `read` and its like, to make questions of reads of standard input; and what the library looks for.
    let of_host = symbols::OF_HOST.map(CStr::to_str);
    for symbol in ["close", "read", "readv", "splice"].map(Ok).into_iter().chain(of_host) {
        println!("cargo::rustc-link-arg-bins=-Wl,--export-dynamic-symbol={}", symbol?);
    }
    Ok(())
}

/// The library's manifest with everything inherited written out, for `crate-type = ["dylib"]`: every cell is linked on
/// its own, and only a shared library has its statics once for all of them.
fn standalone_manifest(root: &Path) -> Result<String, Error> {
    let workspace: Table = fs::read_to_string(root.join("Cargo.toml"))?.parse()?;
    let workspace = workspace["workspace"]
        .as_table()
        .ok_or("no [workspace] in Cargo.toml")?;
    let mut manifest: Table = fs::read_to_string(root.join("workers/Cargo.toml"))?.parse()?;
    inherit(&mut manifest, "package", &workspace["package"])?;
    inherit(&mut manifest, "dependencies", &workspace["dependencies"])?;
    for unneeded in ["lints", "dev-dependencies", "bench", "example", "test"] {
        manifest.remove(unneeded);
    }
    let mut library = Table::new();
    library.insert("crate-type".into(), vec!["dylib"].into());
    manifest.insert("lib".into(), library.into());
    hide_dependencies(&mut manifest)?;
    manifest.insert("workspace".into(), Table::new().into());
    Ok(toml::to_string(&manifest)?)
}

/// Makes the library's dependencies ones that rust-analyzer does not see, all but serde, which cells use: whenever it
/// looks for a trait's implementations it reads every crate there is, and no cell can name these. The kernel has it say
/// `--cfg rust_analyzer` when it asks cargo.
fn hide_dependencies(manifest: &mut Table) -> Result<(), Error> {
    let dependencies = manifest["dependencies"]
        .as_table_mut()
        .ok_or("[dependencies] is not a table")?;
    let serde = dependencies
        .remove("serde")
        .ok_or("the library does not depend on serde")?;
    let hidden = std::mem::replace(dependencies, Table::from_iter([("serde".to_owned(), serde)]));
    let unseen = Table::from_iter([("dependencies".to_owned(), hidden.into())]);
    let targets = Table::from_iter([("cfg(not(rust_analyzer))".to_owned(), unseen.into())]);
    manifest.insert("target".into(), targets.into());
    Ok(())
}

fn inherit(manifest: &mut Table, section: &str, inherited: &Value) -> Result<(), Error> {
    let entries = manifest[section].as_table_mut().ok_or("a section is not a table")?;
    for (name, value) in entries.iter_mut() {
        let Some(own) = value.as_table_mut() else { continue };
        if own.remove("workspace").is_none() {
            continue;
        }
        let mut merged = match &inherited[name.as_str()] {
            Value::Table(table) => table.clone(),
            single if own.is_empty() => {
                *value = single.clone();
                continue;
            }
            version => Table::from_iter([("version".to_owned(), version.clone())]),
        };
        merged.extend(own.clone());
        *value = merged.into();
    }
    Ok(())
}
