"""`%%pool --cluster` and `parcell::Cluster` on a Dask cluster: results, output, failures, and that nothing stays there."""

import os
import re
import signal
import subprocess
import sys
import time

import dask_cluster
import pytest
from conftest import ROOT, TARGET
from dask_cluster import LIMIT_SECONDS, eventually, execute, iopub, run_cells
from jupyter_client.manager import start_new_kernel


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with dask_cluster.running(tmp_path_factory.mktemp("dask")) as cluster:
        yield cluster


@pytest.fixture
def run(parcell, cluster, tmp_path):
    """Runs cells in one notebook, with the cluster's address in the place of URL; returns what each gave."""

    def run(*cells, environment=None):
        sources = [cell.replace("URL", cluster.address) for cell in cells]
        return run_cells(parcell, tmp_path, sources, environment)

    return run


def test_items_run_on_the_cluster_and_their_output_comes_here(run, cluster):
    _, mapped, squares, again, words, shown = run(
        "let numbers = vec![1u64, 2, 3, 4];\nlet words = vec![\"a\".to_string(), \"bc\".to_string()];",
        "%%pool --cluster URL -c 1 numbers -> squares\nfn square(n: u64) -> u64 {\n"
        '    println!("squaring {n}");\n    n * n\n}',
        "(&squares, std::process::id())",
        "%%pool --cluster URL --fn square --unordered numbers -> mixed",
        '%%pool --cluster URL words\nfn length(word: &str) -> usize { eprintln!("at {word}"); word.len() }',
        "(numbers.len(), words.len())",
    )
    lines = mapped.lines()
    assert sorted(text for _, _, text in lines) == [f"squaring {n}" for n in (1, 2, 3, 4)]
    assert {host for host, _, _ in lines} == {os.uname().nodename}
    notebook = re.search(r"\(\[1, 4, 9, 16\], (\d+)\)", squares.result).group(1)
    assert notebook not in {pid for _, pid, _ in lines}
    assert again.ename is None and len(again.lines()) == 4
    assert words.result == "[1, 2]" and words.stdout == ""
    assert sorted(line.split("] ")[1] for line in words.stderr.splitlines()) == ["at a", "at bc"]
    assert shown.result == "(4, 2)", "the variables stay"


def test_types_of_the_notebook_travel(run):
    _, mapped = run(
        "#[derive(Serialize, Deserialize, Debug, Clone)]\nstruct Point { x: f64, name: Option<String> }",
        "%%pool --cluster URL (0..3).map(|n| Point { x: n as f64, name: None })\n"
        'fn shift(p: Point) -> Point { Point { x: p.x + 1.0, name: Some("moved".into()) } }',
    )
    assert mapped.ename is None
    assert mapped.result.count("moved") == 3 and "3.0" in mapped.result


def test_a_failure_costs_one_item_and_says_what_it_was(run):
    kept, stopped, late = run(
        "%%pool --cluster URL -k 0..6u32\n"
        '#[inline(never)]\nfn deeper() -> Result<u32, String> {\n    panic!("one")\n}\n'
        "fn bad(n: u32) -> Result<u32, String> {\n    match n {\n"
        "        1 => deeper(),\n        2 => std::process::abort(),\n"
        '        3 => Err("three".into()),\n        4 => std::process::exit(7),\n        n => Ok(n),\n    }\n}',
        '%%pool --cluster URL 0..4u32\nfn worse(n: u32) -> u32 {\n    if n == 2 { panic!("two") }\n    n\n}',
        "%%pool --cluster URL --timeout 200ms -k 0..3u64 -> waits\n"
        "fn wait(n: u64) -> u64 {\n    if n == 1 { loop { std::thread::sleep(std::time::Duration::from_secs(1)) } }\n    n\n}",
    )
    assert kept.ename is None
    for expected in (
        r"4 of 6 items failed:",
        r"item 1 \(pid \d+\) panicked at cell 1, line 4: one",
        r"item 2 \(pid \d+\) was killed by SIGABRT \(abort\)",
        r"item 3 \(pid \d+\) failed: three",
        r"item 4 \(pid \d+\) ended its process with exit code 7 before it returned",
        r"deeper at cell 1, line 4\nbad at cell 1, line 8",
    ):
        assert re.search(expected, kept.stderr), f"{expected} is not in {kept.stderr}"
    assert "Ok(0)" in kept.result and "Ok(5)" in kept.result
    assert stopped.ename == "Panicked"
    assert re.search(r"item 2 \(pid \d+\) panicked at cell 2, line 3: two", stopped.error)
    assert re.search(r"item 1 \(pid \d+\) took longer than the 200ms allowed", late.stderr)


