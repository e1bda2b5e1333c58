//! Tests the small parts: names, durations, paths, globs, positions, addresses of channels.

use super::duration::parse_duration;
use super::find::{find_upwards, git_top};
use super::globs::expand;
use super::names::{fold, step_name};
use super::paths::resolve;
use super::places::{config_below, project_folder, real_folder, relative};
use super::problem::Problem;
use super::*;
use crate::domain::Command;

#[test]
fn names_are_compared_by_letters_and_digits_alone() {
    for (name, folded) in [
        ("FeatureBuilder", "featurebuilder"),
        ("feature_builder-2", "featurebuilder2"),
        (" Ärger! ", "ärger"),
        ("İ1", "i\u{307}1"),
        ("--", ""),
    ] {
        assert_eq!(fold(name), folded, "{name}");
    }
}

#[test]
fn a_step_without_a_name_has_the_first_40_letters_of_its_command() {
    let forty = "ä".repeat(40);
    for (command, name) in [
        ("make", "make".to_owned()),
        ("  make\r\ntest", "make".to_owned()),
        ("\n\n  make\n", "make".to_owned()),
        ("", String::new()),
        (&forty, forty.clone()),
        (&format!("{forty}b"), format!("{forty}…")),
    ] {
        assert_eq!(step_name(command), name, "{command:?}");
    }
}

#[test]
fn durations_add_up_their_parts_and_end_at_what_can_be_counted() {
    let millis = |text: &str| parse_duration(text).map(|time| time.as_millis());
    for (text, expected) in [
        ("1d", 86_400_000),
        ("2h", 7_200_000),
        ("3m", 180_000),
        ("4s", 4_000),
        ("5ms", 5),
        ("1d2h3m4s5ms", 93_784_005),
        ("1m 1m", 120_000),
        (" 7 ", 7_000),
        ("0", 0),
        ("0h0m", 0),
        ("18446744073709551615", 18_446_744_073_709_551_615_000),
        ("18446744073709551615ms", 18_446_744_073_709_551_615),
    ] {
        assert_eq!(millis(text), Ok(expected), "{text}");
    }
    for text in [
        " ",
        "1h30",
        "30 5m",
        "5 m",
        "1H",
        "1µs",
        "1hm",
        "h1",
        "+",
        "18446744073709551616",
        "213503982335d",
        "1e3",
        "1m,2s",
    ] {
        let message = format!("{:?} is not a duration such as \"45m\", \"10s\" or \"1h30m\"", text);
        assert_eq!(parse_duration(text), Err(message), "{text}");
    }
}

#[test]
fn paths_are_resolved_by_their_text_where_there_is_no_file() {
    for (path, expected) in [
        ("a/b", "/no/where/a/b"),
        ("./a/./b", "/no/where/a/b"),
        ("../a", "/no/a"),
        ("../../../../a", "/a"),
        ("a/../b", "/no/where/b"),
        (".", "/no/where"),
        ("", "/no/where"),
        ("/x/../y", "/y"),
    ] {
        assert_eq!(resolve(Path::new("/no/where"), path), Path::new(expected), "{path}");
    }
    let (_dir, root) = folder(&["real/deep/x", "real/y"]);
    std::os::unix::fs::symlink(root.join("real/deep"), root.join("link")).expect("link");
    // The parent of a link is that of its target.
    assert_eq!(resolve(&root, "link/../y"), root.join("real/y"));
    assert_eq!(resolve(&root, "link/x"), root.join("link/x"));
    assert_eq!(real_folder(&root.join("link/x")), root.join("real/deep"));
    assert_eq!(real_folder(&root.join("none/x")), root.join("none"));
    assert_eq!(real_folder(Path::new("/")), Path::new("/"));
}

#[test]
fn globs_find_files_that_are_not_hidden_in_order() {
    let (_dir, root) = folder(&[
        "q/b.json",
        "q/a.json",
        "q/.hidden.json",
        "q/sub/c.json",
        "q/sub/deep/d.json",
        "q/a.txt",
        ".git/e.json",
        "other/[x].json",
    ]);
    std::os::unix::fs::symlink(root.join("q"), root.join("q/loop")).expect("link");
    std::os::unix::fs::symlink(root.join("q/a.json"), root.join("q/z.json")).expect("link");
    fs::create_dir(root.join("q/folder.json")).expect("folder");
    let found = |pattern: &str| -> Vec<String> {
        let found = expand(&root, pattern);
        let below = |path: &PathBuf| path.strip_prefix(&root).expect("below").display().to_string();
        found.iter().map(below).collect()
    };
    for (pattern, expected) in [
        ("q/*.json", &["q/a.json", "q/b.json", "q/z.json"][..]),
        ("./q/*.json", &["q/a.json", "q/b.json", "q/z.json"]),
        ("q/?.txt", &["q/a.txt"]),
        ("q/{b,a}.json", &["q/a.json", "q/b.json"]),
        ("*/[ab].json", &["q/a.json", "q/b.json"]),
        ("q/*/*.json", &["q/sub/c.json"]),
        ("q/**/*.json", &["q/a.json", "q/b.json", "q/sub/c.json", "q/sub/deep/d.json", "q/z.json"]),
        ("*.json", &[]),
        ("none/*.json", &[]),
        ("q/[", &[]),
        // Without a wildcard it is a path, which may not exist yet.
        ("q/new.json", &["q/new.json"]),
        ("q/.hidden.json", &["q/.hidden.json"]),
    ] {
        assert_eq!(found(pattern), expected, "{pattern}");
    }
    let parent = expand(&root.join("q/sub"), "../*.json");
    assert_eq!(parent[0], root.join("q/sub/../a.json"));
}

