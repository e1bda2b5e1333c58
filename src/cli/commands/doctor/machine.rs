//! Checks the machine: git, file system, disk, limits, clock, terminal.

use crate::cli::session::Session;
use crate::config::{Config, IsolationMode};
use crate::platform::clock::{Clock, SystemClock};
use crate::platform::command::Short;
use crate::platform::{awake, fs_kind, limits, programs, terminal};
use crate::views::doctor::Sign;
use crate::views::style::size;
use chrono::{Datelike, Local};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

/// How long a program may take to print its version.
const VERSION: Duration = Duration::from_secs(5);
/// Less free space than this is a warning, in bytes.
const LITTLE: u64 = 1 << 30;
/// Less free space than this is an error: logs cannot be kept. In bytes.
const NOTHING: u64 = 16 << 20;
/// A limit of open files below this is a warning: each slot needs several.
const FILES: u64 = 1024;

/// Reports the version of this program.
pub(super) fn program() -> Vec<Sign> {
    let what = format!("{} on {}", env!("CARGO_PKG_VERSION"), std::env::consts::OS);
    vec![Sign::ok("workloop", what)]
}

/// Runs all checks of the machine.
pub(super) fn signs(config: &Config, session: &Session<'_>) -> Vec<Sign> {
    let folder = config.folder().unwrap_or(&session.world.cwd);
    let mut signs = vec![git(config, session)];
    signs.extend(file_system(folder, session.global.unsafe_fs || config.unsafe_fs));
    signs.extend(disk(folder));
    signs.push(open_files());
    signs.push(clock());
    signs.push(sleep(session));
    signs.push(shown(session));
    signs
}

fn git(config: &Config, session: &Session<'_>) -> Sign {
    let path = session.world.var("PATH").unwrap_or_default();
    let program = programs::find("git", &programs::absolute_path(path));
    let said = program.and_then(|program| {
        let command = Short {
            argv: vec![program.into(), "--version".into()],
            limit: Some(VERSION),
            ..Short::default()
        };
        let said = command.run().ok().filter(|said| said.code == 0)?;
        String::from_utf8(said.stdout).ok()
    });
    match said {
        Some(said) => Sign::ok("git", said.trim().trim_start_matches("git version ")),
        None if *config.isolation.mode == IsolationMode::Private => {
            Sign::fail("git", "git cannot be run, but private trees need it", "install git")
        }
        None => {
            let text = "git cannot be run: the changes of attempts are unknown";
            Sign::warn("git", text, "install git")
        }
    }
}

fn file_system(folder: &Path, is_accepted: bool) -> Option<Sign> {
    match fs_kind::refusal(folder).ok()? {
        None => Some(Sign::ok("locks", format!("reliable in {}", folder.display()))),
        Some(why) if is_accepted => {
            Some(Sign::warn("locks", why, "keep the queue on a local disk"))
        }
        Some(why) => Some(Sign::fail("locks", why, "keep the queue on a local disk")),
    }
}

fn disk(folder: &Path) -> Vec<Sign> {
    let temp = std::env::temp_dir();
    let mut signs: Vec<Sign> = Vec::new();
    let device = |dir: &Path| std::fs::metadata(dir).map(|meta| meta.dev()).ok();
    let two = device(folder) != device(&temp);
    for dir in [Some(folder), two.then_some(&*temp)].into_iter().flatten() {
        let Ok(free) = fs_kind::free_bytes(dir) else { continue };
        let text = format!("{} free in {}", size(free), dir.display());
        let mend = format!("df -h {}", dir.display());
        signs.push(match free {
            ..NOTHING => Sign::fail("disk", text, mend),
            NOTHING..LITTLE => Sign::warn("disk", text, mend),
            LITTLE.. => Sign::ok("disk", text),
        });
    }
    signs
}

fn open_files() -> Sign {
    match limits::open_files() {
        Some(most) if most < FILES => {
            Sign::warn("files", format!("at most {most} open at a time"), "ulimit -n 4096")
        }
        Some(most) => Sign::ok("files", format!("at most {most} open at a time")),
        None => Sign::ok("files", "no limit of open files"),
    }
}

fn clock() -> Sign {
    let now = SystemClock.now().with_timezone(&Local);
    let text = now.format("%Y-%m-%d %H:%M:%S %:z").to_string();
    // This program did not exist before.
    if now.year() < 2025 {
        return Sign::warn("clock", format!("it is set to {text}"), "set the clock, see date(1)");
    }
    Sign::ok("clock", text)
}

/// Reports whether sleep can be inhibited while agents run.
fn sleep(session: &Session<'_>) -> Sign {
    match awake::program(session.world.var("PATH").unwrap_or_default()) {
        Some(program) => {
            Sign::ok("sleep", format!("inhibited by {} while agents run", program.display()))
        }
        None => Sign::ok("sleep", "cannot be inhibited here"),
    }
}

fn shown(session: &Session<'_>) -> Sign {
    let out = &session.streams.out;
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| session.world.text(name));
    let locale = locale.unwrap_or_else(|| "none".to_owned());
    let is_utf8 = locale.to_ascii_lowercase().replace('-', "").contains("utf8");
    let columns = terminal::width().filter(|_| out.is_terminal());
    let what = columns.map_or_else(
        || "output is not a terminal".to_owned(),
        |columns| {
            let color = if out.color() { "colour" } else { "no colour" };
            format!("{columns} columns, {color}, locale {locale}")
        },
    );
    if columns.is_some() && !is_utf8 {
        return Sign::warn("terminal", what, "export LANG=C.UTF-8");
    }
    Sign::ok("terminal", what)
}
