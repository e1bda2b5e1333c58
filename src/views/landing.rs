//! `land status`: the changes that wait to land in each repository, and the reasons.

use super::escape;
use super::mask::Mask;
use super::style::{Look, count};
use crate::domain::{Typed, Waits, timestamp};
use crate::workspace::{Entry, State};
use chrono::DateTime;
use serde::Serialize;
use std::fmt::Write;

/// The number of hex digits of an object name that is shown to people.
const SHORT: usize = 10;

/// All repositories of the served queues.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct LandView {
    /// Version of this shape.
    pub schema_version: u32,
    /// The repositories.
    pub repositories: Vec<TargetView>,
    /// How suggested commands name the queues.
    #[serde(skip)]
    pub typed: Typed,
}

/// A repository, and the changes that wait there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct TargetView {
    /// The top of its work tree.
    pub path: String,
    /// The branch that work lands on.
    pub target: String,
    /// The commit of the target; `None` if the branch does not exist.
    pub tip: Option<String>,
    /// The waiting changes, the longest waiting first.
    pub waiting: Vec<WaitView>,
}

/// A change that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct WaitView {
    /// The task.
    pub task: String,
    /// The queue file.
    pub queue: String,
    /// Its title.
    pub title: String,
    /// The number of the attempt.
    pub attempt: u32,
    /// When it began to wait.
    pub since: String,
    /// The commit that the attempt began with.
    pub base: String,
    /// The change, as a commit on the base.
    pub commit: String,
    /// The stage of its landing.
    pub state: Stage,
    /// The commit of the target that contains it, once it landed.
    pub landed: Option<String>,
    /// The reason why it waits.
    pub waits: Waits,
    /// The obstacle.
    pub obstacle: Option<String>,
    /// The loop that writes the completion.
    pub worker: String,
    /// Whether that loop is alive; `None` if this is unknown.
    pub worker_alive: Option<bool>,
    /// Whether the task's queue still says that the change waits; `None` if this is unknown.
    pub is_current: Option<bool>,
}

/// The stage of a landing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stage {
    /// It has not begun, or was reverted.
    Waiting,
    /// The target is being moved, or was when the loop that did it died.
    Moving,
    /// It landed, and the completion is still to be written.
    Landed,
    /// The target had all of it already, and the completion is still to be written.
    Covered,
}

/// The fields of the queue about a change that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    /// The reason why it waits.
    pub waits: Waits,
    /// The obstacle.
    pub obstacle: Option<String>,
    /// Whether the loop that has it is alive.
    pub worker_alive: bool,
}

impl WaitView {
    /// Combines an entry with the fields of its queue; `None` if the queue is not loaded,
    /// `Some(None)` if it does not mention this change.
    pub(crate) fn new(entry: &Entry, told: Option<Option<Told>>, mask: &Mask) -> Self {
        let hidden = |text: &str| mask.text(text).into_owned();
        let (state, landed) = match &entry.state {
            State::Waiting => (Stage::Waiting, None),
            State::Moving { .. } => (Stage::Moving, None),
            State::Landed { commit } => (Stage::Landed, Some(commit.to_string())),
            State::Covered { by } => (Stage::Covered, Some(by.to_string())),
        };
        let is_current = told.as_ref().map(Option::is_some);
        let told = told.flatten();
        let worker_alive = told.as_ref().map(|told| told.worker_alive);
        let (waits, obstacle) =
            told.map_or((Waits::Landing, None), |told| (told.waits, told.obstacle));
        Self {
            task: entry.message.task.clone(),
            queue: entry.whose.queue.display().to_string(),
            title: hidden(&entry.message.title),
            attempt: entry.whose.attempt,
            since: DateTime::from_timestamp(entry.whose.since, 0)
                .map(timestamp)
                .unwrap_or_default(),
            base: entry.work.base.to_string(),
            commit: entry.work.change.to_string(),
            state,
            landed,
            waits,
            obstacle: obstacle.as_deref().map(hidden),
            worker: entry.whose.worker.clone(),
            worker_alive,
            is_current,
        }
    }
}

/// Returns the first digits of an object name.
pub(crate) fn short(oid: &str) -> &str {
    oid.get(..SHORT).unwrap_or(oid)
}

/// Returns the short name of a branch.
pub(crate) fn branch(target: &str) -> &str {
    target.strip_prefix("refs/heads/").unwrap_or(target)
}

/// Renders the view as lines.
pub(crate) fn text(view: &LandView, look: Look) -> String {
    let mut text = String::new();
    for repository in &view.repositories {
        let path = look.head(escape::line(&repository.path));
        let tip = repository.tip.as_deref().map_or("no commit", short);
        let target = escape::line(branch(&repository.target)).into_owned();
        let what = match repository.waiting.len() {
            0 => "nothing waits to land".to_owned(),
            many => format!("{} to land", count(many, "change waits", "changes wait")),
        };
        let _ = writeln!(text, "{path}: {what} on {target} (at {tip})");
        for wait in &repository.waiting {
            one(wait, &view.typed, look, &mut text);
        }
    }
    if view.repositories.is_empty() {
        text.push_str("nothing waits to land: the project is not in a git work tree\n");
    }
    text
}

