//! Finds the repository of a project, and refuses it if private workspaces are impossible.

use super::super::git::{At, Git};
use super::calls::{GitError, Tool};
use super::git_dir::git_dir_of;
use super::memory::{Answers, Memory};
use super::names::Oid;
use super::refusal::Refusal;
use crate::platform::checks;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The oldest git that supports `merge-tree --merge-base` and `--attr-source`.
const NEEDED: (u32, u32, &str) = (2, 41, "2.41");

/// Settings that determine the content of files, or the author of commits.
const CARRIED: [&str; 9] = [
    "core.autocrlf",
    "core.eol",
    "core.filemode",
    "core.ignorecase",
    "core.symlinks",
    "core.precomposeunicode",
    "core.sharedrepository",
    "core.safecrlf",
    "core.bigfilethreshold",
];

/// The project's repository, suitable for private workspaces.
#[derive(Clone, Debug)]
pub struct Repository {
    tool: Tool,
    top: PathBuf,
    git_dir: PathBuf,
    common: PathBuf,
    target: String,
    config: Carried,
    memory: Memory,
    answers: Answers,
}

/// The configuration at the time when the repository was found.
#[derive(Clone, Debug, Default)]
struct Carried {
    format: String,
    is_shallow: bool,
    /// A commit of the target without submodules.
    without_modules: Option<Oid>,
    settings: Vec<(OsString, OsString)>,
    user: [Option<OsString>; 2],
}

impl Repository {
    /// Opens the repository around `root`, to land on the branch `target`, or on the one that is
    /// checked out.
    ///
    /// # Errors
    /// [`Refusal`] with the first reason.
    pub fn open(root: &Path, git: Git, target: Option<&str>) -> Result<Self, Refusal> {
        let (mut repository, at, list) = Self::around(root, git)?;
        if !checks::is_writable(&repository.common) {
            return Err(Refusal::ReadOnly { path: repository.common });
        }
        repository.target = branch(&repository.tool, &at, target)?;
        repository.config.without_modules = repository.check_base(&list)?;
        Ok(repository)
    }

    /// Opens the repository for reading kept attempts. Reasons against private workspaces do not
    /// count, and if the branch does not exist, the commit that is checked out replaces it.
    ///
    /// # Errors
    /// [`Refusal`] if there is no repository, or it cannot be read.
    pub fn look(root: &Path, git: Git, target: Option<&str>) -> Result<Self, Refusal> {
        let (mut repository, at, _) = Self::around(root, git)?;
        if let Ok(target) = branch(&repository.tool, &at, target) {
            repository.target = target;
        }
        Ok(repository)
    }

    /// Returns the repository around `root`, its location for calls, and its whole configuration.
    fn around(root: &Path, git: Git) -> Result<(Self, At, Vec<u8>), Refusal> {
        let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
        let found = root.ancestors().find_map(|top| Some((top.to_owned(), git_dir_of(top)?)));
        let Some((top, git_dir)) = found else {
            let is_bare = root.join("HEAD").is_file() && root.join("objects").is_dir();
            return Err(if is_bare {
                Refusal::Bare { path: root }
            } else {
                Refusal::NoRepository { root }
            });
        };
        let tool = Tool::new(git);
        let at = At::git_dir(&git_dir);
        check_version(&tool, &at)?;
        let (common, format) = described(&tool, &at, &git_dir)?;
        if let Some(reason) = checks::refusal(&common).ok().flatten() {
            return Err(Refusal::Foreign(reason));
        }
        let list = tool.listed(&at)?;
        let is_shallow = common.join("shallow").exists();
        let config = Carried { format, is_shallow, ..carried(&list, &common) };
        let (target, memory) = ("HEAD".to_owned(), Memory::default());
        let answers = Answers::default();
        Ok((Self { tool, top, git_dir, common, target, config, memory, answers }, at, list))
    }

    /// Returns the location for reading and writing refs: the shared git directory, without the
    /// work tree that its configuration may name, and without a filter.
    pub(in super::super) fn refs(&self) -> At {
        let at = lasting(At::git_dir(self.common()).work_tree(self.common()));
        // A file that appears later must not cut a history that was complete when the run began.
        if self.config.is_shallow { at } else { at.var("GIT_SHALLOW_FILE", "") }
    }

