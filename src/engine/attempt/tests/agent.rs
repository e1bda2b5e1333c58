//! What an agent reports in its result file and in its output, and what that means.

use super::case::Case;
use crate::domain::{AgentOutcome, Evidence, Verdict};
use crate::supervisor::scripted::Answer;
use serde_json::{Value, json};
use std::fs;

/// An agent whose output is understood.
const CLAUDE: &str = "[agents.default]\npreset = \"claude\"\n\
                      [[verify]]\nname = \"check\"\nrun = [\"check\"]\n";

fn reporting(result: &Value) -> Case {
    Case::new().on("agent", Answer::exit(0).reports(result))
}

#[test]
fn an_agent_that_stops_early_blocks_its_task_with_its_own_words() {
    let blocked = Some(Verdict::Blocked);
    for (result, end) in [
        (
            json!({"status": "needs_input", "question": "  red or blue?\nmore"}),
            (blocked, "question", "question: red or blue?"),
        ),
        (
            json!({"status": "needs_input"}),
            (blocked, "question", "question: the agent asks for input"),
        ),
        (
            json!({"status": "impossible", "summary": "no such API", "evidence": "docs"}),
            (blocked, "impossible", "impossible: no such API"),
        ),
        (
            json!({"status": "contradiction", "evidence": ["B says the reverse"]}),
            (blocked, "contradiction", "contradiction: B says the reverse"),
        ),
    ] {
        let case = reporting(&result);
        let ran = case.run();
        assert_eq!(ran.end(), end, "{result}");
        assert_eq!(case.script.words(), ["agent"], "{result}");
    }
}

#[test]
fn the_evidence_of_an_agent_is_part_of_the_report() {
    let ran = reporting(&json!({"status": "impossible", "evidence": ["a", "b"]})).run();
    let listed = Evidence::List(vec!["a".to_owned(), "b".to_owned()]);
    assert_eq!(ran.report().evidence, Some(listed));
}

#[test]
fn an_agent_that_says_that_it_failed_is_not_verified() {
    for (result, reason) in [
        (
            json!({"status": "failed", "summary": "no disk\nlong"}),
            "agent: reported failure: no disk",
        ),
        (json!({"status": "failed"}), "agent: reported failure: "),
    ] {
        let case = reporting(&result);
        let ran = case.run();
        assert_eq!(ran.end(), (Some(Verdict::Fail), "agent_error", reason));
        assert_eq!(case.script.words(), ["agent"]);
    }
}

#[test]
fn a_question_counts_even_if_the_agent_then_fails() {
    let asks = json!({"status": "needs_input", "question": "which?"});
    let ran = Case::new().on("agent", Answer::exit(1).reports(&asks)).run();
    assert_eq!(ran.end(), (Some(Verdict::Blocked), "question", "question: which?"));
}

#[test]
fn an_exit_status_outweighs_a_report_of_success() {
    let ran = Case::new().on("agent", Answer::exit(1).reports(&json!({"status": "done"}))).run();
    assert_eq!(ran.end(), (Some(Verdict::Fail), "agent_error", "agent: exit status 1"));
}

#[test]
fn a_result_that_is_not_understood_is_a_warning_and_the_steps_decide() {
    let odd = |text: &'static str| {
        Answer::exit(0).does(move |spec| {
            fs::write(spec.stdout.with_file_name("result.json"), text).unwrap();
        })
    };
    for (text, warning) in [
        ("[]", "the result file is not a JSON object"),
        (
            "{\"status\": 1}",
            "status of the result file must be done, needs_input, failed, impossible or contradiction",
        ),
        ("{", "the result file is not valid JSON: EOF while parsing an object at line 1 column 1"),
    ] {
        let ran = Case::new().on("agent", odd(text)).run();
        assert_eq!(ran.end().0, Some(Verdict::Pass), "{text}");
        assert_eq!(ran.finished.warnings, [warning], "{text}");
    }
    let ran = Case::new().on("agent", odd(" \n")).run();
    assert_eq!(ran.finished.warnings, Vec::<String>::new(), "an empty file reports nothing");
}

