//! Configuration, result file and journal: read, or refused with a message.

use serde_json::Value;
use std::fs;
use std::path::Path;
use workloop::domain::{EVENT_VERSION, Event};
use workloop::store::StateDir;
use workloop::store::journal::Journal;
use workloop::store::lines::JournalLines;
use workloop::testing::agent::{parse_result, read_result};
use workloop::testing::views::event::Teller;
use workloop::testing::views::mask::Mask;
use workloop::testing::views::style::Look;

/// A configuration is understood, or refused with positions that exist.
pub(super) fn config(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Err(refused) = workloop::testing::config::parse(Path::new("workloop.toml"), &text) else {
        return;
    };
    assert!(!refused.problems.is_empty() && !refused.to_string().is_empty());
    let lines = text.split('\n').count();
    for problem in &refused.problems {
        assert!((1..=lines).contains(&(problem.line as usize)), "{problem:?}");
        assert!(problem.column >= 1, "{problem:?}");
    }
}

/// A text that no result may contain.
const SECRET: &str = "s3cret!";

/// A result is read with warnings for the rest, and every text of it is masked.
pub(super) fn result_file(bytes: &[u8]) {
    let plain = parse_result(bytes);
    let valid = serde_json::from_slice::<Value>(bytes).is_ok_and(|value| value.is_object());
    assert!(valid || !plain.warnings.is_empty(), "not understood, and nobody was told");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("result.json");
    fs::write(&path, bytes).expect("written");
    let mask = Mask::new(&[("A_TOKEN".into(), SECRET.into())]);
    let masked = read_result(&path, &|text| mask.text(text).into_owned()).expect("it can be read");
    let shown = format!("{:?}", masked.result);
    assert!(!shown.contains(SECRET), "{shown}");
}

/// A journal of any bytes is printed without control sequences, and appended to without losing any
/// of them.
pub(super) fn events(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder");
    let state = StateDir::beside(&folder.path().join("q.json"));
    state.ensure(state.root()).expect("a folder");
    fs::write(state.journal(), bytes).expect("written");
    let mut teller = Teller::new(Mask::default(), Look::PLAIN);
    let mut journal = Journal::new(state.clone());
    let all: Vec<Event> = journal.all().collect();
    for event in &all {
        for told in [Some(teller.text(event)), teller.log(event)].into_iter().flatten() {
            super::is_inert(&told);
            assert!(!told.contains('\n'), "{told:?}");
        }
        let written = serde_json::to_vec(event).expect("an event can be written");
        let again: Event = serde_json::from_slice(&written).expect("and read again");
        assert_eq!((again.seq, &again.task, &again.at), (event.seq, &event.task, &event.at));
        super::json_is_inert(event);
    }
    drop((journal.last_write("q.json"), journal.last_ownership("q.json", "A")));
    let mut lines = 0;
    let read = JournalLines::new(state.clone()).read(&mut |_| {
        lines += 1;
        Ok(())
    });
    assert!(read.is_ok() && lines <= bytes.len() + 1);
    append(&state, &mut journal, bytes, &all);
}

fn append(state: &StateDir, journal: &mut Journal, before: &[u8], all: &[Event]) {
    let line = r#"{"v":1,"seq":0,"at":"2026-01-19T14:35:45.000Z","event":"edited","task":"A"}"#;
    let event: Event = serde_json::from_str(line).expect("an event");
    let newer = journal.newer_version().is_some();
    // Sequence numbers have a maximum; no program can have written a journal that reaches it.
    if all.last().is_some_and(|last| last.seq == u64::MAX) {
        return;
    }
    let appended = journal.append(&mut [event]);
    let after = fs::read(state.journal()).expect("there");
    assert!(after.starts_with(before), "an append changed what was there");
    if newer {
        assert!(appended.is_err() && after == before, "a newer journal was written");
        return;
    }
    if appended.is_ok() {
        let last = Journal::new(state.clone()).all().last().expect("the new one");
        assert_eq!(last.task.as_deref(), Some("A"));
        let highest = all.last().filter(|last| last.v <= EVENT_VERSION);
        assert!(highest.is_none_or(|highest| last.seq > highest.seq));
    }
}