def test_items_are_tried_again_and_memory_is_limited(run, tmp_path):
    once, limited = run(
        f'%%pool --cluster URL --retries 1 0..3u64\nfn once(n: u64) -> u64 {{\n    let path = format!("{tmp_path}/{{n}}");\n'
        "    if std::fs::File::create_new(path).is_ok() { std::process::abort() }\n    n + 10\n}",
        "%%pool --cluster URL --memory 64MiB -k 0..2u64\nfn fill(n: u64) -> usize {\n"
        "    std::hint::black_box(vec![1u8; (n as usize) << 28]).len()\n}",
    )
    assert once.result == "[10, 11, 12]"
    assert re.search(r"item 1 \(pid \d+\) was killed by SIGABRT \(abort\); memory had probably run out", limited.stderr), (
        limited.stderr
    )
    assert "Ok(0)" in limited.result


def test_output_is_shown_as_the_options_say(run):
    talk = (
        "fn talk(n: u64) {\n    for k in 0..2 {\n"
        '        println!("{n} says {k}");\n        std::thread::sleep(std::time::Duration::from_millis(30));\n    }\n}'
    )
    grouped, raw, quiet, long = run(
        f"%%pool --cluster URL --grouped -c 1 0..4u64\n{talk}",
        f"%%pool --cluster URL --raw 0..2u64\n{talk}",
        f"%%pool --cluster URL --quiet 0..2u64\n{talk}",
        "%%pool --cluster URL -c 1 0..8u64\nfn wait(n: u64) { std::thread::sleep(std::time::Duration::from_millis(800)); }",
    )
    assert [text for _, _, text in grouped.lines()] == [f"{n} says {k}" for n in range(4) for k in range(2)]
    assert sorted(raw.stdout.splitlines()) == [f"{n} says {k}" for n in range(2) for k in range(2)]
    assert quiet.stdout == "" and quiet.ename is None
    assert re.search(r"8 items in [\d.]+ s by 4 workers", long.display), long.display


def test_a_flood_is_cut_and_says_so(run):
    flood, endless = run(
        "%%pool --cluster URL --raw -c 2 0..2u64 -> lines\n"
        'fn flood(n: u64) -> u64 {\n    for k in 0..200_000 { println!("{n} {k} and some more text behind it"); }\n    n\n}',
        "%%pool --cluster URL --quiet --timeout 500ms -k 0..2u64\n"
        'fn endless(n: u64) -> u64 {\n    if n == 1 { loop { println!("without end"); } }\n    n\n}',
    )
    assert re.search(r"item 1 \(pid \d+\) took longer than the 500ms allowed", endless.stderr)
    assert flood.ename is None
    assert re.search(r"parcell: \d+ bytes of output are left out here, which exceed 4 MiB in one chunk", flood.stderr)


def test_what_cannot_be_sent_is_refused(run):
    _, borrowed, moved, reference = run(
        "let factor = 3u64;",
        "%%pool --cluster URL 0..4u64\n|n| n * factor",
        "%%pool --cluster URL 0..4u64\nmove |n| n * factor",
        '%%pool --cluster URL ["a", "b"]\nfn length(word: &str) -> usize { word.len() }',
    )
    assert "a function for standing workers or a cluster captures nothing" in borrowed.error
    assert "a closure that captures variables cannot be sent to a standing worker or a cluster" in moved.error
    assert "references cannot be sent to a worker: use owned values, such as `String` for `&str`" in reference.error


