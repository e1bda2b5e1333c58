//! The bodies of the targets, which the tests replay as well.

#[path = "../../tests/proofs/fuzzed/mod.rs"]
pub mod fuzzed;
#[path = "../../tests/proofs/places.rs"]
mod places;

// A source file that is taken in names it so.
use workloop::testing::platform;
