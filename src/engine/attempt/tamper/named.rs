//! The files of a project that the steps of a verification name, run or read.

use super::fingerprint::{Part, head, text};
use super::looker::{is_looker, judging, outputs, program};
use super::manifest::Behind;
use super::paths::owns;
use super::shell::{Shell, UNKNOWN};
use super::tree::expand;
use super::word::{base_name, called, fragments, is_interpreter, plain, tokens};
use crate::domain::Command;
use crate::platform::fault::{self, Fault};
use crate::workspace::NOT_OURS;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

/// So many folders are looked into for each word.
const FOLDERS: usize = 64;
/// So many files are looked at for the globs of a step.
const GLOBBED: usize = 20_000;
/// So many files are guarded for an attempt by name.
const MOST: usize = 4_000;
/// Longer scripts are not asked what they call.
const SCRIPT_LIMIT: u64 = 256 << 10;
/// Modules of Python that judge and that no project has: one of that name would be run instead.
const TOOLS: [&str; 14] = [
    "pytest", "unittest", "doctest", "coverage", "tox", "nox", "mypy", "ruff", "flake8", "pylint",
    "black", "pyright", "bandit", "pip",
];
/// Names of scripts for the shell: what they are for is to be run.
const SHELL_SCRIPTS: [&str; 3] = ["sh", "bash", "bats"];
/// Names of scripts that may as well be the product.
const SCRIPTS: [&str; 8] = ["py", "js", "mjs", "cjs", "ts", "rb", "pl", "php"];
/// Folders of products, for scripts of such names.
const PRODUCTS: [&str; 3] = ["src", "lib", "app"];

/// Where words are looked up.
#[derive(Clone, Debug, Default)]
pub(super) struct Lookup {
    /// The project root, where steps run.
    pub(super) root: PathBuf,
    /// Where else they run.
    pub(super) folders: Vec<PathBuf>,
    /// The folders of the configuration and of the queue, to which variables may lead.
    pub(super) homes: Vec<PathBuf>,
    /// Folders of `PATH` inside of the project.
    pub(super) programs: Vec<PathBuf>,
    /// Files that are changed by loops, not by agents.
    pub(super) ours: Vec<PathBuf>,
    /// `files` of tasks that people added: products, also where a script names them.
    pub(super) products: Vec<String>,
}

/// What the steps name.
#[derive(Debug, Default)]
pub(super) struct Named {
    /// Files that are there, with the part that counts.
    pub(super) files: BTreeSet<(PathBuf, Part)>,
    /// Paths at which nothing is yet.
    pub(super) missing: BTreeSet<PathBuf>,
}

/// The search for all that some commands name.
struct Search<'g> {
    lookup: &'g Lookup,
    /// Folders in which a command may run.
    folders: Vec<PathBuf>,
    written: BTreeSet<PathBuf>,
    /// Manifests of which the lines that matter are known.
    parsed: BTreeSet<PathBuf>,
    named: Named,
}

impl Lookup {
    /// Everything that these commands name.
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

    /// Whether `path` is a file of the project that people write.
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
        // Twice: a folder may be named as seen from one that is named later.
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

    /// Commands run in `cd X`, `-C X`, `--prefix=X`: any folder that is named counts.
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
        for line in behind.lines {
            // One level: what such a line names, not what is behind that again.
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
        // `go test ./x` is about the work in the folder, `go run ./x` is a judge.
        let runs = runs.filter(|name| *name != "go" || words.contains(&"run"));
        for (at, word) in words.iter().enumerate() {
            self.word(word);
            if at > 0 && words[at - 1] == "-m" {
                self.module(word);
            }
            if let Some(program) = runs {
                self.implied(program, word);
            }
        }
    }

    /// A word of a command: a path, a glob, or something with one in it.
    fn word(&mut self, word: &str) {
        for path in self.candidates(word) {
            self.add(path, Part::Whole);
        }
        let is_glob = |part: &&str| part.contains(['*', '?', '[', '{']);
        for glob in fragments(word).filter(is_glob).map(|glob| glob.trim_start_matches("./")) {
            let globs = self.folders.iter().map(|folder| folder.join(glob));
            self.named.missing.extend(globs);
            // Nobody names these files one by one: what is likely to be the work is free.
            for path in self.expanded(glob) {
                if self.is_called(&path) {
                    self.add(path, Part::Whole);
                }
            }
        }
    }

