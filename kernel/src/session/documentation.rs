//! Documentation as Markdown and as plain text, from HTML that is made of rust-analyzer's Markdown.

/// A piece of help.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Part {
    /// Rust.
    Code(String),
    /// Markdown that can be read as it is.
    Text(String),
    /// Documentation as HTML.
    Html(String),
}

/// How documentation is written down.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Style {
    Markdown,
    Plain,
}

/// The parts, one below the other.
pub(super) fn render(parts: &[Part], style: Style) -> String {
    let texts = parts.iter().map(|part| match (part, style) {
        (Part::Code(code), Style::Markdown) => format!("```rust\n{}\n```", code.trim_end()),
        (Part::Code(text) | Part::Text(text), _) => text.trim_end().to_owned(),
        (Part::Html(html), _) => from_html(html, style),
    });
    texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n\n")
}

/// What HTML says. Knows what pulldown-cmark generates; other elements count as their content.
fn from_html(html: &str, style: Style) -> String {
    let mut writer = Writer::new(style);
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        writer.text(&unescape(&rest[..start]));
        let Some(end) = rest[start..].find('>') else {
            writer.text(&unescape(&rest[start..]));
            return writer.finish();
        };
        writer.tag(&rest[start + 1..start + end]);
        rest = &rest[start + end + 1..];
    }
    writer.text(&unescape(rest));
    writer.finish()
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&#x27;", "'")
        .replace("&amp;", "&")
}

/// A list that is open.
struct List {
    /// Of the next item, where items are numbered.
    number: Option<usize>,
    /// Whether it has an item.
    begun: bool,
}

impl List {
    fn new(number: Option<usize>) -> List {
        List { number, begun: false }
    }
}

struct Writer {
    style: Style,
    out: String,
    /// What every line begins with: marks of quotes, the indentation of lists.
    margins: Vec<String>,
    lists: Vec<List>,
    /// Where links lead that are open; None for those that lead nowhere from here.
    links: Vec<Option<String>>,
    /// A list's mark has just been written: its first block stands beside it.
    beside_mark: bool,
    /// The text of a block of code, and its language.
    code: Option<(String, String)>,
    inline_code: bool,
}

impl Writer {
    fn new(style: Style) -> Writer {
        Writer {
            style,
            out: String::new(),
            margins: Vec::new(),
            lists: Vec::new(),
            links: Vec::new(),
            beside_mark: false,
            code: None,
            inline_code: false,
        }
    }

    fn finish(self) -> String {
        self.out.trim_end().to_owned()
    }

    fn tag(&mut self, tag: &str) {
        let name = tag.trim_end_matches('/').split_whitespace().next().unwrap_or_default();
        match name {
            "p" => self.block(),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.block();
                // Below the headings of whoever shows it.
                let level = (name[1..].parse().unwrap_or(1) + 2).min(6);
                self.mark(&format!("{} ", "#".repeat(level)));
            }
            "pre" => self.code = Some((String::new(), String::new())),
            "/pre" => self.end_code(),
            "code" => match &mut self.code {
                Some((_, language)) => *language = attribute(tag, "class").unwrap_or_default(),
                None => self.toggle_code(),
            },
            "/code" if self.code.is_none() => self.toggle_code(),
            "em" | "/em" => self.mark("*"),
            "strong" | "/strong" => self.mark("**"),
            "sup" => self.out.push('^'),
            "br" => self.line(),
            "hr" if self.style == Style::Markdown => {
                self.block();
                self.mark("---");
            }
            "blockquote" => {
                self.block();
                self.margins.push("> ".to_owned());
                self.out.push_str("> ");
                self.beside_mark = true;
            }
            "/blockquote" => drop(self.margins.pop()),
            "ul" => self.lists.push(List::new(None)),
            "ol" => {
                let start = attribute(tag, "start").and_then(|start| start.parse().ok());
                self.lists.push(List::new(Some(start.unwrap_or(1))));
            }
            "/ul" | "/ol" => drop(self.lists.pop()),
            "li" => self.item(),
            "/li" => drop(self.margins.pop()),
            "a" => self.open_link(tag),
            "/a" => self.close_link(),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if let Some((code, _)) = &mut self.code {
            code.push_str(text);
            return;
        }
        // Between blocks.
        if text.is_empty() || (text.trim().is_empty() && text.contains('\n')) {
            return;
        }
        for (index, line) in text.split('\n').enumerate() {
            if index > 0 {
                self.line();
            }
            match self.style {
                Style::Markdown if !self.inline_code => self.out.push_str(&escape(line)),
                _ => self.out.push_str(line),
            }
        }
        self.beside_mark = false;
    }

    /// A mark that only Markdown has.
    fn mark(&mut self, mark: &str) {
        if self.style == Style::Markdown {
            self.out.push_str(mark);
            self.beside_mark = false;
        }
    }

