//! Tests of the configuration.

mod choice;
mod judged;
mod kinds;
mod overrides;
mod queues;
mod services;
mod small;
mod unknown;
mod verify;

use super::*;
use crate::domain::{Command, Field, Level, PhaseProfiles, Task, TaskId};
use crate::guardrails::Requires;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

const FULL: &str = r#"
queues = ["queues/*.json"]
root = "target/demo"
create_root = true
allow_queue_commands = false

[project.shop]
root = "../shop"
queues = { default = "tasks/work_queue_shop.json", features = "tasks/shop_features.json" }

[agents]
strict = false
[agents.default]
preset = "command"
run = "./agent.sh --fast"
timeout = "1h30m"
silence = "5m"
max_parallel = 4
ok_exit_codes = [3]
prompt = "prompts/own.j2"
environment = { pass = ["DATABASE_URL", "SHOP_*"] }
[agents.feature-builder]
run = ["build", "{id}"]

[[verify]]
name = "lint"
run = "npm run lint"
timeout = "5m"
[[verify]]
run = ["npm", "test", "{tests}"]
[[verify]]
profile = "quick"
run = "true"

[types]
bugfix = { agent = "Feature_Builder", verify = "quick" }
docs = { agent = "human" }

[limits]
attempts = 3
scopes = "warn"
promise = true

[estimates]
effort = { S = "30m", XL = "20h" }

[environment]
pass = ["CI_*"]
"#;

fn full() -> Config {
    parse(Path::new("/p/workloop.toml"), FULL).expect("valid")
}

fn refused(text: &str) -> String {
    parse(Path::new("/p/workloop.toml"), text).expect_err("refused").to_string()
}

/// Returns what is wrong with a file, each problem as `line:column: message`.
fn problems(text: &str) -> Vec<String> {
    let Err(refused) = parse(Path::new("/p/workloop.toml"), text) else { return Vec::new() };
    let one =
        |found: &problem::Problem| format!("{}:{}: {}", found.line, found.column, found.message);
    refused.problems.iter().map(one).collect()
}

fn task(agent: Option<&str>, kind: Option<&str>) -> Task {
    let mut task = Task::new(TaskId::new("T").expect("id"));
    task.set_text(Field::Agent, agent.unwrap_or_default());
    task.set_text(Field::Type, kind.unwrap_or_default());
    task
}

fn chosen(config: &Config, task: &Task) -> (String, Option<String>) {
    match config.agent_for(task) {
        Ok(Runner::Agent(choice)) => (choice.name, choice.warning),
        other => (format!("{other:?}"), None),
    }
}

fn no_env(_: &str) -> Option<String> {
    None
}

/// Creates a folder with these files, each with the text of a queue or of a configuration.
fn folder(files: &[&str]) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("dir");
    let root = dir.path().canonicalize().expect("real");
    for file in files {
        let path = root.join(file);
        fs::create_dir_all(path.parent().expect("parent")).expect("folder");
        put(&path, if file.ends_with("toml") { "" } else { "{\"tasks\": []}" });
    }
    (dir, root)
}

fn put(path: &Path, text: &str) {
    use std::io::Write;
    let mut file = fs::File::create(path).expect("file");
    file.write_all(text.as_bytes()).expect("write");
    fs::set_permissions(path, fs::Permissions::from_mode(0o644)).expect("mode");
}

fn query(cwd: &Path) -> QueueQuery {
    QueueQuery { cwd: cwd.to_owned(), ..QueueQuery::default() }
}

fn paths(query: &QueueQuery) -> Result<Vec<String>, String> {
    let selection = select(query, &Overrides::default(), &no_env).map_err(|e| e.to_string())?;
    Ok(selection.queues.iter().map(|queue| queue.shown.display().to_string()).collect())
}

#[test]
fn a_full_file_is_read_with_its_origins() {
    let config = full();
    assert_eq!(config.root.as_deref(), Some(Path::new("/p/target/demo")));
    assert!(config.create_root);
    let shop = &config.projects["shop"];
    assert_eq!(shop.root.as_deref(), Some(Path::new("/shop")));
    assert_eq!(shop.queues[0], ("default".into(), "/p/tasks/work_queue_shop.json".into()));
    let agent = &config.agents["default"];
    assert_eq!(agent.command, Command::Shell("./agent.sh --fast".into()));
    assert_eq!(agent.timeout, Duration::from_secs(5400));
    assert_eq!(agent.silence, Some(Duration::from_secs(300)));
    assert_eq!(agent.grace, Duration::from_secs(10));
    assert_eq!(agent.accepted_exits(), BTreeSet::from([0, 3]));
    assert_eq!(agent.prompt.as_deref(), Some(Path::new("/p/prompts/own.j2")));
    let names: Vec<&str> = config.steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(names, ["lint", "npm test {tests}", "true"]);
    assert_eq!(config.steps[1].timeout, Duration::from_secs(600));
    assert_eq!(*config.limits.attempts, 3);
    assert_eq!(config.limits.attempts.origin, Origin::File { line: 40 });
    assert_eq!(*config.limits.scopes, ScopeMode::Warn);
    assert_eq!(config.limits.crashes.origin, Origin::Default);
    assert_eq!(config.effort_minutes, [30.0, 240.0, 480.0, 1200.0]);
    assert_eq!(config.environment.pass, ["CI_*"]);
}

