//! The jobs that are made of claimed tasks.

use super::*;
use crate::domain::{AgentOutcome, AgentRun, Fingerprint, HookPoint, PauseKind, Preset, WorkerId};
use crate::engine::attempt::samples::{entry, failed};
use crate::engine::attempt::tests::case::{CONFIG, Case};
use crate::engine::attempt::{CameTo, Carried, Purpose};
use crate::guardrails::Requires;
use crate::store::RedStep;
use crate::workspace::Oid;
use chrono::DateTime;
use serde_json::json;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Returns a configuration whose agent has more keys.
fn agent(more: &str) -> String {
    CONFIG.replace("run = [\"agent\"]", &format!("run = [\"agent\"]\n{more}"))
}

/// Returns the token of the claim of a task.
fn claimed(source: Source<'_>, place: Place) -> ClaimToken {
    source.queues[place.queue].tasks()[place.task].claim().unwrap().token()
}

#[test]
fn a_job_is_made_of_the_task_and_the_configuration() {
    let case = Case::new().task(json!({
        "title": "Add a cart", "type": "feature", "file": "src/cart.rs", "files": ["b.rs"],
        "scope": ["docs/"], "tests": ["tests/cart.rs"],
    }));
    let job = case.prepared();
    let root = case.root();
    assert_eq!(
        (job.purpose, job.id.as_str(), job.kind.as_str()),
        (Purpose::Attempt, "A", "feature")
    );
    assert_eq!(job.title, "Add a cart");
    assert_eq!(job.turn, Some(Turn { attempt: 1, used: 1, budget: 5 }));
    assert_eq!((&job.root, job.queues.to_vec()), (&root, vec![root.join("q.json")]));
    assert_eq!(job.token.attempt, 1);
    assert_eq!(job.folder.path(), AttemptFolder::new(&job.state, &job.key, 1).path());
    assert_eq!(job.state.root(), root.join(".workloop"));
    assert!(job.task_json.ends_with("}\n") && !job.task_json.ends_with("\n\n"));
    assert_eq!(serde_json::from_str::<Value>(&job.task_json).unwrap(), case.queue["tasks"][0]);
    let command = job.agent.as_ref().unwrap();
    assert_eq!((command.profile.as_str(), command.command.name.as_str()), ("default", "agent"));
    assert_eq!(command.command.argv, ["agent"]);
    assert_eq!(command.ok_exit_codes, BTreeSet::from([0]));
    assert!(command.command.env.iter().any(|(name, _)| name == "WORKLOOP_TASK_ID"));
    assert!(!command.command.env.iter().any(|(name, _)| name == "WORKLOOP_CHANGED_FILES"));
    let Judge::Steps(steps) = &job.judge else { panic!("{:?}", job.judge) };
    assert_eq!(steps.iter().map(|step| &*step.name).collect::<Vec<_>>(), ["check"]);
    assert_eq!(job.declares, ["src/cart.rs", "b.rs", "docs/"]);
    assert_eq!(job.named_files, ["src/cart.rs", "b.rs", "tests/cart.rs"]);
    assert_eq!(job.watch.owned, ["src/cart.rs", "b.rs"]);
    assert_eq!(job.guarding.requires, Requires::Declared);
    assert_eq!(
        (job.refusal.as_ref(), job.promise.as_ref(), job.items.as_ref()),
        (None, None, None)
    );
    assert_eq!((job.may_remove_tests, job.may_change_tests, job.review), (false, false, false));
    // A shared tree has no git, no private trees and no name.
    assert!(job.git.is_none() && job.apart.is_none() && !job.is_private());
    assert!(job.setup.workspace.is_empty() && job.begun.is_none() && job.to_land.is_none());
    assert!(job.task().is_some_and(|task| task.id.as_str() == "A"));
}

#[test]
fn only_a_person_can_grant_that_tests_change() {
    for (task, remove, change) in [
        (json!({"may_remove_tests": true}), true, false),
        (json!({"may_change_tests": true}), false, true),
        (json!({"may_change_tests": "true", "may_remove_tests": 1}), false, false),
        (
            json!({"may_change_tests": true, "may_remove_tests": true, "discovered_by": "B"}),
            false,
            false,
        ),
    ] {
        let job = Case::new().task(task.clone()).prepared();
        assert_eq!((job.may_remove_tests, job.may_change_tests), (remove, change), "{task}");
        assert_eq!(job.watch.may_change_tests, change, "{task}");
    }
}

#[test]
fn a_task_that_an_agent_added_owns_nothing() {
    let job = Case::new().task(json!({"files": ["a.sh"], "discovered_by": "B"})).prepared();
    assert_eq!((job.watch.owned, job.watch.products), (vec![], vec![]));
    let job = Case::new().task(json!({"files": ["a.sh"]})).prepared();
    assert_eq!(
        (job.watch.owned, job.watch.products),
        (vec!["a.sh".to_owned()], vec!["a.sh".to_owned()])
    );
}

