//! `workspace`: the private trees on disk and the attempts that are kept.

use super::house::{AMBIGUOUS, house, refuses_bad_queues, two_houses};
use super::sandbox::Sandbox;
use crate::platform::programs::lacks;
use serde_json::{Value, json};

const PRIVATE: &str = "[isolation]\nmode = \"private\"\n[agents.default]\nrun = \"cat\"\n[[verify]]\nname = \
                       \"t\"\nrun = \"true\"\n";

/// Returns a repository that keeps the attempts 2 and 3 at A, and one at a task of no queue.
fn kept() -> Sandbox {
    let tasks = json!([
        {"id": "A", "title": "Walls", "status": "blocked", "attempts": 3},
        {"id": "B", "title": "Roof"},
    ]);
    let sandbox = Sandbox::new(tasks).config(PRIVATE).file("a.txt", "one\n").git();
    let sandbox = sandbox.var("XDG_CACHE_HOME", "DIR-cache");
    sandbox.keep("A", 2, "second");
    sandbox.keep("A", 3, "third");
    sandbox.keep("gone", 1, "lost");
    sandbox
}

/// Returns the folder of private trees, as it is printed.
fn folder(sandbox: &Sandbox) -> String {
    let json = sandbox.run("workspace ls --json").json("workspace");
    json["repositories"][0]["places_dir"].as_str().expect("a path").to_owned()
}

#[test]
fn without_git_there_are_no_trees() {
    let text = "error: git is not on the PATH\nhint: install git\n";
    house().refuses("workspace ls", 2, text);
    if lacks("git") {
        return;
    }
    let path = std::env::var("PATH").expect("a PATH");
    let house = house().var("PATH", &path);
    let none = "there are no private trees: the project is not in a git work tree\n";
    assert_eq!(house.reads("workspace ls").printed(), none);
    assert_eq!(
        house.reads("workspace ls --json queues/q.json").json("workspace"),
        json!({"schema_version": 1, "repositories": []})
    );
    assert_eq!(house.run("workspace prune").printed(), "there is nothing to remove\n");
    assert_eq!(house.run("workspace prune --all -q").printed(), "");
    let text = "error: no attempt of task B works in a private tree now\nhint: workloop workspace restore B \
                restores an ended attempt\n";
    house.refuses("workspace path B", 2, text);
}

#[test]
fn each_action_has_its_own_words_and_flags() {
    let house = house();
    let queue = "hint: a queue ends in .json, or is named with --work-queue\n";
    for (words, text) in [
        ("ls --all", "--all is only for workspace prune\n".to_owned()),
        ("ls --attempt 1", "--attempt is only for workspace restore\n".to_owned()),
        ("path B --attempt 1", "--attempt is only for workspace restore\n".to_owned()),
        ("prune --json", "--json is only for workspace ls and path\n".to_owned()),
        ("restore B --json", "--json is only for workspace ls and path\n".to_owned()),
        ("restore B --all", "--all is only for workspace prune\n".to_owned()),
        ("ls B", format!("unexpected ids: B\n{queue}")),
        ("prune B C queues/q.json", format!("unexpected ids: B, C\n{queue}")),
        ("path", "no task is named, only queues\n".to_owned()),
        ("restore queues/q.json", "no task is named, only queues\n".to_owned()),
        ("path B C", "expected one task, not B, C\n".to_owned()),
        ("restore B C", "expected one task, not B, C\n".to_owned()),
        ("path nope", "there is no task `nope` in queues/q.json\n".to_owned()),
    ] {
        house.refuses(&format!("workspace {words}"), 2, &format!("error: {text}"));
    }
    let err = house.reads("workspace move").failed(2);
    assert!(err.contains("[possible values: ls, path, restore, prune]"), "{err}");
    two_houses().refuses("workspace path B", 2, AMBIGUOUS);
}

#[test]
fn trees_and_kept_attempts_are_listed_with_their_tasks() {
    if lacks("git") {
        return;
    }
    let sandbox = kept();
    let dir = folder(&sandbox);
    assert!(dir.starts_with("DIR-cache/workloop/"), "{dir}");
    assert_eq!(
        sandbox.run("workspace ls").printed(),
        format!(
            "DIR: 0 trees in {dir} (0.0 kB)\n  kept: A  attempts 2, 3\n  kept: gone  attempt 1 (no loaded \
             queue has this task)\n"
        )
    );
    assert_eq!(
        sandbox.run("workspace ls --json").json("workspace"),
        json!({"schema_version": 1, "repositories": [{
            "path": "DIR", "places_dir": dir, "places": [],
            "attempts": [{"task": "A", "part": "A", "attempts": [2, 3]},
                         {"task": null, "part": "gone", "attempts": [1]}],
        }]})
    );
}

