//! `init`: writes a commented configuration and a first queue. Existing files are kept.

use crate::agent::{Adapter, logged_in, named, on_path};
use crate::cli::args::InitArgs;
use crate::cli::detect;
use crate::cli::failure::Failure;
use crate::cli::inside::refused;
use crate::cli::isolation::{Isolation, Wanted};
use crate::cli::session::Session;
use crate::config::FILE_NAME;
use crate::platform::atomic_file::{create_new, sweep};
use crate::platform::dir::Dir;
use crate::platform::ids::RandomIds;
use crate::platform::programs;
use crate::views::escape;
use serde_json::json;
use std::fs;
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};

/// The template of the configuration, with placeholders such as `@AGENT@` and `@VERIFY@`.
const CONFIG: &str = include_str!("init_config.toml");

pub(super) fn run(args: &InitArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let dir = session.absolute(&args.dir);
    let folder = dir.join("queues");
    if dir.canonicalize().is_ok_and(|real| session.inside().is_ruled_from(&real)) {
        return Err(refused(&args.dir.display().to_string()));
    }
    fs::create_dir_all(&folder).map_err(|error| failed("create the folder", &folder, &error))?;
    let real = dir.canonicalize().map_err(|error| failed("find", &dir, &error))?;
    let project = args.project.clone().unwrap_or_else(|| {
        real.file_name().map_or("project".into(), |name| name.to_string_lossy().into_owned())
    });
    let shown = |path: &Path| -> PathBuf {
        args.dir.join(path).components().filter(|part| *part != Component::CurDir).collect()
    };

    let found = Choice::new(args, &dir, session);
    let config = create(&dir.join(FILE_NAME), &config_text(&found))?;
    say(session, config, &shown(Path::new(FILE_NAME)))?;
    if !config && (args.agent.is_some() || args.verify.is_some()) {
        let text = "--agent and --verify were not written, because workloop.toml exists already; \
                    set them in it under [agents.default] and [[verify]]";
        writeln!(session.streams.err, "warning: {text}")?;
    }
    let queue = Path::new("queues").join(format!("{}.json", file_stem(&project)));
    // With a second queue, every verb would require a choice between the two.
    let (made, queue) = match first_queue(&folder) {
        Some(name) => (false, Path::new("queues").join(name)),
        None => (create(&dir.join(&queue), &queue_text(&project))?, queue),
    };
    let queue = shown(&queue);
    say(session, made, &queue)?;
    if !session.global.quiet {
        if config {
            tell(&found, session)?;
        }
        let lacks = if config { found.lacks() } else { None };
        next_steps(session, &shown(Path::new(FILE_NAME)), &queue, lacks)?;
    }
    Ok(())
}

fn failed(what: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::internal(format_args!("failed to {what} {}: {error}", path.display()))
}

/// Writes a file unless it exists. Returns whether it was written. The write is atomic: a killed
/// `init` leaves no partial file, which the next one would keep.
fn create(path: &Path, text: &str) -> Result<bool, Failure> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Ok(false) };
    let made = Dir::open(folder).and_then(|dir| {
        sweep(&dir, name)?;
        create_new(&dir, name, text.as_bytes(), &RandomIds)
    });
    made.map_err(|error| failed("write", path, &error))
}

/// What the configuration will contain: from flags, else from what was detected.
struct Choice {
    agent: Option<Agent>,
    /// Other agents that are installed.
    others: Vec<&'static str>,
    verify: Option<Verification>,
    /// What a person must do before the verification can run.
    first: Option<String>,
    isolation: Isolation,
}

/// The verification step to configure.
struct Verification {
    /// The command as a TOML string.
    run: String,
    /// Where the choice comes from: a flag, or a file.
    by: String,
    /// The line below the step that proposes a parser for its report.
    report: Option<String>,
}

impl Verification {
    fn new(command: &str, by: String) -> Self {
        let run = toml::Value::String(command.to_owned()).to_string();
        Self { run, by, report: detect::report_comment(command) }
    }
}

/// The agent to configure.
struct Agent {
    /// The lines of its section, without the comment.
    line: String,
    /// Where the choice comes from: a flag, or the `PATH`.
    by: String,
    /// What a person must do before the agent can run.
    first: Option<String>,
}

