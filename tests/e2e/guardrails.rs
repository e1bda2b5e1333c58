//! Changes that make a completion fake although every step passes: cheats as scripted changes, each
//! with an honest one.

use crate::processes::lacks;
use crate::sandbox::{Ran, Sandbox, queue, task};
use serde_json::{Value, json};

const CONFIG: &str = "[isolation]\nmode = \"MODE\"\n[workspaces]\ndir = \"../trees\"\n\
     [agents.default]\nrun = '''sh ../../../agent/$WORKLOOP_TASK_ID'''\n\
     [[verify]]\nname = \"test\"\nrun = \"sh check.sh\"\n[limits]\nattempts = 1\nuntouched = false\nconsecutive_failures = 50\n";

/// A project whose check runs a test of a function, with a task for each row and what its agent
/// does.
struct Project {
    sandbox: Sandbox,
}

impl Project {
    fn new(more: &str, tasks: &[(&str, Value, &str)]) -> Self {
        let config = CONFIG.replace("MODE", "private") + more;
        let mut list = queue(&tasks.iter().map(|(id, ..)| (*id, &[][..])).collect::<Vec<_>>());
        let mut sandbox = Sandbox::new().config(&config);
        for (at, (id, fields, script)) in tasks.iter().enumerate() {
            for (key, value) in fields.as_object().into_iter().flatten() {
                list["tasks"][at][key] = value.clone();
            }
            sandbox = sandbox.file(&format!("../agent/{id}"), script);
        }
        let sandbox = sandbox
            .queue("q.json", &list)
            .file("add.sh", "add() { echo $(($1 + $2)); }\n")
            .file("check.sh", "set -e\n[ ! -f tests/setup.sh ] || . ./tests/setup.sh\nfor t in tests/*_test.sh; do . ./add.sh; . $t; done\n")
            .file("tests/add_test.sh", "test $(add 2 2) = 4\n");
        Self { sandbox: sandbox.committed() }
    }

    fn run(&self) -> Ran {
        self.sandbox.run(["run", "q.json"])
    }

    fn ends(&self, id: &str) -> (String, String) {
        let list = self.sandbox.read("q.json");
        let task = task(&list, id);
        let word = |key: &str| task[key].as_str().unwrap_or_default().to_owned();
        (word("status"), word("error"))
    }

    fn why(&self, id: &str) -> Value {
        let ran = self.sandbox.run(["why", id, "--json", "q.json"]).exits(0);
        serde_json::from_str(&ran.stdout).unwrap_or_default()
    }
}

/// In each cheat the work is broken, and yet every step passes on it.
#[test]
fn what_judges_and_steers_is_judged_with_what_the_base_has() {
    if lacks("git") {
        return;
    }
    const BREAK: &str = "echo 'add() { echo 5; }' >add.sh; ";
    let cheats = [
        ("expectation", "echo 'test $(add 2 2) = 5' >tests/add_test.sh", "expectation_changed"),
        ("lost", "echo true >tests/other_test.sh; git rm -q tests/add_test.sh", "items_lost"),
        ("renamed", "mv tests/add_test.sh tests/add.txt; echo true >tests/b_test.sh", "items_lost"),
        ("script", "echo exit 0 >check.sh", "steering_changed"),
        (
            "hook",
            "echo exit 0 >tests/setup.sh; echo exit 0 >conftest.py; echo 'test -f conftest.py && exit 0' >check.sh",
            "steering_changed",
        ),
    ];
    let scripts: Vec<String> =
        cheats.iter().map(|(_, script, _)| format!("{BREAK}{script}")).collect();
    let mut tasks: Vec<(&str, Value, &str)> = cheats
        .iter()
        .zip(&scripts)
        .map(|((id, ..), script)| (*id, json!({}), script.as_str()))
        .collect();
    let mends = "echo 'add() { echo $(( $1 + $2 )); }' >add.sh; ";
    let more = format!(
        "{mends}echo 'test $(add 1 1) = 2' >tests/more_test.sh; echo '# more' >>tests/add_test.sh; echo '# lint' >>check.sh"
    );
    let wanted = "echo 'add() { echo 5; }' >add.sh; echo 'test $(add 2 2) = 5' >tests/add_test.sh";
    tasks.push(("honest", json!({}), &more));
    tasks.push(("allowed", json!({"may_change_tests": true, "priority": 9}), wanted));
    let project = Project::new("[landing]\nmode = \"off\"\n", &tasks);
    let ran = project.run().exits(5);
    for (id, _, code) in cheats {
        let (status, error) = project.ends(id);
        assert_eq!(status, "blocked", "{id}: {ran}");
        assert!(error.starts_with(code), "{id}: {error}");
        assert_eq!(project.why(id)["attempts"][0]["reason_code"], code, "{id}");
    }
    for id in ["honest", "allowed"] {
        assert_eq!(project.ends(id).0, "complete", "{id}: {ran}");
    }
    let attempt = &project.why("allowed")["attempts"][0];
    let permitted = json!([{"path": "tests/add_test.sh", "by": "may_change_tests"}]);
    assert_eq!(attempt["changed_with_permission"], permitted);
}

