//! Tests how a run ends by its exit status and its last event, and the limits of what is read.

use super::others::word;
use super::*;
use Preset::{Aider, Claude, Codex, Command as Plain, Copilot, Gemini, Opencode};
use serde_json::{Value, json};

fn outcome(preset: Preset, out: &str, err: &str, code: i32) -> &'static str {
    word(&run(preset, &Printed { out, err, code, ..NOTHING }))
}

#[test]
fn an_exit_status_without_events_is_a_signal_a_result_or_an_error() {
    for (code, of_tool, of_command) in [
        (0, "no_result", "ok"),
        (1, "agent_error", "agent_error"),
        (128, "agent_error", "agent_error"),
        (129, "killed", "killed"),
        (192, "killed", "killed"),
        (193, "agent_error", "agent_error"),
        (255, "agent_error", "agent_error"),
    ] {
        assert_eq!(outcome(Claude, "", "", code), of_tool, "{code}");
        assert_eq!(outcome(Plain, "", "", code), of_command, "{code}");
    }
}

#[test]
fn an_accepted_status_is_like_0_for_the_last_event() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("out");
    let done = r#"{"type":"result","subtype":"success","is_error":false,"result":"x"}"#;
    File::create(&path).and_then(|mut file| file.write_all(done.as_bytes())).expect("written");
    let of = |code: i32, accepted: &[i32]| {
        let ended = Ended {
            stdout: &path,
            stderr: &dir.path().join("none"),
            prompt: "",
            outcome: &Outcome::Exited { code },
            ok_exit_codes: &accepted.iter().copied().collect(),
            own: &[],
        };
        word(&read_run(adapter(Claude), ended, now()))
    };
    assert_eq!((of(0, &[0]), of(3, &[0, 3]), of(3, &[0])), ("ok", "ok", "agent_error"));
}

#[test]
fn an_end_that_says_nothing_of_the_work_is_no_result() {
    let limit = "{\"type\":\"error\",\"message\":\"You've hit your usage limit\"}\n";
    for outcome in
        [Outcome::FailedToStart { reason: "x".into() }, Outcome::Interrupted, Outcome::Lost]
    {
        let run = ended(Codex, &Printed { out: limit, ..NOTHING }, &outcome);
        assert_eq!(word(&run), "no_result", "{outcome:?}");
    }
}

#[test]
fn a_tool_that_is_ended_by_force_may_have_reached_a_limit_before() {
    let rejected = r#"{"type":"rate_limit_event","rate_limit_info":{"status":"rejected"}}"#;
    let spoke =
        r#"{"type":"assistant","message":{"id":"m","content":[],"usage":{"output_tokens":5}}}"#;
    let done = r#"{"type":"result","subtype":"success","is_error":false,"result":"x"}"#;
    let turns = r#"{"type":"result","subtype":"error_max_turns","is_error":true}"#;
    for (lines, expected) in [
        (&[rejected][..], "limit"),
        (&[rejected, spoke], "killed"),
        (&[spoke], "killed"),
        (&[done], "killed"),
        (&[turns], "killed"),
    ] {
        let out = lines.join("\n");
        for outcome in [
            Outcome::Signaled { signal: 15 },
            Outcome::TimedOut { seconds: 1 },
            Outcome::Silent { seconds: 1 },
        ] {
            let run = ended(Claude, &Printed { out: &out, ..NOTHING }, &outcome);
            assert_eq!(word(&run), expected, "{lines:?} {outcome:?}");
        }
    }
    let kill = Outcome::Signaled { signal: 9 };
    let said = |preset, err: &str| word(&ended(preset, &Printed { err, ..NOTHING }, &kill));
    assert_eq!(said(Claude, "You've hit your usage limit"), "limit");
    assert_eq!(said(Claude, "API Error: 529"), "killed", "the service alone ends no tool");
    assert_eq!(said(Plain, "You've hit your usage limit"), "killed");
}

