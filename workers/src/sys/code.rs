//! Functions by the place of their code, which another process of the same program can find: a loaded file, and how far
//! into it. An address alone means nothing there, since each process loads its files elsewhere.

use std::ffi::{CStr, CString, c_char, c_void};
use std::io;
use std::mem::MaybeUninit;
use std::ptr::NonNull;

use serde::{Deserialize, Serialize};

/// Where a function's code is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct CodeLocation {
    /// The loaded file; empty for the program itself.
    file: String,
    /// Counted from where the file is loaded.
    offset: usize,
}

/// A function that another process may be asked to call, without its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CodeAddress(NonNull<c_void>);

// SAFETY: code is at the same place for all threads, and nothing is done with the address but to name it and call it.
unsafe impl Send for CodeAddress {}
// SAFETY: as above.
unsafe impl Sync for CodeAddress {}

impl CodeAddress {
    /// The address of a function, which the caller has as a pointer to code.
    pub(crate) fn of(function: *const ()) -> Self {
        Self(NonNull::new(function.cast_mut().cast()).unwrap_or_else(|| unreachable!("functions have addresses")))
    }

    /// The address as a function pointer.
    ///
    /// # Safety
    ///
    /// `F` is a function pointer type, and the address is that of a function of exactly this type.
    pub(crate) unsafe fn to_pointer<F: Copy>(self) -> F {
        const { assert!(size_of::<F>() == size_of::<Self>()) };
        // SAFETY: the sizes are the same, and that the address is one of an `F` is the caller's promise.
        unsafe { std::mem::transmute_copy(&self) }
    }

    /// Where other processes find the code; `None` for code that is in no file.
    pub(crate) fn place(self) -> Option<CodeLocation> {
        let (mut info, mut map) = (MaybeUninit::<libc::Dl_info>::uninit(), std::ptr::null_mut::<c_void>());
        // SAFETY: any address may be asked about, and the results are written to valid places.
        let found = unsafe { libc::dladdr1(self.0.as_ptr(), info.as_mut_ptr(), &raw mut map, RTLD_DL_LINKMAP) };
        if found == 0 {
            return None;
        }
        // SAFETY: with this flag and a result other than 0, `map` leads to the loader's description of the file.
        let map = unsafe { map.cast::<LinkMap>().as_ref() }?;
        // SAFETY: the loader gives the name as a C string.
        let file = unsafe { CStr::from_ptr(map.name) };
        Some(CodeLocation {
            file: file.to_str().ok()?.to_owned(),
            offset: self.0.as_ptr().addr().checked_sub(map.base)?,
        })
    }
}

impl CodeLocation {
    /// The file that the code is in; empty for the program itself.
    pub(crate) fn file(&self) -> &str {
        &self.file
    }

    /// The same in a file of this name, unless it is in the program itself.
    pub(crate) fn moved(&self, name: impl Fn(&str) -> String) -> Self {
        let file = if self.file.is_empty() {
            String::new()
        } else {
            name(&self.file)
        };
        Self {
            file,
            offset: self.offset,
        }
    }

    /// The code's address in this process, which loads the file for good if need be.
    ///
    /// # Errors
    ///
    /// Where the file cannot be loaded.
    pub(crate) fn find(&self) -> io::Result<CodeAddress> {
        let base = base_of(&self.file)?;
        let address = base.checked_add(self.offset).map(std::ptr::without_provenance_mut);
        let address = address.and_then(NonNull::new).ok_or(io::ErrorKind::InvalidData)?;
        Ok(CodeAddress(address))
    }
}

/// Where a file is loaded.
fn base_of(file: &str) -> io::Result<usize> {
    let name = CString::new(file)?;
    let name = if file.is_empty() {
        std::ptr::null()
    } else {
        name.as_ptr()
    };
    // SAFETY: the name is null or a C string. Loading runs the file's initializers, as it did in the process that had it
    // loaded before and that sent the place.
    let handle = unsafe { libc::dlopen(name, libc::RTLD_NOW | libc::RTLD_LOCAL) };
    if handle.is_null() {
        return Err(io::Error::other(load_error()));
    }
    let mut map = std::ptr::null_mut::<LinkMap>();
    // SAFETY: the handle was just opened and is never closed; the result is written to a valid place.
    let result = unsafe { libc::dlinfo(handle, libc::RTLD_DI_LINKMAP, (&raw mut map).cast()) };
    // SAFETY: the loader's description of a file lives as long as the file is loaded.
    match unsafe { map.as_ref() } {
        Some(map) if result == 0 => Ok(map.base),
        _ => Err(io::Error::other(load_error())),
    }
}

/// What the loader says about its last failure in this thread.
fn load_error() -> String {
    // SAFETY: the text is null, or a C string that stays until the next call of the loader in this thread.
    unsafe {
        let text = libc::dlerror();
        if text.is_null() {
            "the file cannot be loaded".to_owned()
        } else {
            CStr::from_ptr(text).to_string_lossy().into_owned()
        }
    }
}

/// Makes `dladdr1` tell of the file.
const RTLD_DL_LINKMAP: libc::c_int = 2;

/// The beginning of the loader's `struct link_map`, which is all that it publishes.
#[repr(C)]
struct LinkMap {
    base: usize,
    name: *const c_char,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn twice(n: u32) -> u32 {
        n * 2
    }

    #[test]
    fn a_function_of_the_program_is_found_again() {
        let address = CodeAddress::of(twice as *const ());
        let place = address.place().unwrap();
        assert_eq!(place.file(), "");
        assert_eq!(place.find().unwrap(), address);
        // SAFETY: the address is that of a function of this type.
        let found: fn(u32) -> u32 = unsafe { place.find().unwrap().to_pointer() };
        assert_eq!(found(4), 8);
    }

    #[test]
    fn a_function_of_a_library_is_found_again() {
        let address = CodeAddress::of(libc::getpid as *const ());
        let place = address.place().unwrap();
        assert!(place.file().contains("libc"), "{place:?}");
        assert_eq!(place.find().unwrap(), address);
    }

    #[test]
    fn what_is_no_code_has_no_place_and_no_file_is_named() {
        let data = Box::new(0u8);
        assert_eq!(CodeAddress::of((&raw const *data).cast()).place(), None);
        let place = CodeLocation {
            file: "/no/such/file.so".into(),
            offset: 1,
        };
        assert!(place.find().unwrap_err().to_string().contains("/no/such/file.so"));
    }
}
