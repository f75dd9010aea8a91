//! What a piece of HTML says, for where HTML cannot be shown.

/// Elements before and after which a new line begins.
const BLOCKS: [&str; 17] = [
    "br", "p", "div", "li", "ul", "ol", "tr", "table", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "hr", "section",
];
/// Elements that are apart on one line.
const CELLS: [&str; 2] = ["td", "th"];
/// Elements whose content is not text.
const HIDDEN: [&str; 4] = ["script", "style", "head", "title"];

/// How much of the source is looked at: this is for terminals.
const LIMIT: usize = 64 * 1024;

/// The text of a piece of HTML, laid out in lines.
pub(super) fn of_html(source: &str) -> String {
    let mut text = Text::default();
    let mut rest = &source[..source.floor_char_boundary(LIMIT)];
    let is_cut = rest.len() < source.len();
    while !rest.is_empty() {
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
        } else if let Some((name, after)) = tag(rest) {
            let is_element = |elements: &[&str]| elements.iter().any(|element| name.eq_ignore_ascii_case(element));
            if is_element(&BLOCKS) {
                text.end_line();
            } else if is_element(&CELLS) && !rest.starts_with("</") {
                text.separate();
            }
            rest = if is_element(&HIDDEN) {
                after_end_of(name, after)
            } else {
                after
            };
        } else {
            // What it begins with may be a `<` that begins no tag.
            let next = rest.char_indices().skip(1).find(|(_, character)| *character == '<');
            let end = next.map_or(rest.len(), |(end, _)| end);
            text.push(&rest[..end]);
            rest = &rest[end..];
        }
    }
    let mut text = text.finish();
    if is_cut {
        text.push_str(" ...");
    }
    text
}

/// The name of the tag that `rest` begins with, and what follows the tag; None where `<` is only a character.
fn tag(rest: &str) -> Option<(&str, &str)> {
    let inner = rest.strip_prefix('<')?;
    let name_start = inner.strip_prefix('/').unwrap_or(inner);
    if !name_start.starts_with(|character: char| character.is_ascii_alphabetic() || character == '!') {
        return None;
    }
    let name_end =
        name_start.find(|character: char| character.is_ascii_whitespace() || matches!(character, '>' | '/'))?;
    let mut quote = None;
    for (position, character) in name_start
        .char_indices()
        .skip_while(|(position, _)| *position < name_end)
    {
        match (quote, character) {
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            (None, '>') => return Some((&name_start[..name_end], &name_start[position + 1..])),
            _ => {}
        }
    }
    None
}

/// What follows the end tag of an element.
fn after_end_of<'a>(name: &str, rest: &'a str) -> &'a str {
    let end = rest
        .match_indices("</")
        .find(|(position, _)| tag(&rest[*position..]).is_some_and(|(end, _)| end.eq_ignore_ascii_case(name)));
    end.and_then(|(position, _)| tag(&rest[position..]))
        .map_or(rest, |(_, after)| after)
}

/// Lines, with white space as a browser leaves it.
#[derive(Default)]
struct Text {
    done: String,
    line: String,
    space: bool,
}

impl Text {
    fn push(&mut self, source: &str) {
        for word in source.split_inclusive(|character: char| character.is_ascii_whitespace()) {
            let bare = word.trim_end_matches(|character: char| character.is_ascii_whitespace());
            if !bare.is_empty() {
                if self.space && !self.line.is_empty() {
                    self.line.push(' ');
                }
                self.space = false;
                unescape(bare, &mut self.line);
            }
            self.space |= bare.len() < word.len();
        }
    }

    fn separate(&mut self) {
        if !self.line.is_empty() {
            self.line.push_str("  ");
        }
        self.space = false;
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let line = line.trim_end();
        if !line.is_empty() {
            if !self.done.is_empty() {
                self.done.push('\n');
            }
            self.done.push_str(line);
        }
        self.space = false;
    }

    fn finish(mut self) -> String {
        self.end_line();
        self.done
    }
}

/// Writes text with the character references that are common in place of their characters.
fn unescape(mut source: &str, text: &mut String) {
    while let Some(start) = source.find('&') {
        text.push_str(&source[..start]);
        source = &source[start..];
        // The longest reference that is known here has nine characters.
        let end = source.bytes().take(10).position(|byte| byte == b';');
        let reference = end.and_then(|end| Some((character(&source[1..end])?, &source[end + 1..])));
        match reference {
            Some((character, rest)) => {
                text.push(character);
                source = rest;
            }
            None => {
                text.push('&');
                source = &source[1..];
            }
        }
    }
    text.push_str(source);
}

fn character(reference: &str) -> Option<char> {
    match reference {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some('\u{a0}'),
        _ => {
            let number = reference.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_become_lines_and_spaces() {
        let cases = [
            ("<b>bold</b> and  <i\nclass='a>b'>more</i>", "bold and more"),
            (
                "<h1>Title</h1>\n<p>One<br>two</p><ul><li>a</li><li>b</li></ul>",
                "Title\nOne\ntwo\na\nb",
            ),
            (
                "<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>",
                "a  b\n1  2",
            ),
            (
                "<style>b { x: '</p>' }</style>x<script>if (a < b) {}</script>y<!-- z -->",
                "xy",
            ),
            (
                "1 < 2 &amp;&amp; 3 &gt; 2 &#233;&#xe9; &unknown; & <",
                "1 < 2 && 3 > 2 éé &unknown; & <",
            ),
            ("<b>é</b>●<i>中</i>", "é●中"),
            ("", ""),
            ("<unclosed", "<unclosed"),
        ];
        for (source, text) in cases {
            assert_eq!(of_html(source), text, "{source}");
        }
    }
}
