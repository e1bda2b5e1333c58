//! A hash function for short strings: one xxh3 round per key instead of the standard library's
//! SipHash.
//!
//! Hashes may differ between runs. They only serve fast lookups of ids.

use crate::platform::hash::seeded;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A map with fast hashing of keys.
pub(super) type FastMap<K, V> = HashMap<K, V, BuildHasherDefault<Fast>>;

/// The hasher of [`FastMap`].
#[derive(Default)]
pub(super) struct Fast(u64);

impl Hasher for Fast {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.write_u64(seeded(bytes));
    }

    /// `str` writes this byte as a terminator. It is not needed, because the string is the whole
    /// key.
    fn write_u8(&mut self, _: u8) {}

    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        let mixed = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ (mixed >> 32);
    }
}
