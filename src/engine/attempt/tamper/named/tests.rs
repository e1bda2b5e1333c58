//! A project, and the files that command lines name in it.

use super::*;
use std::os::unix::fs::{PermissionsExt, symlink};

/// Files of a project with several ways to be judged; those with `!` are executable.
const PROJECT: &[(&str, &str)] = &[
    ("check.sh", "exit 1"),
    ("sub/check.sh", "exit 1"),
    ("sub/deep/run.sh", "exit 1"),
    ("a b.sh", "exit 1"),
    ("!judge", "#!/bin/sh\nexit 1"),
    ("check.py", "exit(1)"),
    ("pkg/mod.py", ""),
    ("tool/__main__.py", ""),
    ("checks/one.sh", ""),
    ("checks/two.sh", ""),
    ("scripts/check.js", ""),
    ("tests/test_a.py", ""),
    ("conf/judge.toml", ""),
    ("expected.txt", ""),
    ("feature.txt", ""),
    ("src/app.py", ""),
    ("cmd/check/main.go", ""),
    ("Makefile", "test:\n\t@sh test.sh\nlint:\n\tsh lint.sh\n"),
    ("test.sh", ""),
    ("lint.sh", ""),
    ("package.json", r#"{"scripts": {"test": "sh npm.sh", "other": "sh other.sh"}}"#),
    ("npm.sh", ""),
    ("other.sh", ""),
    ("justfile", "test:\n    ./judge\n"),
    ("pytest.ini", ""),
    (
        "caller.sh",
        ". ./lib.inc\nsource \"$(dirname \"$0\")/lib2.inc\"\nsh check.sh\npython3 \
        src/app.py\ncat feature.txt\n$DIR/lint.sh\n",
    ),
    ("lib.inc", ""),
    ("lib2.inc", "sh other.sh"),
    ("target/release.sh", ""),
    ("ci.mk", "test:\n\tsh inner.sh\n"),
    ("inner.sh", ""),
    ("web/package.json", r#"{"scripts": {"test": "sh web.sh"}}"#),
    ("web/web.sh", ""),
    ("plug/in.py", ""),
    ("report.xml", ""),
    ("run.log", ""),
];

fn project() -> (tempfile::TempDir, Lookup) {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in PROJECT {
        let path = dir.path().join(name.trim_start_matches('!'));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        let mode = if name.starts_with('!') { 0o755 } else { 0o644 };
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }
    fs::write(dir.path().join("prog"), b"\x7fELF\x02\x01\x01\0").unwrap();
    symlink("check.sh", dir.path().join("linked")).unwrap();
    symlink("/etc/hosts", dir.path().join("hosts")).unwrap();
    let lookup = Lookup { root: dir.path().to_owned(), ..Lookup::default() };
    (dir, lookup)
}

/// Returns the sorted names of the files that `command` names and that exist.
fn found(lookup: &Lookup, command: Command) -> Vec<String> {
    let named = lookup.named(&[command]).files.into_iter();
    let there = named.map(|(path, _)| path).filter(|path| fs::symlink_metadata(path).is_ok());
    there.map(|path| path.strip_prefix(&lookup.root).unwrap().display().to_string()).collect()
}

fn line(lookup: &Lookup, line: &str) -> Vec<String> {
    found(lookup, Command::Shell(line.to_owned()))
}

#[test]
fn each_spelling_of_a_script_is_seen() {
    let (_dir, lookup) = project();
    let spellings = [
        "./check.sh --fast",
        "sh check.sh",
        "sh 'check.sh'",
        "sh \"./check.sh\"",
        "X=1 sh check.sh",
        "env X=1 Y=2 sh check.sh",
        "timeout 5 ./check.sh",
        "true && ./check.sh",
        "true; ./check.sh",
        "./check.sh;",
        "true | ./check.sh",
        "bash -o pipefail check.sh",
        "exec ./check.sh",
        "sh -c './check.sh'",
        "bash -ec \"cd . && exec sh check.sh\"",
        "find . -maxdepth 1 -exec sh check.sh {} \\;",
        "sh <check.sh",
        "sh < check.sh >out",
        "echo $(sh check.sh)",
        "test \"$(./check.sh)\" = ok",
        "test `sh check.sh` = ok",
        "! ./check.sh",
        "(./check.sh)",
        "{ ./check.sh; }",
        "if ./check.sh; then true; fi",
        "nice -n 5 nohup ./check.sh &",
        "S=check.sh; sh $S",
        "\"$PWD/check.sh\"",
        "${WORKLOOP_ROOT}/check.sh",
        "sh \"$(pwd)/check.sh\"",
        ". ./check.sh",
        "cat check.sh | sh",
        "xargs -I{} sh -c 'sh check.sh {}' </dev/null",
        "sh che'ck'.sh",
        "sh sub/../check.sh",
        "sh \\\ncheck.sh",
        "eval 'sh check.sh'",
        "sh <<E\n./check.sh\nE",
        "diff <(sh check.sh) /dev/null",
        "echo ./check.sh | sh",
        "ls *.sh | xargs -n 1 sh",
        "for f in *.sh; do sh $f; done",
        "cd sub/deep && cd ../.. && sh check.sh",
    ];
    for spelling in spellings {
        let found = line(&lookup, spelling);
        assert!(found.contains(&"check.sh".to_owned()), "{spelling}: {found:?}");
    }
}

#[test]
fn other_files_that_judge_are_seen() {
    let (_dir, lookup) = project();
    let table: &[(&str, &[&str])] = &[
        ("cd sub/deep && ./run.sh", &["sub/deep/run.sh"]),
        ("sh 'a b.sh'", &["a b.sh"]),
        ("python3.11 check.py", &["check.py"]),
        ("python3 -m pkg.mod -v", &["pkg/mod.py"]),
        ("python -m tool", &["tool/__main__.py"]),
        ("python3 tool", &["tool/__main__.py"]),
        ("sh checks/*.sh", &["checks/one.sh", "checks/two.sh"]),
        ("node scripts/check", &["scripts/check.js"]),
        ("node scripts/check.js", &["scripts/check.js"]),
        ("go run ./cmd/check", &["cmd/check/main.go"]),
        ("pytest tests/test_a.py::test_x", &["pytest.ini", "tests/test_a.py"]),
        ("judge --config=conf/judge.toml", &["conf/judge.toml", "judge"]),
        ("x -fconf/judge.toml", &["conf/judge.toml"]),
        ("./x | diff - expected.txt", &["expected.txt"]),
        ("make -s test", &["Makefile", "test.sh"]),
        ("make", &["Makefile", "test.sh"]),
        ("cd sub; make -C .. lint", &["Makefile", "lint.sh"]),
        ("npm test", &["npm.sh", "package.json"]),
        ("npm run other", &["other.sh", "package.json"]),
        ("just test", &["judge", "justfile"]),
        ("./linked", &["linked"]),
        // However a manifest is named, the files behind it count.
        ("make -f ci.mk test", &["Makefile", "ci.mk", "inner.sh", "test.sh"]),
        ("make -fci.mk test", &["Makefile", "ci.mk", "inner.sh", "test.sh"]),
        ("make --file=ci.mk test", &["Makefile", "ci.mk", "inner.sh", "test.sh"]),
        ("npm --prefix web test", &["npm.sh", "package.json", "web/package.json", "web/web.sh"]),
        ("npm --prefix=web test", &["npm.sh", "package.json", "web/package.json", "web/web.sh"]),
        ("pytest -p plug.in", &["plug/in.py", "pytest.ini"]),
        ("python3 -m pytest -p plug.in", &["plug/in.py", "pytest.ini"]),
        ("mkdir -p plug.in", &[]),
        ("find sub -name '*.sh' -exec sh {} +", &["sub/check.sh", "sub/deep/run.sh"]),
        ("find ./sub -type f -exec sh -e {} \\;", &["sub/check.sh", "sub/deep/run.sh"]),
        ("find checks -type f | xargs -n1 sh", &["checks/one.sh", "checks/two.sh"]),
        ("find . -maxdepth 1 -name 'judge' -exec {} \\;", &["judge"]),
        ("PATH=./sub:$PATH run check.sh", &["check.sh", "sub/check.sh"]),
    ];
    for (command, expected) in table {
        assert_eq!(line(&lookup, command), *expected, "{command}");
    }
    let list = |words: &[&str]| {
        found(&lookup, Command::List(words.iter().map(ToString::to_string).collect()))
    };
    assert_eq!(list(&["sh", "a b.sh"]), ["a b.sh"]);
    assert_eq!(list(&["bash", "-c", "cd sub && ./check.sh"]), ["check.sh", "sub/check.sh"]);
}

#[test]
fn what_is_judged_is_left_alone() {
    let (_dir, lookup) = project();
    for command in [
        "test -f feature.txt",
        "[ -s feature.txt ] && grep -q x feature.txt",
        "! grep -rn TODO src/app.py",
        "npm ci",
        "cargo test --workspace",
        "./prog --version",
        "sh target/release.sh",
        "node server.js >report.xml 2>run.log",
        "pytest-like --junitxml=report.xml | tee run.log",
        "cat /etc/hosts run.log",
        "true # sh check.sh",
        "eslint 'src/**/*.py' feature.txt",
        "npx prettier --check src/*.py",
        "python3 -m py_compile src/app.py",
        "python3 -m mypy check.py",
        "find src -name '*.py' -exec pylint {} +",
        "black --check src/app.py check.py",
        "go test ./cmd/check",
        "sh -n check.sh",
        "git diff --exit-code check.sh",
        "jq -e .version package.json",
    ] {
        let found = line(&lookup, command);
        let quiet = found.iter().all(|name| name == "package.json");
        assert!(quiet, "{command}: {found:?}");
    }
}

#[test]
fn what_a_script_calls_is_seen_one_level_deep() {
    let (_dir, mut lookup) = project();
    let deep = ["caller.sh", "check.sh", "lib.inc", "lib2.inc", "lint.sh"];
    assert_eq!(line(&lookup, "sh caller.sh"), deep);
    // A file that a person declares to be a product is one, unless a step names it itself.
    lookup.products = vec!["check.sh".to_owned(), "caller.sh".to_owned()];
    let deep = ["caller.sh", "lib.inc", "lib2.inc", "lint.sh"];
    assert_eq!(line(&lookup, "sh caller.sh"), deep);
}

#[test]
fn what_would_take_the_place_of_a_judge_must_not_come_to_be() {
    let (dir, lookup) = project();
    let absent = |command: &str| {
        let named = lookup.named(&[Command::Shell(command.to_owned())]);
        let guarded = named.files.into_iter().map(|(path, _)| path).filter(|path| !path.exists());
        let name = |path: PathBuf| path.strip_prefix(dir.path()).unwrap().display().to_string();
        (
            guarded.map(name).collect::<Vec<_>>(),
            named.missing.into_iter().map(name).collect::<Vec<_>>(),
        )
    };
    let (guarded, _) = absent("make test");
    assert_eq!(guarded, ["GNUmakefile", "makefile"]);
    assert!(absent("python3 -m pytest").0.contains(&"pytest.py".to_owned()));
    assert!(absent("cargo test").0.contains(&".cargo/config.toml".to_owned()));
    let (guarded, missing) = absent("sh new.sh; tox; task; python3 -m new.mod");
    assert_eq!(guarded, Vec::<String>::new());
    for name in ["new.sh", "tox.ini", "Taskfile.yml", "new/mod.py"] {
        assert!(missing.contains(&name.to_owned()), "{name}: {missing:?}");
    }
}

#[test]
fn files_of_loops_and_of_tools_are_nobodys() {
    let (dir, mut lookup) = project();
    lookup.ours = vec![dir.path().join("expected.txt")];
    assert_eq!(line(&lookup, "jq . expected.txt"), Vec::<String>::new());
    fs::create_dir(dir.path().join(".workloop")).unwrap();
    fs::write(dir.path().join(".workloop/x.sh"), "").unwrap();
    assert_eq!(line(&lookup, "sh .workloop/x.sh; sh ../x /bin/sh"), Vec::<String>::new());
}

#[test]
fn a_judge_may_lie_in_the_folder_of_the_queue() {
    let (dir, mut lookup) = project();
    lookup.homes = vec![dir.path().to_owned()];
    lookup.root = dir.path().join("sub");
    let command = Command::Shell("sh \"$(dirname \"$WORKLOOP_QUEUE\")/caller.sh\"".to_owned());
    let files = lookup.named(&[command]).files;
    assert!(files.contains(&(dir.path().join("caller.sh"), Part::Whole)), "{files:?}");
}

#[test]
fn a_script_leaves_the_judgement_to_what_it_sources_or_judges_itself() {
    let dir = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    put("leaves.sh", ". ./h.sh\n. ./add.sh\nrun\n");
    put("judges.sh", ". ./more.sh; . ./add.sh; test $(add 2 2) = 4\n");
    put("h.sh", "run() { . ci/assert.sh; . ./add.sh; test $(add 2 2) = 4; }\n");
    put("more.sh", "more() { exit 1; }\n");
    put("add.sh", "add() { echo 5; }\n");
    put("ci/assert.sh", "same() { [ $1 = $2 ]; }\n");
    let lookup = Lookup { root: dir.path().to_owned(), ..Lookup::default() };
    let named = |line: &str| lookup.named(&[Command::Shell(line.to_owned())]);
    let below = |paths: &BTreeSet<PathBuf>| -> Vec<String> {
        let name = |path: &PathBuf| path.strip_prefix(dir.path()).unwrap().display().to_string();
        paths.iter().map(name).collect()
    };
    let leaves = named("sh leaves.sh");
    assert_eq!(below(&leaves.sourced), ["add.sh", "ci/assert.sh", "h.sh"]);
    let text = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap();
    assert!(decides(&text("h.sh")) && !decides(&text("add.sh")));
    assert!(leaves.files.contains(&(dir.path().join("ci/assert.sh"), Part::Whole)));
    assert!(below(&named("sh judges.sh").sourced).is_empty());
}
