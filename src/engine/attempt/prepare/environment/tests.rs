//! The variables that the commands of a configuration get, and those that they lack.

use super::*;
use crate::config::parse;
use crate::engine::attempt::tests::case::Case;
use serde_json::json;
use std::path::Path;

/// An agent and two steps with rules of their own.
const CONFIG: &str = "[environment]\ndrop = [\"DROPPED\"]\nset = { GIVEN = \"1\" }\n\
    [agents.default]\nrun = \"agent $API_TOKEN\"\n\
    [[verify]]\nname = \"test\"\nrun = \"test\"\nenvironment = { inherit = \"none\", set = { CI = \"1\" } }\n\
    [[verify]]\nname = \"lint\"\nrun = [\"lint\"]\n";

fn vars(names: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    names.iter().map(|(name, value)| (name.into(), value.into())).collect()
}

#[test]
fn each_command_of_a_task_gets_what_its_rules_say() {
    let mut case = Case::of(CONFIG);
    case.vars = vars(&[
        ("PATH", "/bin"),
        ("API_TOKEN", "x"),
        ("DROPPED", "1"),
        ("EDITOR", "vi"),
        ("WORKLOOP_TASK_ID", "outer"),
    ]);
    let found = case.source("A", |source, place, _| source.environments(place)).unwrap();
    let of =
        |kind, name: &str, inherit, passed: &[&str], withheld: &[(&str, Why)]| CommandEnvironment {
            kind,
            name: name.to_owned(),
            inherit,
            passed: passed.iter().map(ToString::to_string).collect(),
            withheld: withheld
                .iter()
                .map(|(name, why)| Withheld { name: (*name).to_owned(), why: *why })
                .collect(),
        };
    let none = Why::NotInherited(Inherit::None);
    let expected = [
        // Its text names the variable.
        of(
            StepKind::Agent,
            "default",
            Inherit::Safe,
            &["API_TOKEN", "EDITOR", "GIVEN", "PATH"],
            &[("DROPPED", Why::Dropped)],
        ),
        of(
            StepKind::Verify,
            "test",
            Inherit::None,
            &["CI", "GIVEN", "PATH"],
            &[("API_TOKEN", none), ("DROPPED", Why::Dropped), ("EDITOR", none)],
        ),
        of(
            StepKind::Verify,
            "lint",
            Inherit::Safe,
            &["EDITOR", "GIVEN", "PATH"],
            &[("API_TOKEN", Why::SecretName), ("DROPPED", Why::Dropped)],
        ),
    ];
    assert_eq!(found, expected);
}

#[test]
fn what_cannot_be_chosen_is_told_in_words() {
    let case = Case::new().task(json!({"verify": ["defualt"]}));
    let said = case.source("A", |source, place, _| source.environments(place)).unwrap_err();
    assert_eq!(said, "unknown profile defualt (did you mean default?); there are: default");
}

#[test]
fn a_variable_that_a_command_reads_but_does_not_get_is_told_with_the_reason() {
    let config = "[agents.default]\nrun = \"agent --key $API_KEY $GIVEN\"\n\
        [environment]\nset = { GIVEN = \"1\" }\n\
        [[verify]]\nname = \"test\"\nrun = \"x=1; echo $x $WORKLOOP_ROOT ${DB_URL} $HOME\"\n\
        environment = { inherit = \"none\", drop = [\"DB_URL\"] }\n\
        [[verify]]\nname = \"list\"\nrun = [\"echo\", \"$NOT_EXPANDED\"]\n\
        [hooks]\nbefore_task = \"notify $TOPIC\"\n";
    let config = parse(Path::new("/p/workloop.toml"), config).unwrap();
    let lacking = |set: &[(&str, &str)]| -> Vec<String> {
        lacking(&config, &vars(set)).iter().map(ToString::to_string).collect()
    };
    let absent = |whose: &str, name: &str| {
        format!(
            "the run text of {whose} reads ${name}, which is set neither here nor by set or file \
             under [environment]"
        )
    };
    assert_eq!(
        lacking(&[("HOME", "/h")]),
        [
            absent("agent default", "API_KEY"),
            absent("step test", "DB_URL"),
            absent("hook before_task", "TOPIC"),
        ]
    );
    let dropped = "the run text of step test reads $DB_URL, which is withheld: drop names it";
    assert_eq!(
        lacking(&[("HOME", "/h"), ("API_KEY", "k"), ("DB_URL", "u"), ("TOPIC", "t")]),
        [dropped]
    );
}

#[test]
fn every_reason_for_which_a_variable_is_withheld_is_a_part_of_the_sentence() {
    for (why, words) in [
        (Why::Dropped, "drop names it"),
        (Why::SecretName, "its name looks like a secret"),
        (Why::SecretUrl, "it contains a URL with a password"),
        (Why::Session, "it belongs to an agent around this process"),
        (Why::NotInherited(Inherit::Core), "inherit is \"core\""),
    ] {
        let lacking = Lacking { whose: "step a".to_owned(), name: "X".to_owned(), why: Some(why) };
        let expected = format!("the run text of step a reads $X, which is withheld: {words}");
        assert_eq!(lacking.to_string(), expected);
    }
}
