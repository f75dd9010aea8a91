"""Writes workers/src/widgets/models.rs: the models of Jupyter's widgets, from the package that defines them.

The published specification of the models is made from ipywidgets' classes in the same way
(https://github.com/jupyter-widgets/ipywidgets/blob/main/packages/schema/jupyterwidgetmodels.latest.md).
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import ipywidgets
import traitlets
from ipywidgets import Widget
from traitlets import HasTraits, TraitType

from conftest import ROOT

FILE = ROOT / "workers" / "src" / "widgets" / "models.rs"
# What is made into a type of the library's, in the order of its documentation.
WIDGETS = """
    IntSlider FloatSlider FloatLogSlider IntRangeSlider FloatRangeSlider SelectionSlider
    IntProgress FloatProgress IntText FloatText BoundedIntText BoundedFloatText
    Text Textarea Password Combobox Checkbox ToggleButton Valid Button
    Dropdown Select SelectMultiple RadioButtons ToggleButtons ColorPicker Play
    Label HTML HTMLMath Image Output HBox VBox GridBox Tab Accordion Stack
""".split()
# Seldom wanted: `set` and `get` have them as well.
WITHOUT_METHODS = {"description_allow_html", "index", "selected_index", "tabbable"}
# What has no text in ipywidgets.
HELP = {"value": "What it holds.", "children": "What is in it.", "titles": "What its pages are called."}

HEADER = '''//! The models of Jupyter's widgets: their traits, with defaults, and methods for those that are of a simple type.
//!
//! Written by tests/jupyter/widget_models.py from ipywidgets {version}; do not edit.

use super::define::define;
use super::kind::{{Kind, Trait, TraitType}};
use super::{{Model, Widget}};
use crate::display::{{MimeBundle, ToMimeBundle}};
'''


@dataclass
class Trait:
    """One trait of a model."""

    name: str
    type: str
    default: str
    help: str
    # What a method takes and gives; none where there is no method.
    value: str | None = field(default=None)


def source() -> str:
    """The file's text."""
    parts = [HEADER.format(version=ipywidgets.__version__)]
    widgets = [getattr(ipywidgets, name) for name in WIDGETS]
    parts += [kind(part) for part in parts_of(widgets)]
    for widget in widgets:
        parts += [kind(widget), definition(widget)]
    return "\n".join(parts)


def parts_of(widgets: list[type[Widget]]) -> list[type[Widget]]:
    """The models that others have, such as their layout."""
    found = {}
    for widget in widgets:
        made = instance(widget)
        values = (getattr(made, name) for name in made.traits(sync=True))
        found |= {type(value).__name__: type(value) for value in values if isinstance(value, Widget)}
        made.close()
    return [found[name] for name in sorted(found)]


def instance(widget: type[Widget]) -> Widget:
    """One with its defaults, as far as it can be made with them."""
    try:
        return widget()
    except traitlets.TraitError:
        return widget(options=[""])


def kind(widget: type[Widget]) -> str:
    """The constant that describes a model."""
    lines = [
        f'    Trait {{ name: {string(trait.name)}, type_: {trait.type}, default: {raw(trait.default)} }},'
        for trait in traits(widget)
    ]
    name = widget.__name__
    head = f'pub(super) const {constant(name)}: Kind = Kind {{ name: {string(name)}, traits: &['
    return "\n".join(["#[rustfmt::skip]", head, *lines, "] };\n"])


def definition(widget: type[Widget]) -> str:
    """The type of the library's, with its methods."""
    name = widget.__name__
    # What cannot be made without its children or options is made by hand.
    is_special = {"children", "_options_labels"} & {trait.name for trait in traits(widget)}
    making = "special" if is_special else "plain"
    lines = ["#[rustfmt::skip]", "define! {", f"    {documentation(widget)}", f"    {name} {constant(name)} {making}"]
    for trait in traits(widget):
        if trait.value is not None:
            names = f"{trait.name} set_{trait.name} with_{trait.name}"
            lines.append(f"    {string(trait.name)} {names} {trait.value} {string(trait.help)}")
    return "\n".join([*lines, "}\n"])


def documentation(widget: type[Widget]) -> str:
    """What the type is, in the first sentence of its Python documentation."""
    first = (widget.__doc__ or "").strip().split("\n\n")[0]
    sentence = " ".join(first.split()).rstrip(".").replace('"', "`")
    return string(f"{sentence}." if sentence else f"{widget.__name__}.")


def traits(widget: type[Widget]) -> Iterator[Trait]:
    """The traits that a front end sees."""
    made = instance(widget)
    try:
        for name, trait in sorted(made.traits(sync=True).items()):
            yield described(made, name, trait)
    finally:
        made.close()


def described(made: HasTraits, name: str, trait: TraitType) -> Trait:
    value = getattr(made, name)
    text = " ".join((trait.help or HELP.get(name, "")).split()).rstrip(".").replace('"', "`")
    found = Trait(name, "TraitType::Other", "null", f"{text}." if text else f"`{name}`.")
    if isinstance(value, Widget):
        found.type = f"TraitType::Part(&{constant(type(value).__name__)})"
        return found
    if isinstance(value, (bytes, memoryview)):
        found.type, found.default = "TraitType::Bytes", '""'
        return found
    found.default = json.dumps(made.trait_metadata(name, "to_json", lambda value, _: value)(value, made))
    found.type, found.value = types(trait)
    if name.startswith("_") or name in WITHOUT_METHODS or trait.allow_none and value is None and found.value != "text":
        found.value = None
    return found


def types(trait: TraitType) -> tuple[str, str | None]:
    """What a trait is in Rust, and in its methods."""
    if isinstance(trait, traitlets.Enum):
        values = ", ".join(string(value) for value in trait.values if isinstance(value, str))
        return f"TraitType::Choice(&[{values}])", "text"
    for classes, type_, value in (
        (traitlets.Bool, "Bool", "bool"),
        (traitlets.Int, "Int", "i64"),
        (traitlets.Float, "Float", "f64"),
        (traitlets.Unicode, "Text", "text"),
    ):
        if isinstance(trait, classes):
            return f"TraitType::{type_}", value
    return "TraitType::Other", None


def constant(name: str) -> str:
    """IntSlider as INT_SLIDER."""
    broken = "".join(
        f"_{letter}" if at and letter.isupper() and not name[at - 1].isupper() else letter
        for at, letter in enumerate(name)
    )
    return broken.upper()


def string(text: str) -> str:
    """A literal of Rust."""
    return json.dumps(text, ensure_ascii=False).replace("\u200b", "\\u{200b}")


def raw(text: str) -> str:
    """The same of text that may have quotes in it."""
    return f'r#"{text}"#' if '"' in text else f'"{text}"'


if __name__ == "__main__":
    Path(FILE).write_text(source(), encoding="utf-8")
