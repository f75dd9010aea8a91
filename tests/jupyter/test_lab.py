"""The notebook as people see it: JupyterLab in a browser."""

import re
import shutil
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect, sync_playwright

import lab

pytestmark = pytest.mark.timeout(400)

# Each ends by itself, so that a kernel that cannot be interrupted does not outlive the test for long.
BUSY_LOOP = """\
let start = std::time::Instant::now();
println!("busy");
let mut rounds: u64 = 0;
while start.elapsed().as_secs() < 120 {
    rounds = std::hint::black_box(rounds + 1);
}"""
# It prints, then waits for a file that the test makes when it has seen what was printed.
SLOW = """\
println!("before the file is there");
while !std::path::Path::new("go-on").exists() {
    std::thread::sleep(std::time::Duration::from_millis(20));
}
println!("after the file is there");"""

PLOT = """\
:dep plotters = { version = "0.3", default-features = false, features = ["evcxr", "line_series"] }
use plotters::prelude::*;
evcxr_figure((480, 240), |root| {
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .margin(10)
        .x_label_area_size(30)
        .y_label_area_size(40)
        .build_cartesian_2d(0.0..6.3, -1.1..1.1)?;
    chart.configure_mesh().draw()?;
    let sine = (0..=100).map(|i| f64::from(i) * 0.063);
    chart.draw_series(LineSeries::new(sine.map(|x| (x, x.sin())), &BLUE))?;
    Ok(())
})"""
DISPLAYS = """\
println!("before");
let shown = display(html("<b>old</b>"));
display(latex(r"$e^{i\\pi} + 1 = 0$"));
println!("after");
shown.update(html("<b>new</b>"));
clear_output(false);
display(svg("<svg width='40' height='40'><circle cx='20' cy='20' r='18' fill='teal'/></svg>"));
let shown = display(html("<b>old</b>"));
println!("text between");
display(markdown(r"a *formula*: $e^{i\\pi} + 1 = 0$"));"""
TABLE = """\
#[derive(Debug, Serialize)]
struct Planet { name: &'static str, moons: Option<u32>, radius: f64 }
table([
    Planet { name: "Venus", moons: None, radius: 6051.8 },
    Planet { name: "Earth", moons: Some(1), radius: 6371.0 },
    Planet { name: "Mars & co.", moons: Some(2), radius: 3389.5 },
])"""


@pytest.fixture(scope="module")
def chromium() -> str:
    """The distribution's browser; none is downloaded."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("there is no chromium on this machine; .ci/run installs it")
    return path


@pytest.fixture(scope="module")
def playwright(chromium):
    """The driver of the browser."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture
def open_notebook(playwright, chromium, jupyter, tmp_path, tmp_path_factory):
    """Opens a notebook of the temporary directory in a JupyterLab and a browser of its own."""
    elsewhere = tmp_path_factory.mktemp("browser")
    with (
        lab.server(jupyter, tmp_path, elsewhere / "server.log") as address,
        lab.browser(playwright, chromium, elsewhere / "profile") as context,
    ):
        yield lambda notebook: lab.NotebookPage(context.new_page(), address, notebook.name)


def test_the_notebook_on_pools(open_notebook, notebooks, screenshots, tmp_path):
    page = open_notebook(Path(shutil.copy(notebooks / "pool.ipynb", tmp_path)))
    page.run_all()
    last = page.panel.locator(".jp-CodeCell").count() - 1
    page.wait_for_end(last)
    page.wait_for_status("Idle")
    page.screenshot(screenshots / "pool.png")

    squares = page.outputs(1).inner_text()
    assert sorted(re.findall(r"^\[pid \d+\] squaring (\d)$", squares, re.MULTILINE)) == list("12345")
    expect(page.outputs(2)).to_have_text("55")
    expect(page.outputs(4)).to_have_text("[100, 101, 104, 109, 116, 125, 136, 149]")
    workers = page.outputs(5).inner_text()
    assert len(set(re.findall(r"^\[pid (\d+)\] Worker: \d$", workers, re.MULTILINE))) == 5
    error = page.cell(9).locator('[data-mime-type="application/vnd.jupyter.stderr"]')
    expect(error).to_contain_text("3 is not welcome here")
    expect(page.outputs(10)).to_have_text("[1, 4, 9, 16, 25]")
    expect(page.outputs(12)).to_have_text("Ok(2432902008176640000)")


