//! Output of the tools and the resulting outcomes. The files in `fixtures/` were written by hand
//! from the sources and discussions that describe each tool; none was recorded from a paid call.

mod calls;
mod others;
mod quoted;
mod streams;

use super::*;
use crate::domain::{AgentOutcome, AgentRun, Command, Outcome, Tokens};
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write as _;

/// The output, prompt and exit status of a run.
struct Printed<'a> {
    out: &'a str,
    err: &'a str,
    prompt: &'a str,
    code: i32,
    own: &'a [OwnText],
}

const NOTHING: Printed<'_> = Printed { out: "", err: "", prompt: "", code: 0, own: &[] };

fn now() -> DateTime<Utc> {
    "2026-07-17T14:30:00Z".parse().expect("a time")
}

fn run(preset: Preset, printed: &Printed<'_>) -> AgentRun {
    ended(preset, printed, &Outcome::Exited { code: printed.code })
}

fn ended(preset: Preset, printed: &Printed<'_>, outcome: &Outcome) -> AgentRun {
    let dir = tempfile::tempdir().expect("a folder");
    let put = |name: &str, text: &str| {
        let path = dir.path().join(name);
        File::create(&path).and_then(|mut file| file.write_all(text.as_bytes())).expect("written");
        path
    };
    let (stdout, stderr) = (put("out", printed.out), put("err", printed.err));
    let ok_exit_codes = BTreeSet::from([0]);
    let (prompt, ok_exit_codes) = (printed.prompt, &ok_exit_codes);
    let ended = Ended {
        stdout: &stdout,
        stderr: &stderr,
        prompt,
        outcome,
        ok_exit_codes,
        own: printed.own,
    };
    read_run(adapter(preset), ended, now())
}

/// Splits a fixture into the exit status in its first line, and the stream.
fn fixture(text: &str) -> (i32, &str) {
    let (first, stream) = text.split_once('\n').expect("two lines");
    let code = first.strip_prefix("# exit ").and_then(|code| code.split(' ').next());
    (code.and_then(|code| code.parse().ok()).expect("a status"), stream)
}

macro_rules! replayed {
    ($preset:expr, $name:literal) => {{
        let (code, out) = fixture(include_str!(concat!("fixtures/", $name)));
        run($preset, &Printed { out, code, ..NOTHING })
    }};
}

fn limited(run: &AgentRun) -> (Option<String>, Option<&str>) {
    let AgentOutcome::UsageLimit { until, scope } = &run.outcome else {
        panic!("no limit: {run:?}");
    };
    (until.map(|until| until.to_rfc3339()), scope.as_deref())
}

#[test]
fn claude_tells_what_it_did_and_what_it_cost() {
    let run = replayed!(Preset::Claude, "claude-ok.jsonl");
    assert_eq!(run.outcome, AgentOutcome::Ok);
    assert_eq!(run.session_id.as_deref(), Some("3f0c1b7e-0000-4000-8000-000000000001"));
    assert_eq!(run.model.as_deref(), Some("claude-sonnet-4-5"));
    assert_eq!(run.cost_usd, Some(0.0421));
    assert_eq!(run.tokens, Some(Tokens::with_cached_apart(120, 340, 5000, 700)));
    assert_eq!(run.message.as_deref(), Some("Added the parser and its tests."));
}

#[test]
fn claude_limits_are_told_by_events_whatever_their_words() {
    let run = replayed!(Preset::Claude, "claude-limit.jsonl");
    assert_eq!(limited(&run), (Some("2026-07-17T19:00:00+00:00".to_owned()), Some("five_hour")));
    // Success with `is_error`, without a limit event; the text has a zone.
    let run = replayed!(Preset::Claude, "claude-limit-text.jsonl");
    assert_eq!(limited(&run), (Some("2026-07-18T14:00:00+00:00".to_owned()), None));
    // A rejected overage is not a limit.
    assert_eq!(replayed!(Preset::Claude, "claude-overage.jsonl").outcome, AgentOutcome::Ok);
}

