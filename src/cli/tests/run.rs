//! `run`: what is refused before anything starts, what would be claimed, and how a run without any
//! work ends. Runs with work need the program itself and are tested in `tests/e2e`.

use super::house::{house, of, refuses_bad_queues, two_houses};
use super::sandbox::Sandbox;
use crate::platform::programs::lacks;
use serde_json::{Value, json};

const READY: &str =
    "[agents.default]\nrun = \"cat\"\n[[verify]]\nname = \"test\"\nrun = \"true\"\n";
const NO_VERIFICATION: &str = "error: no verification is configured, so no task could be completed\nhint: \
                               add a step to workloop.toml:\n  [[verify]]\n  name = \"test\"\n  run = \"npm \
                               test\"\nhint: or give one on the command line: --verify 'npm test'\nhint: or \
                               run without verification, with tasks recorded as SKIPPED: --no-verify\n";
const NO_AGENT: &str = "error: task B: no agent is configured\nhint: add [agents.default] with preset = \
                        \"claude\" or run = \"…\" to workloop.toml, or name one with --agent; workloop agents \
                        lists the tools that have a preset\n";

/// Returns a project whose only task is complete, so that a run has nothing to do.
fn finished() -> Sandbox {
    of(&[json!({"id": "A", "title": "a", "status": "complete"})]).config(READY)
}

/// Runs a line, which must start no attempt and change no task; returns what it said.
#[track_caller]
fn idle(sandbox: &Sandbox, line: &str, exit: u8) -> String {
    let before = sandbox.text("queues/q.json");
    let err = sandbox.run(line).failed(exit);
    assert_eq!(sandbox.text("queues/q.json"), before, "{line}");
    err
}

#[test]
fn without_an_agent_or_a_verification_nothing_starts() {
    let house = house();
    for (line, text) in [
        ("run", NO_VERIFICATION),
        ("run --agent cat", NO_VERIFICATION),
        ("run --no-verify", NO_AGENT),
        ("run --verify true --verify false", NO_AGENT),
    ] {
        assert_eq!(idle(&house, line, 2), text, "{line}");
    }
}

#[test]
fn a_program_that_is_missing_is_told_with_what_to_install() {
    let agent = |lines: &str| {
        house().config(&format!(
            "[agents.default]\n{lines}\n[[verify]]\nname = \"t\"\nrun = \"true\"\n"
        ))
    };
    let text = "error: agent default cannot be started: no-such-program was not found on the PATH\nhint: \
                install it, or change workloop.toml\n";
    assert_eq!(idle(&agent("run = [\"no-such-program\"]"), "run --task-id B", 2), text);
    let text = "error: agent default cannot be started: claude was not found on the PATH\nhint: install \
                it: npm install -g @anthropic-ai/claude-code\n";
    assert_eq!(idle(&agent("preset = \"claude\""), "run", 2), text);
}

#[test]
fn filters_and_ids_that_match_nothing_are_refused() {
    let house = house().config(READY);
    for (line, text) in [
        ("run --type bild", "no task has type bild; there are: build; did you mean build?"),
        (
            "run --dry-run --type bild",
            "no task has type bild; there are: build; did you mean build?",
        ),
        ("run --phase 1 --tag x", "no task has all of phase 1, tag x"),
        ("run --task-id nope", "there is no task `nope` in queues/q.json"),
        ("run --dry-run --task-id nope", "there is no task `nope` in queues/q.json"),
        ("run nope.json", "failed to find the queue nope.json"),
        ("run A", "failed to find the queue A"),
    ] {
        assert_eq!(idle(&house, line, 2), format!("error: {text}\n"), "{line}");
    }
}

#[test]
fn wrong_values_of_flags_are_refused_with_what_they_must_be() {
    let house = house().config(READY);
    for (flags, text) in [
        ("--max-minutes 0", "invalid value '0' for '--max-minutes <MINUTES>': not a span of time"),
        ("--max-minutes x", "invalid value 'x' for '--max-minutes <MINUTES>': not a number"),
        ("--max-cost 0", "invalid value '0' for '--max-cost <USD>': not above 0"),
        ("--max-cost inf", "invalid value 'inf' for '--max-cost <USD>': not above 0"),
        ("--until 24:00", "invalid value '24:00' for '--until <HH:MM>': not a time such as 07:30"),
        (
            "--isolation worktree",
            "invalid value 'worktree' for '--isolation <HOW>': neither shared nor private",
        ),
    ] {
        let err = idle(&house, &format!("run {flags}"), 2);
        assert!(err.starts_with(&format!("error: {text}\n")), "{err}");
    }
    let err = idle(&house, "run --verify x --no-verify", 2);
    assert!(err.contains("cannot be used with '--no-verify'"), "{err}");
}

