//! What a run refuses before anything is claimed, and what it warns of.

use super::*;
use crate::domain::Outcome;
use crate::engine::attempt::tests::case::{CONFIG, Case};
use crate::supervisor::Unstarted;
use crate::supervisor::scripted::Answer;
use serde_json::{Value, json};
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;

/// The programs of [`CONFIG`].
const TOOLS: [&str; 2] = ["agent", "check"];

/// Makes programs in the folder `bin` of the project. Returns a `PATH` that has it.
fn programs(case: &Case, names: &[&str]) -> OsString {
    for name in names {
        executable(case, &format!("bin/{name}"));
    }
    case.root().join("bin").into_os_string()
}

fn executable(case: &Case, name: &str) {
    case.put(name, "");
    let mode = fs::Permissions::from_mode(0o755);
    fs::set_permissions(case.root().join(name), mode).unwrap();
}

/// Returns the warnings of a run in `case` with these programs, or why it does not start.
fn start(case: &Case, names: &[&str]) -> Result<Vec<String>, String> {
    start_in(case, names, &Scope::default())
}

fn start_in(case: &Case, names: &[&str], scope: &Scope) -> Result<Vec<String>, String> {
    let path = programs(case, names);
    let found = preflight(&case.project(), scope, Some(&path));
    found.map(|found| found.warnings.into_iter().collect()).map_err(|error| error.to_string())
}

/// Returns everything that a survey with these programs refuses, and what it warns of.
fn surveyed(case: &Case, names: &[&str], lines: Lines) -> (Vec<String>, Vec<String>) {
    let path = programs(case, names);
    let (mut told, mut warned) = (Vec::new(), Vec::new());
    let mut tell = |error: PreflightError| told.push(error.to_string());
    let mut warn = |warning| warned.push(warning);
    let looked = (Some(path.as_os_str()), lines);
    survey(&case.project(), &Scope::default(), looked, &mut tell, &mut warn);
    (told, warned)
}

fn missing(whose: &str, program: &str) -> String {
    format!("{whose} cannot be started: {program} was not found on the PATH")
}

/// Returns a project whose queue has this task, too.
fn with_task(case: Case, task: Value) -> Case {
    let mut case = case;
    case.queue["tasks"].as_array_mut().unwrap().push(task);
    case
}

#[test]
fn a_run_whose_programs_exist_starts_without_a_warning() {
    assert_eq!(start(&Case::new(), &TOOLS), Ok(vec![]));
}

#[test]
fn a_missing_program_is_told_with_who_needs_it_and_where_it_was_searched() {
    assert_eq!(start(&Case::new(), &["check"]), Err(missing("agent default", "agent")));
    assert_eq!(start(&Case::new(), &["agent"]), Err(missing("verification step check", "check")));
    // The first problem stops the run, and a survey tells all.
    let both = [missing("agent default", "agent"), missing("verification step check", "check")];
    assert_eq!(surveyed(&Case::new(), &[], Lines::Left), (both.to_vec(), vec![]));
    // A file that is not executable, and a folder, are no programs.
    let case = Case::new().file("bin/agent", "").file("bin/check/x", "");
    assert_eq!(surveyed(&case, &[], Lines::Left).0, both);
}

#[test]
fn a_path_is_looked_up_where_its_command_runs() {
    let config = CONFIG.replace("run = [\"check\"]", "run = [\"./run\"]\ncwd = \"web\"");
    let case = Case::of(&config);
    let folder = case.root().join("web");
    let told = format!(
        "verification step check cannot be started: ./run was not found in {}",
        folder.display()
    );
    executable(&case, "run");
    assert_eq!(start(&case, &["agent"]), Err(told));
    executable(&case, "web/run");
    assert_eq!(start(&case, &["agent"]), Ok(vec![]));
    let case = Case::of(&CONFIG.replace("[\"agent\"]", "[\"bin/agent\"]"));
    assert_eq!(start(&case, &TOOLS), Ok(vec![]));
}

#[test]
fn a_step_is_not_found_through_a_relative_folder_of_the_path() {
    let case = Case::new();
    let path = programs(&case, &["agent"]);
    let relative = std::path::Path::new("target");
    let path = std::env::join_paths([Path::new(&path), relative]).unwrap();
    let error = preflight(&case.project(), &Scope::default(), Some(&path)).unwrap_err();
    assert_eq!(error.to_string(), missing("verification step check", "check"));
    let none = preflight(&case.project(), &Scope::default(), None).unwrap_err();
    assert_eq!(none.to_string(), missing("agent default", "agent"));
}

