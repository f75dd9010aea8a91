//! From the parameters of a function to the widgets that give it its arguments.

use std::ops::RangeInclusive;

use super::{
    BoundedFloatText, BoundedIntText, Checkbox, ColorPicker, Combobox, Dropdown, FloatLogSlider, FloatRangeSlider,
    FloatSlider, FloatText, IntRangeSlider, IntSlider, IntText, Model, Password, Play, RadioButtons, Select,
    SelectMultiple, SelectionSlider, Text, Textarea, ToggleButton, ToggleButtons, Valued, Widget,
};

/// What a function that is [interacted](super::interact()) with can take: numbers, text, `bool`.
#[diagnostic::on_unimplemented(
    message = "no widget gives a value of type `{Self}`",
    label = "a function that is interacted with takes numbers, `String` or `bool`",
    note = "`interact_with` takes a widget for each parameter"
)]
pub trait Argument: Sized + 'static {
    /// The widget that there is where none is given.
    type Control: IntoControl<Self>;

    /// One of those.
    fn control() -> Self::Control;
}

/// What can be said of a parameter: a widget; a range of numbers, which gets a slider; a value to begin with; or an array of
/// texts to choose from.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no widget for a parameter of type `{A}`",
    note = "a widget is, or a range such as `0..=10`, a value to begin with, or an array of texts to choose from"
)]
pub trait IntoControl<A> {
    /// The widget.
    fn into_control(self) -> Control<A>;
}

/// A widget, and how a value is read from it.
pub struct Control<A> {
    pub(super) model: Model,
    /// The trait that changes with the value.
    pub(super) changes: &'static str,
    pub(super) read: Box<dyn Fn() -> A + Send>,
}

fn of<W: Valued + Clone + Send + 'static, A>(
    widget: W,
    convert: impl Fn(W::Value) -> A + Send + 'static,
) -> Control<A> {
    let model = widget.model().clone();
    let read = Box::new(move || convert(widget.current()));
    let changes = W::CHANGES;
    Control { model, changes, read }
}

macro_rules! widgets {
    ($($argument:ty: $($widget:ident)*;)*) => {
        $($(impl IntoControl<$argument> for $widget {
            fn into_control(self) -> Control<$argument> {
                of(self, |value| value)
            }
        }

        impl IntoControl<$argument> for &$widget {
            fn into_control(self) -> Control<$argument> {
                of(self.clone(), |value| value)
            }
        })*)*
    };
}

widgets! {
    f64: FloatSlider FloatLogSlider FloatText BoundedFloatText;
    (i64, i64): IntRangeSlider;
    (f64, f64): FloatRangeSlider;
    bool: Checkbox ToggleButton;
    String: Text Textarea Password Combobox ColorPicker Dropdown RadioButtons Select SelectionSlider ToggleButtons;
    Vec<String>: SelectMultiple;
}

macro_rules! integers {
    ($($integer:ident)*) => {
        $(
            integers!(@$integer IntSlider IntText BoundedIntText Play);

            impl IntoControl<$integer> for RangeInclusive<$integer> {
                #[track_caller]
                fn into_control(self) -> Control<$integer> {
                    let (min, max) = (to_i64(*self.start()), to_i64(*self.end()));
                    let middle = min + (max - min) / 2;
                    IntSlider::new().with_range(min..=max).with_value(middle).into_control()
                }
            }

            impl IntoControl<$integer> for $integer {
                fn into_control(self) -> Control<$integer> {
                    let value = to_i64(self);
                    let (min, max) = around(value);
                    // Of what cannot be less than zero nothing less is offered.
                    let min = min.max(to_i64($integer::MIN));
                    IntSlider::new().with_range(min..=max).with_value(value).into_control()
                }
            }

            impl Argument for $integer {
                type Control = IntSlider;

                fn control() -> IntSlider {
                    let max = to_i64($integer::MAX).min(100);
                    IntSlider::new().with_range(0..=max).with_value(max / 10)
                }
            }
        )*
    };
    (@$integer:ident $($widget:ident)*) => {
        $(impl IntoControl<$integer> for $widget {
            fn into_control(self) -> Control<$integer> {
                of(self, |value| $integer::try_from(value).unwrap_or(if value < 0 { $integer::MIN } else { $integer::MAX }))
            }
        }

        impl IntoControl<$integer> for &$widget {
            fn into_control(self) -> Control<$integer> {
                self.clone().into_control()
            }
        })*
    };
}