#[test]
fn an_empty_file_is_the_default() {
    let path = PathBuf::from("/p/workloop.toml");
    let config = parse(&path, "").expect("valid");
    assert_eq!(config, Config { path: Some(path), ..Config::default() });
    let limits = config.limits;
    let numbers =
        [limits.attempts, limits.crashes, limits.consecutive_failures, limits.keep_attempts];
    assert_eq!(numbers.map(|number| number.value), [5, 3, 5, 20]);
}

#[test]
fn a_wrong_key_is_shown_with_its_place() {
    assert_eq!(
        refused("[agents.default]\nrun = \"x\"\n  timout = \"1m\"\n"),
        "/p/workloop.toml:3:3: unknown key timout in [agents.default]; did you mean timeout?\n\
         3 |   timout = \"1m\"\n  |   ^"
    );
    assert_eq!(
        refused("queues = [\"a\"\n").lines().next(),
        Some("/p/workloop.toml:1:14: unclosed array, expected `]`")
    );
}

#[test]
fn everything_wrong_is_told_at_once() {
    let text = refused(
        "colour = 1\n[limits]\nattempts = 0\nscopes = \"of\"\ncost_usd_per_day = 5\n\
         [agents.a]\npreset = \"claud\"\n[agents.b]\ntimeout = \"5x\"\n[agents.manual]\nrun = 1\n\
         [[verify]]\nname = \"x\"\n[[verify]]\nrun = []\nmeasure = {}\n\
         [types.bug]\nverfy = 1\n",
    );
    let heads: Vec<&str> = text.lines().filter(|line| line.starts_with("/p/")).collect();
    let expected = [
        "1:1: unknown key colour; known: root, create_root, queues",
        "3:12: attempts must be a whole number of at least 1",
        "4:10: scopes must be \"serialize\", \"warn\" or \"off\"",
        "5:1: cost_usd_per_day in [limits] is not supported by this version; remove it",
        "7:10: unknown preset claud (did you mean claude?); known: claude, codex",
        "8:9: agent b needs run",
        "9:11: \"5x\" is not a duration",
        "10:9: manual is reserved for a person and is never run",
        "12:1: a verification step needs run",
        "15:7: run must not be empty",
        "16:11: measure needs one of regex and json_pointer",
        "18:1: unknown key verfy in [types.bug]; did you mean verify?",
    ];
    assert_eq!(heads.len(), expected.len(), "{text}");
    for (head, expected) in heads.iter().zip(expected) {
        assert!(head.starts_with(&format!("/p/workloop.toml:{expected}")), "{head}\n{expected}");
    }
}

