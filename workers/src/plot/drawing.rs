//! A plot as SVG: plotters draws the frame with its axes, and here is what is drawn within.

use std::fmt::{self, Write as _};
use std::ops::Range;

use plotters::chart::ChartBuilder;
use plotters::drawing::{DrawingAreaErrorKind, IntoDrawingArea};
use plotters::prelude::SVGBackend;
use plotters::style::{Color, FontDesc, IntoFont, RGBColor, TRANSPARENT};

use super::axis::Scale;
use super::bins::Bins;
use super::colours::{self, BACKGROUND, Hex, TEXT};
use super::series::{Kind, Series};
use super::thinning::{self, Place};
use super::{Plot, Raster};
use crate::text::{counted, escape};

/// How many numbers are written along an axis, at most: one for so many pixels.
const PIXELS_FOR_X: u32 = 70;
const PIXELS_FOR_Y: u32 = 40;
const MARGIN: u32 = 8;
/// Of what is written beside the axis on the left.
const LEFT: u32 = 56;
/// Of text, in pixels.
const LINE: u32 = 18;
/// Of a letter, about.
const LETTER: u32 = 7;
const FONT: &str = "sans-serif";
/// plotters takes the size of a font with the space between lines, and writes it without.
const WITH_SPACE: f64 = 1.24;
/// Of points, and of those that are many.
const RADIUS: f64 = 3.0;
const SMALL_RADIUS: f64 = 1.5;
const MANY: usize = 2000;
/// What share of the distance between two names bars take.
const BARS: f64 = 0.8;

/// Where the series are, in pixels.
struct Field {
    x: Range<f64>,
    y: Range<f64>,
}

/// What is drawn, in the order in which it is.
struct Drawing<'a> {
    plot: &'a Plot,
    scales: (Scale, Scale),
    field: Field,
    svg: String,
    /// How many points have no place.
    left_out: usize,
}

/// The picture of a plot.
pub(super) fn svg(plot: &Plot) -> String {
    let scales = scales(plot);
    match frame(plot, &scales) {
        Ok((mut svg, field)) => {
            let mut drawing = Drawing {
                plot,
                scales,
                field,
                svg: String::new(),
                left_out: 0,
            };
            drawing.draw();
            let end = svg.rfind("</svg>").unwrap_or(svg.len());
            svg.insert_str(end, &drawing.svg);
            colours::themed(&svg, plot.size)
        }
        // What is written to memory is written.
        Err(error) => format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\"><text y=\"20\">{}</text></svg>",
            escape(&format!("the plot cannot be drawn: {error}"))
        ),
    }
}

fn scales(plot: &Plot) -> (Scale, Scale) {
    if let Some(raster) = &plot.raster {
        let (columns, rows) = raster.size();
        return (Scale::of_indices(columns, false), Scale::of_indices(rows, true));
    }
    let bins = plot.series.iter().filter_map(bins);
    let (edges, counts): (Vec<[f64; 2]>, Vec<f64>) = bins
        .map(|bins| {
            let end = bins.start + bins.width * bins.counts.len() as f64;
            let highest = bins.counts.iter().max().copied().unwrap_or_default();
            ([bins.start, end], highest as f64)
        })
        .unzip();
    let names = names(plot);
    let x = match names.is_empty() {
        true => {
            let numbers = plot.series.iter().flat_map(|series| &series.xs).copied();
            Scale::of_numbers(&plot.x, numbers.chain(edges.into_iter().flatten()))
        }
        false => {
            let width = plot.size.0.saturating_sub(LEFT + 2 * MARGIN + beside(plot));
            Scale::of_names(names, (width / LETTER) as usize)
        }
    };
    let values = plot
        .series
        .iter()
        .filter(|series| !matches!(series.kind, Kind::Histogram { .. }));
    let values = values.flat_map(|series| &series.ys).copied();
    let y = Scale::of_numbers(&plot.y, values.chain(counts));
    let stands = |series: &Series| matches!(series.kind, Kind::Histogram { .. } | Kind::Bars { .. });
    let y = match plot.y.range.is_none() && plot.series.iter().any(stands) {
        true => y.with_zero(),
        false => y,
    };
    (x, y)
}

