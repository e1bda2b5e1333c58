//! What commands find in a private tree: its own repository, and the current branch in addition to
//! their earlier work.

use crate::processes::lacks;
use crate::sandbox::{Sandbox, queue};
use crate::twins::{holds, unless};

/// The first attempt fails, and another commit lands meanwhile; the second one only reports that it
/// is done.
const CONFIG: &str = r#"
[isolation]
mode = "private"
[workspaces]
dir = "../trees"
[limits]
untouched = false
attempts = 2
[agents.default]
run = '''
git rev-parse --show-toplevel >top || echo none >top
[ "$(cat top)" = "$WORKLOOP_ROOT" ] && rm top
if [ $WORKLOOP_ATTEMPT = 1 ]; then
    echo own >own
    unset GIT_DIR; cd "$PROJECT" && echo 2 >>theirs && git commit -qm other theirs
else
    touch done
fi
'''
[[verify]]
name = "ok"
run = "test -f done && test ! -e top"
[environment]
pass = ["PROJECT", "GIT_DIR"]
"#;

/// Returns what is wrong after a run.
fn broken(mut sandbox: Sandbox) -> Vec<String> {
    let root = sandbox.path("").display().to_string();
    sandbox.variables.push(("PROJECT".to_owned(), root));
    // As a git hook that starts a loop sets it.
    sandbox.variables.push(("GIT_DIR".to_owned(), "/nonexistent".to_owned()));
    let sandbox = sandbox.config(CONFIG).queue("q.json", &queue(&[("A", &[])]));
    let user = "git config user.email t@example.org && git config user.name t";
    let init = "git init -q -b main . && echo 1 >theirs && git add theirs workloop.toml";
    assert!(sandbox.shell(&format!("{init} && {user} && git commit -qm 1")));
    let ran = sandbox.run(["run", "q.json"]).to_string();
    let landed = "git show HEAD:done && test \"$(git show HEAD:own)\" = own && \
                  test $(git show HEAD:theirs | wc -l) = 2";
    unless(sandbox.shell(&format!("{{ {landed}; }} >../landed 2>&1")), &ran)
}

#[test]
fn git_finds_the_repository_of_the_tree() {
    if lacks("git") {
        return;
    }
    holds("git-dir-kept", broken);
}

#[test]
fn a_further_attempt_takes_nothing_back() {
    if lacks("git") {
        return;
    }
    holds("stale-retry", broken);
}

/// Checks that neither a loop, nor a second one, nor `land now`, nor an agent that edits the queue
/// lands anything that a person has not approved.
fn unreviewed(sandbox: Sandbox) -> Vec<String> {
    let agent = "touch done; \"$JQ\" '.tasks[0].change.waits = \"landing\"' \"$WORKLOOP_QUEUE\" >q.new \
                 && cat q.new >\"$WORKLOOP_QUEUE\"; rm -f q.new";
    let config = format!(
        "[isolation]\nmode = \"private\"\n[workspaces]\ndir = \"../trees\"\n[limits]\n\
         untouched = false\n[agents.default]\nrun = '''{agent}'''\n[[verify]]\nname = \"ok\"\n\
         run = \"test -f done\"\n[environment]\npass = [\"JQ\"]\n"
    );
    let mut list = queue(&[("A", &[]), ("B", &["A"]), ("C", &[])]);
    list["tasks"][0]["review"] = serde_json::json!(true);
    let mut sandbox = sandbox.config(&config).queue("q.json", &list);
    sandbox.variables.push(("JQ".to_owned(), "jq".to_owned()));
    let user = "git config user.email t@example.org && git config user.name t";
    let init = "git init -q -b main . && git add workloop.toml";
    assert!(sandbox.shell(&format!("{init} && {user} && git commit -qm 1")));
    let mut told = String::new();
    for verb in [&["run", "q.json"][..], &["run", "q.json"], &["land", "now", "q.json"]] {
        told.push_str(&match verb {
            [one, two] => sandbox.run([*one, *two]).to_string(),
            [one, two, three] => sandbox.run([*one, *two, *three]).to_string(),
            _ => String::new(),
        });
    }
    let landed = "test -z \"$(git log --format=%B | grep 'Workloop-Task: A')\"";
    let mut broken = unless(sandbox.shell(landed), &format!("it landed: {told}"));
    broken.extend(unless(sandbox.status("B") == "pending", "what depends on it began"));
    broken
}

#[test]
fn nothing_lands_without_the_yes_that_it_needs() {
    if lacks("git") || lacks("jq") {
        return;
    }
    holds("review-forgotten", unreviewed);
}
