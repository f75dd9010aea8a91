//! Displaying in a program that is no notebook.

use std::time::Duration;

use parcell::prelude::*;
use rstest::rstest;

use crate::support::{is_program, program};

const PLAIN: &str = "display::programs_print_plain_text";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn programs_print_plain_text() {
    if is_program(PLAIN) {
        print!("before, ");
        let handle = display(html("<b>one</b>"));
        handle.update(Some(2));
        clear_output(false);
        display_with_id("x", table([(3, 'c')]));
        update_display("x", png([]));
        Pool::new(1).map(|n: u32| display(n).id().len(), [5]);
        return;
    }
    let output = program(PLAIN).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8_lossy(&output.stdout);
    let shown = "before, one\nSome(2)\n0  1\n-  -\n3  c\n<image/png, 0 B>\n5\n";
    assert!(printed.contains(shown), "{printed}");
    assert!(!printed.contains("EVCXR"), "{printed}");
}
