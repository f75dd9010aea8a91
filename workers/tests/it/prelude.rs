//! The prelude stands beside the globs of others.

use std::sync::*;

use parcell::prelude::*;

#[test]
fn nothing_collides_with_std_sync() {
    let mutex: Arc<Mutex<Pool>> = Arc::new(Mutex::new(Pool::new(2)));
    assert_eq!(mutex.lock().unwrap().workers(), 2);
    let _: fn() -> usize = cpu_count;
    let _: [fn(&'static str) -> std::io::Result<String>; 2] = [input, password];
    let _: Option<(Process<()>, TaskError, Barrier)> = None;
    let _: Option<(Lock, RLock, Semaphore, BoundedSemaphore, Event, Condition)> = None;
    let _: Option<(Value<u8>, SharedArray<u8>, SharedMemory)> = None;
}

#[test]
fn variables_may_be_called_as_its_functions_are() {
    let input = 1;
    let password = input + 1;
    assert_eq!((input, password), (1, 2));
}

mod beside_other_globs {
    use std::collections::*;
    use std::fmt::*;
    use std::io::*;

    use parcell::prelude::*;

    #[test]
    fn nothing_that_displays_collides() {
        let _: [fn(&'static str) -> MimeBundle; 4] = [html, markdown, latex, svg];
        let _: [fn(Vec<u8>) -> MimeBundle; 2] = [png, jpeg];
        let _: [fn(BTreeMap<u8, u8>) -> MimeBundle; 2] = [json, table];
        let _: fn(MimeBundle) -> DisplayHandle = display;
        let _: fn(String, MimeBundle) -> DisplayHandle = display_with_id;
        let _: fn(String, MimeBundle) = update_display;
        let _: fn(bool) = clear_output;
        let _: Option<(Arguments<'_>, Empty)> = None;
    }
}

mod beside_crates {
    use parcell::prelude::*;
    use rand::prelude::*;
    use rayon::prelude::*;

    #[test]
    fn nothing_collides_with_rand_and_rayon() {
        let numbers: Vec<u64> = (0..100u64).into_par_iter().map(|n| n * 2).collect();
        let mut random = StdRng::seed_from_u64(item_seed());
        let chosen = numbers.choose(&mut random).copied();
        assert!(chosen.is_some_and(|n| n.is_multiple_of(2)));
        let _: Option<(Queue<u8>, JoinableQueue<u8>, Connection<u8>)> = None;
        let _: Option<(Pipe<u8>, QueueError, WaitFor)> = None;
        let _: Option<(Manager, ManagerError, ListProxy<u8>)> = None;
        let _: Option<(DictProxy<u8, u8>, ValueProxy<u8>)> = None;
        let _: Option<QueueProxy<u8>> = None;
        let _: Option<(ProcessPoolExecutor, AsyncResult<u8>)> = None;
    }
}
