//! `parcell lab`: which JupyterLab is started, with what, and what happens where there is none.

use std::path::Path;
use std::time::Duration;

use parcell_tests::binary;
use rstest::rstest;
use serde_json::Value;

use super::sandbox::{Said, Sandbox};

/// Says what it was started with, and ends with a status of its own.
const JUPYTERLAB: &str = r#"
if [ "$1" = --version ]; then echo 4.9.1; exit; fi
for argument; do echo "argument $argument"; done
echo "path $JUPYTER_PATH"
echo "session $PARCELL_SESSION"
echo "evcxr $EVCXR_TMPDIR"
echo "flags $RUSTFLAGS"
echo "temporary $TMPDIR"
exit 7"#;

/// Python as far as setting up goes: `-m venv` puts it into the environment, `-m pip` JupyterLab beside it.
const PYTHON: &str = r#"
case "$*" in
*"import ensurepip"*) exit 0 ;;
*"-m venv --clear "*)
    for environment; do :; done
    rm -rf "$environment"
    mkdir -p "$environment/bin" && cp "$0" "$environment/bin/python" ;;
*"-m pip install "*)
    [ ! -e "$HOME/offline" ] || { echo "no network" >&2; exit 1; }
    shift 4
    echo "Collecting $*"
    cp "$HOME/jupyter-lab" "$(dirname "$0")/jupyter-lab" ;;
*) echo "No module named jupyterlab" >&2; exit 1 ;;
esac"#;

#[rstest]
#[timeout(Duration::from_secs(240))]
fn it_becomes_the_jupyterlab_in_path() {
    let machine = Sandbox::new();
    machine.program("bin/jupyter-lab", JUPYTERLAB);
    let said = machine.run(&["lab", ".", "--", "--no-browser", "--port", "9999"]);
    assert_eq!(said.status, Some(7), "{}", said.stderr);
    assert!(said.stderr.contains("Starting JupyterLab 4.9.1"), "{}", said.stderr);
    let work = machine.path("work");
    let arguments = [work.to_str().unwrap(), "--no-browser", "--port", "9999"];
    assert_eq!(said.told("argument"), arguments);
    // Kernels must not take what is left of this process's session for their own.
    assert_eq!(said.told("session"), [""]);
    assert_eq!(said.told("evcxr"), [""]);
    assert_eq!(said.told("flags"), [""]);
    assert_eq!(said.told("temporary"), [machine.path("t").to_str().unwrap()]);
    assert_eq!(kernel_in(said.told("path")[0]), binary());
    assert!(!machine.path("home/.local/share/jupyter").exists());
}

#[rstest]
#[timeout(Duration::from_secs(240))]
fn the_kernel_that_is_installed_is_used() {
    let machine = Sandbox::new();
    machine.program("bin/jupyter-lab", JUPYTERLAB);
    assert_eq!(machine.run(&["install"]).status, Some(0));
    let said = machine.run(&["lab"]);
    assert_eq!(said.told("path"), [""]);
    // Another executable's kernel is not.
    let spec = machine.path("home/.local/share/jupyter/kernels/parcell/kernel.json");
    let text = std::fs::read_to_string(&spec).unwrap();
    let other = text.replace(binary().to_str().unwrap(), "/gone/parcell");
    std::fs::write(&spec, other).unwrap();
    let said = machine.run(&["lab"]);
    assert_eq!(kernel_in(said.told("path")[0]), binary());
}

