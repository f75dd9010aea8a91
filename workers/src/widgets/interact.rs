//! Functions that run again when a widget is moved.

use std::panic::Location;
use std::sync::{Arc, Mutex};

use super::control::{Argument, Control, IntoControl};
use super::{Model, Output, VBox, Widget};
use crate::contract::comms::Question;
use crate::display::{MimeBundle, ToMimeBundle, display};
use crate::notebook::comms::{Answer, ask};
use crate::sys::poisoned::EvenIfPoisoned;

/// The class by which front ends know such widgets.
const CLASS: &str = "widget-interact";

/// A function that can be interacted with: of up to six arguments, each of which has a widget. What it returns is shown,
/// below what it prints, unless it is `()`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be interacted with",
    note = "it has to be a closure whose parameters say their types, which are numbers, `String` or `bool`, and which \
            returns something with a `Debug` form",
    note = "it is called again after the cell has ended: what it captures has to be its own (`move`)"
)]
pub trait Interactive<A>: Send + 'static {
    /// The widgets that there are where none are given.
    #[doc(hidden)]
    fn default_controls() -> Controls<A>;

    /// The call with what the widgets hold; it gives what is to be shown.
    #[doc(hidden)]
    fn into_call(self, read: Box<dyn Fn() -> A + Send>) -> Call;
}

/// Of any function: all else is compiled in the library, and not with each cell.
type Call = Box<dyn FnMut() -> Option<MimeBundle> + Send>;

/// Widgets, one for each parameter.
#[doc(hidden)]
pub struct Controls<A> {
    models: Vec<(Model, &'static str)>,
    read: Box<dyn Fn() -> A + Send>,
}

/// Widgets for all parameters of a function: a tuple with one for each, or, for one, the widget itself in a tuple.
#[doc(hidden)]
pub trait IntoControls<A> {
    fn into_controls(self) -> Controls<A>;
}

/// Shows widgets for the parameters of a function, and below them what it prints and returns: now, and again whenever one of
/// them is changed.
///
/// Where they are changed faster than the function computes, it runs for the latest values. It runs in the notebook process
/// between cells, each time as a cell does: a crash or an interrupt leaves everything as it was before.
///
/// Whole numbers have a slider from 0 to 100, others one from 0 to 10, `bool` a box to be checked and `String` a text
/// field; [`interact_with`] takes others. In a notebook the labels are the names of the parameters.
///
/// ```
/// use parcell::widgets::*;
///
/// interact(|n: i64, loud: bool| if loud { "!".repeat(n as usize) } else { n.to_string() });
/// ```
///
/// # Panics
///
/// If the function does, when it is first called.
#[track_caller]
pub fn interact<A: 'static, F: Interactive<A>>(function: F) -> Interaction {
    shown(interactive_at(Location::caller(), F::default_controls(), function))
}

/// The same with something said of each parameter: a range, a value to begin with, texts to choose from, or a widget.
///
/// ```
/// use parcell::widgets::*;
///
/// let colour = Dropdown::new(["red", "blue"]);
/// interact_with((0..=10, 0.0..=1.0, &colour), |n: i64, share: f64, colour: String| format!("{n} {share} {colour}"));
/// ```
///
/// # Panics
///
/// If the function does, when it is first called.
#[track_caller]
pub fn interact_with<A: 'static, C: IntoControls<A>, F: Interactive<A>>(controls: C, function: F) -> Interaction {
    shown(interactive_at(Location::caller(), controls.into_controls(), function))
}

/// The same as [`interact_with`], to be shown later, or in other widgets. It runs first when it is shown or called.
///
/// ```
/// use parcell::widgets::*;
///
/// let [one, two] = [1, 2].map(|factor| interactive((0..=10,), move |n: i64| n * factor));
/// HBox::new((one, two));
/// ```
#[track_caller]
pub fn interactive<A: 'static, C: IntoControls<A>, F: Interactive<A>>(controls: C, function: F) -> Interaction {
    interactive_at(Location::caller(), controls.into_controls(), function)
}

/// A function with the widgets that give it its arguments, and the one that shows what comes of it. Clones are the same.
#[derive(Clone)]
pub struct Interaction {
    widget: VBox,
    call: Arc<Mutex<dyn FnMut() + Send>>,
}

impl Interaction {
    /// Calls the function with what the widgets hold now.
    ///
    /// # Panics
    ///
    /// If the function does.
    pub fn update(&self) {
        (self.call.lock().even_if_poisoned())();
    }

    /// As the last expression of a cell it is shown, once.
    pub fn evcxr_display(&self) {}
}

impl Widget for Interaction {
    fn model(&self) -> &Model {
        self.widget.model()
    }
}

