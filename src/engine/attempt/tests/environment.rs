//! What the commands of an attempt get: variables, files, and their prompt.

use super::case::Case;
use crate::domain::Verdict;
use crate::supervisor::Unstarted;
use crate::supervisor::scripted::{Answer, variable};
use serde_json::{Value, json};
use std::fs;

#[test]
fn every_command_is_told_of_its_task() {
    let mut case = Case::new();
    case.attempt(4);
    let ran = case.run();
    let folder = ran.finished.job.folder.path().display().to_string();
    let root = case.root().display().to_string();
    for (word, changed) in [("agent", None), ("check", Some(format!("{folder}/changed-files.txt")))]
    {
        let spec = case.script.last(word);
        let names = [
            "WORKLOOP_TASK_ID",
            "WORKLOOP_QUEUE",
            "WORKLOOP_PROJECT",
            "WORKLOOP_ATTEMPT",
            "WORKLOOP_WORKER",
            "WORKLOOP_TASK_FILE",
            "WORKLOOP_PROMPT_FILE",
            "WORKLOOP_RESULT_FILE",
            "WORKLOOP_ATTEMPT_DIR",
            "WORKLOOP_ROOT",
        ];
        let values = names.map(|name| variable(&spec, name).unwrap());
        let wanted = [
            "A".to_owned(),
            format!("{root}/q.json"),
            String::new(),
            "4".to_owned(),
            "h:7:00000000".to_owned(),
            format!("{folder}/task.json"),
            format!("{folder}/prompt.md"),
            format!("{folder}/result.json"),
            folder.clone(),
            root.clone(),
        ];
        assert_eq!(values, wanted, "{word}");
        assert_eq!(variable(&spec, "WORKLOOP_CHANGED_FILES"), changed, "{word}");
        assert_eq!(variable(&spec, "WORKLOOP_TREE_CHECK"), None, "{word}");
        assert_eq!(spec.cwd, case.root());
    }
}

#[test]
fn variables_of_the_loop_that_look_like_secrets_are_withheld_and_listed() {
    let case = Case::new()
        .var("HOME", "/home/me")
        .var("EDITOR", "vi")
        .var("DEPLOY_TOKEN", "t0ken-of-mine")
        .var("WORKLOOP_TASK_ID", "an outer one");
    let ran = case.run();
    for word in ["agent", "check"] {
        let spec = case.script.last(word);
        let passed = ["HOME", "EDITOR", "DEPLOY_TOKEN"].map(|name| variable(&spec, name));
        assert_eq!(passed, [Some("/home/me".to_owned()), Some("vi".to_owned()), None], "{word}");
        assert_eq!(variable(&spec, "WORKLOOP_TASK_ID").as_deref(), Some("A"));
    }
    let listed: Value = serde_json::from_str(&ran.text("env.json")).unwrap();
    assert_eq!(listed, json!({"passed": ["EDITOR", "HOME"], "withheld": ["DEPLOY_TOKEN"]}));
}

#[test]
fn without_an_agent_the_list_is_that_of_the_first_step() {
    let config = "[agents.default]\nrun = [\"agent\"]\n[[verify]]\nname = \"check\"\nrun = [\"check\"]\n\
                  env = { ONLY = \"here\" }\n";
    let case = Case::of(config).task(json!({"type": "gate"}));
    let ran = case.run();
    let listed: Value = serde_json::from_str(&ran.text("env.json")).unwrap();
    assert_eq!(listed, json!({"passed": ["ONLY"], "withheld": []}));
}

#[test]
fn a_failure_that_a_withheld_variable_may_explain_says_so() {
    let case = Case::new().var("DEPLOY_TOKEN", "t0ken-of-mine").var("OTHER_KEY", "k3y-of-mine");
    let case = case.on("check", Answer::exit(1).prints("DEPLOY_TOKEN is not set\n"));
    let (verdict, code, reason) =
        (Some(Verdict::Fail), "tests_failed", "step check: exit status 1; not passed to it: ");
    let ran = case.run();
    assert_eq!((ran.end().0, ran.end().1), (verdict, code));
    let said = ran.end().2;
    assert!(said.starts_with(&format!("{reason}DEPLOY_TOKEN (")), "{said}");
    let advice = "; if it needs that, pass = [\"DEPLOY_TOKEN\"] under [environment]";
    assert!(said.ends_with(advice), "{said}");
    assert!(!said.contains("OTHER_KEY"), "{said}");
    let case = Case::new().var("DEPLOY_TOKEN", "t0ken-of-mine");
    let ran = case.on("check", Answer::exit(1).prints("MY_DEPLOY_TOKENS\n")).run();
    assert_eq!(ran.end().2, "step check: exit status 1", "another word");
}

#[test]
fn a_failure_of_an_agent_looks_at_what_it_complained_of() {
    let case = Case::new().var("DEPLOY_TOKEN", "t0ken-of-mine");
    let ran = case.on("agent", Answer::exit(1).complains("no $DEPLOY_TOKEN\n")).run();
    assert!(ran.end().2.contains("not passed to it: DEPLOY_TOKEN ("), "{}", ran.end().2);
}

