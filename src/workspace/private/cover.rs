//! Lays a folder over a judge tree for one command, and takes it off again. Nothing of the folder
//! stays, nor of what the command wrote meanwhile, since that may be derived from it.
//!
//! Files of the tree that the folder hides are moved to a side folder and put back. A process that
//! dies in between leaves a note, after which the tree is made again before it is used.

use super::super::repo::Oid;
use super::files;
use super::places::{ASIDE, COVERED, NOTE, OUTPUT};
use super::tree::{Tree, TreeError, failed, own_git_failed};
use crate::platform::fault::{self, Fault};
use crate::platform::open;
use std::collections::HashMap;
use std::fs::{self, DirBuilder, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// Properties of a file that cannot be set; folders are identified by their names alone.
type Stamp = [i128; 5];

/// A folder that is laid over a tree.
#[derive(Debug)]
pub struct Cover {
    /// The content of the tree before.
    before: HashMap<PathBuf, Option<Stamp>>,
    /// The paths that were added, each folder before its content.
    brought: Vec<PathBuf>,
    /// The paths that were moved away, and their present location.
    aside: Vec<(PathBuf, PathBuf)>,
    output: PathBuf,
}

impl Cover {
    /// Returns the file for the output of the command while the folder covers the tree.
    pub fn output(&self) -> &Path {
        &self.output
    }
}

impl Tree {
    /// Lays all of `folder` over the folder `below` of the tree. Repositories in it are left out.
    ///
    /// # Errors
    /// If the folder cannot be read, or has no file; the tree is unchanged then, or is made again.
    pub fn cover(&self, folder: &Path, below: &Path) -> Result<Cover, TreeError> {
        self.checked()?;
        self.slot().secure()?;
        let own = self.slot().own();
        let laid = self.begin_cover(own).and_then(|mut cover| {
            let io = |source| failed(folder, source);
            let mut lay = Lay { top: self.path(), own, cover: &mut cover, files: 0 };
            lay.way(below).and_then(|()| lay.all(folder, below)).map_err(io)?;
            if lay.files == 0 {
                return Err(io(io::Error::new(io::ErrorKind::NotFound, "there is no file in it")));
            }
            Ok(cover)
        });
        if laid.is_err() {
            self.discard()?;
        }
        laid
    }

    fn begin_cover(&self, own: &Path) -> Result<Cover, TreeError> {
        let io = |source| failed(own, source);
        for name in COVERED {
            files::remove(&own.join(name)).map_err(io)?;
        }
        DirBuilder::new().mode(0o700).create(own.join(ASIDE)).map_err(io)?;
        open::new(&own.join(NOTE)).map_err(io)?;
        let before = listed(self.path()).map_err(|source| failed(self.path(), source))?;
        let output = own.join(OUTPUT);
        Ok(Cover { before, brought: Vec::new(), aside: Vec::new(), output })
    }

    /// Takes the folder off. The tree is as it was, except that its tracked files and its
    /// repository are as they were prepared. What cannot be put back is made again before it is
    /// used.
    ///
    /// # Errors
    /// If it cannot be put back; the tree is removed then.
    pub fn uncover(&self, cover: &Cover) -> Result<(), TreeError> {
        if fault::is(Fault::HiddenStays) {
            return Ok(());
        }
        let done = self.put_under(cover);
        if done.is_err() {
            self.discard()?;
        }
        done
    }

    fn put_under(&self, cover: &Cover) -> Result<(), TreeError> {
        let wanted = self.checked()?.clone();
        let (top, own) = (self.path(), self.slot().own());
        let io = |source| failed(top, source);
        for path in cover.brought.iter().rev() {
            // Follows no link that the command put in the way.
            if files::has_real_parents(top, path).map_err(io)? {
                files::remove(&top.join(path)).map_err(io)?;
            }
        }
        sweep(top, &cover.before).map_err(io)?;
        for (path, aside) in &cover.aside {
            files::parents(top, path).map_err(io)?;
            fs::rename(aside, top.join(path)).map_err(io)?;
        }
        self.reset(&wanted.files)?;
        self.put_modules()?;
        self.own_git(&wanted.base).make().map_err(|error| own_git_failed(top, error))?;
        for name in COVERED {
            files::remove(&own.join(name)).map_err(io)?;
        }
        Ok(())
    }

    /// Restores the tracked files to `files`.
    fn reset(&self, files: &Oid) -> Result<(), TreeError> {
        let at = self.at(files)?;
        if !self.slot().known().is_as_left(&self.slot().index()) {
            self.make_index(&at, files)?;
        }
        self.repository().tool().get(&at, &["read-tree", "--reset", "-u", files.as_str()])?;
        self.slot().known().note(&self.slot().index());
        Ok(())
    }
}

/// A folder while it is being laid over a tree.
struct Lay<'a> {
    top: &'a Path,
    own: &'a Path,
    cover: &'a mut Cover,
    files: usize,
}