    /// Returns a commit of the target that has no submodules; `None` if none is known.
    pub(super) fn without_modules(&self) -> Option<&Oid> {
        self.config.without_modules.as_ref()
    }

    /// Returns whether history is missing that was never fetched.
    pub(super) fn is_shallow(&self) -> bool {
        self.config.is_shallow
    }

    /// Returns what this process wrote into the repository.
    pub(in super::super) fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Returns the latest answers of git about objects.
    pub(in super::super) fn answers(&self) -> &Answers {
        &self.answers
    }

    /// Returns the top of the work tree that contains the project.
    pub fn top(&self) -> &Path {
        &self.top
    }

    /// Returns the git directory of that work tree.
    pub fn git_dir(&self) -> &Path {
        &self.git_dir
    }

    /// Returns the git directory that all work trees share.
    pub fn common(&self) -> &Path {
        &self.common
    }

    /// Returns the full name of the branch that verified work lands on.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Returns the short name of the target branch.
    pub fn target_name(&self) -> &str {
        self.target.strip_prefix("refs/heads/").unwrap_or(&self.target)
    }

    /// Returns the commit of the target.
    ///
    /// # Errors
    /// If the branch is gone, or git fails.
    pub fn tip(&self) -> Result<Oid, GitError> {
        let commit = format!("{}^{{commit}}", self.target);
        self.tool.oid(&self.refs(), &["rev-parse", "--verify", "--quiet", &commit], Vec::new())
    }

    /// Returns whether the target's commit has a file or folder at `path`, relative to the top.
    ///
    /// # Errors
    /// If git fails.
    pub fn has(&self, path: &Path) -> Result<bool, GitError> {
        let tip = self.tip()?;
        let args = ["--literal-pathspecs", "ls-tree", "-z", tip.as_str(), "--"].map(OsStr::new);
        let args: Vec<&OsStr> = args.into_iter().chain([path.as_os_str()]).collect();
        Ok(!self.tool.get(&self.refs(), &args)?.is_empty())
    }

    /// Returns the tree of a commit.
    ///
    /// # Errors
    /// If the commit does not exist.
    pub fn tree_of(&self, commit: &Oid) -> Result<Oid, GitError> {
        let tree = format!("{commit}^{{tree}}");
        self.tool.oid(&self.refs(), &["rev-parse", "--verify", "--quiet", &tree], Vec::new())
    }

    /// Returns the commit of the target, its tree, and the tree of `commit`.
    pub(in super::super) fn tips(&self, commit: &Oid) -> Result<[Oid; 3], GitError> {
        let target = &self.target;
        let names = [
            format!("{target}^{{commit}}"),
            format!("{target}^{{tree}}"),
            format!("{commit}^{{tree}}"),
        ];
        let [one, two, three] = &names;
        let answer = self.tool.ask(&self.refs(), &["rev-parse", one, two, three], Vec::new())?;
        if answer.code != 0 {
            return Err(answer.failed());
        }
        let mut oids = answer.stdout.split(|byte| *byte == b'\n').filter_map(Oid::of);
        match (oids.next(), oids.next(), oids.next()) {
            (Some(tip), Some(tree), Some(other)) => Ok([tip, tree, other]),
            _ => Err(answer.strange()),
        }
    }

    /// Returns a copy whose calls hold `lock` while they run.
    pub(in super::super) fn holding(&self, lock: Arc<OwnedFd>) -> Self {
        Self { tool: self.tool.holding(lock), ..self.clone() }
    }

    /// Returns a copy whose calls end at once, and start no more, when `cancelled` becomes true: a
    /// loop that is to end waits for none of them.
    #[must_use]
    pub fn ended_by(&self, cancelled: Arc<AtomicBool>) -> Self {
        Self { tool: self.tool.ended_by(Some(cancelled)), ..self.clone() }
    }

    /// Returns a copy whose calls are never interrupted, for operations that must be complete.
    pub(in super::super) fn to_its_end(&self) -> Self {
        Self { tool: self.tool.ended_by(None), ..self.clone() }
    }

    pub(in super::super) fn tool(&self) -> &Tool {
        &self.tool
    }

    /// Returns the settings about files that were configured when the repository was found.
    pub(in super::super) fn carried(&self) -> &[(OsString, OsString)] {
        &self.config.settings
    }

