//! Tests the sections `[services]` and `[environment]`.

use super::*;
use crate::domain::{EnvironmentRules, Inherit, Values};
use crate::verify::{Health, Service};
use std::collections::BTreeMap;
use std::sync::Arc;

const RUN: &str = "[services.db]\nrun = \"postgres\"\n";

fn read(text: &str) -> Config {
    parse(Path::new("/p/workloop.toml"), text).expect(text)
}

fn values(pairs: &[(&str, &str)]) -> Values {
    Values(pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect())
}

fn service(ready: Health) -> Service {
    Service {
        name: "db".into(),
        command: Command::Shell("postgres".into()),
        cwd: None,
        environment: EnvironmentRules::default(),
        timeout: Duration::from_secs(60),
        ready,
    }
}

#[test]
fn a_service_is_ready_by_a_port_a_command_or_a_line() {
    let list = |words: &[&str]| Command::List(words.iter().map(ToString::to_string).collect());
    for (ready, expected) in [
        ("{ port = 5432 }", Health::Port(5432)),
        ("{ port = 0 }", Health::Port(0)),
        ("{ port = 65_535 }", Health::Port(65535)),
        ("{ command = \"pg_isready\" }", Health::Command(Command::Shell("pg_isready".into()))),
        ("{ command = [\"nc\", \"-z\"] }", Health::Command(list(&["nc", "-z"]))),
        ("{ line = \"^ready (now)?\" }", Health::Line("^ready (now)?".into())),
    ] {
        let config = read(&format!("{RUN}ready = {ready}\n"));
        let all = BTreeMap::from([("db".to_owned(), Arc::new(service(expected)))]);
        assert_eq!(config.services, all, "{ready}");
    }
}

#[test]
fn all_keys_of_a_service_are_read() {
    let config = read(
        "[services.db]\nrun = [\"pg\", \"-D\", \"x\"]\ncwd = \"./data/pg\"\ntimeout = \"90s\"\n\
         ready = { port = 1 }\nenv = { A = \"own\", B = \"2\" }\n\
         environment = { inherit = \"core\", set = { A = \"set\", C = \"3\" } }\n",
    );
    let environment = EnvironmentRules {
        inherit: Some(Inherit::Core),
        set: values(&[("A", "own"), ("B", "2"), ("C", "3")]),
        ..EnvironmentRules::default()
    };
    let expected = Service {
        command: Command::List(["pg", "-D", "x"].map(String::from).to_vec()),
        cwd: Some("./data/pg".into()),
        timeout: Duration::from_secs(90),
        environment,
        ..service(Health::Port(1))
    };
    assert_eq!(*config.services["db"], expected);
}

#[test]
fn a_service_that_cannot_be_started_or_awaited_is_refused() {
    let needs = "service db needs run, and ready: { port = 5432 }, { command = \"…\" } or \
                 { line = \"regex\" }";
    let one_of = "ready needs one of port, command and line";
    let port = "port must be a TCP port, or 0 for a free one";
    for (text, expected) in [
        ("[services.db]\n".to_owned(), vec![format!("1:11: {needs}")]),
        (RUN.to_owned(), vec![format!("1:11: {needs}")]),
        ("[services.db]\nready = { port = 1 }\n".to_owned(), vec![format!("1:11: {needs}")]),
        (format!("{RUN}ready = {{}}\n"), vec![format!("3:9: {one_of}")]),
        (format!("{RUN}ready = {{ port = 1, line = \"x\" }}\n"), vec![format!("3:9: {one_of}")]),
        (
            format!("{RUN}ready = {{ command = \"x\", line = \"x\" }}\n"),
            vec![format!("3:9: {one_of}")],
        ),
        (format!("{RUN}ready = {{ port = 65536 }}\n"), vec![format!("3:18: {port}")]),
        (
            format!("{RUN}ready = {{ line = \"(\" }}\n"),
            vec!["3:18: line cannot be used: error: unclosed group".to_owned()],
        ),
        (
            format!("{RUN}ready = {{ port = 1 }}\ncwd = \"../x\"\n"),
            vec!["4:7: cwd must be a path in the project, relative to its root".to_owned()],
        ),
        (
            "[services]\na = 1\nb = 2\n".to_owned(),
            vec![
                "2:5: a must be a table, not integer".to_owned(),
                "3:5: b must be a table, not integer".to_owned(),
            ],
        ),
    ] {
        assert_eq!(problems(&text), expected, "{text}");
    }
}

