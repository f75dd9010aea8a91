//! How handles travel: as the name of the region that they stand for, which stays open until they have arrived.

use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::sys::placed::{Place, Placed};
use crate::sys::region::{Kind, Region, RegionName};

/// Writes the handle of something in `region`.
pub(crate) fn serialize<S: Serializer>(region: &Arc<Region>, serializer: S) -> Result<S::Ok, S::Error> {
    region.export().serialize(serializer)
}

/// Reads a handle of `kind`, which errors call `what`.
pub(crate) fn deserialize<'de, T: Place, D: Deserializer<'de>>(
    kind: Kind,
    what: &str,
    deserializer: D,
) -> Result<Placed<T>, D::Error> {
    let name = RegionName::deserialize(deserializer)?;
    Placed::receive(name, kind)
        .map_err(|error| D::Error::custom(format_args!("the {what} that was sent cannot be opened: {error}")))
}
