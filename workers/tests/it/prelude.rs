//! The prelude stands beside the globs of others.

use std::sync::*;

use parcell::prelude::*;

#[test]
fn nothing_collides_with_std_sync() {
    let mutex: Arc<Mutex<Pool>> = Arc::new(Mutex::new(Pool::new(2)));
    assert_eq!(mutex.lock().unwrap().workers(), 2);
    let _: fn() -> usize = cpu_count;
    let _: Option<(Process<()>, TaskError, Barrier)> = None;
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