fn bins(series: &Series) -> Option<Bins> {
    match series.kind {
        Kind::Histogram { bins } => Bins::of(&series.ys, bins),
        _ => None,
    }
}

/// Of all bars, each once.
fn names(plot: &Plot) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for series in &plot.series {
        if let Kind::Bars { names } = &series.kind {
            for name in names {
                if !all.contains(name) {
                    all.push(name.clone());
                }
            }
        }
    }
    all
}

type FrameError = DrawingAreaErrorKind<<SVGBackend<'static> as plotters::prelude::DrawingBackend>::ErrorType>;

/// The axes with what stands beside them, and where they are.
fn frame(plot: &Plot, (x, y): &(Scale, Scale)) -> Result<(String, Field), FrameError> {
    let (width, height) = plot.size;
    let mut svg = String::new();
    let range = {
        let area = SVGBackend::with_string(&mut svg, plot.size).into_drawing_area();
        let mut builder = ChartBuilder::on(&area);
        let described = |label: &str| if label.is_empty() { 0 } else { LINE };
        builder
            .margin(MARGIN)
            .margin_right(MARGIN + beside(plot))
            .x_label_area_size(28 + described(&plot.x.label))
            .y_label_area_size(LEFT + described(&plot.y.label));
        if !plot.title.is_empty() {
            builder.caption(&plot.title, font(15.0).color(&TEXT));
        }
        let mut chart = builder.build_cartesian_2d(x.clone(), y.clone())?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(TEXT.mix(0.12))
            .axis_style(TEXT.mix(0.6))
            .label_style(font(12.0).color(&TEXT))
            .axis_desc_style(font(12.5).color(&TEXT))
            .set_all_tick_mark_size(4)
            .max_light_lines(0)
            .x_labels((width / PIXELS_FOR_X) as usize)
            .y_labels((height / PIXELS_FOR_Y) as usize)
            .x_desc(&plot.x.label)
            .y_desc(&plot.y.label)
            .draw()?;
        let range = chart.plotting_area().get_pixel_range();
        area.present()?;
        range
    };
    let pixels = |range: Range<i32>| f64::from(range.start)..f64::from(range.end);
    let field = Field {
        x: pixels(range.0),
        y: pixels(range.1),
    };
    Ok((svg, field))
}

/// Letters of this size, in pixels.
fn font(size: f64) -> FontDesc<'static> {
    (FONT, size * WITH_SPACE).into_font()
}

/// How wide what stands on the right is.
fn beside(plot: &Plot) -> u32 {
    let labels = plot.series.iter().map(|series| series.label.chars().count());
    match (labels.max().unwrap_or(0), &plot.raster) {
        (_, Some(raster)) if raster.range.is_some() => 80,
        (0, _) => MARGIN,
        // More would leave nothing for the picture.
        (letters, _) => (LETTER * letters as u32 + 30).min(plot.size.0 / 3),
    }
}

