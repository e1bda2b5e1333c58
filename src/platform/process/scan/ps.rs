//! The process table from `ps`, where there is no `/proc`.

use super::entry::Process;
use crate::platform::claim_tag::{Carried, VARIABLE};
use crate::platform::command::Short;
use chrono::NaiveDateTime;
use rustix::process::Pid;
use std::io;

pub(super) fn processes() -> io::Result<Vec<Process>> {
    Ok(listing(&["-A", "-o", "pid=,ppid=,pgid=,stat=,lstart="])?
        .lines()
        .filter_map(parse_line)
        .collect())
}

pub(super) fn pids() -> io::Result<Vec<u32>> {
    Ok(processes()?.iter().map(|process| process.pid).collect())
}

pub(super) fn distrust() -> Option<String> {
    None
}

/// Returns the command line of each process, its arguments separated by NUL.
pub(super) fn command_lines() -> impl Iterator<Item = Vec<u8>> {
    let text = listing(&["-A", "-ww", "-o", "command="]).unwrap_or_default();
    let lines: Vec<Vec<u8>> =
        text.lines().map(|line| line.replace(' ', "\0").into_bytes()).collect();
    lines.into_iter()
}

pub(super) fn process(pid: u32) -> Option<Process> {
    let pid = pid.to_string();
    let text = listing(&["-o", "pid=,ppid=,pgid=,stat=,lstart=", "-p", &pid]).ok()?;
    text.lines().find_map(parse_line)
}

pub(super) fn is_still(pid: u32) -> bool {
    state(pid).is_none_or(|state| matches!(state, 'T' | 'Z'))
}

pub(super) fn is_uninterruptible(pid: u32) -> bool {
    state(pid) == Some('U')
}

fn state(pid: u32) -> Option<char> {
    let text = listing(&["-o", "stat=", "-p", &pid.to_string()]).unwrap_or_default();
    text.trim_start().chars().next()
}

pub(super) fn carried_by(pid: u32) -> io::Result<Carried> {
    let pid = pid.to_string();
    let text = listing(&["-E", "-ww", "-o", "command=", "-p", &pid])?;
    let prefix = format!("{VARIABLE}=");
    let mut words = text.split_whitespace();
    let value = words.find_map(|word| word.strip_prefix(&prefix));
    Ok(value.map_or(Carried::Absent, Carried::of))
}

fn listing(args: &[&str]) -> io::Result<String> {
    let mut command = Short::new("/bin/ps", args);
    command.env.push(("LC_ALL".into(), "C".into()));
    let finished = command.run().map_err(io::Error::other)?;
    Ok(String::from_utf8_lossy(&finished.stdout).into_owned())
}

fn parse_line(line: &str) -> Option<Process> {
    let mut words = line.split_whitespace();
    let pid = words.next()?.parse().ok()?;
    let parent = words.next()?.parse().ok()?;
    let group = words.next()?.parse().ok()?;
    let dead = words.next()?.starts_with('Z');
    let text = words.collect::<Vec<_>>().join(" ");
    let start = NaiveDateTime::parse_from_str(&text, "%a %b %d %H:%M:%S %Y").ok()?;
    let start = u64::try_from(start.and_utc().timestamp()).ok()?;
    let raw = i32::try_from(pid).ok().and_then(Pid::from_raw)?;
    let session = rustix::process::getsid(Some(raw)).ok();
    let session = session.and_then(|sid| u32::try_from(sid.as_raw_nonzero().get()).ok());
    Some(Process { pid, parent, group, session: session.unwrap_or(0), start, dead })
}
