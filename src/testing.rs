//! The parts of private modules that integration tests, benchmarks and fuzz targets use. This is
//! not an interface: it changes with the tests.

/// Results of agents: the result file and the text that a prompt quotes.
pub mod agent {
    pub use crate::agent::{bound, bound_file, has_promise, parse_result, read_result};
}
/// The configuration.
pub mod config {
    pub use crate::config::parse;
}
/// Processes, locks and clocks.
pub mod platform {
    pub use crate::platform::{
        cells, claim_tag, clock, handover, ids, lock, open, process, scan, signal, spawn,
    };
}
/// Supervisors and the processes that they leave.
pub mod supervisor {
    pub use crate::supervisor::{
        Abandoned, ClaimRecord, CommandSpec, Controls, Ended, Launch, Started, Supervisor, Told,
        VERB, end_leftovers, find_leftovers, serve,
    };
}
/// Texts, tables and JSON for people.
pub mod views {
    pub use crate::views::{
        check, escape, event, graph, json, mask, next, output, style, table, text, view, why,
    };
}
/// Private trees, captures and landings.
pub mod workspace {
    pub use crate::workspace::{
        AttemptName, CaptureRules, Captured, Entries, Entry, Git, Kind, Landed, Landing, Message,
        Oid, Places, Repository, Stamp, State, Tree, TreeRules, Verdict, Wanted, Whose, Work,
    };
}
