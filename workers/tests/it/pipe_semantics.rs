//! Pipes as Python's own tests want them: both ways, whole messages, polling, ends that go.

use std::time::Duration;

use parcell::{Connection, Event, Pipe, Process, QueueError};
use rstest::rstest;

use crate::support::kill;

/// Longer than any test takes.
const LATE: Duration = Duration::from_secs(50);

#[rstest]
#[timeout(Duration::from_secs(60))]
fn the_two_directions_do_not_disturb_each_other() {
    let (ours, theirs) = Pipe::new();
    (0..100).for_each(|n| ours.send(n).unwrap());
    let process = Process::spawn(move || {
        (100..200).for_each(|n| theirs.send(n).unwrap());
        (0..100).all(|n| theirs.recv() == Ok(n))
    });
    assert!((100..200).all(|n| ours.recv() == Ok(n)));
    assert_eq!(process.join(), Ok(true));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn messages_stay_apart_and_polling_takes_nothing() {
    let (ours, theirs) = Pipe::new();
    assert!(!ours.poll(Duration::ZERO) && !ours.poll(Duration::from_millis(5)));
    let sent = ["hello", "", "a", "b", "", "bye", "", "lop"];
    let process = Process::spawn(move || sent.iter().for_each(|text| theirs.send((*text).to_owned()).unwrap()));
    for text in sent {
        assert!(ours.poll(LATE) && ours.poll(LATE) && ours.poll(Duration::ZERO));
        assert_eq!(ours.recv().as_deref(), Ok(text));
    }
    process.join().unwrap();
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_process_that_polls_takes_nothing_from_another() {
    let (ours, theirs) = Pipe::new();
    let polling = Process::spawn(|| ours.poll(LATE));
    theirs.send("first".to_owned()).unwrap();
    theirs.send("second".to_owned()).unwrap();
    assert_eq!(polling.join(), Ok(true));
    assert_eq!(
        (ours.recv().as_deref(), ours.recv().as_deref()),
        (Ok("first"), Ok("second"))
    );
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn one_message_wakes_all_who_poll() {
    let (ours, theirs) = Pipe::new();
    let polling: Vec<_> = (0..3).map(|_| Process::spawn(|| ours.poll(LATE))).collect();
    theirs.send(()).unwrap();
    assert!(polling.iter().all(|process| process.join() == Ok(true)));
    assert_eq!((ours.recv(), ours.try_recv()), (Ok(()), Err(QueueError::Empty)));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_large_message_waits_for_nobody() {
    // With Python's pipe, a process that sends itself more than fits into a socket hangs.
    let (ours, theirs) = Pipe::new();
    ours.send(vec![7u8; 16 << 20]).unwrap();
    let received = theirs.recv().unwrap();
    assert!(received.len() == 16 << 20 && received.iter().all(|byte| *byte == 7));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn what_a_process_sent_before_it_ended_is_received() {
    let (ours, theirs) = Pipe::new();
    let process = Process::spawn(move || {
        theirs.send(vec![1u8; 10]).unwrap();
        theirs.send(Vec::new()).unwrap();
        theirs.send(vec![3u8; 5 << 20]).unwrap();
    });
    process.join().unwrap();
    let lengths: Vec<_> = std::iter::from_fn(|| ours.recv().ok())
        .map(|bytes| bytes.len())
        .collect();
    assert_eq!(lengths, [10, 0, 5 << 20]);
    assert_eq!(ours.recv(), Err(QueueError::Disconnected));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn polling_ends_when_nobody_is_left() {
    let (ours, theirs) = Pipe::<u32>::new();
    let begun = Event::new();
    let process = Process::spawn(|| {
        // Whoever was forked has a copy of the end as well.
        let _theirs = &theirs;
        begun.set();
        std::thread::sleep(LATE);
    });
    begun.wait();
    drop(theirs);
    assert!(!ours.poll(Duration::from_millis(20)));
    kill(&process);
    assert!(ours.poll(LATE));
    assert_eq!(ours.try_recv(), Err(QueueError::Disconnected));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn many_processes_may_send_through_one_end() {
    let (ours, theirs) = Pipe::new();
    let (senders, each) = (5usize, 400);
    let processes: Vec<_> = (0..senders)
        .map(|sender| {
            let theirs = theirs.clone();
            Process::spawn(move || {
                for n in 0..each {
                    theirs.send((sender, n, vec![sender as u8; n * 3])).unwrap();
                }
            })
        })
        .collect();
    let mut next = vec![0; senders];
    for _ in 0..senders * each {
        let (sender, n, bytes) = ours.recv().unwrap();
        assert_eq!(n, next[sender], "each sender's messages come in their order");
        assert_eq!(bytes, vec![sender as u8; n * 3]);
        next[sender] += 1;
    }
    assert!(processes.iter().all(|process| process.join() == Ok(())));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn an_end_on_its_way_is_not_gone() {
    let (ours, theirs) = Pipe::<Connection<String>>::new();
    let (near, far) = Pipe::new();
    // The only handle to the far end is in the pipe.
    ours.send(far).unwrap();
    near.send("all is well".to_owned()).unwrap();
    assert!(!near.poll(Duration::from_millis(20)));
    let process = Process::spawn(move || {
        let far = theirs.recv().unwrap();
        let text = far.recv().unwrap();
        far.send(text.repeat(2)).unwrap();
    });
    assert_eq!(near.recv().as_deref(), Ok("all is wellall is well"));
    process.join().unwrap();
    assert_eq!(near.recv(), Err(QueueError::Disconnected));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn processes_in_processes_send_in_their_order() {
    fn tree(connection: &Connection<Vec<u8>>, name: &[u8]) {
        connection.send(name.to_vec()).unwrap();
        if name.len() < 2 {
            for n in 0..2 {
                let name = [name, &[n]].concat();
                Process::spawn(|| tree(connection, &name)).join().unwrap();
            }
        }
    }
    let (ours, theirs) = Pipe::new();
    tree(&theirs, &[]);
    let expected: [&[u8]; 7] = [&[], &[0], &[0, 0], &[0, 1], &[1], &[1, 0], &[1, 1]];
    for name in expected {
        assert_eq!(ours.recv().as_deref(), Ok(name));
    }
    assert!(!ours.poll(Duration::ZERO));
}
