//! What all loops of a simulation share, and how they open their queue.

use super::hands::Hands;
use super::machine::Machine;
use crate::config::{self, SelectedQueue, Selection};
use crate::domain::Typed;
use crate::platform::clock::Clock;
use crate::platform::fault::Fault;
use crate::platform::ids::Ids;
use crate::project::Project;
use crate::store::StoreError;
use crate::store::tests::places::Somewhere;
use std::path::PathBuf;
use std::sync::Arc;

/// What all loops of a simulation share.
#[derive(Clone)]
pub(super) struct Common {
    pub(super) queue: PathBuf,
    pub(super) config: Arc<str>,
    pub(super) machine: Arc<Machine>,
    pub(super) hands: Arc<Hands>,
    pub(super) ids: Arc<dyn Ids>,
    pub(super) faults: Vec<Fault>,
    pub(super) place: Arc<dyn Somewhere>,
}

/// Opens the project as a loop or a person would.
pub(super) fn open(common: &Common, clock: &Arc<dyn Clock>) -> Result<Project, StoreError> {
    let path = common.queue.with_file_name("workloop.toml");
    let config = config::parse(&path, &common.config).unwrap_or_default();
    let queue = SelectedQueue {
        path: common.queue.clone(),
        shown: common.queue.clone(),
        name: "q".to_owned(),
        aliases: vec!["q".to_owned()],
        project: None,
    };
    let selection = Selection { config, queues: vec![queue], typed: Typed::default() };
    let backend = common.place.backend(Arc::clone(clock), Arc::clone(&common.ids));
    Project::open(selection, backend)
}
