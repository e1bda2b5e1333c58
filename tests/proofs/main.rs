//! The proofs: tests that try to break the guarantees of the program, and that must succeed if a
//! guarantee is broken on purpose (`twins`). `proofs/README.md` describes what each one shows.
//!
//! `WORKLOOP_PROOF_SEED` repeats a run, `WORKLOOP_PROOF_SECONDS` makes it longer.
#![expect(clippy::disallowed_methods, reason = "tests start programs and write files")]

#[path = "../e2e/fake_agent.rs"]
#[expect(dead_code, reason = "shared with the end-to-end tests")]
mod fake_agent;
#[path = "../e2e/processes.rs"]
mod processes;
#[path = "../../src/platform/files/quick_dir.rs"]
mod quick_dir;
#[path = "../e2e/repository.rs"]
mod repository;
#[path = "../e2e/sandbox.rs"]
#[expect(dead_code, reason = "shared with the end-to-end tests")]
mod sandbox;

mod apart;
mod chance;
mod channels;
mod claims;
mod corpus;
mod dense;
mod environment;
mod escapes;
mod flags;
mod format;
#[expect(unreachable_pub, reason = "the fuzzer's own crate has it public")]
mod fuzzed;
mod git_calls;
mod guards;
mod hidden;
mod hostile;
mod judged;
mod kept;
mod landing;
mod landing_model;
mod measured;
mod model;
mod newer;
mod obstacles;
mod overlap;
mod places;
mod power;
mod replay;
mod room;
mod scarce;
mod secrets;
mod set_back;
mod spending;
mod steps;
mod syscalls;
mod terminals;
mod torture;
mod trees;
mod twin;
mod twins;
mod umask;
mod unseen;
mod untouched;
mod waiting;
mod waste;

// A source file that `fuzzed` includes uses this name.
use workloop::testing::platform;
