//! Tests the settings of verification steps and their profiles.

use super::super::file::parse;
use crate::config::{Config, Escalation};
use crate::domain::{EnvironmentRules, ReasonCode};
use crate::verify::{Baseline, Flaky, How, Parser, ReportRule, VerifyStep};
use crate::workspace::Objects;
use std::path::Path;

fn read(text: &str) -> Result<Config, String> {
    parse(Path::new("/p/workloop.toml"), text).map_err(|error| error.to_string())
}

fn step(text: &str) -> VerifyStep {
    read(&format!("[[verify]]\nrun = \"true\"\n{text}\n")).unwrap().steps.remove(0)
}

#[test]
fn all_keys_of_a_step_are_read() {
    let found = step(
        "cwd = \"web\"\nenv = { CI = \"1\" }\ninputs = [\"web/**\"]\nretries = 2\n\
         blocked_exit_codes = [75]\nallow_failure = true\n\
         measure = { regex = \"([0-9.]+) %\", min = 80, max = 99.5, unit = \"%\", file = \"c.txt\" }",
    );
    let set = &found.environment.set.0;
    assert_eq!(set.get("CI").map(String::as_str), Some("1"));
    let rules = &found.rules.step;
    assert_eq!(rules.cwd.as_deref(), Some(Path::new("web")));
    assert_eq!(
        (&*rules.inputs, &*rules.blocked_exit_codes),
        (&["web/**".to_owned()][..], &[75][..])
    );
    assert_eq!((rules.retries, rules.allow_failure), (2, true));
    let report =
        step("report = { parser = \"pytest\", file = \"out.txt\" }").rules.step.report.clone();
    let expected = ReportRule { parser: Parser::Pytest, file: Some("out.txt".to_owned()) };
    assert_eq!(report, Some(expected));
    let measure = rules.measure.as_ref().unwrap();
    assert_eq!(measure.how, How::Regex("([0-9.]+) %".to_owned()));
    let limits = [measure.min, measure.max].map(|limit| limit.unwrap().get());
    assert_eq!(limits, [80.0, 99.5]);
    assert_eq!(measure.file.as_deref(), Some("c.txt"));
    assert_eq!(step("").environment, EnvironmentRules::default());
    assert_eq!(*step("").rules, crate::verify::Rules::default());
}

#[test]
fn steps_come_behind_those_that_they_need() {
    let names = |text: &str| -> Vec<String> {
        read(text).unwrap().steps.iter().map(|step| step.name.clone()).collect()
    };
    let text = "[[verify]]\nname = \"test\"\nrun = \"t\"\nneeds = [\"build\", \"db\"]\n\
                [[verify]]\nname = \"lint\"\nrun = \"l\"\n\
                [[verify]]\nname = \"build\"\nrun = \"b\"\nneeds = \"db\"\n\
                [[verify]]\nname = \"db\"\nrun = \"d\"\n";
    assert_eq!(names(text), ["lint", "db", "build", "test"]);
}

#[test]
fn a_profile_says_what_holds_for_its_steps() {
    let text = "[[verify]]\nrun = \"a\"\n[[verify]]\nprofile = \"full\"\nrun = \"b\"\n\
                [profiles.Full]\nflaky = \"fail\"\nbaseline = \"no-new-failures\"\n";
    let steps = read(text).unwrap().steps;
    let flaky: Vec<Flaky> = steps.iter().map(|step| step.rules.profile.flaky).collect();
    assert_eq!(flaky, [Flaky::Pass, Flaky::Fail]);
    assert_eq!(steps[1].rules.profile.baseline, Baseline::NoNewFailures);
}