#[test]
fn a_line_for_the_shell_and_a_placeholder_are_known_only_later() {
    let config =
        CONFIG.replace("[\"agent\"]", "\"agent --fast\"").replace("[\"check\"]", "[\"{root}/x\"]");
    let case = Case::of(&config);
    assert_eq!(start(&case, &[]), Ok(vec![]));
    assert_eq!(surveyed(&case, &[], Lines::Left), (vec![], vec![]));
    let told = vec![missing("agent default", "agent")];
    assert_eq!(surveyed(&case, &[], Lines::Looked), (told, vec![]));
    assert_eq!(surveyed(&case, &["agent"], Lines::Looked), (vec![], vec![]));
}

#[test]
fn services_hooks_and_setups_need_programs_too() {
    let config = format!(
        "{CONFIG}[profiles.default]\nservices = [\"db\"]\n[services.db]\nrun = [\"postgres\"]\n\
         cwd = \"db\"\nready = {{ command = [\"pg_isready\"] }}\n[hooks]\nbefore_task = [\"ask\"]\n"
    );
    let case = Case::of(&config);
    assert_eq!(
        surveyed(&case, &TOOLS, Lines::Left).0,
        [
            missing("hook before_task", "ask"),
            missing("service db", "postgres"),
            missing("the readiness check of service db", "pg_isready"),
        ]
    );
    assert_eq!(start(&case, &["agent", "check", "ask", "postgres", "pg_isready"]), Ok(vec![]));
    // Of a shared tree, nothing is set up.
    let setup = "[workspaces]\nsetup = [\"npm ci\"]\n[isolation]\nmode = ";
    let private = Case::more(&format!("{setup}\"private\"\n"));
    let told = vec![missing("workspaces.setup \"npm ci\"", "npm")];
    assert_eq!(surveyed(&private, &TOOLS, Lines::Looked).0, told);
    assert_eq!(surveyed(&private, &TOOLS, Lines::Left).0, Vec::<String>::new());
    let shared = Case::more(&format!("{setup}\"shared\"\n"));
    assert_eq!(surveyed(&shared, &TOOLS, Lines::Looked).0, Vec::<String>::new());
}

#[test]
fn only_tasks_that_may_run_need_anything() {
    let other = |more: Value| {
        let mut task = json!({"id": "B", "title": "b", "agent": "other"});
        let Value::Object(more) = more else { panic!("{more} is no object") };
        task.as_object_mut().unwrap().extend(more);
        let config = format!("{CONFIG}[agents.other]\nrun = [\"other\"]\n");
        with_task(Case::of(&config), task)
    };
    assert_eq!(start(&other(json!({})), &TOOLS), Err(missing("agent other", "other")));
    for more in [
        json!({"status": "complete"}),
        json!({"status": "blocked", "agent": "human"}),
        json!({"type": "gate"}),
        json!({"agent": "default"}),
    ] {
        assert_eq!(start(&other(more.clone()), &TOOLS), Ok(vec![]), "{more}");
    }
    let scope = |ids: &[&str]| Scope {
        ids: ids.iter().map(ToString::to_string).collect(),
        ..Scope::default()
    };
    let case = other(json!({}));
    assert_eq!(start_in(&case, &TOOLS, &scope(&["A"])), Ok(vec![]));
    assert_eq!(start_in(&case, &TOOLS, &scope(&["B"])), Err(missing("agent other", "other")));
    let error = start_in(&case, &TOOLS, &scope(&["C1"])).unwrap_err();
    assert!(error.starts_with("there is no task `C1` in "), "{error}");
}

#[test]
fn a_name_that_only_one_task_has_wrong_is_a_warning() {
    let case = Case::new().task(json!({"verify": ["defualt"]}));
    let warning =
        "task A cannot be run: unknown profile defualt (did you mean default?); there are: default";
    assert_eq!(start(&case, &[]), Ok(vec![warning.to_owned()]));
}

#[test]
fn without_an_agent_or_a_verification_nothing_can_run() {
    let agent = "[agents.default]\nrun = [\"agent\"]\n";
    let none = "no verification is configured, so no task could be completed".to_owned();
    let case = with_task(Case::of(agent), json!({"id": "B", "title": "b"}));
    assert_eq!(
        surveyed(&case, &TOOLS, Lines::Left),
        (vec![none.clone()], vec![]),
        "once for all tasks"
    );
    assert_eq!(start(&case, &TOOLS), Err(none));
    let verify = "[[verify]]\nname = \"check\"\nrun = [\"check\"]\n";
    assert_eq!(start(&Case::of(verify), &TOOLS), Err("task A: no agent is configured".to_owned()));
    let other = verify.replace("name", "profile = \"other\"\nname");
    let case = Case::of(&format!("{agent}{other}"));
    let warning = "task A cannot be run: unknown profile default; there are: other";
    assert_eq!(start(&case, &TOOLS), Ok(vec![warning.to_owned()]));
}

