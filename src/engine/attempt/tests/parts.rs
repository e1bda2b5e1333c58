//! The small parts that attempts are made of.

use super::super::end::{environment, failed_code, one_line, unfit, unknown};
use super::super::hooks::{report, spec};
use super::super::told::put_prompt;
use super::super::{Judge, Ready, Subject, ready_hooks};
use super::case::Case;
use crate::agent::PROMPT;
use crate::domain::{HookPoint, Outcome, ReasonCode, Verdict, WorkerId};
use crate::supervisor::Ended;
use crate::views::mask::Mask;
use std::borrow::Cow;
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

/// Returns every kind of outcome.
fn outcomes() -> [Outcome; 7] {
    [
        Outcome::Exited { code: 3 },
        Outcome::Signaled { signal: 9 },
        Outcome::TimedOut { seconds: 4 },
        Outcome::Silent { seconds: 5 },
        Outcome::FailedToStart { reason: "no".to_owned() },
        Outcome::Interrupted,
        Outcome::Lost,
    ]
}

#[test]
fn a_command_of_which_nothing_is_known_has_a_code_only_if_it_is_to_blame() {
    let wanted = [
        ("agent: exit status 3", None),
        ("agent: ended by signal 9", None),
        ("agent: timed out after 4 s", None),
        ("agent: silent for 5 s", None),
        ("agent: failed to start: no", Some(ReasonCode::Environment)),
        ("interrupted", None),
        ("agent: lost: its supervisor vanished", Some(ReasonCode::Crash)),
    ];
    for (outcome, (reason, code)) in outcomes().into_iter().zip(wanted) {
        let end = unknown("agent", outcome.clone());
        assert_eq!((end.outcome, end.verdict), (outcome, None));
        assert_eq!((end.reason.as_deref(), end.code), (Some(reason), code));
    }
}

#[test]
fn a_limit_is_a_better_code_than_the_general_one() {
    use ReasonCode::{AgentError, Silent, Timeout};
    let codes = outcomes().map(|outcome| failed_code(&outcome, AgentError));
    let wanted = [AgentError, AgentError, Timeout, Silent, AgentError, AgentError, AgentError];
    assert_eq!(codes, wanted);
}

#[test]
fn an_end_before_anything_began_says_who_is_to_blame() {
    let outcome = Outcome::FailedToStart { reason: "why".to_owned() };
    let end = unfit(ReasonCode::BadTask, "why".to_owned());
    assert_eq!((&end.outcome, end.verdict), (&outcome, Some(Verdict::Blocked)));
    assert_eq!((end.reason.as_deref(), end.code), (Some("why"), Some(ReasonCode::BadTask)));
    let end = environment("why".to_owned());
    assert_eq!((end.outcome, end.verdict), (outcome, None));
    assert_eq!((end.reason.as_deref(), end.code), (Some("why"), Some(ReasonCode::Environment)));
}

#[test]
fn a_text_is_told_by_its_first_line() {
    for (text, line) in
        [("", ""), ("one", "one"), ("one\ntwo", "one"), ("\ntwo", ""), ("a\r\nb", "a")]
    {
        assert_eq!(one_line(text), line, "{text:?}");
    }
}

#[test]
fn a_prompt_is_an_argument_up_to_the_limit_of_the_system() {
    const MOST: usize = 128 * 1024 - 1;
    let file = Path::new("/a b/prompt.md");
    let put = |prompt: &str| {
        let mut argv = vec![OsString::from("x"), PROMPT.into(), PROMPT.into()];
        put_prompt(&mut argv, prompt, file);
        argv
    };
    let fits = "a".repeat(MOST);
    assert_eq!(put(&fits), ["x", &fits, &fits]);
    let says = "Read the file /a b/prompt.md and do what it says.";
    assert_eq!(put(&format!("{fits}b")), ["x", says, says]);
    let wide = "\u{e4}".repeat(MOST / 2 + 1);
    assert_eq!(put(&wide)[1], says, "bytes count, not letters");
    assert_eq!(put(""), ["x", "", ""]);
}

/// Returns the first step of a project.
fn step(case: &Case) -> Ready {
    match case.prepared().judge {
        Judge::Steps(mut steps) => steps.remove(0),
        Judge::Nobody => panic!("it is verified"),
    }
}

