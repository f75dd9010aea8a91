//! Names that lead processes to each other's regions.

use std::fmt;
use std::os::fd::RawFd;
use std::str::FromStr;

/// Names a region to other processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RegionName {
    pub(super) pid: u32,
    pub(super) fd: RawFd,
    pub(super) id: u128,
}

impl RegionName {
    /// Where the system has the descriptor.
    pub(super) fn path(&self) -> String {
        format!("/proc/{}/fd/{}", self.pid, self.fd)
    }
}

/// `parcell-PID-DESCRIPTOR-IDENTIFIER`.
impl fmt::Display for RegionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "parcell-{}-{}-{:032x}", self.pid, self.fd, self.id)
    }
}

/// The text is not a region's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is not the name of shared memory, which looks like parcell-4711-5-0123456789abcdef0123456789abcdef")]
pub(crate) struct NotARegionName;

impl FromStr for RegionName {
    type Err = NotARegionName;

    fn from_str(text: &str) -> Result<Self, NotARegionName> {
        let parts: Vec<_> = text.split('-').collect();
        let ["parcell", pid, fd, id] = parts[..] else {
            return Err(NotARegionName);
        };
        let fd: RawFd = fd.parse().map_err(|_| NotARegionName)?;
        if fd < 0 || id.len() != 32 {
            return Err(NotARegionName);
        }
        Ok(Self {
            pid: pid.parse().map_err(|_| NotARegionName)?,
            fd,
            id: u128::from_str_radix(id, 16).map_err(|_| NotARegionName)?,
        })
    }
}

impl serde::Serialize for RegionName {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for RegionName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fuzzing::{changed, for_all};

    #[test]
    fn names_are_read_as_written() {
        let name = RegionName {
            pid: 4711,
            fd: 5,
            id: 0xabc,
        };
        let text = name.to_string();
        assert_eq!(text, "parcell-4711-5-00000000000000000000000000000abc");
        assert_eq!(text.parse(), Ok(name));
        for wrong in [
            "",
            "parcell-1-2",
            "parcell-1--2-00000000000000000000000000000abc",
            "other-1-2-0",
        ] {
            assert_eq!(wrong.parse::<RegionName>(), Err(NotARegionName));
        }
    }

    #[test]
    fn any_text_is_a_name_that_can_be_written_or_none() {
        let name = (any::<u32>(), 0..RawFd::MAX, any::<u128>());
        let text = name.prop_map(|(pid, fd, id)| RegionName { pid, fd, id }.to_string().into_bytes());
        for_all(3000, changed(text), |changed| {
            let text = String::from_utf8_lossy(&changed.bytes);
            match text.parse::<RegionName>() {
                Ok(name) => {
                    assert!(name.fd >= 0);
                    assert_eq!(name.to_string().parse(), Ok(name));
                }
                Err(NotARegionName) => assert!(!changed.is_intact()),
            }
        });
    }
}
