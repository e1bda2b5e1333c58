//! The borders of the values that flags take, and what is said beyond them.

use super::*;
use crate::config::IsolationMode;
use chrono::NaiveTime;
use std::time::Duration;

/// Returns the line that says why a command line is refused.
#[track_caller]
fn why(line: &str) -> String {
    let error = parse(line).expect_err(line);
    error.lines().next().unwrap_or_default().to_owned()
}

/// Returns the flags of `run`.
#[track_caller]
fn run(flags: &str) -> Box<RunArgs> {
    match parse(&format!("run {flags}")) {
        Ok(Verb::Run(Late(run))) => run,
        other => panic!("{flags}: {other:?}"),
    }
}

#[test]
fn a_limit_of_a_run_is_above_zero_and_finite() {
    assert_eq!(run("").max_minutes, None);
    for (minutes, wanted) in [("0.5", 0.5), ("1", 1.0), ("527040", 527_040.0), ("1e2", 100.0)] {
        assert_eq!(run(&format!("--max-minutes {minutes}")).max_minutes, Some(wanted));
    }
    for (minutes, text) in [
        ("0", "not a span of time"),
        ("-0", "not a span of time"),
        ("nan", "not a span of time"),
        ("inf", "not a span of time"),
        ("527040.1", "not a span of time"),
        ("5m", "not a number"),
        ("1,5", "not a number"),
    ] {
        let wanted =
            format!("error: invalid value '{minutes}' for '--max-minutes <MINUTES>': {text}");
        assert_eq!(why(&format!("run --max-minutes={minutes}")), wanted);
    }
    for (dollars, wanted) in [("0.01", 0.01), ("1000000", 1e6)] {
        assert_eq!(run(&format!("--max-cost {dollars}")).max_cost, Some(wanted));
    }
    for (dollars, text) in [
        ("0", "not above 0"),
        ("-1", "not above 0"),
        ("nan", "not above 0"),
        ("inf", "not above 0"),
        ("$5", "not a number"),
        ("five", "not a number"),
    ] {
        let wanted = format!("error: invalid value '{dollars}' for '--max-cost <USD>': {text}");
        assert_eq!(why(&format!("run --max-cost={dollars}")), wanted);
    }
}

#[test]
fn a_run_ends_at_a_time_of_day() {
    let time = |hour, minute| NaiveTime::from_hms_opt(hour, minute, 0);
    for (text, wanted) in [("00:00", time(0, 0)), ("23:59", time(23, 59)), ("7:05", time(7, 5))] {
        assert_eq!(run(&format!("--until {text}")).until, wanted, "{text}");
    }
    for text in ["24:00", "12:60", "12", "noon", "07:00:30", "-1:00"] {
        let wanted = format!(
            "error: invalid value '{text}' for '--until <HH:MM>': not a time such as 07:30"
        );
        assert_eq!(why(&format!("run --until={text}")), wanted);
    }
}

#[test]
fn counts_begin_at_one_and_end_where_numbers_do() {
    assert_eq!(run("-j 1").jobs, Some(1));
    assert_eq!(run("--jobs 4294967295").jobs, Some(u32::MAX));
    assert_eq!(run("--max-iterations 18446744073709551615").max_iterations, Some(u64::MAX));
    for (line, flag, range) in [
        ("run --jobs 0", "'--jobs <N>'", "0 is not in 1..=4294967295"),
        ("run --jobs 4294967296", "'--jobs <N>'", "4294967296 is not in 1..=4294967295"),
        ("run --max-iterations 0", "'--max-iterations <N>'", "0 is not in 1..18446744073709551615"),
        ("progress A --step 0", "'--step <N>'", "0 is not in 1..=4294967295"),
        ("progress A --percent 101", "'--percent <N>'", "101 is not in 0..=100"),
        ("plan --loops 1,0", "'--loops <N,…>'", "0 is not in 1..=4294967295"),
    ] {
        let value = range.split(' ').next().unwrap_or_default();
        assert_eq!(
            why(line),
            format!("error: invalid value '{value}' for {flag}: {range}"),
            "{line}"
        );
    }
    for line in [
        "run --jobs -1",
        "run --jobs 1.5",
        "run --jobs many",
        "plan --loops 1,,2",
        "log --attempt -1",
    ] {
        assert!(why(line).starts_with("error: "), "{line}");
    }
}