#[test]
fn claude_errors_are_told_apart() {
    let result = |more: &str| {
        let out = format!(
            "{{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":true,\"result\":\"x\",{more}}}\n"
        );
        run(Preset::Claude, &Printed { out: &out, code: 1, ..NOTHING }).outcome
    };
    assert_eq!(result("\"api_error_status\":529"), AgentOutcome::Transient);
    assert_eq!(result("\"api_error_status\":401"), AgentOutcome::Auth);
    assert!(matches!(result("\"api_error_status\":429"), AgentOutcome::UsageLimit { .. }));
    assert_eq!(result("\"terminal_reason\":\"max_turns\""), AgentOutcome::TurnLimit);
    assert_eq!(result("\"terminal_reason\":\"budget_exhausted\""), AgentOutcome::CostLimit);
    assert_eq!(result("\"errors\":[\"boom\"]"), AgentOutcome::AgentError);
    let limiting = "\"api_error_status\":429,\"errors\":[\"Server is temporarily limiting requests (not your usage limit)\"]";
    assert_eq!(result(limiting), AgentOutcome::Transient);
    let auth = "{\"type\":\"assistant\",\"error\":\"authentication_failed\",\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"?\"}]}}\n{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":true,\"result\":\"?\"}\n";
    assert_eq!(
        run(Preset::Claude, &Printed { out: auth, code: 1, ..NOTHING }).outcome,
        AgentOutcome::Auth
    );
}

#[test]
fn a_success_after_a_rejected_request_is_none_unless_the_work_went_on() {
    let rejected = |more: &str| {
        format!(
            "{{\"type\":\"rate_limit_event\",\"rate_limit_info\":{{\"status\":\"rejected\",\"resetsAt\":{more}}}}}\n"
        )
    };
    let said = |error: &str, out: u32| {
        format!(
            "{{\"type\":\"assistant\"{error},\"message\":{{\"id\":\"m\",\"content\":[{{\"type\":\"text\",\"text\":\"?\"}}],\"usage\":{{\"output_tokens\":{out}}}}}}}\n"
        )
    };
    let success =
        "{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false,\"result\":\"?\"}\n";
    let of =
        |lines: &[&str]| run(Preset::Claude, &Printed { out: &lines.concat(), ..NOTHING }).outcome;
    let error = said(",\"error\":\"rate_limit\"", 0);
    let until = Some("2026-07-17T19:00:00Z".parse().expect("a time"));
    for at in [
        "1784314800",
        "1784314800.0",
        "1784314800000",
        "\"1784314800\"",
        "\"2026-07-17T19:00:00Z\"",
    ] {
        let limit = AgentOutcome::UsageLimit { until, scope: None };
        assert_eq!(of(&[&rejected(at), &error, success]), limit, "{at}");
    }
    assert!(matches!(of(&[&error, success]), AgentOutcome::UsageLimit { .. }));
    // Another model took over, or the request is paid for as overage.
    assert_eq!(of(&[&rejected("1784314800"), &error, &said("", 9), success]), AgentOutcome::Ok);
    assert_eq!(of(&[&rejected("1,\"isUsingOverage\":true"), success]), AgentOutcome::Ok);
    // Events after the end do not change the outcome.
    assert_eq!(of(&[success, &said("", 9)]), AgentOutcome::Ok);
}

