//! Kept attempts of private trees, and changes that wait to land. The tests create both with git,
//! without a loop.

use super::{Folder, Left};
use serde_json::json;
use std::fs;

/// Returns a private project with two attempts of A, the second of which moved a file, one attempt
/// of a task that is in no queue, and B complete as a commit of the target.
fn project() -> Folder {
    let folder = Folder::new(&json!({"tasks": [
        {"id": "A", "title": "Floor", "status": "in_progress", "attempts": 2,
         "claim": {"worker": "w-1", "attempt": 2, "since": "2026-01-19T14:35:45Z"}},
        {"id": "B", "title": "Walls", "status": "complete", "attempts": 1},
        {"id": "C", "title": "Fence"},
    ]}));
    folder.write(
        "workloop.toml",
        "[isolation]\nmode = \"private\"\n[workspaces]\ndir = \"../DIR-trees\"\n\
         [agents.default]\nrun = \"true\"\n[[verify]]\nname = \"v\"\nrun = \"true\"\n",
    );
    let dir = folder.path("").file_name().map(|name| name.to_string_lossy().into_owned());
    let text = fs::read_to_string(folder.path("workloop.toml")).expect("text");
    folder.write("workloop.toml", &text.replace("DIR", &dir.unwrap_or_default()));
    folder.sh(
        "git init -q -b main; git config user.email t@example.org; git config user.name t
         mkdir sub; seq 9 >sub/long; printf '1\\n2\\n' >a; printf '\\0' >bin; git add .; git commit -qm start
         git checkout -q -b work; printf '1\\nx\\n' >a; git commit -qam one
         git update-ref refs/workloop/attempts/A/1 HEAD
         git reset -q --hard main; git mv sub/long moved; printf '\\0\\033[31m' >bin; git rm -q a
         printf '\\033]0;title\\007' >'new file'; git add -A; git commit -qm two
         git update-ref refs/workloop/attempts/A/2 HEAD
         git commit -q --amend -m three; git update-ref refs/workloop/attempts/gone/1 HEAD
         git update-ref refs/workloop/fresh/gone HEAD
         git checkout -q main; git branch -qD work; echo b >b; git add b; git commit -qm b",
    );
    folder
}

impl Folder {
    /// Runs a shell script and returns what it prints.
    #[track_caller]
    fn sh(&self, script: &str) -> String {
        let mut command = std::process::Command::new("sh");
        command
            .args(["-ec", script])
            .current_dir(self.path(""))
            .env("GIT_CONFIG_GLOBAL", "/dev/null");
        let done = command.output().expect("it runs");
        let text = String::from_utf8_lossy(&done.stdout).trim_end().to_owned();
        assert!(done.status.success(), "{script}: {text}{}", String::from_utf8_lossy(&done.stderr));
        text
    }
}

