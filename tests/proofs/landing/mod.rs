//! Workspaces and landings that are killed, that run at the same time, and that people and garbage
//! collections disturb: the branch contains what was judged, once, and nothing of the program is
//! left.
//!
//! The mechanics run without a loop: a separate process (`driver`) makes, captures, judges and
//! lands a change. It can really be killed, and costs less than a loop with an agent.

mod kills;
mod loops;
mod modules;
mod races;
mod shim;
mod twins;

use crate::quick_dir::quick_dir_named;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use workloop::testing::platform::ids::RandomIds;
use workloop::testing::workspace::{
    AttemptName, CaptureRules, Captured, Entries, Entry, Git, Kind, Landed, Landing, Message, Oid,
    Places, Repository, Stamp, State, Tree, TreeRules, Verdict, Wanted, Whose, Work,
};

/// What an agent does in a tree.
type Agent<'a> = &'a dyn Fn(&Path) -> std::io::Result<()>;

type Done<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// The path of the driver's project; without it, the driver is a test that does nothing.
const PROJECT: &str = "WORKLOOP_PROOF_LANDING";

/// A repository with a person's work in it, and private trees beside it.
pub(crate) struct Project {
    folder: tempfile::TempDir,
    /// Its real path.
    pub(crate) top: PathBuf,
}

/// Returns what a script prints; panics with it if the script fails.
#[track_caller]
pub(crate) fn sh(dir: &Path, script: &str) -> String {
    let done = Command::new("sh")
        .args(["-ec", script])
        .current_dir(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .expect("a shell");
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{script}: {said}");
    String::from_utf8_lossy(&done.stdout).trim_end().to_owned()
}

/// Returns the path of git on this machine.
fn git() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut all = std::env::split_paths(&path).map(|dir| dir.join("git"));
    all.find(|program| program.is_file()).expect("git is installed")
}

impl Project {
    /// Creates two commits, the second of which landed after our attempt started, and a person's
    /// edits of every kind in addition to what lands.
    pub(crate) fn new() -> Self {
        let folder = quick_dir_named(tempfile::Builder::new().prefix("workloop-landing-"));
        let top = folder.path().canonicalize().expect("a real path").join("project");
        fs::create_dir(&top).expect("a folder");
        sh(
            &top,
            "git init -q -b main .; git config user.email t@example.org; git config user.name t
             mkdir sub; seq 9 >a; seq 9 >sub/b; seq 9 >mine; seq 9 >staged; echo made >.gitignore
             git add .; git commit -qm one; seq 9 >other; git add other; git commit -qm two
             echo edit >>mine; echo stage >>staged; git add staged; echo more >>staged; echo u >untracked",
        );
        Self { folder, top }
    }

    fn folder(&self) -> &Path {
        self.top.parent().unwrap_or(&self.top)
    }

    pub(crate) fn sh(&self, script: &str) -> String {
        sh(&self.top, script)
    }

    /// Returns the person's own work as they see it.
    fn seen(&self) -> String {
        self.sh(
            "git status --porcelain; cat mine staged untracked; git diff --cached; git stash list",
        )
    }

    pub(crate) fn repository(&self, program: &Path) -> Done<Repository> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let git = Git::new(program, Some(&path), &[("HOME".into(), "/nonexistent".into())]);
        Ok(Repository::open(&self.top, git, Some("main"))?)
    }

    /// Runs the driver, with `program` as its git, until it ends or dies.
    fn drive(&self, program: &Path) -> Output {
        drive(&self.top, program, &[])
    }
}

/// Runs the driver under the command `before`, with `program` as its git.
fn drive(top: &Path, program: &Path, before: &[&str]) -> Output {
    let exe = std::env::current_exe().expect("this program");
    let mut words = before.iter().map(std::ffi::OsString::from).collect::<Vec<_>>();
    words.push(exe.into());
    let mut command = Command::new(words.remove(0));
    command.args(words);
    command.args(["landing::driver", "--exact", "--nocapture", "--test-threads", "1"]);
    command.env(PROJECT, top).env("WORKLOOP_PROOF_GIT", program);
    command.output().expect("the driver runs")
}

/// Brings one task from its workspace to the branch, as a loop that may find what another one left.
#[test]
fn driver() {
    let Some(top) = std::env::var_os(PROJECT) else { return };
    let program = std::env::var_os("WORKLOOP_PROOF_GIT").expect("a git");
    let folder = tempfile::tempdir().expect("a folder");
    let project = Project { folder, top: top.into() };
    let landed = project.repository(program.as_ref()).and_then(|repository| {
        let places = Places::of(&repository, Some(&project.folder().join("trees")), None)?;
        lands(&repository, &places, "A", &|tree| {
            // Its base is older than the branch, so it is judged again after the merge.
            fs::write(tree.join("a"), "1\n2\n3\n4\n5\n6\n7\n8\nnine\n")?;
            fs::remove_dir_all(tree.join("sub"))?;
            fs::create_dir(tree.join("new"))?;
            modules::moves(tree);
            fs::write(tree.join("new/file"), "new\n")
        })
    });
    drop(project.folder);
    landed.expect("it lands");
}

