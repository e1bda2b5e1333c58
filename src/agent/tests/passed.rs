//! Tests which variables a command gets, and why others are withheld.

use super::super::environment::login_variables;
use super::super::installed::{logged_in, on_path, presets};
use super::super::presets::adapter;
use super::super::{Given, NUL_SHOWN, Policy, TaskVariables, Why};
use crate::domain::{Command, EnvironmentRules, Inherit, Preset, Values};
use std::ffi::{OsStr, OsString};
use std::path::Path;

fn vars(pairs: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    pairs.iter().map(|(name, value)| (name.into(), value.into())).collect()
}

fn values(pairs: &[(&str, &str)]) -> Values {
    Values(pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect())
}

fn names(list: &[&str]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}

/// Returns what is withheld, each as `NAME: why`.
fn withheld(given: &Given) -> Vec<String> {
    given.withheld.iter().map(|one| format!("{}: {}", one.name, one.why)).collect()
}

#[test]
fn each_withheld_variable_has_its_reason() {
    let outside = vars(&[
        ("ZED", "1"),
        ("API_KEY", "k"),
        ("CLAUDECODE", "1"),
        ("DB", "postgres://u:p@db/x"),
        ("DROPPED", "1"),
        ("WORKLOOP_QUEUE", "/q"),
    ]);
    let general = EnvironmentRules { drop: names(&["DROPPED"]), ..EnvironmentRules::default() };
    let of = |inherit: Option<Inherit>| {
        let own = EnvironmentRules { inherit, ..EnvironmentRules::default() };
        let policy = Policy { general: &general, own: &own, configured: None, agent: None };
        withheld(&policy.apply(&outside))
    };
    let safe = [
        "API_KEY: its name looks like a secret",
        "CLAUDECODE: it belongs to an agent around this process",
        "DB: it contains a URL with a password",
        "DROPPED: drop names it",
    ];
    assert_eq!(of(None), safe);
    assert_eq!(of(Some(Inherit::Safe)), safe);
    assert_eq!(of(Some(Inherit::All)), ["DROPPED: drop names it"]);
    let none = |word: &str| {
        let why = format!("inherit is \"{word}\"");
        [
            format!("API_KEY: {why}"),
            format!("CLAUDECODE: {why}"),
            format!("DB: {why}"),
            "DROPPED: drop names it".to_owned(),
            format!("ZED: {why}"),
        ]
    };
    assert_eq!(of(Some(Inherit::Core)), none("core"));
    assert_eq!(of(Some(Inherit::None)), none("none"));
    assert_eq!(Why::NotInherited(Inherit::Core).to_string(), "inherit is \"core\"");
}

#[test]
fn core_and_none_are_the_variables_of_a_plain_shell() {
    let core = [
        "HOME", "LANG", "LC_ALL", "LC_X", "LOGNAME", "PATH", "SHELL", "TERM", "TMPDIR", "TZ",
        "USER",
    ];
    let pairs: Vec<(&str, &str)> =
        core.iter().chain(&["LCX", "EDITOR"]).map(|name| (*name, "x")).collect();
    let of = |inherit: Inherit| {
        let own = EnvironmentRules { inherit: Some(inherit), ..EnvironmentRules::default() };
        let general =
            EnvironmentRules { inherit: Some(Inherit::All), ..EnvironmentRules::default() };
        let policy = Policy { general: &general, own: &own, configured: None, agent: None };
        assert_eq!(policy.inherit(), inherit, "the own setting counts");
        let given = policy.apply(&vars(&pairs)).environment;
        given.vars().map(|(name, _)| name.to_string_lossy().into_owned()).collect::<Vec<_>>()
    };
    assert_eq!(of(Inherit::Core), core);
    assert_eq!(of(Inherit::None), ["HOME", "LANG", "PATH", "TERM"]);
}

