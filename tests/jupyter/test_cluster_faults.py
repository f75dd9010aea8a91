"""`%%pool --cluster` where the cluster is not as it was: what comes late, vanishes, differs, is shared, is closed to
strangers, or is large."""

import json
import os
import re
import shutil
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import dask_cluster
import nbformat
import pytest
from dask_cluster import LIMIT_SECONDS, Given, eventually, iopub, run_cells
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

import leftovers

# So many times as much as usual.
LARGER = max(int(os.environ.get("PARCELL_SOAK", "1")), 1)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with dask_cluster.running(tmp_path_factory.mktemp("dask")) as cluster:
        yield cluster


@pytest.fixture(autouse=True)
def nothing_of_a_test_is_left(mark):
    """Fails a test whose processes outlive it."""
    before = set(leftovers.marked(mark))
    yield
    eventually(lambda: not set(leftovers.marked(mark)) - before, "processes are left")


@dataclass(frozen=True)
class Notebook:
    """A notebook that is open."""

    client: BlockingKernelClient

    def begin(self, cell):
        """Begins a cell."""
        return self.client.execute(cell)

    def until(self, request, text):
        """Waits until a cell has printed the text; returns what it has given by then."""
        outputs = []
        while not any(text in output.get("text", "") for output in outputs):
            message = iopub(self.client, request)
            assert message["content"].get("execution_state") != "idle", f"the cell has ended: {outputs}"
            outputs += outputs_of(message)
        return outputs

    def rest(self, request):
        """Waits until a cell has ended; returns what it gave from now on."""
        outputs = []
        while (message := iopub(self.client, request))["content"].get("execution_state") != "idle":
            outputs += outputs_of(message)
        return Given(outputs)

    def run(self, cell):
        """Runs a cell; returns what it gave."""
        return self.rest(self.begin(cell))


def outputs_of(message):
    """The output that a broadcast is, if it is one."""
    kinds = ("stream", "error", "execute_result", "display_data")
    return [nbformat.v4.output_from_msg(message)] if message["msg_type"] in kinds else []


