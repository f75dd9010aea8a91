//! `SharedMemory`: bytes that processes find by a name.

use std::fmt;
use std::io;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{SharedData, deserialize_plain, only_slice};
use crate::handles::handle;
use crate::sys::plain::Plain;
use crate::sys::region::{HEADER, Kind, Region, RegionName};

const KIND: Kind = Kind::named(b"memory");
const WHAT: &str = "the shared memory";

/// Bytes in memory that processes share, which any process of the same user can open by a name.
///
/// The memory is there for as long as a process has it open, and the name of a process for as long as that process has:
/// nothing has to be removed, and nothing is left behind, however processes end. That is why it has no `unlink`, as
/// Python's `multiprocessing.shared_memory.SharedMemory` has, and no names of one's own choice.
///
/// There is no lock. What [`SharedArray`](crate::SharedArray) says about processes that write at the same time holds
/// here as well.
///
/// # Examples
///
/// ```
/// use parcell::{Process, SharedMemory};
///
/// let mut memory = SharedMemory::create(4096)?;
/// memory.as_mut_slice_of::<f64>()[7] = 0.5;
/// let name = memory.name();
/// let process = Process::spawn(|| {
///     let memory = SharedMemory::open(&name).map_err(|error| error.to_string())?;
///     Ok::<_, String>(memory.as_slice_of::<f64>()[7])
/// });
/// assert_eq!(process.join(), Ok(Ok(0.5)));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct SharedMemory {
    plain: Plain<u8>,
}

impl SharedMemory {
    /// `len` new bytes, all zero. Memory is taken up only by what is written.
    ///
    /// # Errors
    ///
    /// If the system refuses the memory.
    pub fn create(len: usize) -> io::Result<Self> {
        let plain = Plain::create(KIND, len)?;
        Ok(Self { plain })
    }

    /// Opens the memory that has this [name](Self::name).
    ///
    /// # Errors
    ///
    /// `InvalidInput` if it is not such a name, `NotFound` if the process that gave it has ended or has dropped the
    /// memory, `PermissionDenied` if that process is another user's.
    pub fn open(name: &str) -> io::Result<Self> {
        let invalid = |error| io::Error::new(io::ErrorKind::InvalidInput, error);
        let name: RegionName = name.parse().map_err(invalid)?;
        let plain = Plain::in_region(Region::open_as(name, KIND)?)?;
        Ok(Self { plain })
    }

    /// The name by which other processes can open the memory while this process has it open. That of another process
    /// that has it open is different, and as good.
    #[must_use]
    pub fn name(&self) -> String {
        // Nobody writes while the name is asked for, so whoever opens it in this process may share the handle's mapping.
        self.plain.region().rejoin();
        self.plain.region().name().to_string()
    }

    /// The number of bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.plain.len()
    }

    /// Whether there are no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes, to read.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.plain.as_slice()
    }

    /// The bytes, to read and write.
    ///
    /// # Panics
    ///
    /// If this process has another handle to them: a clone, one that it has opened before, or one that was sent from
    /// here and has not arrived yet.
    #[must_use]
    #[track_caller]
    pub fn as_bytes_mut(&mut self) -> &mut [u8] {
        only_slice(&mut self.plain, WHAT)
    }

    /// The bytes as elements of type `T`, to read.
    ///
    /// # Panics
    ///
    /// If the number of bytes is not a multiple of the size of `T`.
    #[must_use]
    #[track_caller]
    pub fn as_slice_of<T: SharedData>(&self) -> &[T] {
        assert_divides::<T>(self.len());
        bytemuck::cast_slice(self.as_bytes())
    }

    /// The bytes as elements of type `T`, to read and write.
    ///
    /// # Panics
    ///
    /// If the number of bytes is not a multiple of the size of `T`, or as [`as_bytes_mut`](Self::as_bytes_mut).
    #[must_use]
    #[track_caller]
    pub fn as_mut_slice_of<T: SharedData>(&mut self) -> &mut [T] {
        assert_divides::<T>(self.len());
        bytemuck::cast_slice_mut(self.as_bytes_mut())
    }
}

#[track_caller]
fn assert_divides<T>(len: usize) {
    let size = const {
        assert!(size_of::<T>() > 0, "an element in shared memory has at least one byte");
        assert!(
            align_of::<T>() <= HEADER,
            "an element in shared memory is aligned to at most 128 bytes"
        );
        size_of::<T>()
    };
    let name = std::any::type_name::<T>();
    assert!(
        len.is_multiple_of(size),
        "shared memory of {len} bytes does not consist of elements of type {name}, which have {size} bytes"
    );
}

impl fmt::Debug for SharedMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SharedMemory").field(self.plain.region()).finish()
    }
}

impl Serialize for SharedMemory {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        handle::serialize(self.plain.region(), serializer)
    }
}

impl<'de> Deserialize<'de> for SharedMemory {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let plain = deserialize_plain(KIND, WHAT, deserializer)?;
        Ok(Self { plain })
    }
}
