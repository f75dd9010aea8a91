//! How handles to what is in shared memory are made, and how they travel: by the name of their region.

use std::fmt::Display;
use std::io;
use std::sync::Arc;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::sys::placed::{Place, Placed};
use crate::sys::region::{Kind, Region, RegionName};

/// A new value, with `extra` bytes behind it. `what` it is, with its article, is for the message.
///
/// # Panics
///
/// If the system refuses the memory.
#[track_caller]
pub(crate) fn create<T: Place>(kind: Kind, extra: usize, what: &str) -> Placed<T> {
    created(Placed::create(kind, extra), what)
}

/// # Panics
///
/// If the system has refused the memory.
#[track_caller]
pub(crate) fn created<T>(result: io::Result<T>, what: &str) -> T {
    match result {
        Ok(created) => created,
        Err(error) => panic!("the system refuses the memory for {what}: {error}"),
    }
}

/// Writes a handle's region, which stays open here until the handle has been read.
pub(crate) fn serialize<S: Serializer>(region: &Arc<Region>, serializer: S) -> Result<S::Ok, S::Error> {
    region.export().serialize(serializer)
}

/// Reads a handle that [`serialize`] has written, to a `T` in a region of this kind.
pub(crate) fn deserialize<'de, T: Place, D: Deserializer<'de>>(
    kind: Kind,
    what: &str,
    deserializer: D,
) -> Result<Placed<T>, D::Error> {
    deserialize_as(kind, what, deserializer, |placed| placed)
}

/// The same for a handle whose holders are counted: `hold` makes it, and so counts this process, before the handle is
/// no longer on its way.
pub(crate) fn deserialize_as<'de, T: Place, D: Deserializer<'de>, H>(
    kind: Kind,
    what: &str,
    deserializer: D,
    hold: impl FnOnce(Placed<T>) -> H,
) -> Result<H, D::Error> {
    let name = RegionName::deserialize(deserializer)?;
    receive(name, kind, what, hold)
}

/// Opens the value of a handle that was sent.
pub(crate) fn receive<T: Place, H, E: Error>(
    name: RegionName,
    kind: Kind,
    what: &str,
    hold: impl FnOnce(Placed<T>) -> H,
) -> Result<H, E> {
    let placed = Placed::<T>::open(name, kind).map_err(|error| cannot_open(what, error))?;
    let region = Arc::clone(placed.region());
    let handle = hold(placed);
    region.arrived();
    Ok(handle)
}

/// Reads a handle to a region of this kind that has no value at its beginning.
pub(crate) fn deserialize_region<'de, D: Deserializer<'de>>(
    kind: Kind,
    what: &str,
    deserializer: D,
) -> Result<Arc<Region>, D::Error> {
    let name = RegionName::deserialize(deserializer)?;
    let region = Region::open_as(name, kind).map_err(|error| cannot_open(what, error))?;
    region.arrived();
    Ok(region)
}

/// The error of somebody who was sent something that is not there.
pub(crate) fn cannot_open<E: Error>(what: &str, error: impl Display) -> E {
    E::custom(format_args!("{what} that was sent cannot be opened: {error}"))
}

/// Implements serde's traits for a handle with the one field `placed`.
macro_rules! sent_by_name {
    ($handle:ty, $kind:expr, $what:literal) => {
        impl serde::Serialize for $handle {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::handles::handle::serialize(self.placed.region(), serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $handle {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let placed = $crate::handles::handle::deserialize($kind, $what, deserializer)?;
                Ok(Self { placed })
            }
        }
    };
}
pub(crate) use sent_by_name;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handles::roster::Roster;

    const TEST: Kind = Kind::named(b"test");

    fn sent(region: &Arc<Region>) -> serde_json::Value {
        serialize(region, serde_json::value::Serializer).unwrap()
    }

    #[test]
    fn a_handle_that_has_travelled_leads_to_the_same_region() {
        let placed: Placed<Roster> = create(TEST, 0, "the test");
        let received: Placed<Roster> = deserialize(TEST, "the test", sent(placed.region())).unwrap();
        assert!(Arc::ptr_eq(placed.region(), received.region()));
        let received = deserialize_region(TEST, "the test", sent(placed.region())).unwrap();
        assert!(Arc::ptr_eq(placed.region(), &received));
    }

    #[test]
    fn a_handle_is_on_its_way_until_it_is_held() {
        let placed: Placed<Roster> = create(TEST, 0, "the test");
        let region = placed.region();
        let was_in_flight = deserialize_as(TEST, "the test", sent(region), |held: Placed<Roster>| {
            held.region().is_in_flight()
        });
        assert!(was_in_flight.unwrap() && !region.is_in_flight());
    }

    #[test]
    fn what_cannot_be_opened_is_named() {
        let placed: Placed<Roster> = create(TEST, 0, "the test");
        let other = Kind::named(b"other");
        let error = deserialize::<Roster, _>(other, "the lock", sent(placed.region())).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the lock that was sent cannot be opened: it is something else"
        );
        let dropped = create::<Roster>(TEST, 0, "the test").region().name().to_string();
        let error = deserialize::<Roster, _>(TEST, "the lock", serde_json::Value::from(dropped)).unwrap_err();
        assert!(error.to_string().ends_with("has ended, or has dropped it"), "{error}");
        let error = deserialize::<Roster, _>(TEST, "the lock", serde_json::Value::from("no name")).unwrap_err();
        assert!(
            error.to_string().contains("is not the name of shared memory"),
            "{error}"
        );
    }

    #[test]
    #[should_panic(expected = "the system refuses the memory for the test")]
    fn memory_that_is_refused_is_a_panic() {
        let _: Placed<Roster> = create(TEST, usize::MAX / 2, "the test");
    }
}
