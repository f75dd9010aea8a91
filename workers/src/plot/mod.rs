//! Pictures of numbers, for looking at them.
//!
//! ```
//! use parcell::plot::plot;
//!
//! let xs: Vec<f64> = (0..100).map(|n| f64::from(n) / 10.0).collect();
//! let sines = xs.iter().map(|x| x.sin());
//! let cosines = xs.iter().map(|x| x.cos());
//! plot(&xs, sines).label("sin").line(&xs, cosines).label("cos").title("Two waves")
//! # ;
//! ```
//!
//! At the end of a cell a plot is its result; [`display`](crate::display::display) shows it anywhere. It is an SVG whose
//! text and lines have the colours of the notebook's theme, light or dark.
//!
//! Numbers may be of any type that Rust has, and come from anything that can be iterated over: slices, vectors, ranges, arrays of
//! ndarray, iterators. What is not finite is left out, and so is what a logarithmic axis has no place for; the picture says
//! how much that is. Of long series what would be drawn over itself is left out, so that a million points can be looked at.
//!
//! This is for looking. For pictures that others are to see there are crates, such as
//! [plotters](https://docs.rs/plotters), which draws these, and [charming](https://docs.rs/charming).

mod axis;
mod bins;
mod bitmap;
mod colours;
mod drawing;
mod number;
mod series;
mod thinning;

use std::fmt::{self, Display};
use std::ops::Range;

use crate::display::{Message, MimeBundle, ToMimeBundle};
use bitmap::Raster;
pub use bitmap::{Pixel, image};
pub use number::Number;
use series::{Kind, Series};

/// A picture of some series of numbers.
// Without `Debug`, which is the other way to be displayed.
#[derive(Clone)]
#[must_use = "it is not shown before `display` gets it"]
pub struct Plot {
    series: Vec<Series>,
    raster: Option<Raster>,
    title: String,
    x: Axis,
    y: Axis,
    size: (u32, u32),
}

/// What is asked for of an axis.
#[derive(Clone, Default)]
struct Axis {
    label: String,
    is_logarithmic: bool,
    range: Option<Range<f64>>,
}

/// A line through points, as [`line()`].
///
/// # Panics
///
/// If there are not as many `ys` as `xs`.
#[track_caller]
pub fn plot<X, Y>(xs: X, ys: Y) -> Plot
where
    X: IntoIterator<Item: Number>,
    Y: IntoIterator<Item: Number>,
{
    line(xs, ys)
}

/// A line through points.
///
/// ```
/// use parcell::plot::line;
///
/// let growth = line(0..10, (0..10).map(|n| 2f64.powi(n))).log_y().y_label("cells");
/// ```
///
/// # Panics
///
/// If there are not as many `ys` as `xs`.
#[track_caller]
pub fn line<X, Y>(xs: X, ys: Y) -> Plot
where
    X: IntoIterator<Item: Number>,
    Y: IntoIterator<Item: Number>,
{
    Plot::empty().line(xs, ys)
}

/// Points.
///
/// ```
/// use parcell::plot::scatter;
///
/// let points = [(1, 2.5), (2, 3.5), (4, 3.0)];
/// let shown = scatter(points.map(|point| point.0), points.map(|point| point.1));
/// ```
///
/// # Panics
///
/// If there are not as many `ys` as `xs`.
#[track_caller]
pub fn scatter<X, Y>(xs: X, ys: Y) -> Plot
where
    X: IntoIterator<Item: Number>,
    Y: IntoIterator<Item: Number>,
{
    Plot::empty().scatter(xs, ys)
}

/// How often values occur, in intervals whose number is chosen for them: by Freedman and Diaconis, or by Sturges where that
/// gives more, as numpy's `auto`. [`bins`](Plot::bins) chooses another.
///
/// ```
/// use parcell::plot::hist;
///
/// let shown = hist([1.5, 1.7, 2.0, 2.1, 5.5]).bins(8);
/// ```
pub fn hist(values: impl IntoIterator<Item: Number>) -> Plot {
    Plot::empty().hist(values)
}

/// A bar for each name.
///
/// ```
/// use parcell::plot::bar;
///
/// let shown = bar(["Earth", "Mars"], [1, 2]).y_label("moons");
/// ```
///
/// # Panics
///
/// If there are not as many values as names.
#[track_caller]
pub fn bar<V>(names: impl IntoIterator<Item: Display>, values: V) -> Plot
where
    V: IntoIterator<Item: Number>,
{
    Plot::empty().bar(names, values)
}

/// Numbers in rows as colours, from dark for the least to light for the greatest; the first row is at the top.
///
/// ```
/// use parcell::plot::heatmap;
///
/// let distances = [[0.0, 1.0, 2.5], [1.0, 0.0, 1.5], [2.5, 1.5, 0.0]];
/// let shown = heatmap(&distances);
/// ```
///
/// # Panics
///
/// If rows differ in length.
#[track_caller]
pub fn heatmap<R>(rows: R) -> Plot
where
    R: IntoIterator<Item: IntoIterator<Item: Number>>,
{
    Plot {
        raster: Some(Raster::of_numbers(bitmap::rows(rows, Number::to_f64))),
        ..Plot::empty()
    }
}

/// Adding series.
impl Plot {
    fn empty() -> Self {
        Self {
            series: Vec::new(),
            raster: None,
            title: String::new(),
            x: Axis::default(),
            y: Axis::default(),
            size: (640, 400),
        }
    }

