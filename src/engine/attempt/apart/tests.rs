//! Who can have private trees, and where in them the project is.

use super::*;
use crate::config::parse;
use crate::engine::attempt::tests::case::Case;
use crate::platform::programs::{find, lacks};

/// The `PATH` and the home of a test.
fn vars(case: &Case) -> Vec<(OsString, OsString)> {
    let path = std::env::var_os("PATH").unwrap();
    vec![("PATH".into(), path), ("HOME".into(), case.root().with_file_name("home").into())]
}

/// Returns why the project of `case` cannot have private trees; `more` follows the mode.
fn refused(case: &Case, more: &str, has_git: bool) -> String {
    let text = format!("[isolation]\nmode = \"private\"\n{more}");
    let config = parse(&case.root().join("workloop.toml"), &text).unwrap();
    let path = std::env::var_os("PATH").unwrap();
    let git = find("git", &path).filter(|_| has_git);
    let found = Isolated::of(&config, &case.root(), (git.as_deref(), Some(&path)), &vars(case));
    found.map(|_| ()).unwrap_err().to_string()
}

#[test]
fn whoever_shares_a_tree_needs_nothing() {
    let config = parse(Path::new("/p/workloop.toml"), "[isolation]\nmode = \"shared\"\n").unwrap();
    assert!(Isolated::of(&config, Path::new("/nowhere"), (None, None), &[]).unwrap().is_none());
}

#[test]
fn a_project_that_cannot_have_private_trees_is_told_what_to_do() {
    let case = Case::new();
    assert_eq!(
        refused(&case, "", false),
        "mode = \"private\" cannot be used: git is not on the PATH. Install it."
    );
    if lacks("git") {
        return;
    }
    let root = case.root();
    assert_eq!(
        refused(&case, "", true),
        format!(
            "mode = \"private\" cannot be used: {} is not in a git work tree. Make one (git init, git \
             add, git commit), or use mode = \"shared\".",
            root.display()
        )
    );
    let case = case.git();
    assert_eq!(
        refused(&case, "target = \"nope\"\n", true),
        "mode = \"private\" cannot be used: there is no branch nope. Make it (git branch nope), or \
         correct target under [isolation]."
    );
    case.put("cases/a", "");
    let hidden = "[[verify]]\nname = \"c\"\nrun = \"c\"\nhidden = \"cases\"\n";
    let expected = format!(
        "hidden of step c: {} is in the project, where agents can read it: move it outside",
        root.join("cases").display()
    );
    assert_eq!(refused(&case, hidden, true), expected);
    let dir = format!("[workspaces]\ndir = \"{}\"\n", root.join("trees").display());
    let inside = refused(&case, &dir, true);
    assert!(inside.starts_with("mode = \"private\" cannot be used: "), "{inside}");
}

/// Returns the private trees of a project in the folder `below` of its repository.
fn apart(case: &Case, below: &str) -> Apart {
    let trees = case.root().with_file_name("trees");
    let text =
        format!("[isolation]\nmode = \"private\"\n[workspaces]\ndir = \"{}\"\n", trees.display());
    let root = if below.is_empty() { case.root() } else { case.root().join(below) };
    let config = parse(&root.join("workloop.toml"), &text).unwrap();
    let path = std::env::var_os("PATH").unwrap();
    let git = find("git", &path).unwrap();
    let found = Isolated::of(&config, &root, (Some(&git), Some(&path)), &vars(case));
    found.unwrap().unwrap().take(&root.join("q.json"), true).unwrap()
}

#[test]
fn in_private_trees_the_project_is_where_it_is_in_its_repository() {
    if lacks("git") {
        return;
    }
    let case = Case::new().file("web/src/a", "one\n").git();
    let top = apart(&case, "");
    assert_eq!(top.agent_root(), top.workspace.as_ref().unwrap().tree());
    assert_eq!((top.judge_root().as_path(), top.below()), (top.judge.tree(), Path::new("")));
    assert_ne!(top.agent_root(), top.judge_root());
    let web = apart(&case, "web");
    assert_eq!(web.agent_root(), web.workspace.as_ref().unwrap().tree().join("web"));
    assert_eq!(web.judge_root(), web.judge.tree().join("web"));
    assert_ne!(web.judge.tree(), top.judge.tree(), "each attempt has trees of its own");
    let paths = |apart: &Apart, paths: &[&str]| {
        let owned: Vec<String> = paths.iter().map(ToString::to_string).collect();
        apart.seen_from_top(&owned)
    };
    let named = ["src/a", "./src/b", "../README", "../../up", ".", "src/../c"];
    assert_eq!(paths(&top, &named), ["src/a", "src/b", "README", "up", "", "c"]);
    assert_eq!(paths(&web, &named), ["web/src/a", "web/src/b", "README", "up", "web", "web/c"]);
    let absolute = case.root().join("web/x").display().to_string();
    assert_eq!(paths(&web, &[&absolute]), ["web/x"]);
    for (path, shown) in [("web/src/a", "src/a"), ("README", "README"), ("webx/a", "webx/a")] {
        assert_eq!(web.shown(Path::new(path)), shown);
    }
    assert_eq!(top.shown(Path::new("web/a")), "web/a");
    let (tip, name) = web.target().unwrap();
    assert_eq!(tip.as_str(), case.sh("git rev-parse main"));
    assert_eq!(name, format!("git tree {}", case.sh("git rev-parse 'main^{tree}'")));
}

#[test]
fn without_an_agent_there_is_only_the_judge_tree() {
    if lacks("git") {
        return;
    }
    let case = Case::new().task(serde_json::json!({"type": "gate"})).private();
    let apart = case.prepared().apart.unwrap();
    assert!(apart.workspace.is_none());
    assert_eq!(apart.agent_root(), apart.judge_root());
    let trees = PrivateTrees::to_judge(&apart).unwrap();
    assert!(trees.workspace.is_none() && trees.continued.is_none() && trees.captured.is_none());
}

#[test]
fn an_empty_project_folder_is_made_in_a_tree_and_no_link_is_followed() {
    if lacks("git") {
        return;
    }
    let case = Case::new().file("a/b/c", "").git();
    let apart = apart(&case, "a/b");
    let tree = case.root().with_file_name("elsewhere");
    fs::create_dir(&tree).unwrap();
    apart.make_root(&tree).unwrap();
    assert!(tree.join("a/b").is_dir());
    apart.make_root(&tree).unwrap();
    fs::remove_dir_all(tree.join("a")).unwrap();
    std::os::unix::fs::symlink(case.root(), tree.join("a")).unwrap();
    let told = format!("{} is not a folder", tree.join("a").display());
    assert_eq!(apart.make_root(&tree), Err(told));
    let gone = apart.make_root(&tree.join("gone")).unwrap_err();
    assert!(gone.starts_with(&format!("{}: ", tree.join("gone/a").display())), "{gone}");
}
