"""The library's widgets are those of ipywidgets: UPDATE_DOCS=1 writes them anew after a new version."""

import os

import widget_models


def test_the_models_are_those_of_the_package():
    source = widget_models.source()
    if os.environ.get("UPDATE_DOCS"):
        widget_models.FILE.write_text(source, encoding="utf-8")
    assert widget_models.FILE.read_text(encoding="utf-8") == source, "UPDATE_DOCS=1 writes it anew"