#[test]
fn a_promise_is_required_only_if_the_configuration_says_so() {
    let promised = json!({"completion_promise": "DONE"});
    let job = Case::new().task(promised.clone()).prepared();
    assert_eq!(job.promise, Some(("DONE".to_owned(), false)));
    let job = Case::more("[limits]\npromise = true\n").task(promised).prepared();
    assert_eq!(job.promise, Some(("DONE".to_owned(), true)));
}

#[test]
fn a_gate_is_judged_without_an_agent() {
    let mut case = Case::new().task(json!({"type": "gate", "dependencies": ["B"]}));
    let task = json!({"id": "B", "title": "b", "status": "complete", "files": ["b.rs"]});
    case.queue["tasks"].as_array_mut().unwrap().push(task);
    let job = case.prepared();
    assert!(job.agent.is_none() && matches!(job.judge, Judge::Steps(_)));
    let begun = job.begun.unwrap();
    assert_eq!((begun.declares, begun.landers.is_some()), (vec!["b.rs".to_owned()], true));
    assert_eq!((job.profiles, job.git.is_none()), (vec![], true));
}

#[test]
fn without_verification_nothing_judges() {
    let case = Case::of("[agents.default]\nrun = [\"agent\"]\n");
    let error = case.source("A", |source, place, fixed| {
        let token = claimed(source, place);
        source.job(place, token, fixed).unwrap_err()
    });
    assert_eq!(error.to_string(), "no verification is configured");
    let job = case.source("A", |source, place, fixed| {
        let mut set = source.set.clone();
        set.config.verification = crate::config::Verification::Off;
        let token = claimed(source, place);
        Source { set: &set, ..source }.job(place, token, fixed).unwrap()
    });
    assert!(matches!(job.judge, Judge::Nobody));
}

#[test]
fn a_task_that_asks_for_what_does_not_exist_is_refused_and_runs_nothing() {
    let strict = CONFIG.replace("[[verify]]", "[agents]\nstrict = true\n[[verify]]");
    for (config, task, code, reason) in [
        (
            CONFIG,
            json!({"verify": ["nothing"]}),
            ReasonCode::UnknownProfile,
            "unknown profile nothing; there are: default",
        ),
        (
            &*strict,
            json!({"agent": "nobody"}),
            ReasonCode::UnknownAgent,
            "unknown agent nobody; there are: default",
        ),
    ] {
        let job = Case::of(config).task(task).prepared();
        assert_eq!(job.refusal, Some(Refusal { code, reason: reason.to_owned() }));
        assert!(job.agent.is_none());
        let Judge::Steps(steps) = &job.judge else { panic!("{:?}", job.judge) };
        assert!(steps.is_empty());
    }
}

#[test]
fn a_text_that_no_command_line_can_contain_refuses_the_task() {
    let config =
        |argument: &str| CONFIG.replace("\"check\"]", &format!("\"check\", \"{argument}\"]"));
    let flag = |name: &str, value: &str, whose: &str| {
        format!(
            "{name} is {value:?}, which {whose} would parse as a flag: change it, or write \
             \"--{name}={{{name}}}\" in workloop.toml"
        )
    };
    let nul = "an argument of check would contain a NUL, which no command line can".to_owned();
    for (argument, task, reason) in [
        ("{title}", json!({"title": "--force"}), Some(flag("title", "--force", "check"))),
        ("{project}", json!({}), None),
        ("--title={title}", json!({"title": "--force"}), None),
        ("{files}", json!({"files": ["-rf"]}), None),
        ("{title}", json!({"title": "a\u{0}"}), None),
        ("{tests}", json!({"tests": ["a\u{0}b"]}), Some(nul)),
        ("{title}", json!({"title": "a -b"}), None),
    ] {
        let job = Case::of(&config(argument)).task(task.clone()).prepared();
        let expected = reason.map(|reason| Refusal { code: ReasonCode::BadTask, reason });
        assert_eq!(job.refusal, expected, "{argument} {task}");
    }
    let config = CONFIG.replace("\"agent\"]", "\"agent\", \"{title}\"]");
    let job = Case::of(&config).task(json!({"title": "-x"})).prepared();
    assert_eq!(job.refusal.unwrap().reason, flag("title", "-x", "agent"));
    // A line for the shell quotes what it inserts.
    let config = CONFIG.replace("run = [\"check\"]", "run = \"check {title}\"");
    assert_eq!(Case::of(&config).task(json!({"title": "-x"})).prepared().refusal, None);
}