    /// Returns the author of commits: name and mail address.
    pub(in super::super) fn user(&self) -> [&OsStr; 2] {
        let [name, mail] = &self.config.user;
        [
            name.as_deref().unwrap_or(OsStr::new("workloop")),
            mail.as_deref().unwrap_or(OsStr::new("workloop@localhost")),
        ]
    }

    /// Creates a separate git directory at `own` over the objects of the project, without anything
    /// that an agent configures in the project's git directory.
    ///
    /// # Errors
    /// Any I/O error while creating it.
    pub(in super::super) fn plain(&self, own: &Path) -> io::Result<At> {
        self.plain_over(own, &self.common.join("objects"))
    }

    /// Creates such a git directory over other `objects`.
    ///
    /// # Errors
    /// As [`Repository::plain`].
    pub(in super::super) fn plain_over(&self, own: &Path, objects: &Path) -> io::Result<At> {
        match std::fs::remove_dir_all(own) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(own.join("refs"))?;
        std::fs::DirBuilder::new().mode(0o700).create(own.join("objects"))?;
        let small = |name: &str, text: &str| {
            io::Write::write_all(&mut crate::platform::open::new(&own.join(name))?, text.as_bytes())
        };
        small("HEAD", "ref: refs/heads/none\n")?;
        small("config", &self.format_config())?;
        let mut at = lasting(At::git_dir(own)).var("GIT_OBJECT_DIRECTORY", objects);
        for (key, value) in &self.config.settings {
            at = at.set(key, value);
        }
        Ok(at)
    }

    /// Returns the part of a configuration that describes the object format.
    pub(in super::super) fn format_config(&self) -> String {
        match self.config.format.as_str() {
            "sha1" => "[core]\n\trepositoryformatversion = 0\n".to_owned(),
            other => format!(
                "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectformat = {other}\n"
            ),
        }
    }
}

/// Adds settings that make objects and refs survive a power cut: by default git does not sync
/// objects.
pub(super) fn lasting(at: At) -> At {
    at.set("core.fsync", "objects,reference").set("core.fsyncMethod", "batch")
}

fn check_version(tool: &Tool, at: &At) -> Result<(), Refusal> {
    let text = tool.get(at, &["version"])?;
    let text = String::from_utf8_lossy(&text);
    let found = text.split_whitespace().nth(2).unwrap_or_default().to_owned();
    let mut numbers = found.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    let (major, minor, needed) = NEEDED;
    if version < (major, minor) { Err(Refusal::Old { found, needed }) } else { Ok(()) }
}

/// Returns the git directory that all work trees share, and the object format.
fn described(tool: &Tool, at: &At, git_dir: &Path) -> Result<(PathBuf, String), Refusal> {
    let args = ["rev-parse", "--is-bare-repository", "--show-object-format", "--git-common-dir"];
    let answer = tool.ask(at, &args, Vec::new())?;
    if answer.code != 0 {
        return Err(answer.failed().into());
    }
    let mut lines = answer.stdout.splitn(3, |byte| *byte == b'\n');
    let (Some(bare), Some(format), Some(common)) = (lines.next(), lines.next(), lines.next())
    else {
        return Err(answer.strange().into());
    };
    if bare == b"true" {
        return Err(Refusal::Bare { path: git_dir.to_owned() });
    }
    let common = git_dir.join(OsStr::from_bytes(common.strip_suffix(b"\n").unwrap_or(common)));
    let common = common.canonicalize().map_err(|_| answer.strange())?;
    Ok((common, String::from_utf8_lossy(format).into_owned()))
}

/// Returns the branch that work lands on.
fn branch(tool: &Tool, at: &At, wanted: Option<&str>) -> Result<String, Refusal> {
    let name = match wanted {
        Some(name) => format!("refs/heads/{}", name.trim_start_matches("refs/heads/")),
        None => {
            let head = tool.ask(at, &["symbolic-ref", "--quiet", "HEAD"], Vec::new())?;
            let head = String::from_utf8_lossy(&head.stdout).trim_end().to_owned();
            if head.is_empty() {
                return Err(Refusal::Detached);
            }
            head
        }
    };
    let commit = format!("{name}^{{commit}}");
    let there = tool.ask(at, &["rev-parse", "--verify", "--quiet", &commit], Vec::new())?;
    match (there.code, wanted) {
        (0, _) => Ok(name),
        (_, Some(branch)) => Err(Refusal::NoBranch { branch: branch.to_owned() }),
        (_, None) => Err(Refusal::NoCommit),
    }
}