#[test]
fn codes_of_errors_count_at_four_levels_and_in_every_field() {
    let of = |error: Value| {
        let out = format!("{}\n", json!({"type": "turn.failed", "error": error}));
        outcome(Codex, &out, "", 1)
    };
    let fields = "code type status name reason statusCode status_code errorType error_type \
                  codexErrorInfo codex_error_info api_error_status";
    for field in fields.split_whitespace() {
        assert_eq!(of(json!({field: 429})), "limit", "{field}");
    }
    for field in ["title", "message_code", "Code"] {
        assert_eq!(of(json!({field: 429})), "agent_error", "{field}");
    }
    for field in ["error", "data", "details", "cause"] {
        assert_eq!(of(json!({field: {"code": 429}})), "limit", "{field}");
        assert_eq!(of(json!({field: [3, {"code": 429}]})), "limit", "{field}");
    }
    let nested =
        |depth: usize| (0..depth).fold(json!({"code": 429}), |inner, _| json!({"cause": inner}));
    assert_eq!((of(nested(4)), of(nested(5))), ("limit", "agent_error"));
    for (code, expected) in [
        (json!(401), "auth"),
        (json!(402), "limit"),
        (json!(429), "limit"),
        (json!("429"), "limit"),
        (json!(408), "transient"),
        (json!(500), "transient"),
        (json!(599), "transient"),
        (json!(600), "agent_error"),
        (json!(400), "agent_error"),
        (json!(403), "agent_error"),
        (json!("Rate-Limit_Exceeded"), "limit"),
        (json!("QUOTA"), "limit"),
        (json!("insufficient_quota"), "limit"),
        (json!("billing_error"), "limit"),
        (json!("serviceUnavailable"), "transient"),
        (json!("gateway timeout"), "transient"),
        (json!("UNAUTHENTICATED"), "auth"),
        (json!("invalid_api_key"), "auth"),
        (json!("ratelimits"), "agent_error"),
        (json!(true), "agent_error"),
        (json!([429]), "agent_error"),
    ] {
        assert_eq!(of(json!({"code": code.clone()})), expected, "{code}");
    }
}

#[test]
fn a_session_is_kept_if_it_can_be_an_argument() {
    let of = |id: Value| {
        let out = format!("{}\n", json!({"type": "thread.started", "thread_id": id}));
        run(Codex, &Printed { out: &out, ..NOTHING }).session_id
    };
    let long = "x".repeat(128);
    for id in ["a", "3f0c1b7e-0000-4000", "ses_1.2:3", &long] {
        assert_eq!(of(json!(id)).as_deref(), Some(id));
    }
    for id in ["", "-x", "--help", "a b", "a/b", "$(x)", "é", "a\n", &format!("{long}x")] {
        assert_eq!(of(json!(id)), None, "{id}");
    }
    assert_eq!(of(json!(5)), None);
}

