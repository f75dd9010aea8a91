//! Named memory that any process of the program can map: the ground for everything that processes share.
//!
//! A region is a memfd. It has no name in any file system, so nothing is left when the last process that has it open
//! ends. Forked processes inherit the mapping; others open it by its [`RegionName`], which leads to a descriptor of a
//! process that has it open, and whose identifier says whether that is still the same region. A worker that ends passes
//! to its parent what is on its way by then.
//!
//! A process maps a region once, however many handles to it there are, so that Rust's borrow rules can be kept within
//! the process by looking at one reference count.

mod table;

use std::fmt;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use rustix::fs::{MemfdFlags, Mode, OFlags, fstat, ftruncate, memfd_create, open};
use rustix::io::{Errno, pread};
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};
use rustix::process::getppid;
use rustix::rand::{GetRandomFlags, getrandom};

pub(crate) use super::region_name::RegionName;
use super::{at_fork, descriptors, fork};
use table::Table;

/// Where the user's bytes begin; also the strongest alignment that they have.
pub(crate) const HEADER: usize = 128;

/// What every region begins with.
#[repr(C)]
struct Header {
    id: [AtomicU64; 2],
    /// The bytes behind the header that are mapped; the file may go on behind them.
    len: AtomicU64,
    /// What is in it, so that nothing is taken for something else.
    kind: AtomicU64,
    /// How many handles are on their way: encoded by one process and not yet decoded by another.
    in_flight: AtomicU32,
    /// How many have ever been encoded.
    exports: AtomicU32,
}

const _: () = assert!(size_of::<Header>() <= HEADER);

/// A mapped region. It is unmapped with the last handle in this process.
pub(crate) struct Region {
    id: u128,
    fd: OwnedFd,
    start: NonNull<u8>,
    len: usize,
}

// SAFETY: the mapping belongs to the region, and what is in it is accessed only through pointers and atomics, whose
// users answer for what threads and processes do to it at the same time.
unsafe impl Send for Region {}
// SAFETY: as above.
unsafe impl Sync for Region {}

/// What a region holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind(u64);

impl Kind {
    /// The kind that has this name, of at most 8 bytes.
    pub(crate) const fn named(name: &[u8]) -> Self {
        let mut bytes = [0; 8];
        let mut at = 0;
        while at < name.len() {
            bytes[at] = name[at];
            at += 1;
        }
        Self(u64::from_le_bytes(bytes))
    }
}

impl Region {
    /// A new region of `len` zeroed bytes, for something of this `kind`.
    pub(crate) fn create(kind: Kind, len: usize) -> io::Result<Arc<Self>> {
        let total = len.checked_add(HEADER).ok_or(Errno::NOMEM)?;
        let fd = memfd_create(c"parcell", MemfdFlags::CLOEXEC)?;
        ftruncate(&fd, total as u64)?;
        let mut id = [0; 16];
        getrandom(&mut id[..], GetRandomFlags::empty())?;
        let id = u128::from_le_bytes(id);
        let region = Arc::new(Self::map(fd, id, len)?);
        let header = region.header();
        header.id[0].store(id as u64, Ordering::Relaxed);
        header.id[1].store((id >> 64) as u64, Ordering::Relaxed);
        header.kind.store(kind.0, Ordering::Relaxed);
        header.len.store(len as u64, Ordering::Release);
        table::with(|table| table.add(&region));
        Ok(region)
    }

    /// The region with this name; the one that this process has mapped, if it has.
    ///
    /// # Errors
    ///
    /// `NotFound` where the process that the name leads to has ended or has closed the region.
    pub(crate) fn open(name: RegionName) -> io::Result<Arc<Self>> {
        // The table is locked throughout, so that two threads do not map it twice.
        table::with(|table| {
            if let Some(region) = table.mapped(name.id) {
                return Ok(region);
            }
            let region = match Self::map_existing(name) {
                Err(gone) if gone.kind() == io::ErrorKind::NotFound => Self::of_ended(name.id, table)?.ok_or(gone)?,
                mapped => Arc::new(mapped?),
            };
            table.add(&region);
            Ok(region)
        })
    }

