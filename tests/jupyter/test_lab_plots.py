"""Plots, pictures and grids in JupyterLab: in the colours of the theme, and all of them seen."""

import pytest
from playwright.sync_api import expect

import lab

pytestmark = pytest.mark.timeout(400)

SESSION = {
    "lines": """\
use parcell::plot::*;
let xs: Vec<f64> = (0..200).map(|n| f64::from(n) / 20.0).collect();
plot(&xs, xs.iter().map(|x| x.sin())).label("sin")
    .line(&xs, xs.iter().map(|x| 0.7 * (1.3 * x).cos())).label("0.7 cos 1.3x")
    .scatter([1, 3, 5, 7], [0.2, -0.4, 0.8, 0.1]).label("measured")
    .title("Waves & points").x_label("time in s").y_label("height in m")""",
    "powers": """plot(1..1000, (1..1000).map(|n| f64::from(n).powi(3))).log_x().log_y().title("n³")""",
    "hist": "hist((0..5000).map(|n| f64::from(n * 7919 % 10007) + f64::from(n * 5003 % 10007))).x_label(\"sum\")",
    "bars": """\
bar(["Mercury", "Venus", "Earth", "Mars"], [0, 0, 1, 2]).label("moons")
    .bar(["Venus", "Earth", "Mars"], [0.95, 1.0, 0.53]).label("radius")""",
    "heatmap": "heatmap((0..40).map(|i| (0..60).map(move |j| (f64::from(i) / 6.0).sin() * (f64::from(j) / 9.0).cos())))",
    "image": "image((0..64u8).map(|row| (0..96u8).map(move |column| [2 * column, 3 * row, 128])))",
    "array": "parcell::display::array(&[100, 40], |place| place[0] * place[1])",
}
CELLS = {name: index for index, name in enumerate(SESSION)}
PLOTS = ["lines", "powers", "hist", "bars", "heatmap"]


@pytest.fixture(scope="module")
def session(open_notebook, directory) -> lab.NotebookPage:
    page = open_notebook(lab.write_notebook(directory / "plots.ipynb", list(SESSION.values())))
    for index in CELLS.values():
        page.run_to_end(index)
    return page


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_plots_have_the_colours_of_the_theme(session, screenshots, theme):
    session.choose_theme(theme)
    name = theme.rsplit(" ", maxsplit=1)[-1].lower()
    background = lab.style(session.page.locator(".jp-Notebook").first, "background-color")
    for plot in PLOTS:
        svg = session.outputs(CELLS[plot]).locator("svg.parcell-plot")
        expect(svg).to_be_visible()
        text = svg.locator("text").filter(has_text="0").first
        assert lab.contrast(lab.style(text, "fill"), background) >= 4.5, plot
    session.screenshot(screenshots / f"plots-{name}.png")


def test_all_series_are_within_the_axes(session):
    svg = session.outputs(CELLS["lines"]).locator("svg.parcell-plot")
    field = svg.locator("svg").bounding_box()
    for series in [*svg.locator("path[stroke-linejoin]").all(), *svg.locator("svg circle").all()]:
        box = series.bounding_box()
        assert field["x"] <= box["x"] and box["x"] + box["width"] <= field["x"] + field["width"]
        assert field["y"] <= box["y"] and box["y"] + box["height"] <= field["y"] + field["height"]


def test_names_of_series_stand_beside_the_picture(session):
    svg = session.outputs(CELLS["lines"]).locator("svg.parcell-plot")
    field, whole = svg.locator("svg").bounding_box(), svg.bounding_box()
    for label in ["sin", "0.7 cos 1.3x", "measured"]:
        box = svg.get_by_text(label, exact=True).bounding_box()
        assert box["x"] >= field["x"] + field["width"], label
        assert box["x"] + box["width"] <= whole["x"] + whole["width"], label


def test_pictures_are_loaded(session):
    picture = session.outputs(CELLS["image"]).locator("img")
    assert picture.evaluate("picture => [picture.naturalWidth, picture.naturalHeight]") == [96, 64]
    shown = session.outputs(CELLS["heatmap"]).locator("svg svg image")
    assert shown.evaluate("""async image => {
        const picture = new Image();
        picture.src = image.href.baseVal;
        await picture.decode();
        return [picture.naturalWidth, picture.naturalHeight];
    }""") == [60, 40]


def test_a_large_array_has_its_corners(session):
    table = session.outputs(CELLS["array"]).locator("table")
    expect(table.locator("tbody tr")).to_have_count(26)
    expect(table.locator("tbody tr").last.locator("td").last).to_have_text(str(99 * 39))
    expect(session.outputs(CELLS["array"])).to_contain_text("100 × 40 array of usize")
