//! Completion: what could stand at the cursor.
//!
//! Magics, commands and crates are known here, and so is the notebook as the last cell left it; for the rest rust-analyzer
//! is asked. Where it has other work, what is known here is the answer.

use std::cmp::Reverse;
use std::ops::Range;

use super::crates;
use super::knowledge::Knowledge;
use crate::cell::{self, Cursor, Excerpt, MagicHelp, OptionHelp};
use crate::evaluation::{self, CELL_FUNCTION, Look, STORE};

/// What could stand at the cursor.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Completions {
    pub(crate) matches: Vec<Completion>,
    /// Where the text to be replaced begins and ends, in Unicode code points.
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// One thing that could stand at the cursor.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Completion {
    pub(crate) text: String,
    /// What it is, in a word.
    pub(crate) kind: String,
    /// Its type, its parameters, or what it does, where that is known.
    pub(crate) signature: Option<String>,
}

/// What is to be completed.
#[derive(Debug)]
pub(super) struct CompletionContext {
    code: String,
    /// In bytes.
    position: usize,
    pub(super) cursor: Cursor,
}

/// Completions of a piece of Rust, and where the text that they replace begins in it.
#[derive(Debug)]
pub(super) struct InRust {
    start: usize,
    matches: Vec<Completion>,
}

impl CompletionContext {
    /// `cursor` is in Unicode code points.
    pub(super) fn new(code: &str, cursor: usize, knowledge: &Knowledge) -> CompletionContext {
        let position = byte_position(code, cursor);
        CompletionContext {
            code: code.to_owned(),
            position,
            cursor: cell::cursor(code, position, knowledge),
        }
    }

    /// The answer, except for Rust, for which it is empty. Blocks for some milliseconds.
    pub(super) fn answer(&self, knowledge: &Knowledge) -> Completions {
        match &self.cursor {
            Cursor::Magic { word } => self.among(word.clone(), cell::MAGICS.iter().map(of_magic)),
            Cursor::Option { magic, word } => self.among(word.clone(), options(magic)),
            Cursor::Command { word } => self.among(word.clone(), cell::commands().iter().map(of_command)),
            Cursor::Crate { word } => self.among(word.clone(), crate_names(knowledge)),
            Cursor::Rust(_) | Cursor::Other => self.nothing(),
        }
    }

    /// The answer for Rust.
    pub(super) fn answer_with(&self, found: InRust, excerpt: &Excerpt) -> Completions {
        let start = excerpt.map.place(found.start..excerpt.position).range().start;
        // The rest of the word that the cursor is in is replaced too.
        let end = if start == self.position {
            start
        } else {
            self.position + word_length(&self.code[self.position..])
        };
        self.replacing(start..end, found.matches)
    }

    /// Those candidates that begin as the word does up to the cursor.
    fn among(&self, word: Range<usize>, candidates: impl IntoIterator<Item = Completion>) -> Completions {
        let prefix = &self.code[word.start..self.position];
        let mut matches: Vec<_> = candidates
            .into_iter()
            .filter(|candidate| candidate.text.starts_with(prefix))
            .collect();
        matches.sort_by(|one, other| one.text.cmp(&other.text));
        self.replacing(word, matches)
    }

    fn nothing(&self) -> Completions {
        self.replacing(self.position..self.position, Vec::new())
    }

    fn replacing(&self, range: Range<usize>, matches: Vec<Completion>) -> Completions {
        let characters = |position: usize| self.code[..position].chars().count();
        Completions {
            matches,
            start: characters(range.start),
            end: characters(range.end),
        }
    }
}

/// A place in Unicode code points as one in bytes, inside the code.
pub(super) fn byte_position(code: &str, cursor: usize) -> usize {
    code.char_indices()
        .nth(cursor)
        .map_or(code.len(), |(position, _)| position)
}

fn of_magic(magic: &MagicHelp) -> Completion {
    Completion {
        text: magic.name.to_owned(),
        kind: "magic".to_owned(),
        signature: Some(magic.summary.to_owned()),
    }
}

