//! `%time`, `%%time` and `%timeit`: how long code takes.

use parcell_tests::{Notebook, with_notebook};

#[test]
fn lines_and_cells_are_timed() {
    with_notebook(async |notebook| {
        notebook.step(a_line_is_timed_and_its_value_and_variables_stay).await;
        notebook.step(a_cell_is_timed_compiling_apart_from_running).await;
        notebook.step(code_is_run_again_and_again).await;
    });
}

async fn a_line_is_timed_and_its_value_and_variables_stay(n: &mut Notebook) {
    let code = r"
        %time let slept = { std::thread::sleep(std::time::Duration::from_millis(30)); 7 };
        %time slept + 1
    ";
    let mut cell = n.succeed(code).await;
    let stdout = cell.take_stdout();
    assert_eq!(stdout.matches("CPU times: user ").count(), 2, "{stdout}");
    assert_eq!(stdout.matches("Wall time: ").count(), 2, "{stdout}");
    let wall = stdout.lines().nth(1).unwrap().trim_start_matches("Wall time: ");
    let (number, unit) = wall.split_once(' ').unwrap();
    let long_enough = unit == "s" || unit == "ms" && number.parse::<f64>().unwrap() >= 30.0;
    assert!(long_enough, "{stdout}");
    assert_eq!(cell.take_text().as_deref(), Some("8"));
}

async fn a_cell_is_timed_compiling_apart_from_running(n: &mut Notebook) {
    let code = r"
        %%time
        let timed = vec![1, 2];
        timed.len()
    ";
    let mut cell = n.succeed(code).await;
    let stdout = cell.take_stdout();
    let starts: Vec<&str> = stdout.lines().filter_map(|line| line.split(": ").next()).collect();
    assert_eq!(starts, ["CPU times", "Wall time", "Compile time"], "{stdout}");
    assert_eq!(cell.take_text().as_deref(), Some("2"));
    let code = r"
        %%time
        %%pool -n 2 timed
        fn double(x: i32) -> i32 { x * 2 }
    ";
    let mut cell = n.succeed(code).await;
    assert!(cell.take_stdout().contains("Wall time: "));
    assert_eq!(cell.take_text().as_deref(), Some("[2, 4]"));
}

async fn code_is_run_again_and_again(n: &mut Notebook) {
    n.prepare("let mut runs: Vec<u8> = Vec::new();").await;
    let code = r"
        %timeit -n 10 -r 3 runs.push(1)
        runs.len()
    ";
    let mut cell = n.succeed(code).await;
    let stdout = cell.take_stdout();
    assert!(
        stdout.contains(" per loop (mean ± std. dev. of 3 runs, 10 loops each)\n"),
        "{stdout}"
    );
    assert_eq!(cell.take_text().as_deref(), Some("30"));
    let code = r"
        %%timeit -r1
        let inner = std::time::Duration::from_millis(120);
        std::thread::sleep(inner);
    ";
    let stdout = n.succeed(code).await.take_stdout();
    let time: f64 = stdout.split_once(" ms ").unwrap().0.parse().unwrap();
    assert!(time >= 120.0 && stdout.contains("of 1 run, 2 loops each"), "{stdout}");
    assert_eq!(n.failure("inner").await.ename, "CompileError");
}