fn one(wait: &WaitView, typed: &Typed, look: Look, text: &mut String) {
    let id = look.head(escape::line(&wait.task));
    let _ = writeln!(text, "  {id}  {}", escape::line(&wait.title));
    let _ = writeln!(text, "    {}", escape::line(&reason(wait)));
    let gone = match wait.worker_alive {
        Some(false) => {
            format!(" (gone: {} lands it, as does the next run)", typed.verb("land now"))
        }
        Some(true) | None => String::new(),
    };
    let _ = writeln!(
        text,
        "    attempt {}, commit {} on {}, since {}, worker {}{gone}",
        wait.attempt,
        short(&wait.commit),
        short(&wait.base),
        escape::line(&wait.since),
        escape::line(&wait.worker)
    );
}

/// Returns why a change waits, as a sentence without a full stop.
fn reason(wait: &WaitView) -> String {
    let landed = wait.landed.as_deref().map_or("", short);
    match (wait.state, wait.waits) {
        (Stage::Landed, _) => format!("landed as {landed}; its completion is to be written"),
        (Stage::Covered, _) => {
            format!("the target has all of it ({landed}); its completion is to be written")
        }
        (Stage::Moving, _) => "its landing is in progress, or was interrupted".to_owned(),
        (Stage::Waiting, _) if wait.is_current == Some(false) => {
            "left over: its queue does not say that it waits".to_owned()
        }
        (Stage::Waiting, waits) => waits_for(waits, wait.obstacle.as_deref()),
    }
}

