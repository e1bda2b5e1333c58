//! Decides what `init` writes about isolation: private trees if they are possible and verification
//! can run in them, else a shared tree and the reason.

use super::session::Session;
use crate::project::repositories::{HomeError, Purpose};
use crate::views::landing::branch;
use crate::workspace::{Refusal, Repository};
use std::fmt;
use std::path::Path;

/// How the dependencies of a project are installed in a tree that contains only committed files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Setup {
    /// The file that indicates this setup, and is its input.
    file: &'static str,
    /// The command; `None` if the build fetches dependencies itself.
    command: Option<&'static str>,
    /// The folder that is kept between attempts.
    keep: &'static str,
}

/// The known setups. The first whose file is committed is used.
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

/// The isolation to write into the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Isolation {
    /// Each agent has its own tree.
    Private {
        /// The branch that is checked out.
        target: String,
        /// How a tree is prepared.
        setup: Option<Setup>,
    },
    /// All agents share the project's tree.
    Shared {
        /// Why private trees are not possible.
        why: String,
    },
}

/// What will run in the trees.
#[derive(Clone, Debug)]
pub(super) struct Wanted<'a> {
    /// Whether there is a verification.
    pub(super) verifies: bool,
    /// The file from which the verification was detected.
    pub(super) file: Option<&'a str>,
    /// The commands that were given by flags.
    pub(super) commands: [Option<&'a str>; 2],
}

impl Isolation {
    /// Proposes the isolation for the project in `dir`.
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
            let why = "no verification was found, and only verified work can land";
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

    /// Describes the isolation in a sentence.
    pub(super) fn sentence(&self) -> String {
        match self {
            Self::Private { target, .. } => {
                format!("private; verified work lands on {target}, one commit per task")
            }
            Self::Shared { why } => format!("shared; {why}"),
        }
    }
}

/// Returns the program of a command, if it is a file of the project.
fn of_project(line: &str) -> Option<&str> {
    let program = line.split_whitespace().next()?;
    let is_file = program.contains('/') && !program.starts_with(['/', '~', '$', '"', '\'']);
    is_file.then(|| program.strip_prefix("./").unwrap_or(program))
}

/// Returns whether a private tree would contain the file.
fn has(repository: &Repository, dir: &Path, file: &str) -> bool {
    let real = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    let below = real.strip_prefix(repository.top()).unwrap_or(Path::new(""));
    // If git cannot tell, the safe assumption is that it would not.
    repository.has(&below.join(file)).unwrap_or(false)
}

impl fmt::Display for Isolation {
    /// Writes the section of the configuration.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |text: &str| toml::Value::String(text.to_owned()).to_string();
        f.write_str(
            "# Where agents work. \"private\": each in its own clone, outside the project; verified work\n\
             # lands as one commit per task. \"shared\": all in this folder; nothing is committed.\n\
             [isolation]\n",
        )?;
        let (target, setup) = match self {
            Self::Private { target, setup } => (target, setup),
            Self::Shared { why } => {
                // A reason may contain a name with a line break.
                let why: Vec<&str> = why.split(char::is_control).collect();
                return writeln!(f, "mode = \"shared\"\n# Not private: {}", why.join(" "));
            }
        };
        writeln!(
            f,
            "mode = \"private\"\ntarget = {}   # the branch on which work lands",
            text(target)
        )?;
        f.write_str(
            "# A private tree contains only committed files; this prepares it for work and verification.\n",
        )?;
        let Some(Setup { file, command, keep }) = setup else {
            return f.write_str(
                "# [workspaces]\n# setup = [\"make deps\"]    # runs again when a file of setup_inputs changes\n\
                 # keep = [\"build/\"]        # ignored files that are kept between attempts\n\
                 # copy = [\".env\"]          # ignored files that are copied from here\n",
            );
        };
        f.write_str("[workspaces]\n")?;
        if let Some(command) = command {
            writeln!(f, "setup = [{}]\nsetup_inputs = [{}]", text(command), text(file))?;
        }
        writeln!(f, "keep = [{}]   # kept between attempts", text(keep))?;
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
