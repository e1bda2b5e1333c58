//! Tests that a key that no section has, and one that has no effect yet, is refused with the keys
//! that there are.

use super::*;

/// Each section with the lines before its keys, its name in messages, and the keys that it knows.
const SECTIONS: &[(&str, &str, &str)] = &[
    (
        "",
        "",
        "root, create_root, queues, allow_queue_commands, unsafe_fs, project, agents, verify, \
         services, templates, profiles, types, limits, estimates, environment, guardrails, \
         escalation, known_errors, isolation, workspaces, landing, hooks, board, notify",
    ),
    ("[project.p]\n", "[project.p]", "root, create_root, queues"),
    (
        "[agents.a]\nrun = \"x\"\n",
        "[agents.a]",
        "fallback, preset, model, permission, resume, run, args, account, usage_limit, transient, \
         auth, agent_error, cost_estimate_usd, timeout, silence, grace, max_parallel, \
         ok_exit_codes, verify, prompt, environment",
    ),
    (
        "[[verify]]\nrun = \"x\"\n",
        "[verify]",
        "profile, name, run, timeout, environment, env, needs, cwd, inputs, hidden, \
         blocked_exit_codes, allow_failure, retries, measure, report",
    ),
    (
        "[[verify]]\nrun = \"x\"\n[verify.measure]\nregex = \"x\"\n",
        "[verify.measure]",
        "regex, json_pointer, file, min, max, unit",
    ),
    (
        "[[verify]]\nrun = \"x\"\n[verify.report]\nparser = \"tap\"\n",
        "[verify.report]",
        "junit, parser, file",
    ),
    (
        "[services.s]\nrun = \"x\"\nready = { port = 1 }\n",
        "[services.s]",
        "run, ready, environment, env, cwd, timeout",
    ),
    (
        "[services.s]\nrun = \"x\"\n[services.s.ready]\nport = 1\n",
        "[services.s.ready]",
        "port, command, line",
    ),
    (
        "[templates.t]\ntitle = \"x\"\n",
        "[templates.t]",
        "title, description, type, agent, verify, priority, files, tags, acceptance_criteria, \
         max_iterations, requires_approval, review",
    ),
    (
        "[[verify]]\nrun = \"x\"\n[profiles.default]\n",
        "[profiles.default]",
        "require_changes, parallel, baseline, services, flaky, review, on_red",
    ),
    ("[types.t]\n", "[types.t]", "agent, verify, require_changes, review"),
    (
        "[limits]\n",
        "[limits]",
        "attempts, crashes, consecutive_failures, keep_attempts, follow_up_depth, scopes, \
         promise, untouched, progress_every, tokens, minutes, cost_usd, attempt, run, day",
    ),
    ("[limits.day]\n", "[limits.day]", "attempts, tokens, minutes, cost_usd"),
    ("[estimates]\n", "[estimates]", "effort"),
    ("[estimates.effort]\n", "[estimates.effort]", "S, M, L, XL"),
    ("[environment]\n", "[environment]", "inherit, pass, drop, set, file"),
    (
        "[agents.a]\nrun = \"x\"\n[agents.a.environment]\n",
        "[agents.a.environment]",
        "inherit, pass, drop, set, file",
    ),
    (
        "[guardrails]\n",
        "[guardrails]",
        "max_file_kb, protect, require_changes, scope, deny, allow, levels, frozen",
    ),
    ("[[guardrails.frozen]]\npaths = \"a\"\n", "[guardrails.frozen]", "name, paths, after"),
    ("[isolation]\n", "[isolation]", "mode, target"),
    (
        "[workspaces]\n",
        "[workspaces]",
        "dir, setup, setup_inputs, copy, link, keep, objects, retry_from",
    ),
    ("[landing]\n", "[landing]", "mode, commit, conflicts"),
    (
        "[hooks]\n",
        "[hooks]",
        "timeout, before_run, before_task, before_attempt, before_verification, \
         after_verification, after_attempt, before_landing, after_landing, after_task, after_run",
    ),
    ("[board]\n", "[board]", "style, path"),
    (
        "[[notify]]\non = \"limit\"\ndesktop = true\n",
        "[notify]",
        "on, webhook, command, desktop, slack, discord, ntfy, secret_env, queues, tasks, \
         severity, quiet, every",
    ),
    ("[[known_errors]]\nmatch = \"x\"\nfix = \"y\"\n", "[known_errors]", "match, cause, fix"),
];

