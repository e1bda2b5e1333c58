//! End-to-end tests of the verbs that write: they run the binary in a temporary folder, and check
//! the queue file and the journal.
#![expect(clippy::disallowed_methods, reason = "tests start the program and write its input files")]

mod folder;

mod adding;
mod editing;
mod loops;
mod refusals;
mod transitions;