#[test]
fn the_folder_of_a_project_is_the_nearest_with_queues_below_its_repository() {
    let (_dir, root) = folder(&[
        "tasks/a.json",
        "repo/.git/x",
        "repo/src/deep/x",
        "repo/app/queues/workloop.toml",
        "repo/app/src/x",
        "repo/app/queues/x.txt",
    ]);
    let at = |folder: &str| project_folder(&root.join(folder));
    assert_eq!(at("repo/app/src"), Some(root.join("repo/app")));
    assert_eq!(at("repo/app"), Some(root.join("repo/app")));
    // The search ends at the top of the repository.
    assert_eq!(at("repo/src/deep"), None);
    assert_eq!(git_top(&root.join("repo/src/deep")), Some(&*root.join("repo")));
    assert_eq!(at("tasks"), Some(root.clone()));
    // Without a repository, a folder that others may write to is not searched.
    fs::create_dir(root.join("tasks/below")).expect("folder");
    fs::set_permissions(&root, fs::Permissions::from_mode(0o777)).expect("mode");
    assert_eq!(at("tasks/below"), None);
    assert_eq!(at(""), Some(root.clone()), "the working directory itself is");
    let config = root.join("repo/app/queues/workloop.toml");
    assert_eq!(config_below(&root.join("repo/app/src")), Some(config.clone()));
    assert_eq!(config_below(&root), None);
    assert_eq!(find_upwards(&root.join("repo/app/queues")), Some(config));
    assert_eq!(find_upwards(&root.join("repo/app")), None);
}

#[test]
fn a_path_is_shown_with_at_most_three_steps_up() {
    let seen = |path: &str| relative(Path::new(path), Path::new("/a/b/c/d"));
    for (path, shown) in [
        ("/a/b/c/d", ""),
        ("/a/b/c/x", "../x"),
        ("/a/b/x", "../../x"),
        ("/a/x", "../../../x"),
        ("/x", "/x"),
        ("/a/b/c/dd/x", "../dd/x"),
    ] {
        assert_eq!(seen(path), Path::new(shown), "{path}");
    }
}

#[test]
fn a_problem_is_placed_by_line_and_letter() {
    let text = "a = 1\r\nß = \"é\"\n\tlast";
    for (at, line, column, shown) in [
        (0, 1, 1, "a = 1"),
        (4, 1, 5, "a = 1"),
        (7, 2, 1, "ß = \"é\""),
        (9, 2, 2, "ß = \"é\""),
        // In the middle of a letter is at that letter.
        (8, 2, 1, "ß = \"é\""),
        (text.len(), 3, 6, "\tlast"),
        (text.len() + 9, 3, 6, "\tlast"),
    ] {
        let found = Problem::at(text, at..at, "m".to_owned());
        assert_eq!((found.line, found.column, &*found.text), (line, column, shown), "{at}");
    }
    let empty = Problem::at("", 0..3, "m".to_owned());
    assert_eq!((empty.line, empty.column, &*empty.text), (1, 1, ""));
}

#[test]
fn a_refused_file_is_shown_line_by_line() {
    let text = "[limits]\nattempts = 0\n\n[agents]\nstrict = 1\n";
    assert_eq!(
        refused(text),
        "/p/workloop.toml:2:12: attempts must be a whole number of at least 1\n\
         2 | attempts = 0\n  |            ^\n\
         /p/workloop.toml:5:10: strict must be true or false, not integer\n\
         5 | strict = 1\n  |          ^"
    );
}

#[test]
fn each_event_has_a_word_and_a_severity() {
    use NotifySeverity::{Error, Info, Warning};
    let all: Vec<_> =
        NotifyEvent::ALL.iter().map(|(word, event)| (*word, event.severity())).collect();
    let expected = [
        ("needs_you", Error),
        ("blocked", Error),
        ("complete", Info),
        ("failed", Warning),
        ("lost", Warning),
        ("landed", Info),
        ("added", Info),
        ("tampered", Error),
        ("limit", Warning),
        ("silent", Warning),
        ("run_started", Info),
        ("run_finished", Info),
    ];
    assert_eq!(all, expected);
    assert!(NotifyEvent::ALL.iter().all(|(word, event)| event.as_str() == *word));
    assert_eq!((NotifyEvent::Test.as_str(), NotifyEvent::Test.severity()), ("test", Info));
    assert!(Info < Warning && Warning < Error);
}

