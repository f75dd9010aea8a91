//! Time is made up, so that nothing here depends on how fast it runs.

use super::*;

const CELL: CellId = CellId(7);

fn stdout(text: impl Into<String>) -> Piece {
    piece(Stream::Stdout, text)
}

fn piece(stream: Stream, text: impl Into<String>) -> Piece {
    Piece {
        cell: CELL,
        number: 3,
        stream,
        text: text.into(),
    }
}

/// Prints `count` lines of `line` at once, and gives what goes out until the cell has ended.
fn flood(budget: &mut Budget, now: Instant, count: usize, line: impl Fn(usize) -> String) -> Vec<Piece> {
    let mut out: Vec<Piece> = (0..count).flat_map(|n| budget.stream(now, stdout(line(n)))).collect();
    out.extend(budget.finish(now));
    out
}

fn text_of(pieces: &[Piece], stream: Stream) -> String {
    let of_stream = pieces.iter().filter(|piece| piece.stream == stream);
    of_stream.map(|piece| piece.text.as_str()).collect()
}

/// The lines and bytes that a notice speaks of.
fn left_out(notice: &str) -> (usize, usize) {
    let numbers: Vec<usize> = notice
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|number| number.parse().ok())
        .collect();
    (numbers[0], numbers[1])
}

fn cost_of(pieces: &[Piece]) -> usize {
    pieces.iter().map(Piece::cost).sum()
}

#[test]
fn the_first_piece_goes_at_once_and_what_follows_fast_goes_together() {
    let (mut budget, now) = (Budget::default(), Instant::now());
    assert_eq!(budget.stream(now, stdout("a")), [stdout("a")]);
    assert_eq!(budget.stream(now, stdout("b")), []);
    assert_eq!(budget.stream(now + MERGE / 2, stdout("c")), []);
    assert_eq!(budget.deadline(), Some(now + MERGE));
    assert_eq!(budget.elapse(now + MERGE), [stdout("bc")]);
    assert_eq!(budget.deadline(), None);
    assert_eq!(budget.stream(now + MERGE * 3, stdout("d")), [stdout("d")]);
}

#[test]
fn streams_and_displays_keep_their_order() {
    let (mut budget, now) = (Budget::default(), Instant::now());
    budget.stream(now, stdout("a"));
    assert_eq!(budget.stream(now, stdout("b")), []);
    assert_eq!(budget.stream(now, piece(Stream::Stderr, "c")), [stdout("b")]);
    assert_eq!(budget.display(now), [piece(Stream::Stderr, "c")]);
    assert_eq!(budget.stream(now, stdout("d")), []);
    assert_eq!(budget.finish(now), [stdout("d")]);
    // Idle has been heard: the next cell's first piece waits for nothing.
    assert_eq!(budget.stream(now, stdout("e")), [stdout("e")]);
}

#[test]
fn messages_are_cut_between_characters_and_after_lines() {
    let (mut budget, now) = (Budget::default(), Instant::now());
    let text = "→".repeat(100_000);
    let out = flood(&mut budget, now, 1, |_| text.clone());
    assert_eq!(text_of(&out, Stream::Stdout), text);
    assert!(out.iter().all(|piece| piece.text.len() <= MESSAGE));
    let lines = flood(&mut budget, now, 3_000, |n| format!("a line with the number {n}\n"));
    assert!(lines.iter().all(|piece| piece.text.ends_with('\n')));
}

#[test]
fn what_fits_is_all_there() {
    let (mut budget, now) = (Budget::default(), Instant::now());
    let out = flood(&mut budget, now, 100_000, |n| format!("{n}\n"));
    let expected: String = (0..100_000).map(|n| format!("{n}\n")).collect();
    assert_eq!(text_of(&out, Stream::Stdout), expected);
    assert!(out.len() < 50, "{} messages", out.len());
}

#[test]
fn beyond_the_limit_beginning_and_end_are_kept_and_a_notice_adds_up() {
    let (mut budget, now) = (Budget::default(), Instant::now());
    let line = |n: usize| format!("{n:06} {}\n", "x".repeat(92));
    let out = flood(&mut budget, now, 100_000, line);
    assert!(cost_of(&out) <= ENDING.bytes && out.len() <= ENDING.messages);
    let stdout = text_of(&out, Stream::Stdout);
    assert!(stdout.starts_with(&line(0)) && stdout.ends_with(&line(99_999)));
    assert!(stdout.len() > RUNNING.bytes * 9 / 10);
    let (lines, bytes) = left_out(&text_of(&out, Stream::Stderr));
    assert_eq!(lines + stdout.lines().count(), 100_000);
    assert_eq!(bytes + stdout.len(), 100_000 * 100);
    // The notice stands where something is missing.
    let notice = out.iter().position(|piece| piece.stream == Stream::Stderr).unwrap();
    assert!(notice > 0 && notice + 1 < out.len());
    assert!(
        out[notice + 1].text.starts_with("09"),
        "{:?}",
        &out[notice + 1].text[..20]
    );
}

