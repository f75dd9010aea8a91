//! How far a map is, as a widget, with a button that stops it and one for each worker that ends it.

use super::MapState;
use super::text::{bundle, summary};
use crate::contract::comms::Question;
use crate::display::display;
use crate::notebook::comms::{Answer, ask};
use crate::widgets::{Button, HBox, HTML, Label, VBox, Widget};

/// How many workers have a row.
const ROWS: usize = 16;

/// The widget, and what is in it.
pub(super) struct Panel {
    state: HTML,
    stop: Button,
    whole: VBox,
    rows: Vec<Row>,
}

/// What one worker is on, and the button that ends it.
struct Row {
    pid: u32,
    end: Button,
    item: Label,
    whole: HBox,
    told: String,
}

/// What has been clicked since this was asked last.
#[derive(Debug, Default)]
pub(crate) struct Clicks {
    /// The map is to stop.
    pub(crate) stop: bool,
    /// These workers are to end.
    pub(crate) end: Vec<u32>,
}

impl Panel {
    /// Shows it; `None` where the front end has no widgets.
    pub(super) fn show(state: &MapState) -> Option<Self> {
        if !matches!(ask::<bool>(Question::HasWidgets), Ok(Answer::Given(true))) {
            return None;
        }
        let stop = Button::new()
            .with_description("Stop")
            .with_button_style("danger")
            .with_tooltip("Ends the map; what is done stays")
            .with_layout("width", "6em");
        let shown = HTML::new();
        let panel = Self {
            whole: VBox::new((&shown, &stop)),
            state: shown,
            stop,
            rows: Vec::new(),
        };
        panel.tell(state);
        display(&panel.whole);
        Some(panel)
    }

    /// Shows how far the map is now, and gives what has been clicked.
    pub(super) fn update(&mut self, state: &MapState) -> Clicks {
        self.tell(state);
        self.update_rows(state);
        let ended = self.rows.iter().filter(|row| row.end.was_clicked());
        Clicks {
            end: ended.map(|row| row.pid).collect(),
            stop: self.stop.was_clicked(),
        }
    }

    fn tell(&self, state: &MapState) {
        // Each worker's item is in its row.
        let text = MapState {
            on: Vec::new(),
            ..state.clone()
        };
        self.state.set_value(bundle(&text).html());
    }

    fn update_rows(&mut self, state: &MapState) {
        let pids: Vec<u32> = state.pids.iter().copied().take(ROWS).collect();
        let before: Vec<u32> = self.rows.iter().map(|row| row.pid).collect();
        if pids != before {
            let mut rows = std::mem::take(&mut self.rows);
            self.rows = pids
                .iter()
                .map(|pid| match rows.iter().position(|row| row.pid == *pid) {
                    Some(index) => rows.swap_remove(index),
                    None => Row::new(*pid),
                })
                .collect();
            let mut children = vec![self.state.model().clone(), self.stop.model().clone()];
            children.extend(self.rows.iter().map(|row| row.whole.model().clone()));
            self.whole.set_children(children);
            rows.iter().for_each(Row::close);
        }
        for row in &mut self.rows {
            let item = state.on.iter().find(|(pid, _)| *pid == row.pid);
            row.tell(item.map_or_else(|| "–".to_owned(), |(_, item)| format!("item {item}")));
        }
    }

    /// The map has ended: a line that sums it up stays.
    pub(super) fn end(&mut self, state: &MapState) {
        self.state
            .set_value(format!("<div style=\"font-size:90%\">{}</div>", summary(state)));
        self.whole.set_children((&self.state,));
        self.stop.close();
        self.rows.iter().for_each(Row::close);
    }
}

impl Row {
    fn new(pid: u32) -> Self {
        let end = Button::new()
            .with_description(format!("End {pid}"))
            .with_tooltip("Ends this worker; its item fails, or is tried again")
            .with_layout("width", "9em");
        let item = Label::new();
        Self {
            pid,
            whole: HBox::new((&end, &item)),
            end,
            item,
            told: String::new(),
        }
    }

    fn tell(&mut self, text: String) {
        if text != self.told {
            self.item.set_value(text.clone());
            self.told = text;
        }
    }

    fn close(&self) {
        self.whole.close();
        self.end.close();
        self.item.close();
    }
}

impl std::fmt::Debug for Panel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Panel").finish_non_exhaustive()
    }
}