/// Lands `task`, whatever is left of an earlier try.
fn lands(repository: &Repository, places: &Places, task: &str, agent: Agent<'_>) -> Done<Oid> {
    let mut judge = Tree::new(repository, places.take(Kind::Judge)?, TreeRules::default())?;
    let entries = Entries::of(repository)?;
    Landing::begin(repository, None, &mut |_, _| {})?.recover(&RandomIds)?;
    let mut entry = match entries.read(&format!("{task}-1"))? {
        Some(entry) => entry,
        None => match repository.landed_for(&format!("{task}/1"))? {
            Some(commit) => return Ok(commit),
            None => begin(repository, places, (task, agent), &mut judge)?,
        },
    };
    let commit = loop {
        if let State::Landed { commit } = &entry.state {
            break commit.clone();
        }
        let landing = Landing::begin(repository, None, &mut |_, _| {})?;
        match landing.land(&mut entry, &RandomIds)? {
            Landed::Done { commit } => {
                landing.end()?;
                break commit;
            }
            Landed::Judge { commit, tree, onto } => {
                drop(landing);
                judge.prepare(&Wanted { base: onto, files: commit })?;
                is_there(&judge, task)?;
                entry.work.judged.push(tree);
                entries.enter(repository, &entry, &RandomIds)?;
            }
            landed @ (Landed::Covered { .. }
            | Landed::Conflict { .. }
            | Landed::RevertsOthers(_)
            | Landed::Waits(_)) => return Err(format!("{task}: {landed:?}").into()),
        }
    };
    entries.leave(repository, &entry)?;
    Ok(commit)
}

/// Brings a change from a workspace to an entry.
fn begin(
    repository: &Repository,
    places: &Places,
    (task, agent): (&str, Agent<'_>),
    judge: &mut Tree,
) -> Done<Entry> {
    let tip = repository.tip()?;
    let base = if task == "A" { parent(repository, &tip)? } else { tip };
    let slot = places.take(Kind::Workspace)?;
    let attempts = places.dir().join(format!("attempt-{task}"));
    fs::create_dir_all(&attempts)?;
    let mut tree = Tree::new(repository, slot, TreeRules::default())?;
    tree.prepare(&Wanted::commit(base))?;
    agent(tree.path())?;
    let rules = |anew| CaptureRules {
        ours: &|_| false,
        own_attributes: false,
        anew,
        attempt_folder: &attempts,
        date: Stamp(1_767_225_600),
        message: "attempt",
    };
    let name = AttemptName { task: task.to_owned(), queue: None, number: 1 };
    let mut anew = false;
    let captured = loop {
        // What a person's garbage collection removed is captured again.
        let captured = tree.capture(&rules(anew))?;
        anew = true;
        if repository.keep_attempt(&name, (&captured.base, &captured.commit), 3)? {
            break captured;
        }
    };
    let Captured { base, commit: change, tree, .. } = captured;
    judge.prepare(&Wanted { base: base.clone(), files: change.clone() })?;
    is_there(judge, task)?;
    let whose = Whose {
        queue: PathBuf::from("/q.json"),
        part: task.to_owned(),
        attempt: 1,
        worker: std::process::id().to_string(),
        since: 1_767_225_600,
    };
    let work = Work { base, change, judged: vec![tree], declared: Vec::new() };
    let message = Message {
        task: task.to_owned(),
        title: format!("Do {task}"),
        summary: String::new(),
        attempt: 1,
        verdict: Verdict::Pass,
        receipt: format!("{task}/1"),
    };
    let entry = Entry::new(whose, work, message);
    Entries::of(repository)?.enter(repository, &entry, &RandomIds)?;
    Ok(entry)
}

/// The only verification: the judge tree contains what the task created, and nothing that it
/// removed.
fn is_there(judge: &Tree, task: &str) -> Done<()> {
    let path = judge.path();
    let is_right = match task {
        "A" => {
            let is_done = path.join("new/file").exists() && !path.join("sub").exists();
            is_done && modules::is_moved(path)
        }
        task => path.join(format!("by-{task}")).exists(),
    };
    if is_right { Ok(()) } else { Err(format!("{task} is judged by another tree").into()) }
}

/// Returns the parent of `commit`: the base of a slow attempt.
fn parent(repository: &Repository, commit: &Oid) -> Done<Oid> {
    let top = repository.top();
    Oid::parse(&sh(top, &format!("git rev-parse {commit}^"))).ok_or_else(|| "no parent".into())
}

/// Returns what is wrong with what is left after `A` landed once.
fn wrong(project: &Project, seen: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut is = |what: &str, expected: &str, found: String| {
        if found != expected {
            wrong.push(format!("{what}: {found:?} instead of {expected:?}"));
        }
    };
    is("the branch", "Do A\ntwo\none", project.sh("git log --format=%s main"));
    let tree = "git ls-tree -r --name-only main; git show main:a | tail -1";
    let files = ".gitignore\na\nmine\nnew/file\nother\nstaged\nnine";
    is("the tree", &modules::with_link(project, files), project.sh(tree));
    is("what the person sees", &modules::moved(seen), project.seen());
    is("the submodule", "", modules::wrong(project));
    is("the files", "nine\nnew", project.sh("tail -1 a; cat new/file; ls sub 2>/dev/null || true"));
    is("fsck", "", project.sh("git fsck --strict --no-dangling 2>&1 | grep -v '^notice' || true"));
    let left = "find .git -name '*.lock' -o -name '*workloop-index*' -o -path '*workloop/landing/*' -type f
                git for-each-ref refs/workloop/landing; git worktree list | wc -l";
    is("what is left", "1", project.sh(left));
    wrong
}