integers!(i8 i16 i32 i64 isize u8 u16 u32 u64 usize);

/// The nearest number that a slider can have.
fn to_i64(number: impl TryInto<i64>) -> i64 {
    // Only what is too large does not fit: none of the types goes further below zero.
    number.try_into().unwrap_or(i64::MAX)
}

/// From where to where a slider goes that begins with this value, as in ipywidgets.
fn around(value: i64) -> (i64, i64) {
    match value {
        0 => (0, 10),
        1.. => (value.saturating_neg(), value.saturating_mul(3)),
        _ => (value.saturating_mul(3), value.saturating_neg()),
    }
}

impl IntoControl<f64> for RangeInclusive<f64> {
    #[track_caller]
    fn into_control(self) -> Control<f64> {
        let (min, max) = self.into_inner();
        let slider = FloatSlider::new().with_range(min..=max);
        slider.model().set("step", (max - min) / 100.0);
        slider.with_value(min + (max - min) / 2.0).into_control()
    }
}

impl IntoControl<f64> for f64 {
    fn into_control(self) -> Control<f64> {
        let (min, max) = match self {
            0.0 => (0.0, 1.0),
            value if value > 0.0 => (-value, 3.0 * value),
            value => (3.0 * value, -value),
        };
        FloatSlider::new().with_range(min..=max).with_value(self).into_control()
    }
}

impl Argument for f64 {
    type Control = FloatSlider;

    fn control() -> FloatSlider {
        FloatSlider::new().with_range(0.0..=10.0).with_value(1.0)
    }
}

impl IntoControl<f32> for FloatSlider {
    #[expect(clippy::cast_possible_truncation, reason = "the function wants no more")]
    fn into_control(self) -> Control<f32> {
        of(self, |value| value as f32)
    }
}

impl IntoControl<f32> for RangeInclusive<f32> {
    fn into_control(self) -> Control<f32> {
        let (min, max) = self.into_inner();
        let (min, max) = (f64::from(min), f64::from(max));
        FloatSlider::new()
            .with_range(min..=max)
            .with_value(min + (max - min) / 2.0)
            .into_control()
    }
}

impl Argument for f32 {
    type Control = FloatSlider;

    fn control() -> FloatSlider {
        f64::control()
    }
}

impl IntoControl<Self> for bool {
    fn into_control(self) -> Control<Self> {
        Checkbox::new().with_value(self).into_control()
    }
}

impl Argument for bool {
    type Control = Checkbox;

    fn control() -> Checkbox {
        Checkbox::new()
    }
}

impl IntoControl<String> for &str {
    fn into_control(self) -> Control<String> {
        Text::new().with_value(self).into_control()
    }
}

impl<T: Into<String>, const N: usize> IntoControl<String> for [T; N] {
    fn into_control(self) -> Control<String> {
        Dropdown::new(self).into_control()
    }
}

impl<T: Into<String>> IntoControl<String> for Vec<T> {
    fn into_control(self) -> Control<String> {
        Dropdown::new(self).into_control()
    }
}

impl Argument for String {
    type Control = Text;

    fn control() -> Text {
        Text::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begins<A>(control: impl IntoControl<A>) -> A {
        (control.into_control().read)()
    }

    #[test]
    fn each_kind_of_argument_has_a_widget() {
        assert_eq!(begins::<i64>(i64::control()), 10);
        assert_eq!(begins::<u8>(0..=10_u8), 5);
        assert_eq!(begins::<i32>(-7), -7);
        assert_eq!(begins::<f64>(2.0..=4.0), 3.0);
        assert!(begins::<bool>(true));
        assert_eq!(begins::<String>(["a", "b"]), "a");
        assert_eq!(begins::<String>("text"), "text");
        assert_eq!(begins::<usize>(IntText::new().with_value(-3)), 0);
    }

    #[test]
    fn a_value_has_room_on_both_sides() {
        assert_eq!((around(10), around(-10), around(0)), ((-10, 30), (-30, 10), (0, 10)));
        let slider = IntoControl::<u32>::into_control(10_u32).model;
        assert_eq!(
            (slider.get::<i64>("min"), slider.get::<i64>("max")),
            (Some(0), Some(30))
        );
        assert_eq!(around(i64::MIN), (i64::MIN, i64::MAX));
    }
}