#[test]
fn the_newest_attempt_is_restored_into_a_folder_of_its_own() {
    if lacks("git") {
        return;
    }
    let sandbox = kept();
    let dir = folder(&sandbox);
    let third = format!("{dir}/restored-A-3\n");
    assert_eq!(sandbox.run("workspace restore A").printed(), third);
    let file = |number: u32| {
        let path = sandbox.path("").with_file_name("p-cache").join(&dir["DIR-cache/".len()..]);
        std::fs::read_to_string(path.join(format!("restored-A-{number}/a.txt"))).expect("a file")
    };
    assert_eq!(file(3), "one\nthird\n");
    let again = sandbox.run("workspace restore A queues/q.json");
    assert_eq!((again.exit, again.out.as_str()), (0, third.as_str()));
    assert_eq!(again.err, format!("already restored, left unchanged: {third}"));
    assert_eq!(sandbox.run("workspace restore A -q").printed(), third);
    let second = sandbox.run("workspace restore A --attempt 2").printed();
    assert_eq!(second, format!("{dir}/restored-A-2\n"));
    assert_eq!(file(2), "one\nsecond\n");
    let json = sandbox.run("workspace ls --json").json("workspace");
    let places = json["repositories"][0]["places"].as_array().expect("a list").clone();
    let of = |key: &str| places.iter().map(|place| place[key].clone()).collect::<Vec<Value>>();
    assert_eq!(of("name"), ["restored-A-2", "restored-A-3"]);
    assert_eq!((of("kind"), of("in_use")), (vec![json!("restored"); 2], vec![json!(false); 2]));
    assert_eq!(sandbox.text("a.txt"), "one\n", "the project is left alone");
}

#[test]
fn an_attempt_that_is_not_kept_is_refused_with_those_that_are() {
    if lacks("git") {
        return;
    }
    let sandbox = kept();
    for (words, text) in [
        ("A --attempt 9", "attempt 9 of task A is not kept\nhint: kept attempts: 2, 3"),
        ("A --attempt 0", "attempt 0 of task A is not kept\nhint: kept attempts: 2, 3"),
        ("B", "no attempt of task B is kept"),
        ("B --attempt 1", "no attempt of task B is kept"),
        ("nope", "there is no task `nope` in queues/q.json"),
    ] {
        let err = sandbox.run(&format!("workspace restore {words}")).failed(2);
        assert_eq!(err, format!("error: {text}\n"));
    }
}

#[test]
fn what_nothing_uses_is_removed_and_attempts_of_other_queues_only_if_asked() {
    if lacks("git") {
        return;
    }
    let sandbox = kept();
    sandbox.run("workspace restore A").printed();
    let text = sandbox.run("workspace prune").printed();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("removed restored-A-3 ("), "{text}");
    assert_eq!(
        lines[1..],
        ["kept attempt 1 of gone, which is in no loaded queue (--all removes these)"]
    );
    assert_eq!(sandbox.run("workspace prune -q").printed(), "");
    assert_eq!(sandbox.run("workspace prune --all").printed(), "removed attempt 1 of gone\n");
    assert_eq!(sandbox.run("workspace prune --all").printed(), "there is nothing to remove\n");
    let json = sandbox.run("workspace ls --json").json("workspace");
    assert_eq!(
        json["repositories"][0]["attempts"],
        json!([{"task": "A", "part": "A", "attempts": [2, 3]}])
    );
}

#[test]
fn a_fresh_retry_starts_from_the_branch_and_keeps_the_attempts() {
    if lacks("git") {
        return;
    }
    let sandbox = kept();
    let continued = "\nYou continue the work of attempt 3 at this task: ";
    let prompt = |sandbox: &Sandbox| sandbox.run("prompt A").printed();
    assert!(prompt(&sandbox).contains(continued), "{}", prompt(&sandbox));
    for (flags, text) in [
        ("--because ''", "--because needs a text\n"),
        (
            "--because x --known '('",
            "--known is not a regular expression: unclosed group\nhint: workloop log A shows the output\n",
        ),
    ] {
        let err = sandbox.run(&format!("retry A --fresh {flags}")).failed(2);
        assert_eq!(err, format!("error: {text}"));
        assert!(prompt(&sandbox).contains(continued), "a refusal changes nothing: {flags}");
    }
    let done = "A: pending again, with a new budget\n";
    assert_eq!(sandbox.run("retry A --fresh").printed(), done);
    let fresh = prompt(&sandbox);
    assert!(!fresh.contains(continued), "{fresh}");
    let json = sandbox.run("workspace ls --json").json("workspace");
    assert_eq!(json["repositories"][0]["attempts"][0]["attempts"], json!([2, 3]));
}

#[test]
fn bad_queues_are_refused_with_their_place() {
    for words in ["ls", "path A", "restore A", "prune"] {
        refuses_bad_queues(&format!("workspace {words}"));
    }
}