impl ToMimeBundle for Interaction {
    fn to_mime_bundle(&self) -> MimeBundle {
        self.widget.to_mime_bundle()
    }
}

impl ToMimeBundle for &Interaction {
    fn to_mime_bundle(&self) -> MimeBundle {
        (*self).to_mime_bundle()
    }
}

fn shown(interaction: Interaction) -> Interaction {
    display(&interaction);
    interaction.update();
    interaction
}

fn interactive_at<A: 'static, F: Interactive<A>>(
    place: &Location<'_>,
    Controls { models, read }: Controls<A>,
    function: F,
) -> Interaction {
    assembled(place, models, function.into_call(read))
}

fn assembled(place: &Location<'_>, models: Vec<(Model, &'static str)>, mut call: Call) -> Interaction {
    let output = Output::new();
    label(&models, place);
    let mut children: Vec<Model> = models.iter().map(|(model, _)| model.clone()).collect();
    children.push(output.model().clone());
    let widget = VBox::new(children);
    widget.model().set("_dom_classes", [CLASS]);
    let call: Arc<Mutex<dyn FnMut() + Send>> = Arc::new(Mutex::new(move || {
        output.capture(|| call().map(display));
    }));
    for (model, changes) in models {
        let again = Arc::clone(&call);
        model.on_change(changes, move |_: serde_json::Value| (again.lock().even_if_poisoned())());
    }
    Interaction { widget, call }
}

/// Labels the widgets that have no label of their own with the names of the parameters, which only the kernel knows.
fn label(models: &[(Model, &str)], place: &Location<'_>) {
    let question = Question::Parameters {
        file: place.file().to_owned(),
        line: place.line(),
        column: place.column(),
    };
    let Ok(Answer::Given(Some(names))) = ask::<Option<Vec<String>>>(question) else {
        return;
    };
    for ((model, _), name) in models.iter().zip(names) {
        if model.get::<String>("description").is_some_and(|text| text.is_empty()) {
            model.set("description", name);
        }
    }
}

/// What is shown of a result, of a type of this size.
fn unless_unit(bundle: MimeBundle, size: usize) -> Option<MimeBundle> {
    (size != 0 || bundle.text() != "()").then_some(bundle)
}

macro_rules! functions {
    ($($argument:ident $control:ident),+) => {
        impl<R, F, $($argument),+> Interactive<($($argument,)+)> for F
        where
            R: ToMimeBundle,
            F: FnMut($($argument),+) -> R + Send + 'static,
            $($argument: Argument),+
        {
            fn default_controls() -> Controls<($($argument,)+)> {
                ($($argument::control(),)+).into_controls()
            }

            #[expect(non_snake_case, reason = "the variables have the names of their types")]
            fn into_call(mut self, read: Box<dyn Fn() -> ($($argument,)+) + Send>) -> Call {
                Box::new(move || {
                    let ($($argument,)+) = read();
                    unless_unit(self($($argument),+).to_mime_bundle(), size_of::<R>())
                })
            }
        }

        impl<$($argument: 'static,)+ $($control: IntoControl<$argument>),+> IntoControls<($($argument,)+)> for ($($control,)+) {
            #[expect(non_snake_case, reason = "the variables have the names of their types")]
            fn into_controls(self) -> Controls<($($argument,)+)> {
                let ($($control,)+) = self;
                $(let Control { model: $control, changes, read: $argument } = $control.into_control();
                let $control = ($control, changes);)+
                Controls {
                    models: vec![$($control),+],
                    read: Box::new(move || ($($argument(),)+)),
                }
            }
        }
    };
}

functions!(A C);
functions!(A1 C1, A2 C2);
functions!(A1 C1, A2 C2, A3 C3);
functions!(A1 C1, A2 C2, A3 C3, A4 C4);
functions!(A1 C1, A2 C2, A3 C3, A4 C4, A5 C5);
functions!(A1 C1, A2 C2, A3 C3, A4 C4, A5 C5, A6 C6);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::widgets::IntSlider;

    #[test]
    fn a_function_is_called_with_what_the_widgets_hold() {
        let (sender, received) = std::sync::mpsc::channel();
        let slider = IntSlider::new().with_value(7);
        let interaction = interactive((&slider, 0.0..=1.0), move |n: i64, share: f64| {
            sender.send((n, share)).unwrap()
        });
        assert!(received.try_recv().is_err(), "it has not been shown");
        interaction.update();
        slider.set_value(8);
        interaction.update();
        assert_eq!(received.try_iter().collect::<Vec<_>>(), [(7, 0.5), (8, 0.5)]);
        let children: Vec<String> = interaction.model().get("children").unwrap();
        assert_eq!(children.len(), 3);
    }
}