#[test]
fn what_cannot_run_ends_a_run_with_the_reason_and_its_status() {
    let house = house().config(READY);
    for (line, exit, text) in [
        ("run --task-id G", 7, "0 of 1 complete; 1 waiting for a person (G): workloop approve G"),
        ("run --task-id F", 0, "nothing to do: 1 parked"),
        (
            "run --task-id D --task-id E",
            5,
            "0 of 2 complete; 2 cannot continue (D): workloop why D, then workloop retry D",
        ),
    ] {
        assert_eq!(idle(&house, line, exit), format!("{text}\n"), "{line}");
        assert_eq!(idle(&house, &format!("{line} -q"), exit), format!("{text}\n"), "{line}");
    }
    let cycle =
        of(&[json!({"id": "A", "depends_on": ["B"]}), json!({"id": "B", "depends_on": ["A"]})]);
    let text = "0 of 2 complete; 2 cannot continue (A, B): workloop why A\n";
    assert_eq!(idle(&cycle.config(READY), "run", 5), text);
    assert_eq!(idle(&of(&[]).config(READY), "run", 0), "nothing to do: no task is in scope\n");
}

#[test]
fn a_complete_task_that_was_named_alone_can_be_repeated() {
    let sandbox = finished();
    let nothing = "nothing to do: the task is complete\n";
    for line in ["run", "run queues/q.json -q", "run --task-id A --task-id A", "run --no-verify"] {
        assert_eq!(idle(&sandbox, line, 0), nothing, "{line}");
    }
    let hint = format!("{nothing}workloop reset A makes it pending again\n");
    assert_eq!(idle(&sandbox, "run --task-id A", 0), hint);
    let both = two_houses().config(READY);
    let err = idle(&both, "run --task-id A --work-queue queues/q.json", 0);
    let command = "workloop reset A --work-queue queues/q.json makes it pending again\n";
    assert!(err.ends_with(command), "{err}");
    let strange = of(&[json!({"id": "a \u{1b}b", "status": "done"})]).config(READY);
    let err = idle(&strange, "run --task-id 'a \u{1b}b'", 0);
    assert!(err.ends_with("workloop reset 'a ␛b' makes it pending again\n"), "{err}");
}

#[test]
fn the_events_of_a_run_are_lines_of_json_on_stdout() {
    let sandbox = finished();
    let ran = sandbox.run("run --json");
    assert_eq!((ran.exit, ran.err.as_str()), (0, "nothing to do: the task is complete\n"));
    let lines: Vec<Value> =
        ran.out.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let kinds: Vec<&Value> = lines.iter().map(|line| &line["event"]).collect();
    assert_eq!(kinds, ["loop_started", "loop_finished"]);
    assert_eq!(lines[0]["data"]["queues"], json!(["q"]));
    assert_eq!((&lines[0]["v"], &lines[0]["data"]["jobs"]), (&json!(1), &json!(1)));
    let journal: Vec<Value> = sandbox.events();
    assert_eq!(journal.len(), 2, "the same events are in the journal");
}

#[test]
fn too_many_loops_are_a_warning() {
    let warning = "warning: 16 loops: beyond 15 they mostly wait for each other, for the machine and for \
                   you; see what `plan` recommends\n";
    let nothing = "nothing to do: the task is complete\n";
    assert_eq!(idle(&finished(), "run --jobs 16", 0), format!("{warning}{nothing}"));
    assert_eq!(idle(&finished(), "run -j 15", 0), nothing);
}

