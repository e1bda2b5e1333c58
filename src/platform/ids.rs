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
