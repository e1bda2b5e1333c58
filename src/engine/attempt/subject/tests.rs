//! The commands of a task and of the tree, with their placeholders and their environment.

use super::*;
use crate::config::parse;
use crate::engine::attempt::tests::case::Case;
use serde_json::{Value, json};
use std::path::PathBuf;

/// The `PATH` of these tests; its relative folders are not for steps.
const PATH: &str = "bin:/no-such/bin:";

/// Calls `work` with what the commands of attempt 3 at `A` are about, or those of the tree.
fn about<T>(case: &Case, has_task: bool, work: impl FnOnce(&Subject<'_>, &Fixed) -> T) -> T {
    case.source("A", |source, place, fixed| {
        let set = source.set;
        let queue = &source.queues[place.queue];
        let key = set.queue(place.queue).task("A");
        let folder = AttemptFolder::new(&set.state(place.queue), &key, 3);
        let subject = Subject {
            task: has_task.then_some((queue, place.task)),
            attempt: 3,
            queue: set.real(place.queue),
            root: Cow::Borrowed(Path::new("/tree")),
            project_root: set.root(place.queue),
            folder: &folder,
            vars: source.vars,
            rules: &set.config.environment,
        };
        work(&subject, fixed)
    })
}

fn case(task: Value) -> Case {
    let mut case = Case::new().task(task).var("PATH", PATH).var("API_TOKEN", "x");
    case.queue["project"] = json!("shop");
    case
}

fn worker() -> WorkerId {
    WorkerId::new("h:7:00000000")
}

#[test]
fn every_placeholder_has_the_value_of_the_task() {
    let task = json!({"title": "a\u{0}b", "files": ["-x.py", "b c.py"], "tests": ["-t.py", 3]});
    let case = case(task);
    about(&case, true, |subject, _| {
        let folder = subject.folder.path().display().to_string();
        let file = |name: &str| vec![format!("{folder}/{name}")];
        for (name, expected) in [
            ("id", vec!["A".to_owned()]),
            ("title", vec!["a\u{2400}b".to_owned()]),
            ("file", vec!["./-x.py".to_owned(), "b c.py".to_owned()]),
            ("files", vec!["./-x.py".to_owned(), "b c.py".to_owned()]),
            ("tests", vec!["./-t.py".to_owned(), "3".to_owned()]),
            ("attempt", vec!["3".to_owned()]),
            ("queue", vec![case.root().join("q.json").display().to_string()]),
            ("project", vec!["shop".to_owned()]),
            ("root", vec!["/tree".to_owned()]),
            ("task_file", file("task.json")),
            ("prompt_file", file("prompt.md")),
            ("result_file", file("result.json")),
            ("changed_files", file("changed-files.txt")),
            ("attempt_dir", vec![folder.clone()]),
        ] {
            assert_eq!(subject.value(name), Some(expected), "{name}");
        }
        for unknown in ["", "ID", "id ", "token"] {
            assert_eq!(subject.value(unknown), None, "{unknown:?}");
        }
        let words = ["run", "{files}", "--id={id}", "{unknown}"].map(str::to_owned).to_vec();
        let expanded = subject.expand(&Command::List(words));
        assert_eq!(expanded, ["run", "./-x.py", "b c.py", "--id=A", "{unknown}"]);
    });
}

#[test]
fn without_a_task_what_comes_from_it_is_empty() {
    about(&case(json!({"files": ["a.py"]})), false, |subject, _| {
        for name in ["id", "title"] {
            assert_eq!(subject.value(name), Some(vec![String::new()]), "{name}");
        }
        for name in ["file", "files", "tests"] {
            assert_eq!(subject.value(name), Some(vec![]), "{name}");
        }
        assert_eq!(subject.value("project"), Some(vec![String::new()]));
        assert_eq!(subject.value("root"), Some(vec!["/tree".to_owned()]));
    });
}

/// Returns the value of a variable of a command.
fn variable(env: &[(OsString, OsString)], name: &str) -> Option<String> {
    let found = env.iter().find(|(one, _)| one == name);
    found.map(|(_, value)| value.to_str().unwrap().to_owned())
}

#[test]
fn a_step_runs_by_the_path_of_the_beginning_and_is_told_of_its_task() {
    let case = case(json!({"files": ["a.py"]}));
    let step = VerifyStep {
        name: "test".to_owned(),
        profile: "default".to_owned(),
        command: Command::List(vec!["sh".to_owned(), "{files}".to_owned()]),
        timeout: Duration::from_secs(7),
        environment: EnvironmentRules::default(),
        from_queue: false,
        rules: Arc::default(),
    };
    about(&case, true, |subject, fixed| {
        let ready = subject.step(&step, &worker(), fixed);
        // No folder of this `PATH` has the program.
        assert_eq!(ready.argv, ["sh", "a.py"]);
        assert_eq!((ready.kind, ready.name.as_str()), (StepKind::Verify, "test"));
        assert_eq!(ready.configured, step.command);
        assert_eq!((ready.timeout, ready.silence), (Duration::from_secs(7), None));
        assert_eq!(ready.grace, DEFAULT_GRACE);
        let withheld: Vec<&str> = ready.withheld.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(withheld, ["API_TOKEN"]);
        let of = |name: &str| variable(&ready.env, name);
        assert_eq!(of("PATH").as_deref(), Some("/no-such/bin"));
        assert_eq!(of("WORKLOOP_TASK_ID").as_deref(), Some("A"));
        assert_eq!(of("WORKLOOP_PROJECT").as_deref(), Some("shop"));
        assert_eq!(of("WORKLOOP_ATTEMPT").as_deref(), Some("3"));
        assert_eq!(of("WORKLOOP_WORKER").as_deref(), Some("h:7:00000000"));
        assert_eq!(of("WORKLOOP_ROOT").as_deref(), Some("/tree"));
        let changed = subject.folder.file(CHANGED_FILE).display().to_string();
        assert_eq!(of("WORKLOOP_CHANGED_FILES"), Some(changed));
        assert_eq!(of("WORKLOOP_TREE_CHECK"), None);
        assert_eq!(of("API_TOKEN"), None);
    });
    about(&case, false, |subject, fixed| {
        let ready = subject.step(&step, &worker(), fixed);
        assert_eq!(ready.argv, ["sh"]);
        let of = |name: &str| variable(&ready.env, name);
        assert_eq!(of("WORKLOOP_TREE_CHECK").as_deref(), Some("1"));
        assert_eq!(of("WORKLOOP_TASK_ID").as_deref(), Some(""));
    });
    let tool = case.root().join("tools/sh");
    case.put("tools/sh", "");
    std::fs::set_permissions(&tool, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let case = case.var("X", "");
    let vars: Vec<(OsString, OsString)> = vec![("PATH".into(), tool.parent().unwrap().into())];
    let fixed = Fixed::of(&crate::config::Config::default(), &vars);
    about(&case, true, |subject, _| {
        assert_eq!(subject.step(&step, &worker(), &fixed).argv[0], tool);
    });
}

#[test]
fn an_agent_is_not_told_which_files_changed() {
    about(&case(json!({})), true, |subject, _| {
        let own = EnvironmentRules::default();
        let login = Command::Shell("agent".to_owned());
        let policy = Policy { general: &own, own: &own, configured: None, agent: Some(&login) };
        let given = subject.given(&worker(), policy).environment;
        assert_eq!(given.get("WORKLOOP_CHANGED_FILES"), None);
        assert!(given.get("WORKLOOP_TASK_FILE").is_some());
    });
}

#[test]
fn what_a_step_of_a_queue_names_is_not_passed_for_that_reason() {
    let general = EnvironmentRules::default();
    let vars: Vec<(OsString, OsString)> = vec![("API_TOKEN".into(), "x".into())];
    for (from_queue, passes) in [(false, true), (true, false)] {
        let step = VerifyStep {
            name: "v".to_owned(),
            profile: "queue".to_owned(),
            command: Command::Shell("curl $API_TOKEN".to_owned()),
            timeout: Duration::MAX,
            environment: EnvironmentRules::default(),
            from_queue,
            rules: Arc::default(),
        };
        let given = step_policy(&general, &step).apply(&vars);
        assert_eq!(given.environment.get("API_TOKEN").is_some(), passes, "{from_queue}");
    }
}

/// Two services, two profiles that need them, and what prepares private trees.
const SERVICES: &str = "[services.db]\nrun = \"postgres\"\nready = { command = \"pg_isready\" }\n\
    timeout = \"20s\"\ncwd = \"db\"\n\
    [services.web]\nrun = [\"web\", \"--port\"]\nready = { port = 8080 }\n\
    [profiles.both]\nservices = [\"web\", \"db\"]\n[profiles.one]\nservices = [\"db\"]\n\
    [[verify]]\nname = \"a\"\nprofile = \"both\"\nrun = \"a\"\n\
    [[verify]]\nname = \"b\"\nprofile = \"one\"\nrun = \"b\"\n\
    [[verify]]\nname = \"c\"\nrun = \"c\"\n\
    [workspaces]\nsetup = [\"npm ci\", \"make deps\"]\n[isolation]\nmode = \"private\"\n";

#[test]
fn each_service_that_steps_need_is_started_once_and_checked_if_it_can_be() {
    let config = parse(Path::new("/p/workloop.toml"), SERVICES).unwrap();
    let names = |steps: &[&VerifyStep]| -> Vec<String> {
        let steps: Vec<VerifyStep> = steps.iter().map(|step| (*step).clone()).collect();
        services_of(&config, &steps).iter().map(|service| service.name.clone()).collect()
    };
    let [a, b, c] = &config.steps[..] else { panic!("{:?}", config.steps) };
    assert_eq!(names(&[a, b]), ["web", "db"]);
    assert_eq!((names(&[b, a]), names(&[c])), (vec!["db".to_owned(), "web".to_owned()], vec![]));
    let services = services_of(&config, std::slice::from_ref(a));
    let shown: Vec<(String, String, Duration, Option<PathBuf>)> = service_steps(&services)
        .into_iter()
        .map(|step| {
            (step.name, step.command.to_string(), step.timeout, step.rules.step.cwd.clone())
        })
        .collect();
    let week = Duration::from_secs(7 * 24 * 60 * 60);
    let db = Some(PathBuf::from("db"));
    assert_eq!(
        shown,
        [
            ("service web".to_owned(), "web --port".to_owned(), week, None),
            ("service db".to_owned(), "postgres".to_owned(), week, db.clone()),
            ("service db".to_owned(), "pg_isready".to_owned(), Duration::from_secs(20), db),
        ]
    );
    about(&case(json!({})), true, |subject, fixed| {
        let ready = subject.services(services.clone(), &worker(), fixed);
        let last = |ready: &Ready| ready.argv.last().unwrap().clone();
        let shown: Vec<_> = ready
            .iter()
            .map(|one| (&*one.service.name, last(&one.command), one.health.as_ref().map(last)))
            .collect();
        let db = ("db", "postgres".into(), Some("pg_isready".into()));
        assert_eq!(shown, [("web", "--port".into(), None), db]);
    });
}

#[test]
fn the_setup_of_a_tree_is_a_line_for_the_shell_each() {
    let config = parse(Path::new("/p/workloop.toml"), SERVICES).unwrap();
    let lines = |config: &Config| -> Vec<(String, Command, Duration)> {
        let steps = set_up_steps(config).into_iter();
        steps.map(|step| (step.name, step.command, step.timeout)).collect()
    };
    let line = |text: &str| {
        (SETUP.to_owned(), Command::Shell(text.to_owned()), Duration::from_secs(30 * 60))
    };
    assert_eq!(lines(&config), [line("npm ci"), line("make deps")]);
    assert_eq!(lines(&Config::default()), []);
}
