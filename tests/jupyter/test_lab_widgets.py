"""Widgets in JupyterLab: moved by the mouse, clicked, loaded again, in both themes."""

import re

import pytest
from playwright.sync_api import Locator, expect

import lab

pytestmark = pytest.mark.timeout(400)

# Waits for the mouse, in the middle of a cell.
WATCHING = """\
let threshold = IntSlider::new().with_description("threshold");
let stop = Button::new().with_description("Stop").with_button_style("danger");
display(HBox::new((&threshold, &stop)));
while threshold.value() < 50 {
    std::thread::sleep(std::time::Duration::from_millis(20));
}
println!("passed 50");
stop.wait_for_click()?;
println!("stopped");"""
SLOW = """\
let mut calls = 0;
interact_with((0..=100,), move |slow: i64| {
    std::thread::sleep(std::time::Duration::from_millis(500));
    calls += 1;
    format!("{slow} in call {calls}")
})"""
CLICKS = """\
let (button, shown, mut clicks) = (Button::new().with_description("Count"), Output::new(), 0);
let output = shown.clone();
button.on_click(move || {
    clicks += 1;
    output.capture(|| println!("{clicks} clicks"));
});
VBox::new((button, shown))"""
POOL = """\
interact_with((1..=3,), |workers: i64| {
    Pool::new(workers as usize).map(|n: i64| { println!("item {n}"); n }, 0..workers)
})"""
MAP = """\
%%pool -n 2 --widget 0..10_000u64
fn wait(n: u64) -> u64 {
    std::thread::sleep(std::time::Duration::from_millis(20));
    n
}"""
GALLERY = """\
let picture = Image::new().with_format("svg+xml").with_value(
    "<svg xmlns='http://www.w3.org/2000/svg' width='80' height='80'><circle cx='40' cy='40' r='36' fill='teal'/></svg>",
);
Tab::new((
    VBox::new((
        Text::new().with_description("text").with_value("a text"),
        Checkbox::new().with_description("checked").with_value(true),
        Dropdown::new(["red", "green", "blue"]).with_description("colour").with_value("green"),
        RadioButtons::new(["one", "two"]),
        IntProgress::new().with_value(70).with_bar_style("success"),
        HTML::new().with_value("<b>bold</b> <i>HTML</i>"),
    )),
    HBox::new((picture, Label::new().with_value("a picture"))),
))
.with_titles(["Controls", "Picture"])"""
COUNTER = '''\
let module = "
export default {
    render({ model, el }) {
        const button = document.createElement('button');
        const show = () => { button.textContent = `count is ${model.get('count')}`; };
        button.onclick = () => { model.set('count', model.get('count') + 1); model.save_changes(); };
        model.on('change:count', show);
        show();
        el.append(button);
    },
};";
let counter = AnyWidget::new(module, std::collections::BTreeMap::from([("count", 3)]));
&counter'''
SESSION = {
    "import": "use parcell::widgets::*;",
    "interact": "interact(|n: i64, scale: f64| n as f64 * scale)",
    "slow": SLOW,
    "watching": WATCHING,
    "clicks": CLICKS,
    "pool": POOL,
    "map": MAP,
    "panic": 'interact(|broken: bool| if broken { panic!("it is broken") } else { "whole" })',
    "gallery": GALLERY,
    "counter": COUNTER,
    "count": 'counter.get::<u32>("count")',
}
CELLS = {name: index for index, name in enumerate(SESSION)}


@pytest.fixture(scope="module")
def session(open_notebook, directory) -> lab.NotebookPage:
    page = open_notebook(lab.write_notebook(directory / "widgets.ipynb", list(SESSION.values())))
    page.run_to_end(CELLS["import"])
    return page


def slider(session: lab.NotebookPage, cell: str, label: str) -> Locator:
    """The slider with this label."""
    named = session.page.locator(".widget-label", has_text=re.compile(f"^{label}$"))
    return session.cell(CELLS[cell]).locator(".widget-hslider", has=named)


def drag(session: lab.NotebookPage, moved: Locator, share: float, steps: int = 5) -> None:
    """Drags a slider's handle with the mouse to this share of its way."""
    handle, track = moved.locator(".noUi-handle").bounding_box(), moved.locator(".noUi-target").bounding_box()
    mouse = session.page.mouse
    mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2)
    mouse.down()
    mouse.move(track["x"] + share * track["width"], track["y"] + track["height"] / 2, steps=steps)
    mouse.up()


def test_a_closure_runs_again_when_a_slider_is_moved(session, screenshots):
    session.run_to_end(CELLS["interact"])
    area = session.output_area(CELLS["interact"])
    expect(area).to_contain_text("10.0")
    # The labels are the names of the parameters.
    for label in ("n", "scale"):
        expect(slider(session, "interact", label)).to_be_visible()
    drag(session, slider(session, "interact", "n"), 1.0)
    expect(area).to_contain_text("100.0")
    session.screenshot(screenshots / "interact.png", CELLS["interact"], CELLS["interact"])
    session.wait_for_status("Idle")