/// Returns why a change waits, in words.
pub(crate) fn waits_for(waits: Waits, obstacle: Option<&str>) -> String {
    match (waits, obstacle) {
        (Waits::Landing, _) => "waits for its turn to land".to_owned(),
        (Waits::Review, _) => "waits for a person's review".to_owned(),
        (Waits::Checkout, Some(obstacle)) => format!("needs you: {obstacle}"),
        (Waits::Checkout, None) => {
            "needs you: something is in the way in a checkout of the target".to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(state: Stage, waits: Waits) -> WaitView {
        WaitView {
            task: "T-1".into(),
            queue: "/p/q.json".into(),
            title: "a \u{1b}[31mtitle".into(),
            attempt: 2,
            since: "2026-01-19T14:35:45Z".into(),
            base: "b".repeat(40),
            commit: "c".repeat(40),
            state,
            landed: (state == Stage::Landed).then(|| "d".repeat(40)),
            waits,
            obstacle: Some("/p has edits in a: commit or stash them".into()),
            worker: "w-1".into(),
            worker_alive: Some(state == Stage::Waiting),
            is_current: Some(true),
        }
    }

    #[test]
    fn what_waits_is_told_with_its_reason() {
        let path = "/p".to_owned();
        let repository = |waiting| TargetView {
            path: path.clone(),
            target: "refs/heads/main".into(),
            tip: Some("a".repeat(40)),
            waiting,
        };
        let view =
            |repositories| LandView { schema_version: 1, repositories, typed: Typed::default() };
        let none = text(&view(vec![repository(Vec::new())]), Look::PLAIN);
        assert_eq!(none, "/p: nothing waits to land on main (at aaaaaaaaaa)\n");
        let two = vec![wait(Stage::Waiting, Waits::Checkout), wait(Stage::Landed, Waits::Landing)];
        let told = text(&view(vec![repository(two)]), Look::PLAIN);
        let expected = "\
/p: 2 changes wait to land on main (at aaaaaaaaaa)
  T-1  a ␛[31mtitle
    needs you: /p has edits in a: commit or stash them
    attempt 2, commit cccccccccc on bbbbbbbbbb, since 2026-01-19T14:35:45Z, worker w-1
  T-1  a ␛[31mtitle
    landed as dddddddddd; its completion is to be written
    attempt 2, commit cccccccccc on bbbbbbbbbb, since 2026-01-19T14:35:45Z, worker w-1 \
         (gone: workloop land now lands it, as does the next run)
";
        assert_eq!(told, expected);
        assert!(text(&view(Vec::new()), Look::PLAIN).contains("not in a git work tree"));
    }

    #[test]
    fn each_stage_and_each_reason_to_wait_is_a_sentence() {
        let told = |state, waits, is_current, obstacle: Option<&str>| {
            let mut one = wait(state, waits);
            (one.is_current, one.obstacle) = (is_current, obstacle.map(str::to_owned));
            one.landed = Some("d".repeat(40));
            reason(&one)
        };
        let (yes, no) = (Some(true), Some(false));
        for (state, waits, is_current, obstacle, wanted) in [
            (
                Stage::Landed,
                Waits::Review,
                no,
                None,
                "landed as dddddddddd; its completion is to be written",
            ),
            (
                Stage::Covered,
                Waits::Landing,
                yes,
                None,
                "the target has all of it (dddddddddd); its completion is to be written",
            ),
            (
                Stage::Moving,
                Waits::Landing,
                no,
                None,
                "its landing is in progress, or was interrupted",
            ),
            (
                Stage::Waiting,
                Waits::Landing,
                no,
                None,
                "left over: its queue does not say that it waits",
            ),
            (Stage::Waiting, Waits::Landing, yes, None, "waits for its turn to land"),
            (Stage::Waiting, Waits::Landing, None, Some("x"), "waits for its turn to land"),
            (Stage::Waiting, Waits::Review, yes, Some("x"), "waits for a person's review"),
            (Stage::Waiting, Waits::Checkout, yes, Some("stash a"), "needs you: stash a"),
            (
                Stage::Waiting,
                Waits::Checkout,
                yes,
                None,
                "needs you: something is in the way in a checkout of the target",
            ),
        ] {
            assert_eq!(told(state, waits, is_current, obstacle), wanted);
        }
    }

    #[test]
    fn one_change_and_a_branch_without_commits_are_told_as_such() {
        let repository = TargetView {
            path: "/p\u{1b}".into(),
            target: "refs/remotes/x".into(),
            tip: None,
            waiting: vec![wait(Stage::Landed, Waits::Landing)],
        };
        let typed = Typed::naming(" --work-queue q.json".to_owned());
        let view = LandView { schema_version: 1, repositories: vec![repository], typed };
        let told = text(&view, Look::PLAIN);
        assert!(
            told.starts_with("/p␛: 1 change waits to land on refs/remotes/x (at no commit)\n"),
            "{told}"
        );
        let gone =
            " (gone: workloop land now --work-queue q.json lands it, as does the next run)\n";
        assert!(told.ends_with(gone), "{told}");
        let value = serde_json::to_value(&view).expect("JSON");
        assert_eq!(value.as_object().map(serde_json::Map::len), Some(2), "{value}");
        assert_eq!(
            (short("abc"), short(&"a".repeat(11)), branch("main")),
            ("abc", "aaaaaaaaaa", "main")
        );
    }

    /// An entry of the git directory says what is to land; only the queue knows what it waits for.
    #[test]
    fn an_entry_is_joined_with_what_its_queue_says() {
        let oid = |letter: &str| letter.repeat(40);
        let entry = |state: serde_json::Value| -> Entry {
            serde_json::from_value(serde_json::json!({"version": 1,
                "whose": {"queue": "/p/q.json", "part": "T-1", "attempt": 2, "worker": "w-1", "since": 1_768_833_345},
                "work": {"base": oid("b"), "change": oid("c"), "judged": [], "declared": []},
                "message": {"task": "T-1", "title": "a s3cret-word", "summary": "", "attempt": 2,
                    "verdict": "pass", "receipt": ""},
                "state": state}))
            .expect("an entry")
        };
        let mask = Mask::new(&[("DOOR_KEY".into(), "s3cret-word".into())]);
        let told = |worker_alive| Told {
            waits: Waits::Checkout,
            obstacle: Some("stash s3cret-word".into()),
            worker_alive,
        };
        let first = WaitView {
            title: "a [masked]".into(),
            obstacle: None,
            landed: None,
            worker_alive: None,
            is_current: None,
            ..wait(Stage::Waiting, Waits::Landing)
        };
        let waiting = serde_json::json!("waiting");
        assert_eq!(WaitView::new(&entry(waiting.clone()), None, &mask), first);
        let other = WaitView { is_current: Some(false), ..first.clone() };
        assert_eq!(WaitView::new(&entry(waiting.clone()), Some(None), &mask), other);
        let known = WaitView {
            waits: Waits::Checkout,
            obstacle: Some("stash [masked]".into()),
            worker_alive: Some(false),
            is_current: Some(true),
            ..first.clone()
        };
        assert_eq!(WaitView::new(&entry(waiting), Some(Some(told(false))), &mask), known);
        for (state, stage, landed) in [
            (serde_json::json!({"landed": {"commit": oid("d")}}), Stage::Landed, Some(oid("d"))),
            (serde_json::json!({"covered": {"by": oid("e")}}), Stage::Covered, Some(oid("e"))),
            (
                serde_json::json!({"moving": {"old": oid("a"), "new": oid("f"), "checkouts": []}}),
                Stage::Moving,
                None,
            ),
        ] {
            let view = WaitView::new(&entry(state), None, &mask);
            assert_eq!((view.state, view.landed), (stage, landed));
        }
    }
}