impl Agent {
    /// Configures a tool that has a preset.
    fn tool(adapter: &Adapter, by: String, session: &Session<'_>) -> Self {
        let path = session.world.var("PATH").unwrap_or_default();
        let first = if programs::find(adapter.program, path).is_none() {
            Some(format!("{} is not installed: {}", adapter.program, adapter.install))
        } else if logged_in(adapter, &session.world.vars) == Some(false) {
            Some(format!("not logged in; log in with: {}", adapter.login))
        } else {
            None
        };
        Self { line: format!("preset = \"{}\"", adapter.preset), by, first }
    }
}

impl Choice {
    fn new(args: &InitArgs, dir: &Path, session: &Session<'_>) -> Self {
        let given = |text: &Option<String>, flag: &str| {
            let text = text.clone()?;
            Some((toml::Value::String(text).to_string(), flag.to_owned()))
        };
        let path = session.world.var("PATH").unwrap_or_default();
        let mut agents = on_path(path);
        // Tools that are not logged in come last.
        agents.sort_by_key(|adapter| logged_in(adapter, &session.world.vars) == Some(false));
        let mut agents = agents.into_iter();
        let preset = args.agent.as_deref().and_then(named);
        let agent = match (given(&args.agent, "--agent"), preset) {
            (Some((_, by)), Some(adapter)) => Some(Agent::tool(adapter, by, session)),
            (Some((run, by)), None) => {
                Some(Agent { line: format!("run = {run}"), by, first: None })
            }
            (None, _) => agents.next().map(|adapter| {
                let by = format!("{}, found on the PATH", adapter.program);
                Agent::tool(adapter, by, session)
            }),
        };
        let tests = if args.verify.is_none() { detect::tests(dir, path) } else { None };
        let wanted = Wanted {
            verifies: args.verify.is_some() || tests.is_some(),
            file: tests.as_ref().map(|found| found.by),
            commands: [args.agent.as_deref(), args.verify.as_deref()],
        };
        let isolation = Isolation::propose(dir, &wanted, session);
        let first = tests.as_ref().and_then(|found| detect::lacking(found.command(), path));
        let verify = match (&args.verify, tests) {
            (Some(command), _) => Some(Verification::new(command, "--verify".to_owned())),
            (None, found) => {
                found.map(|found| Verification::new(found.command(), format!("from {}", found.by)))
            }
        };
        let is_other = |one: &&Adapter| preset.is_none_or(|chosen| chosen.preset != one.preset);
        let others = agents.filter(is_other).map(|adapter| adapter.preset.word()).collect();
        Self { agent, others, verify, first, isolation }
    }

    /// Returns what a person must add to the configuration.
    fn lacks(&self) -> Option<&'static str> {
        match (&self.agent, &self.verify) {
            (Some(_), Some(_)) => None,
            (None, Some(_)) => Some("which agent runs"),
            (Some(_), None) => Some("what verifies the work"),
            (None, None) => Some("which agent runs and what verifies its work"),
        }
    }
}

/// The commented example of an agent, if none was found.
const NO_AGENT: &str = "\
# [agents.default]
# preset = \"claude\"        # or codex, gemini, opencode, cursor, copilot, amp, aider
# run = \"./agent.sh\"       # or any command";
/// The commented example of a verification, if none was found.
const NO_VERIFY: &str = "\
# [[verify]]
# name = \"test\"
# run = \"make test\"
# timeout = \"10m\"";

fn config_text(found: &Choice) -> String {
    let agent = found.agent.as_ref().map_or_else(
        || NO_AGENT.to_owned(),
        |Agent { line, by, .. }| format!("[agents.default]\n{line}   # {by}"),
    );
    let verify = found.verify.as_ref().map_or_else(
        || NO_VERIFY.to_owned(),
        |Verification { run, by, report }| {
            let step = "[[verify]]\nname = \"test\"\n";
            let report = report.as_ref().map_or(String::new(), |line| format!("\n{line}"));
            format!("{step}run = {run}   # {by}\ntimeout = \"10m\"{report}")
        },
    );
    let isolation = found.isolation.to_string();
    CONFIG
        .replace("@AGENT@", &agent)
        .replace("@VERIFY@", &verify)
        .replace("@ISOLATION@", isolation.trim_end())
}

