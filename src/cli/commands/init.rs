//! `init`: a commented configuration and a first queue; what exists is kept.

use crate::cli::args::InitArgs;
use crate::cli::failure::Failure;
use crate::cli::inside::refused;
use crate::cli::session::Session;
use crate::config::FILE_NAME;
use serde_json::json;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};

/// The configuration; `@VERIFY@` stands for the verification.
const CONFIG: &str = include_str!("init_config.toml");

/// What tells how a project is tested, and the command for it.
const TESTS: [(&str, &str); 6] = [
    ("Cargo.toml", "cargo test"),
    ("package.json", "npm test"),
    ("pyproject.toml", "python -m pytest"),
    ("go.mod", "go test ./..."),
    ("Gemfile", "bundle exec rake test"),
    ("mix.exs", "mix test"),
];

pub(super) fn run(args: &InitArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let dir = session.absolute(&args.dir);
    let folder = dir.join("queues");
    if dir.canonicalize().is_ok_and(|real| session.inside().is_ruled_from(&real)) {
        return Err(refused(&args.dir.display().to_string()));
    }
    fs::create_dir_all(&folder).map_err(|error| failed("make the folder", &folder, &error))?;
    let real = dir.canonicalize().map_err(|error| failed("find", &dir, &error))?;
    let project = args.project.clone().unwrap_or_else(|| {
        real.file_name().map_or("project".into(), |name| name.to_string_lossy().into_owned())
    });
    let shown = |path: &Path| -> PathBuf {
        args.dir.join(path).components().filter(|part| *part != Component::CurDir).collect()
    };

    let config = create(&dir.join(FILE_NAME), &config_text(&dir))?;
    say(session, config, &shown(Path::new(FILE_NAME)))?;
    let queue = Path::new("queues").join(format!("{}.json", file_stem(&project)));
    // A second queue would make the first one something to choose.
    let (made, queue) = match first_queue(&folder) {
        Some(name) => (false, Path::new("queues").join(name)),
        None => (create(&dir.join(&queue), &queue_text(&project))?, queue),
    };
    let queue = shown(&queue);
    say(session, made, &queue)?;
    if !session.global.quiet {
        next_steps(session, &shown(Path::new(FILE_NAME)), &queue)?;
    }
    Ok(())
}

fn failed(what: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::internal(format_args!("failed to {what} {}: {error}", path.display()))
}

/// Writes a file that does not exist yet; whether it did not.
#[expect(
    clippy::disallowed_methods,
    reason = "what is there is not opened, and others may read it"
)]
fn create(path: &Path, text: &str) -> Result<bool, Failure> {
    match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(mut file) => {
            file.write_all(text.as_bytes()).map_err(|error| failed("write", path, &error))?;
            Ok(true)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(failed("write", path, &error)),
    }
}

fn config_text(dir: &Path) -> String {
    let found = TESTS.iter().find(|(file, _)| dir.join(file).is_file());
    let (mark, run) = found.map_or(("# ", "make test"), |(_, run)| ("", *run));
    let lines = ["[[verify]]", "name = \"test\"", &format!("run = \"{run}\""), "timeout = \"10m\""];
    CONFIG.replace("@VERIFY@", &lines.map(|line| format!("{mark}{line}")).join("\n"))
}

fn queue_text(project: &str) -> String {
    let queue = json!({
        "project": project,
        "tasks": [],
        "summary": {
            "total": 0, "pending": 0, "in_progress": 0, "blocked": 0, "complete": 0, "parked": 0
        }
    });
    format!("{queue:#}\n")
}

/// The project's name as the name of a file.
fn file_stem(project: &str) -> String {
    let keep = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let stem: String = project.chars().map(keep).collect();
    let stem = stem.trim_matches(['.', '-']);
    if stem.is_empty() { "queue".to_owned() } else { stem.to_owned() }
}

/// The first JSON file in the folder of queues.
fn first_queue(folder: &Path) -> Option<String> {
    let names = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.file_name());
    let names = names.filter_map(|name| name.into_string().ok());
    names.filter(|name| name.ends_with(".json") && !name.starts_with('.')).min()
}

fn say(session: &mut Session<'_>, made: bool, path: &Path) -> io::Result<()> {
    if session.global.quiet {
        return Ok(());
    }
    let what = if made { "wrote" } else { "kept" };
    writeln!(session.streams.out, "{what} {}", path.display())
}

fn next_steps(session: &mut Session<'_>, config: &Path, queue: &Path) -> io::Result<()> {
    let queue = queue.display();
    write!(
        session.streams.out,
        "\nNext:\n  \
         1. say in {} which agent runs and what verifies its work\n  \
         2. workloop add {queue} --title \"…\" --description \"…\"   (or edit the file)\n  \
         3. workloop check {queue}\n  \
         4. workloop run {queue}\n",
        config.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_the_configuration_is_valid_with_and_without_its_comments() {
        let dir = tempfile::tempdir().expect("dir");
        let path = Path::new("/p/workloop.toml");
        let text = config_text(dir.path());
        let config = crate::config::parse(path, &text).expect("valid");
        assert_eq!(config.queues, ["queues/*.json"]);
        assert!(!config.has_verification());
        drop(fs::File::create(dir.path().join("Cargo.toml")).expect("file"));
        let config = crate::config::parse(path, &config_text(dir.path())).expect("valid");
        assert_eq!(config.steps[0].command.to_string(), "cargo test");
        // Only the first of several choices is taken out of its comment.
        let mut seen_run = false;
        let uncommented: Vec<String> = text
            .lines()
            .map(|line| line.strip_prefix("# ").unwrap_or(line))
            .filter(|line| line.starts_with('[') || line.contains(" = "))
            .filter(|line| !line.starts_with("run = \"./agent") && !line.contains("\"codex\""))
            // A file that is not there is refused.
            .filter(|line| !line.starts_with("file = "))
            .inspect(|line| seen_run |= line.starts_with("run"))
            .map(ToOwned::to_owned)
            .collect();
        let config = crate::config::parse(path, &uncommented.join("\n"));
        assert!(config.is_ok() && seen_run, "{config:#?}");
    }

    #[test]
    fn names_of_projects_become_names_of_files() {
        assert_eq!(file_stem("My Shop/2"), "My-Shop-2");
        assert_eq!(file_stem("../.."), "queue");
    }
}