#[test]
fn a_word_of_a_list_is_written_exactly() {
    assert_eq!(run("--isolation private").isolation, Some(IsolationMode::Private));
    assert_eq!(run("").isolation, None);
    for word in ["Private", "privat", "worktree"] {
        let wanted = format!(
            "error: invalid value '{word}' for '--isolation <HOW>': neither shared nor private"
        );
        assert_eq!(why(&format!("run --isolation {word}")), wanted);
    }
    let wanted = "error: invalid value 'sleep' for '--when-empty <WHAT>'";
    assert_eq!(why("run --when-empty sleep"), wanted);
    assert!(
        parse("run --when-empty sleep").expect_err("no").contains("[possible values: exit, wait]")
    );
    for line in [
        "wait --until never",
        "graph --format png",
        "board --style x",
        "report --format pdf",
        "land",
        "workspace",
    ] {
        assert!(why(line).starts_with("error: "), "{line}");
    }
}

#[test]
fn an_empty_command_is_none() {
    let words = |flag: &str| ["workloop", "run", flag, ""].map(str::to_owned);
    for flag in ["--agent", "--verify"] {
        let error = Cli::try_parse_from(words(flag)).expect_err(flag).to_string();
        let wanted = format!("error: a value is required for '{flag} <CMD>' but none was supplied");
        assert_eq!(error.lines().next(), Some(wanted.as_str()));
    }
    // A command of blanks is for the shell to judge.
    assert!(Cli::try_parse_from(["workloop", "run", "--agent", " "]).is_ok());
}

#[test]
fn a_timeout_is_a_duration() {
    let wait = |flags: &str| match parse(&format!("wait {flags}")) {
        Ok(Verb::Wait(Late(wait))) => Ok(wait.timeout),
        Ok(other) => panic!("{other:?}"),
        Err(error) => Err(error),
    };
    assert_eq!(wait(""), Ok(None));
    for (text, seconds) in [("10s", 10), ("5m", 300), ("90", 90), ("0", 0), ("1h30m", 5400)] {
        assert_eq!(
            wait(&format!("--timeout {text}")),
            Ok(Some(Duration::from_secs(seconds))),
            "{text}"
        );
    }
    let text = "error: invalid value 'soon' for '--timeout <TIME>': \"soon\" is not a duration such as \
                \"45m\", \"10s\" or \"1h30m\"";
    assert_eq!(why("wait --timeout soon"), text);
    // A limit of the wait needs the wait.
    for verb in ["stop", "pause"] {
        assert!(parse(&format!("{verb} --wait --timeout 1s")).is_ok());
        let error = parse(&format!("{verb} --timeout 1s")).expect_err("no wait");
        assert!(error.contains("required arguments were not provided:\n  --wait"), "{error}");
    }
}

#[test]
fn what_excludes_each_other_is_refused() {
    for (line, one, other) in [
        ("run --verify x --no-verify", "--verify <CMD>", "--no-verify"),
        ("status --table --json", "--table", "--json"),
        ("status --watch --exit-code", "--exit-code", "--watch"),
        ("graph --json --format dot", "--json", "--format <FORMAT>"),
        ("report --json --format csv", "--json", "--format <FORMAT>"),
        ("events --json --style log", "--style <STYLE>", "--json"),
        ("log --follow --json", "--follow", "--json"),
        ("retry --failed --because x", "--failed", "--because <TEXT>"),
        ("progress A --step 1 --percent 5", "--step <N>", "--percent <N>"),
        ("status -q -v", "--quiet", "--verbose..."),
    ] {
        let wanted = [(one, other), (other, one)].map(|(one, other)| {
            format!("error: the argument '{one}' cannot be used with '{other}'")
        });
        let found = why(line);
        assert!(wanted.contains(&found), "{line}: {found}");
    }
    for (line, needed) in [
        ("retry A --known x", "--because <TEXT>"),
        ("reset A --yes", "--all"),
        ("edit A --drop-dependency B", "--because <TEXT>"),
        ("edit A --because x", "--drop-dependency <ID>"),
        ("block A", "--because <TEXT>"),
        ("answer A", "<TEXT|->"),
        ("retry", "<ID|-|QUEUE>..."),
    ] {
        let error = parse(line).expect_err(line);
        let wanted = format!("required arguments were not provided:\n  {needed}");
        assert!(error.contains(&wanted), "{line}: {error}");
    }
}

#[test]
fn a_slip_of_the_keyboard_is_answered_with_the_word_that_was_meant() {
    for (line, meant) in [
        ("statsu", "tip: a similar subcommand exists: 'status'"),
        ("status --wach", "tip: a similar argument exists: '--watch'"),
        ("wait --until complet", "tip: a similar value exists: 'complete'"),
        ("status --colour never", "tip: a similar argument exists: '--color'"),
    ] {
        let error = parse(line).expect_err(line);
        assert!(error.contains(meant), "{line}: {error}");
    }
}

