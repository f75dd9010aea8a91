use super::super::worker_lines::Lines;
use super::*;

fn groups(order: GroupOrder) -> Groups {
    let mut groups = Groups::default();
    groups.begin(&Announced { key: "k".into(), order });
    groups
}

fn said(text: &str) -> Said {
    Said {
        cell: CellId(1),
        speaker: Arc::new(Speaker {
            pid: 7,
            stream: Stream::Stdout,
            prefix: Prefix::none(),
        }),
        what: Saying::Lines(Lines {
            text: text.to_owned(),
            continues: false,
        }),
    }
}

fn texts(said: impl IntoIterator<Item = Said>) -> String {
    let text = |said: Said| match said.what {
        Saying::Lines(lines) => lines.text,
        Saying::Content(Content::Stream { text, .. }) => text,
        Saying::Content(other) => panic!("{other:?}"),
    };
    said.into_iter().map(text).collect()
}

#[test]
fn the_first_item_is_shown_as_it_comes_and_the_others_wait() {
    let mut groups = groups(GroupOrder::Items);
    assert_eq!(texts(groups.take("k", 0, said("0a "))), "0a ");
    assert_eq!(texts(groups.take("k", 2, said("2a "))), "");
    assert_eq!(texts(groups.take("k", 1, said("1a "))), "");
    assert_eq!(texts(groups.done("k", &[(2, 3)])), "");
    assert_eq!(texts(groups.take("k", 3, said("3a "))), "");
    assert_eq!(texts(groups.done("k", &[(0, 1)])), "1a ");
    assert_eq!(texts(groups.take("k", 1, said("1b "))), "1b ");
    assert_eq!(texts(groups.done("k", &[(1, 2)])), "2a 3a ");
    assert_eq!(texts(groups.take("k", 3, said("3b "))), "3b ");
    assert_eq!(texts(groups.take("k", 0, said("late "))), "late ");
}

#[test]
fn in_order_of_completion_an_item_waits_until_it_is_done() {
    let mut groups = groups(GroupOrder::Completion);
    for (item, text) in [(0, "0a "), (1, "1a "), (0, "0b "), (2, "2a ")] {
        assert_eq!(texts(groups.take("k", item, said(text))), "");
    }
    assert_eq!(texts(groups.done("k", &[(2, 3), (0, 1)])), "2a 0a 0b ");
    assert_eq!(texts(groups.take("k", 2, said("late "))), "late ");
    assert_eq!(texts(groups.end("k")), "1a ");
}

#[test]
fn nothing_is_lost_when_a_map_ends_early() {
    let mut groups = groups(GroupOrder::Items);
    groups.take("k", 5, said("5 "));
    groups.take("k", 3, said("3 "));
    assert_eq!(texts(groups.release()), "3 5 ");
    groups.take("k", 4, said("4 "));
    assert_eq!(texts(groups.end_all()), "4 ");
    assert_eq!(texts(groups.take("k", 9, said("9 "))), "9 ");
    assert_eq!(texts(groups.done("k", &[(0, 1)])), "");
}

#[test]
fn what_is_held_is_bounded_and_what_is_not_is_counted() {
    let mut groups = groups(GroupOrder::Items);
    let line = format!("{}\n", "x".repeat((1 << 20) - 1));
    for _ in 0..10 {
        groups.take("k", 1, said(&line));
    }
    for item in 2..12 {
        groups.take("k", item, said(&line));
    }
    assert!(groups.by_key["k"].cost <= MOST);
    assert!(groups.by_key["k"].waiting.len() < 3);
    let shown = texts(groups.done("k", &[(0, 1)]));
    let kept = shown.matches("x\n").count();
    assert!((6..=8).contains(&kept), "{kept}");
    let left_out = 10 - kept + 10;
    let notice = format!(
        "parcell: {left_out} lines ({} bytes) of items 1 to 11 left out here",
        left_out << 20
    );
    assert!(shown.contains(&notice), "{}", &shown[shown.len() - 200..]);
    assert_eq!(groups.by_key["k"].cost, 0);
    groups.take("k", 2, said("2 "));
    assert_eq!(texts(groups.done("k", &[(1, 2)])), "2 ");
}

#[test]
fn ranges_are_put_together() {
    let mut ranges = Ranges::default();
    for range in [5..7, 9..10, 0..1, 7..9, 1..2] {
        ranges.add(range);
    }
    assert_eq!(ranges.ends, BTreeMap::from([(0, 2), (5, 10)]));
    assert_eq!(ranges.end_of_first(), 2);
    assert!(ranges.contains(9) && !ranges.contains(10) && !ranges.contains(2));
    ranges.add(0..20);
    assert_eq!(ranges.ends, BTreeMap::from([(0, 20)]));
}
