//! The table of processes from `/proc`.

use super::{MARK, Mark, Process};
use crate::platform::open::{kernel_file, kernel_text};
use std::fs;
use std::io::{self, Read};

/// The flag of the kernel's own threads (`include/linux/sched.h`).
const PF_KTHREAD: u32 = 0x0020_0000;

pub(super) fn processes() -> io::Result<Vec<Process>> {
    let mut all = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let pid = name.to_str().and_then(|text| text.parse().ok());
        // One that ended since the directory was read is simply not there, and the kernel's own
        // have neither environment nor parents among ours.
        let found = pid.and_then(stat).filter(|(_, flags)| flags & PF_KTHREAD == 0);
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
             so nobody can tell which agents live: mount /proc anew, as unshare --mount-proc does",
            link.display()
        )),
        Err(error) => Some(format!(
            "it cannot be read ({error}), so nobody can tell which agents live: mount /proc"
        )),
    }
}

pub(super) fn process(pid: u32) -> Option<Process> {
    Some(stat(pid)?.0)
}

/// What a process is, and its flags.
fn stat(pid: u32) -> Option<(Process, u32)> {
    let mut buffer = [0_u8; 1024];
    let mut file = kernel_file(format!("/proc/{pid}/stat")).ok()?;
    let length = file.read(&mut buffer).ok()?;
    parse_stat(pid, buffer.get(..length)?)
}

/// Reads a line of `/proc/<pid>/stat`; the name in it may contain anything, so it is cut at the
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
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return true };
    threads.filter_map(|thread| kernel_text(thread.ok()?.path().join("stat"))).all(|line| {
        let end = line.rfind(')').unwrap_or_default();
        line.as_bytes().get(end + 2).is_none_or(|state| b"TtZXx".contains(state))
    })
}

pub(super) fn mark_of(pid: u32) -> Mark {
    let mut environment = Vec::new();
    let read = kernel_file(format!("/proc/{pid}/environ"))
        .and_then(|mut file| file.read_to_end(&mut environment));
    match read {
        Ok(_) => mark_in(&environment),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied && is_ours(pid) => {
            Mark::Unreadable
        }
        Err(_) => Mark::Absent,
    }
}

fn mark_in(environment: &[u8]) -> Mark {
    let prefix = [MARK.as_bytes(), b"="].concat();
    environment
        .split(|byte| *byte == 0)
        .find_map(|variable| variable.strip_prefix(prefix.as_slice()))
        .map_or(Mark::Absent, |value| Mark::Carried(String::from_utf8_lossy(value).into_owned()))
}

/// Whether the process runs for our user; the owner of its folder does not tell, since that is
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
    fn finds_the_mark() {
        assert_eq!(mark_in(b"A=1\0WORKLOOP_CLAIM=x\0B=2\0"), Mark::Carried("x".to_owned()));
        assert_eq!(mark_in(b"XWORKLOOP_CLAIM=x\0WORKLOOP_CLAIMS=y\0"), Mark::Absent);
    }
}
