//! The process table from `/proc`.

use super::entry::Process;
use crate::platform::claim_tag::{Carried, VARIABLE};
use crate::platform::open::{kernel_file, kernel_text, unless_short};
use std::fs;
use std::io::{self, Read};

/// The flag of kernel threads (`include/linux/sched.h`).
const PF_KTHREAD: u32 = 0x0020_0000;

pub(super) fn pids() -> io::Result<Vec<u32>> {
    let mut pids = Vec::new();
    for entry in fs::read_dir("/proc")? {
        pids.extend(entry?.file_name().to_str().and_then(|text| text.parse::<u32>().ok()));
    }
    Ok(pids)
}

pub(super) fn processes() -> io::Result<Vec<Process>> {
    // A process that ended since the directory was read is left out. Kernel threads have neither an
    // environment nor a parent of this program.
    let mut all = Vec::new();
    for pid in pids()? {
        let found = stat(pid)?.filter(|(_, flags)| flags & PF_KTHREAD == 0);
        all.extend(found.map(|(process, _)| process));
    }
    Ok(all)
}

pub(super) fn distrust() -> Option<String> {
    let own = std::process::id().to_string();
    match fs::read_link("/proc/self") {
        Ok(link) if link.as_os_str() == own.as_str() => None,
        Ok(link) => Some(format!(
            "it shows the processes of another namespace, where this is process {} and not {own}, \
             so live agents cannot be detected: mount /proc again, as unshare --mount-proc does",
            link.display()
        )),
        Err(error) => Some(format!(
            "it cannot be read ({error}), so live agents cannot be detected: mount /proc"
        )),
    }
}

/// Returns the beginning of each process's command line, its arguments separated by NUL.
pub(super) fn command_lines() -> impl Iterator<Item = Vec<u8>> {
    const MOST: usize = 1024;
    pids().unwrap_or_default().into_iter().filter_map(|pid| {
        let mut line = vec![0; MOST];
        let length = kernel_file(format!("/proc/{pid}/cmdline")).ok()?.read(&mut line).ok()?;
        line.truncate(length);
        Some(line)
    })
}

pub(super) fn process(pid: u32) -> Option<Process> {
    Some(stat(pid).ok()??.0)
}

/// Reads a process and its flags.
fn stat(pid: u32) -> io::Result<Option<(Process, u32)>> {
    let mut buffer = [0_u8; 1024];
    let read = kernel_file(format!("/proc/{pid}/stat")).and_then(|mut file| file.read(&mut buffer));
    let length = unless_short(read)?;
    Ok(length.and_then(|length| parse_stat(pid, buffer.get(..length)?)))
}

/// Parses a line of `/proc/<pid>/stat`. The name in it may contain any bytes, so it is split at the
/// last bracket.
fn parse_stat(pid: u32, line: &[u8]) -> Option<(Process, u32)> {
    let end = line.iter().rposition(|byte| *byte == b')')?;
    let text = std::str::from_utf8(line.get(end + 1..)?).ok()?;
    let mut words = text.split_ascii_whitespace();
    let state = words.next()?;
    let parent = words.next()?.parse().ok()?;
    let group = words.next()?.parse().ok()?;
    let session = words.next()?.parse().ok()?;
    let flags = words.nth(2)?.parse().ok()?;
    let start = words.nth(12)?.parse().ok()?;
    let dead = matches!(state, "Z" | "X" | "x");
    Some((Process { pid, parent, group, session, start, dead }, flags))
}

pub(super) fn is_still(pid: u32) -> bool {
    states(pid).all(|state| b"TtZXx".contains(&state))
}

pub(super) fn is_uninterruptible(pid: u32) -> bool {
    states(pid).any(|state| state == b'D')
}

/// Returns the state of each thread, a letter of proc_pid_stat(5); nothing for a process that is
/// gone.
fn states(pid: u32) -> impl Iterator<Item = u8> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten();
    threads.filter_map(|thread| {
        let line = kernel_text(thread.ok()?.path().join("stat"))?;
        line.as_bytes().get(line.rfind(')')? + 2).copied()
    })
}

