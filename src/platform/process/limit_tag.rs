//! Claim information that a process cannot remove by accident: a resource limit that it inherits.
//!
//! An environment can be emptied (`env -i`), a session left, a parent killed; resource limits
//! survive all of that. The soft limit of the bytes in POSIX message queues is lowered a little, by
//! a number derived from folder and task of the claim tag. Few programs use such queues, and those
//! that do keep at least half of what they had. Two tasks may have the same number (one of 200,000
//! by default), so this is used only if the environment has no tag. Linux only.

#[cfg(target_os = "linux")]
use crate::platform::open::{kernel_file, unless_short};
#[cfg(target_os = "linux")]
use std::io::Read as _;
use xxhash_rust::xxh3::xxh3_64;

/// The hard limit that is assumed if there is none.
#[cfg(target_os = "linux")]
const ENDLESS: u64 = 1 << 50;

/// Returns the soft limit that encodes `text` below the hard limit `hard`.
fn value(text: &str, hard: u64) -> u64 {
    hard - 1 - xxh3_64(text.as_bytes()) % (hard / 4).max(1)
}

/// Makes this process, and everything that it starts, carry `text`.
#[cfg(target_os = "linux")]
pub fn carry(text: &str) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let now = getrlimit(Resource::Msgqueue);
    let hard = now.maximum.unwrap_or(ENDLESS);
    if hard > 1 {
        let new = Rlimit { current: Some(value(text, hard)), maximum: now.maximum };
        // For processes that can read the environment, it contains the same information.
        let _ = setrlimit(Resource::Msgqueue, new);
    }
}

/// Does nothing: the system has no such limit.
#[cfg(not(target_os = "linux"))]
pub fn carry(_: &str) {}

/// Soft and hard limit of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    soft: u64,
    hard: u64,
}

impl Limits {
    /// Reads the limits of process `pid`; `None` if they cannot be read.
    ///
    /// # Errors
    /// Errors that prove nothing about the process.
    #[cfg(target_os = "linux")]
    pub fn of(pid: u32) -> std::io::Result<Option<Self>> {
        // Large enough to read all of it in one call, because this is done for every process.
        let mut text = Vec::with_capacity(4096);
        let read = kernel_file(format!("/proc/{pid}/limits"))
            .and_then(|mut file| file.read_to_end(&mut text));
        Ok(unless_short(read)?.and_then(|_| Self::in_text(&String::from_utf8_lossy(&text))))
    }

    #[cfg(target_os = "linux")]
    fn in_text(text: &str) -> Option<Self> {
        let line = text.lines().find_map(|line| line.strip_prefix("Max msgqueue size"))?;
        let mut words = line.split_whitespace();
        let mut next = || match words.next()? {
            "unlimited" => Some(ENDLESS),
            number => number.parse().ok(),
        };
        Some(Self { soft: next()?, hard: next()? })
    }

    /// Returns `None`: the system has no such limit.
    ///
    /// # Errors
    /// Never fails.
    #[cfg(not(target_os = "linux"))]
    pub fn of(_: u32) -> std::io::Result<Option<Self>> {
        Ok(None)
    }

    /// Returns whether the limits may encode something.
    pub fn are_lowered(self) -> bool {
        self.soft < self.hard
    }

    /// Returns whether the limits encode one of `texts`.
    pub fn name_any(self, texts: &[String]) -> bool {
        self.hard > 1 && texts.iter().any(|text| self.soft == value(text, self.hard))
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_process_with_nothing_of_ours_carries_it() {
        let own = Limits::of(std::process::id()).unwrap().unwrap();
        assert!(!own.name_any(&["0123456789abcdef.0123456789abcdef".to_owned()]));
        for hard in [2, 3, 819_200, ENDLESS] {
            let soft = value("a", hard);
            assert!(soft < hard && soft >= hard / 2, "{soft} of {hard}");
            assert!(Limits { soft, hard }.name_any(&["b".to_owned(), "a".to_owned()]));
        }
        assert_ne!(value("a", 819_200), value("b", 819_200));
    }

    #[test]
    fn the_limits_are_read_from_the_table_of_the_system() {
        let table = |line: &str| {
            format!(
                "Limit   Soft Limit  Hard Limit  Units\nMax pending signals 1 2 signals\n{line}\n"
            )
        };
        let of = |line: &str| Limits::in_text(&table(line));
        let limits = |soft, hard| Some(Limits { soft, hard });
        for (line, wanted) in [
            ("Max msgqueue size   700000   819200   bytes", limits(700_000, 819_200)),
            ("Max msgqueue size   unlimited unlimited bytes", limits(ENDLESS, ENDLESS)),
            ("Max msgqueue size   5 unlimited bytes", limits(5, ENDLESS)),
            ("Max msgqueue size   5", None),
            ("Max msgqueue size   many 5", None),
            ("Max nice priority   0 0", None),
        ] {
            assert_eq!(of(line), wanted, "{line}");
        }
        let (lowered, equal) = (Limits { soft: 1, hard: 2 }, Limits { soft: 2, hard: 2 });
        assert!(lowered.are_lowered() && !equal.are_lowered());
        assert!(!Limits { soft: 0, hard: 1 }.name_any(&["a".to_owned()]), "no room for a tag");
        assert!(!lowered.name_any(&[]));
        assert_eq!(Limits::of(u32::MAX).unwrap(), None, "no such process");
    }
}