#[test]
fn a_service_that_no_profile_names_is_told_and_harmless() {
    let used = "[[verify]]\nrun = \"x\"\n[profiles.default]\nservices = [\"db\"]\n";
    let unused = |text: &str| {
        let found = read(text).unused_services;
        found.iter().map(|one| (one.line, one.column, one.message.clone())).collect::<Vec<_>>()
    };
    let two = format!(
        "{RUN}ready = {{ port = 1 }}\n[services.cache]\nrun = \"y\"\nready = {{ port = 2 }}\n"
    );
    let message = |name: &str| {
        format!(
            "no profile names service {name}, so it is never started: add it to services of a \
             profile, such as [profiles.default] services = [\"{name}\"]"
        )
    };
    assert_eq!(unused(&two), [(1, 11, message("db")), (4, 11, message("cache"))]);
    assert_eq!(unused(&format!("{two}{used}")), [(4, 11, message("cache"))]);
    let config = read(&format!("{two}{used}"));
    assert_eq!(config.steps[0].rules.profile.services, ["db"]);
    assert_eq!(
        problems(&format!("{two}{}", used.replace("\"db\"", "\"db\", \"bd\", \"postgres\""))),
        ["10:19: there is no service bd; did you mean db?", "10:25: there is no service postgres"]
    );
}

#[test]
fn an_environment_is_read_for_all_commands_an_agent_and_a_step() {
    let section = "inherit = \"none\"\npass = [\"A\", \"B_*\"]\ndrop = \"C\"\nset = { D = \"d\", E = \"\" }\n";
    let expected = EnvironmentRules {
        inherit: Some(Inherit::None),
        pass: vec!["A".into(), "B_*".into()],
        drop: vec!["C".into()],
        set: values(&[("D", "d"), ("E", "")]),
        file: Values::default(),
    };
    assert_eq!(read(&format!("[environment]\n{section}")).environment, expected);
    let agent = format!("[agents.a]\nrun = \"x\"\n[agents.a.environment]\n{section}");
    assert_eq!(read(&agent).agents["a"].environment, expected);
    let step = format!("[[verify]]\nrun = \"x\"\n[verify.environment]\n{section}");
    assert_eq!(read(&step).steps[0].environment, expected);
    // The variables of `env` are added to those of `set`, and come before them.
    let both = "[[verify]]\nrun = \"x\"\nenv = { A = \"env\" }\n[verify.environment.set]\nA = \"set\"\nB = \"set\"\n";
    assert_eq!(read(both).steps[0].environment.set, values(&[("A", "env"), ("B", "set")]));
    for (word, inherit) in Inherit::ALL {
        let config = read(&format!("[environment]\ninherit = \"{word}\"\n"));
        assert_eq!(config.environment.inherit, Some(inherit));
    }
}

#[test]
fn variables_that_could_not_be_passed_or_are_ours_are_refused() {
    let names = "must be names of variables, or prefixes followed by *";
    for (key, value) in [
        ("pass", "\"\""),
        ("pass", "\"A=B\""),
        ("drop", "\"A*B\""),
        ("drop", "\"**\""),
        ("pass", "\"A B\""),
        ("drop", "\"$A\""),
        ("pass", "\"A\\u0000\""),
    ] {
        let text = format!("[environment]\n{key} = {value}\n");
        assert_eq!(problems(&text), [format!("2:8: {key} {names}")], "{text}");
    }
    let ours = "must not name WORKLOOP_ROOT: each command gets its own WORKLOOP_*";
    for (line, expected) in [
        (
            "inherit = \"most\"",
            "2:11: inherit must be \"safe\", \"all\", \"core\" or \"none\"".into(),
        ),
        ("pass = [\"A\", \"WORKLOOP_ROOT\"]", format!("2:14: pass {ours}")),
        ("drop = \"WORKLOOP_*\"", format!("2:8: drop {}", ours.replace("ROOT:", ":"))),
        ("set = { WORKLOOP_ROOT = \"/\" }", format!("2:9: set {ours}")),
        ("set = { \"\" = \"x\" }", "2:9: \"\" cannot be the name of a variable".into()),
        ("set = { \"A=B\" = \"x\" }", "2:9: \"A=B\" cannot be the name of a variable".into()),
        ("set = { A = \"x\\u0000\" }", "2:13: A must not contain a NUL".into()),
        ("set = { A = 1 }", "2:13: A must be a string, not integer".into()),
    ] {
        assert_eq!(problems(&format!("[environment]\n{line}\n")), [expected], "{line}");
    }
    // A name that only begins with other letters is not ours.
    assert_eq!(
        problems("[environment]\npass = [\"WORKLOOPS\", \"*\", \"MY_WORKLOOP_X\"]\n"),
        [""; 0]
    );
}

