//! Tests which queues a command selects, and where their project is.

use super::*;

#[test]
fn queues_are_found_from_below_and_their_configuration_among_them() {
    let (_dir, root) = folder(&["queues/a.json", "queues/b.json", "src/deep/x", ".git/x"]);
    let below = query(&root.join("src/deep"));
    assert!(paths(&below).expect_err("several").contains("../../queues/a.json"));
    let all = QueueQuery { all: true, ..below.clone() };
    assert_eq!(paths(&all).map(|found| found.len()), Ok(2));
    put(&root.join("queues/workloop.toml"), "queues = [\"b.json\"]\n");
    assert_eq!(paths(&query(&root)), Ok(vec!["queues/b.json".into()]));
    assert_eq!(paths(&below), Ok(vec!["../../queues/b.json".into()]));
    let mut wrong = query(&root);
    wrong.paths = vec!["queues/bb.json".into()];
    let error = paths(&wrong).expect_err("missing");
    assert_eq!(error, "failed to find the queue queues/bb.json; did you mean queues/b.json?");
}

#[test]
fn agents_never_work_among_the_queues() {
    let (_dir, root) = folder(&["queues/q.json", "q.json"]);
    for (queue, expected) in [("queues/q.json", &*root), ("q.json", &*root)] {
        let mut query = query(&root);
        query.paths = vec![queue.into()];
        let selection = select(&query, &Overrides::default(), &no_env).expect("a queue");
        assert_eq!(selection.config.root_for(&selection.queues[0], None).path, expected);
    }
}

#[test]
fn queues_are_found_by_path_and_by_default() {
    let (_dir, root) = folder(&["queues/a.json"]);
    assert_eq!(paths(&query(&root)), Ok(vec!["queues/a.json".into()]));
    put(&root.join("queues/b.json"), "");
    let error = paths(&query(&root)).expect_err("several");
    assert_eq!(error, "failed to choose a queue: there are 2:\n  queues/a.json\n  queues/b.json");
    let mut both = query(&root);
    both.paths =
        ["queues/b.json", "queues/a.json", "queues/../queues/b.json"].map(Into::into).into();
    assert_eq!(paths(&both), Ok(vec!["queues/b.json".into(), "queues/a.json".into()]));
    both.paths = vec!["queues/c.json".into()];
    assert_eq!(
        paths(&both),
        Err("failed to find the queue queues/c.json; did you mean queues/a.json?".into())
    );
    put(&root.join("workloop.toml"), "queues = [\"queues/*.json\"]\n");
    assert_eq!(paths(&query(&root)).map(|paths| paths.len()), Ok(2));
    assert!(paths(&query(&root.join("queues"))).is_ok_and(|paths| paths == ["a.json", "b.json"]));
    let (_dir, empty) = folder(&[]);
    assert!(paths(&query(&empty)).expect_err("none").starts_with("failed to find a queue"));
}

#[test]
fn queues_are_found_by_project_and_name() {
    let (_dir, root) = folder(&[
        "tasks/work_queue_shop.json",
        "tasks/work_queue_shop_features.json",
        "queues/other.json",
    ]);
    let ask = |project: Option<&str>, names: &[&str]| {
        paths(&QueueQuery {
            project: project.map(ToOwned::to_owned),
            names: names.iter().map(ToString::to_string).collect(),
            ..query(&root)
        })
    };
    let shop = || vec!["tasks/work_queue_shop.json".to_owned()];
    assert_eq!(ask(Some("shop"), &[]), Ok(shop()));
    let features = vec!["tasks/work_queue_shop_features.json".to_owned()];
    assert_eq!(ask(Some("shop"), &["features"]), Ok(features));
    assert_eq!(ask(None, &["other"]), Ok(vec!["queues/other.json".into()]));
    let error = Err("there is no queue othr; did you mean other? There are: other, work_queue_shop, work_queue_shop_features".to_owned());
    assert_eq!(ask(None, &["othr"]), error);
    assert_eq!(ask(Some("x"), &[]), Err("there is no project x".into()));
    put(
        &root.join("workloop.toml"),
        "[project.shop.queues]\nmain = \"tasks/work_queue_shop.json\"\nold = \"queues/other.json\"\n",
    );
    assert_eq!(ask(Some("shop"), &["old", "main"]).map(|paths| paths.len()), Ok(2));
    assert_eq!(ask(Some("shop"), &[]).map(|paths| paths.len()), Ok(2));
    assert_eq!(ask(None, &["old"]), Ok(vec!["queues/other.json".into()]));
    let selection = select(&query(&root), &Overrides::default(), &no_env).expect("valid");
    assert_eq!(selection.queues[0].name, "main");
    assert_eq!(selection.queues[0].aliases, ["main", "work_queue_shop"]);
    assert_eq!(selection.queues[0].project.as_deref(), Some("shop"));
}

#[test]
fn the_project_root_is_found() {
    let (_dir, root) = folder(&["repo/.git", "repo/queues/q.json", "bare/q.json"]);
    let root_of = |cwd: &str, project: Option<&str>| {
        let mut query = query(&root.join(cwd));
        query.paths = vec![if cwd == "repo" { "queues/q.json" } else { "q.json" }.into()];
        let selection = select(&query, &Overrides::default(), &no_env).expect("valid");
        selection.config.root_for(&selection.queues[0], project)
    };
    assert_eq!(root_of("repo", None).path, root.join("repo"));
    assert_eq!(root_of("bare", None).path, root.join("bare"));
    put(&root.join("repo/queues/workloop.toml"), "");
    assert_eq!(root_of("repo", None).path, root.join("repo/queues"));
    put(
        &root.join("repo/queues/workloop.toml"),
        "root = \"../out\"\ncreate_root = true\n[project.shop]\nroot = \"shop\"\n",
    );
    let made = ProjectRoot { path: root.join("repo/out"), create: true };
    assert_eq!(root_of("repo", None), made);
    assert_eq!(root_of("repo", Some("unknown")), made);
    assert_eq!(root_of("repo", Some("shop")).path, root.join("repo/queues/shop"));
}

#[test]
fn queues_of_different_configurations_are_not_mixed() {
    let (_dir, root) = folder(&["a/q.json", "a/workloop.toml", "b/q.json", "b/workloop.toml"]);
    let mut query = query(&root);
    query.paths = vec!["a/q.json".into(), "b/q.json".into()];
    assert!(paths(&query).expect_err("mixed").contains("different configurations"));
    let overrides = Overrides { config: Some("a/workloop.toml".into()), ..Overrides::default() };
    assert!(select(&query, &overrides, &no_env).is_ok());
}
