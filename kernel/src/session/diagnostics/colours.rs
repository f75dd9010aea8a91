//! The colours of errors. JupyterLab shows errors on pink or, in its dark theme, on maroon, and no colour of text can be read
//! on both: what is to stand out has a background of its own, and all else is as the theme has text.

use annotate_snippets::Renderer;
use annotate_snippets::renderer::{Color, RgbColor, Style};

const WHITE: Color = Color::Rgb(RgbColor(255, 255, 255));
/// JupyterLab's intense red and blue, on which white has a contrast of 6.3 and 5.6.
const RED: Color = Color::Rgb(RgbColor(0xb2, 0x2b, 0x31));
const BLUE: Color = Color::Rgb(RgbColor(0x00, 0x65, 0xca));

const WRONG: Style = Style::new().fg_color(Some(WHITE)).bg_color(Some(RED)).bold();
const RELATED: Style = Style::new().fg_color(Some(WHITE)).bg_color(Some(BLUE)).bold();
const PLAIN: Style = Style::new();
const HEADING: Style = Style::new().bold();

/// What went wrong, in a word.
pub(in crate::session) fn wrong(text: &str) -> String {
    format!("{WRONG}{text}{WRONG:#}")
}

/// Draws errors with them.
pub(super) fn renderer() -> Renderer {
    Renderer::styled()
        .error(WRONG)
        .warning(WRONG)
        .context(RELATED)
        .line_num(PLAIN)
        .emphasis(HEADING)
        .info(HEADING)
        .note(HEADING)
        .help(HEADING)
}