#[test]
fn an_agent_works_no_longer_than_its_limit_and_that_of_an_attempt() {
    let timeout = |config: &str| Case::of(config).prepared().agent.unwrap().command.timeout;
    let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
    assert_eq!(timeout(CONFIG), minutes(45));
    let own = agent("timeout = \"10m\"");
    assert_eq!(timeout(&own), minutes(10));
    for (limit, expected) in [("5", 5), ("20", 10)] {
        let config = format!("{own}[limits.attempt]\nminutes = {limit}\n");
        assert_eq!(timeout(&config), minutes(expected), "{limit}");
    }
    let config =
        agent("timeout = \"1h\"\nsilence = \"90s\"\nok_exit_codes = [0, 3]\ngrace = \"2s\"");
    let command = Case::of(&config).prepared().agent.unwrap();
    assert_eq!(command.command.silence, Some(Duration::from_secs(90)));
    assert_eq!(command.command.grace, Duration::from_secs(2));
    assert_eq!(command.ok_exit_codes, BTreeSet::from([0, 3]));
}

#[test]
fn a_session_is_continued_only_by_the_same_tool_and_after_the_attempt_before() {
    const CLAUDE: &str = "[agents.default]\npreset = \"claude\"\nresume = true\n\
                          [[verify]]\nname = \"check\"\nrun = [\"check\"]\n";
    let argv = |config: &str, preset: Preset, session: Option<&str>, attempt: u32| {
        let mut case = Case::of(config);
        let job = case.prepared();
        let mut report = failed("A", "check", Fingerprint::default());
        let session_id = session.map(str::to_owned);
        report.agent = Some(AgentRun { session_id, ..AgentRun::new(preset, AgentOutcome::Ok) });
        AttemptFolder::new(&job.state, &job.key, 1).put_report(&report).unwrap();
        case.attempt(attempt);
        case.prepared().agent.unwrap().command.argv
    };
    let fresh = argv(CLAUDE, Preset::Claude, None, 2);
    let again = argv(CLAUDE, Preset::Claude, Some("s-1"), 2);
    assert!(again.iter().any(|word| word == "s-1") && !fresh.iter().any(|word| word == "s-1"));
    assert!(again.len() > fresh.len(), "{again:?}");
    assert_eq!(argv(CLAUDE, Preset::Codex, Some("s-1"), 2), fresh);
    assert_eq!(argv(CLAUDE, Preset::Claude, Some("s-1"), 3), fresh, "attempt 2 has no report");
    let without = CLAUDE.replace("resume = true\n", "");
    assert_eq!(argv(&without, Preset::Claude, Some("s-1"), 2), fresh);
}

#[test]
fn what_failed_before_the_task_began_belongs_to_its_job() {
    let case = Case::new();
    let step = RedStep {
        profile: "default".to_owned(),
        step: "check".to_owned(),
        outcome: "exit status 1".to_owned(),
        output: None,
        said: String::new(),
        log: PathBuf::new(),
    };
    let job = |config_has: bool, begun_by_it: bool| {
        case.source("A", |source, place, fixed| {
            let mut set = source.set.clone();
            set.config.limits.untouched.value = config_has;
            let key = ProfileKey::new(set.root(place.queue), &set.config.steps);
            let mut untouched = Untouched::default();
            let own = set.queue(place.queue).task("A");
            let begun = if begun_by_it { [own].into() } else { Default::default() };
            untouched.learn(&key, Some(Some(step.clone())), begun);
            let token = claimed(source, place);
            let job =
                Source { set: &set, untouched: &untouched, ..source }.job(place, token, fixed);
            let job = job.unwrap();
            (job.profiles == [key], job.reds.len())
        })
    };
    assert_eq!(job(true, false), (true, 1));
    assert_eq!(job(true, true), (true, 0), "its own work was in the tree");
    assert_eq!(job(false, false), (false, 0));
}

#[test]
fn while_an_agent_is_paused_its_stand_in_works() {
    let config = format!("{CONFIG}[agents.other]\nrun = [\"other\"]\n");
    let case = Case::of(&config);
    let with = |pause: Option<(&str, &str)>, elsewhere: bool| {
        case.source("A", |source, place, fixed| {
            let root = if elsewhere { PathBuf::from("/other") } else { case.root() };
            let pauses: Vec<AgentPause> = pause
                .map(|(agent, other)| AgentPause {
                    root,
                    agent: agent.to_owned(),
                    account: None,
                    kind: PauseKind::UsageLimit,
                    stand_in: Some(other.to_owned()),
                    since: DateTime::UNIX_EPOCH,
                    until: DateTime::UNIX_EPOCH,
                    trying: false,
                    what: String::new(),
                    reason: String::new(),
                })
                .into_iter()
                .collect();
            let token = claimed(source, place);
            let job = Source { pauses: &pauses, ..source }.job(place, token, fixed).unwrap();
            job.agent.unwrap().profile
        })
    };
    assert_eq!(with(None, false), "default");
    assert_eq!(with(Some(("default", "other")), false), "other");
    assert_eq!(with(Some(("default", "nobody")), false), "default");
    assert_eq!(with(Some(("other", "default")), false), "default");
    assert_eq!(with(Some(("default", "other")), true), "default", "of another project");
}