    /// The region with this name, which must be of this `kind`.
    pub(crate) fn open_as(name: RegionName, kind: Kind) -> io::Result<Arc<Self>> {
        let region = Self::open(name)?;
        if region.header().kind.load(Ordering::Relaxed) != kind.0 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "it is something else"));
        }
        Ok(region)
    }

    /// Whether this is the only handle in this process. If so, it stays the only one of this mapping while it is not
    /// cloned: whoever opens the region by its name from now on maps it anew, as another process would.
    pub(crate) fn set_apart(self: &Arc<Self>) -> bool {
        table::with(|table| {
            // What is let go of may be this region.
            table.let_go_of_arrived();
            let is_only = Arc::strong_count(self) == 1 + table.about_to_be_dropped(self);
            if is_only {
                table.remove(Arc::as_ptr(self), self.id);
            }
            is_only
        })
    }

    /// Undoes [`set_apart`](Self::set_apart), unless the region has been mapped anew.
    pub(crate) fn rejoin(self: &Arc<Self>) {
        table::with(|table| table.add(self));
    }

    fn map_existing(name: RegionName) -> io::Result<Self> {
        let gone = || {
            let reason = format!("process {} has ended, or has dropped it", name.pid);
            io::Error::new(io::ErrorKind::NotFound, reason)
        };
        let fd = match open(
            name.path(),
            OFlags::RDWR | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::NONBLOCK,
            Mode::empty(),
        ) {
            Ok(fd) => fd,
            Err(Errno::NOENT | Errno::NXIO | Errno::NODEV) => return Err(gone()),
            Err(error) => return Err(error.into()),
        };
        Self::map_descriptor(fd, Some(name.id))?.ok_or_else(gone)
    }

    /// The region with this number whose maker has ended: it is this process's, if a worker of it was, or its parent's.
    fn of_ended(id: u128, table: &mut Table) -> io::Result<Option<Arc<Self>>> {
        table.take_over(true)?;
        if let Some(region) = table.mapped(id) {
            return Ok(Some(region));
        }
        if let Some(region) = table.passed_by_others(id)? {
            return Ok(Some(Arc::new(region)));
        }
        let Some(parent) = getppid().filter(|_| fork::is_worker()) else {
            return Ok(None);
        };
        let pid = parent.as_raw_nonzero().get().cast_unsigned();
        let names = descriptors::of(pid)?.into_iter().map(|fd| RegionName { pid, fd, id });
        let region = names
            .filter(leads_to_memory)
            .find_map(|name| Self::map_existing(name).ok());
        Ok(region.map(Arc::new))
    }

    /// The region whose memory this is, which must have this number where one is given; `None` if it is something else.
    fn map_descriptor(fd: OwnedFd, expected: Option<u128>) -> io::Result<Option<Self>> {
        let size = fstat(&fd)?.st_size;
        // The identifier and the length, read before anything is mapped that is perhaps not a region.
        let mut start = [0u8; 24];
        if pread(&fd, &mut start, 0) != Ok(start.len()) {
            return Ok(None);
        }
        let (id, len) = (word(&start[..16]), word(&start[16..]));
        let total = |len: &usize| len.checked_add(HEADER).and_then(|total| i64::try_from(total).ok());
        let fits = |len: &usize| total(len).is_some_and(|total| total <= size);
        match usize::try_from(len).ok().filter(fits) {
            Some(len) if expected.is_none_or(|expected| expected == id) => Self::map(fd, id, len).map(Some),
            _ => Ok(None),
        }
    }

    fn map(fd: OwnedFd, id: u128, len: usize) -> io::Result<Self> {
        // SAFETY: the kernel chooses the address, so no existing mapping is touched.
        let start = unsafe {
            let flags = MapFlags::SHARED | MapFlags::NORESERVE;
            mmap(
                std::ptr::null_mut(),
                len + HEADER,
                ProtFlags::READ | ProtFlags::WRITE,
                flags,
                &fd,
                0,
            )?
        };
        let start = NonNull::new(start.cast()).ok_or(Errno::NOMEM)?;
        Ok(Self { id, fd, start, len })
    }

    /// The name that leads other processes here, for as long as this process keeps the region open.
    pub(crate) fn name(&self) -> RegionName {
        RegionName {
            pid: std::process::id(),
            fd: self.fd.as_raw_fd(),
            id: self.id,
        }
    }

    /// The name, for a handle that is sent. The region stays open here until the handle has [arrived].
    ///
    /// [arrived]: Self::arrived
    pub(crate) fn export(self: &Arc<Self>) -> RegionName {
        self.header().exports.fetch_add(1, Ordering::SeqCst);
        self.header().in_flight.fetch_add(1, Ordering::SeqCst);
        table::with(|table| table.keep(self));
        self.name()
    }

    /// A handle that was sent is a handle of this process now, and it is known where such things are known.
    pub(crate) fn arrived(&self) {
        // Never below 0: a message can be decoded twice.
        let _ = self
            .header()
            .in_flight
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |count| count.checked_sub(1));
        // Nobody is to take it over any more.
        table::with(|table| table.let_go_of(self));
    }

    /// Whether a handle has been sent and has not yet arrived.
    pub(crate) fn is_in_flight(&self) -> bool {
        self.header().in_flight.load(Ordering::SeqCst) > 0
    }

    /// Whether no handle is on its way, while no process that counts has one, which `is_held` tells.
    ///
    /// A handle goes from its sender's account to its receiver's by way of those that are on their way. So the accounts are
    /// looked at between two looks at the way: where it was empty and nobody has sent anything meanwhile, a handle that
    /// had been on it is with its receiver.
    pub(crate) fn is_let_go(&self, is_held: impl FnOnce() -> bool) -> bool {
        let exports = self.header().exports.load(Ordering::SeqCst);
        !self.is_in_flight() && !is_held() && self.header().exports.load(Ordering::SeqCst) == exports
    }

    /// The first of the bytes; they are aligned to [`HEADER`].
    pub(crate) fn start(&self) -> NonNull<u8> {
        // SAFETY: the mapping is at least this long.
        unsafe { self.start.add(HEADER) }
    }

    /// The number of bytes.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The memory's file. Its first [`HEADER`] bytes are not the user's.
    pub(crate) fn file(&self) -> impl AsFd {
        &self.fd
    }

    fn header(&self) -> &Header {
        // SAFETY: every region begins with one, which consists of atomics; the mapping lives as long as `self`.
        unsafe { self.start.cast().as_ref() }
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        // SAFETY: exactly the mapping that `map` made; no borrow of it outlives the last handle.
        let unmapped = unsafe { munmap(self.start.as_ptr().cast(), self.len + HEADER) };
        debug_assert!(unmapped.is_ok(), "{unmapped:?}");
        table::with(|table| table.remove(self, self.id));
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Region")
            .field("name", &self.name().to_string())
            .field("len", &self.len)
            .finish()
    }
}

