//! Measures capture, landing and reset against the same git commands run one after the other.
//!
//! `cargo bench --bench landing` prints a table. Each figure is the median of several, and each
//! bound is one that `benches/README.md` names. `WORKLOOP_BENCH_FILES` sets the number of files.

#![expect(clippy::print_stdout, reason = "a table on standard output is its purpose")]
#![expect(clippy::disallowed_methods, reason = "it starts the programs that it measures")]

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use workloop::testing::platform::ids::RandomIds;
use workloop::testing::workspace::{
    AttemptName, CaptureRules, Captured, Entries, Entry, Git, Kind, Landed, Landing, Message,
    Places, Repository, Stamp, Tree, TreeRules, Verdict, Wanted, Whose, Work,
};

type Measured<T> = Result<T, Box<dyn Error>>;

/// How often each is measured.
const ROUNDS: usize = 9;

fn main() -> Measured<()> {
    // `cargo test --benches` calls this as well, only to check that it runs.
    let is_test = std::env::args().any(|word| word == "--test");
    let files = std::env::var("WORKLOOP_BENCH_FILES").ok().and_then(|text| text.parse().ok());
    let files = files.unwrap_or(if is_test { 50 } else { 10_000 });
    let rounds = if is_test { 1 } else { ROUNDS };
    let folder = tempfile::tempdir()?;
    let project = Project::new(&folder.path().canonicalize()?, files)?;
    project.measure_one(rounds)?;
    project.measure_many(if is_test { 2 } else { 40 })?;
    Ok(())
}

struct Project {
    top: PathBuf,
    cache: PathBuf,
    repository: Repository,
}

fn sh(dir: &Path, script: &str) -> Measured<String> {
    let done = Command::new("sh").args(["-ec", script]).current_dir(dir).output()?;
    if !done.status.success() {
        return Err(String::from_utf8_lossy(&done.stderr).into_owned().into());
    }
    Ok(String::from_utf8_lossy(&done.stdout).trim_end().to_owned())
}

fn median(mut all: Vec<Duration>) -> Duration {
    all.sort_unstable();
    all.get(all.len() / 2).copied().unwrap_or_default()
}

fn show(what: &str, value: &str, bound: &str) {
    println!("{what:<58} {value:>12}  {bound}");
}

impl Project {
    fn new(folder: &Path, files: usize) -> Measured<Self> {
        let top = folder.join("project");
        fs::create_dir(&top)?;
        for number in 0..files {
            let dir = top.join(format!("d{}", number / 100));
            fs::create_dir_all(&dir)?;
            fs::write(dir.join(format!("f{number}")), format!("{number}\n").repeat(20))?;
        }
        sh(
            &top,
            "git init -q -b main .; git config user.email t@example.org; git config user.name t
             git config gc.auto 0; git add .; git commit -qm one; git gc -q",
        )?;
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut programs = std::env::split_paths(&path).map(|dir| dir.join("git"));
        let program = programs.find(|program| program.is_file()).ok_or("no git")?;
        let git = Git::new(&program, Some(&path), &[]);
        let repository = Repository::open(&top, git, None)?;
        Ok(Self { top, cache: folder.join("cache"), repository })
    }

    fn tree(&self, kind: Kind) -> Measured<Tree> {
        let slot = Places::of(&self.repository, Some(&self.cache), None)?.take(kind)?;
        let mut tree = Tree::new(&self.repository, slot, TreeRules::default())?;
        tree.prepare(&Wanted::commit(self.repository.tip()?))?;
        Ok(tree)
    }

    fn capture(&self, tree: &Tree) -> Measured<Captured> {
        Ok(tree.capture(&CaptureRules {
            ours: &|path| path == Path::new("q.json"),
            own_attributes: false,
            anew: false,
            attempt_folder: &self.cache,
            date: Stamp(1_767_225_600),
            message: "attempt",
        })?)
    }

    /// Lands `captured` as if each merge of it passed. Returns how often one had to be judged.
    fn land(&self, task: &str, captured: Captured) -> Measured<usize> {
        let name = AttemptName { task: task.to_owned(), queue: None, number: 1 };
        self.repository.keep_attempt(&name, (&captured.base, &captured.commit), 20)?;
        let whose = Whose {
            queue: "/q.json".into(),
            part: name.part(),
            attempt: 1,
            worker: "w".to_owned(),
            since: 1_767_225_600,
        };
        let Captured { base, commit, tree, .. } = captured;
        let work = Work { base, change: commit, judged: vec![tree], declared: Vec::new() };
        let message = Message {
            task: task.to_owned(),
            title: task.to_owned(),
            summary: String::new(),
            attempt: 1,
            verdict: Verdict::Pass,
            receipt: format!("{task}/1"),
        };
        let mut entry = Entry::new(whose, work, message);
        let entries = Entries::of(&self.repository)?;
        entries.enter(&self.repository, &entry, &RandomIds)?;
        let mut judged = 0;
        let landing = Landing::begin(&self.repository, None, &mut |_, _| {})?;
        loop {
            match landing.land(&mut entry, &RandomIds)? {
                Landed::Done { .. } => break,
                Landed::Judge { tree, .. } => {
                    judged += 1;
                    entry.work.judged.push(tree);
                }
                other @ (Landed::Covered { .. }
                | Landed::Conflict { .. }
                | Landed::RevertsOthers(_)
                | Landed::Waits(_)) => return Err(format!("{task}: {other:?}").into()),
            }
        }
        entries.leave(&self.repository, &entry)?;
        Ok(judged)
    }