#[test]
fn what_is_wrong_or_not_obeyed_is_refused_with_its_place() {
    let two = "name = \"a\"\n[[verify]]\nname = \"b\"\nrun = \"true\"\n";
    for (text, problem) in [
        ("cwd = \"../x\"", "workloop.toml:3:7: cwd must be a path in the project"),
        ("cwd = \"/etc\"", "cwd must be a path in the project"),
        ("inputs = [\"src/[\"]", "3:11: inputs must be globs"),
        (
            "blocked_exit_codes = [0]",
            "3:23: blocked_exit_codes must be a list of exit statuses from 1 to 255, and this item",
        ),
        ("retries = -1", "retries must be a whole number"),
        ("env = { WORKLOOP_ROOT = \"/\" }", "env must not name WORKLOOP_ROOT"),
        ("neds = [\"a\"]", "unknown key neds in [verify]; did you mean needs?"),
        ("network = \"off\"", "network in [verify] is not supported by this version"),
        ("report = {}", "3:10: report needs junit"),
        ("report = { parser = \"pytst\" }", "parser must be \"cargo\" or \"nextest\" or"),
        ("report = { junit = \"../x\" }", "junit must be a path in the project"),
        ("report = { junit = [\"x\", \"y\"] }", "junit must be a string, not array"),
        ("measure = { regex = \"a\", file = [\"x\"] }", "file must be a string, not array"),
        ("report = { junit = \"x\", parser = \"tap\" }", "report needs junit"),
        ("report = { junit = \"out/[/x\" }", "junit is not a path pattern"),
        ("measure = {}", "3:11: measure needs one of regex and json_pointer"),
        ("measure = { regex = \"(\" }", "3:21: regex cannot be used: error: unclosed group"),
        ("measure = { json_pointer = \"a\" }", "json_pointer must begin with /"),
        ("measure = { regex = \"a\", json_pointer = \"/a\" }", "measure needs one of"),
        ("measure = { regex = \"a\", min = 2, max = 1 }", "min must not be more than max"),
        ("measure = { regex = \"a\", min = \"2\" }", "min must be a finite number, not string"),
        ("measure = { regex = \"a\", min = nan }", "min must be a finite number"),
        ("measure = { regex = \"a\", mim = 2 }", "did you mean min?"),
        ("needs = \"x\"", "3:9: profile default has no step x"),
        ("name = \"a\"\nneeds = \"a\"", "4:9: step a needs itself"),
        (&format!("needs = \"bb\"\n{two}"), "3:9: profile default has no step bb; did you mean b?"),
        (
            &format!("needs = \"b\"\n{two}needs = \"a\"\n"),
            "3:9: steps need each other in a cycle: a, b",
        ),
        (
            "[profiles.defalt]",
            "3:11: no [[verify]] step has the profile defalt; did you mean default?",
        ),
        ("[profiles.default]\nflaky = \"no\"", "flaky must be \"pass\" or \"fail\""),
        ("[profiles.default]\nteeth = \"off\"", "teeth in [profiles.default] is not supported"),
    ] {
        let refused = read(&format!("[[verify]]\nrun = \"true\"\n{text}\n")).unwrap_err();
        assert!(refused.contains(problem), "{text}: {refused}");
    }
}

#[test]
fn hidden_steps_need_trees_of_their_own() {
    let step = "[[verify]]\nrun = \"a\"\nhidden = \"../cases\"\n";
    let refused = read(step).unwrap_err();
    assert!(refused.contains("workloop.toml:3:10: hidden needs mode = \"private\""), "{refused}");
    let private = format!("{step}[isolation]\nmode = \"private\"\n");
    let config = read(&private).unwrap();
    let rules = &config.steps[0].rules.step;
    assert_eq!(rules.hidden.as_deref(), Some(Path::new("/cases")));
    assert_eq!(config.workspaces.tree.objects, Objects::Own);
    let refused = read(&format!("{private}[workspaces]\nobjects = \"borrowed\"\n")).unwrap_err();
    assert!(refused.contains("7:11: hidden steps need objects = \"own\""), "{refused}");
    let own = read(&format!("{private}[workspaces]\nobjects = \"own\"\n")).unwrap();
    assert_eq!(own.workspaces.tree.objects, Objects::Own);
}

#[test]
fn a_reason_is_escalated_to_whom_it_helps() {
    let text = |line: &str| {
        format!("[agents.weak]\nrun = \"w\"\n[agents.Strong]\nrun = \"s\"\n[escalation]\n{line}\n")
    };
    let config = read(&text("tests_failed = \"agent:strong\"\nno_progress = \"person\"")).unwrap();
    let to = |code, agent| config.escalation_of(code, agent);
    let strong = Escalation::Agent("Strong".to_owned());
    assert_eq!(to(ReasonCode::TestsFailed, "weak"), Some(&strong));
    assert_eq!(to(ReasonCode::TestsFailed, "strong"), None);
    assert_eq!(to(ReasonCode::NoProgress, "strong"), Some(&Escalation::Person));
    assert_eq!(to(ReasonCode::Timeout, "weak"), None);
    for (line, problem) in [
        (
            "tests_fail = \"person\"",
            "6:1: there is no reason code tests_fail; did you mean tests_failed?",
        ),
        ("question = \"agent:strnog\"", "there is no agent strnog; did you mean Strong?"),
        ("question = \"hook:page\"", "escalation to a hook is not supported by this version"),
        ("question = \"someone\"", "question must be \"agent:NAME\" or \"person\""),
        ("question = 1", "question must be \"agent:NAME\" or \"person\", not integer"),
        ("tampered = \"agent:weak\"", "tampered needs a person"),
        ("usage_limit = \"person\"", "usage_limit blames no task"),
    ] {
        let refused = read(&text(line)).unwrap_err();
        assert!(refused.contains(problem), "{line}: {refused}");
    }
    assert!(read(&text("tampered = \"person\"")).is_ok());
}