/// Whether the name leads to the memory of a region; to open anything else could have an effect.
fn leads_to_memory(name: &RegionName) -> bool {
    let target = std::fs::read_link(name.path());
    target.is_ok_and(|target| target.as_os_str().as_encoded_bytes().starts_with(b"/memfd:parcell "))
}

/// From here on workers that are forked can pass on what is on its way when they end.
pub(crate) fn register() {
    at_fork::register::<table::Locked>();
}

/// What a worker that is executed is to be given as its standard input, for [`accept`].
pub(crate) fn invite() -> io::Result<OwnedFd> {
    table::with(|table| table.passage().invite())
}

/// In a worker that was executed with what [`invite`] has made: from here on it can pass on what is on its way.
pub(crate) fn accept(invitation: BorrowedFd<'_>) -> io::Result<()> {
    table::with(|table| table.passage().accept(invitation))
}

/// In a worker that ends: passes to its parent the regions of handles that it has sent and that have not arrived, so that
/// they still can.
///
/// # Errors
///
/// If it cannot; who then receives such a handle is told that its maker has ended.
pub(crate) fn pass_on() -> io::Result<()> {
    table::with(Table::pass_on)
}

/// Takes over what workers have passed that have ended, so that it is held for no longer than it takes to arrive.
pub(crate) fn take_over() -> io::Result<()> {
    table::with(|table| table.take_over(false))
}

/// In a worker that has closed its descriptors, and sends no handles.
pub(crate) fn forget_parent() {
    table::with(|table| table.passage().forget());
}

