"""Parallel work as people see it: in JupyterLab while it runs, in both themes, and in what is exported."""

import re
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect

import lab

pytestmark = pytest.mark.timeout(400)

# Each worker says that it is there and waits for a file that the test makes when it has seen all four.
LIVE = """\
%%pool -n 4 -c 1 0..4u64 -> doubled
fn doubled(n: u64) -> u64 {
    println!("worker of item {n} is here");
    while !std::path::Path::new("all-are-seen").exists() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    println!("item {n} is done");
    n * 2
}"""
# It takes three seconds at least, of which two show progress.
PROGRESS = """\
%%pool -n 2 -c 1 0..60u64 -> results
fn waited(n: u64) -> u64 {
    std::thread::sleep(std::time::Duration::from_millis(100));
    n
}"""
FAILURES = """\
%%pool -n 2 --keep-going 0..20u64 -> outcomes
fn odd(n: u64) -> u64 {
    match n {
        7 => std::process::abort(),
        n if n % 4 == 0 => panic!("{n} is a multiple of four"),
        n => n,
    }
}"""
GROUPED = """\
%%pool -n 2 -c 1 --grouped 0..3u64
|n: u64| {
    println!("{n} begins");
    display(html(format!("<b>item {n}</b>")));
    println!("{n} ends");
}"""
CELLS = [LIVE, PROGRESS, "%timeline", FAILURES, "%workers", GROUPED]
PREFIX = r"\[pid \d+\] "


@pytest.fixture(scope="module")
def page(open_notebook, directory) -> lab.NotebookPage:
    """One notebook with all cells."""
    return open_notebook(lab.write_notebook(directory / "parallel.ipynb", CELLS))


def test_four_workers_are_seen_while_they_work(page, screenshots, directory):
    page.run_cell(0)
    for item in range(4):
        expect(page.output_area(0)).to_contain_text(f"worker of item {item} is here", timeout=lab.IDLE_MILLISECONDS)
    assert page.is_running(0)
    page.screenshot(screenshots / "four-workers.png", 0, 0)
    # In several pieces, where the progress display came in between.
    text = "".join(page.stdout(0).all_text_contents())
    lines = re.findall(rf"^{PREFIX}worker of item \d is here$", text, re.MULTILINE)
    assert len(lines) == 4 and len({line.split("]")[0] for line in lines}) == 4, text
    prefixes = page.stdout(0).locator("span", has_text=re.compile(r"^\[pid \d+\]$"))
    colours = prefixes.evaluate_all("spans => spans.map(span => getComputedStyle(span).color)")
    assert len(set(colours)) == 4, colours
    (directory / "all-are-seen").touch()
    page.wait_for_end(0)
    for item in range(4):
        expect(page.output_area(0)).to_contain_text(f"item {item} is done")


def test_progress_moves_and_is_summed_up(page, screenshots):
    page.run_cell(1)
    bar = page.outputs(1)
    expect(bar).to_contain_text("/60", timeout=lab.IDLE_MILLISECONDS)
    assert page.is_running(1)
    page.screenshot(screenshots / "progress.png", 1, 1)
    before = bar.text_content()
    expect(bar).not_to_have_text(before)
    expect(bar).to_have_count(1)
    page.wait_for_end(1)
    expect(bar).to_have_count(1)
    expect(bar).to_contain_text(re.compile(r"60 items .*2 workers"))


def test_failures_are_summed_up(page, screenshots):
    page.run_to_end(3)
    page.screenshot(screenshots / "failures.png", 3, 3)
    summary = page.stderr(3)
    expect(summary).to_contain_text("6 of 20 items failed:")
    expect(summary).to_contain_text("and 4 more: items 4, 8, 12, 16")
    expect(summary).to_contain_text(re.compile(r"item 7 \(pid \d+\) was killed by SIGABRT"))
    expect(summary).to_contain_text(re.compile(r"odd at cell \d+, line 5"))


def test_each_items_lines_and_displays_are_together(page, screenshots):
    page.run_to_end(5)
    page.screenshot(screenshots / "grouped.png", 5, 5)
    text = page.output_area(5).text_content()
    text = re.sub(rf"{PREFIX}?|\[pid \d+\]", "", text)
    seen = re.findall(r"(\d) (begins|ends)|item (\d)", text)
    expected = [part for n in "012" for part in [(n, "begins", ""), ("", "", n), (n, "ends", "")]]
    assert seen == expected, text


def test_the_timeline_can_be_read_in_both_themes(page, screenshots):
    page.run_to_end(1)
    page.run_to_end(2)
    page.run_to_end(4)
    expect(page.error(1)).to_have_count(0)
    texts = page.cell(2).locator("svg text")
    expect(texts.first).to_be_visible()
    seen = {}
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        page.choose_theme(theme)
        page.screenshot(screenshots / f"timeline-{theme.split()[-1].lower()}.png", 1, 4)
        fill = lab.style(texts.first, "fill")
        background = lab.style(page.page.locator("body"), "--jp-layout-color0")
        assert lab.contrast(fill, background) > 4.5, (theme, fill, background)
        seen[theme] = fill
    page.choose_theme("JupyterLab Light")
    assert len(set(seen.values())) == 2, seen
    expect(page.cell(4)).to_contain_text("PoolWorker-1")


def test_an_export_looks_like_the_notebook(playwright, chromium, parcell, jupyter, screenshots, tmp_path):
    source = lab.write_notebook(tmp_path / "export.ipynb", [PROGRESS, "%timeline", FAILURES, GROUPED])
    lab.run([parcell, "run", source, "-o", tmp_path / "executed.ipynb"])
    lab.run([jupyter, "nbconvert", "--to=html", f"--output-dir={tmp_path}", tmp_path / "executed.ipynb"])
    document = nbformat.read(tmp_path / "executed.ipynb", as_version=4)
    assert len(document.cells[0].outputs) == 1, "progress is one output"
    with lab.browser(playwright, chromium, tmp_path / "profile") as context:
        exported = context.new_page()
        exported.goto((tmp_path / "executed.html").as_uri())
        exported.screenshot(path=str(screenshots / "exported.png"), full_page=True)
        expect(exported.locator("body")).to_contain_text(re.compile(r"60 items .*2 workers"))
        expect(exported.locator("svg text").first).to_be_visible()
        expect(exported.locator("body")).to_contain_text("6 of 20 items failed:")
        prefix = exported.locator("span", has_text=re.compile(r"^\[pid \d+\]$")).first
        assert lab.style(prefix, "color") != lab.style(exported.locator("pre").first, "color")
        assert "\x1b" not in exported.locator("body").text_content()
