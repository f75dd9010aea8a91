//! Widgets of one's own, as anywidget has them: an ES module, and a state that it shares with the notebook.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::kind::{Kind, Trait, TraitType};
use super::{Model, Widget};
use crate::display::{MimeBundle, ToMimeBundle, to_json};

/// Which versions of anywidget's front end understand what is sent: its modules have had this form since 0.9.
const VERSION: &str = r#"">=0.9.0 <1""#;

#[rustfmt::skip]
static ANY_WIDGET: Kind = Kind { name: "AnyWidget", traits: &[
    Trait { name: "_model_module", type_: TraitType::Text, default: r#""anywidget""# },
    Trait { name: "_model_module_version", type_: TraitType::Text, default: VERSION },
    Trait { name: "_model_name", type_: TraitType::Text, default: r#""AnyModel""# },
    Trait { name: "_view_module", type_: TraitType::Text, default: r#""anywidget""# },
    Trait { name: "_view_module_version", type_: TraitType::Text, default: VERSION },
    Trait { name: "_view_name", type_: TraitType::Text, default: r#""AnyView""# },
    Trait { name: "_anywidget_id", type_: TraitType::Text, default: r#""parcell.AnyWidget""# },
    Trait { name: "_esm", type_: TraitType::Text, default: r#""""# },
    Trait { name: "_css", type_: TraitType::Text, default: r#""""# },
    Trait { name: "layout", type_: TraitType::Part(&super::models::LAYOUT), default: "null" },
] };

/// A widget of one's own: an ES module whose `render({ model, el })` shows it, and a state of which each side hears when the
/// other changes it. The front end needs [anywidget](https://anywidget.dev), whose modules these are: `pip install
/// anywidget`.
///
/// ```
/// use parcell::widgets::AnyWidget;
/// use serde::Serialize;
///
/// #[derive(Serialize)]
/// struct Counter {
///     count: u32,
/// }
///
/// let module = "
///     export default {
///         render({ model, el }) {
///             const button = document.createElement('button');
///             const show = () => { button.textContent = `count is ${model.get('count')}`; };
///             button.onclick = () => { model.set('count', model.get('count') + 1); model.save_changes(); };
///             model.on('change:count', show);
///             show();
///             el.append(button);
///         },
///     };";
/// let counter = AnyWidget::new(module, Counter { count: 3 });
/// counter.set("count", 5);
/// assert_eq!(counter.get::<u32>("count"), Some(5));
/// ```
#[derive(Clone)]
#[must_use = "a widget is not shown before it is displayed"]
pub struct AnyWidget {
    model: Model,
}

impl AnyWidget {
    /// One with this module and this state, whose fields are the traits.
    ///
    /// # Panics
    ///
    /// If the state is not written as an object of JSON.
    #[track_caller]
    pub fn new(esm: impl Into<String>, state: impl Serialize) -> Self {
        let model = Model::new(&ANY_WIDGET);
        model.assign("_esm", esm.into().into());
        match to_json("the state of a widget", state) {
            Value::Object(state) => state.into_iter().for_each(|(name, value)| model.assign(&name, value)),
            other => panic!("the state of a widget has to be a struct or a map, not {other}"),
        }
        Self { model }
    }

    /// With this style sheet.
    pub fn with_css(self, css: impl Into<String>) -> Self {
        self.model.assign("_css", css.into().into());
        self
    }

    /// A field of the state, as the module has changed it meanwhile. None where there is none, or it is no such type.
    #[must_use]
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_value(self.model.value_of(name)?).ok()
    }

    /// Changes a field of the state.
    ///
    /// # Panics
    ///
    /// If the value cannot be written as JSON.
    #[track_caller]
    pub fn set(&self, name: &str, value: impl Serialize) {
        self.model.assign(name, to_json("a trait's value", value));
    }

    /// Has a function called when the module has changed this field.
    pub fn on_change<T: DeserializeOwned>(&self, name: &str, function: impl FnMut(T) + Send + 'static) {
        self.model.on_change_of(name, function);
    }

    /// Has a function called for what the module sends with `model.send`.
    pub fn on_message(&self, function: impl FnMut(&Value) + Send + 'static) {
        self.model.on_custom(function);
    }

    /// Sends the module a message, which it hears with `model.on("msg:custom", ...)`.
    pub fn send(&self, content: impl Serialize) {
        self.model.send(content);
    }
}

impl Widget for AnyWidget {
    fn model(&self) -> &Model {
        &self.model
    }
}

impl ToMimeBundle for AnyWidget {
    fn to_mime_bundle(&self) -> MimeBundle {
        self.model.bundle()
    }
}

impl ToMimeBundle for &AnyWidget {
    fn to_mime_bundle(&self) -> MimeBundle {
        self.model.bundle()
    }
}
