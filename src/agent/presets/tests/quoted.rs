//! Error events that quote the task, the prompt or a reply: these say nothing about the account.

use super::others::{Row, word};
use super::*;
use Preset::{Aider, Amp, Claude, Codex, Copilot, Cursor, Gemini, Opencode};
use serde_json::{Value, json};

/// Returns the streams of each tool in which its own error has the text `said`.
fn errors(said: &str) -> Vec<(Preset, String, String)> {
    let event = |preset, value: Value| (preset, format!("{value}\n"), String::new());
    let result = json!({"type": "result", "subtype": "success", "is_error": true, "result": said});
    let unknown = json!({"type": "assistant", "error": "unknown",
        "message": {"model": "<synthetic>", "content": [{"type": "text", "text": said}]}});
    let mut all = vec![
        event(Claude, result.clone()),
        event(Amp, result.clone()),
        event(Cursor, result.clone()),
        (Claude, format!("{unknown}\n{result}\n"), String::new()),
        event(
            Claude,
            json!({"type": "result", "subtype": "error_during_execution", "errors": [said]}),
        ),
        event(
            Amp,
            json!({"type": "result", "subtype": "error_during_execution", "is_error": true, "error": said}),
        ),
        event(Codex, json!({"type": "turn.failed", "error": {"message": said}})),
        event(Codex, json!({"type": "error", "message": said})),
        event(
            Gemini,
            json!({"type": "result", "status": "error", "error": {"type": "X", "message": said}}),
        ),
        event(Gemini, json!({"type": "error", "severity": "error", "message": said})),
        event(
            Opencode,
            json!({"type": "error", "sessionID": "s",
            "error": {"name": "UnknownError", "data": {"message": said}}}),
        ),
        event(
            Copilot,
            json!({"type": "session.error", "data": {"errorType": "query", "message": said}}),
        ),
    ];
    for preset in [Claude, Codex, Gemini, Opencode, Cursor, Amp, Copilot, Aider] {
        all.push((preset, String::new(), format!("{said}\n")));
        all.push((preset, String::new(), format!("Error: {said}\n")));
    }
    all
}

fn expect(said: &str, prompt: &str, expected: &str) {
    let wrong = errors(said).into_iter().filter_map(|(preset, out, err)| {
        let run = run(preset, &Printed { out: &out, err: &err, prompt, code: 1, ..NOTHING });
        let found = word(&run);
        (found != expected).then(|| format!("{preset} {out:?} {err:?}: {found}, not {expected}"))
    });
    assert_eq!(wrong.collect::<Vec<_>>(), Vec::<String>::new(), "{said}");
}

#[test]
fn an_error_that_quotes_a_task_about_limits_is_no_limit() {
    let prompt = "# Task\nRate limit reached for the account: show a banner.\n\
                  Usage limit reached must be logged.\n\
                  Server overloaded is a state that the client must show.\n";
    for said in [
        "Task 'implement a rate limit for the API' could not be finished",
        "Model refused: \u{201c}You've hit your usage limit\u{201d} must be shown",
        "Could not apply the patch: handler for 429 Too Many Requests is missing",
        "tool failed: expected \"Not logged in\" in the output",
        "Rate limit reached for the account: show a banner.",
        "Usage limit reached must be logged",
        "I added the rate limit; usage limit reached is shown now",
        "unknown key rate_limit in config.toml",
        "prompt is too long: fix the quota exceeded handling",
        "edit failed: no match for `{\"error\":{\"type\":\"rate_limit_error\"}}`",
        "Server overloaded is a state that the client must show",
    ] {
        expect(said, prompt, "agent_error");
    }
}

/// The words of a tool for its own limit count, whatever the task is about.
#[test]
fn a_limit_during_a_task_about_limits_is_one() {
    let prompt = "# Task\nShow: You've hit your usage limit. Try again at 5pm.\n";
    for said in ["You've hit your usage limit. Upgrade to Pro.", "Rate limit exceeded"] {
        expect(said, prompt, "limit");
    }
    let same = json!({"type": "turn.failed", "error": {"message": "You've hit your usage limit."}});
    let out = format!("{same}\n");
    let prompt = "Show: You've hit your usage limit.";
    let codex = run(Codex, &Printed { out: &out, prompt, code: 1, ..NOTHING });
    assert_eq!(word(&codex), "limit");
}

/// Codes give the meaning whatever the text is.
#[test]
fn codes_count_whatever_is_said() {
    let rows: Vec<Row<'_>> = vec![
        (
            Codex,
            r#"{"type":"turn.failed","error":{"message":"?","codexErrorInfo":"usageLimitExceeded"}}"#,
            "",
            1,
            "limit",
        ),
        (
            Cursor,
            r#"{"type":"result","subtype":"error","is_error":true,"error":{"code":"resource_exhausted","message":"?"}}"#,
            "",
            1,
            "limit",
        ),
        (
            Gemini,
            r#"{"type":"error","error":{"status":"UNAVAILABLE","message":"?"}}"#,
            "",
            1,
            "transient",
        ),
        (
            Opencode,
            r#"{"type":"error","error":{"name":"APIError","data":{"message":"?","responseBody":"x","statusCode":401}}}"#,
            "",
            1,
            "auth",
        ),
        (
            Codex,
            r#"{"type":"turn.failed","error":{"message":"unexpected status 400 Bad Request: {\"error\":{\"type\":\"usage_limit_reached\"}}"}}"#,
            "",
            1,
            "limit",
        ),
    ];
    super::others::each(&rows);
}

/// Some tools repeat the last reply where an error belongs.
#[test]
fn a_reply_that_a_tool_repeats_as_its_error_is_a_reply() {
    let text = "You've hit your usage limit is shown now";
    for usage in [json!({"output_tokens": 9}), Value::Null] {
        let said = json!({"type": "assistant",
            "message": {"id": "m", "model": "m", "content": [{"type": "text", "text": text}], "usage": usage}});
        let end = json!({"type": "result", "subtype": "success", "is_error": true, "result": text});
        let out = format!("{said}\n{end}\n");
        let claude = run(Claude, &Printed { out: &out, code: 1, ..NOTHING });
        assert_eq!(word(&claude), "agent_error", "{usage}");
    }
    // Older versions report a limit in a message of their own, without an error field.
    let own = json!({"type": "assistant",
        "message": {"model": "<synthetic>", "content": [{"type": "text", "text": "Usage limit reached"}]}});
    let end = json!({"type": "result", "subtype": "success", "is_error": true, "result": "Usage limit reached"});
    let out = format!("{own}\n{end}\n");
    assert_eq!(word(&run(Claude, &Printed { out: &out, code: 1, ..NOTHING })), "limit");
}