#[test]
fn a_change_is_a_patch_that_git_takes_and_that_steers_no_terminal() {
    let folder = project();
    // No configured program is run.
    folder.sh("git config diff.external 'touch evil'; git config diff.x.textconv 'touch evil; cat'
         git config core.pager 'touch evil'; echo '* diff=x' >.git/info/attributes");
    let Left(exit, patch, _) = folder.run("diff A q.json");
    assert_eq!(exit, 0, "{patch}");
    fs::write(folder.path("patch"), &patch).expect("written");
    let tree = folder.sh(
        "rm .git/info/attributes; git read-tree --index-output=.git/other main~1
         GIT_INDEX_FILE=.git/other git apply --cached patch; GIT_INDEX_FILE=.git/other git write-tree",
    );
    assert_eq!(tree, folder.sh("git rev-parse 'refs/workloop/attempts/A/2^{tree}'"));
    let Left(_, colours, _) = folder.run("diff A q.json --color always");
    assert!(colours.contains("\u{1b}[32m+␛]0;title␇") && !colours.contains("\u{1b}]"), "{colours}");
    let view = folder.json("diff", "diff A q.json --json");
    let files = json!([
        {"path": "a", "change": "removed"}, {"path": "bin", "change": "modified"},
        {"path": "moved", "change": "renamed", "from": "sub/long"},
        {"path": "new file", "change": "added"},
    ]);
    assert_eq!(
        (&view["files"], &view["attempt"], &view["landed"]),
        (&files, &json!(2), &json!(false))
    );
    assert_eq!(view["base"], folder.sh("git rev-parse main~1"));
    let Left(_, first, _) = folder.run("diff A q.json --attempt 1");
    assert!(first.ends_with("-2\n+x\n"), "{first}");
    assert!(!folder.path("evil").exists());

    // For a complete task, the landed commit is shown. If there is nothing to show, the error says
    // so.
    let Left(exit, _, said) = folder.run("diff B q.json");
    assert_eq!((exit, said.contains("no attempt has made a change yet")), (2, true), "{said}");
    let commit = folder.sh("git rev-parse HEAD");
    let text = fs::read_to_string(folder.path("q.json")).expect("text");
    let landed = format!("\"landed_commit\": \"{commit}\", \"id\": \"B\"");
    folder.write("q.json", &text.replace("\"id\": \"B\"", &landed));
    let view = folder.json("diff", "diff B q.json --json");
    assert_eq!((&view["landed"], &view["files"][0]["path"]), (&json!(true), &json!("b")));
    assert_eq!(folder.json("why", "why B q.json --json")["landed_commit"], json!(commit));
    let told = folder.run("why B q.json").1;
    assert!(told.contains(&format!("It is complete in q.json: it landed as {commit}.")), "{told}");
    let Left(exit, _, said) = folder.run("diff A q.json --attempt 7");
    assert_eq!((exit, said.contains("kept attempts: 1, 2")), (2, true), "{said}");
    folder.write("workloop.toml", "");
    let Left(exit, _, said) = folder.run("diff C q.json");
    assert_eq!((exit, said.contains("agents share one tree")), (2, true), "{said}");
    folder.sh("mv .git .gone");
    let Left(exit, _, said) = folder.run("diff A q.json");
    assert_eq!((exit, said.contains("not in a git work tree")), (2, true), "{said}");
}

#[test]
fn trees_are_restored_listed_and_removed() {
    let folder = project();
    let nothing = folder.json("workspace", "workspace ls q.json --json");
    assert_eq!(nothing["repositories"][0]["places"], json!([]));
    let places = nothing["repositories"][0]["places_dir"].as_str().expect("a folder").to_owned();
    assert!(!fs::exists(&places).expect("looked"), "reading creates nothing");
    let before = folder.sh("git status --porcelain; git for-each-ref");

    let Left(exit, path, said) = folder.run("workspace restore A q.json");
    let tree = path.trim_end();
    assert_eq!((exit, said.as_str()), (0, ""), "{path}");
    assert!(tree.ends_with("/restored-A-2"), "{tree}");
    let staged = folder.sh(&format!("cd '{tree}'; git status --porcelain; git log --format=%s"));
    assert_eq!(staged, "D  a\nM  bin\nR  sub/long -> moved\nA  \"new file\"\nstart");
    folder.sh(&format!("echo mine >'{tree}/mine'"));
    let Left(exit, _, said) = folder.run("workspace restore A q.json");
    assert_eq!((exit, said.contains("left unchanged")), (0, true), "{said}");
    let first = folder.run("workspace restore A q.json --attempt 1").1;
    assert!(first.trim_end().ends_with("/restored-A-1"), "{first}");
    assert_eq!(folder.sh("git status --porcelain; git for-each-ref"), before);

    let view = folder.json("workspace", "workspace ls q.json --json");
    let view = &view["repositories"][0];
    assert_eq!(
        (&view["places"][1]["name"], &view["places"][1]["in_use"]),
        (&json!("restored-A-2"), &json!(false))
    );
    assert_eq!(view["places"][0]["head"], folder.sh("git rev-parse main~1"));
    let kept = json!([{"task": "A", "part": "A", "attempts": [1, 2]},
                      {"task": null, "part": "gone", "attempts": [1]}]);
    assert_eq!(view["attempts"], kept);
    for (line, exit, said) in [
        ("workspace restore C q.json", 2, "no attempt of task C is kept"),
        ("workspace restore A q.json --attempt 9", 2, "kept attempts: 1, 2"),
        ("workspace restore q.json", 2, "no task is named"),
        ("workspace path A q.json", 2, "no attempt of task A works in a private tree now"),
        ("workspace ls A q.json", 2, "unexpected ids: A"),
        ("workspace ls q.json --all", 2, "--all is only for workspace prune"),
        ("workspace prune q.json --json", 2, "--json is only for workspace ls and path"),
    ] {
        let Left(found, _, text) = folder.run(line);
        assert!(found == exit && text.contains(said), "{line}: {found} {text}");
    }

    let Left(exit, told, _) = folder.run("workspace prune q.json");
    assert_eq!(exit, 0, "{told}");
    for line in
        ["removed restored-A-1 (", "removed restored-A-2 (", "kept attempt 1 of gone, which"]
    {
        assert!(told.contains(line), "{told}");
    }
    assert!(fs::read_dir(&places).expect("a folder").count() <= 1, "only the folder `own` is left");
    let Left(_, told, _) = folder.run("workspace prune q.json --all");
    assert_eq!(told, "removed attempt 1 of gone\n");
    let left = folder.sh("git for-each-ref --format='%(refname)' refs/workloop");
    assert_eq!(left, "refs/workloop/attempts/A/1\nrefs/workloop/attempts/A/2");
    assert_eq!(folder.run("workspace prune q.json --all").1, "there is nothing to remove\n");
    drop(fs::remove_dir_all(&places));
}

#[test]
fn what_waits_to_land_is_read_from_the_entries() {
    let folder = project();
    let view = folder.json("land", "land status q.json --json");
    assert_eq!(view["repositories"][0]["waiting"], json!([]));
    assert!(!folder.path(".git/workloop/landing").exists(), "reading creates nothing");
    let queue = folder.path("q.json").canonicalize().expect("real");
    let (base, change) =
        (folder.sh("git rev-parse main~1"), folder.sh("git rev-parse refs/workloop/attempts/A/2"));
    let entry = json!({"version": 1,
        "whose": {"queue": queue, "part": "A", "attempt": 2, "worker": "w-1", "since": 1_768_833_345},
        "work": {"base": base, "change": change, "judged": [], "declared": []},
        "message": {"task": "A", "title": "Floor", "summary": "", "attempt": 2, "verdict": "pass", "receipt": "A/2"},
        "state": "waiting"});
    folder.write(".git/workloop/landing/A-2.json", &entry.to_string());
    let left_over = folder.json("land", "land status q.json --json");
    assert_eq!(left_over["repositories"][0]["waiting"][0]["is_current"], json!(false));
    let text = fs::read_to_string(folder.path("q.json")).expect("text");
    let waits = format!(
        "\"change\": {{\"commit\": \"{change}\", \"base\": \"{base}\", \"verdict\": \"PASS\", \
         \"waits\": \"checkout\", \"obstacle\": \"/p has edits in a: commit or stash them\"}}, \"id\": \"A\""
    );
    folder.write("q.json", &text.replace("\"id\": \"A\"", &waits));
    let view = folder.json("land", "land status q.json --json");
    let (target, wait) =
        (&view["repositories"][0]["target"], &view["repositories"][0]["waiting"][0]);
    assert_eq!(
        (target, &wait["task"], &wait["waits"]),
        (&json!("refs/heads/main"), &json!("A"), &json!("checkout"))
    );
    assert_eq!(
        (&wait["commit"], &wait["base"], &wait["since"]),
        (&json!(change), &json!(base), &json!("2026-01-19T14:35:45Z"))
    );
    let told = folder.run("land status q.json").1;
    assert!(told.contains("1 change waits to land on main (at "), "{told}");
    assert!(told.contains("needs you: /p has edits in a: commit or stash them"), "{told}");
    // The other views show it as well.
    let status = folder.json("status", "status q.json --json");
    let task = &status["queues"][0]["tasks"][0];
    assert_eq!(
        (&task["status"], &task["state"], &task["change"]["waits"]),
        (&json!("in_progress"), &json!("landing"), &json!("checkout"))
    );
    for line in ["status q.json", "status q.json --table"] {
        let told = folder.run(line).1;
        assert!(told.contains("landing") && told.contains("needs you: /p has"), "{told}");
    }
    let why = folder.json("why", "why A q.json --json");
    let shape = (&why["state"], &why["change"]["commit"], &why["conflicts"]);
    assert_eq!(shape, (&json!("landing"), &json!(change), &json!(0)));
    let told = folder.run("why A q.json").1;
    let on =
        format!("its change {} on {} passed and needs you: /p has", &change[..10], &base[..10]);
    assert!(told.contains("It is landing in q.json: ") && told.contains(&on), "{told}");
    let text = fs::read_to_string(folder.path("q.json")).expect("text");
    folder.write("q.json", &text.replace("\"checkout\"", "\"review\""));
    assert_eq!(folder.json("why", "why A q.json --json")["state"], json!("review"));
    folder.write(".git/workloop/landing/broken.json", "{");
    let Left(exit, _, said) = folder.run("land status q.json");
    assert_eq!((exit, said.contains("broken.json")), (1, true), "{said}");
}

/// Each obstacle is found before anything runs, with a code and a remedy, and nothing is created.
#[test]
fn check_reports_what_prevents_private_trees() {
    let folder = Folder::new(&json!({"tasks": [{"id": "A", "title": "a"}]}));
    let config = |more: &str| {
        let text = format!(
            "[isolation]\nmode = \"private\"\n{more}\n[agents.default]\nrun = \"true\"\n\
             [[verify]]\nname = \"v\"\nrun = \"true\"\n"
        );
        folder.write("workloop.toml", &text);
    };
    let look = |expected: &str| {
        let view = folder.json("check", "check q.json --json");
        let list = view["findings"].as_array().cloned().unwrap_or_default();
        let codes: Vec<&str> = list.iter().filter_map(|one| one["code"].as_str()).collect();
        assert_eq!(codes.join(" "), expected, "{view}");
        let text = list.first().and_then(|one| one["message"].as_str()).unwrap_or_default();
        text.to_owned()
    };
    config("");
    assert!(look("no-repository").contains("git init"));
    let Left(exit, _, said) = folder.run("run q.json");
    assert!(exit == 2 && said.contains("is not in a git work tree"), "{exit} {said}");
    folder.sh("git init -q -b main; git config user.email t@example.org; git config user.name t");
    look("no-commit");
    folder.sh("git add q.json; git commit -qm one");
    assert_eq!(look(""), "");
    config("target = \"nope\"");
    assert!(look("unknown-target").contains("git branch nope"));
    config("[workspaces]\ndir = \"trees\"\nsetup = [\"no-such-program now\"]");
    look("no-program places-inside");
    config("");
    folder.sh("git checkout -q --detach");
    look("no-target");
    folder.sh(
        "git checkout -q main; printf '*.bin filter=lfs\\n' >.gitattributes; git add .gitattributes
         git commit -qm lfs",
    );
    look("no-lfs");
    folder.sh("git rm -q .gitattributes
         git -c protocol.file.allow=always submodule --quiet add ./. sub; git commit -qm sub");
    assert_eq!(look(""), "");
    folder.sh("git update-index --cacheinfo 160000,1234567890123456789012345678901234567890,sub
         git commit -qm lost");
    look("submodules");
    let help = folder.run("check --help").1;
    for code in ["no-repository", "shallow-clone", "places-inside", "submodules"] {
        assert!(help.contains(&format!("  {code} ")), "{help}");
    }
    assert!(!folder.path("trees").exists() && !folder.path(".git/workloop/landing").exists());
}
