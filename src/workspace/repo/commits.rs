//! Makes and moves commits and refs in the project's repository with plumbing commands, which run
//! no hook.

use super::calls::GitError;
use super::found::Repository;
use super::names::Oid;
use std::fmt::Write;

/// A moment, in seconds since 1970: the date of a commit, passed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp(pub i64);

/// A move of a ref, only if it is at `from`; `None` means that it does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct RefMove {
    pub(in super::super) name: String,
    pub(in super::super) from: Option<Oid>,
    pub(in super::super) to: Option<Oid>,
}

impl Repository {
    /// Makes a commit of `tree` on `parent`.
    pub(in super::super) fn commit(
        &self,
        tree: &Oid,
        parent: &Oid,
        message: &str,
        date: Stamp,
    ) -> Result<Oid, GitError> {
        let [name, mail] = self.user();
        let date = format!("@{} +0000", date.0);
        let at = ["AUTHOR", "COMMITTER"].iter().fold(self.refs(), |at, who| {
            at.var(&format!("GIT_{who}_NAME"), name)
                .var(&format!("GIT_{who}_EMAIL"), mail)
                .var(&format!("GIT_{who}_DATE"), &date)
        });
        let args = ["commit-tree", tree.as_str(), "-p", parent.as_str(), "-F", "-"];
        self.tool().oid(&at, &args, message.as_bytes().to_vec())
    }

    /// Returns the first parent of a commit.
    ///
    /// # Errors
    /// If the commit does not exist, or has no parent.
    pub fn parent_of(&self, commit: &Oid) -> Result<Oid, GitError> {
        let parent = format!("{commit}^1");
        self.tool().oid(&self.refs(), &["rev-parse", "--verify", "--quiet", &parent], Vec::new())
    }

    /// Returns whether all commits from `before` to `after` are landings of tasks.
    ///
    /// # Errors
    /// If git fails.
    pub fn only_landed_since(&self, before: &Oid, after: &Oid) -> Result<bool, GitError> {
        if !self.is_ancestor(before, after)? {
            return Ok(false);
        }
        let format = "--format=%(trailers:key=Workloop-Task,valueonly,separator=%x2C)";
        let range = format!("{before}..{after}");
        let listed = self.tool().get(&self.refs(), &["log", format, &range])?;
        Ok(String::from_utf8_lossy(&listed).lines().all(|task| !task.is_empty()))
    }

    /// Returns the first of the commits `all` in the history of the target; `None` if one of them
    /// is not in it.
    ///
    /// # Errors
    /// If git fails.
    pub fn first_of(&self, all: &[Oid]) -> Result<Option<Oid>, GitError> {
        let mut first: Option<&Oid> = None;
        for commit in all {
            if !self.has_landed(commit)? {
                return Ok(None);
            }
            first = match first {
                Some(other) if self.is_ancestor(other, commit)? => Some(other),
                Some(_) | None => Some(commit),
            };
        }
        Ok(first.cloned())
    }

    /// Returns whether the commit exists.
    ///
    /// # Errors
    /// If git fails.
    pub fn has_commit(&self, commit: &Oid) -> Result<bool, GitError> {
        Ok(self.ref_at(&format!("{commit}^{{commit}}"))?.is_some())
    }

    /// Returns the position of a ref; `None` if it does not exist.
    pub(in super::super) fn ref_at(&self, name: &str) -> Result<Option<Oid>, GitError> {
        let args = ["rev-parse", "--verify", "--quiet", name];
        let answer = self.tool().ask(&self.refs(), &args, Vec::new())?;
        Ok(Oid::of(&answer.stdout).filter(|_| answer.code == 0))
    }

    /// Sets a ref to `to`, whatever its position.
    pub(in super::super) fn put_ref(&self, name: &str, to: &Oid) -> Result<(), GitError> {
        self.put_refs(&[(name.to_owned(), to.clone())])
    }

    /// Sets each ref to its commit, whatever their positions, in one transaction.
    pub(in super::super) fn put_refs(&self, refs: &[(String, Oid)]) -> Result<(), GitError> {
        let text: String = refs.iter().map(|(name, to)| format!("update {name} {to}\n")).collect();
        let names: Vec<&str> = refs.iter().map(|(name, _)| name.as_str()).collect();
        let answer = self.write_refs(&names, (&["update-ref", "--stdin"], text))?;
        if answer.code == 0 { Ok(()) } else { Err(answer.failed()) }
    }

