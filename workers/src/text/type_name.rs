//! The name of a value's type as people write it.

/// The name without the paths in it: `Vec<Point>` for `alloc::vec::Vec<shop::Point>`.
pub(crate) fn short_type_name(full: &str) -> String {
    let mut short = String::with_capacity(full.len());
    // Where the last path in `short` begins.
    let mut path = 0;
    let mut rest = full;
    while let Some(character) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("::") {
            // What is before it leads to a type, unless it is a type itself (`<T as Trait>::Item`).
            if !short.ends_with('>') {
                short.truncate(path);
            } else {
                short.push_str("::");
            }
            rest = after;
            continue;
        }
        short.push(character);
        if !character.is_alphanumeric() && character != '_' {
            path = short.len();
        }
        rest = &rest[character.len_utf8()..];
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_what_people_write() {
        for (full, short) in [
            (std::any::type_name::<u8>(), "u8"),
            (std::any::type_name::<Vec<Option<String>>>(), "Vec<Option<String>>"),
            (std::any::type_name::<(std::io::Error, [f64; 3])>(), "(Error, [f64; 3])"),
            (
                std::any::type_name::<std::collections::HashMap<u8, &[u8]>>(),
                "HashMap<u8, &[u8]>",
            ),
            (
                std::any::type_name::<Box<dyn std::fmt::Debug + Send>>(),
                "Box<dyn Debug + Send>",
            ),
            ("<ctx::T as ctx::Trait>::Item", "<T as Trait>::Item"),
            ("ctx::größe::Ä", "Ä"),
            ("", ""),
        ] {
            assert_eq!(short_type_name(full), short);
        }
    }
}
