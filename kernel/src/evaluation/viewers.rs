//! The code that tells the library how variables of a type are looked at: what a type can do only the compiler knows.

use super::draft::STORE;

/// What is in scope of it.
const LOOKING: &str = "use ::parcell::cell::inspection::{Elements as _, Leading as _, Looked, NoElements as _, \
                       NotLeading as _, NotPrinted as _, Printed as _, View};";

/// A cell that does it for these types.
pub(crate) fn viewers<'a>(types: impl IntoIterator<Item = &'a str>) -> String {
    let viewers = types.into_iter().map(|type_| {
        format!(
            "{STORE}.add_viewer::<{type_}>(|value, seeing| {{ let looked = &Looked(value); \
             seeing(View::new(looked.parcell_debug(), size_of_val(value) + looked.parcell_bytes(), \
             looked.parcell_elements())) }});"
        )
    });
    format!("{{ {LOOKING} {} }};", viewers.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_has_a_viewer() {
        let code = viewers(["u8", "Vec<P>"]);
        assert!(
            code.contains("parcell_store.add_viewer::<u8>(") && code.contains("::<Vec<P>>("),
            "{code}"
        );
        assert!(crate::cell::unbalanced(&code).is_none());
    }
}
