//! Jupyter, and what it knows of this kernel. `parcell run` does without both.

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::super::jupyterlab;
use super::super::kernelspec::{self, Installed, Surroundings};
use super::super::lab::own_environment;
use super::super::packages::{self, Package};
use super::finding::Finding;
use crate::environment::forget_session;
use crate::identity::NAME;

const JUPYTERLAB: &str = "JupyterLab";
const KERNEL: &str = "kernel in Jupyter";

pub(super) fn examine(surroundings: &Surroundings) -> Vec<Finding> {
    let found = jupyterlab::find(surroundings, own_environment().as_deref());
    let kernels = kernels(surroundings, found.as_ref().ok().and_then(|lab| lab.prefix()));
    let lab = match found {
        Ok(lab) => Finding::good(JUPYTERLAB, lab.to_string()),
        Err(broken) => {
            let reasons: Vec<_> = broken.iter().map(ToString::to_string).collect();
            let found = match reasons.is_empty() {
                true => "not found; `parcell run` works without".to_owned(),
                false => format!("{}; `parcell run` works without", reasons.join("; ")),
            };
            Finding::warning(JUPYTERLAB, found, setup_remedy(surroundings))
        }
    };
    std::iter::once(lab).chain(kernels).collect()
}

fn setup_remedy(surroundings: &Surroundings) -> String {
    let path = surroundings.path.as_deref();
    let first = match jupyterlab::python(path) {
        Some(_) => String::new(),
        None => format!("{} && ", packages::command(Package::Python, path)),
    };
    format!("{first}parcell lab --setup (or, for all your notebooks: python3 -m pip install jupyterlab)")
}

fn kernels(surroundings: &Surroundings, prefix: Option<&Path>) -> Vec<Finding> {
    let path = surroundings.path.as_deref();
    // A kernel that was installed together with this executable is for the Jupyter beside both.
    let this = env::current_exe().unwrap_or_default();
    let own = this.parent().and_then(Path::parent);
    let prefixes: Vec<_> = prefix.into_iter().chain(own).collect();
    let directories = surroundings.search_path(&prefixes);
    let kernels: Vec<_> = directories
        .iter()
        .flat_map(|data| kernelspec::installed(data, path))
        .collect();
    if kernels.is_empty() {
        let found = "not installed; `parcell lab` needs no installed one";
        return vec![Finding::warning(KERNEL, found, "parcell install")];
    }
    kernels.iter().map(kernel).collect()
}

/// Whether what a kernelspec starts is there, and is this parcell.
fn kernel(kernel: &Installed) -> Finding {
    let place = format!("{:?} in {}", kernel.name, kernel.directory.display());
    let executable = kernel.executable.display();
    if env::current_exe().is_ok_and(|this| kernel.starts(&this)) {
        return Finding::good(KERNEL, format!("{place} starts this executable"));
    }
    let found = match version(kernel) {
        Ok(version) if version == env!("CARGO_PKG_VERSION") => {
            return Finding::good(
                KERNEL,
                format!("{place} starts another parcell {version}, {executable}"),
            );
        }
        Ok(version) => format!("{place} starts parcell {version}, {executable}"),
        Err(complaint) => format!("{place} starts {executable}, which does not run: {complaint}"),
    };
    Finding::warning(KERNEL, found, remedy(kernel))
}

/// The command that has the kernelspec start this executable.
fn remedy(kernel: &Installed) -> String {
    // What lies in PREFIX/share/jupyter/kernels/NAME.
    let prefix = kernel.directory.ancestors().nth(4).unwrap_or(&kernel.directory);
    let name = match kernel.name.as_str() {
        NAME => String::new(),
        name => format!(" --name {name}"),
    };
    let users = Surroundings::of_this_process().data_directory(&kernelspec::JupyterDirectory::User);
    match kernel.directory.parent().and_then(|kernels| kernels.parent()) {
        Some(data) if users.is_ok_and(|users| users == data) => format!("parcell install{name}"),
        _ => format!("parcell install --prefix {}{name}", prefix.display()),
    }
}

/// The version that the kernel's executable says it has.
fn version(kernel: &Installed) -> Result<String, String> {
    fs::metadata(&kernel.executable).map_err(|error| error.to_string())?;
    let mut command = Command::new(&kernel.executable);
    forget_session(&mut command);
    let output = command
        .arg("--version")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stdout);
    match said.trim().strip_prefix(NAME) {
        Some(version) if output.status.success() => Ok(version.trim().to_owned()),
        _ => Err(format!("`--version` ended with {}", output.status)),
    }
}
