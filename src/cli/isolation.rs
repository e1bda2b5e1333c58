//! What `init` writes about isolation: private trees where they can be had and what verifies can run
//! in them, else the reason why not.

use super::session::Session;
use crate::project::repositories::{HomeError, Purpose};
use crate::views::landing::branch;
use crate::workspace::{Refusal, Repository};
use std::fmt;
use std::path::Path;

/// How what a project needs is fetched in a tree that has only what was committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Setup {
    /// The file that tells, and is the input of the setup.
    file: &'static str,
    /// The command; none where the build fetches by itself.
    command: Option<&'static str>,
    /// What stays between attempts.
    keep: &'static str,
}

/// By the files that tell.
const SETUPS: [Setup; 6] = [
    Setup { file: "package-lock.json", command: Some("npm ci"), keep: "node_modules/" },
    Setup {
        file: "pnpm-lock.yaml",
        command: Some("pnpm install --frozen-lockfile"),
        keep: "node_modules/",
    },
    Setup {
        file: "yarn.lock",
        command: Some("yarn install --frozen-lockfile"),
        keep: "node_modules/",
    },
    Setup { file: "composer.lock", command: Some("composer install"), keep: "vendor/" },
    Setup { file: "mix.lock", command: Some("mix deps.get"), keep: "deps/" },
    Setup { file: "Cargo.toml", command: None, keep: "target/" },
];

/// What the configuration is to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Isolation {
    /// Each agent has a tree of its own.
    Private {
        /// The branch that is checked out.
        target: String,
        /// What makes a tree ready.
        setup: Option<Setup>,
    },
    /// All agents share the project's tree.
    Shared {
        /// Why.
        why: String,
    },
}

/// What is to run in the trees.
#[derive(Clone, Debug)]
pub(super) struct Wanted<'a> {
    /// Whether anything verifies.
    pub(super) verifies: bool,
    /// The file by which the verification was found.
    pub(super) file: Option<&'a str>,
    /// Commands that a person named.
    pub(super) commands: [Option<&'a str>; 2],
}

impl Isolation {
    /// What suits the project in `dir`.
    pub(super) fn propose(dir: &Path, wanted: &Wanted<'_>, session: &Session<'_>) -> Self {
        let found = session.surroundings(Purpose::Work).repository_at(dir, None);
        let repository = match found {
            Ok(repository) => repository,
            Err(HomeError::Refused(Refusal::NoRepository { .. })) => {
                return Self::Shared { why: "this is not a git work tree".to_owned() };
            }
            Err(HomeError::Refused(refusal)) => {
                return Self::Shared { why: format!("{refusal}. {}", refusal.cure()) };
            }
            Err(HomeError::NoGit) => return Self::Shared { why: HomeError::NoGit.to_string() },
        };
        if !wanted.verifies {
            let why = "nothing was found that verifies, and what lands must be verified";
            return Self::Shared { why: why.to_owned() };
        }
        let programs = wanted.commands.iter().flatten().filter_map(|line| of_project(line));
        for file in wanted.file.into_iter().chain(programs) {
            if !has(&repository, dir, file) {
                let why = format!("{file} is not committed, so it would not be in a private tree");
                return Self::Shared { why };
            }
        }
        let setup = SETUPS.into_iter().find(|setup| has(&repository, dir, setup.file));
        Self::Private { target: branch(repository.target()).to_owned(), setup }
    }

    /// The same for people.
    pub(super) fn sentence(&self) -> String {
        match self {
            Self::Private { target, .. } => {
                format!("private; what was verified lands on {target}, one commit for each task")
            }
            Self::Shared { why } => format!("shared; {why}"),
        }
    }
}

/// The program of a command, if it is a file of the project.
fn of_project(line: &str) -> Option<&str> {
    let program = line.split_whitespace().next()?;
    let is_file = program.contains('/') && !program.starts_with(['/', '~', '$', '"', '\'']);
    is_file.then(|| program.strip_prefix("./").unwrap_or(program))
}

/// Whether the file is part of what a private tree begins with.
fn has(repository: &Repository, dir: &Path, file: &str) -> bool {
    let real = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    let below = real.strip_prefix(repository.top()).unwrap_or(Path::new(""));
    // What cannot be asked is no reason to write more than is sure.
    repository.has(&below.join(file)).unwrap_or(false)
}

impl fmt::Display for Isolation {
    /// As the configuration says it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |text: &str| toml::Value::String(text.to_owned()).to_string();
        f.write_str(
            "# Where agents work. \"private\": each in a clone of its own, outside of the project; what was\n\
             # verified lands as one commit for each task. \"shared\": all in this folder; nothing is committed.\n\
             [isolation]\n",
        )?;
        let (target, setup) = match self {
            Self::Private { target, setup } => (target, setup),
            Self::Shared { why } => {
                // A reason may have a name with a line break in it.
                let why: Vec<&str> = why.split(char::is_control).collect();
                return writeln!(f, "mode = \"shared\"\n# Not private: {}", why.join(" "));
            }
        };
        writeln!(
            f,
            "mode = \"private\"\ntarget = {}   # the branch that work lands on",
            text(target)
        )?;
        f.write_str(
            "# A private tree has what was committed; this makes it ready to work and to verify.\n",
        )?;
        let Some(Setup { file, command, keep }) = setup else {
            return f.write_str(
                "# [workspaces]\n# setup = [\"make deps\"]    # again when a file of setup_inputs changes\n\
                 # keep = [\"build/\"]        # ignored files that stay between attempts\n\
                 # copy = [\".env\"]          # ignored files that are copied from here\n",
            );
        };
        f.write_str("[workspaces]\n")?;
        if let Some(command) = command {
            writeln!(f, "setup = [{}]\nsetup_inputs = [{}]", text(command), text(file))?;
        }
        writeln!(f, "keep = [{}]   # stays between attempts", text(keep))?;
        f.write_str("# copy = [\".env\"]          # ignored files that are copied from here\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{IsolationMode, parse};

    #[test]
    fn a_program_of_the_project_is_told_from_one_of_the_machine() {
        for (line, program) in [
            ("./agent.sh --fast", Some("agent.sh")),
            ("tools/verify x", Some("tools/verify")),
            ("npm test", None),
            ("/usr/bin/true", None),
            ("~/bin/agent", None),
            ("\"$TOOL/x\"", None),
            ("", None),
        ] {
            assert_eq!(of_project(line), program, "{line}");
        }
    }

    #[test]
    fn what_is_written_is_read_as_it_was_meant() {
        let path = Path::new("/p/workloop.toml");
        let read = |isolation: &Isolation| parse(path, &isolation.to_string()).expect("valid");
        for setup in SETUPS {
            let target = "feature/\"x\"".replace('"', "");
            let private = Isolation::Private { target: target.clone(), setup: Some(setup) };
            let config = read(&private);
            assert_eq!(*config.isolation.mode, IsolationMode::Private);
            assert_eq!(config.isolation.target, Some(target));
            assert_eq!(config.workspaces.tree.keep, [setup.keep]);
            let commands = &config.workspaces.tree.setup.commands;
            assert_eq!(commands.first().map(String::as_str), setup.command);
        }
        let bare = Isolation::Private { target: "main".into(), setup: None };
        assert!(read(&bare).workspaces.tree.keep.is_empty());
        let shared = Isolation::Shared { why: "a\nmode = \"private\"".into() };
        assert_eq!(*read(&shared).isolation.mode, IsolationMode::Shared);
    }
}