#[test]
fn the_configuration_explains_texts_on_the_error_channel() {
    let own = |means, pattern: &str| [OwnText { means, pattern: pattern.to_owned() }];
    let of = |preset, own: &[OwnText], out, err, code| {
        run(preset, &Printed { out, err, code, own, prompt: "fix zork 9" }).outcome
    };
    let limit = own(Means::UsageLimit, "^zork [0-9]+");
    let until = Some("2026-07-17T15:30:00Z".parse().expect("a time"));
    let reached = AgentOutcome::UsageLimit { until, scope: None };
    // This also applies to a command without a preset, whatever its exit status is.
    for code in [0, 1] {
        let said = "zork 5: try again in an hour";
        assert_eq!(of(Preset::Command, &limit, "", said, code), reached);
    }
    assert_eq!(of(Preset::Command, &limit, "zork 5", "", 0), AgentOutcome::Ok, "that is its work");
    assert_eq!(of(Preset::Command, &limit, "", "zork 9", 0), AgentOutcome::Ok, "an echo");
    let failed = "{\"type\":\"turn.failed\",\"error\":{\"message\":\"zork 5: resets in 1h\"}}\n";
    assert_eq!(of(Preset::Codex, &limit, failed, "", 1), reached);
    // The configuration takes precedence over the built-in rules.
    let none = own(Means::AgentError, "usage limit reached by the linter");
    let said = "Error: usage limit reached by the linter";
    assert_eq!(of(Preset::Claude, &none, "", said, 1), AgentOutcome::AgentError);
    assert!(matches!(of(Preset::Claude, &[], "", said, 1), AgentOutcome::UsageLimit { .. }));
    let done =
        "{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false,\"result\":\"x\"}\n";
    assert_eq!(of(Preset::Claude, &limit, done, "zork 5", 0), AgentOutcome::Ok);
}

#[test]
fn an_exit_status_of_0_is_no_result() {
    let cut = "{\"type\":\"system\",\"subtype\":\"init\",\"session_id\":\"s\"}\n";
    for out in ["", cut, "some text\nand more\n"] {
        for preset in [Preset::Claude, Preset::Codex, Preset::Gemini, Preset::Opencode] {
            let run = run(preset, &Printed { out, ..NOTHING });
            assert_eq!(run.outcome, AgentOutcome::NoResult, "{preset} {out}");
        }
    }
    assert_eq!(run(Preset::Aider, &NOTHING).outcome, AgentOutcome::NoResult);
    assert_eq!(run(Preset::Command, &NOTHING).outcome, AgentOutcome::Ok);
}

#[test]
fn codex_tells_tokens_and_its_limits_in_words() {
    let run = replayed!(Preset::Codex, "codex-ok.jsonl");
    assert_eq!((run.outcome, run.cost_usd), (AgentOutcome::Ok, None));
    assert_eq!(run.tokens, Some(Tokens { input: 900, out: 60, cached: 400, total: 960 }));
    assert_eq!(run.session_id.as_deref(), Some("0199a213-81c0-7800-8aa1-bbab2a035a53"));
    let limit = replayed!(Preset::Codex, "codex-limit.jsonl");
    assert!(matches!(limit.outcome, AgentOutcome::UsageLimit { until: Some(_), .. }), "{limit:?}");
    let credits = replayed!(Preset::Codex, "codex-credits.jsonl");
    assert_eq!(limited(&credits), (None, None));
    // An error whose retry succeeded is not a failure.
    assert_eq!(replayed!(Preset::Codex, "codex-retried.jsonl").outcome, AgentOutcome::Ok);
}

