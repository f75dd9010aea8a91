//! Numbers and pixels in rows as colours.

use std::fmt::{self, Write as _};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::colours;
use crate::display::{MimeBundle, image_text};
use crate::text::grouped;

/// Of what is larger than this, each way, some rows and columns are left out.
const LARGEST: usize = 512;
/// Pictures that are smaller than this, each way, are shown larger.
const SMALL: usize = 320;

/// Something that is a pixel.
///
/// An integer from 0 to 255 or a number with a point from 0 to 1 is grey, from black to white; three of them are red, green
/// and blue.
pub trait Pixel {
    /// Red, green and blue.
    fn rgb(&self) -> [u8; 3];
}

impl Pixel for u8 {
    fn rgb(&self) -> [u8; 3] {
        [*self; 3]
    }
}

macro_rules! shares {
    ($($type:ty),*) => {
        $(impl Pixel for $type {
            fn rgb(&self) -> [u8; 3] {
                [(self.clamp(0.0, 1.0) * 255.0).round() as u8; 3]
            }
        })*
    };
}

shares!(f32, f64);

impl<P: Pixel> Pixel for [P; 3] {
    fn rgb(&self) -> [u8; 3] {
        [&self[0], &self[1], &self[2]].map(|part| part.rgb()[0])
    }
}

impl<P: Pixel> Pixel for (P, P, P) {
    fn rgb(&self) -> [u8; 3] {
        [&self.0, &self.1, &self.2].map(|part| part.rgb()[0])
    }
}

impl<P: Pixel + ?Sized> Pixel for &P {
    fn rgb(&self) -> [u8; 3] {
        (*self).rgb()
    }
}

/// A picture of pixels in rows, the first of which is at the top.
///
/// ```
/// use parcell::plot::image;
///
/// let gradient = (0..100u8).map(|row| (0..200u8).map(move |column| [column, row, 128]));
/// let shown = image(gradient);
/// assert_eq!(shown.text(), "<image, 200 × 100>");
/// ```
///
/// # Panics
///
/// If rows differ in length.
#[track_caller]
pub fn image<R>(rows: R) -> MimeBundle
where
    R: IntoIterator<Item: IntoIterator<Item: Pixel>>,
{
    Raster::of_pixels(self::rows(rows, |pixel| pixel.rgb())).bundle()
}

/// Cells in rows, and how many columns there are.
pub(super) struct Rows<T> {
    cells: Vec<T>,
    columns: usize,
}

/// What `cell` makes of all cells.
#[track_caller]
pub(super) fn rows<R, T>(rows: R, cell: impl Fn(<R::Item as IntoIterator>::Item) -> T) -> Rows<T>
where
    R: IntoIterator<Item: IntoIterator>,
{
    let mut cells = Vec::new();
    let mut columns = None;
    for (index, row) in rows.into_iter().enumerate() {
        let before = cells.len();
        cells.extend(row.into_iter().map(&cell));
        let length = cells.len() - before;
        let expected = *columns.get_or_insert(length);
        assert!(
            length == expected,
            "a picture needs rows of the same length: row 0 has {expected} columns, and row {index} {length}"
        );
    }
    Rows {
        cells,
        columns: columns.unwrap_or_default(),
    }
}

/// Colours in rows.
#[derive(Clone)]
pub(super) struct Raster {
    pixels: Vec<[u8; 3]>,
    columns: usize,
    rows: usize,
    /// Of the numbers that are shown, the least and the greatest.
    pub(super) range: Option<(f64, f64)>,
}

impl Raster {
    fn of_pixels(Rows { cells, columns }: Rows<[u8; 3]>) -> Self {
        Self {
            rows: cells.len().checked_div(columns).unwrap_or(0),
            pixels: cells,
            columns,
            range: None,
        }
    }

    pub(super) fn of_numbers(Rows { cells, columns }: Rows<f64>) -> Self {
        let finite = || cells.iter().copied().filter(|number| number.is_finite());
        let range = finite().reduce(f64::min).zip(finite().reduce(f64::max));
        let (least, greatest) = range.unwrap_or_default();
        let colour = |number: f64| match number {
            _ if !number.is_finite() => [128; 3],
            _ if least == greatest => colours::of_share(0.5),
            _ => colours::of_share((number - least) / (greatest - least)),
        };
        let pixels = cells.iter().copied().map(colour).collect();
        Self {
            range,
            ..Self::of_pixels(Rows { cells: pixels, columns })
        }
    }

    /// All colours of numbers, the greatest at the top.
    pub(super) fn of_scale() -> Self {
        const STEPS: u32 = 128;
        let numbers = (0..STEPS).rev().map(f64::from).collect();
        Self::of_numbers(Rows {
            cells: numbers,
            columns: 1,
        })
    }

    /// How many columns and rows it has.
    pub(super) fn size(&self) -> (usize, usize) {
        (self.columns, self.rows)
    }

