//! Tests what people read about a repository and its history.

use super::super::content::ContentHash;
use super::super::landing::{Message, Verdict};
use super::super::repo::{Oid, Refusal};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;

#[test]
fn a_commit_tells_how_it_was_judged() {
    let oid = Oid::parse(&"c".repeat(40)).expect("an object name");
    for (verdict, word) in [
        (Verdict::Pass, "PASS".to_owned()),
        (Verdict::Skipped, "SKIPPED".to_owned()),
        (Verdict::CoveredBy(oid), format!("covered by {}", "c".repeat(40))),
    ] {
        let message = Message {
            task: "T 1\nWorkloop-Verdict: PASS".into(),
            title: "\u{7}\n Fix\tit\u{1b} now ".into(),
            summary: String::new(),
            attempt: 12,
            verdict,
            receipt: "q/T-1/12\n".into(),
        };
        let trailers = "Workloop-Task: T 1 Workloop-Verdict: PASS\nWorkloop-Attempt: 12";
        let end = format!("Workloop-Verdict: {word}\nWorkloop-Receipt: q/T-1/12\n");
        assert_eq!(message.text(), format!("Fix it now\n\n{trailers}\n{end}"));
    }
}

#[test]
fn a_subject_that_is_cut_keeps_whole_characters_and_no_space_before_the_dots() {
    let subject = |title: &str| {
        let message = Message {
            task: "T".into(),
            title: title.to_owned(),
            summary: "s".into(),
            attempt: 1,
            verdict: Verdict::Pass,
            receipt: "r".into(),
        };
        let text = message.text();
        assert!(text.contains("\n\ns\n\nWorkloop-Task: T\n"), "{text}");
        text.lines().next().unwrap_or_default().to_owned()
    };
    assert_eq!(subject(&"\u{e4}".repeat(72)), "\u{e4}".repeat(72));
    assert_eq!(subject(&"\u{e4}".repeat(73)), format!("{}…", "\u{e4}".repeat(71)));
    let words = format!("{} {}", "x".repeat(70), "y".repeat(9));
    assert_eq!(subject(&words), format!("{}…", "x".repeat(70)));
}

#[test]
fn each_reason_against_private_trees_has_its_own_code_text_and_remedy() {
    let cases = [
        (
            Refusal::NoRepository { root: "/p".into() },
            [
                "no-repository",
                "/p is not in a git work tree",
                "Make one (git init, git add, git commit), or use mode = \"shared\".",
            ],
        ),
        (
            Refusal::Bare { path: "/p.git".into() },
            [
                "bare-repository",
                "/p.git is a bare repository",
                "Use a clone of it as the project root.",
            ],
        ),
        (
            Refusal::Old { found: "2.20.1".into(), needed: "2.36" },
            ["old-git", "git is 2.20.1, and 2.36 or newer is needed", "Install git 2.36 or newer."],
        ),
        (
            Refusal::NoCommit,
            [
                "no-commit",
                "there is no commit to start from",
                "Commit something first: git add, git commit.",
            ],
        ),
        (
            Refusal::Detached,
            [
                "no-target",
                "no branch is checked out, so there is nothing to land on",
                "Check a branch out, or name one: target = \"…\" under [isolation].",
            ],
        ),
        (
            Refusal::NoBranch { branch: "next".into() },
            [
                "unknown-target",
                "there is no branch next",
                "Make it (git branch next), or correct target under [isolation].",
            ],
        ),
    ];
    each_tells(cases);
}

#[test]
fn a_repository_of_somebody_else_is_told_from_one_that_cannot_be_written() {
    each_tells([
        (
            Refusal::Foreign("it is bob's".into()),
            [
                "foreign-repository",
                "it is bob's",
                "Run workloop as the user whose repository it is.",
            ],
        ),
        (
            Refusal::ReadOnly { path: "/p/.git".into() },
            ["read-only-repository", "/p/.git cannot be written", "Make it writable for you."],
        ),
    ]);
}