impl Drawing<'_> {
    fn draw(&mut self) {
        let Field { x, y } = &self.field;
        let (left, top, width, height) = (x.start, y.start, x.end - x.start, y.end - y.start);
        // What is beyond the axes is not seen.
        self.write(format_args!(
            "<svg x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" viewBox=\"{left} {top} {width} {height}\">\n"
        ));
        if let Some(raster) = &self.plot.raster {
            self.write(format_args!(
                "<image href=\"{}\" x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" \
                 preserveAspectRatio=\"none\" style=\"image-rendering:pixelated\"/>\n",
                raster.url()
            ));
        }
        for (index, series) in self.plot.series.iter().enumerate() {
            let colour = colours::of_series(index);
            match &series.kind {
                Kind::Line => self.line(series, colour),
                Kind::Scatter => self.points(series, colour),
                Kind::Histogram { .. } => self.histogram(series, colour),
                Kind::Bars { names } => self.bars(series, names, index, colour),
            }
        }
        self.write(format_args!("</svg>\n"));
        self.legend();
        if let Some(raster) = &self.plot.raster {
            self.colour_bar(raster);
        }
        self.note();
    }

    fn line(&mut self, series: &Series, colour: RGBColor) {
        let places: Vec<Option<Place>> = self.places(series);
        // Where a point has no place, the line is interrupted.
        for part in places.split(Option::is_none).filter(|part| !part.is_empty()) {
            let part: Vec<Place> = part.iter().flatten().copied().collect();
            self.write(format_args!(
                "<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.6\" stroke-linejoin=\"round\" \
                 stroke-linecap=\"round\"/>\n",
                path(&thinning::of_line(&part)),
                Hex(colour)
            ));
        }
    }

    fn points(&mut self, series: &Series, colour: RGBColor) {
        let places: Vec<Place> = self.places(series).into_iter().flatten().collect();
        let places = thinning::of_points(&places);
        let radius = if places.len() > MANY { SMALL_RADIUS } else { RADIUS };
        self.write(format_args!("<g fill=\"{}\" fill-opacity=\"0.75\">\n", Hex(colour)));
        for (x, y) in places {
            self.write(format_args!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\"/>\n"));
        }
        self.write(format_args!("</g>\n"));
    }

    fn histogram(&mut self, series: &Series, colour: RGBColor) {
        self.left_out += series.ys.iter().filter(|value| !value.is_finite()).count();
        let Some(bins) = bins(series) else { return };
        // Those behind are seen through those in front.
        self.write(format_args!("<g fill=\"{}\" fill-opacity=\"0.7\">\n", Hex(colour)));
        for (index, count) in bins.counts.iter().enumerate() {
            let start = bins.start + bins.width * index as f64;
            self.bar(start, start + bins.width, *count as f64, 0.5);
        }
        self.write(format_args!("</g>\n"));
    }

    fn bars(&mut self, series: &Series, own: &[String], index: usize, colour: RGBColor) {
        let are_bars = |series: &&Series| matches!(series.kind, Kind::Bars { .. });
        let count = self.plot.series.iter().filter(are_bars).count() as f64;
        let before = self.plot.series[..index].iter().filter(are_bars).count() as f64;
        let width = BARS / count;
        let all = names(self.plot);
        self.write(format_args!("<g fill=\"{}\">\n", Hex(colour)));
        for (name, value) in own.iter().zip(&series.ys) {
            let place = all.iter().position(|known| known == name).unwrap_or(0) as f64;
            let start = place - BARS / 2.0 + before * width;
            self.bar(start, start + width, *value, 0.5);
        }
        self.write(format_args!("</g>\n"));
    }

    /// A bar from one place to another, with a gap of so many pixels.
    fn bar(&mut self, start: f64, end: f64, value: f64, gap: f64) {
        let (Some(left), Some(right), Some(top)) = (self.x(start), self.x(end), self.y(value)) else {
            self.left_out += usize::from(value != 0.0);
            return;
        };
        // On a logarithmic axis there is no zero.
        let bottom = self.y(0.0).unwrap_or(self.field.y.end);
        let (y, height) = (top.min(bottom), (top - bottom).abs());
        let width = (right - left - gap).max(0.3);
        self.write(format_args!(
            "<rect x=\"{left:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/>\n"
        ));
    }

    /// Where the points of a series are.
    fn places(&mut self, series: &Series) -> Vec<Option<Place>> {
        let points = series.xs.iter().zip(&series.ys);
        let places: Vec<Option<Place>> = points.map(|(x, y)| Some((self.x(*x)?, self.y(*y)?))).collect();
        self.left_out += places.iter().filter(|place| place.is_none()).count();
        places
    }

    fn x(&self, number: f64) -> Option<f64> {
        let Range { start, end } = self.field.x;
        Some(start + (end - start) * self.scales.0.share(number)?)
    }

    fn y(&self, number: f64) -> Option<f64> {
        let Range { start, end } = self.field.y;
        Some(end - (end - start) * self.scales.1.share(number)?)
    }

    /// What the series are called, beside the picture.
    fn legend(&mut self) {
        let left = self.field.x.end + 12.0;
        let mut y = self.field.y.start + 12.0;
        for (index, series) in self.plot.series.iter().enumerate() {
            if series.label.is_empty() {
                continue;
            }
            let (colour, middle) = (Hex(colours::of_series(index)), y - 4.0);
            match series.kind {
                Kind::Line => self.write(format_args!(
                    "<line x1=\"{left}\" x2=\"{}\" y1=\"{middle}\" y2=\"{middle}\" stroke=\"{colour}\" stroke-width=\"2\"/>",
                    left + 14.0
                )),
                Kind::Scatter => self.write(format_args!(
                    "<circle cx=\"{}\" cy=\"{middle}\" r=\"{RADIUS}\" fill=\"{colour}\"/>",
                    left + 7.0
                )),
                Kind::Histogram { .. } | Kind::Bars { .. } => self.write(format_args!(
                    "<rect x=\"{left}\" y=\"{}\" width=\"14\" height=\"9\" fill=\"{colour}\"/>",
                    middle - 4.5
                )),
            }
            self.text(left + 20.0, y, &series.label);
            y += f64::from(LINE);
        }
    }

    /// Which colours which numbers have.
    fn colour_bar(&mut self, raster: &Raster) {
        let Some((least, greatest)) = raster.range else { return };
        let Field { x, y } = &self.field;
        let (left, top, height) = (x.end + 12.0, y.start, y.end - y.start);
        self.write(format_args!(
            "<image href=\"{}\" x=\"{left}\" y=\"{top}\" width=\"12\" height=\"{height}\" preserveAspectRatio=\"none\"/>\n",
            Raster::of_scale().url()
        ));
        let bottom = self.field.y.end;
        self.text(left + 18.0, top + 10.0, &short(greatest));
        self.text(left + 18.0, bottom, &short(least));
    }

    /// Says what is not there, in the picture's corner.
    fn note(&mut self) {
        if self.left_out == 0 {
            return;
        }
        let note = format!("{} left out: no place on the axes", counted(self.left_out, "point"));
        let (x, y) = (self.field.x.start + 6.0, self.field.y.start + 14.0);
        let width = f64::from(LETTER) * note.len() as f64;
        self.write(format_args!(
            "<rect x=\"{}\" y=\"{}\" width=\"{width}\" height=\"{LINE}\" fill=\"{}\" fill-opacity=\"0.8\"/>",
            x - 3.0,
            y - 13.0,
            Hex(BACKGROUND)
        ));
        self.text(x, y, &note);
    }

    fn text(&mut self, x: f64, y: f64, text: &str) {
        self.write(format_args!(
            "<text x=\"{x}\" y=\"{y}\" font-family=\"{FONT}\" font-size=\"12\" fill=\"{}\">{}</text>\n",
            Hex(TEXT),
            escape(text)
        ));
    }

    fn write(&mut self, arguments: fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = self.svg.write_fmt(arguments);
    }
}

