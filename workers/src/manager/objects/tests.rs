//! Objects without a server: who is answered what, and when.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::fuzzing::for_all;
use crate::manager::message::tests::{new_object, request};
use crate::manager::message::{
    DictOperation, EventOperation, Kind, ListOperation, Operation, QueueOperation, SemaphoreOperation,
};

const A: Caller = 1;
const B: Caller = 2;
const C: Caller = 3;

fn payload(byte: u8) -> Payload {
    Payload::new(vec![byte])
}

/// Objects with one in it, and its ID.
fn with(object: NewObject) -> (Objects, u64) {
    let mut objects = Objects::default();
    let Reply::Object(id) = objects.open(None, object) else {
        panic!("a new object has no other answer")
    };
    (objects, id)
}

impl Objects {
    fn ask(&mut self, caller: Caller, object: u64, operation: Operation) -> Option<Reply> {
        let limit = None;
        self.answer(
            caller,
            Request::Call {
                object,
                limit,
                operation,
            },
        )
    }
}

fn granted(abandoned: bool) -> Reply {
    Reply::Granted { abandoned }
}

#[test]
fn a_name_is_one_object_of_one_kind() {
    let mut objects = Objects::default();
    let name = || Some("scores".to_owned());
    let first = objects.open(name(), NewObject::List);
    assert_eq!(objects.open(name(), NewObject::List), first);
    assert_ne!(objects.open(None, NewObject::List), first);
    let (found, wanted) = (Kind::List, Kind::Dict);
    let refused = Reply::Refused(Refusal::WrongKind { found, wanted });
    assert_eq!(objects.open(name(), NewObject::Dict), refused);
    let Reply::Object(id) = first else { panic!("{first:?}") };
    assert_eq!(objects.delete(id), Reply::Done);
    assert_eq!(objects.delete(id), Reply::Refused(Refusal::ObjectGone));
    assert!(matches!(objects.open(name(), NewObject::Dict), Reply::Object(other) if other != id));
}

#[test]
fn an_operation_of_another_kind_is_refused() {
    let (mut objects, id) = with(NewObject::List);
    let refused = objects.ask(A, id, Operation::Lock(SemaphoreOperation::Acquire));
    let (found, wanted) = (Kind::List, Kind::Lock);
    assert_eq!(refused, Some(Reply::Refused(Refusal::WrongKind { found, wanted })));
}

#[test]
fn a_replacement_comes_to_nothing_when_the_item_has_changed() {
    let (mut objects, id) = with(NewObject::List);
    let mut list = |operation| objects.ask(A, id, Operation::List(operation)).unwrap();
    list(ListOperation::Extend(vec![payload(1), payload(2)]));
    let Reply::Stamped(Some(old)) = list(ListOperation::Load(0)) else {
        panic!()
    };
    // It is the same again, and yet it has changed.
    list(ListOperation::Set(0, payload(1)));
    let replace = |stamp| ListOperation::Replace {
        index: 0,
        stamp,
        item: payload(9),
    };
    let Reply::Stamped(Some(new)) = list(replace(old.stamp)) else {
        panic!()
    };
    assert_eq!(new.payload, payload(1));
    assert_eq!(list(replace(new.stamp)), Reply::Done);
    assert_eq!(list(ListOperation::Items), Reply::Items(vec![payload(9), payload(2)]));
    let refused = Reply::Refused(Refusal::OutOfBounds { index: 2, len: 2 });
    assert_eq!(list(ListOperation::Load(2)), refused);
    assert_eq!(list(ListOperation::Insert(2, payload(3))), Reply::Done);
}

#[test]
fn a_dict_keeps_the_order_in_which_keys_were_added() {
    let (mut objects, id) = with(NewObject::Dict);
    let mut dict = |operation| objects.ask(A, id, Operation::Dict(operation)).unwrap();
    for key in [3, 1, 2, 1] {
        dict(DictOperation::Insert(payload(key), payload(key + 10)));
    }
    assert_eq!(dict(DictOperation::Remove(payload(3))), Reply::Item(Some(payload(13))));
    dict(DictOperation::Insert(payload(3), payload(0)));
    let keys = [1, 2, 3].map(payload).to_vec();
    assert_eq!(dict(DictOperation::Keys), Reply::Items(keys));
}

#[test]
fn an_absent_value_is_replaced_only_while_it_is_absent() {
    let (mut objects, id) = with(NewObject::Dict);
    let mut replace = |stamp, value: Option<u8>| {
        let (key, value) = (payload(1), value.map(payload));
        let operation = Operation::Dict(DictOperation::Replace { key, stamp, value });
        objects.ask(A, id, operation).unwrap()
    };
    assert_eq!(replace(None, Some(5)), Reply::Done);
    let Reply::Stamped(Some(current)) = replace(None, Some(6)) else {
        panic!()
    };
    assert_eq!(replace(Some(current.stamp), None), Reply::Done);
    assert_eq!(replace(Some(current.stamp), Some(7)), Reply::Stamped(None));
}

#[test]
fn takers_are_served_in_order_and_only_while_they_wait() {
    let (mut objects, id) = with(NewObject::Queue { bound: None });
    let get = || Operation::Queue(QueueOperation::Get);
    let put = |byte| Operation::Queue(QueueOperation::Put(payload(byte)));
    assert_eq!(objects.ask(A, id, get()), None);
    assert_eq!(objects.ask(B, id, get()), None);
    objects.depart(A, id);
    assert_eq!(objects.ask(C, id, put(1)), Some(Reply::Done));
    assert_eq!(objects.ask(C, id, put(2)), Some(Reply::Done));
    assert_eq!(objects.take_answers(), [(B, Reply::Item(Some(payload(1))))]);
    assert_eq!(objects.ask(A, id, get()), Some(Reply::Item(Some(payload(2)))));
}

