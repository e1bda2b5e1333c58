//! How long agents rest, by either clock, who may try them, and when a run gives up.

use super::*;
use crate::config::{Config, SelectedQueue, Selection};
use crate::domain::{QueueIx, Typed};
use crate::engine::dispatch::tests::Still;
use crate::platform::clock::SystemClock;
use crate::platform::ids::RandomIds;
use crate::project::{Planner, Project};
use crate::store::tests::places::quietly;
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;

/// Agents of a project. Two use an account, and one of them has a stand-in.
const AGENTS: &str = "[agents.slow]\nrun = \"true\"\n\n[agents.shared]\nrun = \"true\"\n\
                      account = \"work\"\nfallback = [\"shared\", \"slow\"]\n\n\
                      [agents.paid]\npreset = \"claude\"\naccount = \"work\"\n";

struct Case {
    dir: tempfile::TempDir,
    project: Project,
    here: Instant,
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_600_000_000 + seconds, 0).unwrap()
}

/// A series of failures from 0 to 10, with a pause until 20.
fn failing(agent: &str) -> Backoff {
    Backoff {
        since: at(0),
        last: at(10),
        until: at(20),
        failures: 3,
        reason: "why".to_owned(),
        tasks: vec!["a".to_owned(), "b".to_owned()],
        ..Backoff::new(agent, at(0))
    }
}

impl Case {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = crate::config::parse(&dir.path().join("workloop.toml"), AGENTS).unwrap();
        config.accounts = Some(dir.path().join("accounts"));
        let path = dir.path().join("q.json");
        let tasks = json!([
            {"id": "A", "agent": "slow"}, {"id": "B", "agent": "slow"}, {"id": "C", "agent": "slow"},
        ]);
        std::fs::write(&path, json!({"tasks": tasks}).to_string()).unwrap();
        let queues = vec![SelectedQueue::at(path, &config).unwrap()];
        let files = Box::new(quietly(Arc::new(SystemClock), Arc::new(RandomIds)));
        let selection = Selection { config, queues, typed: Typed::default() };
        let project = Project::open(selection, files).unwrap();
        Self { dir, project, here: Instant::now() }
    }

    fn root(&self) -> PathBuf {
        self.project.set().root(QueueIx::FIRST).to_owned()
    }

    fn key(&self, agent: &str) -> AgentKey {
        key_of(self.config(), &self.root(), agent)
    }

    fn config(&self) -> &Config {
        &self.project.set().config
    }

    fn put(&self, agent: &str, backoff: Backoff) {
        let (state, name) = self.key(agent);
        let backoff = Backoff { agent: name.clone(), ..backoff };
        Backoffs::at(&state).change(&name, &RandomIds, |_| (Some(backoff.clone()), ())).unwrap();
    }

    fn recorded(&self, agent: &str) -> Option<Backoff> {
        let (state, name) = self.key(agent);
        Backoffs::at(&state).get(&name).unwrap()
    }

    /// Returns the agents that rest at both times, in seconds.
    fn rest(&self, resting: &mut Resting, now: i64, here: u64, due: Due) -> Vec<String> {
        let times = (at(now), self.here + Duration::from_secs(here));
        let pauses = resting.look(self.project.set(), times, due);
        assert_eq!(resting.held(), pauses);
        pauses.into_iter().map(|pause| pause.agent).collect()
    }

    fn clock(&self, now: i64, here: u64) -> Still {
        Still(at(now), self.here + Duration::from_secs(here))
    }

    fn try_agents(&self, resting: &mut Resting, now: i64, here: u64) {
        let clock = self.clock(now, here);
        let warnings = resting.try_agents(self.project.set(), &clock, &RandomIds);
        assert!(warnings.is_empty(), "{warnings:?}");
    }
}

#[test]
fn an_agent_rests_until_its_pause_is_over_and_then_one_loop_tries_it() {
    let case = Case::new();
    let mut loops = [Resting::default(), Resting::default()];
    assert!(case.rest(&mut loops[0], 15, 0, Due::Ours).is_empty());
    case.put("slow", failing("slow"));
    for due in [Due::Free, Due::Ours] {
        assert_eq!(case.rest(&mut loops[0], 15, 0, due), ["slow"]);
    }
    assert_eq!(loops[0].left(case.here), Some(Duration::from_secs(5)));
    assert_eq!(loops[0].left(case.here + Duration::from_secs(4)), Some(Duration::from_secs(1)));
    assert_eq!(loops[0].left(case.here + Duration::from_secs(5)), None);
    // It is due: free for a view, and resting for every loop that did not take the right to try it.
    assert!(case.rest(&mut loops[0], 20, 5, Due::Free).is_empty());
    assert_eq!(case.rest(&mut loops[0], 20, 5, Due::Ours), ["slow"]);
    for resting in &mut loops {
        case.try_agents(resting, 20, 5);
    }
    assert!(case.rest(&mut loops[0], 20, 5, Due::Ours).is_empty());
    assert_eq!(case.rest(&mut loops[1], 20, 5, Due::Ours), ["slow"]);
    let tried = case.recorded("slow").unwrap();
    assert_eq!((tried.trying, tried.until), (true, at(30)));
    // Nobody was claimed for it, so the right is given back at once.
    let used = HashSet::from([case.key("slow")]);
    loops[1].give_tries_back(&HashSet::new(), &case.clock(21, 6), &RandomIds);
    assert!(case.recorded("slow").unwrap().trying, "it was not this loop's right");
    let kept = HashMap::from([(case.key("slow"), HashSet::new())]);
    loops[1].tries = kept;
    loops[1].give_tries_back(&used, &case.clock(21, 6), &RandomIds);
    assert!(case.recorded("slow").unwrap().trying, "an attempt tries it");
    loops[0].give_tries_back(&HashSet::new(), &case.clock(21, 6), &RandomIds);
    let back = case.recorded("slow").unwrap();
    assert_eq!((back.trying, back.until), (false, at(21)));
    assert!(loops[0].tries.is_empty());
}