#[test]
fn a_step_of_the_second_judgement_has_another_name_and_the_same_items() {
    let first = step(&Case::new());
    let again = first.again(Arc::clone(&first.rules));
    assert_eq!(again.name, "check (again, with the base's files)");
    assert_eq!((first.is_again(), again.is_again()), (false, true));
    assert_eq!(first.items_key(), "check check");
    assert_eq!(again.items_key(), first.items_key());
    assert_eq!((again.argv, again.configured), (first.argv, first.configured));
}

#[test]
fn a_step_needs_the_services_of_its_profile() {
    let config = "[profiles.default]\nservices = [\"db\"]\n\
                  [services.db]\nrun = [\"db\"]\nready = { port = 0 }\n";
    let step = step(&Case::more(config));
    assert_eq!((step.needs("db"), step.needs("d")), (true, false));
    let ended = |name: &str| crate::domain::EndedService {
        name: name.to_owned(),
        outcome: Outcome::Lost,
        last: None,
        log: String::new(),
    };
    assert!(step.needs_any(&[ended("web"), ended("db")]));
    assert!(!step.needs_any(&[ended("web")]) && !step.needs_any(&[]));
}

#[test]
fn a_hook_has_its_own_files_and_what_it_is_given() {
    let case = Case::more("[hooks]\nbefore_landing = [\"gate\", \"{id}\"]\n");
    let job = case.prepared();
    let point = HookPoint::BeforeLanding;
    let ready = job.hooks.at(point).unwrap();
    assert!(job.hooks.at(HookPoint::AfterLanding).is_none());
    let extra = vec![("MORE".into(), "it".into())];
    let spec = spec((point, ready), Path::new("/r"), &job.folder, &extra);
    assert_eq!((spec.argv, spec.cwd), (vec!["gate".into(), "A".into()], "/r".into()));
    assert_eq!(spec.env.last(), Some(&("MORE".into(), "it".into())));
    assert_eq!(spec.stdout, job.folder.file("hook-before_landing.out"));
    assert_eq!(spec.stderr, Some(job.folder.file("hook-before_landing.err")));
    assert_eq!((spec.stdin, spec.silence, spec.cap), (None, None, 1 << 20));
}

#[test]
fn a_hook_that_printed_nothing_has_no_files_and_still_a_report() {
    let job = Case::new().prepared();
    let point = HookPoint::AfterTask;
    let ended = |outcome| Ended {
        outcome,
        unstarted: None,
        millis: 12,
        printed: 0,
        leftovers: false,
        output_error: None,
    };
    let said =
        report(point, Some(ended(Outcome::Exited { code: 0 })), &job.folder, &Mask::default());
    assert_eq!((said.outcome, said.millis, said.code), (Outcome::Exited { code: 0 }, 12, None));
    assert_eq!(said.text, "");
    job.folder.put("hook-after_task.out", b"freeze\n").unwrap();
    job.folder.put("hook-after_task.err", b"\xff bad\n").unwrap();
    let said =
        report(point, Some(ended(Outcome::Exited { code: 1 })), &job.folder, &Mask::default());
    assert_eq!((said.code, said.text.as_str()), (None, "\u{fffd} bad"), "it may not veto");
    let said = report(point, None, &job.folder, &Mask::default());
    assert_eq!((said.outcome, said.millis), (Outcome::Lost, 0), "its supervisor vanished");
}

#[test]
fn a_hook_of_a_run_is_about_no_task_and_judges_no_tree() {
    let case = Case::more("[hooks]\nbefore_run = [\"gate\", \"{id}\"]\n");
    let worker = WorkerId::new("w");
    let folder = case.prepared().folder;
    let hooks = case.source("A", |source, _, fixed| {
        let root = source.set.roots().next().unwrap().path.clone();
        let subject = Subject {
            task: None,
            attempt: 0,
            queue: Path::new("/q.json"),
            root: Cow::Borrowed(&root),
            project_root: &root,
            folder: &folder,
            vars: &[],
            rules: &source.set.config.environment,
        };
        ready_hooks(&source.set.config, &subject, &worker, fixed)
    });
    let ready = hooks.at(HookPoint::BeforeRun).unwrap();
    assert_eq!(
        (ready.argv.clone(), ready.name.as_str()),
        (vec!["gate".into(), "".into()], "hook before_run")
    );
    let get = |name: &str| {
        ready.env.iter().find(|(one, _)| one == name).map(|(_, value)| value.to_str().unwrap())
    };
    assert_eq!(get("WORKLOOP_HOOK"), Some("before_run"));
    assert_eq!((get("WORKLOOP_TREE_CHECK"), get("WORKLOOP_TASK_ID")), (None, Some("")));
}
