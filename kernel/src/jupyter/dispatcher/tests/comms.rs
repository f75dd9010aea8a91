//! Comms: what front ends say, what functions do about it, and what cells change of widgets.

use super::*;
use parcell::contract::comms::{CommMessage, Payload};

impl Kernel {
    fn comm(&mut self, name: &str) -> Vec<String> {
        self.shell(name, "comm_msg", json!({"comm_id": "1", "data": {"method": "update"}}))
    }

    /// A cell changes a widget.
    fn update(&mut self, cell: u64, value: u64) -> Vec<String> {
        let data = json!({"method": "update", "state": {"value": value}});
        let comm_id = "1".to_owned();
        let payload = Payload::of(data);
        self.output(cell, session::Content::Comm(CommMessage::CommMsg { comm_id, payload }))
    }
}

#[test]
fn what_is_said_on_a_comm_is_handed_on_while_a_cell_runs() {
    let mut kernel = Kernel::new();
    kernel.execute("a", json!({}));
    assert_eq!(kernel.comm("c"), ["busy c", "hear comm 1 as 1"]);
    // What follows at once goes out under the message that caused it.
    assert_eq!(kernel.update(1, 5), ["comm_msg {\"value\":5} c"]);
    let heard = kernel.event(Event::CommHeard { cell: CellId(1) });
    assert_eq!(heard, ["idle c", "busy a"]);
    assert_eq!(kernel.succeed(0), ["ok 1 a to one", "idle a"]);
}

#[test]
fn a_function_that_is_called_is_at_work_until_it_returns() {
    let mut kernel = Kernel::new();
    kernel.comm("c");
    let cell = CellId(0);
    assert_eq!(kernel.event(Event::CommHeard { cell }), ["idle c"]);
    assert_eq!(kernel.event(Event::DeliveryStarted { cell }), ["busy c"]);
    assert_eq!(kernel.print(0, "moved\n"), ["print \"moved\\n\" c"]);
    assert_eq!(kernel.fail(0, "Panic"), ["error Panic c", "idle c"]);
    // A cell that was asked for meanwhile runs on.
    kernel.comm("d");
    kernel.event(Event::DeliveryStarted { cell: CellId(1) });
    kernel.execute("a", json!({}));
    assert_eq!(kernel.succeed(1), ["idle d", "busy a"]);
}

#[test]
fn of_fast_changes_of_a_widget_the_last_goes_out() {
    let mut kernel = Kernel::new();
    kernel.execute("a", json!({}));
    assert_eq!(kernel.update(0, 1), ["comm_msg {\"value\":1} a"]);
    assert_eq!((kernel.update(0, 2), kernel.update(0, 3)), (vec![], vec![]));
    assert!(kernel.dispatcher.deadline().is_some());
    assert_eq!(kernel.elapse(Duration::from_millis(40)), ["comm_msg {\"value\":3} a"]);
    assert_eq!(kernel.update(0, 4), Vec::<String>::new());
    assert_eq!(
        kernel.succeed(0),
        ["comm_msg {\"value\":4} a", "ok 1 a to one", "idle a"]
    );
}
