//! Pipes between processes: both ways, to the end of the other end, and no further than there is room.

use std::time::Duration;

use parcell::{Connection, Pipe, Process, QueueError};
use rstest::rstest;

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_pipe_goes_both_ways_with_messages_of_any_size() {
    let (ours, theirs) = Pipe::new();
    let process = Process::spawn(move || {
        while let Ok(message) = theirs.recv() {
            let mut message: Vec<u32> = message;
            message.reverse();
            theirs.send(message).unwrap();
        }
    });
    for size in [0u32, 1, 1000, 3_000_000] {
        ours.send((0..size).collect()).unwrap();
        assert!(ours.poll(Duration::from_secs(30)));
        assert_eq!(ours.recv(), Ok((0..size).rev().collect()));
    }
    assert!(!ours.poll(Duration::ZERO));
    assert_eq!(ours.try_recv(), Err(QueueError::Empty));
    assert_eq!(ours.recv_timeout(Duration::from_millis(5)), Err(QueueError::TimedOut));
    drop(ours);
    assert_eq!(process.join(), Ok(()));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn an_end_that_is_dropped_is_the_end() {
    let (ours, theirs) = Pipe::new();
    ours.send(1).unwrap();
    ours.send(2).unwrap();
    let copy = ours.clone();
    drop(ours);
    assert_eq!(theirs.recv(), Ok(1));
    theirs.send(3).unwrap();
    drop(copy);
    assert_eq!((theirs.recv(), theirs.recv()), (Ok(2), Err(QueueError::Disconnected)));
    assert_eq!(theirs.send(4), Err(QueueError::Disconnected));
    assert!(theirs.poll(Duration::ZERO));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_process_that_is_killed_is_the_end_of_its_end() {
    let (ours, theirs) = Pipe::new();
    let process = Process::spawn(move || -> () {
        theirs.send(1u8).unwrap();
        loop {
            std::thread::park();
        }
    });
    assert_eq!(ours.recv(), Ok(1));
    process.kill();
    assert_eq!(ours.recv(), Err(QueueError::Disconnected));
    // What was not received waits for nobody.
    let error = (0..).find_map(|_| ours.send(0).err());
    assert_eq!(error, Some(QueueError::Disconnected));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn sending_waits_where_much_is_waiting() {
    let (ours, theirs) = Pipe::new();
    let piece = vec![0u64; 50_000];
    let limit = Duration::from_millis(20);
    let sent = (0..100)
        .take_while(|_| ours.send_timeout(piece.clone(), limit).is_ok())
        .count();
    assert!((1..50).contains(&sent), "{sent}");
    theirs.recv().unwrap();
    let process = Process::spawn(move || (1..sent).map(|_| theirs.recv().unwrap().len()).sum::<usize>());
    assert_eq!(process.join(), Ok(50_000 * (sent - 1)));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn connections_travel() {
    let (ours, theirs) = Pipe::<Connection<u32>>::new();
    let process = Process::spawn(move || theirs.recv().unwrap().send(9).unwrap());
    let (near, far) = Pipe::new();
    ours.send(far).unwrap();
    assert_eq!(near.recv(), Ok(9));
    process.join().unwrap();
}
