//! Random names for workers and temp files.

use std::sync::atomic::{AtomicU32, Ordering};

/// Generates unique names.
pub trait Ids: Send + Sync {
    /// Returns eight hex digits.
    fn hex8(&self) -> String;

    /// Returns 32 hex digits.
    fn hex32(&self) -> String {
        (0..4).map(|_| self.hex8()).collect()
    }
}

/// Random names from the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct RandomIds;

impl Ids for RandomIds {
    fn hex8(&self) -> String {
        static FALLBACK: AtomicU32 = AtomicU32::new(0);
        let mut bytes = [0_u8; 4];
        if getrandom::fill(&mut bytes).is_err() {
            // Without a source of randomness, names must at least be unique on this host.
            let count = FALLBACK.fetch_add(1, Ordering::Relaxed);
            bytes = (std::process::id().rotate_left(16) ^ count).to_be_bytes();
        }
        format!("{:08x}", u32::from_be_bytes(bytes))
    }
}

/// Names for tests: `00000001`, `00000002`, …
#[derive(Debug, Default)]
pub struct CountingIds(AtomicU32);

impl Ids for CountingIds {
    fn hex8(&self) -> String {
        format!("{:08x}", self.0.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_are_hex_digits_and_differ() {
        let names: HashSet<String> = (0..1_000).map(|_| RandomIds.hex32()).collect();
        assert_eq!(names.len(), 1_000);
        let is_hex = |letter: u8| letter.is_ascii_digit() || (b'a'..=b'f').contains(&letter);
        assert!(names.iter().all(|name| name.len() == 32 && name.bytes().all(is_hex)), "{names:?}");
        assert_eq!(RandomIds.hex8().len(), 8);
        let counting = CountingIds::default();
        assert_eq!(
            (counting.hex8(), counting.hex32()),
            ("00000001".into(), "00000002000000030000000400000005".into())
        );
    }
}
