//! What widgets that show others are made of.

use super::{Accordion, GridBox, HBox, Model, Stack, Tab, VBox, Widget};

/// Widgets to be shown in another: a tuple of up to twelve, each of its own type, or many of one type.
pub trait Children {
    /// Their models, in order.
    fn into_models(self) -> Vec<Model>;
}

impl<W: Widget> Children for Vec<W> {
    fn into_models(self) -> Vec<Model> {
        models(&self)
    }
}

impl<W: Widget> Children for &[W] {
    fn into_models(self) -> Vec<Model> {
        models(self)
    }
}

impl<W: Widget, const N: usize> Children for [W; N] {
    fn into_models(self) -> Vec<Model> {
        models(&self)
    }
}

fn models<W: Widget>(widgets: &[W]) -> Vec<Model> {
    widgets.iter().map(|widget| widget.model().clone()).collect()
}

macro_rules! tuples {
    ($first:ident $($rest:ident)*) => {
        impl<$first: Widget, $($rest: Widget),*> Children for ($first, $($rest,)*) {
            #[expect(non_snake_case, reason = "the variables have the names of their types")]
            fn into_models(self) -> Vec<Model> {
                let ($first, $($rest,)*) = self;
                vec![$first.model().clone(), $($rest.model().clone()),*]
            }
        }
        tuples!($($rest)*);
    };
    () => {};
}

tuples!(A B C D E F G H I J K L);

macro_rules! containers {
    ($($container:ident $(first: $first:literal)?;)*) => {
        $(impl $container {
            /// One that shows these.
            ///
            /// ```
            /// use parcell::widgets::*;
            ///
            #[doc = concat!("let shown = ", stringify!($container), "::new((Label::new().with_value(\"n\"), IntSlider::new()));")]
            /// assert_eq!(shown.model().get::<Vec<String>>("children").unwrap().len(), 2);
            /// ```
            pub fn new(children: impl Children) -> Self {
                let container = Self::with_defaults();
                container.set_children(children);
                $(container.model().set("selected_index", $first);)?
                container
            }

            /// Shows these from now on.
            pub fn set_children(&self, children: impl Children) {
                self.model().assign_children(children.into_models());
            }
        })*
    };
}

// Of tabs one is open, as in ipywidgets.
containers! {
    HBox;
    VBox;
    GridBox;
    Tab first: 0;
    Accordion;
    Stack first: 0;
}

macro_rules! pages {
    ($($container:ident)*) => {
        $(impl $container {
            /// Which of its pages is open, counted from 0.
            #[must_use]
            pub fn selected_index(&self) -> Option<usize> {
                self.model().get("selected_index")
            }

            /// Opens a page, or, given `None`, none.
            pub fn set_selected_index(&self, index: impl Into<Option<usize>>) {
                self.model().set("selected_index", index.into());
            }

            /// With these titles of its pages.
            pub fn with_titles<T: Into<String>>(self, titles: impl IntoIterator<Item = T>) -> Self {
                let titles: Vec<String> = titles.into_iter().map(Into::into).collect();
                self.model().set("titles", titles);
                self
            }
        })*
    };
}

pages!(Tab Accordion Stack);
