//! The sources of a crate, as tokens: so neither comments nor strings count.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A file that is compiled into the product; of tests there are none.
pub(super) struct SourceFile {
    /// From the project's top.
    pub(super) path: String,
    /// The names of the modules that it is in, and its own.
    modules: Vec<String>,
    tokens: Vec<TokenTree>,
}

/// The directory of the project.
pub(super) fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All files of a crate.
pub(super) fn sources_of(source: &str) -> Vec<SourceFile> {
    let mut files = Vec::new();
    let mut directories = vec![(top().join(source), Vec::new())];
    while let Some((directory, modules)) = directories.pop() {
        for entry in fs::read_dir(&directory).expect("a directory of sources") {
            let path = entry.expect("an entry").path();
            let name = path
                .file_stem()
                .and_then(|name| name.to_str())
                .expect("a name")
                .to_owned();
            if name == "tests" {
                continue;
            }
            let mut modules = modules.clone();
            if path.is_dir() {
                modules.push(name);
                directories.push((path, modules));
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                if !["mod", "lib", "main"].contains(&name.as_str()) {
                    modules.push(name);
                }
                files.push(SourceFile::read(&path, modules));
            }
        }
    }
    files
}

impl SourceFile {
    fn read(path: &Path, modules: Vec<String>) -> SourceFile {
        let text = fs::read_to_string(path).expect("a source file");
        let tokens: TokenStream = text
            .parse()
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        SourceFile {
            path: path
                .strip_prefix(top())
                .expect("it is in the project")
                .display()
                .to_string(),
            modules,
            tokens: without_tests(tokens),
        }
    }

    /// Whether it is the crate's root, which joins the rooms and belongs to none.
    pub(super) fn is_root(&self) -> bool {
        self.modules.is_empty()
    }

    /// The crate's module that it is part of; nothing for the root.
    pub(super) fn room(&self) -> &str {
        self.modules.first().map_or("", String::as_str)
    }

    /// The first names of all paths from the crate's root.
    pub(super) fn rooms_used(&self) -> BTreeSet<String> {
        let mut rooms = BTreeSet::new();
        collect_rooms(&self.tokens, self.modules.len(), &mut rooms);
        rooms
    }

    pub(super) fn has_unsafe(&self) -> bool {
        has_unsafe(&self.tokens)
    }
}

/// The tokens but those of inner modules `tests`.
fn without_tests(tokens: TokenStream) -> Vec<TokenTree> {
    let mut kept: Vec<TokenTree> = Vec::new();
    for token in tokens {
        let is_tests = matches!(&token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
            && matches!(&kept[..], [.., module, name] if is_word(module, "mod") && is_word(name, "tests"));
        if !is_tests {
            kept.push(token);
        }
    }
    kept
}

/// `depth` is how many modules there are between here and the crate's root: so many times `super` is the root.
fn collect_rooms(tokens: &[TokenTree], depth: usize, rooms: &mut BTreeSet<String>) {
    let mut supers = 0;
    for (index, token) in tokens.iter().enumerate() {
        if let TokenTree::Group(group) = token {
            let inner: Vec<TokenTree> = group.stream().into_iter().collect();
            collect_rooms(&inner, depth, rooms);
        }
        if !is_word(token, "crate") && !is_word(token, "super") {
            continue;
        }
        let is_continued = index >= 3 && is_word(&tokens[index - 3], "super");
        supers = if is_word(token, "super") {
            1 + if is_continued { supers } else { 0 }
        } else {
            0
        };
        // A macro's `$crate` is followed by the same names.
        let from_root = is_word(token, "crate") || supers == depth;
        if from_root && let [TokenTree::Punct(_), TokenTree::Punct(_), next, ..] = &tokens[index + 1..] {
            rooms.extend(first_names(next));
        }
    }
}

/// The name, or those that a group in a `use` begins its parts with.
fn first_names(token: &TokenTree) -> Vec<String> {
    match token {
        TokenTree::Ident(name) if name != "super" => vec![name.to_string()],
        TokenTree::Group(group) => {
            let parts: Vec<TokenTree> = group.stream().into_iter().collect();
            let begins =
                |index: usize| index == 0 || matches!(&parts[index - 1], TokenTree::Punct(p) if p.as_char() == ',');
            (0..parts.len())
                .filter(|index| begins(*index))
                .flat_map(|index| first_names(&parts[index]))
                .collect()
        }
        _ => Vec::new(),
    }
}

/// Whether there is `unsafe` that lets code do what the compiler does not check; a function's type may have it, too.
fn has_unsafe(tokens: &[TokenTree]) -> bool {
    tokens.iter().enumerate().any(|(index, token)| match token {
        TokenTree::Group(group) => has_unsafe(&group.stream().into_iter().collect::<Vec<_>>()),
        token if is_word(token, "unsafe") => match tokens.get(index + 1) {
            Some(TokenTree::Group(_)) => true,
            Some(next) => is_word(next, "impl") || is_word(next, "trait"),
            None => false,
        },
        _ => false,
    })
}

fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == word)
}