#[test]
fn a_text_that_names_a_variable_passes_it_and_only_that_one() {
    let outside = vars(&[("DB_TOKEN", "1"), ("DB_TOKEN_2", "2"), ("X_DB_TOKEN", "3")]);
    let none = EnvironmentRules::default();
    let given = |text: &str| {
        let command = Command::Shell(text.to_owned());
        let policy = Policy { general: &none, own: &none, configured: Some(&command), agent: None };
        let given = policy.apply(&outside).environment;
        given.vars().map(|(name, _)| name.to_string_lossy().into_owned()).collect::<Vec<_>>()
    };
    assert_eq!(given("psql \"$DB_TOKEN\""), ["DB_TOKEN"]);
    assert_eq!(given("psql ${DB_TOKEN_2}x"), ["DB_TOKEN_2"]);
    assert_eq!(given("psql"), [""; 0]);
    // `drop` is stronger than a mention, and `pass` needs none.
    let command = Command::Shell("psql $DB_TOKEN".to_owned());
    let own = EnvironmentRules {
        drop: names(&["DB_TOKEN"]),
        pass: names(&["X_*"]),
        ..EnvironmentRules::default()
    };
    let policy = Policy { general: &none, own: &own, configured: Some(&command), agent: None };
    let given = policy.apply(&outside);
    assert_eq!(given.environment.get("X_DB_TOKEN"), Some(OsStr::new("3")));
    assert_eq!(given.withheld.first().map(|one| one.why), Some(Why::Dropped));
    assert_eq!(given.environment.vars().count(), 1);
}

#[test]
fn of_two_files_and_two_settings_the_own_one_counts() {
    let general = EnvironmentRules {
        file: values(&[("A", "general file"), ("B", "general file"), ("D", "general file")]),
        set: values(&[("C", "general set"), ("E", "general set")]),
        ..EnvironmentRules::default()
    };
    let own = EnvironmentRules {
        file: values(&[("A", "own file"), ("C", "own file")]),
        set: values(&[("E", "own set")]),
        ..EnvironmentRules::default()
    };
    let policy = Policy { general: &general, own: &own, configured: None, agent: None };
    let given = policy.apply(&vars(&[("D", "outside"), ("F_KEY", "x")]));
    let all: Vec<(String, String)> = given
        .environment
        .vars()
        .map(|(name, value)| (name.to_string_lossy().into(), value.to_string_lossy().into()))
        .collect();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        all,
        [
            pair("A", "own file"),
            pair("B", "general file"),
            pair("C", "general set"),
            pair("D", "outside"),
            pair("E", "own set"),
        ]
    );
    assert_eq!(withheld(&given), ["F_KEY: its name looks like a secret"]);
}

#[test]
fn a_login_passes_to_its_agent_alone() {
    let shell = |text: &str| login_variables(&Command::Shell(text.to_owned()));
    for (text, expected) in [
        ("codex exec -", &["CODEX_API_KEY", "OPENAI_API_KEY"][..]),
        ("env A=1 B_2=x nice -n 5 gemini", &["GEMINI_API_KEY", "GOOGLE_API_KEY"]),
        ("npx gemini-cli@1", &["GEMINI_API_KEY", "GOOGLE_API_KEY"]),
        ("'cursor-agent' -p", &["CURSOR_API_KEY"]),
        ("(cd x; amp -x)", &["AMP_API_KEY"]),
        ("cat p | copilot", &["COPILOT_GITHUB_TOKEN", "GH_TOKEN", "GITHUB_TOKEN"]),
        ("codex; amp", &["CODEX_API_KEY", "OPENAI_API_KEY", "AMP_API_KEY"]),
    ] {
        assert_eq!(shell(text), expected, "{text}");
    }
    // A broker of models logs in with theirs, too.
    let broker = shell("opencode run");
    assert_eq!(broker[..2], ["OPENCODE_API_KEY", "OPENROUTER_API_KEY"]);
    assert_eq!(broker.len(), 12);
    assert!(broker.contains(&"MISTRAL_API_KEY") && !broker.contains(&"AMP_API_KEY"));
    // A path that only ends like a tool, or names it later, is another program.
    for text in ["./codexx", "run codex", "=codex", "sh -c codex"] {
        assert!(shell(text).len() > 20, "{text}");
    }
    let list = Command::List(names(&["timeout", "9", "/opt/amp", "codex"]));
    assert_eq!(login_variables(&list), ["AMP_API_KEY"]);
}

