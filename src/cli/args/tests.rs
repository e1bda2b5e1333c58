mod values;

use super::*;
use clap::CommandFactory;

fn parse(line: &str) -> Result<Verb, String> {
    let words = std::iter::once("workloop").chain(line.split_whitespace());
    Cli::try_parse_from(words).map(|cli| cli.verb).map_err(|error| error.to_string())
}

fn paths(queues: &QueueArgs) -> Vec<String> {
    queues.queues.iter().map(|path| path.display().to_string()).collect()
}

#[test]
fn the_definitions_hold_together() {
    Cli::command().debug_assert();
}

#[test]
fn every_verb_has_one_sentence_and_every_flag_too() {
    let mut command = Cli::command();
    command.build();
    for verb in command.get_subcommands() {
        assert!(verb.get_about().is_some(), "{}", verb.get_name());
        assert!(
            verb.get_arguments().count() > 8,
            "{}: its own and the global ones",
            verb.get_name()
        );
        for arg in verb.get_arguments() {
            let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
            assert!(!help.is_empty(), "{} {}", verb.get_name(), arg.get_id());
            assert!(help.len() < 130, "{} {}: {help}", verb.get_name(), arg.get_id());
            for value in arg.get_possible_values() {
                // Completion passes it to shells.
                let help = value.get_help().map(ToString::to_string).unwrap_or_default();
                let acts = help.contains(['"', '\'', '$', '`', '(', '\\', '\t']);
                assert!(!acts, "{}: {help}", value.get_name());
            }
        }
    }
}

#[test]
fn the_help_of_run_is_as_it_was_read_last() {
    let mut command = Cli::command().term_width(100);
    command.build();
    let run = command.find_subcommand_mut("run").expect("run");
    let help = run.render_long_help().to_string();
    let expected = include_str!("tests/run_help.txt");
    assert_eq!(help, expected, "update tests/run_help.txt if this is meant:\n{help}");
}

#[test]
fn run_takes_the_flags_of_the_contract() {
    let line = "run a.json b.json --task-id A --task-id B --max-iterations 5 --max-minutes 9 \
                --jobs 3 --when-empty wait --agent ./a.sh --verify true --verify false --tag x \
                --type bug --phase 1 --track t --epic e --dry-run --json --non-interactive";
    let Verb::Run(run) = parse(line).expect("valid") else { panic!("run") };
    assert_eq!(paths(&run.queues), ["a.json", "b.json"]);
    assert_eq!(run.task_ids, ["A", "B"]);
    assert_eq!((run.max_iterations, run.max_minutes, run.jobs), (Some(5), Some(9.0), Some(3)));
    assert_eq!(run.verify, ["true", "false"]);
    assert_eq!(run.when_empty, WhenEmpty::Wait);
}

#[test]
fn what_makes_no_sense_is_refused() {
    for line in [
        "",
        "run --verify x --no-verify",
        "run --jobs 0",
        "run --max-iterations 0",
        "run --max-cost 0",
        "run --max-cost x",
        "run --isolation worktree",
        "retry",
        "reset",
        "block A",
        "edit A --drop-dependency B",
        "edit A --because x",
        "progress A --percent 101",
        "status -q -v",
    ] {
        assert!(parse(line).is_err(), "{line}");
    }
}

#[test]
fn tasks_and_queues_stand_in_one_list() {
    let Ok(Verb::Reset(reset)) = parse("reset A B q.json") else { panic!("reset") };
    assert_eq!(reset.words, ["A", "B", "q.json"]);
    assert!(parse("reset --all").is_ok());
    let Ok(Verb::Retry(retry)) = parse("retry --failed --project p") else { panic!("retry") };
    assert_eq!(retry.queues.project.as_deref(), Some("p"));
    for line in ["park", "release", "approve", "block --because x"] {
        assert!(parse(line).is_err(), "{line}");
    }
}

