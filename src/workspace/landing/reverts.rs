//! Detects whether a landing would undo what others landed. A stale tree merges without a conflict,
//! and its checks are green, because it undoes code and tests together.

use super::super::change::{Delta, DeltaKind, WHOLE, is_declared};
use super::super::repo::{GitError, Oid, Repository};
use super::entry::Work;
use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A change of others that would be undone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reverted {
    /// The path; `None` if only lines are known that the change itself does not have.
    pub path: Option<PathBuf>,
    /// The tasks whose commits changed it last, by their trailers.
    pub tasks: Vec<String>,
}

/// The earlier contents of a path in the target's history.
#[derive(Debug, Default)]
struct Past {
    contents: HashSet<Oid>,
    tasks: Vec<String>,
}

/// Returns the changes of others that landing `tree` on `tip` would undo; empty if there are none.
/// `deltas` are the differences between the two.
pub(super) fn reverts_others(
    repository: &Repository,
    work: &Work,
    (tip, tree, deltas): (&Oid, &Oid, &[Delta]),
    task: &str,
) -> Result<Vec<Reverted>, GitError> {
    if *tip != work.base {
        // There is more than one way to compare two texts: only what all algorithms find counts.
        let mut beyond = true;
        for algorithm in ["histogram", "myers"] {
            let landed = repository.lines(tip, tree, algorithm)?;
            let own = repository.lines(&work.base, &work.change, algorithm)?;
            beyond = beyond && !landed.beyond(&own).is_empty();
            if !beyond {
                break;
            }
        }
        if beyond {
            let paths = deltas.iter().map(|delta| delta.path.clone());
            let all = paths.map(|path| Reverted { path: Some(path), tasks: Vec::new() });
            return Ok(all.collect());
        }
    }
    let undeclared: Vec<_> =
        deltas.iter().filter(|delta| !is_declared(&delta.path, &work.declared)).collect();
    // A path that never existed has no earlier content, and git finds that out fastest.
    if undeclared.is_empty() {
        return Ok(Vec::new());
    }
    let paths: Vec<&Path> = undeclared.iter().map(|delta| delta.path.as_path()).collect();
    let past = past(repository, tip, &paths)?;
    let mut reverted = Vec::new();
    for delta in undeclared {
        let Some(past) = past.get(&delta.path) else { continue };
        let others: Vec<String> =
            past.tasks.iter().filter(|other| *other != task).cloned().collect();
        let is_old = match (&delta.kind, &delta.new) {
            (DeltaKind::Removed, _) | (_, None) => !others.is_empty(),
            (_, Some((_, new))) => past.contents.contains(new),
        };
        if is_old {
            reverted.push(Reverted { path: Some(delta.path.clone()), tasks: others });
        }
    }
    reverted.sort_unstable();
    Ok(reverted)
}

/// Returns the earlier contents of each of `paths` in the history of `tip`, and the tasks that
/// changed it.
fn past(
    repository: &Repository,
    tip: &Oid,
    paths: &[&Path],
) -> Result<HashMap<PathBuf, Past>, GitError> {
    let format = "--format=%x01%(trailers:key=Workloop-Task,valueonly,separator=%x02)";
    let args = [
        "--literal-pathspecs",
        "log",
        "--first-parent",
        "--diff-merges=first-parent",
        "-z",
        "--raw",
        "--no-abbrev",
        "--no-renames",
        WHOLE,
        "--root",
        format,
        tip.as_str(),
        "--",
    ];
    let mut found: HashMap<PathBuf, Past> = HashMap::new();
    // As many as a command line can hold.
    for some in paths.chunks(500) {
        let args: Vec<&OsStr> =
            args.iter().map(OsStr::new).chain(some.iter().map(|path| path.as_os_str())).collect();
        read(&repository.tool().get(&repository.refs(), &args)?, &mut found);
    }
    Ok(found)
}

/// Parses commits: `\x01TASKS NUL`, then for each path `:MODE MODE OID OID LETTER NUL PATH NUL`.
fn read(text: &[u8], found: &mut HashMap<PathBuf, Past>) {
    let mut tasks: Vec<String> = Vec::new();
    let mut old: Option<Oid> = None;
    for part in text.split(|byte| *byte == 0) {
        let part = part.strip_prefix(b"\n").unwrap_or(part);
        if let Some(named) = part.strip_prefix(b"\x01") {
            let named = String::from_utf8_lossy(named);
            let each = named.split('\u{2}').map(str::trim).filter(|task| !task.is_empty());
            tasks = each.map(str::to_owned).collect();
        } else if part.starts_with(b":") {
            let words = String::from_utf8_lossy(part);
            old = words.split(' ').nth(2).and_then(Oid::parse);
        } else if let Some(oid) = old.take() {
            let past = found.entry(PathBuf::from(OsStr::from_bytes(part))).or_default();
            if !oid.is_nothing() {
                past.contents.insert(oid);
            }
            let fresh: Vec<String> =
                tasks.iter().filter(|task| !past.tasks.contains(task)).cloned().collect();
            past.tasks.extend(fresh);
        }
    }
}