@contextmanager
def notebook():
    """Opens a notebook, and shuts it down as JupyterLab does."""
    manager, client = start_new_kernel(kernel_name="parcell", startup_timeout=LIMIT_SECONDS)
    try:
        yield Notebook(client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel()


def address_of(directory):
    """The address of the directory's scheduler, once it has one."""
    file = directory / dask_cluster.SCHEDULER_FILE

    def written():
        # It is not written at once.
        try:
            return json.loads(file.read_text())["address"]
        except (OSError, ValueError):
            return None

    eventually(written, "no scheduler has started")
    return written()


def test_a_map_begins_without_workers_and_ends_when_one_has_come(tmp_path):
    with dask_cluster.scheduler(tmp_path), notebook() as opened:
        request = opened.begin(f"%%pool --cluster {address_of(tmp_path)} 0..6u64\n|n| n + 1")
        opened.until(request, "parcell: the cluster has no workers yet; the map begins when there is one")
        with dask_cluster.worker(tmp_path):
            given = opened.rest(request)
            assert given.result == "[1, 2, 3, 4, 5, 6]", given.error


@pytest.mark.parametrize("options", ["", "-k", "--retries 3"])
def test_a_scheduler_that_vanishes_fails_the_cell_and_another_takes_its_place(tmp_path, options):
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    with notebook() as opened:
        opened.run("let kept: Vec<u64> = (0..40).collect();")
        with dask_cluster.scheduler(first) as scheduler, dask_cluster.worker(first, "--nthreads=2"):
            address = address_of(first)
            request = opened.begin(
                f"%%pool --cluster {address} -c 1 {options} kept -> gone\nfn stay(n: u64) -> u64 {{\n"
                '    println!("begun");\n    std::thread::sleep(std::time::Duration::from_secs(600));\n    n\n}'
            )
            opened.until(request, "begun\n")
            scheduler.kill()
            begun = time.monotonic()
            failed = opened.rest(request)
            assert time.monotonic() - begun < 20
            assert failed.ename == "ClusterError"
            assert f"the connection to {address} has failed: the scheduler has ended" in failed.error
            assert opened.run("kept.len()").result == "40"
        port = int(address.rpartition(":")[2])
        with dask_cluster.scheduler(second, port=port), dask_cluster.worker(second, "--nthreads=2"):
            assert address_of(second) == address
            again = opened.run(f"%%pool --cluster {address} kept[..3].to_vec()\n|n| n * 10")
            assert again.result == "[0, 10, 20]", again.error


def test_two_notebooks_share_a_cluster_and_each_gets_its_own(cluster):
    def work(name, items, opened):
        ready.wait(LIMIT_SECONDS)
        mapped = opened.run(
            f"%%pool --cluster {cluster.address} 0..{items}u64 -> mapped\nfn of_{name}(n: u64) -> u64 {{\n"
            f'    if n % 100 == 0 {{ println!("{name} at {{n}}"); }}\n    n * n + {len(name)}\n}}'
        )
        assert mapped.ename is None, mapped.error
        assert sorted(text for _, _, text in mapped.lines()) == sorted(f"{name} at {n}" for n in range(0, items, 100))
        right = f"mapped.iter().copied().eq((0..{items}u64).map(|n| n * n + {len(name)}))"
        assert opened.run(right).result == "true"

    ready = threading.Barrier(2)
    with notebook() as one, notebook() as other, ThreadPoolExecutor() as threads:
        for future in [threads.submit(work, "one", 4000, one), threads.submit(work, "other", 6000, other)]:
            future.result(LIMIT_SECONDS * 2)


def certificate(directory, name):
    """Makes a certificate that vouches for itself; returns its files by the names of Dask's options."""
    certificate, key = directory / f"{name}.pem", directory / f"{name}-key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    command += ["-keyout", key, "-out", certificate]
    subprocess.run(command, check=True, capture_output=True, timeout=LIMIT_SECONDS)
    return {"ca-file": certificate, "cert": certificate, "key": key}


def test_a_cluster_with_tls_takes_who_has_its_certificate(parcell, tmp_path):
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl on this machine, which makes the certificates")
    ours, strange = certificate(tmp_path, "ours"), certificate(tmp_path, "strange")
    options = [f"--tls-{name}={path}" for name, path in ours.items()]

    def client(files):
        prefix = "DASK_DISTRIBUTED__COMM__TLS__"
        return {
            f"{prefix}CA_FILE": str(files["ca-file"]),
            f"{prefix}CLIENT__CERT": str(files["cert"]),
            f"{prefix}CLIENT__KEY": str(files["key"]),
        }

    with dask_cluster.scheduler(tmp_path, "--protocol=tls", *options), dask_cluster.worker(tmp_path, *options):
        address = address_of(tmp_path)
        assert address.startswith("tls://")
        cell = f'%%pool --cluster {address} -c 1 0..4u64\nfn same(n: u64) -> u64 {{ println!("at {{n}}"); n }}'
        (mapped,) = run_cells(parcell, tmp_path, [cell], client(ours))
        assert mapped.result == "[0, 1, 2, 3]", mapped.error
        assert len(mapped.lines()) == 4
        (without,) = run_cells(parcell, tmp_path, [cell])
        (stranger,) = run_cells(parcell, tmp_path, [cell], client(strange))
    for given, reason in (without, "check your TLS configuration"), (stranger, "TLS certificate does not match"):
        assert given.ename == "ClusterError"
        assert f"no Dask scheduler answers at {address}: " in given.error and reason in given.error, given.error
        assert given.stdout == "" and given.result is None


def test_large_items_and_results_arrive_whole(parcell, cluster, tmp_path):
    # The largest are 64 MiB, with which four times as much as usual is 1 GiB.
    size, count = (16 << 20) * min(LARGER, 4), 4 * LARGER
    mapped, right = run_cells(
        parcell,
        tmp_path,
        [
            f"%%pool --cluster {cluster.address} (0..{count}u64).map(|n| vec![n; {size // 8}]) -> results\n"
            "fn next(numbers: Vec<u64>) -> Vec<u64> { numbers.into_iter().map(|n| n + 1).collect() }",
            f"results.len() == {count}\n    && results.iter().zip(1u64..).all(|(numbers, n)| "
            f"numbers.len() == {size // 8} && numbers.iter().all(|&number| number == n))",
        ],
    )
    assert mapped.ename is None, mapped.error
    assert right.result == "true"


def compiled(source, file, *options):
    """Compiles C to a shared library."""
    command = ["cc", "-shared", "-fPIC", "-x", "c", "-", *options, "-o", file]
    subprocess.run(command, input=source, text=True, check=True, capture_output=True, timeout=LIMIT_SECONDS)


def test_a_host_without_a_library_that_the_cell_needs_is_named(parcell, cluster, tmp_path):
    (tmp_path / "libraries").mkdir()
    compiled("int answer(void) { return 42; }", tmp_path / "libraries" / "libanswer.so")
    here = {"LIBRARY_PATH": str(tmp_path / "libraries"), "LD_LIBRARY_PATH": str(tmp_path / "libraries")}
    defined, linked = run_cells(
        parcell,
        tmp_path,
        [
            '#[link(name = "answer")]\nunsafe extern "C" { safe fn answer() -> i32; }',
            f"%%pool --cluster {cluster.address} 0..3i32\nfn add(n: i32) -> i32 {{ n + answer() }}",
        ],
        here,
    )
    assert defined.ename is None, defined.error
    assert linked.ename == "Failed"
    reason = r"item \d \(pid \d+\) failed: its code cannot be loaded on this worker of the cluster: libanswer\.so: "
    assert re.search(reason, linked.error), linked.error


def test_a_host_with_an_older_library_is_refused(parcell, tmp_path):
    libraries, directory = tmp_path / "libraries", tmp_path / "dask"
    libraries.mkdir()
    directory.mkdir()
    # It stands for a C library that has not all versions of what the code calls: the loader says the same of both.
    compiled("", libraries / "libgcc_s.so.1", "-Wl,-soname,libgcc_s.so.1")
    older = {"LD_LIBRARY_PATH": str(libraries)}
    with dask_cluster.scheduler(directory), dask_cluster.worker(directory, environment=older):
        (refused,) = run_cells(parcell, tmp_path, [f"%%pool --cluster {address_of(directory)} 0..3u64\n|n| n"])
    reason = r"item \d: the cluster has given it up: its code cannot be loaded on the host \S+: .*version GCC_3\.0"
    assert re.search(reason, refused.error), refused.error
    assert refused.stderr == ""