#[test]
fn a_result_of_an_earlier_run_under_the_same_number_is_not_read() {
    let case = Case::new();
    let folder = case.prepared().folder;
    folder.put("result.json", br#"{"status": "failed"}"#).unwrap();
    assert_eq!(case.run().end().0, Some(Verdict::Pass));
    assert!(!folder.file("result.json").exists());
}

#[test]
fn a_result_file_is_read_only_if_it_is_a_file() {
    let makes = Answer::exit(0).does(|spec| {
        fs::create_dir(spec.stdout.with_file_name("result.json")).unwrap();
    });
    let ran = Case::new().on("agent", makes).run();
    assert_eq!(ran.end().0, Some(Verdict::Pass));
    let [warning] = &ran.finished.warnings[..] else { panic!("{:?}", ran.finished.warnings) };
    assert!(warning.starts_with("the result file cannot be read: "), "{warning}");
}

#[test]
fn secrets_in_a_result_are_masked_before_anybody_sees_them() {
    let secret = "s3cr3t-0123456789";
    let result = json!({"status": "needs_input", "question": format!("use {secret}?")});
    let case = reporting(&result).var("API_TOKEN", secret);
    let ran = case.run();
    assert_eq!(ran.end(), (Some(Verdict::Blocked), "question", "question: use [masked]?"));
    assert!(!format!("{:?}", ran.finished.result).contains(secret));
}

#[test]
fn a_completion_promise_must_be_printed_only_if_it_is_required() {
    let promised = json!({"completion_promise": "ALL DONE"});
    let says = |text: &str| Answer::exit(0).prints(text);
    let case = |answer, more: &str| Case::more(more).task(promised.clone()).on("agent", answer);
    let required = "[limits]\npromise = true\n";
    let kept = says("working\n<promise>ALL DONE</promise>\n");
    for more in ["", required] {
        let ran = case(kept.clone(), more).run();
        assert_eq!((ran.end().0, ran.finished.warnings.len()), (Some(Verdict::Pass), 0));
    }
    let missing = "the agent did not print its completion promise \"ALL DONE\"";
    for text in ["", "ALL DONE", "<promise>all done</promise>"] {
        let ran = case(says(text), "").run();
        assert_eq!(ran.end(), (Some(Verdict::Pass), "", ""), "{text}");
        assert_eq!(ran.finished.warnings, [format!("A: {missing}")], "{text}");
        let ran = case(says(text), required).run();
        assert_eq!(ran.end(), (Some(Verdict::Fail), "agent_error", &*format!("agent: {missing}")));
    }
}

#[test]
fn a_promise_at_the_end_of_a_long_output_counts() {
    let long = format!("{}<promise>P</promise>\n", "x\n".repeat(1 << 20));
    let case = Case::more("[limits]\npromise = true\n").task(json!({"completion_promise": "P"}));
    assert_eq!(case.on("agent", Answer::exit(0).prints(&long)).run().end().0, Some(Verdict::Pass));
}

#[test]
fn the_cost_of_a_result_counts_where_the_tool_reports_none() {
    let ran = reporting(&json!({"cost_usd": 1.5, "tokens": 700})).run();
    let run = ran.report().agent.as_ref().unwrap();
    assert_eq!((run.cost_usd, run.tokens.map(|tokens| tokens.total)), (Some(1.5), Some(700)));
    let told = r#"{"type":"result","subtype":"success","is_error":false,"result":"ok","total_cost_usd":0.25}"#;
    let answer = Answer::exit(0).prints(told).reports(&json!({"cost_usd": 9}));
    let ran = Case::of(CLAUDE).on("claude", answer).run();
    assert_eq!(ran.report().agent.as_ref().unwrap().cost_usd, Some(0.25), "the tool knows better");
}

#[test]
fn what_the_tool_reports_about_itself_ends_the_attempt() {
    let failed = Some(Verdict::Fail);
    let event = |text: &str| {
        let event = json!({"type": "result", "subtype": "error_during_execution", "is_error": true,
            "result": text, "errors": [text]});
        format!("{event}\n")
    };
    let turns = json!({"type": "result", "subtype": "error_max_turns", "is_error": true});
    for (printed, complained, code, end) in [
        (
            event("API Error: 529 overloaded_error"),
            "",
            1,
            (
                None,
                "transient",
                "agent default: the service is temporarily unavailable: API Error: 529 overloaded_error",
            ),
        ),
        (
            format!("{turns}\n"),
            "",
            1,
            (failed, "agent_error", "agent: exit status 1: turn limit reached"),
        ),
        (
            String::new(),
            "",
            0,
            (failed, "agent_error", "agent: exit status 0: ended without a result"),
        ),
        (
            String::new(),
            "panic: it broke\n",
            1,
            (failed, "agent_error", "agent: exit status 1: ended with an error: panic: it broke"),
        ),
    ] {
        let answer = Answer::exit(code).prints(&printed).complains(complained);
        let case = Case::of(CLAUDE).on("claude", answer);
        let ran = case.run();
        assert_eq!(ran.end(), end, "{printed}{complained}");
        assert_eq!(case.script.ran().len(), 1, "no step ran");
    }
}

#[test]
fn an_agent_without_a_login_is_told_how_to_log_in() {
    let event = json!({"type": "assistant", "error": "authentication_failed",
        "message": {"content": [{"type": "text", "text": "Invalid API key"}]}});
    let ran = Case::of(CLAUDE).on("claude", Answer::exit(1).prints(&format!("{event}\n"))).run();
    let reason = "agent default: not logged in: Invalid API key; log in with: claude, then /login";
    assert_eq!(ran.end(), (None, "auth", reason));
    let config = "[agents.own]\nrun = [\"agent\"]\nauth = \"^no key\"\n\
                  [[verify]]\nname = \"check\"\nrun = [\"check\"]\n";
    let case = Case::of(config).task(json!({"agent": "own"}));
    let ran = case.on("agent", Answer::exit(1).complains("no key here\n")).run();
    assert_eq!(ran.end(), (None, "auth", "agent own: not logged in: no key here"));
}

#[test]
fn a_usage_limit_costs_the_task_nothing_and_says_until_when() {
    let limit = json!({"type": "rate_limit_event",
        "rate_limit_info": {"status": "rejected", "resetsAt": 1_767_229_200}});
    let ran = Case::of(CLAUDE).on("claude", Answer::exit(1).prints(&format!("{limit}\n"))).run();
    let (verdict, code, reason) = ran.end();
    assert_eq!((verdict, code), (None, "usage_limit"));
    assert_eq!(reason, "agent default: usage limit reached");
    let AgentOutcome::UsageLimit { until, .. } = &ran.report().agent.as_ref().unwrap().outcome
    else {
        panic!("{:?}", ran.report().agent)
    };
    assert_eq!(until.unwrap().timestamp(), 1_767_229_200);
}

#[test]
fn a_message_of_an_agent_is_masked() {
    let secret = "s3cr3t-0123456789";
    let case = Case::of(CLAUDE).var("API_TOKEN", secret);
    let ran = case.on("claude", Answer::exit(1).complains(&format!("bad key {secret}\n"))).run();
    let run = ran.report().agent.as_ref().unwrap();
    assert_eq!(run.message.as_deref(), Some("bad key [masked]"));
    assert!(!ran.end().2.contains(secret), "{}", ran.end().2);
}