/// Prints what was found and what was not.
fn tell(found: &Choice, session: &mut Session<'_>) -> io::Result<()> {
    let out = &mut session.streams.out;
    match &found.agent {
        Some(Agent { line, by, first }) => {
            writeln!(out, "agent: {line} ({by})")?;
            if let Some(first) = first {
                writeln!(out, "  {first}")?;
            }
        }
        None => writeln!(out, "agent: none found; configure one in workloop.toml")?,
    }
    if !found.others.is_empty() {
        writeln!(out, "  also installed: {}", found.others.join(", "))?;
    }
    match &found.verify {
        Some(Verification { run, by, .. }) => {
            writeln!(out, "verification: {run} ({by})")?;
            if let Some(first) = &found.first {
                writeln!(out, "  {first}")?;
            }
        }
        None => {
            writeln!(out, "verification: none found; configure one in workloop.toml")?;
        }
    }
    writeln!(out, "isolation: {}", escape::line(&found.isolation.sentence()))?;
    if let Isolation::Private { .. } = found.isolation {
        let untried =
            "not tried yet: a run verifies the branch in such a tree before an agent starts";
        writeln!(out, "  {untried}")?;
    }
    Ok(())
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

/// Turns the project's name into a file name.
fn file_stem(project: &str) -> String {
    let keep = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let stem: String = project.chars().map(keep).collect();
    let stem = stem.trim_matches(['.', '-']);
    if stem.is_empty() { "queue".to_owned() } else { stem.to_owned() }
}

/// Returns the name of the first JSON file in the folder of queues.
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

fn next_steps(
    session: &mut Session<'_>,
    config: &Path,
    queue: &Path,
    lacks: Option<&str>,
) -> io::Result<()> {
    let (config, queue) = (config.display(), queue.display());
    let first = match lacks {
        None => format!("review {config}: which agent runs and what verifies its work"),
        Some(lacks) => format!("set in {config} {lacks}"),
    };
    let steps = [
        first,
        format!("workloop add {queue} --title \"…\" --description \"…\"   (or edit the file)"),
        "workloop check             errors and likely mistakes".to_owned(),
        "workloop next              what would start, and why in this order".to_owned(),
        "workloop prompt ID         the exact text that the agent gets".to_owned(),
        "workloop run               the loop".to_owned(),
    ];
    writeln!(session.streams.out, "\nNext:")?;
    for (number, step) in steps.iter().enumerate() {
        writeln!(session.streams.out, "  {}. {step}", number + 1)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_the_configuration_is_valid_with_and_without_its_comments() {
        let path = Path::new("/p/workloop.toml");
        let isolation = Isolation::Shared { why: "there is\nno git here".into() };
        let none = Choice { agent: None, others: Vec::new(), verify: None, first: None, isolation };
        let text = config_text(&none);
        let config = crate::config::parse(path, &text).expect("valid");
        assert_eq!(config.queues, ["queues/*.json"]);
        assert!(!config.has_verification() && config.agents.is_empty());
        let line = format!("run = {}", toml::Value::String("a 'b' \"c\"".to_owned()));
        let agent = Some(Agent { line, by: "x".into(), first: None });
        let both =
            Choice { agent, verify: Some(Verification::new("cargo test", "x".into())), ..none };
        let config = crate::config::parse(path, &config_text(&both)).expect("valid");
        assert_eq!(config.steps[0].command.to_string(), "cargo test");
        assert_eq!(config.steps[0].rules.step.report, None);
        let reported = config_text(&both).replace("# report", "report");
        let config = crate::config::parse(path, &reported).expect("the proposal is valid");
        assert!(config.steps[0].rules.step.report.is_some(), "{reported}");
        assert_eq!(config.agents["default"].command.to_string(), "a 'b' \"c\"");
        for adapter in crate::agent::presets() {
            let text = format!("[agents.default]\npreset = \"{}\"\n", adapter.preset);
            let config = crate::config::parse(path, &text).expect("valid");
            assert!(config.agents["default"].command.to_string().starts_with(adapter.program));
        }
        // Only the first of several alternatives is uncommented.
        let mut seen_run = false;
        let uncommented: Vec<String> = text
            .lines()
            .map(|line| line.strip_prefix("# ").unwrap_or(line))
            .filter(|line| line.starts_with('[') || line.contains(" = "))
            .filter(|line| !line.starts_with("run = \"./agent"))
            // A missing file would be refused.
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
