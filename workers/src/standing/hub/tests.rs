//! What becomes of results that arrive, from workers that are not there.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::codec;
use crate::fuzzing::{changed, for_all};
use crate::sys::counted::frugally;

const PID: u32 = 7;

/// A hub with two crews, whose workers are started by nobody.
fn hub() -> Hub {
    let mut hub = Hub::new().unwrap();
    let settings = CrewSettings {
        workers: 1,
        initializer: None,
        max_tasks: None,
        memory_limit: None,
    };
    for crew in [3, 4] {
        hub.crews.insert(crew, CrewState::new(settings.clone()).unwrap());
    }
    hub
}

/// As if a worker had sent this.
fn put(hub: &Hub, crew: u64, task: u64, result: Result<&[u8], &TaskError>) {
    let reply = Reply {
        crew,
        task,
        pid: PID,
        failed: result.is_err().into(),
    };
    let mut message = bytemuck::bytes_of(&reply).to_vec();
    match result {
        Ok(payload) => message.extend_from_slice(payload),
        Err(error) => job::encode_error(error, &mut message),
    }
    put_bytes(hub, message);
}

fn put_bytes(hub: &Hub, message: Vec<u8>) {
    let message = message.into();
    hub.memory
        .results
        .visit(|visit| hub.log.append(visit.state, &message).map(drop))
        .unwrap();
}

fn submit(hub: &mut Hub, crew: u64) -> Arc<Task> {
    hub.crews
        .get_mut(&crew)
        .unwrap()
        .submit(&b"a call".to_vec().into())
        .unwrap()
}

#[test]
fn results_are_told_in_the_order_in_which_they_come_whichever_crew_they_are_for() {
    let mut hub = hub();
    let tasks = [submit(&mut hub, 3), submit(&mut hub, 3), submit(&mut hub, 4)];
    let failure = TaskError::Cancelled { pid: None, item: None };
    put(&hub, 3, 1, Ok(b"one"));
    put(&hub, 4, 0, Err(&failure));
    put(&hub, 3, 0, Ok(b"zero"));
    assert!(hub.take_in().unwrap());
    assert!(!hub.take_in().unwrap());
    let outcomes = tasks.each_ref().map(|task| task.outcome().unwrap());
    assert_eq!(outcomes.map(|outcome| outcome.order), [2, 0, 1]);
    assert!(outcomes.iter().all(|outcome| outcome.pid == Some(PID)));
    assert_eq!(outcomes[0].result.as_ref().unwrap().bytes(), b"zero");
    assert_eq!(outcomes[1].result.as_ref().unwrap().bytes(), b"one");
    assert_eq!(outcomes[2].result.as_ref().unwrap_err(), &failure);
}

#[test]
fn results_for_a_crew_that_is_gone_are_nobodys() {
    let mut hub = hub();
    let (gone, other) = (submit(&mut hub, 3), submit(&mut hub, 4));
    hub.crews.remove(&3);
    put(&hub, 3, 0, Ok(b"late"));
    put(&hub, 4, 0, Ok(b"in time"));
    assert!(hub.take_in().unwrap());
    assert!(gone.outcome().is_none());
    assert_eq!(other.outcome().unwrap().order, 0);
}

#[test]
fn the_first_outcome_counts() {
    let mut hub = hub();
    let task = submit(&mut hub, 3);
    let cancelled = hub.crews.get_mut(&3).unwrap().cancel(&task);
    hub.tell(cancelled);
    put(&hub, 3, 0, Ok(b"late"));
    hub.take_in().unwrap();
    assert!(matches!(
        task.outcome().unwrap().result,
        Err(TaskError::Cancelled { pid: None, item: None })
    ));
    assert_eq!(hub.settled, 1);
}

#[test]
fn what_is_not_understood_settles_nothing() {
    let mut hub = hub();
    let task = submit(&mut hub, 3);
    put_bytes(&hub, b"short".to_vec());
    put(&hub, 3, 9, Ok(b"of a task that there is not"));
    assert!(hub.take_in().unwrap());
    assert!(task.outcome().is_none());
    let mut failure = bytemuck::bytes_of(&Reply {
        crew: 3,
        task: 0,
        pid: PID,
        failed: 1,
    })
    .to_vec();
    failure.push(255);
    put_bytes(&hub, failure);
    hub.take_in().unwrap();
    let outcome = task.outcome().unwrap();
    assert!(
        matches!(
            outcome.result,
            Err(TaskError::Codec {
                pid: PID,
                item: None,
                ..
            })
        ),
        "{outcome:?}"
    );
}

#[test]
fn a_crew_that_has_no_dead_is_left_alone() {
    let mut hub = hub();
    let task = submit(&mut hub, 3);
    put(&hub, 3, 0, Ok(b""));
    hub.look_after_workers().unwrap();
    assert!(task.outcome().is_none(), "who waits takes it in");
    assert!(hub.crews[&3].worker_pids().is_empty());
}

#[test]
fn whatever_arrives_each_task_has_one_outcome_at_most() {
    let reply = (3..5u64, 0..3u64, prop::option::weighted(0.7, vec(any::<u8>(), 0..20)));
    let message = reply.prop_map(|(crew, task, payload)| {
        let failed = u32::from(payload.is_none());
        let reply = Reply {
            crew,
            task,
            pid: PID,
            failed,
        };
        let mut message = bytemuck::bytes_of(&reply).to_vec();
        match payload {
            Some(payload) => codec::encode_into(&payload, &mut message).unwrap(),
            None => job::encode_error(&TaskError::Cancelled { pid: None, item: None }, &mut message),
        }
        message
    });
    for_all(300, vec(changed(message), 0..8), |messages| {
        let mut hub = hub();
        let tasks = [3, 3, 4].map(|crew| submit(&mut hub, crew));
        let sent = messages.iter().map(|message| message.bytes.len()).sum();
        for message in &messages {
            put_bytes(&hub, message.bytes.clone());
        }
        frugally(sent, || assert_eq!(hub.take_in().unwrap(), !messages.is_empty()));
        let outcomes: Vec<_> = tasks.iter().filter_map(|task| task.outcome()).collect();
        assert_eq!(hub.settled, outcomes.len() as u64);
        for outcome in outcomes {
            if let Ok(payload) = &outcome.result {
                frugally(sent, || {
                    let _ = payload.result::<Vec<u8>>();
                    let _ = payload.result::<Vec<String>>();
                });
            }
        }
    });
}