#[test]
fn the_flags_of_every_verb_are_accepted_before_and_after_it() {
    let global = |line: &str| {
        let words = std::iter::once("workloop").chain(line.split_whitespace());
        Cli::try_parse_from(words).map(|cli| cli.global).map_err(|error| error.to_string())
    };
    for line in [
        "-vv --lock-timeout 5 --trust a status --trust b",
        "status -v -v --trust a --lock-timeout 5 --trust b",
    ] {
        let flags = global(line).expect(line);
        assert_eq!((flags.verbose, flags.lock_timeout, flags.quiet), (2, Some(5), false), "{line}");
        assert!(flags.trust.iter().any(|path| path.ends_with("b")), "{line}: {:?}", flags.trust);
        assert_eq!(flags.color, ColorWhen::Auto);
    }
    let flags = global("status --color always --unsafe-fs --config c.toml --non-interactive")
        .expect("valid");
    assert!(flags.unsafe_fs && flags.non_interactive);
    assert_eq!((flags.color, flags.config), (ColorWhen::Always, Some("c.toml".into())));
    for line in ["status --lock-timeout -1", "status --lock-timeout 1m", "status --color sometimes"]
    {
        assert!(global(line).is_err(), "{line}");
    }
}

#[test]
fn doctor_checks_everything_or_one_thing() {
    let split = |words: &str| match parse(&format!("doctor {words}")) {
        Ok(Verb::Doctor(Late(doctor))) => {
            doctor.split().map(|(what, queues)| (what, paths(&queues), queues.flags.project))
        }
        other => panic!("{other:?}"),
    };
    let notify = Some(DoctorWhat::Notify);
    for (words, what, queues) in [
        ("", None, vec![]),
        ("notify", notify, vec![]),
        ("q.json notify a/queue", notify, vec!["q.json", "a/queue"]),
        ("./notify", None, vec!["./notify"]),
        ("notify.json", None, vec!["notify.json"]),
    ] {
        let queues = queues.iter().map(ToString::to_string).collect();
        assert_eq!(split(words), Ok((what, queues, None)), "{words}");
    }
    assert_eq!(split("--project p"), Ok((None, vec![], Some("p".to_owned()))));
    assert_eq!(split("q.json notfy"), Err("notfy".to_owned()));
}

#[test]
fn a_plan_is_by_a_group_or_until_a_time() {
    let plan = |flags: &str| match parse(&format!("plan {flags}")) {
        Ok(Verb::Plan(Late(plan))) => plan,
        other => panic!("{flags}: {other:?}"),
    };
    assert_eq!((plan("").loops.as_slice(), plan("").hours_per_day), (&[1, 2, 4, 8][..], 24.0));
    assert_eq!(plan("--loops 3,1").loops, [3, 1]);
    let time = |text: &str| By::Time(text.to_owned());
    let by = plan("--by epic --by Queue --by 2026-01-30 --by 3d").by;
    assert_eq!(
        by,
        [By::Group(GroupBy::Epic), By::Group(GroupBy::Queue), time("2026-01-30"), time("3d")]
    );
    let wanted = "error: invalid value 'friday' for '--by <WHAT|TIME>': write one of epic, phase, queue, \
                  sprint, track, type, or a time such as 2026-01-30";
    assert_eq!(why("plan --by friday"), wanted);
    for (text, hours) in [("8", 8.0), ("7.5h", 7.5), ("24", 24.0), ("0.1", 0.1)] {
        assert_eq!(plan(&format!("--hours-per-day {text}")).hours_per_day, hours, "{text}");
    }
    for text in ["0", "24.1", "-1", "nan", "inf", "h", "eight"] {
        let wanted = format!(
            "error: invalid value '{text}' for '--hours-per-day <H>': must be more than 0 and at most 24"
        );
        assert_eq!(why(&format!("plan --hours-per-day={text}")), wanted);
    }
    assert_eq!((plan("").days, plan("--days").days), (None, Some(None)));
    assert_eq!(plan("--days 3").days, Some(Some("3".to_owned())));
    assert_eq!(plan("--sprint one").sprint, Some(Some("one".to_owned())));
    assert_eq!(plan("--respect scopes").respect, [Respect::Scopes]);
}

#[test]
fn only_some_verbs_have_a_further_section_in_their_help() {
    let headings = ["run", "wait", "add", "edit", "check", "status", "no-such-verb"]
        .map(|verb| more_of_verb(verb).map(|(heading, _)| heading));
    let wanted = [
        Some("Exit status"),
        Some("Exit status"),
        Some("Locks"),
        Some("Locks"),
        Some("Findings"),
        None,
        None,
    ];
    assert_eq!(headings, wanted);
    assert_eq!(example_lines("no-such-verb"), "");
    assert_eq!(example_lines("help"), "  workloop help run\n      the same as workloop run --help");
    assert_eq!(example_lines("status").lines().count(), 2 * examples("status").len());
}