#[test]
fn a_full_queue_takes_in_what_waits_when_there_is_room() {
    let (mut objects, id) = with(NewObject::Queue { bound: Some(1) });
    let put = |byte| Operation::Queue(QueueOperation::Put(payload(byte)));
    assert_eq!(objects.ask(A, id, put(1)), Some(Reply::Done));
    assert_eq!(objects.ask(A, id, put(2)), None);
    assert_eq!(objects.ask(B, id, put(3)), None);
    objects.withdraw(A, id);
    let got = objects.ask(C, id, Operation::Queue(QueueOperation::Get));
    assert_eq!(got, Some(Reply::Item(Some(payload(1)))));
    assert_eq!(objects.take_answers(), [(B, Reply::Done)]);
    let len = objects.ask(C, id, Operation::Queue(QueueOperation::Len));
    assert_eq!(len, Some(Reply::Count(1)));
}

#[test]
fn a_lock_passes_from_one_to_the_next() {
    let (mut objects, id) = with(NewObject::Lock);
    let acquire = || Operation::Lock(SemaphoreOperation::Acquire);
    let release = || Operation::Lock(SemaphoreOperation::Release);
    assert_eq!(objects.ask(A, id, acquire()), Some(granted(false)));
    assert_eq!(objects.ask(B, id, acquire()), None);
    assert_eq!(objects.ask(C, id, acquire()), None);
    assert_eq!(objects.ask(B, id, release()), Some(Reply::Refused(Refusal::NotHeld)));
    objects.depart(A, id);
    assert_eq!(objects.take_answers(), [(B, granted(true))]);
    assert_eq!(objects.ask(B, id, release()), Some(Reply::Done));
    assert_eq!(objects.take_answers(), [(C, granted(false))]);
    objects.depart(C, id);
    assert_eq!(objects.ask(A, id, acquire()), Some(granted(true)));
}

#[test]
fn permits_of_one_that_has_gone_are_given_back() {
    let (mut objects, id) = with(NewObject::Semaphore { permits: 2 });
    let ask = |objects: &mut Objects, caller, operation| objects.ask(caller, id, Operation::Semaphore(operation));
    for _ in 0..2 {
        assert_eq!(ask(&mut objects, A, SemaphoreOperation::Acquire), Some(granted(false)));
    }
    assert_eq!(ask(&mut objects, B, SemaphoreOperation::Acquire), None);
    objects.depart(A, id);
    assert_eq!(objects.take_answers(), [(B, granted(true))]);
    let available = ask(&mut objects, C, SemaphoreOperation::Available);
    assert_eq!(available, Some(Reply::Count(1)));
    let refused = ask(&mut objects, C, SemaphoreOperation::Release);
    assert_eq!(refused, Some(Reply::Refused(Refusal::NotHeld)));
}

#[test]
fn all_who_wait_learn_that_an_object_is_gone_or_an_event_set() {
    let (mut objects, id) = with(NewObject::Event);
    let wait = || Operation::Event(EventOperation::Wait);
    assert_eq!(objects.ask(A, id, wait()), None);
    assert_eq!(
        objects.ask(B, id, Operation::Event(EventOperation::Set)),
        Some(Reply::Done)
    );
    assert_eq!(objects.take_answers(), [(A, Reply::Done)]);
    objects.ask(B, id, Operation::Event(EventOperation::Clear));
    assert_eq!(objects.ask(A, id, wait()), None);
    assert_eq!(objects.delete(id), Reply::Done);
    assert_eq!(objects.take_answers(), [(A, Reply::Refused(Refusal::ObjectGone))]);
    assert_eq!(objects.ask(A, id, wait()), Some(Reply::Refused(Refusal::ObjectGone)));
}

/// Who waits sends nothing, as the server sees to.
#[test]
fn whatever_is_asked_who_waits_is_answered_once() {
    let what = prop_oneof![
        12 => request().prop_map(Some),
        1 => Just(()).prop_map(|()| None),
    ];
    let steps = vec((0..4u64, what), 0..40);
    for_all(100, (vec(new_object(), 4), steps), |(made, steps)| {
        let mut objects = Objects::default();
        for object in made {
            objects.open(None, object);
        }
        let mut waiting: BTreeMap<Caller, u64> = BTreeMap::new();
        let answered = |objects: &mut Objects, waiting: &mut BTreeMap<Caller, u64>| {
            for (caller, _) in objects.take_answers() {
                assert!(waiting.remove(&caller).is_some(), "{caller} has not waited");
            }
        };
        for (caller, what) in steps {
            match what {
                Some(Request::Call {
                    object,
                    limit,
                    operation,
                }) if !waiting.contains_key(&caller) => {
                    let request = Request::Call {
                        object,
                        limit,
                        operation,
                    };
                    if objects.answer(caller, request).is_none() {
                        waiting.insert(caller, object);
                    }
                }
                Some(request @ (Request::Open { .. } | Request::Delete { .. })) if !waiting.contains_key(&caller) => {
                    assert!(objects.answer(caller, request).is_some());
                }
                // Its time is up, or it goes with what it holds.
                _ => {
                    if let Some(object) = waiting.remove(&caller) {
                        objects.withdraw(caller, object);
                    }
                    (0..6).for_each(|object| objects.depart(caller, object));
                }
            }
            answered(&mut objects, &mut waiting);
        }
        let all: BTreeSet<u64> = waiting.values().copied().collect();
        for object in all {
            assert_eq!(objects.delete(object), Reply::Done);
        }
        answered(&mut objects, &mut waiting);
        assert!(waiting.is_empty(), "{waiting:?}");
    });
}