#[test]
fn json_is_told_from_a_queue() {
    for (line, json, queues) in [
        ("add - q.json", Some("-"), vec!["q.json"]),
        ("add {\"title\":1}", Some("{\"title\":1}"), vec![]),
        ("add --title x q.json", None, vec!["q.json"]),
    ] {
        let Ok(Verb::Add(add)) = parse(line) else { panic!("{line}") };
        let (found, rest) = add.split();
        assert_eq!((found, paths(&rest)), (json, queues.iter().map(ToString::to_string).collect()));
    }
}

#[test]
fn edit_without_flags_opens_the_editor() {
    let says = |line: &str| match parse(line) {
        Ok(Verb::Edit(edit)) => edit.says_what(),
        other => panic!("{other:?}"),
    };
    assert!(!says("edit A"));
    assert!(!says("edit A q.json"));
    assert!(says("edit A -"));
    assert!(says("edit A --title x"));
    assert!(says("edit A --drop-dependency B --because gone"));
}

/// The output of `workloop --help`, built from the definitions.
fn all_verbs() -> String {
    let mut command = Cli::command();
    command.build();
    let about = |name: &str| {
        let verb = command.find_subcommand(name).expect(name);
        verb.get_about().map(ToString::to_string).unwrap_or_default()
    };
    let mut text = String::from(about::FIRST_SCREEN.lines().next().unwrap_or_default());
    text.push_str("\n\nUsage: workloop [OPTIONS] VERB …\n");
    for (group, verbs) in about::GROUPS {
        text.push_str(&format!("\n{group}:\n"));
        for verb in verbs {
            text.push_str(&entry(verb, 12, &about(verb)));
        }
    }
    text.push_str("\nOptions of every verb:\n");
    for arg in command.get_arguments() {
        let long = arg.get_long().unwrap_or_default();
        let short = arg.get_short().map_or("    ".to_owned(), |short| format!("-{short}, "));
        let value = arg.get_value_names().filter(|_| arg.get_action().takes_values());
        let value = value.map_or_else(String::new, |names| format!(" {}", names[0]));
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        text.push_str(&entry(&format!("{short}--{long}{value}"), 25, &help));
    }
    text.push_str("\nworkloop help VERB shows the flags and examples of a verb.\n");
    text
}

/// A name and its help, wrapped at 80 columns.
fn entry(name: &str, width: usize, help: &str) -> String {
    let mut text = format!("  {name:<width$}");
    let mut used = 2 + width;
    for word in help.split_whitespace() {
        if used + 1 + word.chars().count() > 79 {
            text.push_str(&format!("\n  {:width$}", ""));
            used = 2 + width;
        }
        text.push_str(&format!(" {word}"));
        used += 1 + word.chars().count();
    }
    text + "\n"
}

#[test]
fn the_help_of_all_is_what_the_definitions_say() {
    let expected = all_verbs();
    assert_eq!(about::ALL_VERBS, expected, "write this to all_verbs.txt:\n{expected}");
}

#[test]
fn every_verb_is_in_one_group_with_an_example() {
    let command = Cli::command();
    let grouped: Vec<&str> = about::GROUPS.iter().flat_map(|(_, verbs)| *verbs).copied().collect();
    for verb in command.get_subcommands().map(clap::Command::get_name) {
        let count = grouped.iter().filter(|grouped| **grouped == verb).count();
        assert_eq!(count, 1, "{verb}");
        assert!(about::FIRST_SCREEN.contains(&format!(" {verb}")), "{verb}");
        assert!(!examples(verb).is_empty(), "{verb}");
        for (line, _) in examples(verb) {
            let words = line.split(['|', '&', '(', ')', '<', '>']).next().unwrap_or_default();
            // The others are for a shell.
            if words.starts_with("workloop ") && !words.contains('\'') {
                assert!(Cli::try_parse_from(words.split_whitespace()).is_ok(), "{line}");
            }
        }
    }
    assert_eq!(command.get_subcommands().count(), grouped.len());
}
