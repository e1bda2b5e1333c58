//! Tests which lines changed in a tree that others may change as well.

use super::super::changes::Snapshot;
use super::super::line_changes::LineChange;
use super::super::repo::scratch::{Scratch, git, run};
use crate::platform::programs::lacks;
use std::path::Path;

/// Returns what changed at `paths` of the folder `sub` of a project while `script` ran there.
fn changed(scratch: &Scratch, sub: &str, script: &str, paths: &[&str]) -> Vec<String> {
    let (root, git) = (scratch.top.join(sub), git());
    let before = Snapshot::take(&root, &[], Some(&git), &mut run);
    scratch.sh(script);
    let paths: Vec<String> = paths.iter().map(ToString::to_string).collect();
    shown(before.line_changes(&paths, Some(&git), &mut run))
}

fn shown(changes: Vec<LineChange>) -> Vec<String> {
    let one = |change: LineChange| {
        let (path, size) = (change.delta.path.display().to_string(), change.size);
        let mut text = format!("{path} {:?} {size:?}", change.delta.kind);
        for (sign, lines) in [('-', change.removed), ('+', change.added)] {
            for (at, line) in lines {
                text.push_str(&format!(" {sign}{at}:{}", String::from_utf8_lossy(&line)));
            }
        }
        text + if change.is_binary { " binary" } else { "" }
    };
    changes.into_iter().map(one).collect()
}

#[test]
fn lines_that_were_there_or_are_of_a_changed_file_are_left_out() {
    if lacks("git") {
        return;
    }
    let scratch = Scratch::new();
    scratch.sh("echo 4 >>sub/b; echo own >dirty; seq 9 >long; git add long; git commit -qm long");
    let script = "echo 4 >>a; git commit -qam a; echo 5 >>a; sed -i 5d long; echo 5 >>sub/b
        echo more >>dirty; printf 'x\\r\\ny' >new; printf '\\377' >bin; ln -s a l; mkdir d";
    let paths = ["a", "bin", "d", "dirty", "l", "long", "new", "none", "sub/b"];
    assert_eq!(
        changed(&scratch, ".", script, &paths),
        [
            "a Modified Some(10) +4:4 +5:5",
            "long Modified Some(16) -5:5",
            "bin Added Some(1) binary",
            "new Added Some(4) +1:x +2:y",
        ]
    );
}

#[test]
fn a_file_that_became_a_link_or_is_gone_does_not_hide_the_others() {
    if lacks("git") {
        return;
    }
    let scratch = Scratch::new();
    let script = "echo 4 >>a; rm sub/b; ln -s ../a sub/b; rm .gitignore";
    assert_eq!(
        changed(&scratch, ".", script, &["a", "sub/b", ".gitignore"]),
        [
            ".gitignore Removed None -1:made -2:cache/",
            "a Modified Some(8) +4:4",
            "sub/b Modified Some(4) -1:1 -2:2 -3:3 +1:../a",
        ]
    );
}

#[test]
fn a_project_below_the_top_of_its_repository_has_its_own_paths() {
    if lacks("git") {
        return;
    }
    let scratch = Scratch::new();
    scratch.sh("printf 'x\\n' >'sub/*'; git add -A; git commit -qm star");
    let script = "echo 4 >>sub/b; echo 4 >>a; echo y >>'sub/*'; echo n >sub/new";
    assert_eq!(
        changed(&scratch, "sub", script, &["*", "new"]),
        ["* Modified Some(4) +2:y", "new Added Some(2) +1:n"],
        "a name is no pattern"
    );
    assert_eq!(changed(&scratch, "sub", "true", &[]), [""; 0]);
}

#[test]
fn no_line_is_known_without_git_or_a_commit() {
    if lacks("git") {
        return;
    }
    let scratch = Scratch::new();
    let paths = ["a".to_owned()];
    let (top, git): (&Path, _) = (&scratch.top, git());
    let before = Snapshot::take(top, &[], Some(&git), &mut run);
    scratch.sh("echo 4 >>a");
    assert_eq!(shown(before.line_changes(&paths, None, &mut run)), [""; 0]);
    let without = Snapshot::take(top, &[], None, &mut run);
    assert_eq!(shown(without.line_changes(&paths, Some(&git), &mut run)), [""; 0]);
    assert_eq!(shown(before.line_changes(&paths, Some(&git), &mut |_| None)), [""; 0]);
    scratch.sh("git update-ref -d HEAD");
    let first = Snapshot::take(top, &[], Some(&git), &mut run);
    assert_eq!(shown(first.line_changes(&paths, Some(&git), &mut run)), [""; 0]);
}