fn each_tells<const N: usize>(cases: [(Refusal, [&str; 3]); N]) {
    for (refusal, expected) in cases {
        let shown = [refusal.code().to_owned(), refusal.to_string(), refusal.cure()];
        assert_eq!(shown, expected.map(str::to_owned));
    }
}

#[test]
fn each_reason_why_objects_are_missing_names_the_command_that_fetches_them() {
    for (refusal, code, cure) in [
        (Refusal::Shallow, "shallow-clone", "Fetch the rest: git fetch --unshallow."),
        (
            Refusal::Partial { missing: 3 },
            "partial-clone",
            "Fetch them while there is a network: git fetch --refetch --no-filter.",
        ),
        (
            Refusal::Damaged,
            "damaged-repository",
            "See what is missing: git fsck --connectivity-only.",
        ),
        (Refusal::NoLfs, "no-lfs", "Install git-lfs and set it up: git lfs install."),
        (
            Refusal::Submodules { first: "lib/x".into() },
            "submodules",
            "Fetch it: git submodule update --init --recursive.",
        ),
    ] {
        assert_eq!((refusal.code(), refusal.cure().as_str()), (code, cure));
    }
    assert_eq!(
        Refusal::Partial { missing: 3 }.to_string(),
        "the clone is partial and lacks 3 objects of the commit to start from"
    );
    assert_eq!(
        Refusal::Submodules { first: "lib/x".into() }.to_string(),
        "the submodule lib/x lacks the commit that the project names"
    );
    let codes: BTreeSet<&str> = Refusal::CODES.iter().map(|(code, _)| *code).collect();
    assert_eq!(codes.len(), Refusal::CODES.len(), "no code twice");
}

#[test]
fn an_object_name_is_read_from_json_only_if_it_is_whole() {
    let read = |text: &str| serde_json::from_str::<Oid>(text).map_err(|error| error.to_string());
    let whole = "0123456789abcdef0123456789abcdef01234567";
    assert_eq!(read(&format!("\"{whole}\"")).map(String::from), Ok(whole.to_owned()));
    assert_eq!(read("\"HEAD\"").unwrap_err(), "\"HEAD\" is not the name of an object");
    assert!(read("3").is_err());
}

#[test]
fn a_hash_of_texts_tells_where_one_ends() {
    let hash = |texts: &[&str]| {
        let mut hash = ContentHash::default();
        texts.iter().for_each(|text| hash.text(text.as_bytes()));
        hash.finish()
    };
    assert_eq!(hash(&[]), "e3b0c44298fc1c149afbf4c8996fb924");
    let all = [hash(&["ab", "c"]), hash(&["a", "bc"]), hash(&["abc"]), hash(&["abc", ""])];
    for (at, one) in all.iter().enumerate() {
        assert!(!all[at + 1..].contains(one), "{at}");
    }
}

#[test]
fn a_hash_tells_a_link_by_where_it_leads_and_a_folder_by_its_kind() {
    let root = tempfile::tempdir().expect("a folder");
    let at = |name: &str| root.path().join(name);
    let hash = |name: &str| {
        let mut hash = ContentHash::default();
        hash.path(&at(name)).expect("read");
        hash.finish()
    };
    symlink("x", at("one")).expect("a link");
    symlink("x", at("same")).expect("a link");
    symlink("y", at("other")).expect("a link");
    fs::create_dir(at("folder")).expect("a folder");
    fs::create_dir(at("folder2")).expect("a folder");
    crate::platform::open::new(&at("file")).expect("a file");
    assert_eq!(hash("one"), hash("same"));
    assert_eq!(hash("folder"), hash("folder2"), "its content is not read");
    assert_eq!(hash("file/below"), hash("none"), "nothing can be below a file");
    let all = ["one", "other", "folder", "file", "none"].map(hash);
    for (at, one) in all.iter().enumerate() {
        assert!(!all[at + 1..].contains(one), "{at}");
    }
}