#[rstest]
#[timeout(Duration::from_secs(240))]
fn a_notebook_is_opened_by_the_jupyterlab_of_the_active_environment() {
    let machine = Sandbox::new();
    machine.program("venv/bin/jupyter-lab", JUPYTERLAB);
    let notebook = machine.path("work/a.ipynb");
    std::fs::write(&notebook, "").unwrap();
    let mut command = machine.command(&["lab", "a.ipynb"]);
    command.env("VIRTUAL_ENV", machine.path("venv"));
    let said = Said::from(command.output().unwrap());
    assert_eq!(said.told("argument"), [notebook.to_str().unwrap()]);
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn without_jupyterlab_it_says_what_to_run() {
    let machine = Sandbox::new();
    machine.program("bin/jupyter-lab", "echo 'bad interpreter' >&2; exit 126");
    let said = machine.run(&["lab"]);
    assert_eq!(said.status, Some(1));
    for part in [
        "JupyterLab was not found",
        "bin/jupyter-lab does not start: bad interpreter",
        "parcell lab --setup",
        "python3 -m pip install jupyterlab",
    ] {
        assert!(said.stderr.contains(part), "{part}: {}", said.stderr);
    }
}

#[rstest]
#[timeout(Duration::from_secs(240))]
fn setup_makes_an_environment_that_is_found_from_then_on() {
    let machine = Sandbox::new();
    machine.program("bin/python3", PYTHON);
    machine.program("home/jupyter-lab", JUPYTERLAB);
    let said = machine.run(&["lab", "--setup"]);
    assert_eq!(said.status, Some(7), "{}", said.stderr);
    assert!(
        said.stdout.contains("Collecting jupyterlab ipywidgets anywidget\n"),
        "{}",
        said.stdout
    );
    let program = machine.data().join("jupyterlab/bin/jupyter-lab");
    for arguments in [&["lab"][..], &["lab", "--setup"]] {
        let said = machine.run(arguments);
        assert_eq!(said.status, Some(7), "{}", said.stderr);
        assert!(!said.stdout.contains("Collecting"), "{}", said.stdout);
        assert!(said.stderr.contains(program.to_str().unwrap()), "{}", said.stderr);
    }
}

#[rstest]
#[timeout(Duration::from_secs(240))]
fn a_setup_that_failed_does_not_count() {
    let machine = Sandbox::new();
    machine.program("bin/python3", PYTHON);
    machine.program("home/jupyter-lab", JUPYTERLAB);
    // As if it had failed after JupyterLab itself was there.
    machine.program("home/.local/share/parcell/jupyterlab/bin/jupyter-lab", JUPYTERLAB);
    assert_eq!(machine.run(&["lab"]).status, Some(1));

    std::fs::write(machine.path("home/offline"), "").unwrap();
    let said = machine.run(&["lab", "--setup"]);
    assert_eq!(said.status, Some(1));
    assert!(said.stderr.contains("no network"), "{}", said.stderr);
    assert!(
        said.stderr.contains("-m pip install") && said.stderr.contains("failed"),
        "{}",
        said.stderr
    );
    assert_eq!(machine.run(&["lab"]).status, Some(1));

    std::fs::remove_file(machine.path("home/offline")).unwrap();
    assert_eq!(machine.run(&["lab", "--setup"]).status, Some(7));
}

#[rstest]
#[timeout(Duration::from_secs(240))]
fn an_environment_that_does_not_start_any_more_is_told_and_made_anew() {
    let machine = Sandbox::new();
    machine.program("bin/python3", PYTHON);
    machine.program("home/jupyter-lab", JUPYTERLAB);
    assert_eq!(machine.run(&["lab", "--setup"]).status, Some(7));
    // As where its Python has been removed.
    let program = "home/.local/share/parcell/jupyterlab/bin/jupyter-lab";
    machine.program(program, "echo 'no such interpreter' >&2; exit 126");
    let said = machine.run(&["lab"]);
    assert_eq!(said.status, Some(1));
    assert!(
        said.stderr.contains("does not start: no such interpreter"),
        "{}",
        said.stderr
    );
    assert_eq!(machine.run(&["lab", "--setup"]).status, Some(7));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_python_without_venv_is_told_apart() {
    let machine = Sandbox::new();
    let said = machine.run(&["lab", "--setup"]);
    assert_eq!(said.status, Some(1));
    assert!(
        said.stderr.contains("cannot make virtual environments"),
        "{}",
        said.stderr
    );
    assert!(!machine.data().join("jupyterlab").exists());
}

/// The executable of the kernel `parcell` in the first of Jupyter's directories.
fn kernel_in(jupyter_path: &str) -> std::path::PathBuf {
    let data = jupyter_path.split(':').next().unwrap();
    let spec = std::fs::read(Path::new(data).join("kernels/parcell/kernel.json")).unwrap();
    let spec: Value = serde_json::from_slice(&spec).unwrap();
    spec["argv"][0].as_str().unwrap().into()
}

impl Said {
    /// What the pretended JupyterLab said about something.
    fn told(&self, what: &str) -> Vec<&str> {
        let prefix = format!("{what} ");
        self.stdout
            .lines()
            .filter_map(|line| line.strip_prefix(&prefix))
            .collect()
    }
}
