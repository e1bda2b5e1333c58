//! Files that change while several attempts run in one tree: each is counted as the work of the
//! task that declares it, or reported as possibly from any of them.

use crate::processes::lacks;
use crate::sandbox::task;
use crate::twins::holds;
use serde_json::json;

/// Both agents wait until both have started, and until both have written.
const CONFIG: &str = r#"
[limits]
untouched = false
scopes = "off"
[agents.default]
run = '''
both() { until [ -e sync/$1-A ] && [ -e sync/$1-B ]; do sleep 0.05; done; }
id=$WORKLOOP_TASK_ID
: >sync/began-$id; both began
echo $id >declared-$id; mkdir -p dir-$id/sub; echo $id >dir-$id/sub/x; echo $id >undeclared-$id
echo $id >shared-file
: >sync/wrote-$id; both wrote
'''
timeout = "60s"
[[verify]]
name = "ok"
run = "true"
"#;

#[test]
fn what_changed_while_several_ran_is_counted_once() {
    if lacks("git") {
        return;
    }
    holds("overlap-ignored", |sandbox| {
        let one = |id: &str| {
            json!({"id": id, "title": id, "files_to_modify": [format!("declared-{id}")],
                "scope": [format!("dir-{id}/**"), "shared-file"]})
        };
        let sandbox = sandbox
            .config(CONFIG)
            .queue("q.json", &json!({"tasks": [one("A"), one("B")]}))
            .file(".gitignore", "sync/\nout/\n")
            .file("sync/README", "");
        let user = "git config user.email t@example.org && git config user.name t";
        assert!(
            sandbox.shell(&format!("git init -q . && {user} && git add -A && git commit -qm 1"))
        );
        sandbox.run(["run", "q.json", "--jobs", "2"]).exits(0);
        let list = sandbox.read("q.json");
        let mut broken = Vec::new();
        let ambiguous = json!(["shared-file", "undeclared-A", "undeclared-B"]);
        for id in ["A", "B"] {
            let found = task(&list, id);
            let own = json!([format!("declared-{id}"), format!("dir-{id}/sub/x")]);
            if found["files_actually_changed"] != own || found["files_ambiguous"] != ambiguous {
                broken.push(format!("{id}: {found}"));
            }
            if broken.is_empty() {
                let says = "possibly by other attempts: shared-file, undeclared-A";
                sandbox.run(["why", id, "q.json"]).exits(0).says(says);
                let told = sandbox.run(["why", id, "q.json", "--json"]).exits(0).json();
                assert_eq!(told["attempts"][0]["files_ambiguous"], ambiguous);
            }
        }
        broken
    });
}