#[test]
fn guardrails_are_globs_codes_and_patterns() {
    let config = parse(
        Path::new("/p/workloop.toml"),
        "[guardrails]\nprotect = [\"tests/golden/**\", \"ci.yml\"]\n",
    )
    .expect("read");
    assert_eq!(config.protect, ["tests/golden/**", "ci.yml"]);
    for wrong in ["/etc/**", "../x", "a/../../b", "[", ""] {
        let text = refused(&format!("[guardrails]\nprotect = [\"{wrong}\"]\n"));
        assert!(text.contains("protect must be globs relative to the project root"), "{text}");
    }
    for (wrong, said) in [
        ("deny = [\"(\"]", "deny must be regular expressions"),
        ("deny = [\"x*\"]", "matches every line"),
        ("allow = [\"frozen\"]", "allow must be rule codes"),
        ("allow = [\"frozn:a\"]", "no rule has the code frozn; did you mean frozen?"),
        ("scope = \"block\"", "scope must be \"warn\" or \"fail\""),
        (
            "require_changes = \"all\"",
            "require_changes must be \"declared\" or \"any\" or \"none\"",
        ),
        (
            "levels = { frozen = \"bad\" }",
            "frozen must be \"warn\", \"fail\", \"block\" or \"off\"",
        ),
        ("[[guardrails.frozen]]\nafter = \"G\"", "[[guardrails.frozen]] needs paths"),
    ] {
        let text = refused(&format!("[guardrails]\n{wrong}\n"));
        assert!(text.contains(said), "{wrong}: {text}");
    }
    let text = "[guardrails]\nscope = \"fail\"\nrequire_changes = \"any\"\ndeny = [\"XXX\"]\n\
                allow = [\"frozen:a/*\"]\nlevels = { scope = \"off\", frozen = \"block\" }\n\
                [[guardrails.frozen]]\nname = \"API\"\npaths = [\"api/*\"]\nafter = \"G\"\n\
                [types]\nbug = { require_changes = \"none\" }\n[[verify]]\nrun = \"x\"\nprofile = \"soft\"\n\
                [profiles.soft]\nrequire_changes = \"declared\"\n";
    let config = parse(Path::new("/p/workloop.toml"), text).expect("read");
    let rules = &config.guardrails;
    assert_eq!((rules.scope, rules.level("frozen", None, "b")), (Level::Fail, Some(Level::Block)));
    assert_eq!((rules.level("frozen", None, "a/x"), rules.level("scope", None, "")), (None, None));
    assert_eq!(rules.frozen[0].after.as_deref(), Some("G"));
    let mut bug = task(None, None);
    assert_eq!(config.requires(&bug, &PhaseProfiles::default()), Requires::Any);
    bug.set_list(Field::Verify, ["soft"]);
    assert_eq!(config.requires(&bug, &PhaseProfiles::default()), Requires::Declared);
    bug.set_text(Field::Type, "Bug");
    assert_eq!(config.requires(&bug, &PhaseProfiles::default()), Requires::None);
}

