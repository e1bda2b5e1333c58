//! The verbs that write, as a person and a script meet them: the binary, a folder, and what is
//! left in the file and in the journal.
#![expect(clippy::disallowed_methods, reason = "tests start the program and write its input files")]

mod folder;

mod adding;
mod editing;
mod loops;
mod refusals;
mod transitions;