    /// Applies all of `moves` in one transaction; returns `false` if one of them is at another
    /// position.
    pub(in super::super) fn move_refs(
        &self,
        moves: &[RefMove],
        why: &str,
    ) -> Result<bool, GitError> {
        let Some(any) = moves.iter().find_map(|one| one.from.as_ref().or(one.to.as_ref())) else {
            return Ok(true);
        };
        let nothing = any.nothing();
        let side = |oid: &Option<Oid>| oid.as_ref().map_or(nothing.clone(), Oid::to_string);
        let mut text = "start\n".to_owned();
        for one in moves {
            let (name, to, from) = (&one.name, side(&one.to), side(&one.from));
            // Writing to a string cannot fail.
            let _ = match (&one.from, &one.to) {
                (Some(_), Some(_)) => writeln!(text, "update {name} {to} {from}"),
                (None, Some(_)) => writeln!(text, "create {name} {to}"),
                (Some(_), None) => writeln!(text, "delete {name} {from}"),
                (None, None) => writeln!(text, "verify {name} {nothing}"),
            };
        }
        text.push_str("prepare\ncommit\n");
        let args = ["update-ref", "-m", why, "--stdin"];
        let names: Vec<&str> = moves.iter().map(|one| one.name.as_str()).collect();
        let answer = self.write_refs(&names, (&args, text))?;
        if answer.code == 0 {
            return Ok(true);
        }
        // Refused because one has moved, or for another reason, or killed when it was done: the
        // refs show which.
        let mut now = Vec::new();
        for one in moves {
            now.push(self.ref_at(&one.name)?);
        }
        if moves.iter().zip(&now).all(|(one, now)| one.to == *now) {
            return Ok(true);
        }
        if moves.iter().zip(&now).any(|(one, now)| one.from != *now) {
            return Ok(false);
        }
        Err(answer.failed())
    }

    /// Removes refs in one transaction, whatever their values are. Missing refs are ignored.
    pub(in super::super) fn drop_refs(&self, names: &[String], why: &str) -> Result<(), GitError> {
        let deletes: String = names.iter().map(|name| format!("delete {name}\n")).collect();
        let text = format!("start\n{deletes}prepare\ncommit\n");
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let answer = self.write_refs(&names, (&["update-ref", "-m", why, "--stdin"], text))?;
        if answer.code == 0 {
            return Ok(());
        }
        // Git may have been killed after it removed the refs.
        for name in names {
            if self.ref_at(name)?.is_some() {
                return Err(answer.failed());
            }
        }
        Ok(())
    }

    /// Returns whether every object of `commit` that `base` does not have exists and is sound.
    pub(in super::super) fn is_whole(&self, base: &Oid, commit: &Oid) -> Result<bool, GitError> {
        Ok(self.brought(base, commit)?.is_some())
    }

    /// Returns whether `commit` has this `tree`, which `base` does not have, and every object
    /// exists; `None` if one is missing.
    pub(in super::super) fn brings(
        &self,
        base: &Oid,
        commit: &Oid,
        tree: &Oid,
    ) -> Result<Option<bool>, GitError> {
        // A tree without a path is that of the commit.
        let root = format!("{tree} ");
        let has = |list: Vec<u8>| list.split(|b| *b == b'\n').any(|line| line == root.as_bytes());
        Ok(self.brought(base, commit)?.map(has))
    }

    /// Returns the objects of `commit` that `base` does not have. `None` if one of them is missing,
    /// or its content does not match its name: git checks that only if configured.
    fn brought(&self, base: &Oid, commit: &Oid) -> Result<Option<Vec<u8>>, GitError> {
        let without = format!("^{base}");
        let args = ["rev-list", "--verify-objects", "--missing=print", commit.as_str(), &without];
        let answer = self.tool().ask(&self.refs(), &args, Vec::new())?;
        let missing = answer.stdout.split(|byte| *byte == b'\n').any(|line| line.starts_with(b"?"));
        let mut said = answer.stderr.split(|byte| *byte == b'\n');
        let is_sound = answer.code == 0 && !said.any(|line| line.starts_with(b"error:"));
        Ok((is_sound && !missing).then_some(answer.stdout))
    }

    /// Returns the refs below `prefix`: their names, positions, and the dates of the commits.
    pub(in super::super) fn refs_below(
        &self,
        prefix: &str,
    ) -> Result<Vec<(String, Oid, Stamp)>, GitError> {
        let format = "%(objectname) %(committerdate:unix) %(refname)";
        let text = self.listed_refs(format, &[prefix.to_owned()])?;
        Ok(text
            .lines()
            .filter_map(|line| {
                let mut words = line.splitn(3, ' ');
                let oid = Oid::parse(words.next()?)?;
                let date = Stamp(words.next()?.parse().unwrap_or(0));
                Some((words.next()?.to_owned(), oid, date))
            })
            .collect())
    }

    /// Returns whether the target has `commit` in its history; a commit that is gone is in none.
    ///
    /// # Errors
    /// If git fails.
    pub fn has_landed(&self, commit: &Oid) -> Result<bool, GitError> {
        let name = format!("{commit}^{{commit}}");
        let there = self.tool().ask(&self.refs(), &["cat-file", "-e", &name], Vec::new())?;
        Ok(there.code == 0 && self.is_ancestor(commit, &self.tip()?)?)
    }

    /// Returns whether `commit` is `of` or one of its ancestors.
    pub(in super::super) fn is_ancestor(&self, commit: &Oid, of: &Oid) -> Result<bool, GitError> {
        let args = ["merge-base", "--is-ancestor", commit.as_str(), of.as_str()];
        let answer = self.tool().ask(&self.refs(), &args, Vec::new())?;
        match answer.code {
            0 => Ok(true),
            1 => Ok(false),
            _ => Err(answer.failed()),
        }
    }
}
