//! What a person changes of a widget, how to hear of it and how to wait for it; and what is left of widgets that are like no
//! other.

use std::time::Duration;

use super::{
    BoundedFloatText, BoundedIntText, Button, Checkbox, ColorPicker, Combobox, FloatLogSlider, FloatProgress,
    FloatRangeSlider, FloatSlider, FloatText, Image, IntProgress, IntRangeSlider, IntSlider, IntText, Password, Play,
    Text, Textarea, ToggleButton, Widget,
};
use crate::comm::CommError;

/// A widget that holds a value which a person can change.
pub trait Valued: Widget {
    /// What the value is.
    type Value: Send + 'static;

    /// The value now, as a person has changed it meanwhile.
    fn current(&self) -> Self::Value;

    /// The trait that changes with it.
    #[doc(hidden)]
    const CHANGES: &'static str = VALUE;
}

const VALUE: &str = "value";
const CLICK: &str = "click";

macro_rules! valued {
    ($($type_:ty: $($widget:ident)*;)*) => {
        $($(impl Valued for $widget {
            type Value = $type_;

            fn current(&self) -> $type_ {
                self.value()
            }
        }

        impl $widget {
            /// Has a function called with each value that a person gives it: between cells, as a cell is. Where values come
            /// faster than it computes, it is called for the latest. What it prints goes to the front end's log, unless it
            /// goes to an [`Output`](super::Output).
            ///
            /// ```
            /// use parcell::widgets::*;
            ///
            #[doc = concat!("let widget = ", stringify!($widget), "::new();")]
            /// let (label, shown) = (Label::new(), Label::new());
            /// widget.on_change(move |value| label.set_value(format!("{value:?}")));
            /// VBox::new((widget, shown));
            /// ```
            pub fn on_change(&self, function: impl FnMut($type_) + Send + 'static) {
                self.call_on_change(Box::new(function));
            }

            /// Compiled here, and not with each cell.
            fn call_on_change(&self, function: Box<dyn FnMut($type_) + Send>) {
                self.model().on_change(VALUE, function);
            }

            /// Waits until a person gives it another value, also while it is a cell that waits.
            ///
            /// # Errors
            ///
            /// [`CommError::Closed`] where the widget is closed, or this program is no notebook.
            pub fn wait_for_change(&self) -> Result<$type_, CommError> {
                self.model().wait_for(VALUE, None)
            }

            /// The same, but not for longer than this.
            ///
            /// # Errors
            ///
            /// [`CommError::TimedOut`], or as [`wait_for_change`](Self::wait_for_change).
            pub fn wait_for_change_timeout(&self, timeout: Duration) -> Result<$type_, CommError> {
                self.model().wait_for(VALUE, Some(timeout))
            }
        })*)*
    };
}

valued! {
    i64: IntSlider IntText BoundedIntText Play;
    f64: FloatSlider FloatLogSlider FloatText BoundedFloatText;
    (i64, i64): IntRangeSlider;
    (f64, f64): FloatRangeSlider;
    bool: Checkbox ToggleButton;
    String: Text Textarea Password Combobox ColorPicker;
}

macro_rules! pairs {
    ($($widget:ident $number:ty;)*) => {
        $(impl $widget {
            /// The lower and the upper end.
            #[must_use]
            pub fn value(&self) -> ($number, $number) {
                self.model().get(VALUE).unwrap_or_default()
            }

            /// Changes both ends.
            pub fn set_value(&self, (lower, upper): ($number, $number)) {
                self.model().set(VALUE, [lower, upper]);
            }

            /// With these ends.
            pub fn with_value(self, ends: ($number, $number)) -> Self {
                self.set_value(ends);
                self
            }
        })*
    };
}

pairs! {
    IntRangeSlider i64;
    FloatRangeSlider f64;
}