/// A check that has no decision of its own is as good as what it sources or includes.
#[test]
fn what_a_check_is_made_of_is_judged_with_what_the_base_has() {
    if lacks("git") {
        return;
    }
    let add = "add() { echo 5; }\n";
    let files = [
        ("add.sh", add),
        ("check.sh", ". ./h.sh\nrun\n"),
        ("h.sh", "run() { . ./add.sh; test $(add 2 2) = 4; }\n"),
        ("Makefile", "include rules.inc\n-include local.inc\ntest:\n\t$(RUN)\n"),
        ("rules.inc", "RUN ?= sh check.sh\n"),
    ];
    let right = "echo 'add() { echo $(($1 + $2)); }' >add.sh";
    let list = [
        ("sourced", "sh check.sh", "echo 'run() { true; }' >h.sh", false),
        ("included", "make test", "echo 'RUN = true' >rules.inc", false),
        ("new", "make test", "echo 'RUN = true' >local.inc", false),
        ("honest", "sh check.sh", right, true),
        ("built", "make test", right, true),
    ];
    for (id, step, script, passes) in list {
        if step.starts_with("make") && crate::processes::lacks("make") {
            continue;
        }
        let mut sandbox = Sandbox::new()
            .config(&CONFIG.replace("MODE", "private").replace("sh check.sh", step))
            .queue("q.json", &queue(&[(id, &[][..])]))
            .file(&format!("../agent/{id}"), script);
        for (path, text) in files {
            sandbox = sandbox.file(path, text);
        }
        let sandbox = sandbox.committed();
        let ran = sandbox.run(["run", "q.json"]);
        let list = sandbox.read("q.json");
        let status = task(&list, id)["status"].as_str().unwrap_or_default();
        assert_eq!(status, if passes { "complete" } else { "blocked" }, "{id}: {ran}");
    }
}

/// Rust keeps tests in the files that they test.
#[test]
fn tests_inside_a_product_file_are_those_of_the_base() {
    if lacks("git") {
        return;
    }
    const EITHER: &str = "sed -i s/4/5/ src/lib.rs";
    const GONE: &str =
        "sed -i 's/{ 4 }/{ 5 }/; /cfg/,$d' src/lib.rs; echo '// const E: i32 = 5;' >>src/lib.rs";
    const MORE: &str = "sed -i '1i // more' src/lib.rs; sed -i '/mod tests/a // more' src/lib.rs";
    let tasks = [
        ("cheat", json!({}), EITHER),
        ("gone", json!({}), GONE),
        ("honest", json!({}), MORE),
        ("allowed", json!({"may_change_tests": true}), EITHER),
        ("declared", json!({"files": ["src/lib.rs"]}), EITHER),
    ];
    let more = "[landing]\nmode = \"off\"\n[[verify]]\nname = \"unit\"\nrun = \"sh unit.sh\"\n";
    let unit = "is=$(sed -n 's/^fn v.*{ \\(.*\\) }/\\1/p' src/lib.rs)\n\
                wanted=$(sed -n 's/.*E: i32 = \\(.*\\);/\\1/p' src/lib.rs | tail -n 1)\n\
                test \"$is\" = \"$wanted\"\n";
    let lib = "fn v() -> i32 { 4 }\n#[cfg(test)]\nmod tests {\n    const E: i32 = 4;\n}\n";
    let Project { sandbox } = Project::new(more, &tasks);
    let sandbox = sandbox.file("unit.sh", unit).file("src/lib.rs", lib);
    assert!(sandbox.shell("git add -A && git commit -qm unit"));
    let project = Project { sandbox };
    let ran = project.run().exits(5);
    for (id, status) in [
        ("cheat", "blocked"),
        ("gone", "blocked"),
        ("honest", "complete"),
        ("allowed", "complete"),
        ("declared", "complete"),
    ] {
        assert_eq!(project.ends(id).0, status, "{id}: {ran}");
    }
    let error = project.ends("cheat").1;
    let named = "base's version of the tests in src/lib.rs";
    assert!(error.starts_with("expectation_changed") && error.contains(named), "{error}");
    let permitted = &project.why("allowed")["attempts"][0]["changed_with_permission"];
    assert_eq!(*permitted, json!([{"path": "src/lib.rs", "by": "may_change_tests"}]));
}

#[test]
fn what_is_declared_has_to_change() {
    if lacks("git") {
        return;
    }
    let tasks = [
        ("nothing", json!({"files": ["add.sh"]}), "true"),
        ("missing", json!({"files_to_create": ["sub.sh"]}), "echo '#' >>add.sh"),
        ("outside", json!({"files": ["add.sh"]}), "echo '#' >>add.sh; echo x >else"),
        ("frozen", json!({}), "echo x >api"),
        ("named", json!({"contracts": ["API"]}), "echo x >api"),
        ("made", json!({"files_to_create": ["sub.sh"]}), "echo '#' >sub.sh"),
        ("any", json!({"type": "chore"}), "true"),
    ];
    let more = "[landing]\nmode = \"off\"\n[guardrails]\nscope = \"fail\"\nrequire_changes = \"any\"\n\
                [[guardrails.frozen]]\nname = \"API\"\npaths = [\"api\"]\n\
                [types]\nchore = { require_changes = \"none\" }\n";
    let project = Project::new(&more.replace("require_changes = \"any\"\n", ""), &tasks);
    let ran = project.run().exits(5);
    for (id, code) in [
        ("nothing", "nothing_changed"),
        ("missing", "nothing_changed"),
        ("outside", "scope"),
        ("frozen", "guardrail"),
    ] {
        assert_eq!(project.ends(id).0, "blocked", "{id}: {ran}");
        assert_eq!(project.why(id)["attempts"][0]["reason_code"], code, "{id}");
    }
    for id in ["named", "made", "any"] {
        assert_eq!(project.ends(id).0, "complete", "{id}: {ran}");
    }
}