#[test]
fn a_changed_time_of_day_makes_no_pause_longer() {
    let case = Case::new();
    case.put("slow", failing("slow"));
    let mut resting = Resting::default();
    assert_eq!(case.rest(&mut resting, 15, 0, Due::Free), ["slow"]);
    // The clock is set back by 14 s, and 4 s, then 5 s pass.
    assert_eq!(case.rest(&mut resting, 5, 4, Due::Free), ["slow"]);
    assert!(case.rest(&mut resting, 6, 5, Due::Free).is_empty());
    assert_eq!(case.rest(&mut resting, 6, 5, Due::Ours), ["slow"]);
    // Who tries it for that long did not fail, so everybody may start it.
    case.put("slow", Backoff { trying: true, ..failing("slow") });
    assert!(case.rest(&mut resting, 6, 5, Due::Ours).is_empty());
    // A new pause of the same series, and a new series, are measured anew.
    case.put("slow", Backoff { until: at(40), ..failing("slow") });
    assert_eq!(case.rest(&mut resting, 30, 6, Due::Free), ["slow"]);
    assert_eq!(resting.left(case.here), Some(Duration::from_secs(16)));
    let next = Backoff { since: at(31), last: at(31), until: at(45), ..failing("slow") };
    case.put("slow", next);
    assert_eq!(case.rest(&mut resting, 35, 8, Due::Free), ["slow"]);
    assert_eq!(resting.left(case.here), Some(Duration::from_secs(18)));
    let first = resting.seen[&case.key("slow")].first;
    assert_eq!(first, case.here + Duration::from_secs(8));
    // What is gone is forgotten.
    end_pause(case.config(), &case.root(), "slow", &RandomIds).unwrap();
    assert!(case.rest(&mut resting, 36, 9, Due::Ours).is_empty());
    assert!(resting.seen.is_empty() && case.recorded("slow").is_none());
}

#[test]
fn a_login_is_tried_by_the_next_run_only() {
    let case = Case::new();
    let out = Backoff { kind: PauseKind::Auth, ..failing("slow") };
    case.put("slow", out.clone());
    let mut same = Resting::of_loop(at(10));
    let mut next = Resting::of_loop(at(11));
    for (now, here) in [(15, 0), (5000, 3000)] {
        assert_eq!(case.rest(&mut Resting::default(), now, here, Due::Free), ["slow"]);
        assert_eq!(case.rest(&mut same, now, 0, Due::Free), ["slow"]);
    }
    assert!(case.rest(&mut next, 15, 0, Due::Free).is_empty());
    assert_eq!(case.rest(&mut next, 15, 0, Due::Ours), ["slow"], "one of its attempts tries it");
    case.put("slow", Backoff { trying: true, until: at(30), ..out });
    assert_eq!(case.rest(&mut next, 29, 0, Due::Free), ["slow"]);
    // Then everybody may start it, however little time passed by the other clock.
    assert!(case.rest(&mut next, 30, 0, Due::Ours).is_empty());
}

#[test]
fn a_run_ends_when_an_agent_failed_for_minutes_or_for_many_tasks() {
    let case = Case::new();
    let long = |until: i64| Backoff { until: at(10 + until), ..failing("slow") };
    let given_up = |backoff: Backoff, most, seconds| {
        case.put("slow", backoff);
        let mut resting = Resting::default();
        assert_eq!(case.rest(&mut resting, 15, 0, Due::Free), ["slow"]);
        resting.given_up(most, case.here + Duration::from_secs(seconds))
    };
    let words = |minutes, tasks: &str| {
        Some(format!("agent slow failed 3 times within seconds for {minutes} min ({tasks}): why"))
    };
    assert_eq!(given_up(failing("slow"), 2, 599), None);
    assert_eq!(given_up(failing("slow"), 2, 600), words(10, "2 tasks"));
    let one = Backoff { tasks: vec!["a".to_owned()], ..failing("slow") };
    assert_eq!(given_up(one, 2, 720), words(12, "1 task"));
    assert_eq!(given_up(long(224), 2, 0), None);
    assert_eq!(given_up(long(225), 3, 0), None);
    assert_eq!(given_up(long(225), 2, 0), words(1, "2 tasks"));
    let limit = Backoff { kind: PauseKind::UsageLimit, ..long(225) };
    assert_eq!(given_up(limit, 2, 6000), None, "the run waits for it");
}