def test_where_there_is_no_cluster_the_error_says_what_to_do(run, tmp_path):
    bare = tmp_path / "bare-python"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -S -I "$@"\n')
    bare.chmod(0o755)
    cell = "%%pool --cluster URL 0..4u64\n|n| n"
    (no_dask,) = run(cell, environment={"PARCELL_PYTHON": str(bare)})
    assert no_dask.ename == "ClusterError"
    assert "has no Dask" in no_dask.error and "-m pip install distributed" in no_dask.error
    (no_python,) = run(cell, environment={"PARCELL_PYTHON": "/none/python"})
    assert "`/none/python` does not start" in no_python.error and "set PARCELL_PYTHON" in no_python.error
    (nobody,) = run("%%pool --cluster tcp://127.0.0.1:1 0..4u64\n|n| n")
    assert "no Dask scheduler answers at tcp://127.0.0.1:1" in nobody.error


def test_a_lost_dask_worker_costs_nothing(run, cluster, tmp_path):
    # The first item kills the Dask worker that it is on, the first time that it is run.
    (mapped,) = run(
        f'%%pool --cluster URL -c 1 0..6u64\nfn survive(n: u64) -> u64 {{\n    let path = "{tmp_path}/killed";\n'
        "    if n == 0 && std::fs::File::create_new(path).is_ok() {\n"
        '        std::process::Command::new("sh").args(["-c", &format!("kill -9 {}", std::os::unix::process::parent_id())]).status().unwrap();\n'
        "        std::thread::sleep(std::time::Duration::from_secs(60));\n    }\n    n\n}"
    )
    assert mapped.result == "[0, 1, 2, 3, 4, 5]", mapped.error
    cluster.client.wait_for_workers(2, timeout=LIMIT_SECONDS)


def test_nothing_stays_on_the_cluster(run, cluster):
    (mapped,) = run("%%pool --cluster URL 0..4u64\n|n| n")
    assert mapped.result == "[0, 1, 2, 3]"
    eventually(lambda: not cluster.plugins(), "plugins are left")
    eventually(lambda: not cluster.children(), "children are left")
    eventually(lambda: not cluster.files(), "files are left")


def test_an_interrupt_stops_what_runs_there_and_keeps_the_variables(cluster):
    manager, client = start_new_kernel(kernel_name="parcell", startup_timeout=LIMIT_SECONDS)
    try:
        execute(client, "let kept = vec![1, 2, 3];")
        execute(client, f"%%pool --cluster {cluster.address} 0..4u64\n|n| n")
        cell = (
            f"%%pool --cluster {cluster.address} -c 1 0..4u64\n"
            'fn wait(n: u64) { println!("begun"); std::thread::sleep(std::time::Duration::from_secs(600)); }'
        )
        request = client.execute(cell)
        while not (message := iopub(client, request))["content"].get("text", "").endswith("begun\n"):
            assert message["content"].get("execution_state") != "idle"
        begun = time.monotonic()
        manager.interrupt_kernel()
        names = []
        while (message := iopub(client, request))["content"].get("execution_state") != "idle":
            names.append(message["content"].get("ename"))
        assert "Interrupted" in names and time.monotonic() - begun < 2
        eventually(lambda: not cluster.children(), "children are left")
        assert execute(client, "kept.len()") == "3"
        assert execute(client, f"%%pool --cluster {cluster.address} 0..3u64\n|n| n + 1") == "[1, 2, 3]"
    finally:
        client.stop_channels()
        # As one that is killed: nobody is left who could clear up.
        os.killpg(os.getpgid(manager.provisioner.process.pid), signal.SIGKILL)
        manager.shutdown_kernel(now=True)
    eventually(lambda: not cluster.plugins(), "plugins are left")
    eventually(lambda: not cluster.children(), "children are left")


def test_a_program_has_the_cluster_too(cluster):
    environment = {**os.environ, "CARGO_TARGET_DIR": str(TARGET), "CARGO_BUILD_BUILD_DIR": str(TARGET)}
    # With the features that ./test has built it with.
    build = ["cargo", "build", "--quiet", "--locked", "--workspace", "--example", "cluster"]
    subprocess.run(build, cwd=ROOT, env=environment, check=True, timeout=LIMIT_SECONDS * 2)
    program = TARGET / "debug" / "examples" / "cluster"
    done = subprocess.run(
        [program, cluster.address], capture_output=True, text=True, timeout=LIMIT_SECONDS
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1] == "9592 primes"
    assert sorted(line for line in lines if line.startswith("looking")) == sorted(
        f"looking from {start} on" for start in range(0, 100_000, 10_000)
    )
    eventually(lambda: not cluster.plugins(), "plugins are left")