#[test]
fn text_that_json_makes_longer_costs_more() {
    let (mut budget, now) = (Budget::default(), Instant::now());
    let out = flood(&mut budget, now, 50, |_| "\x1b".repeat(50_000));
    let sent: usize = out
        .iter()
        .map(|piece| serde_json::to_string(&piece.text).unwrap().len())
        .sum();
    assert!(sent <= ENDING.bytes, "{sent}");
    assert!(text_of(&out, Stream::Stderr).contains("part of a line"));
}

#[test]
fn too_many_messages_are_cut_too() {
    let (mut budget, now) = (Budget::default(), Instant::now());
    let mut out = Vec::new();
    for n in 0..50_000 {
        let stream = [Stream::Stdout, Stream::Stderr][n % 2];
        out.extend(budget.stream(now, piece(stream, format!("{n}\n"))));
    }
    out.extend(budget.finish(now));
    assert!(out.len() <= ENDING.messages);
    assert_eq!(out.last().unwrap().text, "49999\n");
}

#[test]
fn a_cell_that_never_stops_is_shown_again_when_there_is_room() {
    let (mut budget, mut now) = (Budget::default(), Instant::now());
    let mut sent: Vec<(Instant, Piece)> = Vec::new();
    let mut printed = 0;
    // Twenty seconds at 3 MB/s.
    for _ in 0..2_000 {
        let text = format!("{}\n", "x".repeat(29_999));
        printed += text.len();
        sent.extend(budget.stream(now, stdout(text)).into_iter().map(|piece| (now, piece)));
        now += Duration::from_millis(10);
    }
    sent.extend(budget.finish(now).into_iter().map(|piece| (now, piece)));
    let notices: Vec<&Piece> = sent
        .iter()
        .map(|(_, piece)| piece)
        .filter(|piece| piece.stream == Stream::Stderr)
        .collect();
    assert!((4..15).contains(&notices.len()), "{} notices", notices.len());
    let missing: usize = notices.iter().map(|piece| left_out(&piece.text).1).sum();
    let shown: usize = sent
        .iter()
        .filter(|(_, piece)| piece.stream == Stream::Stdout)
        .map(|(_, piece)| piece.text.len())
        .sum();
    assert_eq!(missing + shown, printed);
    for (index, (start, _)) in sent.iter().enumerate() {
        let within = sent[index..].iter().take_while(|(time, _)| *time < *start + WINDOW);
        let cost: usize = within.map(|(_, piece)| piece.cost()).sum();
        assert!(cost <= ENDING.bytes, "{cost} bytes within a window");
    }
}

#[test]
fn output_after_the_last_cell_is_not_held_for_ever() {
    let (mut budget, now) = (Budget::default(), Instant::now());
    let sent: Vec<Piece> = (0..400)
        .flat_map(|_| budget.stream(now, stdout("y".repeat(10_000))))
        .collect();
    assert!(cost_of(&sent) <= RUNNING.bytes);
    let resume = budget.deadline().unwrap();
    assert_eq!(resume, now + WINDOW);
    let rest = budget.elapse(resume);
    assert_eq!(rest.first().unwrap().stream, Stream::Stderr);
    assert!(rest.last().unwrap().text.ends_with('y'));
    assert_eq!(budget.deadline(), None);
}

#[test]
fn a_display_stands_after_what_was_printed_before_it() {
    let (mut budget, now) = (Budget::default(), Instant::now());
    for _ in 0..400 {
        budget.stream(now, stdout(format!("{}\n", "z".repeat(9_999))));
    }
    let before = budget.display(now);
    assert_eq!(before.first().unwrap().stream, Stream::Stderr);
    assert_eq!(before.last().unwrap().stream, Stream::Stdout);
    assert_eq!(budget.finish(now), []);
}

#[test]
fn what_is_left_out_is_kept_where_the_notice_says() {
    let directory = tempfile::tempdir().unwrap();
    let (mut budget, now) = (Budget::new(Overflow::new(directory.path())), Instant::now());
    let line = |n: usize| format!("{n:099}\n");
    let out = flood(&mut budget, now, 100_000, line);
    let notice = out.iter().position(|piece| piece.stream == Stream::Stderr).unwrap();
    let path = directory.path().join("output-of-cell-3.txt");
    let place = format!("; it is in {} while the kernel lives\n", path.display());
    assert!(out[notice].text.ends_with(&place), "{}", out[notice].text);
    let kept = std::fs::read_to_string(path).unwrap();
    let everything = text_of(&out[..notice], Stream::Stdout) + &kept + &text_of(&out[notice..], Stream::Stdout);
    assert!(everything == (0..100_000).map(line).collect::<String>());
}
