"""The notebook as people see it: JupyterLab in a browser."""

import re
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Locator, expect

import lab

pytestmark = pytest.mark.timeout(400)

STREAMS = """\
println!("to standard output");
eprintln!("to standard error");
println!("\\x1b[32mgreen\\x1b[0m again to standard output");"""
# It prints, then waits for a file that the test makes when it has seen what was printed.
SLOW = """\
println!("before the file is there");
while !std::path::Path::new("go-on").exists() {
    std::thread::sleep(std::time::Duration::from_millis(20));
}
println!("after the file is there");"""
# The mistake is in a line that is too long for a window of this size.
MISTAKE = """\
let count: u64 = 1;
let small: Vec<u64> = [1, 2, 3].into_iter().map(|n| n * n + count).filter(|n| *n < limit).map(|n| n - 1).collect();"""
PARSER = """\
/// The number that a text begins with.
fn leading_number(text: &str) -> u32 {
    let digits = text.split(' ').next().unwrap_or(text);
    digits.parse().unwrap()
}"""
PANIC = """\
let texts = ["17 camels", "many camels"];
let numbers: Vec<u32> = texts.iter().map(|text| leading_number(text)).collect();
numbers"""
QUESTIONS = """\
let name = input("Your name? ").unwrap();
let key = password("Your key? ").unwrap();
let mut line = String::new();
std::io::stdin().read_line(&mut line).unwrap();
println!("{name} has a key of {} characters and says {line:?}", key.len());"""
# It ends by itself, so that a kernel that cannot be interrupted does not outlive the test for long.
BUSY_LOOP = """\
let start = std::time::Instant::now();
println!("busy");
let mut rounds: u64 = 0;
while start.elapsed().as_secs() < 120 {
    rounds = std::hint::black_box(rounds + 1);
}"""
SESSION = {
    "kept": "let kept = 42;",
    "streams": STREAMS,
    "slow": SLOW,
    "mistake": MISTAKE,
    "parser": PARSER,
    "panic": PANIC,
    "questions": QUESTIONS,
    "busy": BUSY_LOOP,
    "value": "kept",
    "help": "?leading_number",
    "completion": "kept.trailing_",
    "after restart": "kept",
}
CELLS = {name: index for index, name in enumerate(SESSION)}

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
def session(open_notebook, directory) -> lab.NotebookPage:
    """The notebook that several tests use, each its own cells, since a kernel takes a while to start."""
    return open_notebook(lab.write_notebook(directory / "session.ipynb", list(SESSION.values())))


def test_the_notebook_on_pools(open_notebook, notebooks, screenshots, directory):
    page = open_notebook(copy_without_outputs(notebooks / "pool.ipynb", directory))
    page.run_all()
    last = page.panel.locator(".jp-CodeCell").count() - 1
    page.wait_for_end(last)
    page.wait_for_status("Idle")
    page.screenshot(screenshots / "pool.png")

    squares = page.outputs(1).text_content()
    assert sorted(re.findall(r"^\[pid \d+\] squaring (\d)$", squares, re.MULTILINE)) == list("12345")
    expect(page.outputs(2)).to_have_text("55")
    expect(page.outputs(4)).to_have_text("[100, 101, 104, 109, 116, 125, 136, 149]")
    workers = page.outputs(5).text_content()
    assert len(set(re.findall(r"^\[pid (\d+)\] Worker: \d$", workers, re.MULTILINE))) == 5
    expect(page.error(9)).to_contain_text("3 is not welcome here")
    expect(page.outputs(10)).to_have_text("[1, 4, 9, 16, 25]")
    expect(page.outputs(12)).to_have_text("Ok(2432902008176640000)")


def test_both_streams_are_seen_and_told_apart(session, screenshots):
    index = CELLS["streams"]
    session.run_to_end(index)
    session.screenshot(screenshots / "streams.png", index, index)
    # Two pipes have no order between them: the error's line may be seen between the others.
    expect(session.cell(index)).to_contain_text("green again to standard output")
    printed = "".join(session.stdout(index).all_text_contents())
    assert printed == "to standard output\ngreen again to standard output\n"
    expect(session.stderr(index)).to_have_text("to standard error\n")
    plain = session.stdout(index).first
    assert lab.style(session.stderr(index), "background-color") != lab.style(plain, "background-color")
    green = session.stdout(index).locator("span", has_text="green")
    assert lab.style(green, "color") != lab.style(plain, "color")


def test_what_is_printed_is_seen_while_the_cell_runs(session, screenshots, directory):
    index = CELLS["slow"]
    session.run_cell(index)
    expect(session.stdout(index)).to_contain_text("before the file is there", timeout=lab.IDLE_MILLISECONDS)
    assert session.is_running(index)
    session.screenshot(screenshots / "running.png", index, index)
    (directory / "go-on").touch()
    session.wait_for_end(index)
    expect(session.stdout(index)).to_contain_text("after the file is there")


def test_a_compile_error_is_under_its_cell_and_readable(session, screenshots):
    before, index, after = CELLS["slow"], CELLS["mistake"], CELLS["parser"]
    session.run_to_end(index)
    session.run_to_end(after)
    session.screenshot(screenshots / "compile-error.png", index, after)
    error = session.error(index)
    number = session.number(index)
    expect(error).to_contain_text("error[E0425]: cannot find value `limit` in this scope")
    expect(error).to_contain_text(f"cell {number}:2:")
    expect(error).to_contain_text("*n < limit)")
    expect(session.outputs(index)).to_have_count(1)
    expect(session.error(before)).to_have_count(0)
    expect(session.outputs(after)).to_have_count(0)
    assert_coloured(error)
    assert_fits(error)