#[test]
fn a_project_root_is_made_only_if_the_configuration_says_so() {
    let config = |more: &str| format!("root = \"sub/project\"\n{more}{CONFIG}");
    let case = Case::of(&config(""));
    let root = case.root().join("sub/project");
    let told = format!(
        "the project root {} does not exist: create it, or set root in workloop.toml",
        root.display()
    );
    assert_eq!(start(&case, &TOOLS), Err(told));
    let case = Case::of(&config("create_root = true\n"));
    assert_eq!(start(&case, &TOOLS), Ok(vec![]));
    assert!(case.root().join("sub/project").is_dir());
    let case = Case::of(&config("create_root = true\n")).file("sub", "in the way");
    let error = start(&case, &TOOLS).unwrap_err();
    let begin = format!(
        "the project root {} cannot be created: ",
        case.root().join("sub/project").display()
    );
    assert!(error.starts_with(&begin) && error.len() > begin.len(), "{error}");
    // A file is no root either, and nothing is put in its place.
    let case = Case::of(&config("")).file("sub/project", "in the way");
    assert!(start(&case, &TOOLS).unwrap_err().contains("does not exist"));
    assert_eq!(case.text("sub/project"), "in the way");
}

#[test]
fn keys_that_are_probably_misspelled_are_warnings() {
    let case = Case::new().task(json!({"prioritty": 3}));
    let column = case.queue.to_string().find("\"prioritty\"").unwrap() + 1;
    let text = "`prioritty` is not a known key; `priority` is probably meant";
    assert_eq!(start(&case, &TOOLS), Ok(vec![format!("q.json:1:{column}: {text}")]));
    let mut case = Case::new();
    for letter in 'a'..='h' {
        let task = json!({"id": letter, "title": "b", format!("priorit{letter}"): 3});
        case = with_task(case, task);
    }
    let warnings = start(&case, &TOOLS).unwrap();
    assert_eq!(warnings.len(), 6);
    let more = "q.json: 3 more such keys; workloop check names them";
    assert!(warnings.iter().any(|warning| warning == more), "{warnings:?}");
}

#[test]
fn settings_without_an_effect_are_warnings_with_their_line() {
    let case =
        Case::more("[workspaces]\nobjects = \"own\"\n[hooks]\nbefore_landing = [\"check\"]\n");
    let warnings = start(&case, &TOOLS).unwrap();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    let has = |text: &str| warnings.iter().any(|warning| warning.contains(text));
    assert!(has("workspaces.objects has no effect: it is for private trees"), "{warnings:?}");
    assert!(has("hooks.before_landing has no effect: nothing lands here"), "{warnings:?}");
    assert!(warnings.iter().all(|warning| warning.contains("line ")), "{warnings:?}");
}

#[test]
fn a_program_that_was_there_at_the_start_was_removed_by_the_attempt() {
    let missing = || Answer::unstarted(Unstarted::Missing, "check: not found");
    let mut case = Case::new().on("check", missing());
    let path = programs(&case, &TOOLS);
    case.known = preflight(&case.project(), &Scope::default(), Some(&path)).unwrap().known;
    let ran = case.run();
    assert_eq!(ran.end().1, "tests_failed", "{}", ran.end().2);
    assert_eq!(ran.step("check").outcome, Outcome::Exited { code: 127 });
    // Of a program that was never there, the surroundings are to blame.
    let ran = Case::new().on("check", missing()).run();
    assert_eq!(ran.end().1, "environment");
}

#[test]
fn the_first_program_of_a_line_is_told_only_where_it_is_sure() {
    for (line, program) in [
        ("npm test", Some("npm")),
        ("CI=1 ./run.sh --fast", Some("./run.sh")),
        ("cargo test && true", Some("cargo")),
        ("cd sub && npm test", None),
        ("PATH=/x:$PATH tool", None),
        ("f() { x; }; f", None),
        ("\"$TOOL\" x", None),
        ("A='b c' d", None),
        ("# nothing\nx", None),
        ("if x; then y; fi", None),
        ("", None),
    ] {
        assert_eq!(first_program(line), program, "{line}");
    }
}
