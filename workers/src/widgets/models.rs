//! The models of Jupyter's widgets: their traits, with defaults, and methods for those that are of a simple type.
//!
//! Written by tests/jupyter/widget_models.py from ipywidgets 8.1.9; do not edit.

use super::define::define;
use super::kind::{Kind, Trait, TraitType};
use super::{Model, Widget};
use crate::display::{MimeBundle, ToMimeBundle};

#[rustfmt::skip]
pub(super) const BUTTON_STYLE: Kind = Kind { name: "ButtonStyle", traits: &[
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""ButtonStyleModel""# },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/base""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""StyleView""# },
    Trait { name: "button_color", type_: TraitType::Text, default: "null" },
    Trait { name: "font_family", type_: TraitType::Text, default: "null" },
    Trait { name: "font_size", type_: TraitType::Text, default: "null" },
    Trait { name: "font_style", type_: TraitType::Text, default: "null" },
    Trait { name: "font_variant", type_: TraitType::Text, default: "null" },
    Trait { name: "font_weight", type_: TraitType::Text, default: "null" },
    Trait { name: "text_color", type_: TraitType::Text, default: "null" },
    Trait { name: "text_decoration", type_: TraitType::Text, default: "null" },
] };

#[rustfmt::skip]
pub(super) const CHECKBOX_STYLE: Kind = Kind { name: "CheckboxStyle", traits: &[
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""CheckboxStyleModel""# },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/base""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""StyleView""# },
    Trait { name: "background", type_: TraitType::Text, default: "null" },
    Trait { name: "description_width", type_: TraitType::Text, default: r#""""# },
] };

#[rustfmt::skip]
pub(super) const DESCRIPTION_STYLE: Kind = Kind { name: "DescriptionStyle", traits: &[
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""DescriptionStyleModel""# },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/base""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""StyleView""# },
    Trait { name: "description_width", type_: TraitType::Text, default: r#""""# },
] };

#[rustfmt::skip]
pub(super) const HTMLMATH_STYLE: Kind = Kind { name: "HTMLMathStyle", traits: &[
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""HTMLMathStyleModel""# },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/base""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""StyleView""# },
    Trait { name: "background", type_: TraitType::Text, default: "null" },
    Trait { name: "description_width", type_: TraitType::Text, default: r#""""# },
    Trait { name: "font_size", type_: TraitType::Text, default: "null" },
    Trait { name: "text_color", type_: TraitType::Text, default: "null" },
] };

#[rustfmt::skip]
pub(super) const HTMLSTYLE: Kind = Kind { name: "HTMLStyle", traits: &[
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""HTMLStyleModel""# },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/base""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""StyleView""# },
    Trait { name: "background", type_: TraitType::Text, default: "null" },
    Trait { name: "description_width", type_: TraitType::Text, default: r#""""# },
    Trait { name: "font_size", type_: TraitType::Text, default: "null" },
    Trait { name: "text_color", type_: TraitType::Text, default: "null" },
] };

#[rustfmt::skip]
pub(super) const LABEL_STYLE: Kind = Kind { name: "LabelStyle", traits: &[
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""LabelStyleModel""# },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/base""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""StyleView""# },
    Trait { name: "background", type_: TraitType::Text, default: "null" },
    Trait { name: "description_width", type_: TraitType::Text, default: r#""""# },
    Trait { name: "font_family", type_: TraitType::Text, default: "null" },
    Trait { name: "font_size", type_: TraitType::Text, default: "null" },
    Trait { name: "font_style", type_: TraitType::Text, default: "null" },
    Trait { name: "font_variant", type_: TraitType::Text, default: "null" },
    Trait { name: "font_weight", type_: TraitType::Text, default: "null" },
    Trait { name: "text_color", type_: TraitType::Text, default: "null" },
    Trait { name: "text_decoration", type_: TraitType::Text, default: "null" },
] };

#[rustfmt::skip]
pub(super) const LAYOUT: Kind = Kind { name: "Layout", traits: &[
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/base""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""LayoutModel""# },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/base""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""LayoutView""# },
    Trait { name: "align_content", type_: TraitType::Choice(&["flex-start", "flex-end", "center", "space-between", "space-around", "space-evenly", "stretch", "inherit", "initial", "unset"]), default: "null" },
    Trait { name: "align_items", type_: TraitType::Choice(&["flex-start", "flex-end", "center", "baseline", "stretch", "inherit", "initial", "unset"]), default: "null" },
    Trait { name: "align_self", type_: TraitType::Choice(&["auto", "flex-start", "flex-end", "center", "baseline", "stretch", "inherit", "initial", "unset"]), default: "null" },
    Trait { name: "border_bottom", type_: TraitType::Text, default: "null" },
    Trait { name: "border_left", type_: TraitType::Text, default: "null" },
    Trait { name: "border_right", type_: TraitType::Text, default: "null" },
    Trait { name: "border_top", type_: TraitType::Text, default: "null" },
    Trait { name: "bottom", type_: TraitType::Text, default: "null" },
    Trait { name: "display", type_: TraitType::Text, default: "null" },
    Trait { name: "flex", type_: TraitType::Text, default: "null" },
    Trait { name: "flex_flow", type_: TraitType::Text, default: "null" },
    Trait { name: "grid_area", type_: TraitType::Text, default: "null" },
    Trait { name: "grid_auto_columns", type_: TraitType::Text, default: "null" },
    Trait { name: "grid_auto_flow", type_: TraitType::Choice(&["column", "row", "row dense", "column dense", "inherit", "initial", "unset"]), default: "null" },
    Trait { name: "grid_auto_rows", type_: TraitType::Text, default: "null" },
    Trait { name: "grid_column", type_: TraitType::Text, default: "null" },
    Trait { name: "grid_gap", type_: TraitType::Text, default: "null" },
    Trait { name: "grid_row", type_: TraitType::Text, default: "null" },
    Trait { name: "grid_template_areas", type_: TraitType::Text, default: "null" },
    Trait { name: "grid_template_columns", type_: TraitType::Text, default: "null" },
    Trait { name: "grid_template_rows", type_: TraitType::Text, default: "null" },
    Trait { name: "height", type_: TraitType::Text, default: "null" },
    Trait { name: "justify_content", type_: TraitType::Choice(&["flex-start", "flex-end", "center", "space-between", "space-around", "inherit", "initial", "unset"]), default: "null" },
    Trait { name: "justify_items", type_: TraitType::Choice(&["flex-start", "flex-end", "center", "inherit", "initial", "unset"]), default: "null" },
    Trait { name: "left", type_: TraitType::Text, default: "null" },
    Trait { name: "margin", type_: TraitType::Text, default: "null" },
    Trait { name: "max_height", type_: TraitType::Text, default: "null" },
    Trait { name: "max_width", type_: TraitType::Text, default: "null" },
    Trait { name: "min_height", type_: TraitType::Text, default: "null" },
    Trait { name: "min_width", type_: TraitType::Text, default: "null" },
    Trait { name: "object_fit", type_: TraitType::Choice(&["contain", "cover", "fill", "scale-down", "none"]), default: "null" },
    Trait { name: "object_position", type_: TraitType::Text, default: "null" },
    Trait { name: "order", type_: TraitType::Text, default: "null" },
    Trait { name: "overflow", type_: TraitType::Text, default: "null" },
    Trait { name: "padding", type_: TraitType::Text, default: "null" },
    Trait { name: "right", type_: TraitType::Text, default: "null" },
    Trait { name: "top", type_: TraitType::Text, default: "null" },
    Trait { name: "visibility", type_: TraitType::Choice(&["visible", "hidden", "inherit", "initial", "unset"]), default: "null" },
    Trait { name: "width", type_: TraitType::Text, default: "null" },
] };

#[rustfmt::skip]
pub(super) const PROGRESS_STYLE: Kind = Kind { name: "ProgressStyle", traits: &[
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""ProgressStyleModel""# },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/base""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""StyleView""# },
    Trait { name: "bar_color", type_: TraitType::Text, default: "null" },
    Trait { name: "description_width", type_: TraitType::Text, default: r#""""# },
] };

#[rustfmt::skip]
pub(super) const SLIDER_STYLE: Kind = Kind { name: "SliderStyle", traits: &[
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""SliderStyleModel""# },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/base""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""StyleView""# },
    Trait { name: "description_width", type_: TraitType::Text, default: r#""""# },
    Trait { name: "handle_color", type_: TraitType::Text, default: "null" },
] };

#[rustfmt::skip]
pub(super) const TEXT_STYLE: Kind = Kind { name: "TextStyle", traits: &[
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""TextStyleModel""# },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/base""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""StyleView""# },
    Trait { name: "background", type_: TraitType::Text, default: "null" },
    Trait { name: "description_width", type_: TraitType::Text, default: r#""""# },
    Trait { name: "font_size", type_: TraitType::Text, default: "null" },
    Trait { name: "text_color", type_: TraitType::Text, default: "null" },
] };

#[rustfmt::skip]
pub(super) const TOGGLE_BUTTON_STYLE: Kind = Kind { name: "ToggleButtonStyle", traits: &[
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""ToggleButtonStyleModel""# },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/base""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""StyleView""# },
    Trait { name: "description_width", type_: TraitType::Text, default: r#""""# },
    Trait { name: "font_family", type_: TraitType::Text, default: "null" },
    Trait { name: "font_size", type_: TraitType::Text, default: "null" },
    Trait { name: "font_style", type_: TraitType::Text, default: "null" },
    Trait { name: "font_variant", type_: TraitType::Text, default: "null" },
    Trait { name: "font_weight", type_: TraitType::Text, default: "null" },
    Trait { name: "text_color", type_: TraitType::Text, default: "null" },
    Trait { name: "text_decoration", type_: TraitType::Text, default: "null" },
] };

#[rustfmt::skip]
pub(super) const TOGGLE_BUTTONS_STYLE: Kind = Kind { name: "ToggleButtonsStyle", traits: &[
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""ToggleButtonsStyleModel""# },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/base""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""StyleView""# },
    Trait { name: "button_width", type_: TraitType::Text, default: r#""""# },
    Trait { name: "description_width", type_: TraitType::Text, default: r#""""# },
    Trait { name: "font_weight", type_: TraitType::Text, default: r#""""# },
] };

#[rustfmt::skip]
pub(super) const INT_SLIDER: Kind = Kind { name: "IntSlider", traits: &[
    Trait { name: "_dom_classes", type_: TraitType::Other, default: "[]" },
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""IntSliderModel""# },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""IntSliderView""# },
    Trait { name: "behavior", type_: TraitType::Choice(&["drag-tap", "drag-snap", "tap", "drag", "snap"]), default: r#""drag-tap""# },
    Trait { name: "continuous_update", type_: TraitType::Bool, default: "true" },
    Trait { name: "description", type_: TraitType::Text, default: r#""""# },
    Trait { name: "description_allow_html", type_: TraitType::Bool, default: "false" },
    Trait { name: "disabled", type_: TraitType::Bool, default: "false" },
    Trait { name: "layout", type_: TraitType::Part(&LAYOUT), default: "null" },
    Trait { name: "max", type_: TraitType::Int, default: "100" },
    Trait { name: "min", type_: TraitType::Int, default: "0" },
    Trait { name: "orientation", type_: TraitType::Choice(&["horizontal", "vertical"]), default: r#""horizontal""# },
    Trait { name: "readout", type_: TraitType::Bool, default: "true" },
    Trait { name: "readout_format", type_: TraitType::Text, default: r#""d""# },
    Trait { name: "step", type_: TraitType::Int, default: "1" },
    Trait { name: "style", type_: TraitType::Part(&SLIDER_STYLE), default: "null" },
    Trait { name: "tabbable", type_: TraitType::Bool, default: "null" },
    Trait { name: "tooltip", type_: TraitType::Text, default: "null" },
    Trait { name: "value", type_: TraitType::Int, default: "0" },
] };

#[rustfmt::skip]
define! {
    "Slider widget that represents an integer bounded from above and below."
    IntSlider INT_SLIDER plain
    "behavior" behavior set_behavior with_behavior text "Slider dragging behavior."
    "continuous_update" continuous_update set_continuous_update with_continuous_update bool "Update the value of the widget as the user is holding the slider."
    "description" description set_description with_description text "Description of the control."
    "disabled" disabled set_disabled with_disabled bool "Enable or disable user changes."
    "max" max set_max with_max i64 "Max value."
    "min" min set_min with_min i64 "Min value."
    "orientation" orientation set_orientation with_orientation text "Vertical or horizontal."
    "readout" readout set_readout with_readout bool "Display the current value of the slider next to it."
    "readout_format" readout_format set_readout_format with_readout_format text "Format for the readout."
    "step" step set_step with_step i64 "Minimum step to increment the value."
    "tooltip" tooltip set_tooltip with_tooltip text "A tooltip caption."
    "value" value set_value with_value i64 "Int value."
}

#[rustfmt::skip]
pub(super) const FLOAT_SLIDER: Kind = Kind { name: "FloatSlider", traits: &[
    Trait { name: "_dom_classes", type_: TraitType::Other, default: "[]" },
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""FloatSliderModel""# },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""FloatSliderView""# },
    Trait { name: "behavior", type_: TraitType::Choice(&["drag-tap", "drag-snap", "tap", "drag", "snap"]), default: r#""drag-tap""# },
    Trait { name: "continuous_update", type_: TraitType::Bool, default: "true" },
    Trait { name: "description", type_: TraitType::Text, default: r#""""# },
    Trait { name: "description_allow_html", type_: TraitType::Bool, default: "false" },
    Trait { name: "disabled", type_: TraitType::Bool, default: "false" },
    Trait { name: "layout", type_: TraitType::Part(&LAYOUT), default: "null" },
    Trait { name: "max", type_: TraitType::Float, default: "100.0" },
    Trait { name: "min", type_: TraitType::Float, default: "0.0" },
    Trait { name: "orientation", type_: TraitType::Choice(&["horizontal", "vertical"]), default: r#""horizontal""# },
    Trait { name: "readout", type_: TraitType::Bool, default: "true" },
    Trait { name: "readout_format", type_: TraitType::Text, default: r#"".2f""# },
    Trait { name: "step", type_: TraitType::Float, default: "0.1" },
    Trait { name: "style", type_: TraitType::Part(&SLIDER_STYLE), default: "null" },
    Trait { name: "tabbable", type_: TraitType::Bool, default: "null" },
    Trait { name: "tooltip", type_: TraitType::Text, default: "null" },
    Trait { name: "value", type_: TraitType::Float, default: "0.0" },
] };

#[rustfmt::skip]
define! {
    "Slider/trackbar of floating values with the specified range."
    FloatSlider FLOAT_SLIDER plain
    "behavior" behavior set_behavior with_behavior text "Slider dragging behavior."
    "continuous_update" continuous_update set_continuous_update with_continuous_update bool "Update the value of the widget as the user is holding the slider."
    "description" description set_description with_description text "Description of the control."
    "disabled" disabled set_disabled with_disabled bool "Enable or disable user changes."
    "max" max set_max with_max f64 "Max value."
    "min" min set_min with_min f64 "Min value."
    "orientation" orientation set_orientation with_orientation text "Vertical or horizontal."
    "readout" readout set_readout with_readout bool "Display the current value of the slider next to it."
    "readout_format" readout_format set_readout_format with_readout_format text "Format for the readout."
    "step" step set_step with_step f64 "Minimum step to increment the value."
    "tooltip" tooltip set_tooltip with_tooltip text "A tooltip caption."
    "value" value set_value with_value f64 "Float value."
}

#[rustfmt::skip]
pub(super) const FLOAT_LOG_SLIDER: Kind = Kind { name: "FloatLogSlider", traits: &[
    Trait { name: "_dom_classes", type_: TraitType::Other, default: "[]" },
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""FloatLogSliderModel""# },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""FloatLogSliderView""# },
    Trait { name: "base", type_: TraitType::Float, default: "10.0" },
    Trait { name: "behavior", type_: TraitType::Choice(&["drag-tap", "drag-snap", "tap", "drag", "snap"]), default: r#""drag-tap""# },
    Trait { name: "continuous_update", type_: TraitType::Bool, default: "true" },
    Trait { name: "description", type_: TraitType::Text, default: r#""""# },
    Trait { name: "description_allow_html", type_: TraitType::Bool, default: "false" },
    Trait { name: "disabled", type_: TraitType::Bool, default: "false" },
    Trait { name: "layout", type_: TraitType::Part(&LAYOUT), default: "null" },
    Trait { name: "max", type_: TraitType::Float, default: "4.0" },
    Trait { name: "min", type_: TraitType::Float, default: "0.0" },
    Trait { name: "orientation", type_: TraitType::Choice(&["horizontal", "vertical"]), default: r#""horizontal""# },
    Trait { name: "readout", type_: TraitType::Bool, default: "true" },
    Trait { name: "readout_format", type_: TraitType::Text, default: r#"".3g""# },
    Trait { name: "step", type_: TraitType::Float, default: "0.1" },
    Trait { name: "style", type_: TraitType::Part(&SLIDER_STYLE), default: "null" },
    Trait { name: "tabbable", type_: TraitType::Bool, default: "null" },
    Trait { name: "tooltip", type_: TraitType::Text, default: "null" },
    Trait { name: "value", type_: TraitType::Float, default: "1.0" },
] };

#[rustfmt::skip]
define! {
    "Slider/trackbar of logarithmic floating values with the specified range."
    FloatLogSlider FLOAT_LOG_SLIDER plain
    "base" base set_base with_base f64 "Base for the logarithm."
    "behavior" behavior set_behavior with_behavior text "Slider dragging behavior."
    "continuous_update" continuous_update set_continuous_update with_continuous_update bool "Update the value of the widget as the user is holding the slider."
    "description" description set_description with_description text "Description of the control."
    "disabled" disabled set_disabled with_disabled bool "Enable or disable user changes."
    "max" max set_max with_max f64 "Max value for the exponent."
    "min" min set_min with_min f64 "Min value for the exponent."
    "orientation" orientation set_orientation with_orientation text "Vertical or horizontal."
    "readout" readout set_readout with_readout bool "Display the current value of the slider next to it."
    "readout_format" readout_format set_readout_format with_readout_format text "Format for the readout."
    "step" step set_step with_step f64 "Minimum step in the exponent to increment the value."
    "tooltip" tooltip set_tooltip with_tooltip text "A tooltip caption."
    "value" value set_value with_value f64 "Float value."
}

#[rustfmt::skip]
pub(super) const INT_RANGE_SLIDER: Kind = Kind { name: "IntRangeSlider", traits: &[
    Trait { name: "_dom_classes", type_: TraitType::Other, default: "[]" },
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""IntRangeSliderModel""# },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""IntRangeSliderView""# },
    Trait { name: "behavior", type_: TraitType::Choice(&["drag-tap", "drag-snap", "tap", "drag", "snap"]), default: r#""drag-tap""# },
    Trait { name: "continuous_update", type_: TraitType::Bool, default: "true" },
    Trait { name: "description", type_: TraitType::Text, default: r#""""# },
    Trait { name: "description_allow_html", type_: TraitType::Bool, default: "false" },
    Trait { name: "disabled", type_: TraitType::Bool, default: "false" },
    Trait { name: "layout", type_: TraitType::Part(&LAYOUT), default: "null" },
    Trait { name: "max", type_: TraitType::Int, default: "100" },
    Trait { name: "min", type_: TraitType::Int, default: "0" },
    Trait { name: "orientation", type_: TraitType::Choice(&["horizontal", "vertical"]), default: r#""horizontal""# },
    Trait { name: "readout", type_: TraitType::Bool, default: "true" },
    Trait { name: "readout_format", type_: TraitType::Text, default: r#""d""# },
    Trait { name: "step", type_: TraitType::Int, default: "1" },
    Trait { name: "style", type_: TraitType::Part(&SLIDER_STYLE), default: "null" },
    Trait { name: "tabbable", type_: TraitType::Bool, default: "null" },
    Trait { name: "tooltip", type_: TraitType::Text, default: "null" },
    Trait { name: "value", type_: TraitType::Other, default: "[25, 75]" },
] };

#[rustfmt::skip]
define! {
    "Slider/trackbar that represents a pair of ints bounded by minimum and maximum value."
    IntRangeSlider INT_RANGE_SLIDER plain
    "behavior" behavior set_behavior with_behavior text "Slider dragging behavior."
    "continuous_update" continuous_update set_continuous_update with_continuous_update bool "Update the value of the widget as the user is sliding the slider."
    "description" description set_description with_description text "Description of the control."
    "disabled" disabled set_disabled with_disabled bool "Enable or disable user changes."
    "max" max set_max with_max i64 "Max value."
    "min" min set_min with_min i64 "Min value."
    "orientation" orientation set_orientation with_orientation text "Vertical or horizontal."
    "readout" readout set_readout with_readout bool "Display the current value of the slider next to it."
    "readout_format" readout_format set_readout_format with_readout_format text "Format for the readout."
    "step" step set_step with_step i64 "Minimum step that the value can take."
    "tooltip" tooltip set_tooltip with_tooltip text "A tooltip caption."
}

#[rustfmt::skip]
pub(super) const FLOAT_RANGE_SLIDER: Kind = Kind { name: "FloatRangeSlider", traits: &[
    Trait { name: "_dom_classes", type_: TraitType::Other, default: "[]" },
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""FloatRangeSliderModel""# },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""FloatRangeSliderView""# },
    Trait { name: "behavior", type_: TraitType::Choice(&["drag-tap", "drag-snap", "tap", "drag", "snap"]), default: r#""drag-tap""# },
    Trait { name: "continuous_update", type_: TraitType::Bool, default: "true" },
    Trait { name: "description", type_: TraitType::Text, default: r#""""# },
    Trait { name: "description_allow_html", type_: TraitType::Bool, default: "false" },
    Trait { name: "disabled", type_: TraitType::Bool, default: "false" },
    Trait { name: "layout", type_: TraitType::Part(&LAYOUT), default: "null" },
    Trait { name: "max", type_: TraitType::Float, default: "100.0" },
    Trait { name: "min", type_: TraitType::Float, default: "0.0" },
    Trait { name: "orientation", type_: TraitType::Choice(&["horizontal", "vertical"]), default: r#""horizontal""# },
    Trait { name: "readout", type_: TraitType::Bool, default: "true" },
    Trait { name: "readout_format", type_: TraitType::Text, default: r#"".2f""# },
    Trait { name: "step", type_: TraitType::Float, default: "0.1" },
    Trait { name: "style", type_: TraitType::Part(&SLIDER_STYLE), default: "null" },
    Trait { name: "tabbable", type_: TraitType::Bool, default: "null" },
    Trait { name: "tooltip", type_: TraitType::Text, default: "null" },
    Trait { name: "value", type_: TraitType::Other, default: "[25.0, 75.0]" },
] };

#[rustfmt::skip]
define! {
    "Slider/trackbar that represents a pair of floats bounded by minimum and maximum value."
    FloatRangeSlider FLOAT_RANGE_SLIDER plain
    "behavior" behavior set_behavior with_behavior text "Slider dragging behavior."
    "continuous_update" continuous_update set_continuous_update with_continuous_update bool "Update the value of the widget as the user is sliding the slider."
    "description" description set_description with_description text "Description of the control."
    "disabled" disabled set_disabled with_disabled bool "Enable or disable user changes."
    "max" max set_max with_max f64 "Max value."
    "min" min set_min with_min f64 "Min value."
    "orientation" orientation set_orientation with_orientation text "Vertical or horizontal."
    "readout" readout set_readout with_readout bool "Display the current value of the slider next to it."
    "readout_format" readout_format set_readout_format with_readout_format text "Format for the readout."
    "step" step set_step with_step f64 "Minimum step to increment the value."
    "tooltip" tooltip set_tooltip with_tooltip text "A tooltip caption."
}

#[rustfmt::skip]
pub(super) const SELECTION_SLIDER: Kind = Kind { name: "SelectionSlider", traits: &[
    Trait { name: "_dom_classes", type_: TraitType::Other, default: "[]" },
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""SelectionSliderModel""# },
    Trait { name: "_options_labels", type_: TraitType::Other, default: r#"[""]"# },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""SelectionSliderView""# },
    Trait { name: "behavior", type_: TraitType::Choice(&["drag-tap", "drag-snap", "tap", "drag", "snap"]), default: r#""drag-tap""# },
    Trait { name: "continuous_update", type_: TraitType::Bool, default: "true" },
    Trait { name: "description", type_: TraitType::Text, default: r#""""# },
    Trait { name: "description_allow_html", type_: TraitType::Bool, default: "false" },
    Trait { name: "disabled", type_: TraitType::Bool, default: "false" },
    Trait { name: "index", type_: TraitType::Int, default: "0" },
    Trait { name: "layout", type_: TraitType::Part(&LAYOUT), default: "null" },
    Trait { name: "orientation", type_: TraitType::Choice(&["horizontal", "vertical"]), default: r#""horizontal""# },
    Trait { name: "readout", type_: TraitType::Bool, default: "true" },
    Trait { name: "style", type_: TraitType::Part(&SLIDER_STYLE), default: "null" },
    Trait { name: "tabbable", type_: TraitType::Bool, default: "null" },
    Trait { name: "tooltip", type_: TraitType::Text, default: "null" },
] };

#[rustfmt::skip]
define! {
    "Slider to select a single item from a list or dictionary."
    SelectionSlider SELECTION_SLIDER special
    "behavior" behavior set_behavior with_behavior text "Slider dragging behavior."
    "continuous_update" continuous_update set_continuous_update with_continuous_update bool "Update the value of the widget as the user is holding the slider."
    "description" description set_description with_description text "Description of the control."
    "disabled" disabled set_disabled with_disabled bool "Enable or disable user changes."
    "orientation" orientation set_orientation with_orientation text "Vertical or horizontal."
    "readout" readout set_readout with_readout bool "Display the current selected label next to the slider."
    "tooltip" tooltip set_tooltip with_tooltip text "A tooltip caption."
}

#[rustfmt::skip]
pub(super) const INT_PROGRESS: Kind = Kind { name: "IntProgress", traits: &[
    Trait { name: "_dom_classes", type_: TraitType::Other, default: "[]" },
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""IntProgressModel""# },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""ProgressView""# },
    Trait { name: "bar_style", type_: TraitType::Choice(&["success", "info", "warning", "danger", ""]), default: r#""""# },
    Trait { name: "description", type_: TraitType::Text, default: r#""""# },
    Trait { name: "description_allow_html", type_: TraitType::Bool, default: "false" },
    Trait { name: "layout", type_: TraitType::Part(&LAYOUT), default: "null" },
    Trait { name: "max", type_: TraitType::Int, default: "100" },
    Trait { name: "min", type_: TraitType::Int, default: "0" },
    Trait { name: "orientation", type_: TraitType::Choice(&["horizontal", "vertical"]), default: r#""horizontal""# },
    Trait { name: "style", type_: TraitType::Part(&PROGRESS_STYLE), default: "null" },
    Trait { name: "tabbable", type_: TraitType::Bool, default: "null" },
    Trait { name: "tooltip", type_: TraitType::Text, default: "null" },
    Trait { name: "value", type_: TraitType::Int, default: "0" },
] };

#[rustfmt::skip]
define! {
    "Progress bar that represents an integer bounded from above and below."
    IntProgress INT_PROGRESS plain
    "bar_style" bar_style set_bar_style with_bar_style text "Use a predefined styling for the progress bar."
    "description" description set_description with_description text "Description of the control."
    "max" max set_max with_max i64 "Max value."
    "min" min set_min with_min i64 "Min value."
    "orientation" orientation set_orientation with_orientation text "Vertical or horizontal."
    "tooltip" tooltip set_tooltip with_tooltip text "A tooltip caption."
    "value" value set_value with_value i64 "Int value."
}

#[rustfmt::skip]
pub(super) const FLOAT_PROGRESS: Kind = Kind { name: "FloatProgress", traits: &[
    Trait { name: "_dom_classes", type_: TraitType::Other, default: "[]" },
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""FloatProgressModel""# },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""ProgressView""# },
    Trait { name: "bar_style", type_: TraitType::Choice(&["success", "info", "warning", "danger", ""]), default: r#""""# },
    Trait { name: "description", type_: TraitType::Text, default: r#""""# },
    Trait { name: "description_allow_html", type_: TraitType::Bool, default: "false" },
    Trait { name: "layout", type_: TraitType::Part(&LAYOUT), default: "null" },
    Trait { name: "max", type_: TraitType::Float, default: "100.0" },
    Trait { name: "min", type_: TraitType::Float, default: "0.0" },
    Trait { name: "orientation", type_: TraitType::Choice(&["horizontal", "vertical"]), default: r#""horizontal""# },
    Trait { name: "style", type_: TraitType::Part(&PROGRESS_STYLE), default: "null" },
    Trait { name: "tabbable", type_: TraitType::Bool, default: "null" },
    Trait { name: "tooltip", type_: TraitType::Text, default: "null" },
    Trait { name: "value", type_: TraitType::Float, default: "0.0" },
] };

#[rustfmt::skip]
define! {
    "Displays a progress bar."
    FloatProgress FLOAT_PROGRESS plain
    "bar_style" bar_style set_bar_style with_bar_style text "Use a predefined styling for the progress bar."
    "description" description set_description with_description text "Description of the control."
    "max" max set_max with_max f64 "Max value."
    "min" min set_min with_min f64 "Min value."
    "orientation" orientation set_orientation with_orientation text "Vertical or horizontal."
    "tooltip" tooltip set_tooltip with_tooltip text "A tooltip caption."
    "value" value set_value with_value f64 "Float value."
}

#[rustfmt::skip]
pub(super) const INT_TEXT: Kind = Kind { name: "IntText", traits: &[
    Trait { name: "_dom_classes", type_: TraitType::Other, default: "[]" },
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""IntTextModel""# },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""IntTextView""# },
    Trait { name: "continuous_update", type_: TraitType::Bool, default: "false" },
    Trait { name: "description", type_: TraitType::Text, default: r#""""# },
    Trait { name: "description_allow_html", type_: TraitType::Bool, default: "false" },
    Trait { name: "disabled", type_: TraitType::Bool, default: "false" },
    Trait { name: "layout", type_: TraitType::Part(&LAYOUT), default: "null" },
    Trait { name: "step", type_: TraitType::Int, default: "1" },
    Trait { name: "style", type_: TraitType::Part(&DESCRIPTION_STYLE), default: "null" },
    Trait { name: "tabbable", type_: TraitType::Bool, default: "null" },
    Trait { name: "tooltip", type_: TraitType::Text, default: "null" },
    Trait { name: "value", type_: TraitType::Int, default: "0" },
] };

#[rustfmt::skip]
define! {
    "Textbox widget that represents an integer."
    IntText INT_TEXT plain
    "continuous_update" continuous_update set_continuous_update with_continuous_update bool "Update the value as the user types. If False, update on submission, e.g., pressing Enter or navigating away."
    "description" description set_description with_description text "Description of the control."
    "disabled" disabled set_disabled with_disabled bool "Enable or disable user changes."
    "step" step set_step with_step i64 "Minimum step to increment the value."
    "tooltip" tooltip set_tooltip with_tooltip text "A tooltip caption."
    "value" value set_value with_value i64 "Int value."
}

#[rustfmt::skip]
pub(super) const FLOAT_TEXT: Kind = Kind { name: "FloatText", traits: &[
    Trait { name: "_dom_classes", type_: TraitType::Other, default: "[]" },
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""FloatTextModel""# },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""FloatTextView""# },
    Trait { name: "continuous_update", type_: TraitType::Bool, default: "false" },
    Trait { name: "description", type_: TraitType::Text, default: r#""""# },
    Trait { name: "description_allow_html", type_: TraitType::Bool, default: "false" },
    Trait { name: "disabled", type_: TraitType::Bool, default: "false" },
    Trait { name: "layout", type_: TraitType::Part(&LAYOUT), default: "null" },
    Trait { name: "step", type_: TraitType::Float, default: "null" },
    Trait { name: "style", type_: TraitType::Part(&DESCRIPTION_STYLE), default: "null" },
    Trait { name: "tabbable", type_: TraitType::Bool, default: "null" },
    Trait { name: "tooltip", type_: TraitType::Text, default: "null" },
    Trait { name: "value", type_: TraitType::Float, default: "0.0" },
] };

#[rustfmt::skip]
define! {
    "Displays a float value within a textbox. For a textbox in which the value must be within a specific range, use BoundedFloatText."
    FloatText FLOAT_TEXT plain
    "continuous_update" continuous_update set_continuous_update with_continuous_update bool "Update the value as the user types. If False, update on submission, e.g., pressing Enter or navigating away."
    "description" description set_description with_description text "Description of the control."
    "disabled" disabled set_disabled with_disabled bool "Enable or disable user changes."
    "tooltip" tooltip set_tooltip with_tooltip text "A tooltip caption."
    "value" value set_value with_value f64 "Float value."
}

#[rustfmt::skip]
pub(super) const BOUNDED_INT_TEXT: Kind = Kind { name: "BoundedIntText", traits: &[
    Trait { name: "_dom_classes", type_: TraitType::Other, default: "[]" },
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""BoundedIntTextModel""# },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""IntTextView""# },
    Trait { name: "continuous_update", type_: TraitType::Bool, default: "false" },
    Trait { name: "description", type_: TraitType::Text, default: r#""""# },
    Trait { name: "description_allow_html", type_: TraitType::Bool, default: "false" },
    Trait { name: "disabled", type_: TraitType::Bool, default: "false" },
    Trait { name: "layout", type_: TraitType::Part(&LAYOUT), default: "null" },
    Trait { name: "max", type_: TraitType::Int, default: "100" },
    Trait { name: "min", type_: TraitType::Int, default: "0" },
    Trait { name: "step", type_: TraitType::Int, default: "1" },
    Trait { name: "style", type_: TraitType::Part(&DESCRIPTION_STYLE), default: "null" },
    Trait { name: "tabbable", type_: TraitType::Bool, default: "null" },
    Trait { name: "tooltip", type_: TraitType::Text, default: "null" },
    Trait { name: "value", type_: TraitType::Int, default: "0" },
] };

#[rustfmt::skip]
define! {
    "Textbox widget that represents an integer bounded from above and below."
    BoundedIntText BOUNDED_INT_TEXT plain
    "continuous_update" continuous_update set_continuous_update with_continuous_update bool "Update the value as the user types. If False, update on submission, e.g., pressing Enter or navigating away."
    "description" description set_description with_description text "Description of the control."
    "disabled" disabled set_disabled with_disabled bool "Enable or disable user changes."
    "max" max set_max with_max i64 "Max value."
    "min" min set_min with_min i64 "Min value."
    "step" step set_step with_step i64 "Minimum step to increment the value."
    "tooltip" tooltip set_tooltip with_tooltip text "A tooltip caption."
    "value" value set_value with_value i64 "Int value."
}

#[rustfmt::skip]
pub(super) const BOUNDED_FLOAT_TEXT: Kind = Kind { name: "BoundedFloatText", traits: &[
    Trait { name: "_dom_classes", type_: TraitType::Other, default: "[]" },
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""BoundedFloatTextModel""# },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""FloatTextView""# },
    Trait { name: "continuous_update", type_: TraitType::Bool, default: "false" },
    Trait { name: "description", type_: TraitType::Text, default: r#""""# },
    Trait { name: "description_allow_html", type_: TraitType::Bool, default: "false" },
    Trait { name: "disabled", type_: TraitType::Bool, default: "false" },
    Trait { name: "layout", type_: TraitType::Part(&LAYOUT), default: "null" },
    Trait { name: "max", type_: TraitType::Float, default: "100.0" },
    Trait { name: "min", type_: TraitType::Float, default: "0.0" },
    Trait { name: "step", type_: TraitType::Float, default: "null" },
    Trait { name: "style", type_: TraitType::Part(&DESCRIPTION_STYLE), default: "null" },
    Trait { name: "tabbable", type_: TraitType::Bool, default: "null" },
    Trait { name: "tooltip", type_: TraitType::Text, default: "null" },
    Trait { name: "value", type_: TraitType::Float, default: "0.0" },
] };

#[rustfmt::skip]
define! {
    "Displays a float value within a textbox. Value must be within the range specified."
    BoundedFloatText BOUNDED_FLOAT_TEXT plain
    "continuous_update" continuous_update set_continuous_update with_continuous_update bool "Update the value as the user types. If False, update on submission, e.g., pressing Enter or navigating away."
    "description" description set_description with_description text "Description of the control."
    "disabled" disabled set_disabled with_disabled bool "Enable or disable user changes."
    "max" max set_max with_max f64 "Max value."
    "min" min set_min with_min f64 "Min value."
    "tooltip" tooltip set_tooltip with_tooltip text "A tooltip caption."
    "value" value set_value with_value f64 "Float value."
}

#[rustfmt::skip]
pub(super) const TEXT: Kind = Kind { name: "Text", traits: &[
    Trait { name: "_dom_classes", type_: TraitType::Other, default: "[]" },
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""TextModel""# },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""TextView""# },
    Trait { name: "continuous_update", type_: TraitType::Bool, default: "true" },
    Trait { name: "description", type_: TraitType::Text, default: r#""""# },
    Trait { name: "description_allow_html", type_: TraitType::Bool, default: "false" },
    Trait { name: "disabled", type_: TraitType::Bool, default: "false" },
    Trait { name: "layout", type_: TraitType::Part(&LAYOUT), default: "null" },
    Trait { name: "placeholder", type_: TraitType::Text, default: r#""\u200b""# },
    Trait { name: "style", type_: TraitType::Part(&TEXT_STYLE), default: "null" },
    Trait { name: "tabbable", type_: TraitType::Bool, default: "null" },
    Trait { name: "tooltip", type_: TraitType::Text, default: "null" },
    Trait { name: "value", type_: TraitType::Text, default: r#""""# },
] };

#[rustfmt::skip]
define! {
    "Single line textbox widget."
    Text TEXT plain
    "continuous_update" continuous_update set_continuous_update with_continuous_update bool "Update the value as the user types. If False, update on submission, e.g., pressing Enter or navigating away."
    "description" description set_description with_description text "Description of the control."
    "disabled" disabled set_disabled with_disabled bool "Enable or disable user changes."
    "placeholder" placeholder set_placeholder with_placeholder text "Placeholder text to display when nothing has been typed."
    "tooltip" tooltip set_tooltip with_tooltip text "A tooltip caption."
    "value" value set_value with_value text "String value."
}

#[rustfmt::skip]
pub(super) const TEXTAREA: Kind = Kind { name: "Textarea", traits: &[
    Trait { name: "_dom_classes", type_: TraitType::Other, default: "[]" },
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""TextareaModel""# },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""TextareaView""# },
    Trait { name: "continuous_update", type_: TraitType::Bool, default: "true" },
    Trait { name: "description", type_: TraitType::Text, default: r#""""# },
    Trait { name: "description_allow_html", type_: TraitType::Bool, default: "false" },
    Trait { name: "disabled", type_: TraitType::Bool, default: "false" },
    Trait { name: "layout", type_: TraitType::Part(&LAYOUT), default: "null" },
    Trait { name: "placeholder", type_: TraitType::Text, default: r#""\u200b""# },
    Trait { name: "rows", type_: TraitType::Int, default: "null" },
    Trait { name: "style", type_: TraitType::Part(&TEXT_STYLE), default: "null" },
    Trait { name: "tabbable", type_: TraitType::Bool, default: "null" },
    Trait { name: "tooltip", type_: TraitType::Text, default: "null" },
    Trait { name: "value", type_: TraitType::Text, default: r#""""# },
] };

#[rustfmt::skip]
define! {
    "Multiline text area widget."
    Textarea TEXTAREA plain
    "continuous_update" continuous_update set_continuous_update with_continuous_update bool "Update the value as the user types. If False, update on submission, e.g., pressing Enter or navigating away."
    "description" description set_description with_description text "Description of the control."
    "disabled" disabled set_disabled with_disabled bool "Enable or disable user changes."
    "placeholder" placeholder set_placeholder with_placeholder text "Placeholder text to display when nothing has been typed."
    "tooltip" tooltip set_tooltip with_tooltip text "A tooltip caption."
    "value" value set_value with_value text "String value."
}

#[rustfmt::skip]
pub(super) const PASSWORD: Kind = Kind { name: "Password", traits: &[
    Trait { name: "_dom_classes", type_: TraitType::Other, default: "[]" },
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""PasswordModel""# },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""PasswordView""# },
    Trait { name: "continuous_update", type_: TraitType::Bool, default: "true" },
    Trait { name: "description", type_: TraitType::Text, default: r#""""# },
    Trait { name: "description_allow_html", type_: TraitType::Bool, default: "false" },
    Trait { name: "disabled", type_: TraitType::Bool, default: "false" },
    Trait { name: "layout", type_: TraitType::Part(&LAYOUT), default: "null" },
    Trait { name: "placeholder", type_: TraitType::Text, default: r#""\u200b""# },
    Trait { name: "style", type_: TraitType::Part(&TEXT_STYLE), default: "null" },
    Trait { name: "tabbable", type_: TraitType::Bool, default: "null" },
    Trait { name: "tooltip", type_: TraitType::Text, default: "null" },
    Trait { name: "value", type_: TraitType::Text, default: r#""""# },
] };

#[rustfmt::skip]
define! {
    "Single line textbox widget."
    Password PASSWORD plain
    "continuous_update" continuous_update set_continuous_update with_continuous_update bool "Update the value as the user types. If False, update on submission, e.g., pressing Enter or navigating away."
    "description" description set_description with_description text "Description of the control."
    "disabled" disabled set_disabled with_disabled bool "Enable or disable user changes."
    "placeholder" placeholder set_placeholder with_placeholder text "Placeholder text to display when nothing has been typed."
    "tooltip" tooltip set_tooltip with_tooltip text "A tooltip caption."
    "value" value set_value with_value text "String value."
}

#[rustfmt::skip]
pub(super) const COMBOBOX: Kind = Kind { name: "Combobox", traits: &[
    Trait { name: "_dom_classes", type_: TraitType::Other, default: "[]" },
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""ComboboxModel""# },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""ComboboxView""# },
    Trait { name: "continuous_update", type_: TraitType::Bool, default: "true" },
    Trait { name: "description", type_: TraitType::Text, default: r#""""# },
    Trait { name: "description_allow_html", type_: TraitType::Bool, default: "false" },
    Trait { name: "disabled", type_: TraitType::Bool, default: "false" },
    Trait { name: "ensure_option", type_: TraitType::Bool, default: "false" },
    Trait { name: "layout", type_: TraitType::Part(&LAYOUT), default: "null" },
    Trait { name: "options", type_: TraitType::Other, default: "[]" },
    Trait { name: "placeholder", type_: TraitType::Text, default: r#""\u200b""# },
    Trait { name: "style", type_: TraitType::Part(&TEXT_STYLE), default: "null" },
    Trait { name: "tabbable", type_: TraitType::Bool, default: "null" },
    Trait { name: "tooltip", type_: TraitType::Text, default: "null" },
    Trait { name: "value", type_: TraitType::Text, default: r#""""# },
] };

#[rustfmt::skip]
define! {
    "Single line textbox widget with a dropdown and autocompletion."
    Combobox COMBOBOX plain
    "continuous_update" continuous_update set_continuous_update with_continuous_update bool "Update the value as the user types. If False, update on submission, e.g., pressing Enter or navigating away."
    "description" description set_description with_description text "Description of the control."
    "disabled" disabled set_disabled with_disabled bool "Enable or disable user changes."
    "ensure_option" ensure_option set_ensure_option with_ensure_option bool "If set, ensure value is in options. Implies continuous_update=False."
    "placeholder" placeholder set_placeholder with_placeholder text "Placeholder text to display when nothing has been typed."
    "tooltip" tooltip set_tooltip with_tooltip text "A tooltip caption."
    "value" value set_value with_value text "String value."
}

#[rustfmt::skip]
pub(super) const CHECKBOX: Kind = Kind { name: "Checkbox", traits: &[
    Trait { name: "_dom_classes", type_: TraitType::Other, default: "[]" },
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""CheckboxModel""# },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""CheckboxView""# },
    Trait { name: "description", type_: TraitType::Text, default: r#""""# },
    Trait { name: "description_allow_html", type_: TraitType::Bool, default: "false" },
    Trait { name: "disabled", type_: TraitType::Bool, default: "false" },
    Trait { name: "indent", type_: TraitType::Bool, default: "true" },
    Trait { name: "layout", type_: TraitType::Part(&LAYOUT), default: "null" },
    Trait { name: "style", type_: TraitType::Part(&CHECKBOX_STYLE), default: "null" },
    Trait { name: "tabbable", type_: TraitType::Bool, default: "null" },
    Trait { name: "tooltip", type_: TraitType::Text, default: "null" },
    Trait { name: "value", type_: TraitType::Bool, default: "false" },
] };

#[rustfmt::skip]
define! {
    "Displays a boolean `value` in the form of a checkbox."
    Checkbox CHECKBOX plain
    "description" description set_description with_description text "Description of the control."
    "disabled" disabled set_disabled with_disabled bool "Enable or disable user changes."
    "indent" indent set_indent with_indent bool "Indent the control to align with other controls with a description."
    "tooltip" tooltip set_tooltip with_tooltip text "A tooltip caption."
    "value" value set_value with_value bool "Bool value."
}

#[rustfmt::skip]
pub(super) const TOGGLE_BUTTON: Kind = Kind { name: "ToggleButton", traits: &[
    Trait { name: "_dom_classes", type_: TraitType::Other, default: "[]" },
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""ToggleButtonModel""# },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""ToggleButtonView""# },
    Trait { name: "button_style", type_: TraitType::Choice(&["primary", "success", "info", "warning", "danger", ""]), default: r#""""# },
    Trait { name: "description", type_: TraitType::Text, default: r#""""# },
    Trait { name: "description_allow_html", type_: TraitType::Bool, default: "false" },
    Trait { name: "disabled", type_: TraitType::Bool, default: "false" },
    Trait { name: "icon", type_: TraitType::Text, default: r#""""# },
    Trait { name: "layout", type_: TraitType::Part(&LAYOUT), default: "null" },
    Trait { name: "style", type_: TraitType::Part(&TOGGLE_BUTTON_STYLE), default: "null" },
    Trait { name: "tabbable", type_: TraitType::Bool, default: "null" },
    Trait { name: "tooltip", type_: TraitType::Text, default: "null" },
    Trait { name: "value", type_: TraitType::Bool, default: "false" },
] };

#[rustfmt::skip]
define! {
    "Displays a boolean `value` in the form of a toggle button."
    ToggleButton TOGGLE_BUTTON plain
    "button_style" button_style set_button_style with_button_style text "Use a predefined styling for the button."
    "description" description set_description with_description text "Description of the control."
    "disabled" disabled set_disabled with_disabled bool "Enable or disable user changes."
    "icon" icon set_icon with_icon text "Font-awesome icon."
    "tooltip" tooltip set_tooltip with_tooltip text "A tooltip caption."
    "value" value set_value with_value bool "Bool value."
}

#[rustfmt::skip]
pub(super) const VALID: Kind = Kind { name: "Valid", traits: &[
    Trait { name: "_dom_classes", type_: TraitType::Other, default: "[]" },
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""ValidModel""# },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""ValidView""# },
    Trait { name: "description", type_: TraitType::Text, default: r#""""# },
    Trait { name: "description_allow_html", type_: TraitType::Bool, default: "false" },
    Trait { name: "disabled", type_: TraitType::Bool, default: "false" },
    Trait { name: "layout", type_: TraitType::Part(&LAYOUT), default: "null" },
    Trait { name: "readout", type_: TraitType::Text, default: r#""Invalid""# },
    Trait { name: "style", type_: TraitType::Part(&DESCRIPTION_STYLE), default: "null" },
    Trait { name: "tabbable", type_: TraitType::Bool, default: "null" },
    Trait { name: "tooltip", type_: TraitType::Text, default: "null" },
    Trait { name: "value", type_: TraitType::Bool, default: "false" },
] };

#[rustfmt::skip]
define! {
    "Displays a boolean `value` in the form of a green check (True / valid) or a red cross (False / invalid)."
    Valid VALID plain
    "description" description set_description with_description text "Description of the control."
    "disabled" disabled set_disabled with_disabled bool "Enable or disable user changes."
    "readout" readout set_readout with_readout text "Message displayed when the value is False."
    "tooltip" tooltip set_tooltip with_tooltip text "A tooltip caption."
    "value" value set_value with_value bool "Bool value."
}

#[rustfmt::skip]
pub(super) const BUTTON: Kind = Kind { name: "Button", traits: &[
    Trait { name: "_dom_classes", type_: TraitType::Other, default: "[]" },
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""ButtonModel""# },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""ButtonView""# },
    Trait { name: "button_style", type_: TraitType::Choice(&["primary", "success", "info", "warning", "danger", ""]), default: r#""""# },
    Trait { name: "description", type_: TraitType::Text, default: r#""""# },
    Trait { name: "disabled", type_: TraitType::Bool, default: "false" },
    Trait { name: "icon", type_: TraitType::Text, default: r#""""# },
    Trait { name: "layout", type_: TraitType::Part(&LAYOUT), default: "null" },
    Trait { name: "style", type_: TraitType::Part(&BUTTON_STYLE), default: "null" },
    Trait { name: "tabbable", type_: TraitType::Bool, default: "null" },
    Trait { name: "tooltip", type_: TraitType::Text, default: "null" },
] };

#[rustfmt::skip]
define! {
    "Button widget."
    Button BUTTON plain
    "button_style" button_style set_button_style with_button_style text "Use a predefined styling for the button."
    "description" description set_description with_description text "Button label."
    "disabled" disabled set_disabled with_disabled bool "Enable or disable user changes."
    "icon" icon set_icon with_icon text "Font-awesome icon names, without the 'fa-' prefix."
    "tooltip" tooltip set_tooltip with_tooltip text "A tooltip caption."
}

#[rustfmt::skip]
pub(super) const DROPDOWN: Kind = Kind { name: "Dropdown", traits: &[
    Trait { name: "_dom_classes", type_: TraitType::Other, default: "[]" },
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""DropdownModel""# },
    Trait { name: "_options_labels", type_: TraitType::Other, default: "[]" },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""DropdownView""# },
    Trait { name: "description", type_: TraitType::Text, default: r#""""# },
    Trait { name: "description_allow_html", type_: TraitType::Bool, default: "false" },
    Trait { name: "disabled", type_: TraitType::Bool, default: "false" },
    Trait { name: "index", type_: TraitType::Int, default: "null" },
    Trait { name: "layout", type_: TraitType::Part(&LAYOUT), default: "null" },
    Trait { name: "style", type_: TraitType::Part(&DESCRIPTION_STYLE), default: "null" },
    Trait { name: "tabbable", type_: TraitType::Bool, default: "null" },
    Trait { name: "tooltip", type_: TraitType::Text, default: "null" },
] };

#[rustfmt::skip]
define! {
    "Allows you to select a single item from a dropdown."
    Dropdown DROPDOWN special
    "description" description set_description with_description text "Description of the control."
    "disabled" disabled set_disabled with_disabled bool "Enable or disable user changes."
    "tooltip" tooltip set_tooltip with_tooltip text "A tooltip caption."
}

#[rustfmt::skip]
pub(super) const SELECT: Kind = Kind { name: "Select", traits: &[
    Trait { name: "_dom_classes", type_: TraitType::Other, default: "[]" },
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""SelectModel""# },
    Trait { name: "_options_labels", type_: TraitType::Other, default: "[]" },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""SelectView""# },
    Trait { name: "description", type_: TraitType::Text, default: r#""""# },
    Trait { name: "description_allow_html", type_: TraitType::Bool, default: "false" },
    Trait { name: "disabled", type_: TraitType::Bool, default: "false" },
    Trait { name: "index", type_: TraitType::Int, default: "null" },
    Trait { name: "layout", type_: TraitType::Part(&LAYOUT), default: "null" },
    Trait { name: "rows", type_: TraitType::Int, default: "5" },
    Trait { name: "style", type_: TraitType::Part(&DESCRIPTION_STYLE), default: "null" },
    Trait { name: "tabbable", type_: TraitType::Bool, default: "null" },
    Trait { name: "tooltip", type_: TraitType::Text, default: "null" },
] };

#[rustfmt::skip]
define! {
    "Listbox that only allows one item to be selected at any given time."
    Select SELECT special
    "description" description set_description with_description text "Description of the control."
    "disabled" disabled set_disabled with_disabled bool "Enable or disable user changes."
    "rows" rows set_rows with_rows i64 "The number of rows to display."
    "tooltip" tooltip set_tooltip with_tooltip text "A tooltip caption."
}

#[rustfmt::skip]
pub(super) const SELECT_MULTIPLE: Kind = Kind { name: "SelectMultiple", traits: &[
    Trait { name: "_dom_classes", type_: TraitType::Other, default: "[]" },
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""SelectMultipleModel""# },
    Trait { name: "_options_labels", type_: TraitType::Other, default: "[]" },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""SelectMultipleView""# },
    Trait { name: "description", type_: TraitType::Text, default: r#""""# },
    Trait { name: "description_allow_html", type_: TraitType::Bool, default: "false" },
    Trait { name: "disabled", type_: TraitType::Bool, default: "false" },
    Trait { name: "index", type_: TraitType::Other, default: "[]" },
    Trait { name: "layout", type_: TraitType::Part(&LAYOUT), default: "null" },
    Trait { name: "rows", type_: TraitType::Int, default: "5" },
    Trait { name: "style", type_: TraitType::Part(&DESCRIPTION_STYLE), default: "null" },
    Trait { name: "tabbable", type_: TraitType::Bool, default: "null" },
    Trait { name: "tooltip", type_: TraitType::Text, default: "null" },
] };

#[rustfmt::skip]
define! {
    "Listbox that allows many items to be selected at any given time."
    SelectMultiple SELECT_MULTIPLE special
    "description" description set_description with_description text "Description of the control."
    "disabled" disabled set_disabled with_disabled bool "Enable or disable user changes."
    "rows" rows set_rows with_rows i64 "The number of rows to display."
    "tooltip" tooltip set_tooltip with_tooltip text "A tooltip caption."
}

#[rustfmt::skip]
pub(super) const RADIO_BUTTONS: Kind = Kind { name: "RadioButtons", traits: &[
    Trait { name: "_dom_classes", type_: TraitType::Other, default: "[]" },
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""RadioButtonsModel""# },
    Trait { name: "_options_labels", type_: TraitType::Other, default: "[]" },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""RadioButtonsView""# },
    Trait { name: "description", type_: TraitType::Text, default: r#""""# },
    Trait { name: "description_allow_html", type_: TraitType::Bool, default: "false" },
    Trait { name: "disabled", type_: TraitType::Bool, default: "false" },
    Trait { name: "index", type_: TraitType::Int, default: "null" },
    Trait { name: "layout", type_: TraitType::Part(&LAYOUT), default: "null" },
    Trait { name: "orientation", type_: TraitType::Choice(&["horizontal", "vertical"]), default: r#""vertical""# },
    Trait { name: "style", type_: TraitType::Part(&DESCRIPTION_STYLE), default: "null" },
    Trait { name: "tabbable", type_: TraitType::Bool, default: "null" },
    Trait { name: "tooltip", type_: TraitType::Text, default: "null" },
] };

#[rustfmt::skip]
define! {
    "Group of radio buttons that represent an enumeration."
    RadioButtons RADIO_BUTTONS special
    "description" description set_description with_description text "Description of the control."
    "disabled" disabled set_disabled with_disabled bool "Enable or disable user changes."
    "orientation" orientation set_orientation with_orientation text "Vertical or horizontal."
    "tooltip" tooltip set_tooltip with_tooltip text "A tooltip caption."
}

#[rustfmt::skip]
pub(super) const TOGGLE_BUTTONS: Kind = Kind { name: "ToggleButtons", traits: &[
    Trait { name: "_dom_classes", type_: TraitType::Other, default: "[]" },
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""ToggleButtonsModel""# },
    Trait { name: "_options_labels", type_: TraitType::Other, default: "[]" },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""ToggleButtonsView""# },
    Trait { name: "button_style", type_: TraitType::Choice(&["primary", "success", "info", "warning", "danger", ""]), default: r#""""# },
    Trait { name: "description", type_: TraitType::Text, default: r#""""# },
    Trait { name: "description_allow_html", type_: TraitType::Bool, default: "false" },
    Trait { name: "disabled", type_: TraitType::Bool, default: "false" },
    Trait { name: "icons", type_: TraitType::Other, default: "[]" },
    Trait { name: "index", type_: TraitType::Int, default: "null" },
    Trait { name: "layout", type_: TraitType::Part(&LAYOUT), default: "null" },
    Trait { name: "style", type_: TraitType::Part(&TOGGLE_BUTTONS_STYLE), default: "null" },
    Trait { name: "tabbable", type_: TraitType::Bool, default: "null" },
    Trait { name: "tooltip", type_: TraitType::Text, default: "null" },
    Trait { name: "tooltips", type_: TraitType::Other, default: "[]" },
] };

#[rustfmt::skip]
define! {
    "Group of toggle buttons that represent an enumeration."
    ToggleButtons TOGGLE_BUTTONS special
    "button_style" button_style set_button_style with_button_style text "Use a predefined styling for the buttons."
    "description" description set_description with_description text "Description of the control."
    "disabled" disabled set_disabled with_disabled bool "Enable or disable user changes."
    "tooltip" tooltip set_tooltip with_tooltip text "A tooltip caption."
}

#[rustfmt::skip]
pub(super) const COLOR_PICKER: Kind = Kind { name: "ColorPicker", traits: &[
    Trait { name: "_dom_classes", type_: TraitType::Other, default: "[]" },
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""ColorPickerModel""# },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""ColorPickerView""# },
    Trait { name: "concise", type_: TraitType::Bool, default: "false" },
    Trait { name: "description", type_: TraitType::Text, default: r#""""# },
    Trait { name: "description_allow_html", type_: TraitType::Bool, default: "false" },
    Trait { name: "disabled", type_: TraitType::Bool, default: "false" },
    Trait { name: "layout", type_: TraitType::Part(&LAYOUT), default: "null" },
    Trait { name: "style", type_: TraitType::Part(&DESCRIPTION_STYLE), default: "null" },
    Trait { name: "tabbable", type_: TraitType::Bool, default: "null" },
    Trait { name: "tooltip", type_: TraitType::Text, default: "null" },
    Trait { name: "value", type_: TraitType::Text, default: r#""black""# },
] };

#[rustfmt::skip]
define! {
    "ColorPicker."
    ColorPicker COLOR_PICKER plain
    "concise" concise set_concise with_concise bool "Display short version with just a color selector."
    "description" description set_description with_description text "Description of the control."
    "disabled" disabled set_disabled with_disabled bool "Enable or disable user changes."
    "tooltip" tooltip set_tooltip with_tooltip text "A tooltip caption."
    "value" value set_value with_value text "The color value."
}

#[rustfmt::skip]
pub(super) const PLAY: Kind = Kind { name: "Play", traits: &[
    Trait { name: "_dom_classes", type_: TraitType::Other, default: "[]" },
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""PlayModel""# },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""PlayView""# },
    Trait { name: "description", type_: TraitType::Text, default: r#""""# },
    Trait { name: "description_allow_html", type_: TraitType::Bool, default: "false" },
    Trait { name: "disabled", type_: TraitType::Bool, default: "false" },
    Trait { name: "interval", type_: TraitType::Int, default: "100" },
    Trait { name: "layout", type_: TraitType::Part(&LAYOUT), default: "null" },
    Trait { name: "max", type_: TraitType::Int, default: "100" },
    Trait { name: "min", type_: TraitType::Int, default: "0" },
    Trait { name: "playing", type_: TraitType::Bool, default: "false" },
    Trait { name: "repeat", type_: TraitType::Bool, default: "false" },
    Trait { name: "show_repeat", type_: TraitType::Bool, default: "true" },
    Trait { name: "step", type_: TraitType::Int, default: "1" },
    Trait { name: "style", type_: TraitType::Part(&DESCRIPTION_STYLE), default: "null" },
    Trait { name: "tabbable", type_: TraitType::Bool, default: "null" },
    Trait { name: "tooltip", type_: TraitType::Text, default: "null" },
    Trait { name: "value", type_: TraitType::Int, default: "0" },
] };

#[rustfmt::skip]
define! {
    "Play/repeat buttons to step through values automatically, and optionally loop."
    Play PLAY plain
    "description" description set_description with_description text "Description of the control."
    "disabled" disabled set_disabled with_disabled bool "Enable or disable user changes."
    "interval" interval set_interval with_interval i64 "The time between two animation steps (ms)."
    "max" max set_max with_max i64 "Max value."
    "min" min set_min with_min i64 "Min value."
    "playing" playing set_playing with_playing bool "Whether the control is currently playing."
    "repeat" repeat set_repeat with_repeat bool "Whether the control will repeat in a continuous loop."
    "show_repeat" show_repeat set_show_repeat with_show_repeat bool "Show the repeat toggle button in the widget."
    "step" step set_step with_step i64 "Increment step."
    "tooltip" tooltip set_tooltip with_tooltip text "A tooltip caption."
    "value" value set_value with_value i64 "Int value."
}

#[rustfmt::skip]
pub(super) const LABEL: Kind = Kind { name: "Label", traits: &[
    Trait { name: "_dom_classes", type_: TraitType::Other, default: "[]" },
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""LabelModel""# },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""LabelView""# },
    Trait { name: "description", type_: TraitType::Text, default: r#""""# },
    Trait { name: "description_allow_html", type_: TraitType::Bool, default: "false" },
    Trait { name: "layout", type_: TraitType::Part(&LAYOUT), default: "null" },
    Trait { name: "placeholder", type_: TraitType::Text, default: r#""\u200b""# },
    Trait { name: "style", type_: TraitType::Part(&LABEL_STYLE), default: "null" },
    Trait { name: "tabbable", type_: TraitType::Bool, default: "null" },
    Trait { name: "tooltip", type_: TraitType::Text, default: "null" },
    Trait { name: "value", type_: TraitType::Text, default: r#""""# },
] };

#[rustfmt::skip]
define! {
    "Label widget."
    Label LABEL plain
    "description" description set_description with_description text "Description of the control."
    "placeholder" placeholder set_placeholder with_placeholder text "Placeholder text to display when nothing has been typed."
    "tooltip" tooltip set_tooltip with_tooltip text "A tooltip caption."
    "value" value set_value with_value text "String value."
}

#[rustfmt::skip]
pub(super) const HTML: Kind = Kind { name: "HTML", traits: &[
    Trait { name: "_dom_classes", type_: TraitType::Other, default: "[]" },
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""HTMLModel""# },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""HTMLView""# },
    Trait { name: "description", type_: TraitType::Text, default: r#""""# },
    Trait { name: "description_allow_html", type_: TraitType::Bool, default: "false" },
    Trait { name: "layout", type_: TraitType::Part(&LAYOUT), default: "null" },
    Trait { name: "placeholder", type_: TraitType::Text, default: r#""\u200b""# },
    Trait { name: "style", type_: TraitType::Part(&HTMLSTYLE), default: "null" },
    Trait { name: "tabbable", type_: TraitType::Bool, default: "null" },
    Trait { name: "tooltip", type_: TraitType::Text, default: "null" },
    Trait { name: "value", type_: TraitType::Text, default: r#""""# },
] };

#[rustfmt::skip]
define! {
    "Renders the string `value` as HTML."
    HTML HTML plain
    "description" description set_description with_description text "Description of the control."
    "placeholder" placeholder set_placeholder with_placeholder text "Placeholder text to display when nothing has been typed."
    "tooltip" tooltip set_tooltip with_tooltip text "A tooltip caption."
    "value" value set_value with_value text "String value."
}

#[rustfmt::skip]
pub(super) const HTMLMATH: Kind = Kind { name: "HTMLMath", traits: &[
    Trait { name: "_dom_classes", type_: TraitType::Other, default: "[]" },
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""HTMLMathModel""# },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""HTMLMathView""# },
    Trait { name: "description", type_: TraitType::Text, default: r#""""# },
    Trait { name: "description_allow_html", type_: TraitType::Bool, default: "false" },
    Trait { name: "layout", type_: TraitType::Part(&LAYOUT), default: "null" },
    Trait { name: "placeholder", type_: TraitType::Text, default: r#""\u200b""# },
    Trait { name: "style", type_: TraitType::Part(&HTMLMATH_STYLE), default: "null" },
    Trait { name: "tabbable", type_: TraitType::Bool, default: "null" },
    Trait { name: "tooltip", type_: TraitType::Text, default: "null" },
    Trait { name: "value", type_: TraitType::Text, default: r#""""# },
] };

#[rustfmt::skip]
define! {
    "Renders the string `value` as HTML, and render mathematics."
    HTMLMath HTMLMATH plain
    "description" description set_description with_description text "Description of the control."
    "placeholder" placeholder set_placeholder with_placeholder text "Placeholder text to display when nothing has been typed."
    "tooltip" tooltip set_tooltip with_tooltip text "A tooltip caption."
    "value" value set_value with_value text "String value."
}

#[rustfmt::skip]
pub(super) const IMAGE: Kind = Kind { name: "Image", traits: &[
    Trait { name: "_dom_classes", type_: TraitType::Other, default: "[]" },
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""ImageModel""# },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""ImageView""# },
    Trait { name: "format", type_: TraitType::Text, default: r#""png""# },
    Trait { name: "height", type_: TraitType::Text, default: r#""""# },
    Trait { name: "layout", type_: TraitType::Part(&LAYOUT), default: "null" },
    Trait { name: "tabbable", type_: TraitType::Bool, default: "null" },
    Trait { name: "tooltip", type_: TraitType::Text, default: "null" },
    Trait { name: "value", type_: TraitType::Bytes, default: r#""""# },
    Trait { name: "width", type_: TraitType::Text, default: r#""""# },
] };

#[rustfmt::skip]
define! {
    "Displays an image as a widget."
    Image IMAGE plain
    "format" format set_format with_format text "The format of the image."
    "height" height set_height with_height text "Height of the image in pixels. Use layout.height for styling the widget."
    "tooltip" tooltip set_tooltip with_tooltip text "A tooltip caption."
    "width" width set_width with_width text "Width of the image in pixels. Use layout.width for styling the widget."
}

#[rustfmt::skip]
pub(super) const OUTPUT: Kind = Kind { name: "Output", traits: &[
    Trait { name: "_dom_classes", type_: TraitType::Other, default: "[]" },
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/output""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""1.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""OutputModel""# },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/output""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""1.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""OutputView""# },
    Trait { name: "layout", type_: TraitType::Part(&LAYOUT), default: "null" },
    Trait { name: "msg_id", type_: TraitType::Text, default: r#""""# },
    Trait { name: "outputs", type_: TraitType::Other, default: "[]" },
    Trait { name: "tabbable", type_: TraitType::Bool, default: "null" },
    Trait { name: "tooltip", type_: TraitType::Text, default: "null" },
] };

#[rustfmt::skip]
define! {
    "Widget used as a context manager to display output."
    Output OUTPUT plain
    "msg_id" msg_id set_msg_id with_msg_id text "Parent message id of messages to capture."
    "tooltip" tooltip set_tooltip with_tooltip text "A tooltip caption."
}

#[rustfmt::skip]
pub(super) const HBOX: Kind = Kind { name: "HBox", traits: &[
    Trait { name: "_dom_classes", type_: TraitType::Other, default: "[]" },
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""HBoxModel""# },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""HBoxView""# },
    Trait { name: "box_style", type_: TraitType::Choice(&["success", "info", "warning", "danger", ""]), default: r#""""# },
    Trait { name: "children", type_: TraitType::Other, default: "[]" },
    Trait { name: "layout", type_: TraitType::Part(&LAYOUT), default: "null" },
    Trait { name: "tabbable", type_: TraitType::Bool, default: "null" },
    Trait { name: "tooltip", type_: TraitType::Text, default: "null" },
] };

#[rustfmt::skip]
define! {
    "Displays multiple widgets horizontally using the flexible box model."
    HBox HBOX special
    "box_style" box_style set_box_style with_box_style text "Use a predefined styling for the box."
    "tooltip" tooltip set_tooltip with_tooltip text "A tooltip caption."
}

#[rustfmt::skip]
pub(super) const VBOX: Kind = Kind { name: "VBox", traits: &[
    Trait { name: "_dom_classes", type_: TraitType::Other, default: "[]" },
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""VBoxModel""# },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""VBoxView""# },
    Trait { name: "box_style", type_: TraitType::Choice(&["success", "info", "warning", "danger", ""]), default: r#""""# },
    Trait { name: "children", type_: TraitType::Other, default: "[]" },
    Trait { name: "layout", type_: TraitType::Part(&LAYOUT), default: "null" },
    Trait { name: "tabbable", type_: TraitType::Bool, default: "null" },
    Trait { name: "tooltip", type_: TraitType::Text, default: "null" },
] };

#[rustfmt::skip]
define! {
    "Displays multiple widgets vertically using the flexible box model."
    VBox VBOX special
    "box_style" box_style set_box_style with_box_style text "Use a predefined styling for the box."
    "tooltip" tooltip set_tooltip with_tooltip text "A tooltip caption."
}

#[rustfmt::skip]
pub(super) const GRID_BOX: Kind = Kind { name: "GridBox", traits: &[
    Trait { name: "_dom_classes", type_: TraitType::Other, default: "[]" },
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""GridBoxModel""# },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""GridBoxView""# },
    Trait { name: "box_style", type_: TraitType::Choice(&["success", "info", "warning", "danger", ""]), default: r#""""# },
    Trait { name: "children", type_: TraitType::Other, default: "[]" },
    Trait { name: "layout", type_: TraitType::Part(&LAYOUT), default: "null" },
    Trait { name: "tabbable", type_: TraitType::Bool, default: "null" },
    Trait { name: "tooltip", type_: TraitType::Text, default: "null" },
] };

#[rustfmt::skip]
define! {
    "Displays multiple widgets in rows and columns using the grid box model."
    GridBox GRID_BOX special
    "box_style" box_style set_box_style with_box_style text "Use a predefined styling for the box."
    "tooltip" tooltip set_tooltip with_tooltip text "A tooltip caption."
}

#[rustfmt::skip]
pub(super) const TAB: Kind = Kind { name: "Tab", traits: &[
    Trait { name: "_dom_classes", type_: TraitType::Other, default: "[]" },
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""TabModel""# },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""TabView""# },
    Trait { name: "box_style", type_: TraitType::Choice(&["success", "info", "warning", "danger", ""]), default: r#""""# },
    Trait { name: "children", type_: TraitType::Other, default: "[]" },
    Trait { name: "layout", type_: TraitType::Part(&LAYOUT), default: "null" },
    Trait { name: "selected_index", type_: TraitType::Int, default: "null" },
    Trait { name: "tabbable", type_: TraitType::Bool, default: "null" },
    Trait { name: "titles", type_: TraitType::Other, default: "[]" },
    Trait { name: "tooltip", type_: TraitType::Text, default: "null" },
] };

#[rustfmt::skip]
define! {
    "Displays children each on a separate accordion tab."
    Tab TAB special
    "box_style" box_style set_box_style with_box_style text "Use a predefined styling for the box."
    "tooltip" tooltip set_tooltip with_tooltip text "A tooltip caption."
}

#[rustfmt::skip]
pub(super) const ACCORDION: Kind = Kind { name: "Accordion", traits: &[
    Trait { name: "_dom_classes", type_: TraitType::Other, default: "[]" },
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""AccordionModel""# },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""AccordionView""# },
    Trait { name: "box_style", type_: TraitType::Choice(&["success", "info", "warning", "danger", ""]), default: r#""""# },
    Trait { name: "children", type_: TraitType::Other, default: "[]" },
    Trait { name: "layout", type_: TraitType::Part(&LAYOUT), default: "null" },
    Trait { name: "selected_index", type_: TraitType::Int, default: "null" },
    Trait { name: "tabbable", type_: TraitType::Bool, default: "null" },
    Trait { name: "titles", type_: TraitType::Other, default: "[]" },
    Trait { name: "tooltip", type_: TraitType::Text, default: "null" },
] };

#[rustfmt::skip]
define! {
    "Displays children each on a separate accordion page."
    Accordion ACCORDION special
    "box_style" box_style set_box_style with_box_style text "Use a predefined styling for the box."
    "tooltip" tooltip set_tooltip with_tooltip text "A tooltip caption."
}

#[rustfmt::skip]
pub(super) const STACK: Kind = Kind { name: "Stack", traits: &[
    Trait { name: "_dom_classes", type_: TraitType::Other, default: "[]" },
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""StackModel""# },
    Trait { name: "_view_count", type_: TraitType::Int, default: "null" },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""@jupyter-widgets/controls""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: r#""2.0.0""# },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""StackView""# },
    Trait { name: "box_style", type_: TraitType::Choice(&["success", "info", "warning", "danger", ""]), default: r#""""# },
    Trait { name: "children", type_: TraitType::Other, default: "[]" },
    Trait { name: "layout", type_: TraitType::Part(&LAYOUT), default: "null" },
    Trait { name: "selected_index", type_: TraitType::Int, default: "null" },
    Trait { name: "tabbable", type_: TraitType::Bool, default: "null" },
    Trait { name: "titles", type_: TraitType::Other, default: "[]" },
    Trait { name: "tooltip", type_: TraitType::Text, default: "null" },
] };

#[rustfmt::skip]
define! {
    "Displays only the selected child."
    Stack STACK special
    "box_style" box_style set_box_style with_box_style text "Use a predefined styling for the box."
    "tooltip" tooltip set_tooltip with_tooltip text "A tooltip caption."
}
