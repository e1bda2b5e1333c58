//! Tests which profiles verify a task.

use super::*;
use crate::domain::{Phase, ReasonCode, Text};

/// The sections that choose profiles: `[agents]`, `[types]`, and one profile for each source.
const CHOOSES: &str = "[agents.default]\nrun = \"x\"\nverify = \"of_default\"\n[agents.writer]\nrun = \"x\"\n\
     verify = [\"of_agent\", \"more\"]\n[agents.plain]\nrun = \"x\"\n[types]\nbug = { verify = \"of_type\" }\n\
     prose = { agent = \"Writer\" }\n[escalation]\ntests_failed = \"agent:writer\"\n";

fn choosing(agents: &str) -> Config {
    let profiles = ["of_task", "of_default", "of_agent", "more", "of_type", "of_phase", "default"];
    let steps = profiles.map(|name| format!("[[verify]]\nprofile = \"{name}\"\nrun = \"true\"\n"));
    parse(Path::new("/p/workloop.toml"), &format!("{agents}{}", steps.concat())).expect("read")
}

fn phase(name: &str, verify: &[&str]) -> Phase {
    let verify = verify.iter().copied().map(Text::from).collect();
    Phase { phase: name.into(), verify, ..Phase::default() }
}

fn phases() -> PhaseProfiles {
    PhaseProfiles::of(&[phase("1", &["of_phase"]), phase("1", &["more"]), phase("2", &[])])
}

/// Returns a task with this profile, type, agent and phase.
fn of((verify, kind, agent, phase): (&str, &str, &str, &str)) -> Task {
    let mut task = task(Some(agent), Some(kind));
    task.set_text(Field::Phase, phase);
    task.set_list(Field::Verify, Some(verify).filter(|verify| !verify.is_empty()));
    task
}

/// Returns the profiles that judge a task, the same for everything that asks.
fn names(config: &Config, task: &Task, phases: &PhaseProfiles) -> String {
    let steps = config.profiles_for(task, phases).expect("steps");
    let names: Vec<String> = steps.into_iter().map(|step| step.profile).collect();
    let said = config.verify_names(task, phases);
    assert_eq!(names, if said.is_empty() { vec!["default"] } else { said });
    let profiles = config.profiles_of(task, phases).into_iter().flatten();
    assert_eq!(names, profiles.map(|step| step.profile).collect::<Vec<_>>());
    names.join(" ")
}

#[test]
fn a_task_chooses_before_its_type_and_that_before_its_agent_and_phase() {
    let (config, phases) = (choosing(CHOOSES), phases());
    let without = choosing(&CHOOSES.replace("verify = \"of_default\"\n", ""));
    for (task, profile, profile_without) in [
        (("of_task", "bug", "writer", "1"), "of_task", "of_task"),
        (("", "bug", "writer", "1"), "of_type", "of_type"),
        (("", "other", "writer", "1"), "of_agent more", "of_agent more"),
        (("", "", "WRITER", ""), "of_agent more", "of_agent more"),
        // The type names the agent, and an agent of the task comes first.
        (("", "prose", "", "1"), "of_agent more", "of_agent more"),
        (("", "prose", "plain", "1"), "of_phase", "of_phase"),
        (("", "", "plain", ""), "default", "default"),
        // Without an agent, and with one that has no section, `default` runs the task.
        (("", "", "", "1"), "of_default", "of_phase"),
        (("", "", "nobody", "1"), "of_default", "of_phase"),
        (("", "", "", "2"), "of_default", "default"),
        (("", "", "", "3"), "of_default", "default"),
        // Nobody works on gates and tasks of people.
        (("", "gate", "writer", "1"), "of_phase", "of_phase"),
        (("", "gate", "writer", ""), "default", "default"),
        (("", "manual", "", "1"), "of_phase", "of_phase"),
        (("", "", "human", ""), "default", "default"),
    ] {
        assert_eq!(names(&config, &of(task), &phases), profile, "{task:?}");
        assert_eq!(names(&without, &of(task), &phases), profile_without, "{task:?}");
    }
}

#[test]
fn whoever_works_in_the_place_of_the_agent_changes_nothing() {
    let (config, phases) = (choosing(CHOOSES), phases());
    let mut escalated = of(("", "", "plain", "1"));
    escalated.set_text(Field::EscalatedTo, "writer");
    assert_eq!(names(&config, &escalated, &phases), "of_phase");
    let agent = config.agent_named("writer").cloned().map(Sourced::default_value);
    let overridden = Config { agent, ..config.clone() };
    assert_eq!(names(&overridden, &of(("", "", "plain", "1")), &phases), "of_phase");
}

#[test]
fn a_follow_up_is_judged_like_its_source() {
    let (config, phases) = (choosing(CHOOSES), phases());
    let follow_up =
        |task| config.verify_for_follow_up(&of(task), &phases).map(|names| names.join(" "));
    assert_eq!(follow_up(("", "", "writer", "")).as_deref(), Some("of_agent more"));
    assert_eq!(follow_up(("", "", "plain", "1")).as_deref(), Some("of_phase"));
    // The follow-up has the default agent, which must not choose for it.
    assert_eq!(follow_up(("", "", "plain", "")).as_deref(), Some("default"));
    for own in [("of_task", "", "writer", "1"), ("", "bug", "writer", "1")] {
        assert_eq!(follow_up(own), None, "{own:?}");
    }
}

#[test]
fn a_profile_that_does_not_exist_is_named_with_its_place() {
    let text = "[agents.default]\nrun = \"x\"\nverify = [\"default\", \"defualt\"]\n[[verify]]\nrun = \"y\"\n";
    let expected = "3:22: there is no verification profile defualt; did you mean default?\n";
    assert!(refused(text).contains(expected), "{}", refused(text));
    let wrong = refused("[agents.default]\nrun = \"x\"\nverify = 3\n");
    assert!(wrong.contains("3:10: verify must be a list of strings, not integer"), "{wrong}");
    let config = choosing(CHOOSES);
    let phases = PhaseProfiles::of(&[phase("2", &["of_phsae"])]);
    let error = config.profiles_for(&of(("", "", "plain", "2")), &phases).expect_err("unknown");
    assert_eq!(error.code(), Some(ReasonCode::UnknownProfile));
    let text = error.to_string();
    let begin = "unknown profile of_phsae of phase 2 (did you mean of_phase?); there are: ";
    assert!(text.starts_with(begin), "{text}");
}
