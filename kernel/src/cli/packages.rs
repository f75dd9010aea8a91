//! What installs a package on this machine: the commands that messages advise.

use std::ffi::OsStr;

use crate::toolchain::find_in_path;

/// Something that distributions have a package for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Package {
    /// A C compiler with what it links, for `cc`.
    CLinker,
    /// Python with the module `venv`.
    Python,
}

/// A distribution's package manager.
struct Manager {
    program: &'static str,
    install: &'static str,
    c_linker: &'static str,
    python: &'static str,
}

const MANAGERS: [Manager; 5] = [
    Manager {
        program: "apt-get",
        install: "apt-get install",
        c_linker: "gcc libc6-dev",
        python: "python3 python3-venv",
    },
    Manager {
        program: "dnf",
        install: "dnf install",
        c_linker: "gcc",
        python: "python3 python3-pip",
    },
    Manager {
        program: "pacman",
        install: "pacman -S",
        c_linker: "gcc",
        python: "python",
    },
    Manager {
        program: "zypper",
        install: "zypper install",
        c_linker: "gcc",
        python: "python3 python3-pip",
    },
    Manager {
        program: "apk",
        install: "apk add",
        c_linker: "gcc musl-dev",
        python: "python3 py3-pip",
    },
];

/// The command that installs `package` for this user with what PATH has, or what to do where that is not known.
pub(super) fn command(package: Package, path: Option<&OsStr>) -> String {
    let as_root = rustix::process::geteuid().is_root();
    command_for(package, as_root, |program| {
        path.is_some_and(|path| find_in_path(program, path).is_some())
    })
}

fn command_for(package: Package, as_root: bool, is_there: impl Fn(&str) -> bool) -> String {
    let Some(manager) = MANAGERS.iter().find(|manager| is_there(manager.program)) else {
        return match package {
            Package::CLinker => "install gcc or clang".to_owned(),
            Package::Python => "install Python 3 with venv and pip".to_owned(),
        };
    };
    let sudo = if as_root { "" } else { "sudo " };
    let names = match package {
        Package::CLinker => manager.c_linker,
        Package::Python => manager.python,
    };
    format!("{sudo}{} {names}", manager.install)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_is_that_of_the_distribution_and_of_the_user() {
        let command = |as_root, manager: &str| command_for(Package::CLinker, as_root, |program| program == manager);
        assert_eq!(command(false, "apt-get"), "sudo apt-get install gcc libc6-dev");
        assert_eq!(command(true, "dnf"), "dnf install gcc");
        assert_eq!(command(true, "none"), "install gcc or clang");
    }
}