    fn measure_one(&self, rounds: usize) -> Measured<()> {
        let mut tree = self.tree(Kind::Workspace)?;
        let (mut plain, mut ours, mut reset) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..rounds {
            let begin = Instant::now();
            tree.prepare(&Wanted::commit(self.repository.tip()?))?;
            reset.push(begin.elapsed());
            fs::write(tree.path().join("d0/f0"), format!("ours {round}\n"))?;
            let begin = Instant::now();
            let captured = self.capture(&tree)?;
            self.land(&format!("one-{round}"), captured)?;
            ours.push(begin.elapsed());
            plain.push(self.plain(tree.path(), round)?);
        }
        let (plain, ours, reset) = (median(plain), median(ours), median(reset));
        let ratio = ours.as_secs_f64() / plain.as_secs_f64();
        show("git commands one after the other", &format!("{plain:.1?}"), "");
        show("capture + land of a change of one file", &format!("{ours:.1?}"), "");
        show("  against the git commands", &format!("{ratio:.2} x"), "<= 1.5 x");
        show("reset of a warm workspace", &format!("{reset:.1?}"), "<= 200 ms");
        Ok(())
    }

    /// Does the same with plain git commands, in a clone that is prepared for it.
    fn plain(&self, tree: &Path, round: usize) -> Measured<Duration> {
        let clone = self.cache.join("plain");
        if !clone.exists() {
            let from = self.top.display();
            sh(
                &self.cache,
                &format!(
                    "git clone -q -s {from} plain; cd plain; git config user.email t; git config user.name t; cp -r . ../work; cp .git/index ../work-index"
                ),
            )?;
            sh(
                &clone,
                "GIT_WORK_TREE=../work GIT_INDEX_FILE=../work-index git update-index -q --refresh || true; git status >/dev/null",
            )?;
        }
        debug_assert!(tree.exists());
        fs::write(self.cache.join("work/d0/f0"), format!("plain {round}\n"))?;
        let git = |args: &[&str], of_work: bool| -> Measured<String> {
            let mut command = Command::new("git");
            // Synced like ours: otherwise they are faster, but do not survive a power cut.
            command.args(["-c", "core.fsync=objects,reference", "-c", "core.fsyncMethod=batch"]);
            command.args(args).current_dir(&clone);
            if of_work {
                command.env("GIT_WORK_TREE", "../work").env("GIT_INDEX_FILE", "../work-index");
                command.env("GIT_DIR", clone.join(".git"));
            }
            let done = command.output()?;
            if !done.status.success() {
                return Err(String::from_utf8_lossy(&done.stderr).into_owned().into());
            }
            Ok(String::from_utf8_lossy(&done.stdout).trim_end().to_owned())
        };
        let begin = Instant::now();
        let old = git(&["rev-parse", "HEAD"], false)?;
        git(&["add", "-A"], true)?;
        let tree = git(&["write-tree"], true)?;
        let change = git(&["commit-tree", &tree, "-p", &old, "-m", "attempt"], false)?;
        git(&["update-ref", &format!("refs/attempts/{round}"), &change], false)?;
        git(&["merge-tree", "--write-tree", &old, &change], false)?;
        let commit = git(&["commit-tree", &tree, "-p", &old, "-m", "task"], false)?;
        git(&["read-tree", "-m", "-u", &old, &commit], false)?;
        git(&["update-ref", "refs/heads/main", &commit, &old], false)?;
        Ok(begin.elapsed())
    }

    /// Does the work of a slot for one task. Returns how often it was judged again.
    fn work(&self, tree: &mut Tree, name: &str) -> Measured<usize> {
        tree.prepare(&Wanted::commit(self.repository.tip()?))?;
        fs::write(tree.path().join(format!("n{name}")), "new\n")?;
        let captured = self.capture(tree)?;
        self.land(&format!("many-{name}"), captured)
    }

    /// Runs eight slots that change different files and land as soon as they may.
    fn measure_many(&self, each: usize) -> Measured<()> {
        let trees: Vec<Tree> =
            (0..8).map(|_| self.tree(Kind::Workspace)).collect::<Measured<_>>()?;
        let begin = Instant::now();
        let judged: Vec<Result<usize, String>> = std::thread::scope(|scope| {
            let slots = trees.into_iter().enumerate().map(|(slot, mut tree)| {
                scope.spawn(move || {
                    let rounds = 0..each / 2;
                    let all = rounds.map(|round| self.work(&mut tree, &format!("{slot}-{round}")));
                    all.sum::<Measured<usize>>().map_err(|error| error.to_string())
                })
            });
            let slots: Vec<_> = slots.collect();
            let ended = slots.into_iter().map(|slot| slot.join());
            ended.map(|done| done.unwrap_or_else(|_| Err("a slot failed".to_owned()))).collect()
        });
        let took = begin.elapsed();
        let judged: usize = judged.into_iter().sum::<Result<usize, String>>()?;
        let landed = 8 * (each / 2);
        let rate = landed as f64 / took.as_secs_f64();
        let merges = sh(&self.top, "git rev-list --merges --count main; git status --porcelain")?;
        show("landings a second, eight slots", &format!("{rate:.1}"), ">= 5 at 1,000 files");
        show("  merges judged again, of", &format!("{judged} of {landed}"), "");
        show("  merge commits, and what the person sees", &format!("{merges:?}"), "\"0\"");
        Ok(())
    }
}