fn place(name: &str) -> String {
    if name.is_empty() { String::new() } else { format!(" in {name}") }
}

#[test]
fn a_key_that_resembles_none_is_told_with_all_that_there_are() {
    for (head, name, known) in SECTIONS {
        let line = head.matches('\n').count() + 1;
        let expected = format!("{line}:1: unknown key qqqqqqqq{}; known: {known}", place(name));
        assert_eq!(problems(&format!("{head}qqqqqqqq = 1\n")), [expected]);
    }
}

#[test]
fn a_slip_in_any_key_is_told_with_the_key_that_was_meant() {
    for (head, name, known) in SECTIONS {
        let line = head.matches('\n').count() + 1;
        for key in known.split(", ").filter(|key| key.len() > 4) {
            let slip = format!("x{key}");
            let expected =
                format!("{line}:1: unknown key {slip}{}; did you mean {key}?", place(name));
            assert_eq!(problems(&format!("{head}{slip} = 1\n")), [expected]);
        }
    }
}

#[test]
fn a_key_of_a_later_version_is_refused_rather_than_ignored() {
    let agent = "[agents.a]\nrun = \"x\"\n";
    let step = "[[verify]]\nrun = \"x\"\n";
    let profile = format!("{step}[profiles.default]\n");
    for (head, name, keys) in [
        ("", "", &["baseline", "usage", "commit"][..]),
        ("[project.p]\n", "[project.p]", &["isolation", "guardrails"]),
        (agent, "[agents.a]", &["isolation", "sandbox", "network"]),
        (step, "[verify]", &["network", "sandbox"]),
        (&profile, "[profiles.default]", &["teeth"]),
        ("[limits]\n", "[limits]", &["cost_usd_per_day", "usage"]),
        (
            "[landing]\n",
            "[landing]",
            &["on_blocked", "batch", "every_commit", "push", "sign", "template", "resolve"],
        ),
    ] {
        let line = head.matches('\n').count() + 1;
        for key in keys {
            let place = place(name);
            let expected =
                format!("{line}:1: {key}{place} is not supported by this version; remove it");
            assert_eq!(problems(&format!("{head}{key} = \"x\"\n")), [expected]);
        }
    }
}

#[test]
fn problems_are_told_in_the_order_of_the_file_and_each_once() {
    // `fallback`, `verify` and `objects` are read twice.
    let text = "[workspaces]\nobjects = 3\n[[verify]]\nrun = \"x\"\nhidden = \"h\"\n\
                [agents.a]\nfallback = 4\nrun = \"x\"\nzzz = 1\n";
    let hidden = "hidden needs mode = \"private\" under [isolation]: its folder is laid over a judge \
                  tree, and never over the project";
    let known = SECTIONS.iter().find(|(_, name, _)| *name == "[agents.a]").expect("agents").2;
    assert_eq!(
        problems(text),
        [
            "2:11: objects must be a string, not integer".to_owned(),
            format!("5:10: {hidden}"),
            "7:12: fallback must be a list of strings, not integer".to_owned(),
            format!("9:1: unknown key zzz in [agents.a]; known: {known}"),
        ]
    );
    let two = "b = 1\na = 2\n";
    let keys: Vec<String> = problems(two).iter().map(|line| line[..16].to_owned()).collect();
    assert_eq!(keys, ["1:1: unknown key", "2:1: unknown key"]);
}

#[test]
fn a_text_that_is_no_toml_is_refused_with_its_place() {
    for (text, expected) in [
        ("a = 1\na = 2\n", "2:1: duplicate key"),
        ("root = \"é\" x\n", "1:12: unexpected key or value, expected newline, `#`"),
        ("[agents\n", "1:8: unclosed table, expected `]`"),
        ("\u{feff}root = 1\n", "1:9: root must be a string, not integer"),
    ] {
        assert_eq!(problems(text), [expected], "{text}");
    }
}
