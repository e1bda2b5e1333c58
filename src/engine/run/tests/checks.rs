//! The jobs of verifications of the tree.

use super::super::tree_job::{Around, Check};
use super::super::{set_back, untouched};
use super::play::{Play, task, with};
use crate::domain::{QueueIx, ReasonCode, WorkerId};
use crate::engine::attempt::{Fixed, Job, Judge, ProfileKey, Purpose};
use crate::engine::dispatch::{Profile, tree_key};
use crate::store::attempts::AttemptFolder;
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;

/// Returns the job of a check of the tree.
fn job(play: &Play, check: Check) -> Job {
    let project = play.site.open();
    let (set, queues, queue) = (project.set(), project.queues(), QueueIx::FIRST);
    let (worker, fixed) = (WorkerId::new("h:7:00000000"), Fixed::default());
    let steps = set.config.all_profiles().into_iter().next().unwrap();
    let around = Around { set, queues, queue, worker: &worker, vars: &[], fixed: &fixed };
    around.job(check, &steps, &"ab".repeat(16))
}

fn check(purpose: Purpose) -> Check {
    Check { purpose, id: "a check", title: "of the tree".to_owned(), tree: None }
}

#[test]
fn a_verification_of_the_tree_has_steps_and_neither_agent_nor_task() {
    let play = Play::new(json!([task("A")]));
    let root = play.site.open().set().root(QueueIx::FIRST).to_owned();
    let key = ProfileKey { root: root.clone(), steps: "0123456789abcdef".to_owned() };
    let purpose = Purpose::Untouched;
    let job = job(&play, Check { tree: Some(key.clone()), ..check(purpose) });
    assert_eq!(
        (job.purpose, job.id.as_str(), job.title.as_str()),
        (purpose, "a check", "of the tree")
    );
    assert!(job.agent.is_none() && job.task().is_none() && job.turn.is_none() && !job.is_private());
    assert!(job.apart.is_none() && job.refusal.is_none() && job.git.is_none() && !job.review);
    assert_eq!((&job.root, &job.tree), (&root, &Some(key)));
    let Judge::Steps(steps) = &job.judge else { panic!("{:?}", job.judge) };
    assert_eq!(steps.iter().map(|step| step.name.as_str()).collect::<Vec<_>>(), ["test"]);
    assert_eq!((job.token.worker.as_str(), job.token.attempt), ("h:7:00000000", 1));
    assert_eq!(job.tag.random(), "ab".repeat(16));
}

#[test]
fn each_verification_of_the_tree_has_a_folder_of_its_own() {
    let play = Play::new(json!([]));
    let project = play.site.open();
    let (set, queue) = (project.set(), QueueIx::FIRST);
    let (state, key) = (set.state(queue), tree_key(set, queue));
    for (before, number) in [(None, 1), (Some(1), 2), (Some(41), 42), (Some(u32::MAX), u32::MAX)] {
        if let Some(before) = before {
            AttemptFolder::new(&state, &key, before).create().unwrap();
        }
        let job = job(&play, check(Purpose::SetBack));
        let folder = AttemptFolder::new(&state, &key, number);
        assert_eq!((job.token.attempt, job.folder.path()), (number, folder.path()));
    }
}

#[test]
fn private_trees_that_cannot_be_reserved_are_a_reason_not_to_begin() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let play = Play::private("untouched = false\n", json!([]));
    let project = play.site.open();
    let ids: std::sync::Arc<dyn crate::platform::ids::Ids> =
        std::sync::Arc::new(crate::platform::ids::CountingIds::default());
    let fixed = Fixed::of_run(project.config(), &play.chosen.vars, &ids);
    let fixed = fixed.isolated(project.set(), &play.chosen.vars).unwrap();
    let trees = play.site.trees.as_ref().unwrap().path();
    let made = |fixed: &Fixed| {
        let (set, queues, queue) = (project.set(), project.queues(), QueueIx::FIRST);
        let worker = WorkerId::new("h:7:00000000");
        let steps = set.config.all_profiles().into_iter().next().unwrap();
        let around = Around { set, queues, queue, worker: &worker, vars: &[], fixed };
        around.job(check(Purpose::Untouched), &steps, "ab")
    };
    assert!(made(&fixed).refusal.is_none() && made(&fixed).apart.is_some());
    // The folder of the trees is replaced by a file.
    fs::remove_dir_all(trees).unwrap();
    fs::write(trees, "").unwrap();
    let job = made(&fixed);
    let refusal = job.refusal.expect("no tree is free");
    assert_eq!(refusal.code, ReasonCode::Environment);
    assert!(job.apart.is_none() && !refusal.reason.is_empty());
    fs::remove_file(trees).unwrap();
}

#[test]
fn a_verification_is_named_by_what_it_is_about() {
    let key = ProfileKey { root: PathBuf::from("/p"), steps: String::new() };
    let (queue, name) = (QueueIx::FIRST, "full".to_owned());
    let profile = Profile { queue, key: key.clone(), name, steps: Vec::new() };
    let named = ("untouched tree", "profile full".to_owned());
    assert_eq!(untouched::name(&profile), named);
    let check = untouched::check(&profile);
    assert_eq!((check.id, check.title, check.purpose), (named.0, named.1, Purpose::Untouched));
    assert_eq!(check.tree, Some(key));
}

#[test]
fn a_queue_is_worked_on_while_a_task_of_it_is_claimed() {
    let is = |tasks: Value, others: Value| {
        let play = Play::new(tasks).queue("other.json", others);
        let project = play.site.open();
        set_back::are_worked_on(project.set(), project.queues())
    };
    let claim = json!({"worker": "h:9:00000000", "attempt": 1, "since": ""});
    let claimed = with(task("A"), json!({"status": "in_progress", "claim": claim}));
    let persons = with(task("A"), json!({"status": "in_progress"}));
    let left = with(task("A"), json!({"claim": claim}));
    assert!(is(json!([task("B"), claimed]), json!([])) && is(json!([]), json!([claimed])));
    assert!(!is(json!([task("A")]), json!([])), "nobody has it");
    assert!(!is(json!([persons]), json!([])), "a person does it");
    assert!(!is(json!([left]), json!([])), "it is not in progress");
}