/// A line through places, each written as where it is from the one before.
fn path(places: &[Place]) -> String {
    // Tenths of pixels, so that what is rounded does not add up.
    let tenths = |(x, y): &Place| ((x * 10.0).round() as i64, (y * 10.0).round() as i64);
    let mut path = String::new();
    let mut before = (0, 0);
    for (index, place) in places.iter().map(tenths).enumerate() {
        path.push(if index == 0 { 'M' } else { 'l' });
        push_tenths(place.0 - before.0, &mut path);
        let down = place.1 - before.1;
        if down >= 0 {
            path.push(' ');
        }
        push_tenths(down, &mut path);
        before = place;
    }
    if places.len() == 1 {
        // With its round ends that is a point.
        path.push_str("l0 0");
    }
    path
}

fn push_tenths(tenths: i64, path: &mut String) {
    let sign = if tenths < 0 { "-" } else { "" };
    let (whole, rest) = (tenths.unsigned_abs() / 10, tenths.unsigned_abs() % 10);
    path.push_str(&match rest {
        0 => format!("{sign}{whole}"),
        _ => format!("{sign}{whole}.{rest}"),
    });
}

/// A number in four digits.
fn short(number: f64) -> String {
    let rounded: f64 = format!("{number:.3e}").parse().unwrap_or(number);
    format!("{rounded:?}")
}
