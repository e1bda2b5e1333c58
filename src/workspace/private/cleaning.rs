//! Removes what is not tracked.

use super::super::git::At;
use super::super::repo::GitError;
use super::files;
use super::tree::{Tree, TreeError, failed};
use std::collections::HashSet;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

impl Tree {
    /// Removes untracked files, except what `keep` names.
    pub(super) fn clean(&self, at: &At, top: &Path, keep: &[String]) -> Result<(), TreeError> {
        let mut args: Vec<OsString> = vec!["clean".into(), "-ffdxq".into()];
        for pattern in keep {
            args.extend(["-e".into(), pattern.into()]);
        }
        let tool = self.repository().tool();
        if tool.ask(at, &args, Vec::new())?.code != 0 {
            files::unlock(top).map_err(|source| failed(top, source))?;
            tool.get(at, &args)?;
        }
        for pattern in keep {
            // A cache that became a link would be written to wherever it leads.
            let path = top.join(pattern.trim_matches('/'));
            let is_link = files::look(&path).is_ok_and(|meta| meta.is_some_and(|m| m.is_symlink()));
            if is_link && !self.is_tracked(at, pattern)? {
                files::remove(&path).map_err(|source| failed(&path, source))?;
            }
        }
        Ok(())
    }

    fn is_tracked(&self, at: &At, path: &str) -> Result<bool, GitError> {
        let spec = format!(":(literal){}", path.trim_matches('/'));
        let listed = self.repository().tool().get(at, &["ls-files", "-z", "--", &spec])?;
        Ok(!listed.is_empty())
    }

    /// Returns those of `paths` that git does not ignore; for a repository, its folder is checked.
    pub(super) fn unignored<'p>(
        &self,
        at: &At,
        paths: impl Iterator<Item = &'p PathBuf>,
    ) -> Result<Vec<PathBuf>, GitError> {
        let asked = |path: &Path| {
            let is_git = path.file_name().is_some_and(|name| name.eq_ignore_ascii_case(".git"));
            let path = if is_git { path.parent().unwrap_or(path) } else { path };
            path.as_os_str().as_bytes().to_vec()
        };
        let paths: Vec<&PathBuf> = paths.collect();
        if paths.is_empty() {
            return Ok(Vec::new());
        }
        let text = paths.iter().map(|path| asked(path)).collect::<Vec<_>>().join(&0);
        let args = ["check-ignore", "-z", "--stdin"];
        let answer = self.repository().tool().ask(at, &args, text)?;
        if !matches!(answer.code, 0 | 1) {
            return Err(answer.failed());
        }
        let ignored: HashSet<&[u8]> = answer.stdout.split(|byte| *byte == 0).collect();
        let stays = paths.into_iter().filter(|path| !ignored.contains(&*asked(path)));
        Ok(stays.cloned().collect())
    }
}
