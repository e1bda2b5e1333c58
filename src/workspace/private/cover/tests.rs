//! Folders over trees, and what commands do while they cover them.

use super::super::super::repo::scratch::{Scratch, sh};
use super::super::{Kind, Places, TreeRules, Wanted};
use super::*;

struct Bench {
    scratch: Scratch,
    tree: Tree,
    folder: PathBuf,
}

impl Bench {
    /// Creates a judge tree with `files` in the project, and `hidden` in the folder.
    fn new(files: &str, hidden: &str) -> Self {
        let scratch = Scratch::new();
        scratch.sh(&format!("{files}; git add -A; git commit -qm files"));
        let folder = scratch.folder.path().join("hidden");
        fs::create_dir_all(&folder).unwrap();
        sh(&folder, hidden);
        let repository = scratch.repository();
        let dir = scratch.folder.path().join("trees");
        let slot = Places::of(&repository, Some(&dir), None).unwrap().take(Kind::Judge).unwrap();
        let keep = vec!["kept/".to_owned()];
        let rules = TreeRules { keep, ..TreeRules::default() };
        let mut tree = Tree::new(&repository, slot, rules).unwrap();
        tree.prepare(&Wanted::commit(repository.tip().unwrap())).unwrap();
        Self { scratch, tree, folder }
    }

    #[track_caller]
    fn sh(&self, script: &str) -> String {
        sh(self.tree.path(), script)
    }

    /// Returns all paths of the tree with their content, and our files beside it.
    fn all(&self) -> String {
        let own = self.tree.slot().own().join("covered*");
        self.sh(&format!(
            "find . -path ./.git -prune -o -print | LC_ALL=C sort; grep -r . . --exclude-dir=.git | \
             LC_ALL=C sort; git status --porcelain --ignored; ls -d {} 2>/dev/null || true",
            own.display()
        ))
    }

    /// Returns the tree before and after `script` runs while the folder covers it.
    #[track_caller]
    fn beneath(&self, script: &str) -> (String, String) {
        let before = self.all();
        let cover = self.tree.cover(&self.folder, Path::new("")).unwrap();
        self.sh(script);
        self.tree.uncover(&cover).unwrap();
        (before, self.all())
    }
}

const FILES: &str = "mkdir -p tests; echo t >tests/a; echo kept/ >>.gitignore; mkdir kept";
const HIDDEN: &str = "mkdir -p tests/deep; echo secret >tests/a; echo secret >tests/deep/b; \
                      mkdir .git; touch .git/HEAD; ln -s a tests/l";

#[test]
fn a_folder_is_there_for_one_command_and_leaves_nothing() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let bench = Bench::new(FILES, HIDDEN);
    bench.sh("mkdir kept; echo old >kept/cache; echo built >untracked; chmod 500 tests");
    let seen = bench.scratch.folder.path().join("seen");
    let script = format!(
        "(cat tests/a tests/deep/b tests/l; git status --porcelain) >{}; cat untracked kept/cache",
        seen.display()
    );
    let (before, after) = bench.beneath(&script);
    assert_eq!(before, after);
    let seen = fs::read_to_string(seen).unwrap();
    assert!(seen.starts_with("secret\nsecret\nsecret\n"), "{seen}");
}

#[test]
fn what_a_command_makes_of_it_goes_as_well() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let bench = Bench::new(FILES, HIDDEN);
    bench.sh("mkdir kept; echo old >kept/cache");
    for script in [
        "cp tests/deep/b kept/stolen; mkdir -p kept/x/y; cp tests/a kept/x/y; chmod 000 kept/x",
        "cp tests/deep/b a; cp tests/deep/b new; ln tests/deep/b kept/hard; ln -s tests/a kept/soft",
        "cp tests/a .git/stolen; git add -A; git commit -qm stolen",
        "mv tests/deep moved; mv tests gone; rm -f .gitignore",
    ] {
        let (before, after) = bench.beneath(script);
        assert_eq!(before, after, "{script}");
        assert!(!after.contains("secret"), "{after}");
        assert_eq!(
            bench.sh("git log --all --format=%s | head -1; ls .git/stolen 2>&1 | wc -l"),
            "files\n1"
        );
    }
    // A cache that the command changed may be derived from it, and can be lost.
    let (_, after) = bench.beneath("cat tests/a >>kept/cache");
    assert!(!after.contains("secret") && !after.contains("kept/cache"), "{after}");
}

#[test]
fn links_of_a_change_lead_the_folder_nowhere() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let out = "mkdir -p ../out/deep; ln -s ../../../../out tests; touch ../out/deep/b ../out/mine";
    let bench = Bench::new(out, HIDDEN);
    let project = bench.scratch.folder.path().to_owned();
    let before = sh(&project, "find . -name out -exec ls -R {} +");
    let (was, is) = bench.beneath("test ! -L tests; cat tests/a");
    assert_eq!(was, is);
    // Nor is a link followed that the command puts in the way of what is taken off.
    let own = project.join("own-files");
    fs::create_dir_all(own.join("deep")).unwrap();
    sh(&own, "touch a l deep/b");
    let (was, is) = bench.beneath(&format!("rm -rf tests; ln -s {} tests", own.display()));
    assert_eq!(was, is);
    assert_eq!(sh(&own, "find . -type f | wc -l"), "3");
    assert_eq!(sh(&project, "find . -name out -exec ls -R {} +"), before);
}

#[test]
fn a_tree_that_was_left_covered_is_made_anew() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let mut bench = Bench::new(FILES, HIDDEN);
    bench.sh("mkdir kept");
    let cover = bench.tree.cover(&bench.folder, Path::new("")).unwrap();
    bench.sh("cp tests/a kept/stolen");
    drop(cover);
    let wanted = bench.tree.wanted().unwrap().clone();
    assert!(bench.tree.prepare(&wanted).unwrap().is_new);
    assert!(!bench.all().contains("secret"));
    // An empty folder hides nothing, and is reported as empty.
    sh(&bench.folder, "rm -rf tests");
    let error = bench.tree.cover(&bench.folder, Path::new("")).unwrap_err();
    assert!(error.to_string().contains("there is no file in it"), "{error}");
}
