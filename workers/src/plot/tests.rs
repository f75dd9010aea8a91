//! What is drawn, as SVG.

use super::*;

fn count(svg: &str, what: &str) -> usize {
    svg.matches(what).count()
}

/// What only lines and points of series have.
const LINE: &str = "stroke-linejoin";
const POINT: &str = "<circle cx";

fn has_text(svg: &str, text: &str) -> bool {
    svg.split("<text ").any(|element| {
        let text_of = element.split_once('>').and_then(|(_, rest)| rest.split_once("</text>"));
        text_of.is_some_and(|(written, _)| written.trim() == text)
    })
}

#[test]
fn series_are_drawn_in_their_way() {
    let svg = line([0, 1, 2], [0.0, 1.0, 0.5])
        .label("a <b>")
        .scatter(&[0.5], &[0.5])
        .title("T & U")
        .x_label("seconds")
        .y_label("metres")
        .svg();
    assert_eq!((count(&svg, LINE), count(&svg, POINT)), (1, 1), "{svg}");
    for text in ["a &lt;b&gt;", "T &amp; U", "seconds", "metres", "role=\"img\""] {
        assert!(svg.contains(text), "{text}: {svg}");
    }
}

#[test]
fn text_and_axes_have_the_colours_of_the_theme() {
    let svg = plot([1, 2], [3, 4]).label("x").svg();
    assert!(
        svg.contains("currentColor") && svg.contains("--jp-content-font-color1"),
        "{svg}"
    );
    assert!(!svg.contains("#010203") && !svg.contains("#000000"), "{svg}");
    assert!(
        svg.starts_with("<svg ") && count(&svg, "<svg ") == count(&svg, "</svg>"),
        "{svg}"
    );
}

#[test]
fn a_line_is_interrupted_where_there_is_no_number() {
    let ys = [1.0, 2.0, f64::NAN, 3.0, 4.0];
    let svg = plot(0..5, ys).svg();
    assert_eq!(count(&svg, LINE), 2);
    assert!(svg.contains("1 point left out"), "{svg}");
    let svg = plot(0..5, [1, 10, 0, -5, 100]).log_y().svg();
    assert!(svg.contains("2 points left out") && has_text(&svg, "100"), "{svg}");
    assert!(!plot(0..2, [1, 2]).svg().contains("left out"));
}

#[test]
fn a_million_points_are_a_small_picture() {
    let xs = || (0..1_000_000).map(|n| f64::from(n) / 1e5);
    let waves = plot(xs(), xs().map(f64::sin)).svg();
    assert!(waves.len() < 200_000, "{}", waves.len());
    let cloud = scatter(xs().map(|x| (x * 777.0).sin()), xs().map(|x| (x * 333.0).cos())).svg();
    assert!(cloud.len() < 40_000_000, "{}", cloud.len());
}

#[test]
fn how_often_values_occur_is_drawn_as_bars_from_zero() {
    let values: Vec<u32> = (0..100).map(|n| n % 10).collect();
    let svg = hist(&values).bins(10).svg();
    assert_eq!(count(&svg, "height=\"0.0\"/>"), 0, "{svg}");
    assert!(count(&svg, "<rect x=") >= 10, "{svg}");
}

#[test]
fn bars_have_their_names_and_stand_beside_each_other() {
    let plot = bar(["a", "b"], [1, -2])
        .label("one")
        .bar(["b", "c"], [3, 4])
        .label("two");
    let svg = plot.svg();
    for name in ["a", "b", "c", "one", "two"] {
        assert!(has_text(&svg, name), "{name}: {svg}");
    }
    assert_eq!(plot.to_string(), "<plot: \"one\", 2 bars, \"two\", 2 bars>");
}

#[test]
fn a_heatmap_is_a_picture_with_a_scale() {
    let plot = heatmap([[1.0, 2.0], [3.0, 4.5]]);
    let svg = plot.svg();
    assert!(svg.contains("<image href=\"data:image/bmp;base64,"), "{svg}");
    assert!(has_text(&svg, "4.5") && has_text(&svg, "1.0"), "{svg}");
    assert_eq!(plot.to_string(), "<plot: 2 × 2 numbers from 1.0 to 4.5>");
}

#[test]
fn whatever_there_is_can_be_drawn() {
    let nothing: [f64; 0] = [];
    for plot in [
        plot(nothing, nothing),
        plot([1.0], [f64::NAN]),
        plot([1e300, -1e300], [1e-300, 0.0]).log_y(),
        plot([1, 1], [5, 5]).x_range(3..3),
        hist(nothing),
        bar(Vec::<String>::new(), nothing),
        heatmap(Vec::<Vec<f64>>::new()),
        line([0, 1], [u64::MAX, 0]).log_x().log_y().size(1, 1),
    ] {
        let svg = plot.svg();
        assert!(svg.ends_with("</svg>\n") || svg.ends_with("</svg>"), "{svg}");
        assert!(!svg.contains("NaN") && !svg.contains("cannot be drawn"), "{svg}");
    }
}

#[test]
#[should_panic(expected = "a plot needs as many ys as xs, and got 3 xs and 2 ys")]
fn as_many_ys_as_xs_are_needed() {
    let _ = plot([1, 2, 3], [1, 2]);
}

#[test]
fn what_is_shown_has_text_beside_it() {
    let bundle = plot([1, 2], [3, 4]).title("Growth").to_mime_bundle();
    assert_eq!(bundle.text(), "<plot \"Growth\": a line through 2 points>");
    assert!(bundle.html().starts_with("<svg "));
}

#[test]
fn a_line_goes_where_its_points_are() {
    let svg = line([0, 1, 2], [0, 10, 0])
        .x_range(0..2)
        .y_range(0..10)
        .size(640, 400)
        .svg();
    let path = svg.split("<path d=\"").nth(1).unwrap().split('"').next().unwrap();
    // The field begins at 64 and 8.
    assert_eq!(path, "M64 364l280-356l280 356", "{svg}");
    let alone = line([1], [1]).svg();
    assert!(alone.contains("l0 0\""), "{alone}");
}
