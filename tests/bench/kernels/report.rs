//! What was measured: as a table while it is measured, in the end as JSON and as a picture.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

/// How wide the picture is, and how much of that a row's longest bar may take, in pixels.
const WIDTH: u32 = 900;
const LONGEST: f64 = 480.0;
/// Where bars begin, and how high rows are, in pixels.
const LEFT: u32 = 300;
const ROW: u32 = 34;
/// Of this kernel, and of the other one.
const COLOURS: [&str; 2] = ["#b7410e", "#7a8ca0"];

/// All rows so far.
#[derive(Debug)]
pub(crate) struct Report {
    kernels: Vec<&'static str>,
    rows: Vec<Row>,
}

/// What was measured of each kernel; a kernel that does not have it has no time.
#[derive(Debug)]
struct Row {
    what: String,
    medians: Vec<Duration>,
}

impl Report {
    pub(crate) fn new(kernels: Vec<&'static str>) -> Report {
        println!(
            "{:<44}{:>12}{:>18}{:>9}",
            "",
            kernels[0],
            kernels.get(1).unwrap_or(&""),
            if kernels.len() > 1 { "ratio" } else { "" }
        );
        Report {
            kernels,
            rows: Vec::new(),
        }
    }

    /// Adds and prints the medians of what each kernel took; gives them.
    pub(crate) fn row(&mut self, what: &str, times: &[Vec<Duration>]) -> Vec<Duration> {
        let medians: Vec<Duration> = times.iter().map(|times| median(times)).collect();
        let milliseconds = |time: &Duration| format!("{:.0} ms", time.as_secs_f64() * 1e3);
        match medians.as_slice() {
            [ours, theirs] => println!(
                "{what:<44}{:>12}{:>18}{:>9.2}",
                milliseconds(ours),
                milliseconds(theirs),
                ours.as_secs_f64() / theirs.as_secs_f64()
            ),
            [ours, ..] => println!("{what:<44}{:>12}", milliseconds(ours)),
            [] => {}
        }
        self.rows.push(Row {
            what: what.to_owned(),
            medians: medians.clone(),
        });
        medians
    }

    /// Prints something that is no time.
    pub(crate) fn remark(&self, what: &str, said: &[String]) {
        let said = [0, 1].map(|index| said.get(index).map_or("", String::as_str));
        println!("  {what:<42}{:>12}{:>18}", said[0], said[1]);
    }

    /// Writes `kernels.json` and `kernels.svg`.
    pub(crate) fn write(&self, directory: &Path) -> std::io::Result<()> {
        std::fs::create_dir_all(directory)?;
        std::fs::write(directory.join("kernels.json"), format!("{:#}\n", self.json()))?;
        std::fs::write(directory.join("kernels.svg"), self.picture())
    }

    fn json(&self) -> Value {
        let rows = self.rows.iter().map(|row| {
            let times = row.medians.iter().map(|time| time.as_secs_f64());
            json!({"what": row.what, "seconds": times.collect::<Vec<_>>()})
        });
        json!({"kernels": self.kernels, "medians": rows.collect::<Vec<_>>()})
    }

    /// Bars, row by row, each row on a scale of its own.
    fn picture(&self) -> String {
        let height = ROW * u32::try_from(self.rows.len() + 1).unwrap_or(u32::MAX);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" \
             font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
        );
        for (index, kernel) in self.kernels.iter().enumerate() {
            let x = LEFT + 180 * u32::try_from(index).unwrap_or(0);
            text(&mut svg, x, 20, COLOURS[index % 2], kernel);
        }
        for (row, y) in self.rows.iter().zip((1..).map(|index| index * ROW)) {
            text(&mut svg, 8, y + 17, "black", &row.what);
            let longest = row.medians.iter().max().copied().unwrap_or_default().as_secs_f64();
            for (index, time) in row.medians.iter().enumerate() {
                let seconds = time.as_secs_f64();
                let width = (LONGEST * seconds / longest).max(1.0);
                let top = y + 3 + 13 * u32::try_from(index).unwrap_or(0);
                let colour = COLOURS[index % 2];
                // Writing to a text cannot fail.
                let _ = writeln!(
                    svg,
                    "<rect x=\"{LEFT}\" y=\"{top}\" width=\"{width:.0}\" height=\"11\" fill=\"{colour}\"/>"
                );
                let right = LEFT + 6 + format!("{width:.0}").parse::<u32>().unwrap_or(0);
                text(&mut svg, right, top + 10, "black", &format!("{:.0} ms", seconds * 1e3));
            }
        }
        svg.push_str("</svg>\n");
        svg
    }
}

fn text(svg: &mut String, x: u32, y: u32, colour: &str, text: &str) {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(svg, "<text x=\"{x}\" y=\"{y}\" fill=\"{colour}\">{text}</text>");
}

pub(crate) fn median(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted[sorted.len() / 2]
}
