//! A series of numbers, and how it is drawn.

use std::fmt;

use crate::text::counted;

/// Numbers that belong together.
#[derive(Clone)]
pub(super) struct Series {
    pub(super) kind: Kind,
    /// Empty where there are only values.
    pub(super) xs: Vec<f64>,
    pub(super) ys: Vec<f64>,
    pub(super) label: String,
}

/// How they are drawn.
#[derive(Clone)]
pub(super) enum Kind {
    Line,
    Scatter,
    Histogram {
        /// None chooses.
        bins: Option<usize>,
    },
    Bars {
        names: Vec<String>,
    },
}

impl Series {
    pub(super) fn new(kind: Kind, xs: Vec<f64>, ys: Vec<f64>) -> Self {
        Self {
            kind,
            xs,
            ys,
            label: String::new(),
        }
    }
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |what: &str| counted(self.ys.len(), what);
        let what = match &self.kind {
            Kind::Line => format!("a line through {}", count("point")),
            Kind::Scatter => count("point"),
            Kind::Histogram { .. } => format!("how often {} occur", count("value")),
            Kind::Bars { .. } => count("bar"),
        };
        match self.label.as_str() {
            "" => f.write_str(&what),
            label => write!(f, "{label:?}, {what}"),
        }
    }
}
