//! A fast hash of texts, seeded anew by every process.
//!
//! With the seed nobody can write a file whose ids all fall into one place of a table.

use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// The hash of `bytes` in this process.
pub fn seeded(bytes: &[u8]) -> u64 {
    static SEED: OnceLock<u64> = OnceLock::new();
    let seed = *SEED.get_or_init(|| RandomState::new().hash_one(0));
    xxh3_64_with_seed(bytes, seed)
}
