"""The teaching notebooks through what Jupyter's tools are made of, and one of them through all of these tools."""

import pytest

import runners
from runners import NOTEBOOKS, RUNNERS

# The notebook that goes through everything that executes notebooks. The others are executed by us and by what most of
# the rest is made of.
EVERYWHERE = "pool"
RUNS = [
    pytest.param(notebook, runner, id=f"{notebook.stem}-{runner}")
    for notebook in NOTEBOOKS
    for runner in RUNNERS
    if runner != "parcell" and (runner == "nbclient" or notebook.stem == EVERYWHERE)
]

each_run = pytest.mark.parametrize(("notebook", "runner"), RUNS)


@each_run
def test_what_is_written_is_a_valid_notebook(executed, notebook, runner):
    runners.assert_valid(executed(notebook, runner))


@each_run
def test_outputs_are_those_that_readers_see(executed, notebook, runner):
    """The outputs in the repository are those of a run, but for what differs between any two runs."""
    assert runners.comparable_cells(executed(notebook, runner)) == runners.comparable_cells(notebook)
