//! Tests of blocks for boards in memory.
#![expect(clippy::disallowed_methods, reason = "tests write what commands print")]

use super::*;
use crate::domain::{QueueIx, Turn};
use crate::engine::SlotIx;
use crate::store::{StateDir, TaskKey};
use std::fs;

const TITLE: &str = "Lay the \u{1b}[31mfloor\u{202e} 日本語 🦀👩‍👩‍👧‍👦 שלום of the house";

/// Returns a board with two of three slots busy, one of them with output, and its start time.
fn board(dir: &std::path::Path) -> (Board, Instant) {
    let now = Instant::now();
    let mut board =
        Board::new(2, vec![Duration::from_secs(60)], "workloop resume q.json".to_owned(), now);
    let queue = dir.join("q.json");
    let mask = Mask::default();
    for (slot, id) in ["A-1", "a-long-id-日本語-日本語-日本語-日本語"].into_iter().enumerate()
    {
        let key = TaskKey::new(&queue, id);
        let folder = AttemptFolder::new(&StateDir::beside(&queue), &key, 1);
        folder.create().expect("made");
        if slot == 0 {
            let text = "one\n\u{1b}]0;title\u{7}compiling 日本語 \u{202e}and so on\n";
            fs::write(folder.file("agent.out"), text).expect("written");
        }
        let turn = Some(Turn { attempt: 1, used: 1, budget: 5 });
        let slot = SlotIx::new(slot);
        let (queue, folder, mask) = (QueueIx::new(slot.index()), &folder, &mask);
        board.begin(&Piece { slot, queue, id, title: TITLE, turn, folder, mask }, "agent", now);
    }
    board.look();
    board.tally(Tally { total: 10, complete: 3, running: 2, blocked: 1, ready: 4 });
    (board, now)
}

#[test]
fn no_line_of_the_block_is_wider_than_the_terminal_and_nothing_steers_it() {
    let dir = tempfile::tempdir().expect("dir");
    let (board, now) = board(dir.path());
    for width in 60..=200 {
        let look = Look { color: false, width: Some(width) };
        let lines = board.block(look, 24, now + Duration::from_secs(125));
        assert_eq!(lines.len(), 3);
        for line in &lines {
            assert!(cells::width(line) <= width, "{width}: {line}");
            assert!(!line.contains(crate::platform::terminal::steers), "{line}");
        }
        assert!(lines[0].contains("A-1") && lines[0].contains("2:05"), "{}", lines[0]);
        assert!(lines[2].starts_with("  3/10 (30%), 2 running, 4 ready"), "{}", lines[2]);
    }
    let look = Look { color: false, width: Some(120) };
    let lines = board.block(look, 24, now);
    // On a wide terminal, the output is beside the title.
    assert!(lines[0].contains("Lay the") && lines[0].contains("compiling"), "{}", lines[0]);
    // Six tasks in two slots, a minute each.
    assert!(lines[2].ends_with("0:00, about 3 min left"), "{}", lines[2]);
    assert_eq!(board.block(look, 5, now).len(), 3, "one slot, how many more, the whole");
}

#[test]
fn a_pause_stops_the_clock_of_what_is_paused() {
    let dir = tempfile::tempdir().expect("dir");
    let (mut board, now) = board(dir.path());
    let look = Look { color: false, width: Some(100) };
    let at = |seconds| now + Duration::from_secs(seconds);
    board.pause(&HashSet::from([QueueIx::FIRST]), at(10));
    let lines = board.block(look, 24, at(60));
    assert!(lines[0].contains("paused") && lines[0].contains("0:10"), "{}", lines[0]);
    assert!(lines[1].contains("1:00"), "{}", lines[1]);
    assert!(lines[2].contains("to continue: workloop resume q.json"), "{}", lines[2]);
    board.pause(&HashSet::new(), at(70));
    assert!(board.block(look, 24, at(75))[0].contains("0:15"));
}

#[test]
fn a_slot_ends_only_what_it_is_busy_with() {
    let dir = tempfile::tempdir().expect("dir");
    let (mut board, _) = board(dir.path());
    assert!(board.end(0, Some("B")).is_none());
    assert!(board.end(0, Some("A-1")).is_some());
    assert!(board.end(0, None).is_none() && board.end(1, None).is_some());
    board.stage(0, "A-1", &Stage::Started);
    assert_eq!(board.busy().count(), 0);
}

#[test]
fn the_block_fits_into_every_terminal_however_long_an_attempt_runs() {
    let dir = tempfile::tempdir().expect("dir");
    let (board, now) = board(dir.path());
    for hours in [0, 1, 10, 100, 1000] {
        for width in 1..=200 {
            for line in board.block(
                Look { color: false, width: Some(width) },
                24,
                now + Duration::from_secs(hours * 3600),
            ) {
                assert!(cells::width(&line) <= width, "{width}, {hours} h: {line}");
            }
        }
    }
    let look = Look { color: false, width: Some(70) };
    let lines = board.block(look, 24, now + Duration::from_secs(36_000));
    assert!(lines[0].contains(" agent             10:00:00  "), "{}", lines[0]);
    // Where nothing fits beside the time, what matters most is first.
    let narrow = board.block(Look { color: true, width: Some(20) }, 24, now);
    assert_eq!(narrow[0], "  A-1     agent…");
}