#[test]
fn only_one_attempt_tries_an_agent_with_another_task_first() {
    let mut case = Case::new();
    let structure = Planner::default().structure(case.project.set(), case.project.queues());
    let mut nodes: Vec<Node> = structure.graph.nodes().collect();
    let set = case.project.set();
    let first = set.queue(QueueIx::FIRST).task(structure.graph.id(nodes[0])).id16;
    case.put("slow", Backoff { tasks: vec![first], ..failing("slow") });
    let mut resting = Resting::default();
    let agent = |resting: &Resting| resting.trials().agent(set, &structure, nodes[0]);
    assert_eq!(agent(&resting), None, "no agent is tried");
    let before = nodes.clone();
    resting.trials().put_failed_last(&mut nodes, set, &structure);
    assert_eq!(nodes, before);
    case.try_agents(&mut resting, 20, 5);
    case.here = Instant::now();
    case.try_agents(&mut resting, 20, 5);
    let set = case.project.set();
    resting.trials().put_failed_last(&mut nodes, set, &structure);
    assert_eq!(nodes, [before[1], before[2], before[0]]);
    let mut trials = resting.trials();
    let key = trials.agent(set, &structure, before[1]);
    assert_eq!(key, Some(case.key("slow")));
    assert!(trials.admits(key.as_ref()) && trials.admits(None));
    // Another agent, which is not tried, is not limited.
    trials.claim(Some(case.key("shared")));
    assert!(trials.admits(Some(&case.key("shared"))));
    trials.claim(key.clone());
    assert!(!trials.admits(key.as_ref()) && trials.admits(None));
    assert_eq!(trials.used(), HashSet::from([case.key("slow")]));
}

#[test]
fn pauses_of_accounts_belong_to_every_agent_that_uses_them() {
    let case = Case::new();
    assert_eq!(case.key("shared").0, case.dir.path().join("accounts/work"));
    case.put("shared", Backoff { kind: PauseKind::UsageLimit, ..failing("shared") });
    let pauses = agent_pauses(case.project.set(), at(15));
    let expected = AgentPause {
        root: case.root(),
        agent: "shared".to_owned(),
        account: Some("work".to_owned()),
        kind: PauseKind::UsageLimit,
        stand_in: Some("slow".to_owned()),
        since: at(0),
        until: at(20),
        trying: false,
        what: "agent shared: usage limit reached".to_owned(),
        reason: "why".to_owned(),
    };
    assert_eq!(pauses, [expected]);
    // While its stand-in rests as well, nobody does its tasks.
    case.put("slow", failing("slow"));
    let stand_ins: Vec<_> = agent_pauses(case.project.set(), at(15))
        .into_iter()
        .map(|p| (p.agent, p.stand_in))
        .collect();
    assert_eq!(stand_ins, [("slow".to_owned(), None), ("shared".to_owned(), None)]);
    // All agents of a tool that use an account are paused together, each under its own name.
    case.put("paid", Backoff { kind: PauseKind::Auth, ..failing("paid") });
    let said: Vec<_> = agent_pauses(case.project.set(), at(15))
        .into_iter()
        .filter(|pause| pause.kind == PauseKind::Auth)
        .map(|pause| pause.what)
        .collect();
    assert_eq!(case.key("paid").1, "claude");
    assert_eq!(said, ["agent paid: not logged in"]);
    end_pause(case.config(), &case.root(), "paid", &RandomIds).unwrap();
    // A record of the project for an agent that uses an account counts for nothing.
    let own = Backoffs::of(&case.root());
    own.change("shared", &RandomIds, |_| (Some(failing("shared")), ())).unwrap();
    assert_eq!(agent_pauses(case.project.set(), at(15)).len(), 2);
    let ended = end_pauses(case.config(), &case.root(), &RandomIds).unwrap();
    assert_eq!(ended, ["slow", "shared"]);
    assert_eq!((case.recorded("slow"), case.recorded("shared")), (None, None));
    // An agent that works again has nothing to end.
    case.put("slow", Backoff { failures: 0, own: vec!["a".to_owned()], ..failing("slow") });
    assert!(end_pauses(case.config(), &case.root(), &RandomIds).unwrap().is_empty());
    end_pause(case.config(), &case.root(), "shared", &RandomIds).unwrap();
}