fn options(magic: &MagicHelp) -> impl Iterator<Item = Completion> {
    let flags = |option: &'static OptionHelp| option.flags().map(move |flag| (option, flag));
    magic.options.iter().flat_map(flags).map(|(option, flag)| Completion {
        text: flag.to_owned(),
        kind: "option".to_owned(),
        signature: Some(match option.value {
            Some(value) => format!("{value}: {}", option.description()),
            None => option.description(),
        }),
    })
}

fn of_command(command: &cell::CommandHelp) -> Completion {
    Completion {
        text: command.name.to_owned(),
        kind: "command".to_owned(),
        signature: Some(command.summary.to_owned()),
    }
}

fn crate_names(knowledge: &Knowledge) -> impl Iterator<Item = Completion> {
    let mut names = crates::at_hand().clone();
    names.extend(knowledge.crates().map(str::to_owned));
    names.into_iter().map(|text| Completion {
        text,
        kind: "module".to_owned(),
        signature: None,
    })
}

/// What rust-analyzer finds in a piece of Rust.
pub(super) fn ask(look: &mut Look<'_>, excerpt: &Excerpt, knowledge: &Knowledge) -> InRust {
    let (text, position) = (excerpt.map.text(), excerpt.position);
    let prefix = prefix(text, position);
    // rust-analyzer would look only for what fits the whole of the word that the cursor is in.
    let tail = if prefix.is_empty() {
        0
    } else {
        word_length(&text[position..])
    };
    let asked = format!("{}{}", &text[..position], &text[position + tail..]);
    let found = look.completions(&asked, position).unwrap_or_else(|error| {
        tracing::debug!(%error, "no completions");
        Vec::new()
    });
    if found.is_empty() {
        return from_knowledge(excerpt, knowledge);
    }
    let is_member = is_behind(text, position - prefix.len(), ".");
    let candidates = found
        .into_iter()
        .filter(|found| !is_internal(&found.text))
        .map(|found| ranked(found, is_member, knowledge));
    InRust {
        start: position - prefix.len(),
        matches: sorted(candidates, prefix, knowledge),
    }
}

/// What can be said without rust-analyzer.
pub(super) fn from_knowledge(excerpt: &Excerpt, knowledge: &Knowledge) -> InRust {
    let (text, position) = (excerpt.map.text(), excerpt.position);
    let prefix = prefix(text, position);
    let start = position - prefix.len();
    if is_behind(text, start, ".") || is_behind(text, start, "::") {
        let matches = Vec::new();
        return InRust { start, matches };
    }
    let variables = knowledge
        .variables()
        .map(|(name, _)| unranked(candidate(name, "instance", false, knowledge)));
    let items = knowledge.items().map(|item| {
        let definition = &item.definition;
        let bang = if definition.kind == cell::DefinitionKind::Macro {
            "!"
        } else {
            ""
        };
        let name = format!("{}{bang}", definition.name);
        unranked(candidate(&name, definition.kind.name(), false, knowledge))
    });
    let keywords = KEYWORDS
        .iter()
        .map(|keyword| unranked(candidate(keyword, "keyword", false, knowledge)));
    let candidates: Vec<_> = variables.chain(items).chain(keywords).collect();
    InRust {
        start,
        matches: sorted(candidates, prefix, knowledge),
    }
}

/// One of rust-analyzer's completions, reduced to a name, with what the notebook knows about it.
fn candidate(code: &str, kind: &str, is_member: bool, knowledge: &Knowledge) -> Completion {
    let text = plain_name(code);
    let name = text.trim_end_matches('!');
    let (kind, signature) = match kind {
        "function" if is_member => ("method", None),
        "instance" if is_member => ("field", None),
        _ if is_member => (kind, None),
        "keyword" => ("keyword", None),
        _ => match (knowledge.variable(name), knowledge.item(name)) {
            (Some(type_), _) => ("variable", Some(format!("{name}: {type_}"))),
            (None, Some(item)) => {
                let signature = item.definition.signature.split_whitespace();
                (
                    item.definition.kind.name(),
                    Some(signature.collect::<Vec<_>>().join(" ")),
                )
            }
            (None, None) if text.ends_with('!') => ("macro", None),
            (None, None) => (kind, None),
        },
    };
    Completion {
        kind: kind.to_owned(),
        signature,
        text,
    }
}