#[test]
fn several_agents_in_one_tree_are_pointed_to_private_trees() {
    if lacks("git") {
        return;
    }
    let sandbox = finished().git();
    let note = "note: 2 agents share one tree; with mode = \"private\" under [isolation] each has its own \
                clone, and verified work lands as one commit per task\n";
    let nothing = "nothing to do: the task is complete\n";
    assert_eq!(idle(&sandbox, "run --jobs 2", 0), format!("{note}{nothing}"));
    for line in ["run", "run --jobs 2 -q"] {
        assert_eq!(idle(&sandbox, line, 0), nothing, "{line}");
    }
    let ran = sandbox.run("run --jobs 2 --json");
    assert_eq!((ran.exit, ran.err.as_str()), (0, nothing));
    let without = finished();
    assert_eq!(idle(&without, "run --jobs 2", 0), nothing, "there is no git here");
}

#[test]
fn without_git_and_without_a_place_for_copies_a_run_says_what_could_be_lost() {
    let sandbox = finished().without("XDG_STATE_HOME");
    let err = idle(&sandbox, "run", 0);
    let start = "warning: used budgets and finished work are forgotten if .workloop/ is deleted: there is no \
                 git here, and no copy can be kept (";
    assert!(err.starts_with(start), "{err}");
    assert_eq!(idle(&finished(), "run", 0), "nothing to do: the task is complete\n");
}

#[test]
fn a_channel_that_cannot_be_used_is_a_warning() {
    let sandbox = finished()
        .config(&format!("{READY}[[notify]]\non = [\"blocked\"]\nslack = \"env:HOUSE_URL\"\n"));
    let warning =
        "warning: channel 1: slack env:HOUSE_URL: HOUSE_URL is not set; nothing is sent there\n";
    let text = format!("{warning}nothing to do: the task is complete\n");
    assert_eq!(idle(&sandbox, "run", 0), text);
}

#[test]
fn a_dry_run_shows_the_order_of_the_claims_and_writes_nothing() {
    let house = house();
    assert_eq!(house.reads("run --dry-run").printed(), "B  Raise the walls\n");
    for line in ["run --dry-run --type build -q", "run --dry-run --task-id B --agent x --no-verify"]
    {
        assert_eq!(house.reads(line).printed(), "B  Raise the walls\n", "{line}");
    }
    let waits = "nothing is ready: 0 of 1 complete; 1 waiting for another queue or worker (B): workloop why \
                 B\n";
    assert_eq!(house.reads("run --dry-run --task-id C").failed(0), waits);
    let order = of(&[
        json!({"id": "late", "title": "x\u{1b}[2J\ny", "priority": 2}),
        json!({"id": "first", "title": "t", "priority": "P0"}),
        json!({"id": "mine", "agent": "manual", "priority": 0}),
    ]);
    assert_eq!(order.reads("run --dry-run").printed(), "first  t\nlate  x␛[2J y\n");
    let several = "error: failed to choose a queue: there are 2:\n  queues/other.json\n  \
                   queues/q.json\nhint: name one, or list those to serve under queues in workloop.toml\n";
    let sandbox = order.queue("other", json!([]));
    sandbox.refuses("run --dry-run", 2, several);
    sandbox.refuses("run", 2, several);
    let both = two_houses();
    assert_eq!(both.reads("run --dry-run").printed(), "two:B  Another B\nq:B  Raise the walls\n");
}

#[test]
fn a_dry_run_as_json_is_what_next_prints() {
    let house = house();
    let ran = house.reads("run --dry-run --json");
    assert_eq!((ran.exit, ran.err.as_str()), (0, ""));
    assert_eq!(ran.json("next"), house.reads("next --all --json").json("next"));
    let ran = house.reads("run --dry-run --json --tag x");
    assert_eq!(ran.json("next"), json!({"schema_version": 1, "ready": 0, "tasks": []}));
    let many: Vec<Value> = (0..11).map(|n| json!({"id": format!("T{n}")})).collect();
    let json = of(&many).reads("run --dry-run --json").json("next");
    assert_eq!(json["tasks"].as_array().map(Vec::len), Some(11), "all of them");
}

#[test]
fn a_hook_that_cannot_be_started_refuses_the_run() {
    let sandbox = finished().config(&format!("{READY}[hooks]\nbefore_run = [\"no-such-hook\"]\n"));
    let err = idle(&sandbox, "run", 2);
    assert!(err.contains("no-such-hook"), "{err}");
}

#[test]
fn bad_queues_are_refused_with_their_place() {
    refuses_bad_queues("run");
    refuses_bad_queues("run --dry-run");
}