#[test]
fn a_pipe_of_unknown_width_gets_everything() {
    let dir = tempfile::tempdir().expect("dir");
    let (board, now) = board(dir.path());
    let lines = board.block(Look::PLAIN, 24, now);
    assert!(
        lines[0].ends_with("of the house  compiling 日本語 \\u{202e}and so on"),
        "{}",
        lines[0]
    );
    assert!(
        lines[1].contains("a-long-id-日本語-日本語…") && lines[1].ends_with("of the house"),
        "{}",
        lines[1]
    );
}

#[test]
fn only_the_id_and_what_was_printed_last_are_coloured() {
    let dir = tempfile::tempdir().expect("dir");
    let (mut board, now) = board(dir.path());
    let look = Look { color: true, width: Some(60) };
    let lines = board.block(look, 24, now);
    assert!(lines[0].starts_with("  \u{1b}[36mA-1"), "{}", lines[0]);
    assert!(
        lines[0].contains("0:00  \u{1b}[2mcomp") && lines[0].ends_with("…\u{1b}[0m"),
        "{}",
        lines[0]
    );
    assert!(lines[2].starts_with("\u{1b}[1m  3/10"), "{}", lines[2]);
    board.pause(&HashSet::from([QueueIx::FIRST]), now);
    let whole = &board.block(look, 24, now)[2];
    assert!(
        whole.starts_with("\u{1b}[33m  paused; to continue: workloop resume q.json"),
        "{whole}"
    );
}

#[test]
fn a_short_terminal_says_how_many_slots_it_leaves_out() {
    let dir = tempfile::tempdir().expect("dir");
    let (board, now) = board(dir.path());
    let look = Look { color: false, width: Some(80) };
    for (rows, slots) in [(0, 1), (4, 1), (5, 1), (6, 2), (7, 2), (60, 2)] {
        let lines = board.block(look, rows, now);
        assert_eq!(lines.iter().filter(|line| line.contains("agent ")).count(), slots, "{rows}");
        let more = lines.iter().any(|line| line == "  … and 1 more");
        assert_eq!((more, lines.len()), (slots == 1, 3), "{rows}");
    }
}

#[test]
fn a_stage_is_shown_for_the_task_that_reached_it() {
    let dir = tempfile::tempdir().expect("dir");
    let (mut board, now) = board(dir.path());
    let step = Stage::Verifying("unit".to_owned());
    board.stage(0, "B", &step);
    board.stage(9, "A-1", &step);
    let look = Look { color: false, width: Some(100) };
    let phase = |board: &Board| board.block(look, 24, now)[0].contains("verifying (unit)");
    assert!(!phase(&board), "another task, or no such slot");
    board.stage(0, "A-1", &step);
    assert!(phase(&board));
    assert_eq!(in_words(&Stage::Verified(crate::domain::Verdict::Skipped)), "SKIPPED");
}

#[test]
fn the_time_that_is_left_is_measured_and_never_zero() {
    let left = |measured: &[u64], passed: &[u64], tally: Option<Tally>| {
        let now = Instant::now();
        let measured = measured.iter().copied().map(Duration::from_secs).collect();
        let mut board = Board::new(2, measured, String::new(), now);
        passed.iter().for_each(|took| board.passed(Duration::from_secs(*took)));
        tally.into_iter().for_each(|tally| board.tally(tally));
        board.block(Look::PLAIN, 24, now + Duration::from_secs(65)).remove(0)
    };
    let tally = |complete, blocked| {
        Some(Tally { total: 10, complete, running: 0, blocked, ready: 10 - complete - blocked })
    };
    assert_eq!(left(&[], &[], None), "  1:05");
    assert_eq!(left(&[], &[], tally(0, 0)), "  0/10 (0%), 10 ready, 1:05");
    // Ten tasks in two slots, a minute each.
    assert_eq!(left(&[60], &[], tally(0, 0)), "  0/10 (0%), 10 ready, 1:05, about 5 min left");
    // Blocked tasks take no time, and what passed in this run counts.
    assert_eq!(
        left(&[60], &[180], tally(2, 2)),
        "  2/10 (20%), 6 ready, 2 blocked, 1:05, about 6 min left"
    );
    assert_eq!(left(&[60], &[], tally(10, 0)), "  10/10 (100%), 1:05");
    assert_eq!(left(&[0], &[], tally(0, 0)), "  0/10 (0%), 10 ready, 1:05");
}

#[test]
fn what_begins_in_a_paused_queue_is_paused_from_the_start() {
    let dir = tempfile::tempdir().expect("dir");
    let (mut board, now) = board(dir.path());
    board.pause(&HashSet::from([QueueIx::FIRST]), now);
    let folder = board.at(0, "A-1").expect("busy").folder.clone();
    let at = |seconds| now + Duration::from_secs(seconds);
    let mask = Mask::default();
    let (slot, queue, turn) = (SlotIx::new(2), QueueIx::FIRST, None);
    let piece = Piece { slot, queue, id: "C", title: "c", turn, folder: &folder, mask: &mask };
    board.begin(&piece, "landing", at(10));
    // There is one slot more than attempts, for landings.
    board.begin(&Piece { slot: SlotIx::new(3), ..piece }, "landing", at(10));
    assert_eq!(board.busy().count(), 3);
    let look = Look { color: false, width: Some(100) };
    assert!(
        board.block(look, 24, at(60))[2].contains("paused                 0:00  c"),
        "{:?}",
        board.block(look, 24, at(60))
    );
    board.pause(&HashSet::new(), at(60));
    assert!(board.block(look, 24, at(65))[2].contains("landing                0:05  c"));
    assert_eq!(board.lasted(at(65)), Duration::from_secs(65));
    assert_eq!(board.lasted(now), Duration::ZERO);
}