#[test]
fn a_landing_has_no_agent_and_no_prompt() {
    let case = Case::new();
    let job = case.source("A", |source, place, fixed| {
        let token = claimed(source, place);
        let job = source.job(place, token.clone(), fixed).unwrap();
        let object = |digit: &str| Oid::parse(&digit.repeat(40)).unwrap();
        let change =
            Carried { entry: entry(&job, object("b"), object("c")), came_to: CameTo::Waits(None) };
        let to_land = ToLand { change: change.change().unwrap(), entry: None };
        source.landing(place, token, fixed, to_land).unwrap()
    });
    assert_eq!((job.purpose, job.agent.is_none()), (Purpose::Landing, true));
    assert!(matches!(job.prompt, Ok(None)));
    assert_eq!(job.to_land.unwrap().change.commit, "c".repeat(40));
    assert!(matches!(&job.judge, Judge::Steps(steps) if steps.len() == 1));
}

#[test]
fn hooks_of_a_task_run_in_the_project_root_and_their_scripts_are_guarded() {
    let config =
        format!("{CONFIG}[hooks]\nbefore_task = \"sh gate.sh\"\nafter_task = [\"done\"]\n");
    let job = Case::of(&config).file("gate.sh", "").prepared();
    let hook = job.hooks.at(HookPoint::BeforeTask).unwrap();
    let root = hook.env.iter().find(|(name, _)| name == "WORKLOOP_ROOT").unwrap();
    assert_eq!(root.1, job.root.as_os_str());
    assert!(job.hooks.at(HookPoint::AfterTask).is_some());
    assert!(job.hooks.at(HookPoint::BeforeLanding).is_none());
    let named: Vec<String> = job.watch.commands.iter().map(ToString::to_string).collect();
    assert_eq!(named, ["check", "./gate.sh"]);
}

#[test]
fn what_would_be_begun_is_prompted_even_if_nothing_can_be_chosen_yet() {
    let prompt =
        |case: &Case| case.source("A", |source, place, _| source.prompt(place, None)).unwrap();
    let (text, missing) = prompt(&Case::new().task(json!({"title": "Add a cart"})));
    assert!(text.contains("Add a cart") && missing.is_none(), "{text}");
    let (text, missing) = prompt(&Case::of("").task(json!({"title": "Add a cart"})));
    assert!(text.contains("Add a cart"), "{text}");
    assert_eq!(missing.unwrap().to_string(), "no agent is configured");
    let (_, missing) = prompt(&Case::new().task(json!({"verify": ["nothing"]})));
    assert_eq!(missing.unwrap().to_string(), "unknown profile nothing; there are: default");
    let secret = "s3cr3t-0123456789";
    let case = Case::new().task(json!({"description": format!("use {secret}")}));
    let (text, _) = prompt(&case.var("API_TOKEN", secret));
    assert!(text.contains("use [masked]") && !text.contains(secret), "{text}");
}

#[test]
fn a_verification_without_an_attempt_is_about_the_work_of_its_task() {
    let case = Case::new();
    let job = case.source("A", |source, place, fixed| {
        let token = ClaimToken { worker: WorkerId::new("h:7:0"), attempt: NO_ATTEMPT };
        source.job(place, token, fixed).unwrap()
    });
    assert!(job.begun.is_some() && job.agent.is_some());
    assert_eq!(job.folder.path().file_name().unwrap(), "0");
}

#[test]
fn a_template_that_cannot_be_read_or_rendered_is_told() {
    let config = |template: &str| {
        CONFIG.replace("[[verify]]", &format!("prompt = \"{template}\"\n[[verify]]"))
    };
    let prompt = |case: &Case| {
        case.source("A", |source, place, _| source.prompt(place, None).map(|(text, _)| text))
    };
    let case = Case::of(&config("p.md")).file("p.md", "{{ id }}: {{ title }}, {{ attempt }}");
    assert_eq!(prompt(&case).as_deref(), Ok("A: a, 2"));
    let case = Case::of(&config("p.md")).file("p.md", "one\n{{ nothing }}");
    let path = case.root().join("p.md");
    let shown = path.display();
    let expected = format!(
        "failed to render the prompt: {shown}:2: undefined value: `nothing` is undefined\n  {{{{ nothing }}}}"
    );
    assert_eq!(prompt(&case), Err(expected));
}