#[test]
fn the_files_of_an_attempt_are_there_before_its_agent_starts() {
    let looks = Answer::exit(0).does(|spec| {
        let text = |name: &str| fs::read_to_string(variable(spec, name).unwrap()).unwrap();
        let task: Value = serde_json::from_str(&text("WORKLOOP_TASK_FILE")).unwrap();
        assert_eq!((task["id"].as_str(), task["title"].as_str()), (Some("A"), Some("a")));
        assert!(text("WORKLOOP_TASK_FILE").ends_with("}\n"));
        assert_eq!(
            text("WORKLOOP_PROMPT_FILE"),
            fs::read_to_string(spec.stdin.as_ref().unwrap()).unwrap()
        );
    });
    let case = Case::new().task(json!({"description": "make it so"})).on("agent", looks);
    let ran = case.run();
    assert_eq!(ran.end().0, Some(Verdict::Pass));
    assert!(ran.text("prompt.md").contains("make it so"), "{}", ran.text("prompt.md"));
    let guard: Value = serde_json::from_str(&ran.text("guard.json")).unwrap();
    assert!(guard.is_object());
}

#[test]
fn a_prompt_that_cannot_be_rendered_is_a_fault_of_the_environment() {
    let case = Case::new().job(|job| job.prompt = Err("no template".to_owned()));
    let ran = case.run();
    assert_eq!(ran.end(), (None, "environment", "no template"));
    assert_eq!(case.script.words(), Vec::<String>::new());
}

#[test]
fn a_prompt_that_is_an_argument_is_the_text_itself_or_where_it_is() {
    let config = "[agents.default]\npreset = \"copilot\"\n\
                  [[verify]]\nname = \"check\"\nrun = [\"check\"]\n";
    let case = Case::of(config).task(json!({"description": "make it so"}));
    let ran = case.run();
    let [agent, ..] = &case.script.ran()[..] else { panic!("nothing ran") };
    let prompt = ran.text("prompt.md");
    assert!(agent.argv.iter().any(|word| *word == *prompt), "{:?}", agent.argv);
    let case = Case::of(config).task(json!({"description": "x".repeat(200_000)}));
    let ran = case.run();
    let file = ran.finished.job.folder.file("prompt.md").display().to_string();
    let [agent, ..] = &case.script.ran()[..] else { panic!("nothing ran") };
    let said = format!("Read the file {file} and do what it says.");
    assert!(agent.argv.iter().any(|word| *word == *said), "{:?}", agent.argv);
}

#[test]
fn secrets_in_a_prompt_are_masked() {
    let secret = "s3cr3t-0123456789";
    let case = Case::new().var("API_TOKEN", secret);
    let ran = case.task(json!({"description": format!("use {secret}")})).run();
    let prompt = ran.text("prompt.md");
    assert!(prompt.contains("use [masked]") && !prompt.contains(secret), "{prompt}");
}

#[test]
fn a_folder_that_cannot_be_written_is_a_fault_of_the_environment() {
    let case = Case::new();
    let folder = case.prepared().folder;
    fs::create_dir_all(folder.path().parent().unwrap()).unwrap();
    fs::write(folder.path(), "a file in the place of the folder").unwrap();
    let ran = case.run();
    let (verdict, code, reason) = ran.end();
    let file = folder.file("task.json").display().to_string();
    assert_eq!((verdict, code), (None, "environment"), "{reason}");
    assert!(reason.starts_with(&format!("cannot write {file}: ")), "{reason}");
    assert_eq!(case.script.words(), Vec::<String>::new());
    assert!(
        ran.finished.warnings.iter().any(|text| text.starts_with("failed to store the verdict: ")),
        "{:?}",
        ran.finished.warnings
    );
}

#[test]
fn an_agent_starts_again_if_its_files_were_deleted_before_it_could() {
    let late = |removed: fn(&std::path::Path)| {
        Answer::unstarted(Unstarted::Other, "open prompt.md: gone")
            .does(move |spec| removed(spec.stdin.as_ref().unwrap()))
    };
    let folder = late(|prompt| fs::remove_dir_all(prompt.parent().unwrap()).unwrap());
    let linked = late(|prompt| {
        fs::remove_file(prompt).unwrap();
        std::os::unix::fs::symlink("/dev/null", prompt).unwrap();
    });
    for gone in [folder, linked] {
        let reads = Answer::exit(0).does(|spec| {
            let prompt = fs::symlink_metadata(spec.stdin.as_ref().unwrap()).unwrap();
            assert!(prompt.is_file() && prompt.len() > 0);
        });
        let case = Case::new().on("agent", gone).on("agent", reads);
        let ran = case.run();
        assert_eq!(ran.end(), (Some(Verdict::Pass), "", ""));
        assert_eq!(case.script.words(), ["agent", "agent", "check"]);
        assert_eq!(ran.report().steps.len(), 2);
    }
}

#[test]
fn an_agent_that_cannot_start_although_its_files_are_there_is_not_started_again() {
    let case = Case::new().on("agent", Answer::unstarted(Unstarted::Other, "no memory"));
    case.run();
    assert_eq!(case.script.words(), ["agent"]);
}