def test_what_comes_faster_than_it_computes_is_put_together(session):
    session.run_to_end(CELLS["slow"])
    area = session.output_area(CELLS["slow"])
    expect(area).to_contain_text("50 in call 1")
    drag(session, slider(session, "slow", "slow"), 1.0, steps=40)
    expect(area).to_contain_text("100 in call ")
    calls = int(re.search(r"100 in call (\d+)", area.text_content())[1])
    assert calls < 20, "one call for each move"


def test_a_cell_that_runs_sees_what_is_moved_and_clicked(session, screenshots):
    session.run_cell(CELLS["watching"])
    threshold = slider(session, "watching", "threshold")
    expect(threshold).to_be_visible(timeout=lab.IDLE_MILLISECONDS)
    assert session.is_running(CELLS["watching"])
    drag(session, threshold, 0.8)
    expect(session.stdout(CELLS["watching"])).to_contain_text("passed 50")
    session.cell(CELLS["watching"]).get_by_role("button", name="Stop").click()
    session.wait_for_end(CELLS["watching"])
    expect(session.stdout(CELLS["watching"])).to_contain_text("stopped")
    session.screenshot(screenshots / "widgets-watching.png", CELLS["watching"], CELLS["watching"])


def test_what_a_function_prints_goes_to_its_output(session):
    session.run_to_end(CELLS["clicks"])
    button = session.cell(CELLS["clicks"]).get_by_role("button", name="Count")
    for count in (1, 2, 3):
        button.click()
        expect(session.output_area(CELLS["clicks"])).to_contain_text(f"{count} clicks")


def test_workers_print_into_it_too(session, screenshots):
    session.run_to_end(CELLS["pool"])
    area = session.output_area(CELLS["pool"])
    expect(area).to_contain_text("[0, 1]")
    drag(session, slider(session, "pool", "workers"), 1.0)
    expect(area).to_contain_text("[0, 1, 2]")
    for item in range(3):
        expect(area).to_contain_text(re.compile(rf"\[pid \d+\] item {item}"))
    session.screenshot(screenshots / "widgets-pool.png", CELLS["pool"], CELLS["pool"])


def test_a_map_is_stopped_by_its_button(session, screenshots):
    session.run_cell(CELLS["map"])
    area = session.output_area(CELLS["map"])
    expect(area).to_contain_text("/10,000", timeout=lab.IDLE_MILLISECONDS)
    expect(area.get_by_role("button", name=re.compile(r"End \d+"))).to_have_count(2)
    expect(area).to_contain_text(re.compile(r"item \d+"))
    session.screenshot(screenshots / "widgets-map.png", CELLS["map"], CELLS["map"])
    area.get_by_role("button", name="Stop").click()
    session.wait_for_end(CELLS["map"])
    expect(session.error(CELLS["map"])).to_contain_text("the map was stopped by its button")
    expect(area.get_by_role("button")).to_have_count(0)
    session.screenshot(screenshots / "widgets-map-stopped.png", CELLS["map"], CELLS["map"])


def test_a_panic_is_shown_where_the_output_goes(session, screenshots):
    session.run_to_end(CELLS["panic"])
    area = session.output_area(CELLS["panic"])
    expect(area).to_contain_text("whole")
    checkbox = session.cell(CELLS["panic"]).get_by_role("checkbox")
    checkbox.check()
    expect(area).to_contain_text("it is broken")
    session.screenshot(screenshots / "widgets-panic.png", CELLS["panic"], CELLS["panic"])
    # The next call works.
    checkbox.uncheck()
    expect(area).to_contain_text("whole")


@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Light"])
def test_all_kinds_are_shown(session, screenshots, theme):
    session.choose_theme(theme)
    session.run_to_end(CELLS["gallery"])
    area = session.output_area(CELLS["gallery"])
    for text in ("Controls", "Picture", "checked", "bold HTML", "two"):
        expect(area).to_contain_text(text)
    expect(area.locator("select")).to_have_value("green")
    name = theme.rpartition(" ")[2].lower()
    session.screenshot(screenshots / f"widgets-{name}.png", CELLS["gallery"], CELLS["gallery"])
    area.get_by_role("tab", name="Picture").click()
    expect(area.locator("img")).to_have_js_property("naturalWidth", 80)


def test_a_widget_of_ones_own_shares_its_state(session, screenshots):
    session.run_to_end(CELLS["counter"])
    button = session.cell(CELLS["counter"]).get_by_role("button", name="count is 3")
    button.click()
    expect(session.cell(CELLS["counter"]).get_by_role("button", name="count is 4")).to_be_visible()
    session.run_to_end(CELLS["count"])
    expect(session.outputs(CELLS["count"])).to_have_text("Some(4)")


def test_widgets_are_there_when_the_page_is_loaded_again(session):
    session.run_to_end(CELLS["interact"])
    drag(session, slider(session, "interact", "n"), 0.0)
    expect(session.output_area(CELLS["interact"])).to_contain_text("0.0")
    session.page.keyboard.press("Control+s")
    expect(session.page.locator(".jp-mod-dirty")).to_have_count(0)
    session.page.reload()
    session.panel.wait_for()
    moved = slider(session, "interact", "n")
    expect(moved.locator(".widget-readout")).to_have_text("0")
    drag(session, moved, 1.0)
    expect(session.output_area(CELLS["interact"])).to_contain_text("100.0")