impl Lay<'_> {
    /// Creates the folders down to `below`.
    fn way(&mut self, below: &Path) -> io::Result<()> {
        let mut path = PathBuf::new();
        for part in below.components() {
            path.push(part);
            self.folder(&path)?;
        }
        Ok(())
    }

    /// Lays the content of `from` over the existing folder `to`.
    fn all(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            let name = entry.file_name();
            if name.eq_ignore_ascii_case(".git") {
                continue;
            }
            let path = to.join(&name);
            if entry.file_type()?.is_dir() {
                self.folder(&path)?;
                self.all(&from.join(&name), &path)?;
            } else {
                self.free(&path)?;
                self.cover.brought.push(path);
                files::copy(from, &self.top.join(to), Path::new(&name))?;
                self.files += 1;
            }
        }
        Ok(())
    }

    /// Ensures that `path` is a folder: an existing folder stays, a link to one does not.
    fn folder(&mut self, path: &Path) -> io::Result<()> {
        let target = self.top.join(path);
        if files::look(&target)?.is_some_and(|meta| meta.is_dir()) {
            return Ok(());
        }
        self.free(path)?;
        self.cover.brought.push(path.to_owned());
        DirBuilder::new().mode(0o777).create(target)
    }

    /// Moves the content of `path` to the side folder.
    fn free(&mut self, path: &Path) -> io::Result<()> {
        let target = self.top.join(path);
        if files::look(&target)?.is_some() {
            let aside = self.own.join(ASIDE).join(self.cover.aside.len().to_string());
            fs::rename(target, &aside)?;
            self.cover.aside.push((path.to_owned(), aside));
        }
        Ok(())
    }
}

fn stamp(meta: &Metadata) -> Option<Stamp> {
    let changed = [meta.ctime().into(), meta.ctime_nsec().into()];
    let stamp = [meta.dev().into(), meta.ino().into(), meta.size().into(), changed[0], changed[1]];
    (!meta.is_dir()).then_some(stamp)
}

/// Returns the content of the tree at `top` except its repository; follows no link.
fn listed(top: &Path) -> io::Result<HashMap<PathBuf, Option<Stamp>>> {
    let mut all = HashMap::new();
    let mut left = vec![PathBuf::new()];
    while let Some(folder) = left.pop() {
        for (path, meta) in entries(top, &folder)? {
            if meta.is_dir() {
                left.push(path.clone());
            }
            all.insert(path, stamp(&meta));
        }
    }
    Ok(all)
}

/// Removes paths that are not in `before`, or differ from it.
fn sweep(top: &Path, before: &HashMap<PathBuf, Option<Stamp>>) -> io::Result<()> {
    let mut left = vec![PathBuf::new()];
    while let Some(folder) = left.pop() {
        for (path, meta) in entries(top, &folder)? {
            if before.get(&path) != Some(&stamp(&meta)) {
                files::remove(&top.join(&path))?;
            } else if meta.is_dir() {
                left.push(path);
            }
        }
    }
    Ok(())
}

fn entries(top: &Path, folder: &Path) -> io::Result<Vec<(PathBuf, Metadata)>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(top.join(folder))? {
        let path = folder.join(entry?.file_name());
        if path == Path::new(".git") {
            continue;
        }
        // A path that vanished since it was listed is gone.
        if let Some(meta) = files::look(&top.join(&path))? {
            all.push((path, meta));
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests;
