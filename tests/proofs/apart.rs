//! What commands find in a private tree: its own repository, and the branch as it is beside their
//! earlier work.

use crate::sandbox::{Sandbox, queue};
use crate::twins::{holds, unless};

/// The first attempt fails, and another commit lands meanwhile; the second one only says that it is
/// done.
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

/// What is not as it should be after a run.
fn broken(mut sandbox: Sandbox) -> Vec<String> {
    let root = sandbox.path("").display().to_string();
    sandbox.variables.push(("PROJECT".to_owned(), root));
    // As a hook of git has it that starts a loop.
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
    holds("git-dir-kept", broken);
}

#[test]
fn a_further_attempt_takes_nothing_back() {
    holds("stale-retry", broken);
}