#[test]
fn an_address_is_a_url_or_a_variable_that_is_set() {
    let vars =
        [("HOOK", "https://h/x"), ("EMPTY", "")].map(|(name, value)| (name.into(), value.into()));
    let variable = |name: &str| Address::Variable(name.to_owned());
    let url = Address::Url("https://u:p@host:8/x?y".to_owned());
    for (address, resolved, shown) in [
        (url.clone(), Some("https://u:p@host:8/x?y"), "host:8"),
        (variable("HOOK"), Some("https://h/x"), "env:HOOK"),
        (variable("EMPTY"), None, "env:EMPTY"),
        (variable("NONE"), None, "env:NONE"),
    ] {
        assert_eq!(address.resolve(&vars).as_deref(), resolved, "{shown}");
        assert_eq!(format!("{address:?}"), shown);
    }
    for (host, url) in
        [("h", "h"), ("h", "x://h#f"), ("h:1", "h:1/p@q"), ("", "https://"), ("b", "x://a@b")]
    {
        assert_eq!(super::notify::host(url), host, "{url}");
    }
    let targets = [
        (NotifyTarget::Webhook(url.clone()), "webhook", true),
        (NotifyTarget::Slack(url.clone()), "slack", true),
        (NotifyTarget::Discord(url.clone()), "discord", true),
        (NotifyTarget::Ntfy(url.clone()), "ntfy", true),
        (NotifyTarget::Command(Command::Shell("x".into())), "command", false),
        (NotifyTarget::Desktop, "desktop", false),
    ];
    for (target, kind, has_address) in targets {
        assert_eq!(target.kind(), kind);
        assert_eq!(target.address(), has_address.then_some(&url), "{kind}");
    }
}

#[test]
fn a_channel_is_read_by_its_target_and_a_second_one_is_refused() {
    let read = |line: &str| {
        let text = format!("[[notify]]\non = \"limit\"\n{line}\n");
        parse(Path::new("/p/workloop.toml"), &text).map(|config| config.notify[0].clone())
    };
    let url = || Address::Url("https://h/x".into());
    for (line, target) in [
        ("slack = \"https://h/x\"", NotifyTarget::Slack(url())),
        ("discord = \"https://h/x\"", NotifyTarget::Discord(url())),
        ("ntfy = \"https://h/x\"", NotifyTarget::Ntfy(url())),
        ("webhook = \"env:_A1\"", NotifyTarget::Webhook(Address::Variable("_A1".into()))),
        (
            "command = [\"a\", \"b\"]",
            NotifyTarget::Command(Command::List(vec!["a".into(), "b".into()])),
        ),
    ] {
        let rule = read(line).expect(line);
        assert_eq!((rule.target, rule.line, rule.severity), (target, 1, NotifySeverity::Info));
        assert_eq!((rule.quiet, rule.every, rule.secret_env), (None, None, None));
    }
    let one = "a channel has one of webhook, command, desktop, slack, discord or ntfy";
    let must = "must be a URL that begins with https:// or http://, or env:NAME";
    let name = "cannot be the name of a variable";
    for (lines, expected) in [
        ("command = \"x\"\nntfy = \"http://x\"", format!("1:1: ntfy next to command: {one}")),
        ("slack = \"https://\"", format!("3:9: slack {must}")),
        ("ntfy = \"HTTPS://x\"", format!("3:8: ntfy {must}")),
        ("discord = \"https://a\\tb\"", format!("3:11: discord {must}")),
        ("webhook = \"\"", format!("3:11: webhook {must}")),
        ("webhook = \"env:\"", format!("3:11: webhook: \"\" {name}")),
        ("slack = \"env:1A\"", format!("3:9: slack: \"1A\" {name}")),
        ("ntfy = \"env:A-B\"", format!("3:8: ntfy: \"A-B\" {name}")),
    ] {
        let text = format!("[[notify]]\non = \"limit\"\n{lines}\n");
        assert_eq!(problems(&text), [expected], "{lines}");
    }
}

#[test]
fn quiet_hours_are_two_different_times_of_one_day() {
    let time = |text: &str| chrono::NaiveTime::parse_from_str(text, "%H:%M:%S").expect(text);
    let evening = Quiet::parse(" 20:00 - 24:00 ").expect("until midnight");
    assert_eq!(evening, Quiet { from: time("20:00:00"), to: None });
    for (at, holds) in
        [("19:59:59", false), ("20:00:00", true), ("23:59:59", true), ("00:00:00", false)]
    {
        assert_eq!(evening.holds(time(at)), holds, "{at}");
    }
    let day = Quiet::parse("08:00-20:00").expect("a day");
    for (at, holds) in
        [("07:59:59", false), ("08:00:00", true), ("19:59:59", true), ("20:00:00", false)]
    {
        assert_eq!(day.holds(time(at)), holds, "{at}");
    }
    for wrong in ["-", "08:00-", "-08:00", "8-9", "08:00-20:00-21:00", "08:00–20:00", "00:00-00:00"]
    {
        assert_eq!(Quiet::parse(wrong), None, "{wrong}");
    }
}