pub(super) fn carried_by(pid: u32) -> io::Result<Carried> {
    // Large enough to read most environments in one call.
    let mut environment = Vec::with_capacity(16 * 1024);
    let read = kernel_file(format!("/proc/{pid}/environ"))
        .and_then(|mut file| file.read_to_end(&mut environment));
    match read {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied && is_ours(pid) => {
            Ok(Carried::Unreadable)
        }
        read => Ok(unless_short(read)?.map_or(Carried::Absent, |_| carried_in(&environment))),
    }
}

fn carried_in(environment: &[u8]) -> Carried {
    let text = String::from_utf8_lossy(environment);
    let name = format!("{VARIABLE}=");
    let starts = |at: &usize| *at == 0 || text.as_bytes()[*at - 1] == 0;
    let Some(at) = text.match_indices(&name).map(|(at, _)| at).find(starts) else {
        return Carried::Absent;
    };
    let value = text[at + name.len()..].split('\0').next();
    value.map_or(Carried::Absent, Carried::of)
}

/// Returns whether the process runs for our user. The owner of its folder does not show that: it is
/// root for a process that protects itself.
fn is_ours(pid: u32) -> bool {
    let status = kernel_text(format!("/proc/{pid}/status")).unwrap_or_default();
    let uid = status
        .lines()
        .find_map(|line| line.strip_prefix("Uid:"))
        .and_then(|ids| ids.split_whitespace().nth(1)?.parse::<u32>().ok());
    uid == Some(rustix::process::geteuid().as_raw())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_confuse() {
        let line = b"7 (a) R 1 2 (x) y) S 3 4 5 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 9876 1 2 3";
        let (process, flags) = parse_stat(7, line).unwrap();
        assert_eq!(flags, 4_194_560);
        assert_eq!((process.parent, process.group, process.session), (3, 4, 5));
        assert_eq!((process.start, process.dead), (9876, false));
        assert_eq!(parse_stat(7, b"7 (a"), None);
    }

    #[test]
    fn a_line_that_is_cut_is_no_process_and_the_dead_are_told() {
        let line = |state: &str| {
            format!("7 (a) {state} 3 4 5 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 9876 1")
        };
        for (state, dead) in [
            ("R", false),
            ("S", false),
            ("D", false),
            ("T", false),
            ("Z", true),
            ("X", true),
            ("x", true),
        ] {
            let (process, _) = parse_stat(7, line(state).as_bytes()).unwrap();
            assert_eq!(process.dead, dead, "{state}");
        }
        let whole = line("R");
        let words: Vec<&str> = whole.split(' ').collect();
        assert!(parse_stat(7, words[..22].join(" ").as_bytes()).is_some());
        for count in 0..22 {
            assert_eq!(parse_stat(7, words[..count].join(" ").as_bytes()), None, "{count} words");
        }
        assert_eq!(parse_stat(7, b"7 (a) R x 4 5"), None);
        assert_eq!(parse_stat(7, b"7 (a) \xff 3 4 5"), None);
    }

    #[test]
    fn this_process_runs_and_one_that_is_gone_does_not_move() {
        let own = std::process::id();
        assert!(!is_still(own), "one of its threads runs this test");
        assert!(is_still(u32::MAX) && !is_uninterruptible(u32::MAX));
        assert_eq!((carried_by(u32::MAX).unwrap(), process(u32::MAX)), (Carried::Absent, None));
        assert!(is_ours(own) && !is_ours(u32::MAX));
        assert_eq!(distrust(), None);
        assert!(pids().unwrap().contains(&own));
        let name = std::env::current_exe().unwrap();
        let name = name.file_name().unwrap().to_string_lossy().into_owned();
        let ours = command_lines().any(|line| String::from_utf8_lossy(&line).contains(&name));
        assert!(ours, "{name}");
    }

    #[test]
    fn finds_the_tag() {
        let found = carried_in(b"A=1\0WORKLOOP_CLAIM=f.p.t.r\0B=2\0");
        assert_eq!(found.tags().first().map(ToString::to_string), Some("f.p.t.r".to_owned()));
        assert_eq!(carried_in(b"XWORKLOOP_CLAIM=x\0WORKLOOP_CLAIMS=y\0"), Carried::Absent);
        let odd = b"A=WORKLOOP_CLAIM=a.b.c.d\0B=\xff\0WORKLOOP_CLAIM=f.p.t.r";
        assert_eq!(carried_in(odd), found);
    }
}
