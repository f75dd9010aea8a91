//! Widgets that have one choose among texts.

use super::{Dropdown, Model, RadioButtons, Select, SelectMultiple, SelectionSlider, ToggleButtons, Valued, Widget};
use crate::comm::CommError;
use std::time::Duration;

const LABELS: &str = "_options_labels";
const INDEX: &str = "index";

fn labels(model: &Model) -> Vec<String> {
    model.get(LABELS).unwrap_or_default()
}

fn set_labels<T: Into<String>>(model: &Model, options: impl IntoIterator<Item = T>) {
    let options: Vec<String> = options.into_iter().map(Into::into).collect();
    model.set(LABELS, options);
}

#[track_caller]
fn position(labels: &[String], label: &str) -> usize {
    match labels.iter().position(|known| known == label) {
        Some(index) => index,
        None => panic!("there is no option {label:?} among {}", labels.join(", ")),
    }
}

macro_rules! one_of {
    ($($widget:ident first: $first:expr;)*) => {
        $(impl $widget {
            /// One that has these options.
            ///
            /// ```
            /// use parcell::widgets::*;
            ///
            #[doc = concat!("let fruit = ", stringify!($widget), "::new([\"apple\", \"pear\"]).with_value(\"pear\");")]
            /// assert_eq!(fruit.index(), Some(1));
            /// assert_eq!(fruit.value().as_deref(), Some("pear"));
            /// ```
            pub fn new<T: Into<String>>(options: impl IntoIterator<Item = T>) -> Self {
                let widget = Self::with_defaults();
                widget.set_options(options);
                widget
            }

            /// What can be chosen.
            #[must_use]
            pub fn options(&self) -> Vec<String> {
                labels(self.model())
            }

            /// Changes what can be chosen.
            pub fn set_options<T: Into<String>>(&self, options: impl IntoIterator<Item = T>) {
                set_labels(self.model(), options);
                let first: Option<usize> = ($first && !self.options().is_empty()).then_some(0);
                self.model().set(INDEX, first);
            }

            /// Which option is chosen, counted from 0.
            #[must_use]
            pub fn index(&self) -> Option<usize> {
                self.model().get(INDEX)
            }

            /// The option that is chosen.
            #[must_use]
            pub fn value(&self) -> Option<String> {
                let index = self.index()?;
                self.options().into_iter().nth(index)
            }

            /// Chooses an option.
            ///
            /// # Panics
            ///
            /// If there is no such option.
            #[track_caller]
            pub fn set_value(&self, option: &str) {
                let index = position(&self.options(), option);
                self.model().set(INDEX, index);
            }

            /// With this option chosen.
            ///
            /// # Panics
            ///
            /// If there is no such option.
            #[track_caller]
            pub fn with_value(self, option: &str) -> Self {
                self.set_value(option);
                self
            }

            /// Has a function called with the option that a person chooses.
            pub fn on_change(&self, function: impl FnMut(String) + Send + 'static) {
                self.call_on_change(Box::new(function));
            }

            fn call_on_change(&self, mut function: Box<dyn FnMut(String) + Send>) {
                let model = self.model().clone();
                self.model().on_change(INDEX, move |index: Option<usize>| {
                    if let Some(label) = index.and_then(|index| labels(&model).into_iter().nth(index)) {
                        function(label);
                    }
                });
            }

            /// Waits until a person chooses an option, also while it is a cell that waits.
            ///
            /// # Errors
            ///
            /// [`CommError::Closed`] where the widget is closed, or this program is no notebook.
            pub fn wait_for_change(&self) -> Result<String, CommError> {
                self.wait(None)
            }

            /// The same, but not for longer than this.
            ///
            /// # Errors
            ///
            /// [`CommError::TimedOut`], or as [`wait_for_change`](Self::wait_for_change).
            pub fn wait_for_change_timeout(&self, timeout: Duration) -> Result<String, CommError> {
                self.wait(Some(timeout))
            }

            fn wait(&self, timeout: Option<Duration>) -> Result<String, CommError> {
                let index: usize = self.model().wait_for(INDEX, timeout)?;
                Ok(self.options().into_iter().nth(index).unwrap_or_default())
            }
        }

        impl Valued for $widget {
            type Value = String;

            fn current(&self) -> String {
                self.value().unwrap_or_default()
            }

            const CHANGES: &'static str = INDEX;
        })*
    };
}

one_of! {
    Dropdown first: true;
    RadioButtons first: true;
    Select first: true;
    SelectionSlider first: true;
    ToggleButtons first: true;
}

impl SelectMultiple {
    /// One that has these options.
    ///
    /// ```
    /// use parcell::widgets::*;
    ///
    /// let fruit = SelectMultiple::new(["apple", "pear"]);
    /// fruit.set_values(["pear"]);
    /// assert_eq!(fruit.values(), ["pear"]);
    /// ```
    pub fn new<T: Into<String>>(options: impl IntoIterator<Item = T>) -> Self {
        let widget = Self::with_defaults();
        set_labels(widget.model(), options);
        widget
    }

    /// What can be chosen.
    #[must_use]
    pub fn options(&self) -> Vec<String> {
        labels(self.model())
    }

    /// The options that are chosen.
    #[must_use]
    pub fn values(&self) -> Vec<String> {
        let chosen: Vec<usize> = self.model().get(INDEX).unwrap_or_default();
        let labels = self.options();
        chosen
            .into_iter()
            .filter_map(|index| labels.get(index).cloned())
            .collect()
    }

    /// Chooses options.
    ///
    /// # Panics
    ///
    /// If there is no such option.
    #[track_caller]
    pub fn set_values<'a>(&self, options: impl IntoIterator<Item = &'a str>) {
        let labels = self.options();
        let mut chosen = Vec::new();
        for option in options {
            chosen.push(position(&labels, option));
        }
        self.model().set(INDEX, chosen);
    }
}

impl Valued for SelectMultiple {
    type Value = Vec<String>;

    fn current(&self) -> Vec<String> {
        self.values()
    }

    const CHANGES: &'static str = INDEX;
}