#[test]
fn messages_and_models_are_bounded_and_the_last_one_counts() {
    let item = |text: &str| {
        json!({"type": "item.completed", "item": {"type": "agent_message", "text": text}})
            .to_string()
    };
    let of = |texts: &[&str]| {
        let out = texts.iter().map(|text| item(text) + "\n").collect::<String>();
        let done = out + "{\"type\":\"turn.completed\",\"usage\":{}}\n";
        run(Codex, &Printed { out: &done, ..NOTHING }).message
    };
    assert_eq!(of(&["first", "last"]).as_deref(), Some("last"));
    assert_eq!(of(&["first", " \n"]).as_deref(), Some("first"), "a blank one is none");
    assert_eq!(of(&[]), None);
    assert_eq!(of(&[&"x".repeat(2000)]).map(|text| text.len()), Some(2000));
    assert_eq!(of(&[&"€".repeat(2000)]).map(|text| text.len()), Some(1998), "not inside a letter");
    let model = |name: &str| {
        let out = format!("{}\n", json!({"type": "init", "session_id": "s", "model": name}));
        run(Gemini, &Printed { out: &out, ..NOTHING }).model
    };
    let long = "m".repeat(199);
    assert_eq!(model(&long), Some(long.clone()));
    assert_eq!((model(""), model(&format!("{long}m"))), (None, None));
    // Pieces are joined, and a call of a tool begins a new message.
    let piece = |text: &str| {
        json!({"type": "message", "role": "assistant", "delta": true, "content": text}).to_string()
    };
    let whole = json!({"type": "message", "role": "assistant", "content": "whole"}).to_string();
    let (tool, done) = (r#"{"type":"tool_use"}"#, r#"{"type":"result","status":"success"}"#);
    let gemini = |lines: &[&str]| {
        let out = [lines, &[done]].concat().join("\n");
        run(Gemini, &Printed { out: &out, ..NOTHING }).message
    };
    assert_eq!(gemini(&[&piece("a "), &piece("b")]).as_deref(), Some("a b"));
    assert_eq!(gemini(&[&piece("a"), tool, &piece("b")]).as_deref(), Some("b"));
    assert_eq!(gemini(&[&piece("a"), &whole]).as_deref(), Some("whole"));
    assert_eq!(gemini(&[&piece("a"), tool]), None);
}

#[test]
fn lines_that_are_no_events_do_not_hide_those_that_are() {
    let done = r#"{"type":"result","subtype":"success","is_error":false,"result":"x"}"#;
    for before in
        ["warning: x\n", "{broken\n", "[1]\n", " {\"type\":\"result\"}\n", "\n\n", "\u{feff}x\n"]
    {
        assert_eq!(outcome(Claude, &format!("{before}{done}"), "", 0), "ok", "{before:?}");
    }
    assert_eq!(outcome(Claude, &done[..40], "", 0), "no_result", "cut off");
    // One object over several lines is the whole output of some tools.
    let pretty =
        "{\n  \"type\": \"result\",\n  \"subtype\": \"success\",\n  \"result\": \"x\"\n}\n";
    assert_eq!(outcome(Claude, pretty, "", 0), "ok");
    assert_eq!(outcome(Claude, &format!("x\n{pretty}"), "", 0), "no_result");
}

#[test]
fn the_last_eight_lines_of_stderr_are_read_and_none_that_is_too_long() {
    let limit = "You've hit your usage limit";
    let with = |after: usize| format!("{limit}\n{}", "note\n\n".repeat(after));
    assert_eq!(outcome(Codex, "", &with(7), 1), "limit");
    assert_eq!(outcome(Codex, "", &with(8), 1), "agent_error");
    let padded = |length: usize| format!("{limit}. {}", "x".repeat(length - limit.len() - 2));
    assert_eq!(outcome(Codex, "", &padded(1000), 1), "limit");
    assert_eq!(outcome(Codex, "", &padded(1001), 1), "agent_error");
    let said = |err: &str| run(Codex, &Printed { err, code: 1, ..NOTHING }).message;
    assert_eq!(said("first\n  last  \n\n").as_deref(), Some("last"));
    assert_eq!(said(&format!("{limit}\nlast\n")).as_deref(), Some(limit), "what explains the end");
    assert_eq!(run(Plain, &Printed { err: "x", code: 1, ..NOTHING }).message, None);
}

#[test]
fn tokens_and_costs_are_summed_as_each_tool_counts_them() {
    let finish = |cost: Value| {
        json!({"type": "step_finish", "part": {"reason": "stop", "cost": cost,
            "tokens": {"input": 10, "output": 3, "reasoning": 2, "cache": {"read": 4, "write": 1}}}})
        .to_string()
    };
    let two = format!("{}\n{}\n", finish(json!(0.25)), finish(json!(0.5)));
    let found = run(Opencode, &Printed { out: &two, ..NOTHING });
    assert_eq!(found.cost_usd, Some(0.75));
    let one = Tokens::with_cached_apart(10, 5, 4, 1);
    assert_eq!(found.tokens, Some(one.plus(one)));
    for odd in [json!(-1), json!("1"), json!(null)] {
        let found = run(Opencode, &Printed { out: &finish(odd.clone()), ..NOTHING });
        assert_eq!(found.cost_usd, None, "{odd}");
    }
    let aider = |text: &str| {
        let found = run(Aider, &Printed { out: text, ..NOTHING });
        (found.tokens.map(|tokens| (tokens.input, tokens.out, tokens.cached)), found.cost_usd)
    };
    for (text, expected) in [
        (
            "Tokens: 2.3k sent, 150 received. Cost: $0.01 message, $0.02 session.",
            (Some((2300, 150, 0)), Some(0.02)),
        ),
        ("Tokens: 1,234 sent, 1M received.", (Some((1234, 1_000_000, 0)), None)),
        (
            "Tokens: 10k sent, 4k cache hit, 5 received. Cost: $1 message, $3.5 session.",
            (Some((10_000, 5, 4000)), Some(3.5)),
        ),
        ("Tokens: x sent, 5 received.", (Some((0, 5, 0)), None)),
        (" Tokens: 1k sent, 5 received.", (None, None)),
        ("Tokens: 1k sent.", (None, None)),
        (
            "Tokens: 1 sent, 1 received. Cost: $0.1 message, $0.1 session.\nTokens: 2 sent, 2 received. Cost: $0.2 message, $0.3 session.",
            (Some((3, 3, 0)), Some(0.3)),
        ),
    ] {
        assert_eq!(aider(text), expected, "{text}");
    }
    let copilot = r#"{"type":"result","sessionId":"c-1","usage":{"input_tokens":5}}"#;
    let found = run(Copilot, &Printed { out: copilot, ..NOTHING });
    assert_eq!((found.session_id.as_deref(), found.tokens), (Some("c-1"), None));
}