#[test]
fn the_other_tools_are_understood() {
    let gemini = replayed!(Preset::Gemini, "gemini-ok.jsonl");
    assert_eq!((gemini.outcome, gemini.tokens.map(|t| t.total)), (AgentOutcome::Ok, Some(1500)));
    assert_eq!(gemini.message.as_deref(), Some("All done."));
    let quota = replayed!(Preset::Gemini, "gemini-quota.jsonl");
    assert!(matches!(quota.outcome, AgentOutcome::UsageLimit { .. }));
    let json = "{\n \"session_id\": \"g\",\n \"response\": \"hi\",\n \"stats\": {\"models\": {\"gemini-3\": {\"tokens\": {\"prompt\": 5, \"candidates\": 2, \"cached\": 1}}}}\n}\n";
    let one = run(Preset::Gemini, &Printed { out: json, ..NOTHING });
    assert_eq!((one.outcome, one.model.as_deref()), (AgentOutcome::Ok, Some("gemini-3")));
    for (code, outcome) in [(41, AgentOutcome::Auth), (53, AgentOutcome::TurnLimit)] {
        let run = run(Preset::Gemini, &Printed { code, ..NOTHING });
        assert_eq!(run.outcome, outcome);
    }
    let opencode = replayed!(Preset::Opencode, "opencode-ok.jsonl");
    assert_eq!(opencode.outcome, AgentOutcome::Ok);
    assert_eq!((opencode.cost_usd, opencode.tokens.map(|t| t.total)), (Some(0.75), Some(1170)));
    assert_eq!(replayed!(Preset::Opencode, "opencode-auth.jsonl").outcome, AgentOutcome::Auth);
    let cursor = replayed!(Preset::Cursor, "cursor-ok.jsonl");
    assert_eq!((cursor.outcome, cursor.tokens), (AgentOutcome::Ok, None));
    let (out, err) = (
        "{\"type\":\"system\",\"session_id\":\"c\"}\n",
        "You've hit your usage limit · Usage will reset when your monthly cycle ends on 7/23/2026.\n",
    );
    let limit = run(Preset::Cursor, &Printed { out, err, code: 1, ..NOTHING });
    assert!(matches!(limit.outcome, AgentOutcome::UsageLimit { until: Some(_), .. }), "{limit:?}");
    assert_eq!(replayed!(Preset::Amp, "amp-ok.jsonl").outcome, AgentOutcome::Ok);
    let aider = replayed!(Preset::Aider, "aider-ok.txt");
    assert_eq!((aider.outcome, aider.cost_usd), (AgentOutcome::Ok, Some(0.03)));
    assert_eq!(aider.tokens.map(|tokens| tokens.total), Some(2450));
    let failed = replayed!(Preset::Aider, "aider-limit.txt");
    assert!(matches!(failed.outcome, AgentOutcome::UsageLimit { .. }), "{failed:?}");
    let copilot = Printed { out: "Done.\n", ..NOTHING };
    assert_eq!(run(Preset::Copilot, &copilot).outcome, AgentOutcome::Ok);
}

/// The task, the reply, the output of a command and an echo of the prompt mention limits, but the
/// tool has not reached one.
#[test]
fn a_task_about_limits_is_no_limit() {
    let text = "You've hit your usage limit. Try again at 3:28 PM.";
    let prompt = format!("# Task\nShow users this when a call is refused:\n{text}\n");
    let quoted = serde_json::json!(text);
    let claude = format!(
        "{{\"type\":\"user\",\"message\":{{\"content\":[{{\"type\":\"tool_result\",\"content\":{quoted}}}]}}}}\n\
         {{\"type\":\"assistant\",\"message\":{{\"content\":[{{\"type\":\"text\",\"text\":{quoted}}}]}}}}\n"
    );
    let done = format!(
        "{{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false,\"result\":{quoted}}}\n"
    );
    let codex = format!(
        "{{\"type\":\"item.completed\",\"item\":{{\"type\":\"command_execution\",\"aggregated_output\":{quoted}}}}}\n\
         {{\"type\":\"item.completed\",\"item\":{{\"type\":\"agent_message\",\"text\":{quoted}}}}}\n"
    );
    let both = format!("{claude}{done}");
    let ok = Printed { out: &both, prompt: &prompt, ..NOTHING };
    assert_eq!(run(Preset::Claude, &ok).outcome, AgentOutcome::Ok);
    for (preset, out) in [(Preset::Claude, &claude), (Preset::Codex, &codex)] {
        for err in ["", text, &format!("ERROR: {text}\n")] {
            let failed = Printed { out, err, prompt: &prompt, code: 1, own: &[] };
            assert_eq!(run(preset, &failed).outcome, AgentOutcome::AgentError, "{preset} {err}");
        }
    }
    let aider = format!("{text}\nTokens: 1k sent, 20 received.\nlitellm.RateLimitError: {text}\n");
    let replied = Printed { out: &aider, prompt: &prompt, ..NOTHING };
    assert_eq!(run(Preset::Aider, &replied).outcome, AgentOutcome::Ok);
    let command = Printed { out: text, err: text, code: 1, ..NOTHING };
    assert_eq!(run(Preset::Command, &command).outcome, AgentOutcome::AgentError);
}