    /// As a URL of a picture: an uncompressed bitmap, which every browser knows and no crate has to write.
    pub(super) fn url(&self) -> String {
        let pick = |length: usize| {
            let step = length.div_ceil(LARGEST).max(1);
            (0..length).step_by(step).collect::<Vec<_>>()
        };
        let (columns, rows) = (pick(self.columns), pick(self.rows));
        let line = (columns.len() * 3).next_multiple_of(4);
        let header: u32 = 54;
        let size = header + (line * rows.len()) as u32;
        let mut file = Vec::with_capacity(size as usize);
        file.extend(b"BM");
        file.extend(
            [size, 0, header, 40, columns.len() as u32]
                .iter()
                .flat_map(|word| word.to_le_bytes()),
        );
        // A height below zero begins with the row at the top.
        file.extend((-(rows.len() as i32)).to_le_bytes());
        // One plane, 24 bits for each pixel, no compression.
        file.extend([1u8, 0, 24, 0]);
        file.extend([0u8; 24]);
        for row in rows {
            let start = file.len();
            for column in &columns {
                let [red, green, blue] = self.pixels[row * self.columns + column];
                file.extend([blue, green, red]);
            }
            file.resize(start + line, 0);
        }
        format!("data:image/bmp;base64,{}", BASE64.encode(file))
    }

    fn bundle(&self) -> MimeBundle {
        let mut html = String::new();
        if self.columns > 0 {
            // Small ones are shown as large as one can see their pixels.
            let enlarged = (SMALL / self.columns.max(self.rows)).max(1);
            let width = self.columns * enlarged;
            // Writing to a string does not fail.
            let _ = write!(
                html,
                "<img src=\"{}\" width=\"{width}\" style=\"image-rendering:pixelated;max-width:100%\" alt=\"{}\">",
                self.url(),
                crate::text::escape(&self.to_string())
            );
        }
        MimeBundle::new()
            .with("text/plain", self.to_string())
            .with("text/html", html)
    }
}

impl fmt::Display for Raster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((least, greatest)) = self.range else {
            return f.write_str(&image_text(self.columns, self.rows));
        };
        let (columns, rows) = (grouped(self.columns), grouped(self.rows));
        write!(f, "{columns} × {rows} numbers from {least:?} to {greatest:?}")
    }
}

#[cfg(test)]
mod tests {
    use super::super::Number;
    use super::*;

    fn bytes(raster: &Raster) -> Vec<u8> {
        BASE64
            .decode(raster.url().strip_prefix("data:image/bmp;base64,").unwrap())
            .unwrap()
    }

    #[test]
    fn pixels_are_numbers_and_colours() {
        assert_eq!(7u8.rgb(), [7; 3]);
        assert_eq!(0.5.rgb(), [128; 3]);
        assert_eq!(2f32.rgb(), [255; 3]);
        assert_eq!([0.0, 1.0, 0.5].rgb(), [0, 255, 128]);
        assert_eq!((1u8, 2, 3).rgb(), [1, 2, 3]);
    }

    #[test]
    fn a_picture_is_a_bitmap() {
        let raster = Raster::of_pixels(rows([[[1u8, 2, 3], [4, 5, 6]]], |pixel| pixel.rgb()));
        let file = bytes(&raster);
        assert_eq!((&file[..2], file.len()), (&b"BM"[..], 54 + 8));
        assert_eq!(file[2..6], 62u32.to_le_bytes());
        assert_eq!((file[18], file[22..26].to_vec()), (2, (-1i32).to_le_bytes().to_vec()));
        assert_eq!(file[54..], [3, 2, 1, 6, 5, 4, 0, 0]);
    }

    #[test]
    fn a_large_one_has_fewer_pixels() {
        let raster = Raster::of_numbers(rows(
            (0..2000).map(|row| (0..10).map(move |column| row + column)),
            Number::to_f64,
        ));
        assert_eq!(raster.size(), (10, 2000));
        assert_eq!(bytes(&raster).len(), 54 + 32 * 500);
        assert_eq!(raster.to_string(), "10 × 2,000 numbers from 0.0 to 2008.0");
    }

    #[test]
    fn what_is_no_number_is_grey() {
        let raster = Raster::of_numbers(rows([[f64::NAN, 1.0, 1.0]], Number::to_f64));
        assert_eq!(
            raster.pixels,
            [[128; 3], colours::of_share(0.5), colours::of_share(0.5)]
        );
        let empty = Raster::of_numbers(rows(Vec::<Vec<u8>>::new(), Number::to_f64));
        assert_eq!((empty.size(), empty.range), ((0, 0), None));
        assert_eq!(image(Vec::<Vec<u8>>::new()).text(), "<image, 0 × 0>");
    }

    #[test]
    #[should_panic(expected = "row 0 has 2 columns, and row 1 1")]
    fn rows_of_different_lengths_are_refused() {
        let _ = image(vec![vec![1u8, 2], vec![3]]);
    }
}
