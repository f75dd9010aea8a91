//! What the library and the notebook's host, which is the kernel's executable, say to each other and find in each other.
//! Not for programs.
//!
//! Both are compiled with this module, the library also in its notebooks, from the sources that the executable carries:
//! so both sides are always of one version, and nothing here need be understood by another. It stands below
//! everything else of the library and uses nothing of it.

pub mod blocks;
pub mod comms;
pub mod control;
pub mod display;
pub mod events;
pub mod inspection;
pub mod marks;
pub mod mime;
pub mod reports;
pub mod symbols;

/// The first argument that makes the host a standing worker; the library's file follows.
pub const STANDING_WORKER: &str = "__worker";

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use proptest::sample::select;
    use serde::Serialize;
    use serde::de::DeserializeOwned;

    use crate::fuzzing::{changed, for_all};

    /// Text that is not easy to carry.
    pub(super) const TEXTS: [&str; 5] = [
        "",
        "plain",
        "\"quoted\" \\ and / {braces}",
        "\0\x1b\x1e\r\n\u{85}\u{2028}",
        "Zażółć 中文 \u{1f980}\u{200d}\u{10ffff}",
    ];

    /// The message is sent as this JSON, and is the same when it has arrived.
    #[track_caller]
    pub(super) fn travels<M: Debug + DeserializeOwned + PartialEq + Serialize>(message: &M, wire: &str) {
        assert_eq!(serde_json::to_string(message).unwrap(), wire);
        returns(message);
    }

    /// The message is the same when it has arrived.
    #[track_caller]
    pub(super) fn returns<M: Debug + DeserializeOwned + PartialEq + Serialize>(message: &M) {
        let bytes = serde_json::to_vec(message).unwrap();
        assert_eq!(&serde_json::from_slice::<M>(&bytes).unwrap(), message);
    }

    /// The library reads these: what is changed on the way is another message or an error.
    pub(super) fn any_bytes_do_no_harm<M: DeserializeOwned + Serialize>(messages: &[M]) {
        let written = messages
            .iter()
            .map(|message| serde_json::to_vec(message).unwrap())
            .collect::<Vec<_>>();
        for_all(2000, changed(select(written)), |changed| {
            match serde_json::from_slice::<M>(&changed.bytes) {
                Ok(message) => drop(serde_json::to_vec(&message).unwrap()),
                Err(_) => assert!(!changed.is_intact()),
            }
        });
    }
}
