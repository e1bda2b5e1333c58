//! The files of a project that the steps of a verification name, run or read.

use super::fingerprint::{Part, text};
use super::looker::{is_looker, judging, outputs};
use super::manifest::Behind;
use super::paths::owns;
use super::script::{
    SCRIPTS, SHELL_SCRIPTS, decides, is_executable, is_product, is_script, sourced,
};
use super::shell::{Shell, UNKNOWN};
use super::tree::expand;
use super::word::{base_name, called, fragments, is_interpreter, plain, tokens};
use crate::domain::Command;
use crate::guardrails::is_check;
use crate::platform::fault::{self, Fault};
use crate::workspace::NOT_OURS;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// How many folders are searched for each word.
const FOLDERS: usize = 64;
/// How many files are matched against the globs of a step.
const GLOBBED: usize = 20_000;
/// How many files are guarded by name during an attempt.
const MOST: usize = 4_000;
/// Longer scripts are not searched for the files that they call.
const SCRIPT_LIMIT: u64 = 256 << 10;
/// Python modules that judge and that no project has: a project file of that name would run
/// instead.
const TOOLS: [&str; 14] = [
    "pytest", "unittest", "doctest", "coverage", "tox", "nox", "mypy", "ruff", "flake8", "pylint",
    "black", "pyright", "bandit", "pip",
];
/// Folders of products, for scripts with such extensions.
const PRODUCTS: [&str; 3] = ["src", "lib", "app"];

/// Where words are looked up.
#[derive(Clone, Debug, Default)]
pub(super) struct Lookup {
    /// The project root, where steps run.
    pub(super) root: PathBuf,
    /// Other folders in which steps run.
    pub(super) folders: Vec<PathBuf>,
    /// The folders of the configuration and of the queue, to which variables may lead.
    pub(super) homes: Vec<PathBuf>,
    /// Folders of `PATH` inside the project.
    pub(super) programs: Vec<PathBuf>,
    /// Files that loops change, not agents.
    pub(super) ours: Vec<PathBuf>,
    /// `files` of tasks that people added: these are products even if a script names them.
    pub(super) products: Vec<String>,
}

/// The files that the steps name.
#[derive(Debug, Default)]
pub(super) struct Named {
    /// Files that exist, with the part that counts.
    pub(super) files: BTreeSet<(PathBuf, Part)>,
    /// Paths that do not exist yet.
    pub(super) missing: BTreeSet<PathBuf>,
    /// Files that shell scripts source if they decide nothing themselves. A script that decides
    /// sources the work.
    pub(super) sourced: BTreeSet<PathBuf>,
    /// Files that manifests include, whether they exist or not.
    pub(super) included: BTreeSet<PathBuf>,
}

/// The search for everything that some commands name.
struct Search<'g> {
    lookup: &'g Lookup,
    /// Folders in which a command may run.
    folders: Vec<PathBuf>,
    written: BTreeSet<PathBuf>,
    /// Manifests whose relevant lines are known.
    parsed: BTreeSet<PathBuf>,
    named: Named,
}

impl Lookup {
    /// Returns everything that these commands name.
    pub(super) fn named(&self, commands: &[Command]) -> Named {
        let mut search = Search {
            lookup: self,
            folders: vec![self.root.clone()],
            written: BTreeSet::new(),
            parsed: BTreeSet::new(),
            named: Named::default(),
        };
        search.folders.extend(self.folders.iter().chain(&self.programs).cloned());
        for command in commands {
            if fault::is(Fault::GuardFirstWord) {
                search.first_word(command);
                continue;
            }
            search.shell(&match command {
                Command::Shell(line) => Shell::of(line),
                Command::List(words) => Shell::of_list(words),
            });
        }
        search.called();
        let Search { mut named, written, .. } = search;
        named.files.retain(|(path, _)| !written.contains(path));
        named.missing.retain(|path| !written.contains(path));
        named
    }

    /// Returns whether `path` is a file of the project that people write.
    fn is_ours(&self, path: &Path) -> bool {
        let below =
            self.homes.iter().chain([&self.root]).find_map(|top| path.strip_prefix(top).ok());
        let Some(below) = below else { return false };
        let tool = |part: Component<'_>| NOT_OURS.iter().any(|name| part.as_os_str() == *name);
        !below.components().any(tool) && !self.ours.iter().any(|own| own == path)
    }
}

