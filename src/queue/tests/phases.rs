//! Phases: where their profiles are, and edits that are put back.

use crate::domain::Text;
use crate::queue::{PhaseKey, PhasesBack, Queue};
use std::path::Path;

fn queue(text: &str) -> Queue {
    Queue::parse(Path::new("q.json"), text.as_bytes().to_vec()).expect("a queue")
}

const STRICT: &str = r#"{
  "tasks": [{"id": "A", "phase": 1}, {"id": "B", "phase": "two"}],
  "phases": [
    {"phase": 1, "verify": "strict"},
    {"name": "no number"},
    {"phase": "two", "gate": ["x", "whole"], "verify": ["a", "strict"]}
  ]
}
"#;

#[test]
fn a_profile_in_a_phase_has_a_position() {
    let queue = queue(STRICT);
    let at = |phase: &str, key, name| {
        let mut found = None;
        queue.each_phase(&mut |entry| {
            if entry.phase.phase == phase {
                let position = entry.locate(key, name);
                found = Some((position.line, position.column));
            }
        });
        found
    };
    assert_eq!(at("1", PhaseKey::Verify, "strict"), Some((4, 28)));
    assert_eq!(at("two", PhaseKey::Verify, "strict"), Some((6, 62)));
    assert_eq!(at("two", PhaseKey::Gate, "whole"), Some((6, 36)));
    // The list, if the name is not in it.
    assert_eq!(at("two", PhaseKey::Gate, "strict"), Some((6, 30)));
    assert_eq!(at("three", PhaseKey::Verify, "strict"), None);
    let names = |task| -> Vec<&str> {
        let names = queue.phase_profiles().names(&queue.tasks()[task]);
        names.iter().map(Text::as_str).collect()
    };
    assert_eq!((names(0), names(1)), (vec!["strict"], vec!["a", "strict"]));
}

#[test]
fn a_file_that_became_a_list_gets_its_phases_back() {
    let was = queue(STRICT);
    let mut list = queue("[{\"id\": \"A\", \"title\": \"new\"}]");
    let before = list.revision();
    assert_eq!(list.put_back_phases(&was), Some(PhasesBack::PutBack));
    assert!(list.revision() > before);
    assert_eq!(list.phases(), was.phases());
    assert_eq!(list.title(0), "new");
    assert_eq!(list.tasks().len(), 1);
    let again = queue(&String::from_utf8(list.to_bytes()).expect("text"));
    assert_eq!(again.phases(), was.phases());
    assert_eq!(list.put_back_phases(&was), None);
    let mut empty = queue("[]");
    assert_eq!(empty.put_back_phases(&was), Some(PhasesBack::PutBack));
    assert_eq!(empty.phases(), was.phases());
}

#[test]
fn new_phases_lose_their_profiles_and_nothing_else() {
    let mut new = queue(STRICT);
    let was = queue("{\"tasks\": [{\"id\": \"A\", \"phase\": 1}]}");
    assert_eq!(new.put_back_phases(&was), Some(PhasesBack::Unverified));
    let text = String::from_utf8(new.to_bytes()).expect("text");
    assert!(!text.contains("verify") && text.contains("whole") && text.contains("no number"));
    assert_eq!(new.put_back_phases(&was), None);
}
