//! The processor time of this process and of the children that it has waited for.

use std::mem::MaybeUninit;
use std::time::Duration;

/// Processor time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CpuTime {
    pub(crate) user: Duration,
    pub(crate) system: Duration,
}

/// What has been used up to now.
pub(crate) fn cpu_time() -> CpuTime {
    let own = usage_of(libc::RUSAGE_SELF);
    let children = usage_of(libc::RUSAGE_CHILDREN);
    CpuTime {
        user: own.user + children.user,
        system: own.system + children.system,
    }
}

fn usage_of(whose: libc::c_int) -> CpuTime {
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the pointer is to memory for one rusage, and the call writes nothing else.
    let result = unsafe { libc::getrusage(whose, usage.as_mut_ptr()) };
    debug_assert_eq!(result, 0, "it fails only for what `whose` cannot be");
    // SAFETY: all-zero bytes are a valid rusage, which is what is there if the call did not write.
    let usage = unsafe { usage.assume_init() };
    CpuTime {
        user: duration(usage.ru_utime),
        system: duration(usage.ru_stime),
    }
}

/// The kernel counts up from zero.
pub(super) fn duration(time: libc::timeval) -> Duration {
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    let microseconds = u64::try_from(time.tv_usec).unwrap_or_default();
    Duration::from_secs(seconds) + Duration::from_micros(microseconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_counts() {
        let before = cpu_time();
        while cpu_time().user + cpu_time().system < before.user + before.system + Duration::from_millis(5) {
            std::hint::black_box((0..10_000).sum::<u64>());
        }
        assert!(cpu_time().user >= before.user && cpu_time().system >= before.system);
    }
}
