//! Shared data as Python's own tests want it: types, slices, zeroes, names that outlive nobody.

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::time::Duration;

use parcell::bytemuck::{Pod, Zeroable};
use parcell::{Array, Event, Process, SharedArray, SharedMemory, Value};
use rstest::rstest;

use crate::support::{is_program, program};

#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
struct Record {
    x: i64,
    y: f64,
    bytes: [u8; 16],
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn values_of_every_type_are_set_by_another_process() {
    let record = Record {
        x: 2,
        y: 5.5,
        bytes: *b"hello           ",
    };
    let (int, double, short, long, byte) = (
        Value::new(4343i32),
        Value::new(3.625),
        Value::new(-232i16),
        Value::new(1u64 << 33),
        Value::new(b'x'),
    );
    let (shared, copy) = (Value::new(record), record);
    let process = Process::spawn(|| {
        int.set(24234);
        double.set(-4.25);
        short.set(234);
        *long.lock() *= 2;
        byte.set(b'y');
        let mut record = shared.lock();
        record.x *= 2;
        record.bytes[..5].reverse();
    });
    process.join().unwrap();
    assert_eq!((int.get(), double.get(), short.get()), (24234, -4.25, 234));
    assert_eq!((long.get(), byte.get()), (1 << 34, b'y'));
    let expected = Record {
        x: 4,
        bytes: *b"olleh           ",
        ..record
    };
    assert_eq!((shared.get(), copy), (expected, record));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn an_array_is_a_slice_while_it_is_locked() {
    fn sum_up(numbers: &mut [i32]) {
        for n in 1..numbers.len() {
            numbers[n] += numbers[n - 1];
        }
    }
    let mut numbers = [680, 626, 934, 821, 150, 233, 548, 982, 714, 831];
    let array = Array::from_slice(&numbers);
    assert_eq!((array.len(), array.lock()[3]), (numbers.len(), numbers[3]));
    assert_eq!(array.lock()[2..7], numbers[2..7]);
    numbers[4..8].copy_from_slice(&[1, 2, 3, 4]);
    array.lock()[4..8].copy_from_slice(&[1, 2, 3, 4]);
    sum_up(&mut numbers);
    Process::spawn(|| sum_up(&mut array.lock())).join().unwrap();
    assert_eq!(array.to_vec(), numbers);
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn new_memory_is_zero_whatever_was_there_before() {
    for _ in 0..3 {
        let (array, mut shared) = (Array::<u64>::new(5000), SharedArray::<u64>::new(5000));
        let mut memory = SharedMemory::create(40_000).unwrap();
        assert_eq!(array.to_vec(), [0; 5000]);
        assert_eq!(
            (shared.as_slice(), memory.as_slice_of::<u64>()),
            (&[0; 5000][..], &[0; 5000][..])
        );
        array.lock().fill(u64::MAX);
        shared.as_mut_slice().fill(u64::MAX);
        memory.as_bytes_mut().fill(u8::MAX);
    }
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn shared_memory_may_be_empty() {
    let memory = SharedMemory::create(0).unwrap();
    assert!(memory.is_empty() && SharedMemory::open(&memory.name()).unwrap().is_empty());
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn who_opens_shared_memory_and_ends_takes_nothing_along() {
    // Python's resource tracker removed it under the one that had made it.
    let mut memory = SharedMemory::create(8).unwrap();
    memory.as_bytes_mut()[0] = 42;
    let name = memory.name();
    for expected in 42..45 {
        let process = Process::spawn(|| {
            let opened = SharedMemory::open(&name).map_err(|error| error.to_string())?;
            let byte = opened.as_bytes()[0];
            drop(opened);
            memory.as_bytes_mut()[0] += 1;
            Ok::<_, String>(byte)
        });
        assert_eq!(process.join(), Ok(Ok(expected)));
    }
    assert_eq!(memory.as_bytes()[0], 45);
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn shared_memory_outlives_who_made_it_where_another_has_it_open() {
    let (names, opened) = (parcell::Queue::new(), Event::new());
    let maker = Process::spawn(|| {
        let mut memory = SharedMemory::create(100).unwrap();
        memory.as_bytes_mut()[99] = 7;
        names.put(memory.name()).unwrap();
        opened.wait();
    });
    let first_name = names.get().unwrap();
    let memory = SharedMemory::open(&first_name).unwrap();
    opened.set();
    maker.join().unwrap();
    assert_eq!((memory.len(), memory.as_bytes()[99]), (100, 7));
    // By the name of the one that has it now, anyone finds it still.
    let name = memory.name();
    let process = Process::spawn(|| SharedMemory::open(&name).map(|other| other.as_bytes()[99]).ok());
    assert_eq!(process.join(), Ok(Some(7)));
    drop(memory);
    for name in [first_name, name] {
        assert_eq!(SharedMemory::open(&name).unwrap_err().kind(), ErrorKind::NotFound);
    }
}

const KILLED: &str = "shared_semantics::nothing_is_left_of_a_killed_programs_shared_memory";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn nothing_is_left_of_a_killed_programs_shared_memory() {
    if is_program(KILLED) {
        let memory = SharedMemory::create(10).unwrap();
        println!("\nname {}", memory.name());
        std::io::stdout().flush().unwrap();
        loop {
            std::thread::park();
        }
    }
    let mut child = program(KILLED).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let name = lines
        .map(Result::unwrap)
        .find_map(|line| line.strip_prefix("name ").map(str::to_owned))
        .unwrap();
    assert_eq!(SharedMemory::open(&name).unwrap().len(), 10);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(SharedMemory::open(&name).unwrap_err().kind(), ErrorKind::NotFound);
}
