//! Cells that wait for a file, which the test makes, or another worker.

/// A function that waits until there is a file of this name.
pub(crate) const WAIT_FOR: &str = r"
    fn wait_for(name: &str) {
        while !std::path::Path::new(name).exists() { std::thread::yield_now() }
    }
";
