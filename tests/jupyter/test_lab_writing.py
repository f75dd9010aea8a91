"""What whoever writes cells sees in JupyterLab: help while a cell runs, variables, errors in both themes."""

import pytest
from playwright.sync_api import Locator, expect

import lab

pytestmark = pytest.mark.timeout(400)

# It runs until the test has seen what it wants to see while it does.
RUNNING = """\
let words: Vec<String> = vec!["one".to_owned(), "two".to_owned()];
println!("running");
while !std::path::Path::new("seen").exists() {
    std::thread::sleep(std::time::Duration::from_millis(20));
}"""
MISTAKE = """\
fn half(n: u64) -> u64 {
    "text"
}"""
PANIC = 'let numbers: Vec<u32> = ["7", "x"].iter().map(|text| text.parse().unwrap()).collect();'
SESSION = {
    "numbers": "let numbers: Vec<u64> = (0..1000).collect();\nlet name = \"Ada\".to_owned();",
    "running": RUNNING,
    "members": "words.",
    "import": "let map = HashM",
    "variables": "%whos",
    "load": "%load program.rs",
    "format": "%%fmt\n%%time\nfn  third(n:u64)->u64{n/3}\n  third( 9 )",
    "mistake": MISTAKE,
    "panic": PANIC,
    "captured": "%%capture shown\nprintln!(\"hello\");\ndisplay(html(\"<b>bold</b>\"));",
    "shown": "shown",
}
CELLS = {name: index for index, name in enumerate(SESSION)}


@pytest.fixture(scope="module")
def session(open_notebook, directory) -> lab.NotebookPage:
    (directory / "program.rs").write_text('fn main() { println!("loaded"); }\n')
    return open_notebook(lab.write_notebook(directory / "writing.ipynb", list(SESSION.values())))


def test_help_is_there_while_a_cell_runs_and_the_kernel_is_seen_to_be_busy(session, screenshots, directory):
    session.run_to_end(CELLS["numbers"])
    session.run_cell(CELLS["running"])
    expect(session.stdout(CELLS["running"])).to_contain_text("running")
    completer = session.page.locator(".jp-Completer-item")
    for cell, text, column in [("members", "insert", "method(index,\u00a0element)"), ("import", "std::collections::HashMap", "class")]:
        session.complete(CELLS[cell])
        item = completer.filter(has=session.page.get_by_text(text, exact=True))
        expect(item).to_be_visible(timeout=lab.IDLE_MILLISECONDS)
        expect(item).to_contain_text(column)
        item.scroll_into_view_if_needed()
        session.page.screenshot(path=str(screenshots / f"completion-{cell}.png"))
        # Nothing is broken over the next one.
        line = completer.first.bounding_box()["height"]
        assert item.locator(".jp-Completer-typeExtended").bounding_box()["height"] <= line
        session.page.keyboard.press("Escape")
        # What was asked has been answered, and the cell still runs.
        session.wait_for_status("Busy")
        assert session.is_running(CELLS["running"])
    (directory / "seen").touch()
    session.wait_for_end(CELLS["running"])
    session.wait_for_status("Idle")


def test_variables_have_their_sizes_and_values_under_their_heads(session, screenshots):
    session.run_to_end(CELLS["numbers"])
    session.run_to_end(CELLS["variables"])
    session.screenshot(screenshots / "whos.png", CELLS["variables"], CELLS["variables"])
    shown = session.outputs(CELLS["variables"])
    expect(shown).to_contain_text("1,000 elements, 7.8 KiB")
    for column in range(4):
        head, cell = shown.locator("th").nth(column), shown.locator("td").nth(column)
        assert lab.style(head, "text-align") == lab.style(cell, "text-align")


def test_a_file_is_put_in_the_place_of_the_cell(session, screenshots):
    session.run_to_end(CELLS["load"])
    expect(session.cell(CELLS["load"])).to_contain_text('println!("loaded")')
    session.screenshot(screenshots / "load.png", CELLS["load"], CELLS["load"])


def test_a_cell_is_laid_out_in_its_place(session, screenshots):
    session.run_to_end(CELLS["format"])
    cell = session.cell(CELLS["format"])
    expect(cell).to_contain_text("fn third(n: u64) -> u64 {")
    session.screenshot(screenshots / "format.png", CELLS["format"], CELLS["format"])
    lines = cell.locator(".cm-line").all_inner_texts()
    assert lines == ["%%time", "fn third(n: u64) -> u64 {", "    n / 3", "}", "third(9)"]


def test_what_was_captured_is_shown_again(session, screenshots):
    session.run_to_end(CELLS["captured"])
    expect(session.outputs(CELLS["captured"])).to_have_count(0)
    session.run_to_end(CELLS["shown"])
    session.screenshot(screenshots / "captured.png", CELLS["captured"], CELLS["shown"])
    shown = session.output_area(CELLS["shown"])
    expect(shown).to_contain_text("hello")
    expect(shown.locator("b")).to_have_text("bold")


def test_errors_can_be_read_in_both_themes(session, screenshots):
    for cell in ("mistake", "panic"):
        session.run_to_end(CELLS[cell])
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        session.choose_theme(theme)
        session.screenshot(
            screenshots / f"errors-{theme.split()[-1].lower()}.png", CELLS["mistake"], CELLS["panic"]
        )
        for cell in ("mistake", "panic"):
            texts = colours(session.error(CELLS[cell]))
            assert len({background for _, background in texts}) > 1, "something stands out"
            for text, background in texts:
                assert lab.contrast(text, background) >= 4.5, (theme, cell, text, background)
    session.choose_theme("JupyterLab Light")


def colours(error: Locator) -> set[tuple[str, str]]:
    """The colour of each text, and what is behind it: all that is translucent on what is behind that."""
    found = error.locator("pre").evaluate(
        """pre => {
            const parts = colour => (colour.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
            const behind = element => {
                if (!element) return [255, 255, 255];
                const [red, green, blue, alpha = 1] = parts(getComputedStyle(element).backgroundColor);
                if (alpha === 1) return [red, green, blue];
                const below = behind(element.parentElement);
                return [red, green, blue].map((part, index) => part * alpha + below[index] * (1 - alpha));
            };
            const texts = document.createTreeWalker(pre, NodeFilter.SHOW_TEXT);
            const found = [];
            while (texts.nextNode()) {
                const element = texts.currentNode.parentElement;
                if (texts.currentNode.textContent.trim())
                    found.push([getComputedStyle(element).color, `rgb(${behind(element).join(", ")})`]);
            }
            return found;
        }"""
    )
    return {tuple(pair) for pair in found}