impl Search<'_> {
    fn shell(&mut self, shell: &Shell) {
        // Two passes: a folder may be relative to one that is named later.
        for _ in 0..2 {
            shell.commands.iter().flatten().for_each(|word| self.enter(word));
        }
        for word in &shell.written {
            self.written.extend(self.candidates(word));
        }
        for words in &shell.commands {
            self.command(words);
        }
    }

    /// Adds every folder that `word` names, because commands run in `cd X`, `-C X`, `--prefix=X`.
    fn enter(&mut self, word: &str) {
        for path in self.candidates(word) {
            let room = self.folders.len() < FOLDERS && !self.folders.contains(&path);
            if room && path.is_dir() && self.lookup.is_ours(&path) {
                self.folders.push(path);
            }
        }
    }

    fn command(&mut self, words: &[String]) {
        let behind = Behind::of(words, &self.folders);
        for (path, part) in behind.files {
            self.guard(path, part);
        }
        self.named.missing.extend(behind.missing);
        self.parsed.extend(behind.parsed);
        self.named.included.extend(behind.included);
        for line in behind.lines {
            // One level only: the files that such a line names, not the manifests behind them.
            let shell = Shell::of(&line);
            shell.commands.iter().flatten().for_each(|word| self.enter(word));
            for words in &shell.commands {
                self.words(words);
            }
        }
        self.words(words);
    }

    fn words(&mut self, words: &[String]) {
        if is_looker(words) {
            return;
        }
        for word in outputs(words) {
            self.written.extend(self.candidates(word));
        }
        let words = judging(words);
        let runs = words.iter().map(|word| base_name(word)).find(|name| is_interpreter(name));
        // `go test ./x` is about the work in the folder, but `go run ./x` is a judge.
        let runs = runs.filter(|name| *name != "go" || words.contains(&"run"));
        // A plugin of pytest is a module that it imports at its start.
        let is_pytest = words.iter().any(|word| matches!(base_name(word), "pytest" | "py.test"));
        for (at, word) in words.iter().enumerate() {
            self.word(word);
            let before = at.checked_sub(1).map(|before| words[before]);
            if before == Some("-m") || (before == Some("-p") && is_pytest) {
                self.module(word);
            }
            if let Some(program) = runs {
                self.implied(program, word);
            }
        }
    }

    /// Handles a word of a command: a path, a glob, or a word that contains one.
    fn word(&mut self, word: &str) {
        for path in self.candidates(word) {
            self.add(path, Part::Whole);
        }
        let is_glob = |part: &&str| part.contains(['*', '?', '[', '{']);
        for glob in fragments(word).filter(is_glob).map(|glob| glob.trim_start_matches("./")) {
            let globs = self.folders.iter().map(|folder| folder.join(glob));
            self.named.missing.extend(globs);
            // These files are not named one by one, so those that are probably the work may change.
            for path in self.expanded(glob) {
                if self.is_called(&path) {
                    self.add(path, Part::Whole);
                }
            }
        }
    }

    /// Returns what a glob matches in the folders in which a command may run.
    fn expanded(&self, glob: &str) -> Vec<PathBuf> {
        let mut left = GLOBBED;
        let below = |folder: &PathBuf| {
            // What cannot be read now is not guarded, as in `Guard::take`.
            let found = expand(folder, glob, &mut left).unwrap_or_default();
            found.into_iter().map(|path| folder.join(path)).collect()
        };
        self.folders.iter().flat_map::<Vec<PathBuf>, _>(below).collect()
    }

    /// Handles `python3 -m pkg.mod`. A tool that is not part of the project must not become a file
    /// of it.
    fn module(&mut self, word: &str) {
        let path = word.replace('.', "/");
        for name in ["", "/__main__", "/__init__"] {
            let file = format!("{path}{name}.py");
            if TOOLS.contains(&word) {
                for folder in self.folders.clone() {
                    self.guard(folder.join(&file), Part::Whole);
                }
            }
            self.word(&file);
        }
    }

    /// Handles what an interpreter runs when it is given a folder, or a name without its extension.
    fn implied(&mut self, program: &str, word: &str) {
        if program.starts_with("py") {
            self.word(&format!("{word}/__main__.py"));
        } else if program == "go" {
            for path in self.expanded(&format!("{}/*.go", word.trim_start_matches("./"))) {
                self.add(path, Part::Whole);
            }
        } else {
            for ending in [".js", ".mjs", ".cjs", ".ts", "/index.js"] {
                self.word(&format!("{word}{ending}"));
            }
        }
    }

    /// Returns the paths that a word may mean.
    fn candidates(&self, word: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for part in fragments(word) {
            found.extend(self.folders.iter().map(|folder| plain(&folder.join(part))));
            if !part.contains([UNKNOWN, '}']) {
                continue;
            }
            // For `$DIR/check.sh`, only the shell knows the folder.
            for (at, _) in part.match_indices('/') {
                let rest = part[at..].trim_start_matches('/');
                let folders = self.folders.iter().chain(&self.lookup.homes);
                found.extend(folders.map(|folder| plain(&folder.join(rest))));
            }
        }
        found
    }

    /// Guards a named file, unless it is a folder or the product of a tool.
    fn add(&mut self, path: PathBuf, part: Part) {
        match fs::symlink_metadata(&path) {
            Ok(meta) if meta.is_dir() || path.is_dir() || is_product(&path) => {}
            Ok(_) => self.guard(path, part),
            Err(_) => {
                if self.named.missing.len() < MOST && self.lookup.is_ours(&path) {
                    self.named.missing.insert(path);
                }
            }
        }
    }

    fn guard(&mut self, path: PathBuf, part: Part) {
        let path = plain(&path);
        if self.named.files.len() < MOST && self.lookup.is_ours(&path) {
            self.named.files.insert((path, part));
        }
    }

    /// Adds the scripts that the named ones call or source, one level deep, and deeper those that
    /// are sourced and look like checks.
    fn called(&mut self) {
        let named = self.named.files.iter().map(|(path, _)| path);
        let named = named.filter(|path| is_script(path) && !self.parsed.contains(*path));
        for script in &named.cloned().collect::<Vec<PathBuf>>() {
            let Some(text) = text(script, SCRIPT_LIMIT) else { continue };
            let home = script.parent().unwrap_or(script).to_owned();
            if !self.folders.contains(&home) {
                self.folders.push(home);
            }
            self.source(&text);
            let mut seen = BTreeSet::new();
            for token in tokens(&text).filter(|token| token.contains(['.', '/'])) {
                if seen.insert(token) {
                    self.call(token);
                }
            }
        }
    }

    /// Adds the files that a shell script sources. What these source themselves counts only if it
    /// looks like a check, because a check may source the work.
    fn source(&mut self, script: &str) {
        let words = sourced(script);
        words.iter().for_each(|word| self.word(word));
        let (mut files, mut seen) = (self.paths(&words), BTreeSet::new());
        let leaves = !decides(script);
        while let Some(file) = files.pop() {
            let script = text(&file, SCRIPT_LIMIT).unwrap_or_default();
            if leaves {
                self.named.sourced.insert(file.clone());
            }
            if seen.insert(file) {
                let mut checks = self.paths(&sourced(&script));
                checks.retain(|path| {
                    let below = path.strip_prefix(&self.lookup.root).unwrap_or(path);
                    is_check(&below.display().to_string())
                });
                checks.iter().for_each(|path| self.add(path.clone(), Part::Whole));
                files.extend(checks);
            }
        }
    }

    /// Returns the files that words may mean.
    fn paths(&self, words: &[String]) -> Vec<PathBuf> {
        let all = words.iter().flat_map(|word| self.candidates(word));
        all.filter(|path| path.is_file()).collect()
    }

    /// Adds a path in a script that is called relative to the script's folder, the root, or a
    /// folder that the step enters.
    fn call(&mut self, token: &str) {
        for folder in self.folders.clone() {
            let path = plain(&folder.join(called(token)));
            if self.is_called(&path) {
                self.add(path, Part::Whole);
            }
        }
    }

    /// Returns whether a file that a script names is probably one of its helpers, not what it
    /// judges.
    fn is_called(&self, path: &Path) -> bool {
        let below = path.strip_prefix(&self.lookup.root).unwrap_or(path);
        if owns(&self.lookup.products, below) {
            return false;
        }
        let ending = path.extension().and_then(OsStr::to_str).unwrap_or_default();
        if SHELL_SCRIPTS.contains(&ending) {
            return true;
        }
        let product = |part: Component<'_>| PRODUCTS.iter().any(|name| part.as_os_str() == *name);
        (SCRIPTS.contains(&ending) || is_executable(path)) && !below.components().any(product)
    }

    /// The fault `guard-first-word`: guards only the program, or the first argument of an
    /// interpreter.
    fn first_word(&mut self, command: &Command) {
        let line = command.to_string();
        let mut words = line.split_whitespace();
        let first = words.next().filter(|word| is_interpreter(base_name(word)));
        let word = first.map_or(line.split_whitespace().next(), |_| words.next());
        word.into_iter().for_each(|word| self.word(word));
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write what they look at")]
mod tests;
