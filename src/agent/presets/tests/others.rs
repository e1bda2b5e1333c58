//! Output that no fixture covers: events with unknown texts, texts without events, runs without a
//! result, and work about limits.

use super::*;
use Preset::{Aider, Amp, Claude, Codex, Copilot, Cursor, Gemini, Opencode};

/// Returns the kind of an outcome, without its details.
pub(super) fn word(run: &AgentRun) -> &'static str {
    match &run.outcome {
        AgentOutcome::Ok => "ok",
        AgentOutcome::AgentError => "agent_error",
        AgentOutcome::UsageLimit { until: Some(_), .. } => "limit with its end",
        AgentOutcome::UsageLimit { until: None, .. } => "limit",
        AgentOutcome::Transient => "transient",
        AgentOutcome::Auth => "auth",
        AgentOutcome::TurnLimit => "turns",
        AgentOutcome::CostLimit => "cost",
        AgentOutcome::Killed => "killed",
        AgentOutcome::NoResult => "no_result",
    }
}

pub(super) type Row<'a> = (Preset, &'a str, &'a str, i32, &'static str);

pub(super) fn each(rows: &[Row<'_>]) {
    let wrong = rows.iter().filter_map(|(preset, out, err, code, expected)| {
        let run = run(*preset, &Printed { out, err, code: *code, ..NOTHING });
        let found = word(&run);
        (found != *expected)
            .then(|| format!("{preset} {code} {out:?} {err:?}: {found}, not {expected}"))
    });
    assert_eq!(wrong.collect::<Vec<_>>(), Vec::<String>::new());
}

/// Events of each tool with unknown texts.
const EVENTS: &[Row<'static>] = &[
    (
        Claude,
        r#"{"type":"rate_limit_event","rate_limit_info":{"status":"rejected","resetsAt":1784311200,"rateLimitType":"seven_day"}}
{"type":"result","subtype":"success","is_error":true,"result":"grenouille"}"#,
        "",
        1,
        "limit with its end",
    ),
    (
        Claude,
        r#"{"type":"rate_limit_event","rate_limit_info":{"status":"rejected"}}"#,
        "",
        0,
        "limit",
    ),
    (
        Claude,
        r#"{"type":"rate_limit_event","rate_limit_info":{"status":"rejected","resetsAt":1784311200}}
{"type":"rate_limit_event","rate_limit_info":{"status":"allowed_warning"}}
{"type":"result","subtype":"success","is_error":false,"result":"done"}"#,
        "",
        0,
        "ok",
    ),
    (Claude, r#"{"type":"result","subtype":"error_max_turns","is_error":true}"#, "", 1, "turns"),
    (
        Claude,
        r#"{"type":"result","subtype":"error_during_execution","is_error":false}"#,
        "",
        0,
        "agent_error",
    ),
    (
        Claude,
        r#"{"type":"result","subtype":"success","is_error":true,"api_error_status":500,"result":"tulipe"}"#,
        "",
        0,
        "transient",
    ),
    (
        Claude,
        r#"{"type":"result","subtype":"success","is_error":false,"result":"done"}"#,
        "noise about a rate limit",
        0,
        "ok",
    ),
    (
        Codex,
        r#"{"type":"turn.failed","error":{"message":"You\u2019ve hit your usage limit for o9. Switch to another model now, or try again at 3:28 PM."}}"#,
        "",
        1,
        "limit with its end",
    ),
    (
        Codex,
        r#"{"type":"turn.failed","error":{"message":"stream disconnected before completion"}}"#,
        "",
        1,
        "transient",
    ),
    (Codex, r#"{"type":"turn.failed","error":{"message":"grenouille"}}"#, "", 1, "agent_error"),
    (
        Codex,
        r#"{"type":"error","message":"You hit your spend cap set by the admin"}"#,
        "",
        1,
        "limit",
    ),
    (
        Gemini,
        r#"{"type":"result","status":"error","error":{"code":429,"message":"grenouille"}}"#,
        "",
        1,
        "limit",
    ),
    (
        Gemini,
        r#"{"type":"result","status":"error","error":{"code":503,"message":"grenouille"}}"#,
        "",
        1,
        "transient",
    ),
    (
        Gemini,
        r#"{"type":"result","status":"error","error":{"message":"grenouille"}}"#,
        "",
        0,
        "agent_error",
    ),
    (Gemini, r#"{"type":"init","session_id":"g"}"#, "", 53, "turns"),
    (
        Opencode,
        r#"{"type":"error","sessionID":"s","error":{"name":"APIError","data":{"statusCode":429,"message":"grenouille"}}}"#,
        "",
        1,
        "limit",
    ),
    (
        Opencode,
        r#"{"type":"error","sessionID":"s","error":{"name":"APIError","data":{"statusCode":502,"message":"tulipe"}}}"#,
        "",
        0,
        "transient",
    ),
    (
        Opencode,
        r#"{"type":"step_finish","sessionID":"s","part":{"reason":"tool-calls","cost":0.1}}"#,
        "",
        0,
        "no_result",
    ),
    (
        Opencode,
        r#"{"type":"error","sessionID":"s","error":{"name":"UnknownError","data":{"message":"tulipe"}}}
{"type":"step_finish","sessionID":"s","part":{"reason":"stop","cost":0.1}}"#,
        "",
        0,
        "ok",
    ),
    (
        Cursor,
        r#"{"type":"result","subtype":"success","is_error":true,"result":"grenouille"}"#,
        "",
        1,
        "agent_error",
    ),
    (
        Cursor,
        r#"{"type":"result","subtype":"success","is_error":true,"result":"You've hit your usage limit"}"#,
        "",
        1,
        "limit",
    ),
    (
        Amp,
        r#"{"type":"result","subtype":"error_during_execution","is_error":true,"error":"out of credits"}"#,
        "",
        1,
        "limit",
    ),
    (Amp, r#"{"type":"result","subtype":"success","is_error":false,"result":"done"}"#, "", 0, "ok"),
    (
        Copilot,
        r#"{"type":"session.error","data":{"message":"rate limit exceeded"}}"#,
        "",
        1,
        "limit",
    ),
    (
        Copilot,
        r#"{"type":"session.error","data":{"errorType":"quota","message":"tulipe"}}"#,
        "",
        1,
        "limit",
    ),
    (
        Copilot,
        r#"{"type":"session.error","data":{"errorType":"query","statusCode":503,"message":"tulipe"}}"#,
        "",
        1,
        "transient",
    ),
    (Copilot, "", "402 You have no quota", 1, "limit"),
    (
        Gemini,
        r#"{"type":"result","status":"error","error":{"type":"RESOURCE_EXHAUSTED","message":"tulipe"}}"#,
        "",
        1,
        "limit",
    ),
    (
        Claude,
        r#"{"type":"result","subtype":"success","is_error":true,"result":"Context limit reached"}"#,
        "",
        1,
        "agent_error",
    ),
    (Claude, "", "tulipe", 255, "agent_error"),
];

#[test]
fn the_right_events_count_whatever_their_words() {
    each(EVENTS);
}

#[test]
fn words_of_a_tool_without_its_events_count_on_its_error_channel_alone() {
    let limit = "You've hit your limit · resets Jul 18 at 6am (Europe/Oslo)";
    let mut rows: Vec<Row<'_>> = Vec::new();
    for preset in [Claude, Codex, Gemini, Opencode, Cursor, Amp, Copilot] {
        rows.push((preset, "", limit, 1, "limit with its end"));
        rows.push((preset, "", "Error: connect ECONNREFUSED 10.0.0.1:443", 1, "transient"));
        rows.push((preset, "", "Error: Not logged in", 1, "auth"));
        rows.push((preset, "", "kaboom", 1, "agent_error"));
        // Phrases in the middle of the output are part of the work.
        rows.push((
            preset,
            "working\nYou've hit your limit\nstill working\n",
            "",
            1,
            "agent_error",
        ));
    }
    for preset in [Claude, Codex, Gemini, Opencode, Cursor, Amp] {
        rows.push((preset, "", "", 0, "no_result"));
        rows.push((preset, "all is well\nand done\n", "", 0, "no_result"));
    }
    rows.push((Claude, "Claude AI usage limit reached|1784311200\n", "", 1, "limit with its end"));
    rows.push((Claude, "", "5-hour limit reached ∙ resets 2am", 1, "limit with its end"));
    rows.push((Claude, "", "API Error: Rate limit reached", 1, "limit"));
    rows.push((
        Claude,
        "",
        "Server is temporarily limiting requests (not your usage limit)",
        1,
        "transient",
    ));
    rows.push((Gemini, "", "", 41, "auth"));
    rows.push((Aider, "litellm.AuthenticationError: no\n", "", 0, "auth"));
    rows.push((Aider, "litellm.InternalServerError: overloaded\n", "", 0, "transient"));
    rows.push((Aider, "kaboom\n", "", 1, "agent_error"));
    each(&rows);
}

/// Returns the output of each tool if its work contains `text` everywhere.
fn streams(text: &str) -> [(Preset, String); 8] {
    let quoted = serde_json::json!(text);
    let claude = format!(
        r#"{{"type":"user","message":{{"content":[{{"type":"tool_result","is_error":true,"content":{quoted}}}]}}}}
{{"type":"assistant","message":{{"content":[{{"type":"text","text":{quoted}}}]}}}}
"#
    );
    [
        (
            Claude,
            format!(
                "{claude}{{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false,\"result\":{quoted}}}\n"
            ),
        ),
        (
            Amp,
            format!(
                "{claude}{{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false,\"result\":{quoted}}}\n"
            ),
        ),
        (
            Cursor,
            format!(
                "{claude}{{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false,\"result\":{quoted}}}\n"
            ),
        ),
        (
            Codex,
            format!(
                "{{\"type\":\"item.completed\",\"item\":{{\"type\":\"command_execution\",\"aggregated_output\":{quoted},\"exit_code\":1}}}}\n\
             {{\"type\":\"item.completed\",\"item\":{{\"type\":\"error\",\"message\":\"warned\"}}}}\n\
             {{\"type\":\"item.completed\",\"item\":{{\"type\":\"agent_message\",\"text\":{quoted}}}}}\n\
             {{\"type\":\"turn.completed\",\"usage\":{{}}}}\n"
            ),
        ),
        (
            Gemini,
            format!(
                "{{\"type\":\"tool_result\",\"status\":\"error\",\"output\":{quoted}}}\n\
             {{\"type\":\"message\",\"role\":\"assistant\",\"content\":{quoted}}}\n\
             {{\"type\":\"result\",\"status\":\"success\"}}\n"
            ),
        ),
        (
            Opencode,
            format!(
                "{{\"type\":\"tool_use\",\"sessionID\":\"s\",\"part\":{{\"state\":{{\"output\":{quoted}}}}}}}\n\
             {{\"type\":\"text\",\"sessionID\":\"s\",\"part\":{{\"text\":{quoted}}}}}\n\
             {{\"type\":\"step_finish\",\"sessionID\":\"s\",\"part\":{{\"reason\":\"stop\"}}}}\n"
            ),
        ),
        (Copilot, format!("{text}\n")),
        (Aider, format!("{text}\nTokens: 1k sent, 20 received.\n")),
    ]
}

/// Work about limits: in replies, in the output of commands, in the prompt and its echo.
#[test]
fn work_about_limits_never_pauses_any_tool() {
    let text = "You've hit your usage limit · resets 5pm (UTC)";
    let streams = streams(text);
    let prompt = format!("# Task\nShow this when a call is refused:\n{text}\n");
    for (preset, out) in &streams {
        for err in [String::new(), format!("{text}\n"), format!("> {text}\n")] {
            let done =
                run(*preset, &Printed { out, err: &err, prompt: &prompt, code: 0, own: &[] });
            assert_eq!(word(&done), "ok", "{preset} {err}");
        }
        // The same work, cut off in the middle, without an error text of the tool.
        let cut: String = out.lines().take(1).map(|line| format!("{line}\n")).collect();
        let failed = run(*preset, &Printed { out: &cut, prompt: &prompt, code: 1, ..NOTHING });
        let quiet = !matches!(failed.outcome, AgentOutcome::UsageLimit { .. } | AgentOutcome::Auth);
        assert!(quiet, "{preset}: {failed:?}");
    }
}

/// Zones, epochs and dates in the texts of a tool determine the end of the pause.
#[test]
fn the_stated_end_of_a_limit_is_read_in_every_tool() {
    for (said, until) in [
        ("resets 5pm (Europe/Vilnius)", "2026-07-18T14:00:00+00:00"),
        ("resets 4pm (UTC)", "2026-07-17T16:00:00+00:00"),
        ("resets Jul 18 at 6am (Europe/Oslo)", "2026-07-18T04:00:00+00:00"),
        ("resets next Tuesday at 9:00 AM (America/New_York)", "2026-07-21T13:00:00+00:00"),
        ("try again at 2026-07-18T10:00:00+02:00.", "2026-07-18T08:00:00+00:00"),
        ("resets at 1784300400000", "2026-07-17T15:00:00+00:00"),
        ("Try again in 3 hours 20 minutes.", "2026-07-17T17:50:00+00:00"),
    ] {
        let text = format!("You've hit your usage limit, {said}");
        let codex = serde_json::json!({"type": "turn.failed", "error": {"message": text}});
        let claude = serde_json::json!({"type": "result", "subtype": "success", "is_error": true, "result": text});
        let (codex, claude) = (codex.to_string(), claude.to_string());
        for (preset, out, err) in [
            (Preset::Codex, codex.as_str(), ""),
            (Preset::Claude, claude.as_str(), ""),
            (Preset::Amp, claude.as_str(), ""),
            (Preset::Gemini, "", text.as_str()),
            (Preset::Cursor, "", text.as_str()),
            (Preset::Opencode, "", text.as_str()),
            (Preset::Copilot, "", text.as_str()),
        ] {
            let run = run(preset, &Printed { out, err, code: 1, ..NOTHING });
            assert_eq!(limited(&run).0.as_deref(), Some(until), "{preset}: {text}");
        }
    }
}