/// The name that a snippet of rust-analyzer's begins with: `push` of `push(value)`, `for` of `for $1 in $2 {`.
fn plain_name(snippet: &str) -> String {
    let belongs = |character: char| character.is_alphanumeric() || matches!(character, '_' | ':' | '!' | '#' | '\'');
    let end = snippet.find(|character| !belongs(character)).unwrap_or(snippet.len());
    snippet[..end].trim_end_matches(':').to_owned()
}

/// What could stand at a place, and how far down in the list.
struct Ranked {
    completion: Completion,
    /// It begins with the word that is there, without what leads to it.
    name: String,
    /// As rust-analyzer tells it; 0 where nothing is known.
    distance: usize,
    relevance: u32,
    is_deprecated: bool,
}

impl Ranked {
    /// Whether it is not in scope.
    fn is_elsewhere(&self) -> bool {
        self.completion.text != self.name
    }
}

fn unranked(completion: Completion) -> Ranked {
    Ranked {
        name: completion.text.clone(),
        completion,
        distance: 0,
        relevance: 0,
        is_deprecated: false,
    }
}

/// One of rust-analyzer's completions, with what it and the notebook know about it. What is not in scope has its path.
fn ranked(found: evaluation::Completion, is_member: bool, knowledge: &Knowledge) -> Ranked {
    let mut completion = candidate(&found.text, found.kind, is_member, knowledge);
    let name = completion.text.clone();
    if completion.signature.is_none() {
        completion.signature = found.detail.map(|detail| signature_of(&name, &detail));
    }
    if let Some(path) = found.path {
        let bang = if name.ends_with('!') { "!" } else { "" };
        completion.text = format!("{path}{bang}");
    }
    Ranked {
        completion,
        name,
        distance: found.distance,
        // Among methods it is the number of parameters that it goes by.
        relevance: if is_member { 0 } else { found.relevance },
        is_deprecated: found.is_deprecated,
    }
}

/// What rust-analyzer says of something, as a signature: `len: usize`, `fn len(&self) -> usize`.
fn signature_of(name: &str, detail: &str) -> String {
    let detail = detail.split_whitespace().collect::<Vec<_>>().join(" ");
    let visible = detail.strip_prefix("pub ").unwrap_or(&detail);
    if visible.contains("fn ") || visible.contains(name.trim_end_matches('!')) {
        visible.to_owned()
    } else {
        format!("{name}: {visible}")
    }
}

/// Without repetitions, those that do not fit left out: what is the notebook's own first, what is internal by its
/// name last.
fn sorted(candidates: impl IntoIterator<Item = Ranked>, prefix: &str, knowledge: &Knowledge) -> Vec<Completion> {
    let mut matches: Vec<Ranked> = candidates
        .into_iter()
        .filter(|candidate| !candidate.name.is_empty() && candidate.name.starts_with(prefix))
        .collect();
    let rank = |completion: &Completion| match completion.kind.as_str() {
        "variable" => 0,
        "field" if knowledge.has_field(&completion.text) => 0,
        "keyword" => 2,
        _ => 1,
    };
    matches.sort_by_cached_key(|candidate| {
        let Ranked {
            completion,
            name,
            distance,
            relevance,
            is_deprecated,
        } = candidate;
        (
            (name.starts_with('_') || *is_deprecated, candidate.is_elsewhere()),
            (rank(completion), *distance, Reverse(*relevance)),
            (name.to_lowercase(), completion.text.clone()),
        )
    });
    let has_any_in_scope = matches.iter().any(|candidate| !candidate.is_elsewhere());
    let is_of_type = prefix.starts_with(char::is_uppercase);
    // What is in scope is meant, unless a type may be.
    matches.retain(|candidate| !candidate.is_elsewhere() || is_of_type || !has_any_in_scope);
    let mut seen = std::collections::HashSet::new();
    let mut matches: Vec<_> = matches.into_iter().map(|candidate| candidate.completion).collect();
    matches.retain(|completion| seen.insert(completion.text.clone()));
    matches
}

