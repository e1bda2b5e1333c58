//! Determines which lines changed since a snapshot of a project, in a tree that others may change
//! as well.
//!
//! A file that already differed from its commit is not examined: its new lines cannot be
//! distinguished from those that a person had there.

use super::change::{Delta, DeltaKind, read_raw};
use super::changes::Snapshot;
use super::git::{Git, Run, Settings};
use super::line_changes::{LineChange, joined};
use crate::platform::open::{self, Links};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// The most files that are examined, and the most bytes of a new file that are read.
const FILES: usize = 1000;
const BYTES: u64 = 8 << 20;

impl Snapshot {
    /// Returns the changed lines of those `paths` that were unmodified in git; nothing if git
    /// fails.
    pub(crate) fn line_changes(
        &self,
        paths: &[String],
        git: Option<&Git>,
        run: Run<'_>,
    ) -> Vec<LineChange> {
        let state = self.git.as_ref().and_then(|state| state.around(&self.root));
        let (Some(git), Some((top, head, dirty))) = (git, state) else { return Vec::new() };
        let clean = |path: &&String| !dirty.contains_key(OsStr::new(path.as_str()));
        let paths: Vec<&String> = paths.iter().filter(clean).take(FILES).collect();
        if paths.is_empty() {
            return Vec::new();
        }
        let Some(settings) = git.settings(top, run) else { return Vec::new() };
        let mut known = diff((top, head), &self.root, &paths, (git, &settings), run);
        let is_known = |path: &Path, known: &[LineChange]| {
            known.iter().any(|file| file.delta.path.as_path() == path)
        };
        for path in paths {
            let path = Path::new(path);
            if !is_known(path, &known) {
                known.extend(new_file(&self.root, path));
            }
        }
        known
    }
}

/// Returns the difference to the commit of the snapshot, for files that it has.
fn diff(
    (top, head): (&Path, &str),
    root: &Path,
    paths: &[&String],
    (git, settings): (&Git, &Settings),
    run: Run<'_>,
) -> Vec<LineChange> {
    let from_top: Vec<String> = paths
        .iter()
        .filter_map(|path| {
            let path = root.join(path);
            Some(format!(":(top,literal){}", path.strip_prefix(top).ok()?.display()))
        })
        .collect();
    let mut ask = |more: &[&str]| {
        let mut args = vec!["diff", "--no-renames", "--no-ext-diff", "--no-textconv"];
        args.extend(["--no-color", "--ignore-submodules=all"]);
        args.extend(more);
        args.extend([head, "--"]);
        args.extend(from_top.iter().map(String::as_str));
        run(&git.call(top, settings, &args))
    };
    let raw = ask(&["--raw", "-z", "--no-abbrev"]);
    let patch = ask(&["--unified=0", "--full-index"]);
    let (Some(raw), Some(patch)) = (raw, patch) else { return Vec::new() };
    let mut changes = joined(read_raw(&raw), &patch).unwrap_or_default();
    for change in &mut changes {
        let real = top.join(&change.delta.path);
        if let Ok(path) = real.strip_prefix(root) {
            change.delta.path = path.to_owned();
        }
        change.size = fs::symlink_metadata(&real).ok().map(|meta| meta.len());
    }
    changes
}

/// Returns a file that git does not track: all of its lines are new.
fn new_file(root: &Path, path: &Path) -> Option<LineChange> {
    let real: PathBuf = root.join(path);
    let size = fs::symlink_metadata(&real).ok().filter(fs::Metadata::is_file)?.len();
    let text = open::read_text(&real, Links::Refuse, BYTES).ok();
    let lines = text.as_deref().unwrap_or_default().lines().zip(1_u32..);
    let delta = Delta { path: path.to_owned(), kind: DeltaKind::Added, old: None, new: None };
    Some(LineChange {
        delta,
        added: lines.map(|(line, number)| (number, line.as_bytes().to_vec())).collect(),
        removed: Vec::new(),
        is_binary: text.is_none(),
        size: Some(size),
    })
}
