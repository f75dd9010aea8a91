//! Data in memory that processes share.

use std::time::Duration;

use parcell::{Array, Event, Pool, Process, SharedArray, SharedMemory, Value};
use rstest::rstest;

use crate::support::{is_program, program};

const SOON: Duration = Duration::from_millis(5);

#[rstest]
#[timeout(Duration::from_secs(60))]
fn no_update_of_a_value_is_lost() {
    let (value, array) = (Value::new([0u64; 2]), Array::from_slice(&[1u8, 2, 3]));
    Pool::new(4).map(
        |_: u32| {
            let mut guard = value.lock();
            guard[0] += 1;
            guard[1] += guard[0];
            drop(guard);
            let mut guard = array.lock();
            for element in guard.iter_mut() {
                *element = element.wrapping_add(1);
            }
        },
        0..4000,
    );
    assert_eq!(value.get(), [4000, 4000 * 4001 / 2]);
    let added = |n: u32| (n + 4000) as u8;
    assert_eq!(array.to_vec(), [added(1), added(2), added(3)]);
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_value_is_set_and_read() {
    let value = Value::new(-1i64);
    assert_eq!(value.get(), -1);
    let other = value.clone();
    let process = Process::spawn(|| other.set(i64::MIN));
    assert_eq!(process.join(), Ok(()));
    assert_eq!((value.get(), *value.try_lock().unwrap()), (i64::MIN, i64::MIN));
    let guard = value.lock();
    assert!(value.try_lock().is_none());
    let process = Process::spawn(|| value.lock_timeout(SOON).is_none());
    assert_eq!(process.join(), Ok(true));
    drop(guard);
    assert!(format!("{value:?} {:?}", value.lock()).ends_with("ValueGuard(-9223372036854775808)"));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn an_array_begins_as_zero_and_has_its_length() {
    let array = Array::<f32>::new(3);
    assert_eq!(
        (array.len(), array.is_empty(), array.to_vec()),
        (3, false, vec![0.0; 3])
    );
    array.lock()[2] = 0.5;
    assert_eq!(*array.try_lock().unwrap(), [0.0, 0.0, 0.5]);
    let guard = array.lock();
    let process = Process::spawn(|| array.try_lock().is_none() && array.lock_timeout(SOON).is_none());
    assert_eq!(process.join(), Ok(true));
    drop(guard);
    assert!(Array::<f32>::new(0).is_empty());
    assert!(format!("{:?}", array.lock()).ends_with("ArrayGuard([0.0, 0.0, 0.5])"));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_holder_that_is_killed_passes_the_data_on() {
    let (value, array, half_way) = (Value::new([1u64, 1]), Array::from_slice(&[1, 1]), Event::new());
    let process = Process::spawn(|| {
        let (mut pair, mut elements) = (value.lock(), array.lock());
        (pair[0], elements[0]) = (2, 2);
        half_way.set();
        std::thread::sleep(Duration::from_secs(50));
        (pair[1], elements[1]) = (2, 2);
    });
    half_way.wait();
    process.kill();
    assert!(process.join().is_err());
    // To look does not hide it from those who can mend it.
    assert_eq!((value.get(), array.to_vec()), ([2, 1], vec![2, 1]));
    let (pair, elements) = (value.lock(), array.lock());
    assert!(pair.abandoned() && elements.abandoned());
    drop((pair, elements));
    assert!(!value.lock().abandoned() && !array.lock().abandoned());
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn the_copy_of_a_guard_in_a_forked_process_is_no_guard() {
    let value = Value::new(1);
    let mut guard = value.lock();
    let process = Process::spawn(|| *guard = 2);
    let error = process.join().unwrap_err().to_string();
    assert!(
        error.contains("the lock is held by the process that this one was forked from: lock it here"),
        "{error}"
    );
    drop(guard);
    assert_eq!(value.get(), 1);
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn processes_write_to_their_parts_of_a_shared_array() {
    let mut array = SharedArray::<u32>::new(1000);
    Pool::new(4).map(|_: u32| array.as_slice().len(), 0..4);
    let processes: Vec<_> = (0..4)
        .map(|part| {
            Process::spawn(|| {
                for (n, element) in array.as_mut_slice()[part * 250..][..250].iter_mut().enumerate() {
                    *element = (part * 250 + n) as u32;
                }
            })
        })
        .collect();
    assert!(processes.iter().all(|process| process.join() == Ok(())));
    assert!(array.as_slice().iter().copied().eq(0..1000));
    assert_eq!((array.len(), array.is_empty()), (1000, false));
    assert_eq!(format!("{:?}", SharedArray::from_slice(&[1, 2])), "[1, 2]");
}

#[test]
#[should_panic(expected = "this process has another handle to the shared array")]
fn a_shared_array_is_written_through_the_only_handle() {
    let mut array = SharedArray::<u32>::new(3);
    let clone = array.clone();
    array.as_mut_slice()[0] = clone.as_slice()[0];
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn shared_memory_is_gone_when_nobody_has_it_open() {
    let mut memory = SharedMemory::create(10).unwrap();
    memory.as_bytes_mut()[9] = 7;
    let name = memory.name();
    let process = Process::spawn(|| {
        let opened = SharedMemory::open(&name).unwrap();
        (opened.as_bytes()[9], opened.len(), opened.name() != name)
    });
    assert_eq!(process.join(), Ok((7, 10, true)));
    let error = SharedMemory::open("/dev/shm/something").unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    drop(memory);
    let error = SharedMemory::open(&name).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn shared_memory_is_opened_in_the_same_process() {
    let mut memory = SharedMemory::create(16).unwrap();
    let name = memory.name();
    memory.as_mut_slice_of::<u64>()[1] = 5;
    let other = SharedMemory::open(&name).unwrap();
    assert_eq!(other.as_slice_of::<u64>(), [0, 5]);
    memory.as_bytes_mut()[0] = 1;
    assert_eq!(other.as_slice_of::<[u8; 4]>()[0], [1, 0, 0, 0]);
    // A clone has the same bytes in the same place.
    let clone = memory.clone();
    assert_eq!(clone.as_bytes().as_ptr(), memory.as_bytes().as_ptr());
    assert!(std::panic::catch_unwind(move || memory.as_bytes_mut()[0]).is_err());
}

#[test]
#[should_panic(expected = "shared memory of 10 bytes does not consist of elements of type u64, which have 8 bytes")]
fn shared_memory_is_cast_only_as_a_whole() {
    let memory = SharedMemory::create(10).unwrap();
    let _ = memory.as_slice_of::<u64>();
}

#[test]
fn memory_that_the_system_refuses_is_an_error() {
    assert!(SharedMemory::create(usize::MAX / 2).is_err());
}

const OTHER: &str = "shared::a_handle_works_in_a_program_that_was_not_forked";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_handle_works_in_a_program_that_was_not_forked() {
    type Handles = (Value<u64>, Array<i16>, SharedArray<f64>, SharedMemory);
    if is_program(OTHER) {
        let handles = std::env::var("HANDLES").unwrap();
        let (value, array, mut shared, memory): Handles = serde_json::from_str(&handles).unwrap();
        *value.lock() += u64::from(memory.as_bytes()[3]);
        array.lock()[1] = -1;
        shared.as_mut_slice()[2] = 0.25;
        return;
    }
    let (value, array, shared) = (Value::new(40u64), Array::<i16>::new(2), SharedArray::<f64>::new(3));
    let mut memory = SharedMemory::create(4).unwrap();
    memory.as_bytes_mut()[3] = 2;
    let handles = serde_json::to_string(&(&value, &array, &shared, &memory)).unwrap();
    let output = program(OTHER).env("HANDLES", handles).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!((value.get(), array.to_vec()), (42, vec![0, -1]));
    assert_eq!(shared.as_slice(), [0.0, 0.0, 0.25]);
    // What was sent has arrived, so that this is the only handle again.
    memory.as_bytes_mut()[3] = 3;
}

#[test]
fn handles_that_have_travelled_are_handles_to_the_same() {
    let array = SharedArray::from_slice(&[1u32, 2]);
    let sent = serde_json::to_value(&array).unwrap();
    let received: SharedArray<u32> = serde_json::from_value(sent).unwrap();
    assert_eq!(received.as_slice().as_ptr(), array.as_slice().as_ptr());
    let sent = serde_json::to_value(SharedArray::<u8>::new(3)).unwrap();
    let error = serde_json::from_value::<SharedArray<u16>>(sent).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the shared array that was sent cannot be opened: its elements are of another type"
    );
}
