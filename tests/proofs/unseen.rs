//! Agents find nothing of a hidden step; and the broken twins of that.

use crate::processes::lacks;
use crate::sandbox::{Sandbox, queue, task};
use crate::twins::{holds, unless};

/// Special cases pass the visible test, but not the hidden one. What the work itself does with what
/// it finds while it is judged must be gone as well.
const CONFIG: &str = r##"
[isolation]
mode = "private"
[workspaces]
dir = "../trees"
keep = ["cache/"]
[landing]
mode = "off"
[limits]
attempts = 2
untouched = false
[agents.default]
run = '''
cat >add.sh <<'END'
add() { case "$1 $2" in "2 2") echo 4;; *) echo 5; mkdir -p cache; cp hidden_test.sh cache/ ; cat hidden_test.sh >>.git/config; cat hidden_test.sh;; esac; }
END
echo "# $WORKLOOP_ATTEMPT" >>add.sh
grep -rl "$WORD" "$WORKLOOP_ATTEMPT_DIR/.." "$WORKLOOP_PROMPT_FILE" . ../judge-* >>"$FOUND" 2>/dev/null
true
'''
[[verify]]
name = "seen"
run = ". ./add.sh; test $(add 2 2) = 4"
[[verify]]
name = "unseen"
run = "sh hidden_test.sh"
hidden = "../hidden"
[environment]
pass = ["FOUND", "WORD"]
"##;

fn told(mut sandbox: Sandbox) -> Vec<String> {
    let found = sandbox.path("../found");
    sandbox.variables.push(("FOUND".to_owned(), found.display().to_string()));
    sandbox.variables.push(("WORD".to_owned(), "K3Y-7".to_owned()));
    let sandbox = sandbox
        .config(CONFIG)
        .queue("q.json", &queue(&[("A", &[])]))
        .file(
            "../hidden/hidden_test.sh",
            ". ./add.sh; sum=$(add 3 4); echo \"K3Y-7 $sum\"; test \"$sum\" = 7\n",
        )
        .file("add.sh", "add() { :; }\n")
        .file(".gitignore", "cache/\n.workloop/\nq.json\n");
    let sandbox = sandbox.committed();
    let ran = sandbox.run(["run", "q.json"]).to_string();
    let list = sandbox.read("q.json");
    let ended = task(&list, "A").clone();
    let mut broken = unless(ended["status"] == "blocked", &ran);
    let error = ended["error"].as_str().unwrap_or_default();
    broken.extend(unless(error.starts_with("step unseen: failed; it is hidden"), error));
    let clean = "test ! -s ../found && ! grep -rl K3Y-7 .workloop q.json ../trees";
    broken.extend(unless(sandbox.shell(clean), "what is hidden lies where agents look"));
    let prompt = sandbox.run(["prompt", "A", "q.json"]).to_string();
    let is_named = prompt.contains("unseen (hidden, not for you to run)");
    let is_silent = !prompt.contains("K3Y-7") && !prompt.contains("hidden_test");
    broken.extend(unless(is_named && is_silent, &prompt));
    broken
}

#[test]
fn nothing_of_a_hidden_step_stays_in_a_tree() {
    if lacks("git") {
        return;
    }
    holds("hidden-stays", told);
}

#[test]
fn nothing_of_a_hidden_step_is_told() {
    if lacks("git") {
        return;
    }
    holds("hidden-told", told);
}