def test_what_is_printed_is_seen_while_the_cell_runs(open_notebook, screenshots, tmp_path):
    page = open_notebook(write_notebook(tmp_path / "slow.ipynb", [SLOW]))
    page.run_cell(0)
    expect(page.outputs(0)).to_contain_text("before the file is there", timeout=lab.IDLE_MILLISECONDS)
    assert page.is_running(0)
    page.screenshot(screenshots / "running.png")
    (tmp_path / "go-on").touch()
    page.wait_for_end(0)
    expect(page.outputs(0)).to_contain_text("after the file is there")


def test_a_compile_error_is_under_its_cell(open_notebook, screenshots, tmp_path):
    sources = ["let ok = 1;", 'let count: u64 = ok;\nlet wrong: u64 = "text";', "ok"]
    page = open_notebook(write_notebook(tmp_path / "mistake.ipynb", sources))
    for index in range(3):
        page.run_cell(index)
        page.wait_for_end(index)
    page.screenshot(screenshots / "compile-error.png")
    expect(page.outputs(0)).to_have_count(0)
    expect(page.outputs(1)).to_contain_text("mismatched types")
    expect(page.outputs(1)).to_contain_text("cell 2:2:18")
    expect(page.outputs(2)).to_have_text("1")


def test_the_stop_button_ends_a_busy_loop_and_keeps_variables(open_notebook, screenshots, tmp_path):
    page = open_notebook(write_notebook(tmp_path / "busy.ipynb", ["let kept = 42;", BUSY_LOOP, "kept"]))
    page.run_cell(0)
    page.wait_for_end(0)
    page.run_cell(1)
    expect(page.outputs(1)).to_contain_text("busy", timeout=lab.IDLE_MILLISECONDS)
    page.interrupt()
    error = page.cell(1).locator('[data-mime-type="application/vnd.jupyter.stderr"]')
    expect(error).to_contain_text("nterrupted", timeout=10_000)
    page.run_cell(2)
    page.wait_for_end(2)
    page.screenshot(screenshots / "interrupted.png")
    expect(page.outputs(2)).to_have_text("42")


def test_what_is_displayed_is_seen(open_notebook, screenshots, tmp_path):
    sources = [DISPLAYS, 'shown.update(html("<b>new</b>"));', TABLE, PLOT, "(0..1_000_000u32).collect::<Vec<_>>()"]
    page = open_notebook(write_notebook(tmp_path / "display.ipynb", sources))
    for index in range(len(sources)):
        page.run_cell(index)
        page.wait_for_end(index)
    page.screenshot(screenshots / "display.png")
    displays = page.cell(0)
    expect(page.outputs(0).first).to_be_visible()
    expect(displays.locator(".jp-OutputArea")).not_to_contain_text("before")
    expect(page.outputs(0)).to_have_count(4)
    expect(displays.locator("b", has_text="new")).to_have_count(1)
    expect(displays.locator("circle, img")).to_have_count(1)
    expect(displays.locator(".MathJax, mjx-container").first).to_be_visible()
    expect(page.outputs(1)).to_have_count(0)
    expect(page.cell(2).locator("table")).to_contain_text("Mars & co.")
    expect(page.cell(3).locator('svg polyline[stroke="#0000FF"]')).to_be_visible()
    expect(page.cell(4)).to_contain_text("(shortened: 1,000,000 elements)")


def write_notebook(path: Path, sources: list[str]) -> Path:
    """Writes a notebook of these cells that says to run in parcell."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    notebook.metadata.kernelspec = {"name": "parcell", "display_name": "Rust (parcell)", "language": "rust"}
    nbformat.write(notebook, path)
    return path