#[test]
fn a_type_names_what_exists() {
    let text = refused(
        "[agents.default]\nrun = \"x\"\n[[verify]]\nrun = \"y\"\n\
         [types]\nbug = { agent = \"c\", verify = [\"defualt\"] }\n",
    );
    assert!(text.contains("6:17: there is no agent c\n"), "{text}");
    let expected = "6:32: there is no verification profile defualt; did you mean default?\n";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn an_agent_needs_a_command_and_a_name_of_its_own() {
    assert!(refused("[agents.a]\ngrace = \"1s\"\n").contains("agent a needs run"));
    let known = refused("[[known_errors]]\nmatch = \"x*\"\nfix = \"y\"\n");
    assert!(known.contains("matches every output"), "{known}");
    let text = refused("[agents.Test-Writer]\nrun = \"x\"\n[agents.test_writer]\nrun = \"y\"\n");
    assert!(text.contains("has the same name as Test-Writer"), "{text}");
}

#[test]
fn the_agent_of_a_task_is_chosen() {
    let config = full();
    let named = |agent| chosen(&config, &task(Some(agent), None));
    assert_eq!(named("FeatureBuilder"), ("feature-builder".into(), None));
    assert_eq!(named("feature_builder"), ("feature-builder".into(), None));
    let (name, warning) = named("tester");
    assert_eq!(name, "default");
    assert_eq!(warning.as_deref(), Some("there is no agent tester; default runs it"));
    assert_eq!(chosen(&config, &task(None, Some("BugFix"))), ("feature-builder".into(), None));
    assert_eq!(chosen(&config, &task(Some("default"), Some("bugfix"))), ("default".into(), None));
    assert_eq!(chosen(&config, &task(None, None)), ("default".into(), None));
    assert_eq!(config.agent_for(&task(Some("Manual"), None)), Ok(Runner::Person));
    assert_eq!(config.agent_for(&task(None, Some("docs"))), Ok(Runner::Person));
    assert_eq!(config.agent_for(&task(None, Some("Gate"))), Ok(Runner::Gate));
    let strict = Config { strict_agents: true, ..config };
    let error = strict.agent_for(&task(Some("featurebuilde"), None)).expect_err("strict");
    let text = "unknown agent featurebuilde (did you mean feature-builder?); \
                there are: default, feature-builder";
    assert_eq!(error.to_string(), text);
    assert_eq!(Config::default().agent_for(&task(None, None)), Err(ChoiceError::NoAgent));
}

#[test]
fn verification_of_a_task_is_chosen() {
    let config = full();
    let names = |config: &Config, task: &Task| {
        let steps = config
            .profiles_for(task, &PhaseProfiles::default())
            .map_err(|error| error.to_string())?;
        Ok::<_, String>(steps.iter().map(|step| step.name.clone()).collect::<Vec<_>>())
    };
    assert_eq!(
        names(&config, &task(None, None)),
        Ok(vec!["lint".into(), "npm test {tests}".into()])
    );
    assert_eq!(names(&config, &task(None, Some("bugfix"))), Ok(vec!["true".into()]));
    let mut own = task(None, Some("bugfix"));
    own.set_list(Field::Verify, ["quick", "default"]);
    assert_eq!(names(&config, &own).map(|names| names.len()), Ok(3));
    own.set_list(Field::Verify, ["rm -rf x"]);
    let error = "unknown profile rm -rf x; there are: default, quick".to_owned();
    assert_eq!(names(&config, &own), Err(error));
    let trusting = Config { allow_queue_commands: true, ..config };
    assert_eq!(names(&trusting, &own), Ok(vec!["rm -rf x".into()]));
    let none = Config::default();
    assert_eq!(
        none.profiles_for(&own, &PhaseProfiles::default()),
        Err(ChoiceError::UnknownProfile { name: "rm -rf x".into(), phase: None, known: vec![] })
    );
    assert_eq!(
        none.profiles_for(&task(None, None), &PhaseProfiles::default()),
        Err(ChoiceError::NoVerification)
    );
    assert!(!none.has_verification());
    let off = Config { verification: Verification::Off, ..trusting };
    assert_eq!(names(&off, &own), Ok(vec![]));
    assert!(!off.is_verified() && off.has_verification());
}

#[test]
fn flags_go_before_the_environment_and_that_before_the_file() {
    let (_dir, root) = folder(&["q.json", "workloop.toml"]);
    put(&root.join("workloop.toml"), FULL);
    let mut query = query(&root);
    query.paths = vec!["q.json".into()];
    let env = |name: &str| match name {
        "WORKLOOP_AGENT" => Some("from-env".to_owned()),
        "WORKLOOP_JOBS" => Some("4".to_owned()),
        _ => None,
    };
    let config = select(&query, &Overrides::default(), &env).expect("valid").config;
    let agent = config.agent.clone().expect("agent");
    assert_eq!(agent.origin, Origin::Environment("WORKLOOP_AGENT"));
    assert_eq!(agent.command, Command::Shell("from-env".into()));
    assert_eq!(agent.timeout, Duration::from_secs(5400));
    assert_eq!((*config.jobs, config.jobs.origin), (4, Origin::Environment("WORKLOOP_JOBS")));
    let overrides = Overrides {
        agent: Some("feature-builder".into()),
        jobs: Some(2),
        verify: vec!["make".into()],
        ..Overrides::default()
    };
    let config = select(&query, &overrides, &env).expect("valid").config;
    assert_eq!(chosen(&config, &task(Some("default"), None)).0, "feature-builder");
    assert_eq!(config.agent_for(&task(Some("human"), None)), Ok(Runner::Person));
    assert_eq!((*config.jobs, config.jobs.origin.clone()), (2, Origin::Flag("--jobs")));
    assert_eq!(
        config.profiles_for(&task(None, None), &PhaseProfiles::default()).expect("steps")[0].name,
        "make"
    );
    let bad = |name: &str| (name == "WORKLOOP_JOBS").then(|| "0".to_owned());
    assert!(select(&query, &Overrides::default(), &bad).is_err());
}

#[test]
fn a_configuration_that_anybody_may_write_is_refused() {
    let (_dir, root) = folder(&["a/q.json", "workloop.toml"]);
    let config = root.join("workloop.toml");
    fs::set_permissions(&config, fs::Permissions::from_mode(0o666)).expect("mode");
    let mut query = query(&root);
    query.paths = vec!["a/q.json".into()];
    let error = paths(&query).expect_err("refused");
    assert!(error.contains("every user may write"), "{error}");
    let Anyway { selection, wrong } = select_anyway(&query, &Overrides::default(), &no_env);
    assert_eq!(selection.expect("queues").queues.len(), 1);
    assert!(matches!(wrong, Some(ConfigError::Untrusted(_))));
}

#[test]
fn what_is_right_in_a_wrong_configuration_still_says_where_queues_are() {
    let (_dir, root) = folder(&["work/q.json", "sub/x"]);
    put(&root.join("workloop.toml"), "queues = [\"work/*.json\"]\n[limits]\natempts = 3\n");
    let query = query(&root.join("sub"));
    let Anyway { selection, wrong } = select_anyway(&query, &Overrides::default(), &no_env);
    assert_eq!(selection.expect("a queue").queues[0].shown, Path::new("../work/q.json"));
    assert!(matches!(wrong, Some(ConfigError::Refused(_))));
}
