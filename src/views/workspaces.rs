//! `workspace ls`: the private trees on the disk, and the attempts that are kept.

use super::escape;
use super::landing::short;
use super::style::{Look, count, padded, size};
use crate::workspace::{AttemptRef, Kind, Place, size_of};
use serde::Serialize;
use std::collections::HashMap;
use std::fmt::Write;

/// All repositories of the served queues.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct WorkspacesView {
    /// Version of this shape.
    pub schema_version: u32,
    /// The repositories.
    pub repositories: Vec<RepositoryView>,
}

/// A repository with its trees and attempts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct RepositoryView {
    /// The top of its work tree.
    pub path: String,
    /// The folder of the trees.
    pub places_dir: String,
    /// The trees.
    pub places: Vec<PlaceView>,
    /// The tasks with kept attempts.
    pub attempts: Vec<KeptView>,
}

/// A tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct PlaceView {
    /// Its name, such as `ws-1`.
    pub name: String,
    /// Its purpose: `workspace`, `judge` or `restored`.
    pub kind: &'static str,
    /// Its folder.
    pub path: String,
    /// Whether a loop uses it now.
    pub in_use: bool,
    /// Its size on the disk, in bytes.
    pub bytes: u64,
    /// The commit of its own HEAD.
    pub head: Option<String>,
}

/// The kept attempts of a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct KeptView {
    /// The task; `None` if no loaded queue has it.
    pub task: Option<String>,
    /// Its name in refs.
    pub part: String,
    /// The numbers of the attempts.
    pub attempts: Vec<u32>,
}

impl From<&Place> for PlaceView {
    fn from(place: &Place) -> Self {
        Self {
            name: place.name.clone(),
            kind: match place.kind {
                Some(Kind::Workspace) => "workspace",
                Some(Kind::Judge) => "judge",
                None => "restored",
            },
            path: place.path.display().to_string(),
            in_use: place.in_use,
            bytes: size_of(&place.path),
            head: place.head.as_ref().map(ToString::to_string),
        }
    }
}

/// Groups attempts by task; `tasks` maps a part of a ref to its task.
pub(crate) fn by_task(
    mut attempts: Vec<AttemptRef>,
    tasks: &HashMap<String, String>,
) -> Vec<KeptView> {
    attempts.sort_by(|one, other| (&one.part, one.number).cmp(&(&other.part, other.number)));
    let mut views: Vec<KeptView> = Vec::new();
    for one in attempts {
        match views.last_mut().filter(|last| last.part == one.part) {
            Some(last) => last.attempts.push(one.number),
            None => views.push(KeptView {
                task: tasks.get(&one.part).cloned(),
                part: one.part,
                attempts: vec![one.number],
            }),
        }
    }
    views
}

/// Renders the view as lines.
pub(crate) fn text(view: &WorkspacesView, look: Look) -> String {
    let mut text = String::new();
    for repository in &view.repositories {
        let path = look.head(escape::line(&repository.path));
        let trees = count(repository.places.len(), "tree", "trees");
        let total: u64 = repository.places.iter().map(|place| place.bytes).sum();
        let dir = escape::line(&repository.places_dir);
        let _ = writeln!(text, "{path}: {trees} in {dir} ({})", size(total));
        let width = repository.places.iter().map(|place| place.name.len()).max().unwrap_or(0);
        for place in &repository.places {
            let name = padded(&escape::line(&place.name), width);
            let used = if place.in_use { "in use" } else { "free" };
            let head = place.head.as_deref().map_or("-", short);
            let size = size(place.bytes);
            let _ =
                writeln!(text, "  {name}  {}  {}  HEAD {head}", padded(used, 6), padded(&size, 9));
        }
        kept(&repository.attempts, &mut text);
    }
    if view.repositories.is_empty() {
        text.push_str("there are no private trees: the project is not in a git work tree\n");
    }
    text
}

fn kept(attempts: &[KeptView], text: &mut String) {
    if attempts.is_empty() {
        text.push_str("  no attempt is kept\n");
    }
    for kept in attempts {
        let numbers: Vec<String> = kept.attempts.iter().map(u32::to_string).collect();
        let what = if numbers.len() == 1 { "attempt" } else { "attempts" };
        let (name, more) = match &kept.task {
            Some(task) => (task, ""),
            None => (&kept.part, " (no loaded queue has this task)"),
        };
        let name = escape::line(name);
        let _ = writeln!(text, "  kept: {name}  {what} {}{more}", numbers.join(", "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::{Oid, Stamp};

    #[test]
    fn a_tree_is_told_by_its_purpose_and_a_project_without_one_says_why() {
        let place = |kind| Place {
            name: "x".to_owned(),
            kind,
            path: "/no/such/folder".into(),
            in_use: true,
            head: Some(Oid::parse(&"a".repeat(40)).unwrap()),
        };
        for (kind, word) in
            [(Some(Kind::Workspace), "workspace"), (Some(Kind::Judge), "judge"), (None, "restored")]
        {
            let view = PlaceView::from(&place(kind));
            assert_eq!((view.kind, view.bytes, view.head), (word, 0, Some("a".repeat(40))));
            assert_eq!(
                (view.name.as_str(), view.path.as_str(), view.in_use),
                ("x", "/no/such/folder", true)
            );
        }
        let view = |repositories| WorkspacesView { schema_version: 1, repositories };
        assert_eq!(
            text(&view(Vec::new()), Look::PLAIN),
            "there are no private trees: the project is not in a git work tree\n"
        );
        let none = RepositoryView {
            path: "/p".into(),
            places_dir: "/c\u{1b}".into(),
            places: vec![PlaceView { name: "a\u{1b}".into(), ..PlaceView::from(&place(None)) }],
            attempts: Vec::new(),
        };
        assert_eq!(
            text(&view(vec![none]), Look::PLAIN),
            "/p: 1 tree in /c␛ (0.0 kB)\n  a␛  in use  0.0 kB     HEAD aaaaaaaaaa\n  no attempt is kept\n"
        );
    }

    #[test]
    fn trees_and_attempts_are_listed() {
        let attempt = |part: &str, number| AttemptRef {
            part: part.to_owned(),
            number,
            commit: Oid::parse(&"a".repeat(40)).unwrap(),
            date: Stamp(0),
        };
        let tasks = HashMap::from([("a%2Fb".to_owned(), "a/b".to_owned())]);
        let attempts =
            by_task(vec![attempt("a%2Fb", 10), attempt("z", 1), attempt("a%2Fb", 9)], &tasks);
        let place = |name: &str, in_use, bytes| PlaceView {
            name: name.to_owned(),
            kind: "workspace",
            path: format!("/c/{name}"),
            in_use,
            bytes,
            head: in_use.then(|| "b".repeat(40)),
        };
        let repository = RepositoryView {
            path: "/p".into(),
            places_dir: "/c".into(),
            places: vec![place("judge-1", false, 512), place("ws-1", true, 3_400_000)],
            attempts,
        };
        let view = WorkspacesView { schema_version: 1, repositories: vec![repository] };
        let expected = "\
/p: 2 trees in /c (3.4 MB)
  judge-1  free    0.5 kB     HEAD -
  ws-1     in use  3.4 MB     HEAD bbbbbbbbbb
  kept: a/b  attempts 9, 10
  kept: z  attempt 1 (no loaded queue has this task)
";
        assert_eq!(text(&view, Look::PLAIN), expected);
    }
}
