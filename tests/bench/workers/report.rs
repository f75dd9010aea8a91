//! What has been measured, as text, as JSON and as a picture.

use std::path::Path;
use std::{fs, io};

use parcell::plot;
use serde::Serialize;

use crate::python::PEERS;
use crate::samples::Samples;

/// One row: how long this library and its peers take, each divided by a number of items.
#[derive(Debug, Serialize)]
pub(crate) struct Figure {
    name: &'static str,
    items: usize,
    pub(crate) ours: Samples,
    rayon: Option<Samples>,
    python: Vec<(&'static str, Samples)>,
}

/// How long something takes, by how much of it there is.
#[derive(Debug, Serialize)]
pub(crate) struct Growth {
    name: &'static str,
    unit: &'static str,
    points: Vec<(f64, Samples)>,
    exponent: Option<f64>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Report {
    cores: usize,
    figures: Vec<Figure>,
    notes: Vec<String>,
    growths: Vec<Growth>,
}

impl Figure {
    pub(crate) fn new(name: &'static str, items: usize, ours: Samples) -> Figure {
        Figure {
            name,
            items,
            ours,
            rayon: None,
            python: Vec::new(),
        }
    }

    pub(crate) fn with_rayon(self, rayon: Samples) -> Figure {
        Figure {
            rayon: Some(rayon),
            ..self
        }
    }

    pub(crate) fn with_python(self, python: Vec<(&'static str, Samples)>) -> Figure {
        Figure { python, ..self }
    }

    fn all(&self) -> impl Iterator<Item = (&'static str, &Samples)> {
        let ours = std::iter::once(("parcell", &self.ours));
        let rayon = self.rayon.iter().map(|samples| ("rayon", samples));
        ours.chain(rayon)
            .chain(self.python.iter().map(|(name, samples)| (*name, samples)))
    }

    fn print(&self) {
        let cell = |name: &str| match self.all().find(|(other, _)| *other == name) {
            Some((_, samples)) => time(samples.median() / self.items as f64),
            None => "-".to_owned(),
        };
        let cells: String = columns().map(|name| format!("{:>14}", cell(name))).collect();
        let each = |seconds: f64| time(seconds / self.items as f64);
        let spread = format!("{} to {}", each(self.ours.least()), each(self.ours.greatest()));
        println!("{:<48}{cells}   {spread}", self.name);
    }
}

fn columns() -> impl Iterator<Item = &'static str> {
    ["parcell", "rayon"].into_iter().chain(PEERS)
}

impl Growth {
    pub(crate) fn new(name: &'static str, unit: &'static str, points: impl Iterator<Item = (f64, Samples)>) -> Growth {
        let points: Vec<(f64, Samples)> = points.collect();
        Growth {
            name,
            unit,
            exponent: exponent(&points[points.len() / 2..]),
            points,
        }
    }

    fn print(&self) {
        println!("\n{}:", self.name);
        for (count, samples) in &self.points {
            println!("{count:>14} {}   {:>10}", self.unit, time(samples.median()));
        }
        if let Some(exponent) = self.exponent {
            println!("  grows with the power of {exponent:.2}, in the second half");
        }
    }
}

/// The slope of the line that fits the logarithms best; none where there are fewer than two points.
fn exponent(points: &[(f64, Samples)]) -> Option<f64> {
    let logarithms: Vec<(f64, f64)> = points
        .iter()
        .map(|(count, samples)| (count.ln(), samples.median().ln()))
        .collect();
    let count = logarithms.len() as f64;
    let (mean_x, mean_y) = logarithms.iter().fold((0.0, 0.0), |sum, point| {
        (sum.0 + point.0 / count, sum.1 + point.1 / count)
    });
    let covariance: f64 = logarithms.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let variance: f64 = logarithms.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    (variance > 0.0).then(|| covariance / variance)
}

impl Report {
    pub(crate) fn begin(cores: usize) -> Report {
        println!("{cores} cores; medians, and behind them from where to where this library's go");
        let names: String = columns().map(|name| format!("{name:>14}")).collect();
        println!("{:<48}{names}", "");
        Report {
            cores,
            figures: Vec::new(),
            notes: Vec::new(),
            growths: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, figure: Figure) {
        figure.print();
        self.figures.push(figure);
    }

    pub(crate) fn note(&mut self, note: String) {
        println!("  {note}");
        self.notes.push(note);
    }

    pub(crate) fn add_growth(&mut self, growth: Growth) {
        growth.print();
        self.growths.push(growth);
    }

    /// Writes it to `target/bench`.
    pub(crate) fn write(&self) -> io::Result<()> {
        let directory = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/bench"));
        fs::create_dir_all(directory)?;
        let json = serde_json::to_string_pretty(self).map_err(io::Error::other)?;
        fs::write(directory.join("workers.json"), json)?;
        fs::write(directory.join("workers.svg"), self.picture())?;
        println!("\nWrote workers.json and workers.svg to {}", directory.display());
        Ok(())
    }

    /// How many times as long as this library each peer takes.
    fn picture(&self) -> String {
        let mut picture = None::<plot::Plot>;
        for peer in columns() {
            let times = self.figures.iter().filter_map(|figure| {
                let (_, samples) = figure.all().find(|(name, _)| *name == peer)?;
                Some((figure.name, samples.median() / figure.ours.median()))
            });
            let (names, ratios): (Vec<&str>, Vec<f64>) = times.unzip();
            let bars = match picture {
                Some(picture) => picture.bar(names, ratios),
                None => plot::bar(names, ratios),
            };
            picture = Some(bars.label(peer));
        }
        let picture = picture.expect("there are columns");
        picture
            .log_y()
            .y_label("times as long as parcell")
            .size(1600, 500)
            .svg()
    }
}

/// A time in three digits.
fn time(seconds: f64) -> String {
    let units = [(1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")];
    let (unit, name) = units
        .into_iter()
        .find(|(unit, _)| seconds >= *unit)
        .unwrap_or((1e-9, "ns"));
    let value = seconds / unit;
    let digits = if value < 10.0 { 2 } else { usize::from(value < 100.0) };
    format!("{value:.digits$} {name}")
}
