//! Whole loops that are assembled from parts, and the parts themselves: no signal and no process.

mod agents;
mod checks;
mod ends;
mod hooks;
mod host;
mod landings;
mod limits;
mod money;
mod outcomes;
mod outside;
mod pauses;
mod people;
mod play;
mod presence;
mod private;
mod purse;
mod queues;
mod slots;
mod stops;
mod supervised;
mod teller;
mod threads;
mod trees;
mod troubles;
mod waits;

use super::ending::Reason;
use super::options::WhenEmpty;
use crate::engine::attempt::Finished;
