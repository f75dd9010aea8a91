//! Crates that a notebook depends on: of every kind that cargo knows, and compiled once for all notebooks.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::packages::write_package;
use parcell_tests::{Notebook, holds_within, with_notebook};

/// Long enough to compile a small crate while other tests do too.
const COMPILE_LIMIT: Duration = Duration::from_secs(60);

/// A package whose build script notes each of its runs in a file; gives the command that adds it.
fn counted_package(directory: &Path) -> String {
    let dependency = write_package(directory, "counted", "pub fn one() -> u8 { 1 }");
    let script = format!(
        r#"
        use std::io::Write;
        fn main() {{
            println!("cargo::rerun-if-changed=build.rs");
            let mut file = std::fs::File::options().create(true).append(true).open({:?}).unwrap();
            file.write_all(b"run\n").unwrap();
        }}
        "#,
        directory.join("runs")
    );
    fs::write(directory.join("build.rs"), script).unwrap();
    dependency
}

fn runs(directory: &Path) -> usize {
    fs::read_to_string(directory.join("runs"))
        .unwrap_or_default()
        .lines()
        .count()
}

#[test]
fn what_one_notebook_has_compiled_the_next_one_uses() {
    let directory = tempfile::tempdir().unwrap();
    let dependency = counted_package(directory.path());
    for _ in 0..2 {
        with_notebook(async |n| {
            let mut cell = n.succeed(&format!("{dependency}counted::one()")).await;
            assert_eq!(cell.take_text().as_deref(), Some("1"));
            assert_eq!(cell.take_stderr(), "");
        });
        assert_eq!(runs(directory.path()), 1);
    }
}

#[test]
fn notebooks_that_need_the_same_at_the_same_time_compile_it_once() {
    let directory = tempfile::tempdir().unwrap();
    let dependency = counted_package(directory.path());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                with_notebook(async |n| {
                    let mut cell = n.succeed(&format!("{dependency}counted::one()")).await;
                    assert_eq!(cell.take_text().as_deref(), Some("1"));
                });
            });
        }
    });
    assert_eq!(runs(directory.path()), 1);
}

#[test]
fn a_package_that_has_been_edited_is_never_an_old_one() {
    let directory = tempfile::tempdir().unwrap();
    for number in [1, 2] {
        let dependency = write_package(
            directory.path(),
            "edited",
            &format!("pub fn number() -> u8 {{ {number} }}"),
        );
        with_notebook(async |n| {
            let mut cell = n.succeed(&format!("{dependency}edited::number()")).await;
            assert_eq!(cell.take_text(), Some(number.to_string()));
            if number == 2 {
                write_package(directory.path(), "edited", "pub fn number() -> u8 { 3 }");
                assert_eq!(n.value("edited::number()").await, "3");
            }
        });
    }
}

