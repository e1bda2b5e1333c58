//! Hashes: a fast one for tables in memory, and a stable one for file names.
//!
//! Every process seeds the fast one differently, so that nobody can write a file whose ids all fall
//! into one bucket of a table.

use super::fault::{self, Fault};
use sha2::{Digest, Sha256};
use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Returns the hash of `bytes` for this process.
pub(crate) fn seeded(bytes: &[u8]) -> u64 {
    if fault::is(Fault::OneBucket) {
        return 0;
    }
    static SEED: OnceLock<u64> = OnceLock::new();
    let seed = *SEED.get_or_init(|| RandomState::new().hash_one(0));
    xxh3_64_with_seed(bytes, seed)
}

/// Returns the first 64 bits of the SHA-256 of the concatenated `parts` as 16 hexadecimal digits.
pub(crate) fn hex16(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    let digest = hash.finalize();
    let first = digest.iter().take(8).fold(0, |all: u64, byte| all << 8 | u64::from(*byte));
    format!("{first:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stable_hash_is_that_of_the_standard_over_all_parts() {
        // FIPS 180-4, "abc"; and the hash of no bytes.
        assert_eq!(hex16(&[b"abc"]), "ba7816bf8f01cfea");
        assert_eq!(hex16(&[b"a", b"", b"bc"]), "ba7816bf8f01cfea");
        assert_eq!(hex16(&[]), "e3b0c44298fc1c14");
        assert_eq!(hex16(&[b"89"]).len(), 16);
    }

    #[test]
    fn the_fast_hash_is_the_same_within_a_process() {
        assert_eq!(seeded(b"abc"), seeded(b"abc"));
        assert_ne!(seeded(b"abc"), seeded(b"abd"));
    }
}
