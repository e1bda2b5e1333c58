//! Tests the settings of the sections about trees and landing.

use super::super::parse;
use super::super::{CommitMode, Config, IsolationMode, LandingMode, RetryFrom, Sourced};
use crate::workspace::Objects;
use std::path::Path;

fn read(text: &str) -> Result<Config, String> {
    parse(Path::new("/p/workloop.toml"), text).map_err(|error| error.to_string())
}

#[test]
fn what_is_not_said_has_a_default() {
    let config = read("").unwrap();
    assert_eq!((*config.isolation.mode, config.isolation.target), (IsolationMode::Shared, None));
    assert_eq!((config.workspaces.dir, *config.workspaces.retry_from), (None, RetryFrom::Last));
    assert_eq!((*config.landing.conflicts, config.landing.mode), (3, None));
}

#[test]
fn all_keys_are_read() {
    let config = read(
        "[isolation]\nmode = \"shared\"\ntarget = \"main\"\n[workspaces]\ndir = \"../trees\"\n\
         setup = [\"npm ci\"]\nsetup_inputs = [\"package-lock.json\"]\ncopy = [\".env\"]\n\
         link = [\"data/\"]\nkeep = [\"node_modules/\"]\nobjects = \"own\"\nretry_from = \"base\"\n\
         [landing]\nmode = \"off\"\ncommit = \"none\"\nconflicts = 0\n",
    );
    let config = config.unwrap();
    assert_eq!(config.isolation.target.as_deref(), Some("main"));
    let tree = &config.workspaces.tree;
    assert_eq!(config.workspaces.dir.as_deref(), Some(Path::new("/trees")));
    assert_eq!((&*tree.setup.commands[0], &*tree.setup.inputs[0]), ("npm ci", "package-lock.json"));
    assert_eq!((&*tree.copy[0], &*tree.link[0]), (Path::new(".env"), Path::new("data")));
    assert_eq!((&*tree.keep[0], tree.objects), ("node_modules/", Objects::Own));
    assert_eq!(*config.workspaces.retry_from, RetryFrom::Base);
    let landing = config.landing;
    assert_eq!(landing.mode.map(|mode| *mode), Some(LandingMode::Off));
    assert_eq!(landing.commit.map(|commit| *commit), Some(CommitMode::None));
    assert_eq!(*landing.conflicts, 0);
}

#[test]
fn what_leads_out_of_the_tree_or_is_not_there_yet_is_refused() {
    for (text, problem) in [
        ("[isolation]\nmode = \"both\"", "mode must be \"shared\" or \"private\""),
        ("[isolation]\ntarget = \"a..b\"", "target must be the name of a branch"),
        ("[workspaces]\ncopy = [\"../x\"]", "copy must be paths relative to the top"),
        ("[workspaces]\ncopy = [\"a/.git/config\"]", "copy must be paths relative to the top"),
        ("[workspaces]\nlink = [\"/etc\"]", "link must be paths relative to the top"),
        ("[workspaces]\nkeep = [\"!x\"]", "keep must be patterns as in a .gitignore"),
        ("[workspaces]\nsetup = [\"\"]", "setup must be commands"),
        ("[workspaces]\nobject = \"own\"", "did you mean objects?"),
        ("[landing]\nmode = \"pr\"", "mode must be \"off\" or \"branch\""),
        (
            "[isolation]\nmode = \"private\"\n[landing]\ncommit = \"none\"",
            "workloop.toml:4:10: commit = \"none\" contradicts",
        ),
        ("[landing]\nbatch = true", "batch in [landing] is not supported by this version"),
    ] {
        let refused = read(text).unwrap_err();
        assert!(refused.contains(problem), "{text}: {refused}");
    }
}

#[test]
fn keys_that_change_nothing_are_known() {
    let idle = |text: &str| {
        let found = read(text).unwrap().without_effect();
        let key = |found: &Sourced<String>| {
            (found.value.split(' ').next().unwrap().to_owned(), found.origin.to_string())
        };
        found.iter().map(key).collect::<Vec<_>>()
    };
    let keys =
        "[workspaces]\nsetup = [\"a\"]\n[landing]\nmode = \"MODE\"\nconflicts = 1\n[isolation]\n";
    let off = keys.replace("MODE", "off");
    let at = |key: &str, line: u32| (key.to_owned(), format!("workloop.toml line {line}"));
    let conflicts = at("landing.conflicts", 5);
    assert_eq!(idle(&off), [at("workspaces.setup", 2), conflicts.clone()]);
    assert_eq!(idle(&format!("{off}mode = \"private\"\n")), [conflicts]);
    let branch = keys.replace("MODE", "branch");
    assert_eq!(idle(&branch).len(), 3);
    assert_eq!(idle(&format!("{branch}mode = \"private\"\ntarget = \"x\"\n")), []);
}
