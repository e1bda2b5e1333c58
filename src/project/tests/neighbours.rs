//! What runs in a project besides the loaded queues.

use super::*;
use crate::claims::{ClaimReader, Processes, System};
use crate::domain::Liveness;
use crate::plan::NeighbourTask;
use crate::platform::claim_tag::{Carried, value};
use crate::platform::host::Host;
use crate::platform::process::TreeEnd;
use crate::project::{Neighbours, others_claims};
use crate::store::{TaskKey, place_of};
use crate::supervisor::{Abandoned, ClaimRecord};
use std::io;
use std::path::Path;

const BOOT: &str = "4567cdef";

/// Process 1 of a host on which the processes from 10 on are alive. One process carries these tags.
#[derive(Debug)]
struct Machine(Host, String);

impl Machine {
    fn new(tags: String) -> Self {
        let [name, id, boot] = ["h", "0123abcd", BOOT].map(str::to_owned);
        Self(Host { name, id, boot }, tags)
    }
}

impl System for Machine {
    fn host(&self) -> &Host {
        &self.0
    }

    fn own(&self) -> (u32, u64) {
        (1, 1)
    }

    fn distrust(&self) -> Option<String> {
        None
    }

    fn is_alive(&self, pid: u32, _: u64) -> bool {
        pid == 1 || pid >= 10
    }

    fn look(&self) -> io::Result<Processes> {
        Ok(Processes::of(vec![Carried::of(&self.1)]))
    }