    /// What a glob matches in the folders in which a command may run.
    fn expanded(&self, glob: &str) -> Vec<PathBuf> {
        let mut left = GLOBBED;
        let below = |folder: &PathBuf| {
            // What cannot be looked at now is not guarded, as in `Guard::take`.
            let found = expand(folder, glob, &mut left).unwrap_or_default();
            found.into_iter().map(|path| folder.join(path)).collect()
        };
        self.folders.iter().flat_map::<Vec<PathBuf>, _>(below).collect()
    }

    /// `python3 -m pkg.mod`. A tool that is none of the project must not become one.
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

    /// What an interpreter runs when it is given a folder, or a name without its ending.
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

    /// The paths that a word may stand for.
    fn candidates(&self, word: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for part in fragments(word) {
            found.extend(self.folders.iter().map(|folder| plain(&folder.join(part))));
            if !part.contains([UNKNOWN, '}']) {
                continue;
            }
            // `$DIR/check.sh`: where that leads only the shell knows.
            for (at, _) in part.match_indices('/') {
                let rest = part[at..].trim_start_matches('/');
                let folders = self.folders.iter().chain(&self.lookup.homes);
                found.extend(folders.map(|folder| plain(&folder.join(rest))));
            }
        }
        found
    }

    /// Guards a file that is named, if it is one and no product of a tool.
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

    /// The scripts that the named ones call or source, one level deep.
    fn called(&mut self) {
        let named = self.named.files.iter().map(|(path, _)| path);
        let named = named.filter(|path| is_script(path) && !self.parsed.contains(*path));
        for script in &named.cloned().collect::<Vec<PathBuf>>() {
            let Some(text) = text(script, SCRIPT_LIMIT) else { continue };
            let home = script.parent().unwrap_or(script).to_owned();
            if !self.folders.contains(&home) {
                self.folders.push(home);
            }
            let sources = |words: &&[String]| matches!(words[0].as_str(), "." | "source");
            let commands = Shell::of(&text).commands;
            let commands = commands.iter().filter_map(|words| Some(&words[program(words)?..]));
            for words in commands.filter(sources) {
                words.iter().skip(1).for_each(|word| self.word(word));
            }
            let mut seen = BTreeSet::new();
            for token in tokens(&text).filter(|token| token.contains(['.', '/'])) {
                if seen.insert(token) {
                    self.call(token);
                }
            }
        }
    }

    /// A path in a script: where it is called from its folder, from the root or from one that the
    /// step enters.
    fn call(&mut self, token: &str) {
        for folder in self.folders.clone() {
            let path = plain(&folder.join(called(token)));
            if self.is_called(&path) {
                self.add(path, Part::Whole);
            }
        }
    }

    /// Whether a file that a script names is likely to be one of its helpers, not what it judges.
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

    /// The twin `guard-first-word`: the program, or the first argument of an interpreter.
    fn first_word(&mut self, command: &Command) {
        let line = command.to_string();
        let mut words = line.split_whitespace();
        let first = words.next().filter(|word| is_interpreter(base_name(word)));
        let word = first.map_or(line.split_whitespace().next(), |_| words.next());
        word.into_iter().for_each(|word| self.word(word));
    }
}

/// What tools make: a program that was compiled, a log, a database.
fn is_product(path: &Path) -> bool {
    const ENDINGS: [&str; 14] = [
        "log", "out", "tmp", "pid", "db", "sqlite", "sqlite3", "o", "so", "a", "pyc", "class",
        "profraw", "coverage",
    ];
    const MAGIC: [&[u8]; 7] = [
        b"\x7fELF",
        b"\xcf\xfa\xed\xfe",
        b"\xce\xfa\xed\xfe",
        b"\xca\xfe\xba\xbe",
        b"\0asm",
        b"MZ\x90\0",
        b"!<arch>",
    ];
    let ending = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    let head = head(path, 8).unwrap_or_default();
    ENDINGS.contains(&ending) || MAGIC.iter().any(|magic| head.starts_with(magic))
}

fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o111 != 0)
}

fn is_script(path: &Path) -> bool {
    let ending = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    SHELL_SCRIPTS.contains(&ending)
        || SCRIPTS.contains(&ending)
        || ending.is_empty()
        || is_executable(path)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write what they look at")]
mod tests;
