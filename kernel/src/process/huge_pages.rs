//! Huge pages for what the notebook holds: with them a fork of a large notebook, and reading it in the fork, cost a
//! fraction.
//!
//! The notebook process is started with `GLIBC_TUNABLES` for that. But glibc (2.36, for one) compares what the system says
//! of huge pages, of which it has read 23 bytes, with a text that ends with a zero byte, which it has not read: whether
//! `malloc` then asks for huge pages is a matter of what was on the stack, and it does in half of all processes. So a
//! process for which it does not begins anew, which changes nothing else that early.

use std::fs;
use std::hint::black_box;
use std::os::unix::process::CommandExt;
use std::process::Command;

use super::NOTEBOOK;

/// What glibc is to be told in `GLIBC_TUNABLES`.
pub(super) const TUNABLE: &str = "glibc.malloc.hugetlb=1";
/// After so many attempts it is not chance.
const MOST_ATTEMPTS: u32 = 16;
/// Enough for `malloc` to ask the system for it alone.
const LARGE: usize = 4 << 20;

/// Returns with a `malloc` that asks for huge pages, or where the system gives none to who asks. To be called before this
/// process has done anything.
pub(super) fn ensure() {
    let mut arguments = std::env::args_os();
    let (this, attempt) = (arguments.next().unwrap_or_default(), arguments.nth(1));
    let attempt = attempt.and_then(|count| count.to_str()?.parse().ok()).unwrap_or(0);
    if attempt >= MOST_ATTEMPTS || !are_given_to_who_asks() || malloc_asks() {
        return;
    }
    // It returns only where it fails; then everything works as well with small pages.
    let _ = Command::new("/proc/self/exe")
        .arg0(this)
        .arg(NOTEBOOK)
        .arg((attempt + 1).to_string())
        .exec();
}

/// Whether it depends on being asked; the system may also give huge pages always, or never.
fn are_given_to_who_asks() -> bool {
    fs::read_to_string("/sys/kernel/mm/transparent_hugepage/enabled").is_ok_and(|modes| modes.contains("[madvise]"))
}

/// Whether large memory from `malloc` is marked for huge pages. Where that cannot be told, it is not worth another start.
fn malloc_asks() -> bool {
    let block = black_box(Vec::<u8>::with_capacity(LARGE));
    let mappings = fs::read_to_string("/proc/self/smaps").unwrap_or_default();
    flags(&mappings, block.as_ptr().addr()).is_none_or(|flags| flags.split_whitespace().any(|flag| flag == "hg"))
}

/// The flags of the mapping that an address is in, in the format of `/proc/PID/smaps`.
fn flags(mappings: &str, address: usize) -> Option<&str> {
    let mut is_inside = false;
    for line in mappings.lines() {
        if let Some((start, end)) = range(line) {
            is_inside = (start..end).contains(&address);
        } else if is_inside && let Some(flags) = line.strip_prefix("VmFlags:") {
            return Some(flags);
        }
    }
    None
}

/// The addresses at the beginning of a line about a mapping.
fn range(line: &str) -> Option<(usize, usize)> {
    let (start, end) = line.split_whitespace().next()?.split_once('-')?;
    let address = |text| usize::from_str_radix(text, 16).ok();
    Some((address(start)?, address(end)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAPPINGS: &str = "\
7f00-7f80 rw-p 00000000 00:00 0 \nSize: 4 kB\nVmFlags: rd wr mr \n\
7f80-8f80 rw-p 00000000 00:00 0      [anon]\nSize: 8 kB\nVmFlags: rd wr mr hg \n";

    #[test]
    fn the_flags_of_an_address_are_found() {
        assert_eq!(flags(MAPPINGS, 0x7f10), Some(" rd wr mr "));
        assert_eq!(flags(MAPPINGS, 0x7f80), Some(" rd wr mr hg "));
        assert_eq!(flags(MAPPINGS, 0x8f80), None);
    }

    #[test]
    fn this_process_can_be_read() {
        let block = black_box(Vec::<u8>::with_capacity(LARGE));
        let mappings = fs::read_to_string("/proc/self/smaps").unwrap();
        assert!(flags(&mappings, block.as_ptr().addr()).is_some());
    }
}