#[test]
fn a_file_of_variables_is_read_beside_the_configuration() {
    let (_dir, root) = folder(&["env/x"]);
    let parse = |text: &str| parse(&root.join("workloop.toml"), text);
    put(&root.join("env/a.env"), "A=1\nexport B='two words'\n");
    let text = "[environment]\nfile = \"env/a.env\"\n[[verify]]\nrun = \"x\"\n\
                environment = { file = \"./env/b.env\" }\n";
    put(&root.join("env/b.env"), "C=3\n");
    let config = parse(text).expect("read");
    assert_eq!(config.environment.file, values(&[("A", "1"), ("B", "two words")]));
    assert_eq!(config.steps[0].environment.file, values(&[("C", "3")]));
    // They are watched, and kept from agents, in the order in which they are read.
    assert_eq!(config.env_files, [root.join("env/b.env"), root.join("env/a.env")]);
    put(&root.join("env/b.env"), "C=3\nbroken\n");
    put(&root.join("env/a.env"), "WORKLOOP_TASK_ID=x\n");
    let refused = parse(text).expect_err("refused");
    let messages: Vec<_> = refused.problems.iter().map(|one| (one.line, &*one.message)).collect();
    let ours = "file: env/a.env must not set WORKLOOP_TASK_ID: each command gets its own";
    let broken = "file: ./env/b.env:2: a line must be NAME=value, or a comment after #";
    assert_eq!(messages, [(2, ours), (5, broken)]);
}

#[test]
fn a_file_of_variables_that_is_missing_huge_or_anybodys_is_refused() {
    let (_dir, root) = folder(&["env/x"]);
    let refused = |name: &str| {
        let text = format!("[environment]\nfile = \"{name}\"\n");
        let refused = parse(&root.join("workloop.toml"), &text).expect_err(name);
        let [one] = &refused.problems[..] else { panic!("one problem: {refused}") };
        assert_eq!((one.line, one.column), (2, 8));
        assert_eq!(refused.rest.env_files, [root.join(name)], "a later file would count");
        one.message.replace(&root.display().to_string(), "ROOT")
    };
    let read = "file: failed to read ROOT/";
    assert_eq!(refused("none"), format!("{read}none: No such file or directory (os error 2)"));
    assert!(refused("env").starts_with(&format!("{read}env: ")), "{}", refused("env"));
    let file = root.join("long");
    put(&file, &format!("A={}\n", "x".repeat((1 << 20) - 3)));
    assert_eq!(parse(&root.join("workloop.toml"), "[environment]\nfile = \"long\"\n").err(), None);
    put(&file, &format!("A={}\n", "x".repeat(1 << 20)));
    assert!(refused("long").starts_with(&format!("{read}long: ")), "{}", refused("long"));
    put(&file, "A=1\n");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o646)).expect("mode");
    let begin = "failed to trust ROOT/long: every user may write to it, and its contents are run";
    assert!(refused("long").starts_with(begin), "{}", refused("long"));
    put(&file, "A=1\n");
    fs::hard_link(&file, root.join("other")).expect("link");
    let begin = "failed to trust ROOT/long: it has more than one hard link";
    assert!(refused("long").starts_with(begin), "{}", refused("long"));
}