/// Whether it is one of the names that are generated.
fn is_internal(code: &str) -> bool {
    [
        STORE,
        CELL_FUNCTION,
        "PARCELL_IS_LINKED",
        "ParcellCellError",
        "parcell_all_fit",
        "parcell_item",
        "parcell_index",
    ]
    .iter()
    .any(|internal| code.starts_with(internal))
}

/// The part of a word that is before the position.
fn prefix(text: &str, position: usize) -> &str {
    let before = &text[..position];
    let start = before
        .char_indices()
        .rev()
        .take_while(|(_, character)| is_word(*character))
        .last()
        .map_or(position, |(start, _)| start);
    &before[start..]
}

/// How many bytes of a word the text begins with.
fn word_length(text: &str) -> usize {
    text.find(|character| !is_word(character)).unwrap_or(text.len())
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Whether this stands before the position, and it is not the end of a range.
fn is_behind(text: &str, position: usize, joint: &str) -> bool {
    let before = text[..position].trim_end();
    before.ends_with(joint) && !before.ends_with("..")
}

const KEYWORDS: &[&str] = &[
    "as", "async", "await", "break", "const", "continue", "crate", "dyn", "else", "enum", "extern", "false", "fn",
    "for", "if", "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return", "self", "static",
    "struct", "super", "trait", "true", "type", "unsafe", "use", "where", "while",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn knowledge() -> Knowledge {
        let mut knowledge = Knowledge::default();
        knowledge.set_variables([("numbers".to_owned(), "Vec<u64>".to_owned())].into());
        knowledge.learn(
            1,
            ":dep my-crate = \"1\"\n/// Norm.\nfn norm(a: u8) -> u8 { a }\nstruct P { x: u8 }",
        );
        knowledge
    }

    /// The completions at `¦` that can be given without rust-analyzer, and the text that they replace.
    fn completed(marked: &str) -> (Vec<String>, String) {
        let cursor = marked.chars().position(|character| character == '¦').unwrap();
        let code = marked.replacen('¦', "", 1);
        let knowledge = knowledge();
        let question = CompletionContext::new(&code, cursor, &knowledge);
        let found = match &question.cursor {
            Cursor::Rust(excerpt) => question.answer_with(from_knowledge(excerpt, &knowledge), excerpt),
            _ => question.answer(&knowledge),
        };
        let replaced = code.chars().take(found.end).skip(found.start).collect();
        (found.matches.into_iter().map(|found| found.text).collect(), replaced)
    }

    #[test]
    fn magics_options_commands_and_crates_are_completed() {
        assert_eq!(completed("%%po¦"), (vec!["%%pool".to_owned()], "%%po".to_owned()));
        assert_eq!(
            completed("// é 😀\n%%pro¦"),
            (vec!["%%process".to_owned()], "%%pro".to_owned())
        );
        assert_eq!(
            completed("%%pool --kee¦ 0..3"),
            (vec!["--keep-going".to_owned()], "--kee".to_owned())
        );
        assert_eq!(completed(":show¦").0, [":show_deps"]);
        assert!(completed(":dep ¦").0.contains(&"rayon".to_owned()));
        assert_eq!(completed(":dep my-c¦").0, ["my-crate"]);
    }

    #[test]
    fn rust_is_completed_from_what_is_known() {
        assert_eq!(
            completed("let e\u{301} = \"😀\"; nu¦m"),
            (vec!["numbers".to_owned()], "num".to_owned())
        );
        assert_eq!(completed("n¦").0, ["numbers", "norm"]);
        assert_eq!(completed("numbers.l¦").0, Vec::<String>::new());
        assert_eq!(completed("wh¦").0, ["where", "while"]);
        assert_eq!(completed("%%pool num¦ -> a\nfn f(a: u64) {}").0, ["numbers"]);
    }

    #[test]
    fn snippets_become_names() {
        for (snippet, name) in [
            ("push(${1:value})$0", "push"),
            ("println!($0)", "println!"),
            ("for $1 in $2 {\n}", "for"),
            ("collections::", "collections"),
            ("r#type", "r#type"),
            ("Some(())", "Some"),
        ] {
            assert_eq!(plain_name(snippet), name);
        }
    }

    #[test]
    fn types_and_kinds_come_with_the_names() {
        let knowledge = knowledge();
        let found = candidate("numbers", "instance", false, &knowledge);
        assert_eq!(
            (found.kind.as_str(), found.signature.as_deref()),
            ("variable", Some("numbers: Vec<u64>"))
        );
        let found = candidate("norm(a)", "function", false, &knowledge);
        assert_eq!(found.signature.as_deref(), Some("fn norm(a: u8) -> u8"));
        assert_eq!(candidate("len()", "function", true, &knowledge).kind, "method");
        assert_eq!(candidate("vec![]", "function", false, &knowledge).kind, "macro");
    }

    /// One of rust-analyzer's.
    fn found(text: &str, kind: &'static str, distance: usize, relevance: u32) -> evaluation::Completion {
        evaluation::Completion {
            text: text.to_owned(),
            kind,
            detail: None,
            path: None,
            distance,
            relevance,
            is_deprecated: false,
        }
    }

    fn texts(found: impl IntoIterator<Item = evaluation::Completion>, prefix: &str, is_member: bool) -> Vec<String> {
        let knowledge = knowledge();
        let ranked = found.into_iter().map(|found| ranked(found, is_member, &knowledge));
        let sorted = sorted(ranked, prefix, &knowledge).into_iter();
        sorted.map(|completion| completion.text).collect()
    }

    #[test]
    fn what_is_nearer_and_fits_better_comes_first_and_what_is_internal_last() {
        let members = [
            found("__a()", "function", 0, 9),
            found("align_to()", "function", 1, 9),
            found("len()", "function", 0, 5),
            found("push(${1:value})", "function", 0, 5),
            found("x", "instance", 0, 0),
            found("iter()", "function", 1, 9),
            evaluation::Completion {
                is_deprecated: true,
                ..found("connect()", "function", 0, 9)
            },
        ];
        let sorted = texts(members, "", true);
        assert_eq!(sorted, ["x", "len", "push", "align_to", "iter", "__a", "connect"]);
        let paths = [found("from()", "function", 0, 5), found("new()", "function", 0, 7)];
        assert_eq!(texts(paths, "", false), ["new", "from"]);
    }

    #[test]
    fn what_is_not_in_scope_has_its_path_and_comes_behind_what_is() {
        let elsewhere = |path: &str, kind| evaluation::Completion {
            path: Some(path.to_owned()),
            ..found(path.rsplit(':').next().unwrap(), kind, 0, 9)
        };
        let types = [
            elsewhere("std::collections::HashMap", "class"),
            elsewhere("std::hash::Hash", "class"),
            found("HashTable", "class", 0, 1),
            found("HashTable", "class", 0, 1),
        ];
        assert_eq!(
            texts(types, "Hash", false),
            ["HashTable", "std::hash::Hash", "std::collections::HashMap"]
        );
        // A word in small letters is hardly meant to be something that nobody has imported.
        let swap = || elsewhere("std::mem::swap", "function");
        assert_eq!(
            texts([swap(), found("swarm", "instance", 0, 1)], "swa", false),
            ["swarm"]
        );
        assert_eq!(texts([swap()], "swa", false), ["std::mem::swap"]);
    }

    #[test]
    fn signatures_are_as_rust_writes_them() {
        assert_eq!(
            signature_of("len", "pub fn len(&self)\n-> usize"),
            "fn len(&self) -> usize"
        );
        assert_eq!(signature_of("north", "f64"), "north: f64");
        assert_eq!(signature_of("println!", "macro_rules! println"), "macro_rules! println");
    }
}
