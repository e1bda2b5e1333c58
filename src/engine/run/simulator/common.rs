//! What all loops of a simulation share, and how they open their queue.

use super::ground::Ground;
use super::hands::Hands;
use super::machine::Machine;
use crate::config::{self, SelectedQueue, Selection};
use crate::domain::Typed;
use crate::platform::clock::Clock;
use crate::platform::fault::Fault;
use crate::platform::ids::Ids;
use crate::project::Project;
use crate::store::StoreError;
use crate::store::file::FileOptions;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What all loops of a simulation share.
#[derive(Clone)]
pub(super) struct Common {
    pub(super) queue: PathBuf,
    pub(super) config: Arc<str>,
    pub(super) machine: Arc<Machine>,
    pub(super) hands: Arc<Hands>,
    pub(super) ids: Arc<dyn Ids>,
    pub(super) faults: Vec<Fault>,
    pub(super) ground: Ground,
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
    match &common.ground {
        Ground::Files(backups) => {
            let files = FileOptions {
                clock: Arc::clone(clock),
                ids: Arc::clone(&common.ids),
                lock_timeout: Duration::from_secs(10),
                backups: backups.clone(),
                unsafe_fs: true,
                on_wait: Box::new(|_, _| {}),
                on_warning: Box::new(|_| {}),
            };
            Project::open(selection, files)
        }
        Ground::Memory(memory) => Project::open(selection, memory.at(Arc::clone(clock))),
    }
}
