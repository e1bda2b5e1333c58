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
