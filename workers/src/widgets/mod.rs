//! Jupyter's widgets: sliders, buttons, text fields, progress bars, and closures that run again when one of them is moved.
//!
//! ```
//! use parcell::widgets::*;
//!
//! interact(|n: i64, scale: f64| (1..=n).map(|k| scale * k as f64).sum::<f64>());
//! ```
//!
//! Each widget is a value with methods: `with_…` to make it, `set_…` to change it, and its traits' names to read them, as
//! a person has changed them meanwhile, also in a cell that runs. As a cell's last expression, or given to
//! [`display`](crate::display::display), it is shown. What else it can do has the words of
//! [ipywidgets](https://ipywidgets.readthedocs.io), whose front end it is: JupyterLab and VS Code need that installed.
//!
//! ```
//! use parcell::prelude::*;
//! use parcell::widgets::*;
//!
//! let progress = IntProgress::new().with_max(3).with_description("Sum:");
//! let stop = Button::new().with_description("Stop");
//! display(HBox::new((&progress, &stop)));
//! for step in 1..=3 {
//!     progress.set_value(step);
//!     if stop.was_clicked() {
//!         break;
//!     }
//! }
//! ```
//!
//! Functions that are called when something happens ([`Button::on_click`], [`IntSlider::on_change`]) are called between
//! cells, each as a cell is: a crash undoes it, an interrupt ends it, and what it has captured stays for the next call.

mod any_widget;
mod children;
mod control;
mod define;
mod interact;
mod kind;
mod model;
mod models;
mod output;
mod selection;
mod values;

pub use any_widget::AnyWidget;
pub use children::Children;
pub use control::{Argument, IntoControl};
pub use interact::{Interaction, Interactive, interact, interact_with, interactive};
pub use model::Model;
pub use models::*;
pub use values::Valued;

/// What every widget is.
pub trait Widget {
    /// Its model, by which traits are read and changed that have no method of their own.
    ///
    /// ```
    /// use parcell::widgets::*;
    ///
    /// let slider = IntSlider::new();
    /// slider.model().set("tabbable", true);
    /// assert_eq!(slider.model().get("tabbable"), Some(true));
    /// ```
    fn model(&self) -> &Model;

    /// With this trait of its [layout](https://ipywidgets.readthedocs.io/en/stable/examples/Widget%20Layout.html), such as
    /// `width`.
    ///
    /// ```
    /// use parcell::widgets::*;
    ///
    /// let wide = Text::new().with_layout("width", "100%");
    /// ```
    ///
    /// # Panics
    ///
    /// If layouts have no such trait.
    #[must_use]
    #[track_caller]
    fn with_layout(self, name: &str, value: &str) -> Self
    where
        Self: Sized,
    {
        self.model().part("layout").set(name, value);
        self
    }

    /// With this trait of its [style](https://ipywidgets.readthedocs.io/en/stable/examples/Widget%20Styling.html), such as
    /// `description_width`.
    ///
    /// # Panics
    ///
    /// If widgets of this type have no style, or none with such a trait.
    #[must_use]
    #[track_caller]
    fn with_style(self, name: &str, value: &str) -> Self
    where
        Self: Sized,
    {
        self.model().part("style").set(name, value);
        self
    }

    /// Removes it from wherever it is shown.
    fn close(&self) {
        self.model().close();
    }
}

impl<W: Widget + ?Sized> Widget for &W {
    fn model(&self) -> &Model {
        (**self).model()
    }
}

impl Widget for Model {
    fn model(&self) -> &Model {
        self
    }
}
