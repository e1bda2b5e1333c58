//! What a task may change: the contracts that are frozen now, and what its fields say.

use super::*;
use crate::engine::attempt::tests::case::Case;
use serde_json::{Value, json};

/// Two contracts, one of which is frozen once `B` is complete.
const FROZEN: &str = "[[guardrails.frozen]]\nname = \"API-1\"\npaths = [\"api/**\"]\nafter = \"B\"\n\
                      [[guardrails.frozen]]\npaths = [\"LICENSE\"]\n";

/// Returns the names of the contracts that are frozen for `A` if there are these tasks as well.
fn frozen_with(tasks: &[Value]) -> Vec<Vec<String>> {
    let mut case = Case::more(FROZEN);
    case.queue["tasks"].as_array_mut().unwrap().extend_from_slice(tasks);
    let guarding = case.prepared().guarding;
    guarding.grants.frozen.into_iter().map(|contract| contract.names).collect()
}

#[test]
fn a_contract_is_frozen_once_its_task_is_complete_or_gone() {
    let api = vec!["API-1".to_owned(), "B".to_owned()];
    let task = |status: &str| json!({"id": "B", "title": "b", "status": status});
    assert_eq!(frozen_with(&[task("complete")]), [api.clone(), vec![]]);
    assert_eq!(frozen_with(&[]), [api, vec![]], "no queue has the task any more");
    for status in ["pending", "in_progress", "blocked", "parked"] {
        assert_eq!(frozen_with(&[task(status)]), [Vec::<String>::new()], "{status}");
    }
}

#[test]
fn the_checks_of_a_change_are_those_of_its_task() {
    let case = Case::more(FROZEN).task(json!({
        "files": ["/elsewhere/x", "src/a.rs"], "scope": ["docs/"], "tests": ["tests/a.rs"],
        "files_to_create": ["new.rs"], "conflict_paths": ["src/b.rs"], "contracts": ["API-1"],
        "may_change_tests": true,
    }));
    let root = case.root().join("src/c.rs").display().to_string();
    let mut case = case;
    case.queue["tasks"][0]["files"].as_array_mut().unwrap().push(json!(root));
    let guarding = case.prepared().guarding;
    let owned = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
    let expected = Grants {
        owns: owned(&["/elsewhere/x", "src/a.rs", "src/c.rs", "new.rs", "docs/"]),
        besides: owned(&["tests/a.rs", "src/b.rs"]),
        creates: owned(&["new.rs"]),
        may_change_tests: true,
        may_remove_tests: false,
        contracts: owned(&["API-1"]),
        by_person: true,
        frozen: vec![
            Contract { names: owned(&["API-1", "B"]), paths: owned(&["api/**"]) },
            Contract { names: vec![], paths: owned(&["LICENSE"]) },
        ],
    };
    assert_eq!((guarding.grants, guarding.requires), (expected, Requires::Declared));
    assert_eq!(guarding.rules.frozen.len(), 2);
    case.queue["tasks"][0]["discovered_by"] = json!("B");
    assert!(!case.prepared().guarding.grants.by_person);
}

#[test]
fn a_verification_of_the_tree_requires_nothing() {
    let case = Case::more(FROZEN);
    let job = case.prepared();
    let guarding = case.source("A", |source, place, _| {
        let set = source.set;
        let subject = Subject {
            task: None,
            attempt: 0,
            queue: set.real(place.queue),
            root: set.root(place.queue).into(),
            project_root: set.root(place.queue),
            folder: &job.folder,
            vars: &[],
            rules: &set.config.environment,
        };
        guarding(&set.config, source.queues, &subject)
    });
    assert_eq!((guarding.requires, guarding.grants), (Requires::None, Grants::default()));
    assert_eq!(guarding.rules.frozen.len(), 2);
}