    /// With another line.
    ///
    /// # Panics
    ///
    /// If there are not as many `ys` as `xs`.
    #[track_caller]
    pub fn line<X, Y>(self, xs: X, ys: Y) -> Self
    where
        X: IntoIterator<Item: Number>,
        Y: IntoIterator<Item: Number>,
    {
        self.points(Kind::Line, numbers(xs), numbers(ys))
    }

    /// With more points.
    ///
    /// # Panics
    ///
    /// If there are not as many `ys` as `xs`.
    #[track_caller]
    pub fn scatter<X, Y>(self, xs: X, ys: Y) -> Self
    where
        X: IntoIterator<Item: Number>,
        Y: IntoIterator<Item: Number>,
    {
        self.points(Kind::Scatter, numbers(xs), numbers(ys))
    }

    /// With how often other values occur.
    pub fn hist(self, values: impl IntoIterator<Item: Number>) -> Self {
        let values = numbers(values);
        self.with(Series::new(Kind::Histogram { bins: None }, Vec::new(), values))
    }

    /// With bars for these names, beside those that are there.
    ///
    /// # Panics
    ///
    /// If there are not as many values as names.
    #[track_caller]
    pub fn bar<V>(self, names: impl IntoIterator<Item: Display>, values: V) -> Self
    where
        V: IntoIterator<Item: Number>,
    {
        let names: Vec<String> = names.into_iter().map(|name| name.to_string()).collect();
        let values = numbers(values);
        same_length(names.len(), values.len(), ["name", "value"]);
        self.with(Series::new(Kind::Bars { names }, Vec::new(), values))
    }

    #[track_caller]
    fn points(self, kind: Kind, xs: Vec<f64>, ys: Vec<f64>) -> Self {
        same_length(xs.len(), ys.len(), ["x", "y"]);
        self.with(Series::new(kind, xs, ys))
    }

    fn with(mut self, series: Series) -> Self {
        self.series.push(series);
        self
    }
}

/// What is written, and how it is laid out.
impl Plot {
    /// What the series that was added last is called, in the legend.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        if let Some(last) = self.series.last_mut() {
            last.label = label.into();
        }
        self
    }

    /// In how many intervals the values of the histogram that was added last are counted.
    pub fn bins(mut self, count: usize) -> Self {
        if let Some(Kind::Histogram { bins }) = self.series.last_mut().map(|last| &mut last.kind) {
            *bins = Some(count.max(1));
        }
        self
    }

    /// What stands above it.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// What stands below the axis.
    pub fn x_label(mut self, label: impl Into<String>) -> Self {
        self.x.label = label.into();
        self
    }

    /// What stands beside the axis.
    pub fn y_label(mut self, label: impl Into<String>) -> Self {
        self.y.label = label.into();
        self
    }

    /// With a logarithmic axis.
    pub fn log_x(mut self) -> Self {
        self.x.is_logarithmic = true;
        self
    }

    /// With a logarithmic axis.
    pub fn log_y(mut self) -> Self {
        self.y.is_logarithmic = true;
        self
    }

    /// From where to where the axis goes, instead of as far as there are numbers.
    pub fn x_range(mut self, range: Range<impl Number>) -> Self {
        self.x.range = Some(range.start.to_f64()..range.end.to_f64());
        self
    }

    /// From where to where the axis goes, instead of as far as there are numbers.
    pub fn y_range(mut self, range: Range<impl Number>) -> Self {
        self.y.range = Some(range.start.to_f64()..range.end.to_f64());
        self
    }

    /// Its width and height, in CSS pixels: 640 and 400 unless it is said.
    pub fn size(mut self, width: u32, height: u32) -> Self {
        self.size = (width.clamp(100, 4000), height.clamp(80, 4000));
        self
    }
}

/// Showing it.
impl Plot {
    /// The picture as SVG. Its text and axes are as dark or light as the theme that it is shown in wants.
    #[must_use]
    pub fn svg(&self) -> String {
        drawing::svg(self)
    }

    /// Shows it as the result of a cell.
    pub fn evcxr_display(&self) {
        Message::execute_result(&self.to_mime_bundle()).send();
    }
}

impl ToMimeBundle for Plot {
    fn to_mime_bundle(&self) -> MimeBundle {
        // Within the page it has the page's colours, which a picture by itself has not; and with both, notebooks would be
        // twice as large.
        MimeBundle::new()
            .with("text/plain", self.to_string())
            .with("text/html", self.svg())
    }
}

/// What is in it, for terminals.
impl Display for Plot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<plot")?;
        if !self.title.is_empty() {
            write!(f, " {:?}", self.title)?;
        }
        let parts = self.series.iter().map(Series::to_string);
        let parts: Vec<String> = parts.chain(self.raster.as_ref().map(Raster::to_string)).collect();
        write!(f, ": {}>", parts.join(", "))
    }
}

fn numbers(values: impl IntoIterator<Item: Number>) -> Vec<f64> {
    values.into_iter().map(Number::to_f64).collect()
}

#[track_caller]
fn same_length(one: usize, other: usize, [name, other_name]: [&str; 2]) {
    assert!(
        one == other,
        "a plot needs as many {other_name}s as {name}s, and got {one} {name}s and {other} {other_name}s"
    );
}

#[cfg(test)]
mod tests;
