//! Colours, of which those of text and lines are the theme's.
//!
//! plotters writes each colour as `#RRGGBB`. Two that nothing else has stand for the theme's, and are replaced in what has
//! been drawn.

use std::fmt;

use plotters::style::RGBColor;

/// Stands for the colour of text.
pub(super) const TEXT: RGBColor = RGBColor(0x01, 0x02, 0x03);
/// Stands for the colour of what is behind.
pub(super) const BACKGROUND: RGBColor = RGBColor(0x03, 0x02, 0x01);

/// Of series, one after the other: each can be seen on white and on black.
const SERIES: [RGBColor; 8] = [
    RGBColor(0x3b, 0x82, 0xc4),
    RGBColor(0xd9, 0x77, 0x2b),
    RGBColor(0x3f, 0x96, 0x5a),
    RGBColor(0xd0, 0x55, 0x55),
    RGBColor(0x8f, 0x73, 0xc9),
    RGBColor(0x95, 0x76, 0x63),
    RGBColor(0xc4, 0x61, 0xa5),
    RGBColor(0x2f, 0x8f, 0xa3),
];

/// From the least to the greatest, Viridis at equal distances: by van der Walt and Smith, in the public domain (CC0),
/// <https://bids.github.io/colormap>.
const SCALE: [[u8; 3]; 9] = [
    [0x44, 0x01, 0x54],
    [0x47, 0x2d, 0x7b],
    [0x3b, 0x52, 0x8b],
    [0x2c, 0x72, 0x8e],
    [0x21, 0x91, 0x8c],
    [0x28, 0xae, 0x80],
    [0x5e, 0xc9, 0x62],
    [0xad, 0xdc, 0x30],
    [0xfd, 0xe7, 0x25],
];

/// Says what the theme's colours are, where the page does not.
const STYLE: &str = "<style>.parcell-plot{color:var(--jp-content-font-color1,#333);\
--parcell-plot-background:var(--jp-layout-color0,#fff)}\
@media(prefers-color-scheme:dark){.parcell-plot{color:var(--jp-content-font-color1,#ddd);\
--parcell-plot-background:var(--jp-layout-color0,#111)}}</style>";

/// The colour of a series by its place.
pub(super) fn of_series(index: usize) -> RGBColor {
    SERIES[index % SERIES.len()]
}

/// The colour of a number between 0 and 1.
pub(super) fn of_share(share: f64) -> [u8; 3] {
    let place = share.clamp(0.0, 1.0) * (SCALE.len() - 1) as f64;
    let below = (place as usize).min(SCALE.len() - 2);
    let between = |index: usize| {
        let (from, to) = (f64::from(SCALE[below][index]), f64::from(SCALE[below + 1][index]));
        (from + (to - from) * (place - below as f64)).round() as u8
    };
    [between(0), between(1), between(2)]
}

/// A drawing in the theme's colours, so wide and so high.
pub(super) fn themed(svg: &str, (width, height): (u32, u32)) -> String {
    let themed = svg
        .replace(&Hex(TEXT).to_string(), "currentColor")
        .replace(&Hex(BACKGROUND).to_string(), "var(--parcell-plot-background)");
    // What plotters writes first is the element with the size that it was drawn in.
    let (open, drawn) = themed.split_once('>').unwrap_or((&themed, ""));
    let view = open.split_once("viewBox=").map_or("", |(_, rest)| rest);
    let view = view.split('"').nth(1).unwrap_or_default();
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" class=\"parcell-plot\" \
         viewBox=\"{view}\" width=\"{width}\" height=\"{height}\" style=\"max-width:100%;height:auto\" role=\"img\">{STYLE}{drawn}"
    )
}

/// A colour as plotters writes it.
pub(super) struct Hex(pub(super) RGBColor);

impl fmt::Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Hex(RGBColor(red, green, blue)) = self;
        write!(f, "#{red:02X}{green:02X}{blue:02X}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By the Web Content Accessibility Guidelines 2.1.
    fn luminance(RGBColor(red, green, blue): RGBColor) -> f64 {
        let linear = |part: u8| match f64::from(part) / 255.0 {
            part if part <= 0.03928 => part / 12.92,
            part => ((part + 0.055) / 1.055).powf(2.4),
        };
        0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }

    #[test]
    fn series_are_seen_in_both_themes() {
        for colour in SERIES {
            for background in [RGBColor(255, 255, 255), RGBColor(0x11, 0x11, 0x11)] {
                let (one, other) = (luminance(colour), luminance(background));
                let contrast = (one.max(other) + 0.05) / (one.min(other) + 0.05);
                assert!(contrast >= 3.0, "{colour:?} on {background:?}: {contrast}");
            }
        }
    }

    #[test]
    fn numbers_go_from_dark_to_light() {
        assert_eq!(of_share(0.0), SCALE[0]);
        assert_eq!(of_share(0.5), SCALE[4]);
        assert_eq!(of_share(2.0), SCALE[8]);
        let light = |share: f64| {
            let [red, green, blue] = of_share(share);
            luminance(RGBColor(red, green, blue))
        };
        assert!((0..100).all(|n| light(f64::from(n) / 100.0) < light(f64::from(n + 1) / 100.0)));
    }
}
