//! The widget that shows what is printed and displayed while a function runs.

use super::{Output, Widget};
use crate::contract::comms::Question;
use crate::notebook::comms::ask;
use serde_json::Value;

/// From here on everything goes to the widget; until this is dropped.
struct Redirected;

impl Output {
    /// Calls a function, and shows what it prints and displays, in the workers that it starts as well, in the widget; what
    /// the widget had goes. Threads that print meanwhile print there, too.
    ///
    /// In a program that is no notebook it is printed where it always is.
    ///
    /// ```
    /// use parcell::widgets::*;
    ///
    /// let output = Output::new();
    /// let sum = output.capture(|| {
    ///     println!("adding");
    ///     1 + 2
    /// });
    /// assert_eq!(sum, 3);
    /// ```
    pub fn capture<T>(&self, function: impl FnOnce() -> T) -> T {
        let redirected = self.redirect();
        let result = function();
        drop(redirected);
        result
    }

    fn redirect(&self) -> Option<Redirected> {
        self.model().open();
        let comm_id = self.model().comm().id().to_owned();
        // Answered when all that was printed before is where it belongs.
        let begun = ask::<Value>(Question::BeginOutput { comm_id });
        begun.is_ok().then_some(Redirected)
    }

    /// Shows nothing any more.
    pub fn clear(&self) {
        self.model().assign("outputs", Value::Array(Vec::new()));
    }
}

impl Drop for Redirected {
    fn drop(&mut self) {
        // The panic is told there, too: the kernel ends it when it has heard of that.
        if !std::thread::panicking() {
            // Where nobody answers there is no widget.
            let _ = ask::<Value>(Question::EndOutput);
        }
    }
}
