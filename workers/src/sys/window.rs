//! A part of a shared file in memory that is mapped, for short reads and writes: a system call for one takes longer than all
//! that is copied by it.

use std::fmt;
use std::io;
use std::os::fd::AsFd;
use std::ptr::NonNull;

use rustix::fs::{fstat, ftruncate};
use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

/// The mapped part. What is written to it is in the file at once, and the other way round.
pub(crate) struct Window {
    start: NonNull<u8>,
    len: usize,
}

// SAFETY: the mapping belongs to no thread, and no reference to what is in it exists; bytes are copied out of it and into it.
unsafe impl Send for Window {}
// SAFETY: as above. Who reads while somebody writes gets bytes of both, as from a file.
unsafe impl Sync for Window {}

impl Window {
    /// Maps `len` bytes of a file from `offset` on, which is a multiple of a page's size. The file is made as long as that; what
    /// has not been written to takes no memory.
    pub(crate) fn map(file: impl AsFd, offset: u64, len: usize) -> io::Result<Self> {
        let end = offset.checked_add(len as u64).ok_or(Errno::INVAL)?;
        if fstat(&file)?.st_size.cast_unsigned() < end {
            ftruncate(&file, end)?;
        }
        let flags = MapFlags::SHARED | MapFlags::NORESERVE;
        // SAFETY: the kernel chooses the address, so no existing mapping is touched.
        let start = unsafe {
            mmap(
                std::ptr::null_mut(),
                len,
                ProtFlags::READ | ProtFlags::WRITE,
                flags,
                &file,
                offset,
            )?
        };
        let start = NonNull::new(start.cast()).ok_or(Errno::NOMEM)?;
        Ok(Self { start, len })
    }

    /// Writes all of the bytes; false where they are not all within the window, and none is written.
    pub(crate) fn write(&self, at: u64, bytes: &[u8]) -> bool {
        let Some(place) = self.place(at, bytes.len()) else {
            return false;
        };
        // SAFETY: so many bytes are mapped there, which are no Rust object's. The file is not made shorter by anybody.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), place.as_ptr(), bytes.len()) };
        true
    }

    /// Appends so many bytes; false where they are not all within the window, and none is appended.
    pub(crate) fn read(&self, at: u64, bytes: &mut Vec<u8>, count: usize) -> bool {
        let Some(place) = self.place(at, count) else {
            return false;
        };
        bytes.reserve(count);
        // SAFETY: so many bytes are mapped there, and there is room for them behind those that the vector has.
        unsafe {
            let end = bytes.as_mut_ptr().add(bytes.len());
            std::ptr::copy_nonoverlapping(place.as_ptr(), end, count);
            bytes.set_len(bytes.len() + count);
        }
        true
    }

    /// Where so many bytes are, if they are all within the window.
    fn place(&self, at: u64, count: usize) -> Option<NonNull<u8>> {
        let at = usize::try_from(at).ok()?;
        let is_within = at.checked_add(count).is_some_and(|end| end <= self.len);
        // SAFETY: it is within the mapping, or at its end.
        is_within.then(|| unsafe { self.start.add(at) })
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // SAFETY: it was mapped so, and nobody has an address in it. If it fails, the mapping stays.
        let _ = unsafe { munmap(self.start.as_ptr().cast(), self.len) };
    }
}

impl fmt::Debug for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Window").field("len", &self.len).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::unix::fs::FileExt;

    use rustix::fs::{MemfdFlags, memfd_create};

    use super::*;

    const PAGE: u64 = 4096;

    fn file() -> File {
        memfd_create(c"window", MemfdFlags::CLOEXEC).unwrap().into()
    }

    #[test]
    fn what_is_written_is_in_the_file_and_the_other_way_round() {
        let file = file();
        let window = Window::map(&file, PAGE, 100).unwrap();
        assert!(window.write(7, b"abc"));
        let mut found = [0; 3];
        file.read_exact_at(&mut found, PAGE + 7).unwrap();
        assert_eq!(&found, b"abc");
        file.write_all_at(b"x", PAGE + 8).unwrap();
        let mut bytes = b"_".to_vec();
        assert!(window.read(7, &mut bytes, 3));
        assert_eq!(bytes, b"_axc");
    }

    #[test]
    fn nothing_is_done_beyond_the_end() {
        let window = Window::map(file(), 0, 100).unwrap();
        let mut bytes = Vec::new();
        for (at, count) in [(98, 3), (101, 0), (u64::MAX, 1), (1, usize::MAX)] {
            assert!(!window.read(at, &mut bytes, count), "{count} at {at}");
        }
        assert!(!window.write(98, b"abc") && bytes.is_empty());
        assert!(window.write(97, b"abc") && window.read(100, &mut bytes, 0));
    }

    #[test]
    fn a_file_that_is_longer_stays_so() {
        let file = file();
        file.set_len(3 * PAGE).unwrap();
        Window::map(&file, 0, 100).unwrap();
        assert_eq!(file.metadata().unwrap().len(), 3 * PAGE);
    }
}
