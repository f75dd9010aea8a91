//! Numbers of bytes.

use std::fmt;

/// A number of bytes, for a reader.
pub(crate) struct Size(pub(crate) u64);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut size, mut unit) = (self.0 as f64, "bytes");
        for larger in ["KiB", "MiB", "GiB", "TiB"] {
            if size < 1024.0 {
                break;
            }
            (size, unit) = (size / 1024.0, larger);
        }
        let decimals = usize::from(unit != "bytes" && size < 100.0);
        write!(f, "{size:.decimals$} {unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_a_unit_that_fits() {
        let sizes = [0, 1023, 1024, 150 << 20].map(|size| Size(size).to_string());
        assert_eq!(sizes, ["0 bytes", "1023 bytes", "1.0 KiB", "150 MiB"]);
    }
}
