"""JupyterLab's panel of variables: names, types, values, parts and tables, in both themes."""

import re

import pytest
from playwright.sync_api import Locator, expect

import lab

pytestmark = pytest.mark.timeout(400)

SESSION = {
    "variables": """\
#[derive(Debug)]
struct Planet { name: String, moons: u32, radius: f64 }
let planet = |name: &str, moons, radius| Planet { name: name.to_owned(), moons, radius };
let planets = vec![planet("Mercury", 0, 2439.7), planet("Earth", 1, 6371.0), planet("Saturn", 83, 58232.0)];
let count = planets.len();
let numbers: Vec<f64> = (0..1_000_000).map(|n| n as f64 / 2.0).collect();""",
    "change": "let count = count + 4;",
    "wait": "std::thread::sleep(std::time::Duration::from_secs(4));",
}
CELLS = {name: index for index, name in enumerate(SESSION)}


@pytest.fixture(scope="module")
def session(open_notebook, directory) -> lab.NotebookPage:
    page = open_notebook(lab.write_notebook(directory / "variables.ipynb", list(SESSION.values())))
    page.run_to_end(CELLS["variables"])
    page.panel.locator(".jp-DebuggerBugButton").click()
    panel = page.page.locator(".jp-DebuggerVariables").first
    if not panel.is_visible():
        page.page.get_by_role("tab", name="Debugger").click()
    expect(panel).to_be_visible()
    return page


def variable(session: lab.NotebookPage, name: str) -> Locator:
    """The entry of a variable or of a part of one."""
    named = session.page.locator(".jp-DebuggerVariables-name", has_text=re.compile(rf"^{re.escape(name)}$"))
    return session.page.locator(".jp-DebuggerVariables-body .jp-TreeItem", has=named).last


def test_each_variable_has_its_type_and_its_value(session, screenshots):
    expect(variable(session, "count")).to_contain_text("usize = 3", timeout=lab.IDLE_MILLISECONDS)
    expect(variable(session, "numbers")).to_contain_text("Vec<f64> = [0.0, 0.5, 1.0")
    expect(variable(session, "numbers")).to_contain_text("(1,000,000 elements, 7.6 MiB)")
    expect(variable(session, "planets")).to_contain_text('Vec<Planet> = [Planet { name: "Mercury"')
    session.page.screenshot(path=screenshots / "variables.png")


def test_they_change_with_the_cells(session):
    session.run_to_end(CELLS["change"])
    expect(variable(session, "count")).to_contain_text("usize = 7")


def test_they_are_there_while_a_cell_runs(session):
    session.run_cell(CELLS["wait"])
    session.wait_for_status("Busy")
    expect(variable(session, "count")).to_contain_text("usize = 7")
    session.wait_for_end(CELLS["wait"])
    expect(variable(session, "count")).to_contain_text("usize = 7")


def expand(entry: Locator) -> None:
    """Shows the parts of an entry."""
    entry.locator(".expand-collapse-button").first.click()


def test_parts_are_shown(session, screenshots):
    expand(variable(session, "planets"))
    expect(variable(session, "[1]")).to_contain_text('Planet { name: "Earth", moons: 1, radius: 6371.0 }')
    expand(variable(session, "[1]"))
    expect(variable(session, "moons")).to_contain_text("1")
    session.page.screenshot(path=screenshots / "variables-parts.png")


@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Light"])
def test_a_table_opens_as_a_grid(session, screenshots, theme):
    session.choose_theme(theme)
    entry = variable(session, "planets")
    entry.locator(".jp-DebuggerVariables-name").first.hover()
    entry.locator(".jp-DebuggerVariables-renderVariable").first.click()
    grid = session.page.locator(".jp-VariableRendererPanel").last
    for text in ("name", "moons", "radius", "Saturn", "58232.0"):
        expect(grid).to_contain_text(text)
    name = theme.rpartition(" ")[2].lower()
    session.page.screenshot(path=screenshots / f"variables-grid-{name}.png")