    fn toggle_code(&mut self) {
        self.mark("`");
        self.inline_code = !self.inline_code;
    }

    fn line(&mut self) {
        self.out.push('\n');
        self.out.push_str(&self.margins.concat());
    }

    /// Begins a block, with an empty line before it.
    fn block(&mut self) {
        if std::mem::take(&mut self.beside_mark) || self.out.is_empty() {
            return;
        }
        self.out.push('\n');
        self.line();
    }

    fn item(&mut self) {
        let (mark, begun) = match self.lists.last_mut() {
            None => ("- ".to_owned(), false),
            Some(list) => {
                let mark = list.number.map_or("- ".to_owned(), |number| format!("{number}. "));
                list.number = list.number.map(|number| number + 1);
                (mark, std::mem::replace(&mut list.begun, true))
            }
        };
        if begun {
            self.line();
        } else {
            self.block();
        }
        self.margins.push(" ".repeat(mark.len()));
        self.out.push_str(&mark);
        self.beside_mark = true;
    }

    fn end_code(&mut self) {
        let Some((code, language)) = self.code.take() else {
            return;
        };
        self.block();
        let language = language.trim_start_matches("language-");
        // rustdoc takes it for Rust, and does not show lines that begin so.
        let is_rust = language.is_empty() || language.split(',').next() == Some("rust");
        let hidden = |line: &&str| is_rust && (line.trim() == "#" || line.trim_start().starts_with("# "));
        let lines: Vec<&str> = code.trim_end().lines().filter(|line| !hidden(line)).collect();
        let fence = |language: &str| format!("```{language}");
        let lines: Vec<String> = match self.style {
            Style::Markdown => [fence(if is_rust { "rust" } else { language })]
                .into_iter()
                .chain(lines.into_iter().map(str::to_owned))
                .chain([fence("")])
                .collect(),
            // Signatures come with their language, examples without.
            Style::Plain if language.is_empty() => lines.iter().map(|line| format!("    {line}")).collect(),
            Style::Plain => lines.into_iter().map(str::to_owned).collect(),
        };
        for (index, line) in lines.iter().enumerate() {
            if index > 0 {
                self.line();
            }
            self.out.push_str(line);
        }
    }

    fn open_link(&mut self, tag: &str) {
        let target = attribute(tag, "href").filter(|target| target.starts_with("http"));
        if target.is_some() {
            self.mark("[");
        }
        self.links.push(target);
    }

    fn close_link(&mut self) {
        if let Some(Some(target)) = self.links.pop() {
            self.mark(&format!("]({})", unescape(&target)));
        }
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!("{name}=\""))?;
    rest.split_once('"').map(|(value, _)| value.to_owned())
}

/// Text that Markdown would take for something else.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '\\' | '`' | '*' | '<' | '[') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    const HTML: &str = "<pre><code class=\"language-rust\">fn f&lt;T&gt;()\n</code></pre>\n<hr />\n<p>Takes <code>a&lt;b&gt;</code> \
        and\n<em>more</em>, x &lt; y. See <a href=\"https://a.b/c\"><code>g</code></a> and <a href=\"crate::h\">h</a>.</p>\n\
        <h1>Examples</h1>\n<pre><code># hidden\nf();\n\n# #[x]\n</code></pre>\n<ul>\n<li>one\ntwo</li>\n<li><p>three</p>\n\
        <pre><code class=\"language-text\">x\ny\n</code></pre>\n</li>\n</ul>\n<blockquote>\n<p>said</p>\n</blockquote>\n\
        <ol start=\"3\">\n<li>c</li>\n</ol>\n";

    #[test]
    fn html_becomes_markdown() {
        assert_eq!(
            from_html(HTML, Style::Markdown),
            "```rust\nfn f<T>()\n```\n\n---\n\nTakes `a<b>` and\n*more*, x \\< y. See [`g`](https://a.b/c) and h.\n\n\
             ### Examples\n\n```rust\nf();\n\n```\n\n- one\n  two\n- three\n\n  ```text\n  x\n  y\n  ```\n\n> said\n\n3. c"
        );
    }

    #[test]
    fn html_becomes_plain_text() {
        let plain = from_html(HTML, Style::Plain);
        assert!(plain.starts_with("fn f<T>()\n\nTakes"), "{plain}");
        assert!(
            plain.contains("\nTakes a<b> and\nmore, x < y. See g and h.\n\nExamples\n\n    f();\n"),
            "{plain}"
        );
    }

    #[test]
    fn parts_stand_below_each_other() {
        let parts = [Part::Code("let a: u8\n".to_owned()), Part::Text("Text.".to_owned())];
        assert_eq!(render(&parts, Style::Markdown), "```rust\nlet a: u8\n```\n\nText.");
        assert_eq!(render(&parts, Style::Plain), "let a: u8\n\nText.");
    }
}