def test_a_panic_says_where_and_who_called(session, screenshots):
    definition, index = CELLS["parser"], CELLS["panic"]
    session.run_to_end(definition)
    session.run_to_end(index)
    session.screenshot(screenshots / "panic.png", definition, index)
    error = session.error(index)
    defined, called = session.number(definition), session.number(index)
    expect(error).to_contain_text("ParseIntError")
    text = error.text_content()
    backtrace = text[text.index("backtrace:") :]
    assert re.search(rf"0: leading_number\s+at cell {defined}, line 4", backtrace), text
    assert re.search(rf"cell {called}, line 2", backtrace), text
    expect(session.outputs(index)).to_have_count(1)
    assert_coloured(error)
    assert_fits(error)


def test_questions_are_answered_in_the_notebook(session, screenshots):
    index = CELLS["questions"]
    cell = session.cell(index)
    session.run_cell(index)
    session.answer(index, "Your name? ", "Ada")
    secret = session.question(index, "Your key? ")
    expect(secret).to_have_attribute("type", "password")
    secret.fill("open sesame")
    session.screenshot(screenshots / "question.png", index, index)
    secret.press("Enter")
    session.answer(index, "", "hello")
    session.wait_for_end(index)
    session.screenshot(screenshots / "answered.png", index, index)
    expect(session.outputs(index).last).to_have_text('Ada has a key of 11 characters and says "hello\\n"\n')
    expect(cell).to_contain_text(re.compile(r"Your name\?\s+Ada"))
    expect(cell).to_contain_text(re.compile(r"Your key\?\s+·+\s"))
    expect(session.panel).not_to_contain_text("open sesame")


def test_the_stop_button_ends_a_busy_loop_and_keeps_variables(session, screenshots):
    session.run_to_end(CELLS["kept"])
    index, after = CELLS["busy"], CELLS["value"]
    session.run_cell(index)
    expect(session.stdout(index)).to_have_text("busy\n", timeout=lab.IDLE_MILLISECONDS)
    session.interrupt()
    expect(session.error(index)).to_contain_text("Interrupted", timeout=10_000)
    session.run_to_end(after)
    session.screenshot(screenshots / "interrupted.png", index, after)
    expect(session.outputs(after)).to_have_text("42")


def test_help_is_shown_while_writing(session, screenshots):
    session.run_to_end(CELLS["kept"])
    session.run_to_end(CELLS["parser"])
    session.run_to_end(CELLS["help"])
    session.complete(CELLS["completion"])
    completer = session.page.locator(".jp-Completer-item")
    expect(completer.filter(has_text="trailing_zeros")).to_be_visible(timeout=lab.IDLE_MILLISECONDS)
    session.page.screenshot(path=str(screenshots / "completion.png"))
    session.page.keyboard.press("Escape")
    session.screenshot(screenshots / "help.png", CELLS["help"], CELLS["help"])
    shown = session.cell(CELLS["help"])
    expect(shown).to_contain_text("fn leading_number(text: &str) -> u32")
    expect(shown).to_contain_text("The number that a text begins with.")


def test_a_kernel_that_was_restarted_by_the_button_works(session, screenshots):
    kept, index = CELLS["kept"], CELLS["after restart"]
    session.run_to_end(kept)
    session.restart()
    session.run_to_end(index)
    expect(session.error(index)).to_contain_text("cannot find value `kept`")
    assert session.number(index) == 1
    session.screenshot(screenshots / "restarted.png", index, index)
    session.run_to_end(kept)
    session.run_to_end(index)
    expect(session.outputs(index)).to_have_text("42")
    assert session.number(index) == 3


def test_what_is_displayed_is_seen(open_notebook, screenshots, directory):
    sources = [DISPLAYS, 'shown.update(html("<b>new</b>"));', TABLE, PLOT, "(0..1_000_000u32).collect::<Vec<_>>()"]
    page = open_notebook(lab.write_notebook(directory / "display.ipynb", sources))
    for index in range(len(sources)):
        page.run_to_end(index)
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


def assert_coloured(error: Locator) -> None:
    """The text has parts in another colour than the rest."""
    colours = error.locator("span").evaluate_all("spans => spans.map(span => getComputedStyle(span).color)")
    assert len(set(colours)) > 1, colours


def assert_fits(output: Locator) -> None:
    """Nothing is wider than the cell, and no line is wrapped: marks are below what they mark."""
    assert output.evaluate("element => element.scrollWidth <= element.clientWidth")
    text = output.locator("pre")
    height = text.evaluate("element => element.getBoundingClientRect().height")
    line = float(lab.style(text, "line-height").removesuffix("px"))
    assert round(height / line) == len(text.text_content().splitlines()), text.text_content()


def copy_without_outputs(notebook: Path, directory: Path) -> Path:
    """Copies a notebook as if it had never been run, so that what is seen later is of the run here."""
    document = nbformat.read(notebook, as_version=4)
    for cell in document.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    nbformat.write(document, directory / notebook.name)
    return directory / notebook.name