#[test]
fn notebooks_with_other_features_do_not_disturb_each_other() {
    let directory = tempfile::tempdir().unwrap();
    let source = r#"pub fn has() -> bool { cfg!(feature = "more") }"#;
    write_package(directory.path(), "featured", source);
    let manifest = directory.path().join("Cargo.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, format!("{text}[features]\nmore = []\n")).unwrap();
    let dependency = |features: &str| {
        format!(
            ":dep featured = {{ path = {:?}, features = [{features}] }}",
            directory.path()
        )
    };
    with_notebook(async |with| {
        with.succeed(&dependency("\"more\"")).await;
        let without = std::thread::scope(|scope| {
            let other = scope.spawn(|| {
                with_notebook(async |n| {
                    n.succeed(&dependency("")).await;
                    assert_eq!(n.value("featured::has()").await, "false");
                });
            });
            other.join()
        });
        without.unwrap();
        assert_eq!(with.value("featured::has()").await, "true");
    });
}

/// A package whose build script waits for a file `go-on`; gives the command that adds it.
fn waiting_package(directory: &Path) -> String {
    let dependency = write_package(directory, "slow", "pub fn done() -> bool { true }");
    let script = r#"
        fn main() {
            while !std::path::Path::new("go-on").exists() {
                std::fs::write("running", "").unwrap();
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
        }
    "#;
    fs::write(directory.join("build.rs"), script).unwrap();
    dependency
}

#[test]
fn one_line_says_how_far_compiling_is_and_goes() {
    with_notebook(async |n| {
        let directory = n.kernel.working_directory().join("slow");
        let dependency = waiting_package(&directory);
        let mut running = n.begin_cell(&format!("{dependency}slow::done()")).await;
        n.await_display(&mut running, "slow(build)").await;
        // It goes on to say so, with the time.
        n.await_display(&mut running, "2 s: slow(build)").await;
        fs::write(directory.join("go-on"), "").unwrap();
        let mut cell = n.finish(running).await;
        assert_eq!(cell.take_text().as_deref(), Some("true"));
        // Nothing is left of it: what is displayed would have to be taken.
        let (gone, shown) = cell.waiting().split_last().unwrap();
        assert_eq!(gone.msg_type(), "clear_output");
        assert_eq!(shown[0].msg_type(), "display_data");
        assert!(shown[1..].iter().all(|shown| shown.msg_type() == "update_display_data"));
    });
}

#[test]
fn an_interrupted_build_is_taken_up_again() {
    with_notebook(async |n| {
        let directory = n.kernel.working_directory().join("slow");
        let dependency = waiting_package(&directory);
        let running = n.begin_cell(&format!("{dependency}slow::done()")).await;
        let runs = holds_within(COMPILE_LIMIT, || directory.join("running").exists());
        assert!(runs.await, "the build script does not run");
        n.interrupt().await;
        let mut cell = n.finish(running).await;
        assert_eq!(cell.take_failure().expect("it was interrupted").ename, "Interrupted");
        fs::write(directory.join("go-on"), "").unwrap();
        let mut cell = n.succeed(&format!("{dependency}slow::done()")).await;
        assert_eq!(cell.take_text().as_deref(), Some("true"));
    });
}

#[test]
fn variables_of_the_librarys_types_outlive_crates_that_share_its_dependencies() {
    with_notebook(async |n| {
        n.prepare("let shared = Value::new(1u64); let queue: Queue<u8> = Queue::new(); queue.put(7).unwrap();")
            .await;
        // All of them are dependencies of the library, here with other features.
        let code = r#"
            :dep serde = { version = "1", features = ["rc"] }
            :dep serde_json = { version = "1", features = ["preserve_order"] }
            :dep libc = { version = "0.2", features = ["extra_traits"] }
            #[derive(serde::Serialize)] struct Point { x: u8 }
            *shared.lock() += 1;
            (shared.get(), queue.get().unwrap(), serde_json::to_string(&Point { x: 1 }).unwrap())
        "#;
        let mut cell = n.succeed(code).await;
        assert_eq!(cell.take_text().as_deref(), Some(r#"(2, 7, "{\"x\":1}")"#));
        assert_eq!(cell.take_stderr(), "");
        assert_eq!(
            n.value("Pool::new(2).map(|x: u64| x + shared.get(), [1, 2])").await,
            "[3, 4]"
        );
    });
}

#[test]
fn crates_of_every_kind_can_be_used() {
    with_notebook(async |n| {
        n.step(one_without_its_default_features).await;
        n.step(one_by_another_name).await;
        n.step(a_member_of_a_workspace).await;
        n.step(one_whose_code_is_generated_when_it_is_compiled).await;
        n.step(a_procedural_macro).await;
        n.step(one_that_compiles_c).await;
    });
}

async fn one_without_its_default_features(n: &mut Notebook) {
    let directory = n.kernel.working_directory().join("plain");
    write_package(
        &directory,
        "plain",
        r#"pub fn has() -> bool { cfg!(feature = "extra") }"#,
    );
    let manifest = directory.join("Cargo.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(
        &manifest,
        format!("{text}[features]\ndefault = [\"extra\"]\nextra = []\n"),
    )
    .unwrap();
    let dependency = format!(":dep plain = {{ path = {directory:?}, default-features = false }}");
    let mut cell = n.succeed(&format!("{dependency}\nplain::has()")).await;
    assert_eq!(cell.take_text().as_deref(), Some("false"));
}

async fn one_by_another_name(n: &mut Notebook) {
    let directory = n.kernel.working_directory().join("long-name");
    write_package(&directory, "long-name", "pub fn one() -> u8 { 1 }");
    let dependency = format!(":dep short = {{ package = \"long-name\", path = {directory:?} }}");
    let mut cell = n.succeed(&format!("{dependency}\nshort::one()")).await;
    assert_eq!(cell.take_text().as_deref(), Some("1"));
}

async fn a_member_of_a_workspace(n: &mut Notebook) {
    let workspace = n.kernel.working_directory().join("workspace");
    for (name, source, more) in [
        ("base", "pub fn one() -> u8 { 1 }", ""),
        (
            "user",
            "pub fn two() -> u8 { base::one() + 1 }",
            "[dependencies]\nbase = { path = \"../base\" }\n",
        ),
    ] {
        write_package(&workspace.join(name), name, source);
        let manifest = format!("[package]\nname = {name:?}\nversion.workspace = true\nedition = \"2024\"\n{more}");
        fs::write(workspace.join(name).join("Cargo.toml"), manifest).unwrap();
    }
    let manifest = "[workspace]\nmembers = [\"base\", \"user\"]\n[workspace.package]\nversion = \"1.2.3\"\n";
    fs::write(workspace.join("Cargo.toml"), manifest).unwrap();
    let dependency = format!(":dep user = {{ path = {:?} }}", workspace.join("user"));
    let mut cell = n.succeed(&format!("{dependency}\nuser::two()")).await;
    assert_eq!(cell.take_text().as_deref(), Some("2"));
}

async fn one_whose_code_is_generated_when_it_is_compiled(n: &mut Notebook) {
    let directory = n.kernel.working_directory().join("generated");
    let source = r#"include!(concat!(env!("OUT_DIR"), "/made.rs"));"#;
    let dependency = write_package(&directory, "generated", source);
    let script = r#"
        fn main() {
            let place = std::path::PathBuf::from(std::env::var("OUT_DIR").unwrap()).join("made.rs");
            std::fs::write(place, "pub const MADE: u8 = 7;").unwrap();
        }
    "#;
    fs::write(directory.join("build.rs"), script).unwrap();
    let mut cell = n.succeed(&format!("{dependency}generated::MADE")).await;
    assert_eq!(cell.take_text().as_deref(), Some("7"));
}

async fn a_procedural_macro(n: &mut Notebook) {
    let directory = n.kernel.working_directory().join("macros");
    let source = r#"
        #[proc_macro]
        pub fn seven(_: proc_macro::TokenStream) -> proc_macro::TokenStream { "7u8".parse().unwrap() }
    "#;
    let dependency = write_package(&directory, "macros", source);
    let manifest = directory.join("Cargo.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, format!("{text}[lib]\nproc-macro = true\n")).unwrap();
    let mut cell = n.succeed(&format!("{dependency}macros::seven!() + 1")).await;
    assert_eq!(cell.take_text().as_deref(), Some("8"));
}

async fn one_that_compiles_c(n: &mut Notebook) {
    let directory = n.kernel.working_directory().join("seven-sys");
    let source = r#"
        unsafe extern "C" { fn seven() -> i32; }
        pub fn of_c() -> i32 { unsafe { seven() } }
    "#;
    let dependency = write_package(&directory, "seven-sys", source);
    let script = r#"
        use std::process::Command;
        fn run(command: &mut Command) { assert!(command.status().unwrap().success()); }
        fn main() {
            let out = std::env::var("OUT_DIR").unwrap();
            let object = format!("{out}/seven.o");
            run(Command::new("cc").args(["-c", "-fPIC", "seven.c", "-o", &object]));
            run(Command::new("ar").args(["crs", &format!("{out}/libseven.a"), &object]));
            println!("cargo::rustc-link-search=native={out}");
            println!("cargo::rustc-link-lib=static=seven");
        }
    "#;
    fs::write(directory.join("build.rs"), script).unwrap();
    fs::write(directory.join("seven.c"), "int seven(void) { return 7; }\n").unwrap();
    let mut cell = n.succeed(&format!("{dependency}seven_sys::of_c()")).await;
    assert_eq!(cell.take_text().as_deref(), Some("7"));

    fs::write(directory.join("seven.c"), "int seven(void) { return nothing; }\n").unwrap();
    let failure = n.failure("seven_sys::of_c()").await;
    assert!(
        failure.text().contains("nothing"),
        "the C compiler's error is shown: {failure:?}"
    );
}
