//! `parcell install` and `parcell uninstall`.

use std::error::Error;
use std::io;
use std::path::PathBuf;

use clap::Args;

use super::kernelspec::{self, JupyterDirectory, KernelspecError, LocationError, Surroundings};
use super::say;
use crate::identity;

// No doc comments on arguments as a whole: clap would show them instead of what the subcommands say about themselves.

// Which of Jupyter's directories, as the command line says it.
#[derive(Args, Debug)]
#[group(multiple = false)]
struct PlaceArgs {
    /// For this user only (the default)
    #[arg(long)]
    user: bool,
    /// For the active Python environment: $VIRTUAL_ENV, $CONDA_PREFIX, or that of python3
    #[arg(long)]
    sys_prefix: bool,
    /// For the Jupyter installed at DIR: into DIR/share/jupyter
    #[arg(long, value_name = "DIR")]
    prefix: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(super) struct InstallArgs {
    #[command(flatten)]
    place: PlaceArgs,
    /// The name that notebooks know the kernel by
    #[arg(long, default_value = identity::NAME)]
    name: String,
}

#[derive(Args, Debug)]
pub(super) struct UninstallArgs {
    #[command(flatten)]
    place: PlaceArgs,
    /// The name that it was installed under
    #[arg(long, default_value = identity::NAME)]
    name: String,
}

/// Why `install` or `uninstall` did not succeed.
#[derive(Debug, thiserror::Error)]
pub(super) enum InstallError {
    #[error(transparent)]
    Location(#[from] LocationError),
    #[error(transparent)]
    Kernelspec(#[from] KernelspecError),
    #[error("cannot find out where this executable is")]
    Executable { source: io::Error },
    #[error("the kernel is installed, but its library could not be compiled, so that it will not start")]
    Prepare { source: Box<dyn Error> },
}

/// Writes the kernelspec, says where, and compiles what every session needs.
pub(super) fn install(args: &InstallArgs) -> Result<(), InstallError> {
    let place = args.place.chosen();
    let data = Surroundings::of_this_process().data_directory(&place)?;
    let directory = kernelspec::directory(&data, &args.name)?;
    let executable = std::env::current_exe().map_err(|source| InstallError::Executable { source })?;
    kernelspec::write(&directory, &executable)?;
    say::answer(format_args!(
        "Installed the kernel {:?} in {}",
        args.name,
        directory.display()
    ));
    say::answer(format_args!(
        "It starts {}; install it again when that file moves.",
        executable.display()
    ));

    crate::library::prepare(&mut |progress| say::news(progress)).map_err(|error| InstallError::Prepare {
        source: Box::new(error),
    })?;
    say::answer(format_args!(
        "Next: start JupyterLab (`jupyter lab`) and choose {:?}.",
        identity::DISPLAY_NAME
    ));
    if let JupyterDirectory::Prefix(_) = place {
        say::answer(format_args!(
            "A Jupyter that is installed elsewhere finds the kernel with JUPYTER_PATH={}",
            data.display()
        ));
    }
    Ok(())
}

/// Removes the kernelspec.
pub(super) fn uninstall(args: &UninstallArgs) -> Result<(), InstallError> {
    let data = Surroundings::of_this_process().data_directory(&args.place.chosen())?;
    let directory = kernelspec::directory(&data, &args.name)?;
    let left = kernelspec::remove(&directory)?;
    say::answer(format_args!(
        "Removed the kernel {:?} from {}",
        args.name,
        directory.display()
    ));
    if !left.is_empty() {
        say::answer(format_args!("Not parcell's, so still there: {}", left.join(", ")));
    }
    Ok(())
}

impl PlaceArgs {
    fn chosen(&self) -> JupyterDirectory {
        match &self.prefix {
            Some(prefix) => JupyterDirectory::Prefix(prefix.clone()),
            None if self.sys_prefix => JupyterDirectory::SysPrefix,
            None => JupyterDirectory::User,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_directory_is_the_default() {
        let chosen = |user, sys_prefix, prefix: Option<&str>| {
            PlaceArgs {
                user,
                sys_prefix,
                prefix: prefix.map(PathBuf::from),
            }
            .chosen()
        };
        assert_eq!(chosen(false, false, None), JupyterDirectory::User);
        assert_eq!(chosen(true, false, None), JupyterDirectory::User);
        assert_eq!(chosen(false, true, None), JupyterDirectory::SysPrefix);
        assert_eq!(
            chosen(false, false, Some("/opt")),
            JupyterDirectory::Prefix("/opt".into())
        );
    }
}