#[test]
fn a_login_is_found_in_the_folder_that_its_variable_names() {
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path().join(".gemini");
    std::fs::create_dir(&folder).expect("made");
    let at = |pairs: &[(&str, &Path)]| {
        let vars: Vec<(OsString, OsString)> =
            pairs.iter().map(|(name, path)| (name.into(), path.as_os_str().to_owned())).collect();
        logged_in(adapter(Preset::Gemini), &vars)
    };
    let no = cfg!(target_os = "linux").then_some(false);
    assert_eq!(at(&[("HOME", home.path())]), no);
    std::fs::File::create(folder.join("oauth_creds.json")).expect("made");
    assert_eq!(at(&[("HOME", home.path())]), Some(true));
    assert_eq!(at(&[("HOME", home.path()), ("GEMINI_DIR", home.path())]), no);
    assert_eq!(at(&[]), None, "there is no home");
    assert_eq!(at(&[("HOME", home.path()), ("GEMINI_API_KEY", Path::new(""))]), Some(true));
    assert_eq!(logged_in(adapter(Preset::Amp), &vars(&[("AMP_API_KEY", "")])), None);
    assert_eq!(logged_in(adapter(Preset::Amp), &vars(&[("AMP_API_KEY", "k")])), Some(true));
}

#[test]
fn presets_are_found_on_a_path_in_order_of_preference() {
    let dir = tempfile::tempdir().expect("a folder");
    let all: Vec<&str> = presets().map(|adapter| adapter.program).collect();
    let order =
        ["claude", "codex", "gemini", "opencode", "cursor-agent", "copilot", "amp", "aider"];
    assert_eq!(all, order);
    for program in ["aider", "codex"] {
        let path = dir.path().join(program);
        std::fs::File::create(&path).expect("made");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&path, mode).expect("mode");
    }
    std::fs::File::create(dir.path().join("gemini")).expect("not executable");
    let found: Vec<Preset> =
        on_path(dir.path().as_os_str()).iter().map(|adapter| adapter.preset).collect();
    assert_eq!(found, [Preset::Codex, Preset::Aider]);
    assert_eq!(on_path(OsStr::new("")).len(), 0);
}

#[test]
fn the_variables_of_a_task_are_what_they_are_called() {
    let path = |name: &'static str| Path::new(name);
    let mut environment = Given::default().environment;
    TaskVariables {
        task_id: "T\0 1",
        queue: path("/q.json"),
        project: Some("a\0b"),
        attempt: 3,
        worker: "h:1:00000000",
        task_file: path("/a/task.json"),
        prompt_file: path("/a/prompt.md"),
        result_file: path("/a/result.json"),
        attempt_dir: path("/a"),
        root: path("/r"),
        changed_files: Some(path("/a/changed")),
    }
    .set_in(&mut environment);
    let text = |(name, value): (&OsStr, &OsStr)| {
        format!("{}={}", name.to_string_lossy(), value.to_string_lossy())
    };
    let all: Vec<String> = environment.vars().map(text).collect();
    assert_eq!(
        all,
        [
            "WORKLOOP_ATTEMPT=3".to_owned(),
            "WORKLOOP_ATTEMPT_DIR=/a".to_owned(),
            "WORKLOOP_CHANGED_FILES=/a/changed".to_owned(),
            format!("WORKLOOP_PROJECT=a{NUL_SHOWN}b"),
            "WORKLOOP_PROMPT_FILE=/a/prompt.md".to_owned(),
            "WORKLOOP_QUEUE=/q.json".to_owned(),
            "WORKLOOP_RESULT_FILE=/a/result.json".to_owned(),
            "WORKLOOP_ROOT=/r".to_owned(),
            "WORKLOOP_TASK_FILE=/a/task.json".to_owned(),
            format!("WORKLOOP_TASK_ID=T{NUL_SHOWN} 1"),
            "WORKLOOP_WORKER=h:1:00000000".to_owned(),
        ]
    );
}
