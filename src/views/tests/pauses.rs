//! `status`: pauses, the limit of a day, and what changes only with time.

use super::status::{SINCE, status};
use crate::domain::{PauseKind, ReasonCode, Typed};
use crate::plan::{AgentPause, Conditions, Node};
use crate::views::known::{Known, LiveView, Phase, Traces};
use crate::views::sample::{Beside, at, now};
use crate::views::shape::PauseView;
use crate::views::spent::SpentView;
use crate::views::style::Look;
use crate::views::text;
use serde_json::json;

fn pause(kind: PauseKind, reason: &str) -> AgentPause {
    AgentPause {
        root: "/project".into(),
        agent: "big".to_owned(),
        account: Some("work".to_owned()),
        kind,
        stand_in: None,
        since: at("2026-01-19T14:00:00Z"),
        until: at("2026-01-19T16:00:00Z"),
        trying: false,
        what: "agent big: usage limit reached".to_owned(),
        reason: reason.to_owned(),
    }
}

#[test]
fn a_pause_says_until_when_and_a_login_has_no_such_time() {
    let with = |pause: AgentPause| {
        let change = |conditions: &mut Conditions| {
            conditions.typed = Typed::naming(" --work-queue q.json".to_owned());
            conditions.agent_pauses = vec![pause.clone()];
        };
        let beside = Beside { conditions: Some(&change), ..Beside::default() };
        status(&json!([{"id": "A", "title": "a", "agent": "big"}]), &beside)
    };
    let view =
        with(pause(PauseKind::UsageLimit, "agent big: usage limit reached (week): s3cret-word"));
    let until = at("2026-01-19T16:00:00Z").with_timezone(&chrono::Local).format("%H:%M:%S");
    let sentence = format!(
        "agent big: usage limit reached; next try at {until}, or at once after workloop resume --work-queue q.json"
    );
    let expected = PauseView {
        agent: "big".to_owned(),
        account: Some("work".to_owned()),
        kind: ReasonCode::UsageLimit,
        since: "2026-01-19T14:00:00Z".to_owned(),
        until: Some("2026-01-19T16:00:00Z".to_owned()),
        reason: "agent big: usage limit reached (week): [masked]".to_owned(),
        sentence: sentence.clone(),
    };
    assert_eq!(view.pauses, [expected]);
    let text = text::status(&view, Look::PLAIN);
    assert!(text.ends_with(&format!("\npaused: {sentence} (week: [masked])\n")), "{text}");
    let login = with(pause(PauseKind::Auth, "exit status 1"));
    assert_eq!((login.pauses[0].kind, &login.pauses[0].until), (ReasonCode::Auth, &None));
    let told =
        "paused: agent big: usage limit reached; tried again by the next run (exit status 1)\n";
    assert!(text::status(&login, Look::PLAIN).ends_with(told));
}

fn spent(reached: Option<&str>) -> SpentView {
    SpentView {
        root: "/project".to_owned(),
        day: "2026-01-19".to_owned(),
        attempts: 1,
        minutes: 0.5,
        cost_usd: Some(5.0),
        tokens: None,
        cost_unknown: 0,
        cost_limit_usd: None,
        reached: reached.map(str::to_owned),
    }
}

/// The limit of a day pauses every agent, but people read one sentence about it.
#[test]
fn the_limit_of_a_day_pauses_each_agent_and_is_told_once() {
    let mut view = status(&json!([]), &Beside::default());
    let agents = ["small".to_owned(), "big".to_owned()];
    view.say_spent(vec![spent(None)], &agents);
    assert!(view.pauses.is_empty());
    assert_eq!(
        text::status(&view, Look::PLAIN),
        "q.json: 0 tasks\ntoday: 1 attempt, 30 s, 5.00 USD\n"
    );
    view.say_spent(vec![spent(Some("cost_usd = 5 (5.00 measured)"))], &agents);
    let names: Vec<&str> = view.pauses.iter().map(|pause| pause.agent.as_str()).collect();
    assert_eq!(names, ["small", "big"]);
    for pause in &view.pauses {
        assert_eq!((pause.kind, &pause.account), (ReasonCode::Budget, &None));
        assert_eq!(pause.reason, "limits.day cost_usd = 5 (5.00 measured)");
        assert!(at(&pause.since) <= now() && Some(now()) < pause.until.as_deref().map(at));
    }
    assert!(!view.pauses[0].sentence.is_empty() && view.pauses[1].sentence.is_empty());
    let text = text::status(&view, Look::PLAIN);
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("paused: ")).collect();
    let begins = "paused: no agent starts before 00:00: today's limit cost_usd = 5 (5.00 measured)";
    assert!(lines.len() == 1 && lines[0].starts_with(begins), "{text}");
    assert!(lines[0].ends_with("is reached; raise limits.day, or run again tomorrow"), "{text}");
}

#[test]
fn what_changes_only_with_time_can_be_held_still() {
    let live = LiveView {
        phase: Phase::Agent,
        since: Some(SINCE.to_owned()),
        running_s: Some(7),
        last_output: Some("x".to_owned()),
        last_output_at: Some(SINCE.to_owned()),
        silent_s: Some(3),
    };
    let known = |_: Node| Known { live: Some(live.clone()), traces: Traces::default() };
    let beside = Beside { known: Some(&known), ..Beside::default() };
    let task = json!({"id": "A", "title": "a", "status": "in_progress", "started_at": SINCE});
    let mut view = status(&json!([task]), &beside);
    assert!(view.queues[0].tasks[0].duration_s.is_some());
    view.hold_still();
    let task = &view.queues[0].tasks[0];
    let still = LiveView { running_s: None, last_output: None, silent_s: None, ..live.clone() };
    assert_eq!((task.duration_s, &task.live), (None, &Some(still)));
    assert_eq!(task.started_at.as_deref(), Some(SINCE), "what the attempt is remains");
}