    fn end(&self, _: &Abandoned<'_>) -> io::Result<TreeEnd> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Returns a task that process `pid` has claimed.
fn claimed(id: &str, pid: u32, more: &Value) -> Value {
    let claim = json!({"worker": format!("h:{pid}:00000000"), "attempt": 1, "since": "",
        "host": "0123abcd", "boot": BOOT, "start": 1});
    with(task(id, &json!({"status": "in_progress", "attempts": 1, "claim": claim})), more)
}

fn foreign(id: &str) -> Value {
    claimed(
        id,
        10,
        &json!({"claim": {"worker": "x:10:00000000", "attempt": 1, "since": "", "host": "ffffffff"}}),
    )
}

/// Returns what runs besides the queue `q`, which is in the same project as `far`.
fn beside(sample: &Sample, tags: String) -> Vec<NeighbourTask> {
    let (set, queues) = sample.parts();
    let machine = Machine::new(tags);
    let reader = ClaimReader::new(&**set.claims(), &machine);
    Neighbours::default().running(set, queues, &reader).expect("seen")
}

/// Returns a project that serves `q`; `far` is a queue of the same project that is not loaded.
fn project(own: Value, far: Value) -> Sample {
    let config = "[agents.default]\nrun = \"true\"\n";
    let sample = Sample::new(config, &[("q", json!({ "tasks": own }))], &[]);
    sample.put("far", &json!({ "tasks": far }));
    let set = sample.project.set();
    Neighbours::enter(set).expect("registered");
    set.control().register(set.root(QueueIx::FIRST), &sample.path("far")).expect("registered");
    sample
}

#[test]
fn tasks_of_other_queues_run_until_their_worker_is_known_to_be_dead() {
    let far = json!([
        claimed("alive", 10, &json!({"file": "a.rs"})),
        claimed("dead", 2, &json!({})),
        foreign("far-away"),
        task("person", &json!({"status": "in_progress", "agent": "human"})),
        task("pending", &json!({})),
        task("unclaimed", &json!({"status": "in_progress"})),
    ]);
    let sample = project(json!([claimed("own", 10, &json!({}))]), far);
    let found = beside(&sample, String::new());
    let seen: Vec<_> =
        found.iter().map(|one| (one.name.as_str(), one.agent.as_str(), one.foreign)).collect();
    // The loaded queue itself shows what runs in it.
    assert_eq!(
        seen,
        [
            ("far:alive", "default", false),
            ("far:far-away", "default", true),
            ("far:person", "human", false)
        ]
    );
    let root = sample.dir.path().canonicalize().expect("a folder");
    assert!(found.iter().all(|one| one.root == root));
    assert_eq!(found[0].task.files()[0].as_str(), "a.rs");
}

#[test]
fn queues_of_other_projects_and_queues_that_are_gone_do_not_count() {
    let sample = project(json!([]), json!([claimed("A", 10, &json!({}))]));
    let set = sample.project.set();
    let elsewhere = sample.path("elsewhere");
    sample.memory.put(&elsewhere, json!({"tasks": [claimed("B", 10, &json!({}))]}).to_string());
    set.control().register(Path::new("/another/root"), &elsewhere).expect("registered");
    set.control().register(set.root(QueueIx::FIRST), &sample.path("gone")).expect("registered");
    let names: Vec<_> = beside(&sample, String::new()).into_iter().map(|one| one.name).collect();
    assert_eq!(names, ["far:A"]);
}

#[test]
fn the_queues_that_were_examined_can_be_watched() {
    let sample = project(json!([]), json!([]));
    let (set, queues) = sample.parts();
    let machine = Machine::new(String::new());
    let reader = ClaimReader::new(&**set.claims(), &machine);
    let mut neighbours = Neighbours::default();
    assert_eq!(neighbours.keys().count(), 0);
    assert!(neighbours.running(set, queues, &reader).expect("seen").is_empty());
    assert_eq!(neighbours.keys().collect::<Vec<_>>(), [sample.path("far")]);
}

#[test]
fn a_task_that_was_taken_away_counts_while_its_agent_is_being_ended() {
    let tried = |status: &str, more: Value| {
        with(task("A", &json!({"status": status, "attempts": 1, "file": "a.rs"})), &more)
    };
    for (own, counts) in [
        (tried("parked", json!({})), true),
        (tried("pending", json!({})), true),
        (tried("blocked", json!({})), true),
        (tried("complete", json!({})), false),
        (tried("parked", json!({"attempts": 0})), false),
        // Without paths, there is nothing to keep others from.
        (tried("parked", json!({"file": null})), false),
    ] {
        for is_own in [true, false] {
            let (here, there) =
                if is_own { (json!([own]), json!([])) } else { (json!([]), json!([own])) };
            let sample = project(here, there);
            let name = if is_own { "q" } else { "far" };
            let path = sample.path(name);
            let key = TaskKey::new(&path, "A");
            let command = Some((6, 9));
            let record = ClaimRecord {
                v: 1,
                pid: 5,
                start: 9,
                session: 5,
                group: 5,
                boot: BOOT.to_owned(),
                tags: String::new(),
                command,
            };
            sample.memory.record(&key, serde_json::to_vec(&record).expect("JSON"));
            let tags = value(None, &key.tag(place_of(&path), &"0".repeat(32)));
            let wanted = if counts { vec![format!("{name}:A")] } else { Vec::new() };
            let names: Vec<_> = beside(&sample, tags).into_iter().map(|one| one.name).collect();
            assert_eq!(names, wanted, "{own} {is_own}");
            assert!(beside(&sample, String::new()).is_empty(), "its processes ended");
        }
    }
}

#[test]
fn the_claims_of_others_are_those_of_tasks_in_progress_that_no_person_does() {
    let own = json!([claimed("own", 10, &json!({}))]);
    let read = json!([
        claimed("alive", 10, &json!({})),
        claimed("dead", 2, &json!({})),
        claimed("parked", 2, &json!({"status": "parked"})),
        task("person", &json!({"status": "in_progress", "type": "manual"})),
        foreign("foreign"),
        claimed("ours", 1, &json!({})),
    ]);
    let served = [
        ("q", json!({ "tasks": own })),
        ("idle", json!({"tasks": [task("X", &json!({}))]})),
        ("other", json!({ "tasks": read })),
    ];
    let sample = Sample::new("", &served, &[]);
    let (set, queues) = sample.parts();
    let machine = Machine::new(String::new());
    let reader = ClaimReader::new(&**set.claims(), &machine);
    let claims = |first| {
        let found = others_claims(set, queues, first, &reader).into_iter();
        let id = |place: Place| queues[place.queue].tasks()[place.task].id.to_string();
        found.map(|(place, liveness)| (id(place), liveness)).collect::<Vec<_>>()
    };
    let of_others = [
        ("alive".to_owned(), Liveness::Alive),
        ("dead".to_owned(), Liveness::Dead { strays: false }),
        ("foreign".to_owned(), Liveness::Foreign),
        ("ours".to_owned(), Liveness::Ours),
    ];
    assert_eq!(claims(1), of_others);
    assert_eq!(claims(2), of_others);
    assert_eq!(claims(3), []);
    assert_eq!(claims(0)[0], ("own".to_owned(), Liveness::Alive));
}