#[test]
fn texts_without_events_count_only_where_they_are_known() {
    let said = |text: &str, err: &str| {
        let printed = Printed { out: text, err, code: 1, ..NOTHING };
        run(Preset::Claude, &printed).outcome
    };
    assert_eq!(said("", "Something nobody has seen\n"), AgentOutcome::AgentError);
    assert_eq!(said("Something nobody has seen\n", ""), AgentOutcome::AgentError);
    let old = said("Claude AI usage limit reached|1784311200\n", "");
    let AgentOutcome::UsageLimit { until: Some(until), .. } = old else { panic!("{old:?}") };
    assert_eq!(until.to_rfc3339(), "2026-07-17T18:00:00+00:00");
    assert_eq!(said("", "Error: Not logged in · Please run /login\n"), AgentOutcome::Auth);
}

#[test]
fn who_is_ended_by_force_was_killed() {
    let kill = Outcome::Signaled { signal: 9 };
    assert_eq!(ended(Preset::Claude, &NOTHING, &kill).outcome, AgentOutcome::Killed);
    let late = Outcome::TimedOut { seconds: 5 };
    assert_eq!(ended(Preset::Codex, &NOTHING, &late).outcome, AgentOutcome::Killed);
    // A tool that hangs after it reported a limit.
    let out = "{\"type\":\"error\",\"error\":{\"name\":\"X\",\"data\":{\"message\":\"Usage limit reached, resets in 2 hours\"}}}\n";
    let hung =
        ended(Preset::Opencode, &Printed { out, ..NOTHING }, &Outcome::Silent { seconds: 5 });
    assert_eq!(limited(&hung).0.as_deref(), Some("2026-07-17T16:30:00+00:00"));
    let termed = Printed { code: 143, ..NOTHING };
    assert_eq!(run(Preset::Claude, &termed).outcome, AgentOutcome::Killed);
}

#[test]
fn command_lines_have_what_was_asked_for() {
    let call = Call {
        model: Some("m"),
        session: Some("s-1"),
        permission: Permission::All,
        budget_usd: Some(1.5),
    };
    let line = |preset, call: &Call<'_>| adapter(preset).command(call, &[]).to_string();
    for (preset, plain, full) in [
        (
            Preset::Claude,
            "claude --print --verbose --output-format stream-json --permission-mode acceptEdits",
            "claude --print --verbose --output-format stream-json --dangerously-skip-permissions --model m --resume s-1 --max-budget-usd 1.5",
        ),
        (
            Preset::Codex,
            "codex exec --json --sandbox workspace-write --skip-git-repo-check -",
            "codex exec --json --dangerously-bypass-approvals-and-sandbox --model m --skip-git-repo-check resume s-1 -",
        ),
        (
            Preset::Gemini,
            "gemini --output-format stream-json --approval-mode auto_edit",
            "gemini --output-format stream-json --approval-mode yolo --model m --resume s-1",
        ),
        (
            Preset::Cursor,
            "cursor-agent --print --output-format stream-json --force {prompt}",
            "cursor-agent --print --output-format stream-json --force --model m --resume s-1 {prompt}",
        ),
        (
            Preset::Amp,
            "amp --execute --stream-json --dangerously-allow-all",
            "amp threads continue s-1 --execute --stream-json --dangerously-allow-all",
        ),
    ] {
        assert_eq!(line(preset, &Call::default()), plain);
        assert_eq!(line(preset, &call), full);
    }
    let more = ["--more".to_owned()];
    let wrapper = Command::List(vec!["wrap".to_owned(), ARGS.to_owned(), "x".to_owned()]);
    let wrapped = adapter(Preset::Opencode).inside(&wrapper, &Call::default(), &more);
    assert_eq!(wrapped.to_string(), "wrap run --format json --more x");
    for (preset, line) in [
        (
            Preset::Codex,
            "codex exec --json --sandbox workspace-write --skip-git-repo-check --more -",
        ),
        (Preset::Copilot, "copilot --allow-all-tools --more --prompt {prompt}"),
    ] {
        assert_eq!(adapter(preset).command(&Call::default(), &more).to_string(), line);
    }
}