/// Returns key and value of each entry of a list.
fn entries(list: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    list.split(|byte| *byte == 0).filter(|entry| !entry.is_empty()).map(|entry| {
        let mut parts = entry.splitn(2, |byte| *byte == b'\n');
        (parts.next().unwrap_or_default(), parts.next().unwrap_or(b"true"))
    })
}

pub(super) fn has_key(list: &[u8], wanted: &[u8]) -> bool {
    entries(list).any(|(key, _)| key == wanted || (wanted == b"promisor" && is_promisor(key)))
}

fn is_promisor(key: &[u8]) -> bool {
    key.starts_with(b"remote.") && key.ends_with(b".promisor")
}

fn carried(list: &[u8], common: &Path) -> Carried {
    let mut carried = Carried::default();
    for (key, value) in entries(list) {
        let name = String::from_utf8_lossy(key);
        let pair = || (OsString::from_vec(key.to_vec()), OsString::from_vec(value.to_vec()));
        match name.as_ref() {
            "user.name" => carried.user[0] = Some(pair().1),
            "user.email" => carried.user[1] = Some(pair().1),
            "core.excludesfile" => carried.settings.push(pair()),
            name if CARRIED.contains(&name)
                || name.starts_with("filter.")
                || name.starts_with("lfs.") =>
            {
                carried.settings.push(pair());
            }
            _ => {}
        }
    }
    let uses_lfs =
        carried.settings.iter().any(|(key, _)| key.as_bytes().starts_with(b"filter.lfs"));
    let is_said = carried.settings.iter().any(|(key, _)| key == "lfs.storage");
    if uses_lfs && !is_said {
        carried.settings.push(("lfs.storage".into(), common.join("lfs").into()));
    }
    carried
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(list: &str) -> Vec<String> {
        let pair = |(key, value): (OsString, OsString)| {
            format!("{}={}", key.to_string_lossy(), value.to_string_lossy())
        };
        carried(list.as_bytes(), Path::new("/r/.git")).settings.into_iter().map(pair).collect()
    }

    #[test]
    fn only_settings_about_files_and_the_author_are_carried() {
        let list = "user.name\nFirst\0user.email\na@example.org\0core.autocrlf\ninput\0\
            core.hookspath\n/evil\0core.fsmonitor\n/evil\0filter.x y.clean\na\nb\0core.symlinks\0\
            core.excludesfile\n~/x\0alias.co\ncheckout\0lfs.url\nu\0filters.a\nb\0user.name\nLast\0";
        let expected = [
            "core.autocrlf=input",
            "filter.x y.clean=a\nb",
            "core.symlinks=true",
            "core.excludesfile=~/x",
            "lfs.url=u",
        ];
        assert_eq!(settings(list), expected);
        let found = carried(list.as_bytes(), Path::new("/r/.git"));
        assert_eq!(found.user, [Some("Last".into()), Some("a@example.org".into())]);
        assert_eq!(carried(b"", Path::new("/r/.git")).user, [None, None]);
    }

    #[test]
    fn large_files_are_kept_where_the_project_keeps_them() {
        let uses = "filter.lfs.clean\ngit-lfs clean\0";
        assert_eq!(settings(uses), ["filter.lfs.clean=git-lfs clean", "lfs.storage=/r/.git/lfs"]);
        let said = format!("lfs.storage\n/elsewhere\0{uses}");
        assert_eq!(settings(&said), ["lfs.storage=/elsewhere", "filter.lfs.clean=git-lfs clean"]);
        assert_eq!(settings("filter.x.clean\nc\0"), ["filter.x.clean=c"]);
    }

    #[test]
    fn a_key_of_a_configuration_is_found_as_a_whole() {
        let list = b"core.bare\0remote.origin.promisor\ntrue\0a.b\nc.d\0";
        for (key, expected) in [
            ("core.bare", true),
            ("a.b", true),
            ("c.d", false),
            ("core", false),
            ("promisor", true),
        ] {
            assert_eq!(has_key(list, key.as_bytes()), expected, "{key}");
        }
        assert!(!has_key(b"remote.origin.url\npromisor\0x.promisor\0", b"promisor"));
    }
}
