//! The expressions that a client wants evaluated when a cell has run: one after another, as cells of which nothing is
//! broadcast, each with a result of its own.

use super::execution::Running;
use crate::session::{CellError, CellId, Content, MimeBundle, Outcome};
use serde_json::{Map, Value, json};
use std::collections::VecDeque;

/// The evaluation of one cell's expressions.
#[derive(Debug)]
pub(super) struct Evaluation {
    /// The cell, which has run and has not been answered.
    pub(super) ended: Running,
    waiting: VecDeque<(String, Value)>,
    current: Option<Current>,
    results: Map<String, Value>,
}

#[derive(Debug)]
struct Current {
    cell: CellId,
    name: String,
    data: Option<MimeBundle>,
}

impl Evaluation {
    pub(super) fn new(ended: Running) -> Evaluation {
        let expressions = &ended.submission.execute.user_expressions;
        Evaluation {
            waiting: expressions.clone().into_iter().collect(),
            ended,
            current: None,
            results: Map::new(),
        }
    }

    /// The code of the next expression, to be run as this cell; None when all have been evaluated.
    pub(super) fn start_next(&mut self, cell: CellId) -> Option<String> {
        while let Some((name, expression)) = self.waiting.pop_front() {
            match expression {
                Value::String(code) => {
                    let data = None;
                    self.current = Some(Current { cell, name, data });
                    return Some(code);
                }
                other => {
                    let error = CellError {
                        ename: "MalformedRequest".to_owned(),
                        evalue: format!("an expression is a string, not {other}"),
                        traceback: Vec::new(),
                    };
                    self.results.insert(name, failed(&error));
                }
            }
        }
        None
    }

    /// Whether the expression that is evaluated runs as this cell.
    pub(super) fn runs_as(&self, cell: CellId) -> bool {
        self.current.as_ref().is_some_and(|current| current.cell == cell)
    }

    /// Takes what the expression shows. What it prints is nobody's.
    pub(super) fn take(&mut self, content: Content) {
        let Some(current) = &mut self.current else { return };
        match content {
            Content::ExecuteResult { data, .. } => current.data = Some(data),
            Content::DisplayData { data, .. } => _ = current.data.get_or_insert(data),
            _ => {}
        }
    }

    /// The expression has been evaluated.
    pub(super) fn finish(&mut self, outcome: Outcome) {
        let Some(Current { name, data, .. }) = self.current.take() else {
            return;
        };
        let result = match outcome {
            Outcome::Ok => {
                // Only `()` shows nothing.
                let data = data.unwrap_or_else(|| MimeBundle::from_iter([("text/plain".to_owned(), "()".into())]));
                json!({"status": "ok", "data": data, "metadata": {}})
            }
            Outcome::Error(error) => failed(&error),
        };
        self.results.insert(name, result);
    }

    /// The cell, and what its expressions came to.
    pub(super) fn into_results(self) -> (Running, Map<String, Value>) {
        (self.ended, self.results)
    }
}

fn failed(error: &CellError) -> Value {
    let CellError {
        ename,
        evalue,
        traceback,
    } = error;
    json!({"status": "error", "ename": ename, "evalue": evalue, "traceback": traceback})
}
