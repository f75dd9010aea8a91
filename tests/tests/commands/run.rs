//! `parcell run`: where a notebook's cells are at work.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rstest::rstest;

use super::sandbox::{Said, Sandbox, library_cache, write_notebook};

/// Prints what the file beside the notebook says, and leaves another there.
const CELLS: [&str; 2] = [
    r#"println!("{}", std::fs::read_to_string("numbers.txt").unwrap());"#,
    r"
        %%writefile found.txt
        yes
    ",
];

#[rstest]
#[timeout(Duration::from_secs(240))]
fn relative_paths_in_cells_begin_where_the_notebook_is() {
    let machine = Sandbox::new();
    let lessons = write_lesson(&machine);
    let said = machine.run(&["run", "lessons/read.ipynb"]);
    assert_eq!(said.status, Some(0), "{}", said.stderr);
    assert!(said.stdout.contains("one two three"), "{}", said.stdout);
    assert!(said.stderr.contains("Wrote lessons/read.out.ipynb"), "{}", said.stderr);
    assert_eq!(
        names_in(&lessons),
        ["found.txt", "numbers.txt", "read.ipynb", "read.out.ipynb"]
    );
}

#[rstest]
#[timeout(Duration::from_secs(240))]
fn relative_paths_of_the_command_begin_where_it_was_given() {
    let machine = Sandbox::new();
    let lessons = write_lesson(&machine);
    symlink(library_cache(), machine.path("work/cache")).unwrap();
    let mut command = machine.command(&["run", "lessons/read.ipynb", "-o", "out.ipynb"]);
    command.env("PARCELL_CACHE_DIR", "cache").env("TMPDIR", "../t");
    let said = Said::from(command.output().unwrap());
    assert_eq!(said.status, Some(0), "{}", said.stderr);
    assert!(machine.path("work/out.ipynb").exists());
    assert_eq!(names_in(&lessons), ["found.txt", "numbers.txt", "read.ipynb"]);
}

#[rstest]
#[timeout(Duration::from_secs(240))]
fn temporary_files_may_be_in_a_workspace_of_cargos() {
    let machine = Sandbox::new();
    std::fs::write(machine.path("t/Cargo.toml"), "[workspace]\nmembers = []\n").unwrap();
    std::fs::create_dir_all(machine.path("work/local/src")).unwrap();
    let manifest = "[package]\nname = \"local\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    std::fs::write(machine.path("work/local/Cargo.toml"), manifest).unwrap();
    std::fs::write(machine.path("work/local/src/lib.rs"), "pub fn answer() -> u8 { 42 }\n").unwrap();
    write_notebook(
        &machine.path("work/a.ipynb"),
        &[":dep local = { path = \"local\" }", "local::answer()"],
    );
    let said = machine.run(&["run", "a.ipynb"]);
    assert_eq!(said.status, Some(0), "{}", said.stderr);
    assert!(said.stdout.contains("Out[2]: 42"), "{}", said.stdout);
}

/// A notebook in the directory `lessons` of the work, and what it reads.
fn write_lesson(machine: &Sandbox) -> PathBuf {
    let lessons = machine.path("work/lessons");
    std::fs::create_dir(&lessons).unwrap();
    std::fs::write(lessons.join("numbers.txt"), "one two three").unwrap();
    write_notebook(&lessons.join("read.ipynb"), &CELLS);
    lessons
}

fn names_in(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
