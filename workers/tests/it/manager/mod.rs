//! `Manager`: what its objects do, for threads, forked workers, and whoever gets a proxy with serde.

mod crashes;
mod remote;
mod strangers;

use std::collections::BTreeMap;
use std::io::Read;
use std::time::Duration;

use parcell::{DictProxy, ListProxy, LockProxy, Manager, ManagerError, Pool, Process, QueueProxy, ValueProxy};
use rstest::rstest;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

const LIMIT: Duration = Duration::from_millis(20);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Point {
    x: i64,
    name: Option<String>,
}

/// As a process gets it to which it was sent.
fn sent<T: Serialize + DeserializeOwned>(value: &T) -> T {
    serde_json::from_value(serde_json::to_value(value).unwrap()).unwrap()
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_list_does_what_lists_do() {
    let manager = Manager::new().unwrap();
    let list = manager.list::<String>().unwrap();
    assert_eq!(list.is_empty(), Ok(true));
    assert_eq!(list.pop(), Ok(None));
    list.push("b".to_owned()).unwrap();
    list.extend(["c", "d"].map(str::to_owned)).unwrap();
    list.insert(0, "a".to_owned()).unwrap();
    list.insert(4, "e".to_owned()).unwrap();
    assert_eq!(list.to_vec().unwrap(), ["a", "b", "c", "d", "e"]);
    assert_eq!(list.remove(1).as_deref(), Ok("b"));
    list.set(0, "A".to_owned()).unwrap();
    assert_eq!(list.get(0).as_deref(), Ok("A"));
    assert_eq!(list.index_of(&"d".to_owned()), Ok(Some(2)));
    assert_eq!(list.contains(&"b".to_owned()), Ok(false));
    assert_eq!(list.pop().unwrap().as_deref(), Some("e"));
    assert_eq!(
        list.update(1, |item| std::mem::replace(item, "C".into())).as_deref(),
        Ok("c")
    );
    assert_eq!(list.to_vec().unwrap(), ["A", "C", "d"]);
    assert_eq!(list.len(), Ok(3));
    list.clear().unwrap();
    assert_eq!(list.to_vec(), Ok(vec![]));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn an_index_out_of_bounds_is_told_with_the_length() {
    let manager = Manager::new().unwrap();
    let list = manager.list::<u8>().unwrap();
    list.extend([1, 2]).unwrap();
    let out = |index| ManagerError::OutOfBounds { index, len: 2 };
    assert_eq!(list.get(2), Err(out(2)));
    assert_eq!(list.set(3, 0), Err(out(3)));
    assert_eq!(list.remove(usize::MAX), Err(out(usize::MAX)));
    assert_eq!(list.insert(3, 0), Err(out(3)));
    assert_eq!(list.update(2, |_| ()), Err(out(2)));
    let message = list.get(2).unwrap_err().to_string();
    assert_eq!(message, "index 2 is out of bounds: the list has 2 items");
    assert_eq!(list.to_vec(), Ok(vec![1, 2]));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_dict_does_what_dicts_do() {
    let manager = Manager::new().unwrap();
    let dict = manager.dict::<String, Point>().unwrap();
    let point = |x| Point { x, name: None };
    assert_eq!(dict.insert("z".into(), point(1)), Ok(None));
    assert_eq!(dict.insert("a".into(), point(2)), Ok(None));
    assert_eq!(dict.insert("z".into(), point(3)), Ok(Some(point(1))));
    assert_eq!(dict.get("z"), Ok(Some(point(3))));
    assert_eq!(dict.get(&"?".to_owned()), Ok(None));
    assert_eq!(dict.get_or_insert("z".into(), point(9)), Ok(point(3)));
    assert_eq!(dict.get_or_insert("n".into(), point(4)), Ok(point(4)));
    assert_eq!(dict.keys().unwrap(), ["z", "a", "n"]);
    assert_eq!(dict.values().unwrap(), [point(3), point(2), point(4)]);
    assert_eq!(dict.remove("a"), Ok(Some(point(2))));
    assert_eq!(dict.remove("a"), Ok(None));
    assert_eq!((dict.contains_key("a"), dict.contains_key("n")), (Ok(false), Ok(true)));
    dict.update("n", |_| None).unwrap();
    dict.update("new", |value| value.or(Some(point(5)))).unwrap();
    let items: BTreeMap<_, _> = dict.items().unwrap().into_iter().collect();
    assert_eq!(
        items,
        BTreeMap::from([("z".into(), point(3)), ("new".into(), point(5))])
    );
    assert_eq!((dict.len(), dict.is_empty()), (Ok(2), Ok(false)));
    dict.clear().unwrap();
    assert_eq!(dict.items(), Ok(vec![]));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_value_is_replaced_and_changed() {
    let manager = Manager::new().unwrap();
    let value = manager.value(vec![1u64]).unwrap();
    assert_eq!(value.update(|items| items.push(2)), Ok(()));
    assert_eq!(value.get(), Ok(vec![1, 2]));
    value.set(vec![]).unwrap();
    assert_eq!(value.get(), Ok(vec![]));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_queue_is_first_in_first_out_and_keeps_its_bound() {
    let manager = Manager::new().unwrap();
    let queue = manager.bounded_queue(2).unwrap();
    assert_eq!(queue.try_get(), Ok(None::<u8>));
    assert_eq!(queue.get_timeout(LIMIT), Err(ManagerError::TimedOut { limit: LIMIT }));
    queue.put(1).unwrap();
    assert_eq!(queue.try_put(2), Ok(true));
    assert_eq!(queue.try_put(3), Ok(false));
    assert_eq!(
        queue.put_timeout(3, LIMIT),
        Err(ManagerError::TimedOut { limit: LIMIT })
    );
    assert_eq!(queue.len(), Ok(2));
    let process = Process::spawn(|| queue.put(4));
    assert_eq!((queue.get(), queue.get(), queue.get()), (Ok(1), Ok(2), Ok(4)));
    assert_eq!(process.join(), Ok(Ok(())));
    assert_eq!(queue.is_empty(), Ok(true));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_lock_is_held_by_one() {
    let manager = Manager::new().unwrap();
    let lock = manager.lock().unwrap();
    let guard = lock.lock().unwrap();
    assert!(!guard.abandoned());
    assert!(lock.try_lock().unwrap().is_none());
    assert_eq!(
        lock.lock_timeout(LIMIT).unwrap_err(),
        ManagerError::TimedOut { limit: LIMIT }
    );
    let process = Process::spawn(|| lock.lock().map(|guard| guard.abandoned()));
    drop(guard);
    assert_eq!(process.join(), Ok(Ok(false)));
    assert!(lock.try_lock().unwrap().is_some());
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_copy_of_a_guard_in_a_worker_holds_nothing() {
    let manager = Manager::new().unwrap();
    let lock = manager.lock().unwrap();
    let mut guard = Some(lock.lock().unwrap());
    let process = Process::spawn(|| drop(guard.take()));
    assert_eq!(process.join(), Ok(()));
    assert!(lock.try_lock().unwrap().is_none());
    drop(guard);
    assert!(lock.try_lock().unwrap().is_some());
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_semaphore_gives_as_many_permits_as_it_has() {
    let manager = Manager::new().unwrap();
    let semaphore = manager.semaphore(2).unwrap();
    let first = semaphore.acquire().unwrap();
    let second = semaphore.try_acquire().unwrap();
    assert!(second.is_some() && semaphore.try_acquire().unwrap().is_none());
    let limited = semaphore.acquire_timeout(LIMIT).unwrap_err();
    assert_eq!(limited, ManagerError::TimedOut { limit: LIMIT });
    assert_eq!(semaphore.available(), Ok(0));
    drop(first);
    assert_eq!(semaphore.available(), Ok(1));
    assert!(semaphore.acquire_timeout(LIMIT).is_ok());
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn an_event_wakes_all() {
    let manager = Manager::new().unwrap();
    let event = manager.event().unwrap();
    assert_eq!((event.is_set(), event.wait_timeout(LIMIT)), (Ok(false), Ok(false)));
    let waiting: Vec<_> = (0..3).map(|_| Process::spawn(|| event.wait())).collect();
    event.set().unwrap();
    assert!(waiting.iter().all(|process| process.join() == Ok(Ok(()))));
    assert_eq!(
        (event.is_set(), event.wait_timeout(Duration::ZERO)),
        (Ok(true), Ok(true))
    );
    event.clear().unwrap();
    assert_eq!(event.is_set(), Ok(false));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn updates_from_many_processes_lose_nothing() {
    const UPDATES: u32 = 50;
    let manager = Manager::new().unwrap();
    let list = manager.list::<u32>().unwrap();
    let dict = manager.dict::<u8, u32>().unwrap();
    let value = manager.value(0u32).unwrap();
    let lock = manager.lock().unwrap();
    let guarded = manager.value(0u32).unwrap();
    list.push(0).unwrap();
    let results = Pool::new(4).map(
        |_: u32| -> Result<(), ManagerError> {
            list.update(0, |count| *count += 1)?;
            dict.update(&7, |count| Some(count.unwrap_or(0) + 1))?;
            value.update(|count| *count += 1)?;
            let _guard = lock.lock()?;
            guarded.set(guarded.get()? + 1)
        },
        0..UPDATES,
    );
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!(list.get(0), Ok(UPDATES));
    assert_eq!(dict.get(&7), Ok(Some(UPDATES)));
    assert_eq!((value.get(), guarded.get()), (Ok(UPDATES), Ok(UPDATES)));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn hundreds_wait_at_once() {
    const THREADS: u32 = 300;
    let manager = Manager::new().unwrap();
    let (tasks, results) = (manager.queue::<u32>().unwrap(), manager.queue().unwrap());
    let sum = std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| results.put(tasks.get().unwrap()).unwrap());
        }
        for task in 0..THREADS {
            tasks.put(task).unwrap();
        }
        (0..THREADS).map(|_| results.get().unwrap()).sum::<u32>()
    });
    assert_eq!(sum, (0..THREADS).sum::<u32>());
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn large_values_travel() {
    let manager = Manager::new().unwrap();
    let list = manager.list::<String>().unwrap();
    let texts = ["x", "y", "z"].map(|text| text.repeat(5 << 20));
    list.extend(texts.clone()).unwrap();
    assert!(list.to_vec().unwrap() == texts);
    assert_eq!(list.get(1).unwrap(), texts[1]);
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn proxies_can_be_sent_and_held_by_objects() {
    let manager = Manager::new().unwrap();
    let inner = manager.list::<u8>().unwrap();
    let outer = manager.dict::<String, ListProxy<u8>>().unwrap();
    outer.insert("inner".into(), inner.clone()).unwrap();
    outer.get("inner").unwrap().unwrap().push(5).unwrap();
    assert_eq!(inner.to_vec(), Ok(vec![5]));

    let value: ValueProxy<u32> = sent(&manager.value(4).unwrap());
    let queue: QueueProxy<u32> = sent(&manager.queue().unwrap());
    let lock: LockProxy = sent(&manager.lock().unwrap());
    let dict: DictProxy<u32, u32> = sent(&manager.dict().unwrap());
    let event = sent(&manager.event().unwrap());
    let semaphore = sent(&manager.semaphore(1).unwrap());
    let process = Process::spawn(|| -> Result<(), ManagerError> {
        let _permit = semaphore.acquire()?;
        let _guard = lock.lock()?;
        dict.insert(1, value.get()?)?;
        queue.put(value.get()?)?;
        event.set()
    });
    event.wait().unwrap();
    assert_eq!((queue.get(), dict.get(&1)), (Ok(4), Ok(Some(4))));
    assert_eq!(process.join(), Ok(Ok(())));
    let handle: Manager = sent(&manager);
    assert_eq!(handle.pid(), manager.pid());
    assert_eq!(handle.shutdown(), Err(ManagerError::NotOurs { pid: manager.pid() }));
    assert!(handle.list::<u8>().is_ok());
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_debug_text_does_not_tell_the_key() {
    let manager = Manager::serve("127.0.0.1:0", "KEYKEYKEY").unwrap();
    let (list, lock) = (manager.list::<u8>().unwrap(), manager.lock().unwrap());
    let guard = lock.lock().unwrap();
    let text = format!("{manager:?} {list:?} {lock:?} {guard:?}");
    // As text, or as the numbers of its bytes.
    assert!(!text.contains("KEY") && !text.contains("75, 69, 89"), "{text}");
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn names_are_shared_and_of_one_kind() {
    let manager = Manager::new().unwrap();
    manager.named("scores").list().unwrap().push(1u8).unwrap();
    let other = Process::spawn(|| manager.named("scores").list::<u8>()?.to_vec());
    assert_eq!(other.join(), Ok(Ok(vec![1])));
    let error = manager.named("scores").dict::<u8, u8>().unwrap_err();
    assert_eq!(error.to_string(), "\"scores\" is a list, not a dict");
    let other_type = manager.named("scores").list::<String>().unwrap();
    let error = other_type.get(0).unwrap_err();
    assert!(
        matches!(&error, ManagerError::Codec { error } if error.contains("`String`")),
        "{error}"
    );
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_deleted_object_is_gone_for_all() {
    let manager = Manager::new().unwrap();
    let queue = manager.queue::<u8>().unwrap();
    let lock = manager.lock().unwrap();
    let gone = ManagerError::ObjectGone {
        kind: "queue".into(),
        pid: manager.pid(),
    };
    let ready = manager.event().unwrap();
    let process = Process::spawn(|| {
        ready.set()?;
        queue.get()
    });
    ready.wait().unwrap();
    queue.clone().delete().unwrap();
    assert_eq!(process.join(), Ok(Err(gone.clone())));
    assert_eq!((queue.len(), queue.delete()), (Err(gone.clone()), Err(gone)));
    let guard = lock.lock().unwrap();
    lock.delete().unwrap();
    drop(guard);
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_value_that_cannot_be_written_is_an_error_with_its_type() {
    #[derive(Deserialize)]
    struct Never;
    impl Serialize for Never {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("never"))
        }
    }
    let manager = Manager::new().unwrap();
    let queue = manager.queue::<Never>().unwrap();
    let error = queue.put(Never).unwrap_err().to_string();
    assert!(
        error.contains("cannot encode a value of type `Never`: never"),
        "{error}"
    );
    assert_eq!(queue.len(), Ok(0));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn the_server_keeps_nothing_open_of_its_parent() {
    let (mut read, write) = std::io::pipe().unwrap();
    let manager = Manager::new().unwrap();
    drop(write);
    // Were the server to hold a copy, this would not end.
    assert_eq!(read.read(&mut [0; 1]).unwrap(), 0);
    assert!(manager.list::<u8>().is_ok());
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_worker_may_have_a_manager_of_its_own() {
    let process = Process::spawn(|| {
        let manager = Manager::new()?;
        let list = manager.list::<u8>()?;
        Process::spawn(|| list.push(3)).join().unwrap()?;
        list.to_vec()
    });
    assert_eq!(process.join(), Ok(Ok(vec![3])));
}
