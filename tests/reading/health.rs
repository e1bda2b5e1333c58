//! `doctor`, and the messages of other verbs if something is missing.

use super::{Folder, Left, chain, worked};
use serde_json::{Value, json};

/// Returns the first check of a kind.
fn sign<'v>(view: &'v Value, check: &str) -> &'v Value {
    let all = view["checks"].as_array().expect("checks");
    all.iter().find(|sign| sign["check"] == check).unwrap_or(&Value::Null)
}

const SOUND: &str = "[agents.default]\nrun = \"true\"\n[[verify]]\nname = \"t\"\nrun = \"true\"\n";

#[test]
fn doctor_reports_whether_a_run_could_start_and_the_remedy() {
    let folder = Folder::new(&chain());
    folder.write("workloop.toml", SOUND);
    let view = folder.json("doctor", "doctor q.json --json");
    assert_eq!(
        (&view["ready"], &sign(&view, "queue")["detail"]),
        (&json!(true), &json!("q.json: 4 tasks"))
    );
    let Left(exit, out, err) = folder.run("doctor q.json");
    assert_eq!((exit, err.as_str()), (0, ""), "{out}");
    assert!(out.contains("\nok    locks ") && out.contains("a run can start"), "{out}");
    // It names what a run would refuse.
    folder.write(
        "workloop.toml",
        &SOUND.replace("run = \"true\"\n[[", "run = [\"no-such-tool\"]\n[["),
    );
    let Left(exit, out, _) = folder.run("doctor q.json");
    assert_eq!(exit, 1, "{out}");
    assert!(out.contains("FAIL  run") && out.contains("no-such-tool"), "{out}");
    assert!(out.ends_with("no run can start; 1 to fix\n"), "{out}");
    folder.write("q.json", "{\"tasks\": [");
    let view = folder.json("doctor", "doctor q.json --json");
    assert_eq!(sign(&view, "queue")["mend"], "workloop check q.json");
    let Left(exit, _, err) = folder.run("doctor sandbox");
    assert_eq!(exit, 2, "{err}");
}

#[test]
fn doctor_notify_names_the_channels_that_failed() {
    let folder = Folder::new(&chain());
    let channels = "[[notify]]\non = \"limit\"\ncommand = \"cat > told\"\n\
                    [[notify]]\non = \"limit\"\ncommand = \"echo no >&2; false\"\n\
                    [[notify]]\non = \"limit\"\nslack = \"env:NO_SUCH\"\n";
    folder.write("workloop.toml", channels);
    let Left(exit, out, _) = folder.run("doctor notify");
    assert_eq!(exit, 1, "{out}");
    assert!(out.contains("ok    channel    channel 1: command cat > told: a test was delivered\n"));
    assert!(
        out.contains("FAIL  channel    channel 2: ") && out.contains("exit status 1: no"),
        "{out}"
    );
    assert!(out.contains("NO_SUCH is not set"), "{out}");
    let told = std::fs::read_to_string(folder.path("told")).expect("told");
    let told: Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!((&told["event"], &told["schema_version"]), (&json!("test"), &json!(1)));
    folder.write("workloop.toml", &channels[..channels.find("\n[[").expect("three") + 1]);
    assert_eq!(folder.run("doctor notify").0, 0);
}

/// A run reports once what it leaves to people.
#[test]
fn a_run_notifies_its_channels_of_its_result() {
    let mut queue = chain();
    queue["tasks"][0]["requires_approval"] = json!(true);
    let folder = Folder::new(&queue);
    let channel = "[[notify]]\non = [\"complete\", \"needs_you\", \"run_finished\"]\n\
                   command = \"cat >> told\"\n";
    folder.write("workloop.toml", &format!("{SOUND}{channel}"));
    let Left(exit, _, err) = folder.run("run q.json");
    assert_eq!(exit, 7, "{err}");
    let told = || {
        let told = std::fs::read_to_string(folder.path("told")).expect("told");
        let one = |line: &str| {
            let body: Value = serde_json::from_str(line).expect("JSON");
            format!("{} {}", body["event"].as_str().unwrap(), body["task"].as_str().unwrap_or("-"))
        };
        let mut all: Vec<String> = told.lines().map(one).collect();
        all.sort_unstable();
        all
    };
    assert_eq!(told(), ["complete C", "needs_you A", "run_finished -"]);
    assert_eq!(folder.run("run q.json").0, 7);
    assert_eq!(told(), ["complete C", "needs_you A", "run_finished -", "run_finished -"]);
}

#[test]
fn what_is_missing_is_reported_with_its_position() {
    let folder = worked();
    folder.write(
        "workloop.toml",
        "[agents.default]\n# a remark\nrun = \"echo $NO_SUCH\"\n[[verify]]\nrun = \"true\"\n",
    );
    let view = folder.json("check", "check q.json --json");
    let found = view["findings"].as_array().expect("findings");
    let found = found.iter().find(|finding| finding["code"] == "unset-variable").expect("it");
    assert_eq!((&found["line"], &found["column"]), (&json!(3), &json!(14)));
    // The prompt is printed even without an agent and a verification.
    folder.write("workloop.toml", "");
    let Left(exit, out, err) = folder.run("prompt B q.json");
    assert!(exit == 0 && out.contains("Walls"), "{out}{err}");
    assert!(err.starts_with("warning: no attempt would start now: "), "{err}");
    let queue =
        json!({"tasks": [{"id": "A", "title": "a", "blocks": ["B"]}, {"id": "B", "title": "b"}]});
    folder.write("q.json", &queue.to_string());
    let view = folder.json("graph", "graph q.json --format json");
    assert_eq!(view["edges"][0]["by_blocks"], true, "{view}");
}