/// The number that up to 16 bytes hold.
fn word(bytes: &[u8]) -> u128 {
    bytes.iter().rev().fold(0, |word, byte| word << 8 | u128::from(*byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fuzzing::{changed, for_all};

    const TEST: Kind = Kind::named(b"test");

    #[test]
    fn a_region_is_not_taken_for_something_else() {
        let region = Region::create(TEST, 8).unwrap();
        let error = Region::open_as(region.export(), Kind::named(b"other")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn a_process_maps_a_region_once() {
        let region = Region::create(TEST, 100).unwrap();
        let again = Region::open(region.name()).unwrap();
        assert!(Arc::ptr_eq(&region, &again));
        assert_eq!((region.len(), region.start().as_ptr().addr() % HEADER), (100, 0));
    }

    #[test]
    fn a_region_is_found_by_its_descriptor_and_no_other_is_taken_for_it() {
        let region = Region::create(TEST, 8).unwrap();
        let name = region.name();
        let mapped = Region::map_existing(name).unwrap();
        // SAFETY: both mappings have 8 bytes, and no reference to them exists.
        unsafe {
            region.start().as_ptr().write_volatile(7);
            assert_eq!(mapped.start().as_ptr().read_volatile(), 7);
        }
        let wrong = RegionName { id: 1, ..name };
        assert_eq!(Region::open(wrong).unwrap_err().kind(), io::ErrorKind::NotFound);
        drop((region, mapped));
        let error = Region::open(name).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert!(error.to_string().contains("has dropped it"), "{error}");
    }

    #[test]
    fn a_mapping_that_is_set_apart_is_not_given_to_anybody_else() {
        let region = Region::create(TEST, 8).unwrap();
        let again = Arc::clone(&region);
        assert!(!region.set_apart());
        drop(again);
        assert!(region.set_apart());
        let other = Region::open(region.name()).unwrap();
        assert!(!Arc::ptr_eq(&region, &other));
        assert!(region.set_apart());
        drop(other);
        region.rejoin();
        assert!(Arc::ptr_eq(&region, &Region::open(region.name()).unwrap()));
    }

    #[test]
    fn a_handle_that_has_arrived_does_not_count() {
        let region = Region::create(TEST, 8).unwrap();
        let name = region.export();
        assert!(!region.set_apart());
        Region::open(name).unwrap().arrived();
        assert!(region.set_apart());
    }

    #[test]
    fn a_region_on_its_way_stays_until_it_has_arrived() {
        let region = Region::create(TEST, 8).unwrap();
        let name = region.export();
        drop(region);
        let received = Region::open(name).unwrap();
        received.arrived();
        assert!(!received.is_in_flight());
        drop(received);
        // The next export lets go of what has arrived.
        Region::create(TEST, 8).unwrap().export();
        assert!(Region::open(name).is_err());
    }

    #[test]
    fn who_looks_at_the_holders_sees_a_handle_wherever_it_is() {
        let region = Region::create(TEST, 8).unwrap();
        assert!(region.is_let_go(|| false) && !region.is_let_go(|| true));
        region.export();
        assert!(!region.is_let_go(|| false));
        region.arrived();
        assert!(region.is_let_go(|| false));
        // It leaves its sender before the holders are looked at, and comes to its receiver behind that.
        let travels = || {
            region.export();
            region.arrived();
            false
        };
        assert!(!region.is_let_go(travels));
    }

    #[test]
    fn any_file_is_a_region_that_fits_into_it_or_none() {
        let header = (any::<u128>(), prop_oneof![0..200u64, any::<u64>()])
            .prop_map(|(id, len)| [&id.to_le_bytes()[..], &len.to_le_bytes()].concat());
        for_all(1000, (changed(header), 0..300usize), |(header, length)| {
            let file = memfd_create(c"damaged", MemfdFlags::CLOEXEC).unwrap();
            rustix::io::pwrite(&file, &header.bytes, 0).unwrap();
            ftruncate(&file, length as u64).unwrap();
            if let Some(region) = Region::map_descriptor(file, None).unwrap() {
                assert!(region.len() + HEADER <= length);
            }
        });
    }
}
