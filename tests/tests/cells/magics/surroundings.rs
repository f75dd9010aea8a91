//! Magics about what is around a cell: files, the directory, the environment.

use super::{assert_failure, printed};
use parcell_tests::{Notebook, with_notebook};

#[test]
fn files_directories_and_the_environment() {
    with_notebook(async |notebook| {
        notebook.step(the_working_directory_and_files_in_it).await;
        notebook.step(the_environment).await;
    });
}

async fn the_working_directory_and_files_in_it(n: &mut Notebook) {
    let directory = n.kernel.working_directory().join("elsewhere");
    std::fs::create_dir(&directory).unwrap();
    let path = directory.canonicalize().unwrap();
    let path = path.to_str().unwrap();
    let before = printed(n, "%pwd").await;
    assert_eq!(printed(n, &format!("%cd {path}")).await, format!("{path}\n"));
    assert_eq!(printed(n, "!pwd").await, format!("{path}\n"));
    let code = r"
        %%writefile a.txt
        one
        !two
    ";
    assert_eq!(printed(n, code).await, "Writing a.txt\n");
    let code = r"
        %%writefile -a a.txt
        three
    ";
    assert_eq!(printed(n, code).await, "Appending to a.txt\n");
    assert_eq!(
        n.value(r#"std::fs::read_to_string("a.txt").unwrap()"#).await,
        r#""one\n!two\nthree\n""#
    );
    assert_eq!(printed(n, "%%writefile a.txt\n").await, "Overwriting a.txt\n");
    assert_eq!(n.value(r#"std::fs::read("a.txt").unwrap().len()"#).await, "0");
    assert_eq!(printed(n, "%cd -").await, before);
    let failure = n.failure("%cd /no/such/directory").await;
    assert_failure(&failure, "DirectoryError", &["`/no/such/directory`", "No such file"]);
    let code = r"
        %%writefile /no/such/file
        x
    ";
    let failure = n.failure(code).await;
    assert_failure(&failure, "FileError", &["`/no/such/file`", "No such file"]);
}

async fn the_environment(n: &mut Notebook) {
    let set = printed(n, "%env PARCELL_TEST=a b").await;
    assert_eq!(set, "env: PARCELL_TEST=a b\n");
    let code = r"
        %env PARCELL_TEST
        !echo $PARCELL_TEST
    ";
    assert_eq!(printed(n, code).await, "a b\na b\n");
    assert!(printed(n, "%env").await.contains("\nPARCELL_TEST=a b\n"));
    let failure = n.failure("%env PARCELL_UNKNOWN").await;
    assert_failure(
        &failure,
        "EnvironmentError",
        &["no environment variable `PARCELL_UNKNOWN`"],
    );
}