macro_rules! ranges {
    ($($widget:ident $number:ty;)*) => {
        $(impl $widget {
            /// From the first of these numbers to the last.
            ///
            /// # Panics
            ///
            /// If there is none between them.
            #[track_caller]
            pub fn with_range(self, range: std::ops::RangeInclusive<$number>) -> Self {
                let (min, max) = range.into_inner();
                assert!(min <= max, "a range from {min} to {max} has nothing in it");
                // Whichever comes first, there is a range in between.
                self.model().set("min", min);
                self.model().set("max", max);
                self
            }
        })*
    };
}

ranges! {
    IntSlider i64;
    IntRangeSlider i64;
    IntProgress i64;
    BoundedIntText i64;
    Play i64;
    FloatSlider f64;
    FloatRangeSlider f64;
    FloatProgress f64;
    BoundedFloatText f64;
    FloatLogSlider f64;
}

impl Button {
    /// Has a function called for each click: between cells, as a cell is. What it prints goes to the front end's log, unless
    /// it goes to an [`Output`](super::Output).
    ///
    /// ```
    /// use parcell::widgets::*;
    ///
    /// let (button, count) = (Button::new().with_description("+1"), IntText::new());
    /// let shown = count.clone();
    /// button.on_click(move || shown.set_value(shown.value() + 1));
    /// VBox::new((button, count));
    /// ```
    pub fn on_click(&self, function: impl FnMut() + Send + 'static) {
        self.call_on_click(Box::new(function));
    }

    fn call_on_click(&self, mut function: Box<dyn FnMut() + Send>) {
        self.model().on_custom(move |content| {
            if content["event"] == *CLICK {
                function();
            }
        });
    }

    /// Waits for a click, also while it is a cell that waits.
    ///
    /// # Errors
    ///
    /// [`CommError::Closed`] where the widget is closed, or this program is no notebook.
    pub fn wait_for_click(&self) -> Result<(), CommError> {
        self.model().wait_for_custom(CLICK, None)
    }

    /// The same, but not for longer than this.
    ///
    /// # Errors
    ///
    /// [`CommError::TimedOut`], or as [`wait_for_click`](Self::wait_for_click).
    pub fn wait_for_click_timeout(&self, timeout: Duration) -> Result<(), CommError> {
        self.model().wait_for_custom(CLICK, Some(timeout))
    }

    /// Whether it has been clicked since this was asked last, for a cell that computes meanwhile.
    ///
    /// ```
    /// use parcell::widgets::*;
    ///
    /// let stop = Button::new().with_description("Stop");
    /// let mut sum = 0.0;
    /// for n in 1..=1000 {
    ///     sum += 1.0 / f64::from(n);
    ///     if stop.was_clicked() {
    ///         break;
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn was_clicked(&self) -> bool {
        self.model().has_come(CLICK)
    }
}

impl Text {
    /// Has a function called when a person presses Enter in it.
    pub fn on_submit(&self, function: impl FnMut(String) + Send + 'static) {
        self.call_on_submit(Box::new(function));
    }

    fn call_on_submit(&self, mut function: Box<dyn FnMut(String) + Send>) {
        let text = self.clone();
        self.model().on_custom(move |content| {
            if content["event"] == *"submit" {
                function(text.value());
            }
        });
    }
}

impl Combobox {
    /// With these suggestions.
    pub fn with_options<T: Into<String>>(self, options: impl IntoIterator<Item = T>) -> Self {
        let options: Vec<String> = options.into_iter().map(Into::into).collect();
        self.model().set("options", options);
        self
    }
}

impl Image {
    /// The bytes of the picture.
    #[must_use]
    pub fn value(&self) -> Vec<u8> {
        self.model().bytes_of(VALUE)
    }

    /// Shows another picture, in the [`format`](Self::format) that it has.
    pub fn set_value(&self, bytes: impl AsRef<[u8]>) {
        self.model().assign_bytes(VALUE, bytes.as_ref());
    }

    /// With the bytes of a picture, as a file has them.
    pub fn with_value(self, bytes: impl AsRef<[u8]>) -> Self {
        self.set_value(bytes);
        self
    }
}
