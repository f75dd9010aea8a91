//! The name of an error's type as people write it.

/// Words in paths that only say how a crate is arranged.
const ARRANGEMENT: [&str; 3] = ["error", "errors", "err"];

/// The last part of a type's path, without its parameters; with the part before it where it says nothing alone
/// (`io::Error`). What a box holds is kept, since the box itself says nothing.
pub(super) fn short_type_name(full: &str) -> String {
    if let Some(held) = full
        .strip_prefix("alloc::boxed::Box<")
        .and_then(|held| held.strip_suffix('>'))
    {
        let held = held.strip_prefix("dyn ").unwrap_or(held);
        let name = held.split(" + ").next().map(short_type_name).unwrap_or_default();
        let name = if name == "error::Error" || name == "core::Error" {
            "Error"
        } else {
            &name
        };
        return format!("Box<dyn {name}>");
    }
    let path = full
        .split(['<', '{'])
        .next()
        .unwrap_or(full)
        .trim_start_matches('&')
        .trim_start_matches("mut ");
    let parts: Vec<&str> = path.split("::").filter(|part| !part.is_empty()).collect();
    match parts[..] {
        [.., "Error"] => match parts[..parts.len() - 1]
            .iter()
            .rfind(|part| !ARRANGEMENT.contains(part))
        {
            // The crate of the cells themselves.
            None | Some(&"ctx") => "Error".to_owned(),
            Some(part) => format!("{part}::Error"),
        },
        [.., name] => name.to_owned(),
        [] => full.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_what_people_write() {
        for (full, short) in [
            (std::any::type_name::<std::num::ParseIntError>(), "ParseIntError"),
            (std::any::type_name::<std::io::Error>(), "io::Error"),
            (std::any::type_name::<std::fmt::Error>(), "fmt::Error"),
            (std::any::type_name::<serde_json::Error>(), "serde_json::Error"),
            ("anyhow::Error", "anyhow::Error"),
            ("ctx::Error", "Error"),
            ("ctx::shop::OutOfStock", "OutOfStock"),
            (
                std::any::type_name::<Box<dyn std::error::Error + Send + Sync>>(),
                "Box<dyn Error>",
            ),
            (
                std::any::type_name::<std::sync::PoisonError<std::sync::MutexGuard<'_, Vec<u8>>>>(),
                "PoisonError",
            ),
            (std::any::type_name::<&str>(), "str"),
            (std::any::type_name::<String>(), "String"),
        ] {
            assert_eq!(short_type_name(full), short, "{full}");
        }
    }
}
