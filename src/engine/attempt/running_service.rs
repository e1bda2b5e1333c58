//! A service that runs beside the steps of an attempt.

use crate::supervisor::Beside;
use crate::verify::Service;
use std::path::PathBuf;
use std::sync::Arc;

/// A service that runs.
#[derive(Debug)]
pub(super) struct RunningService {
    /// What it is.
    pub(super) service: Arc<Service>,
    /// Its supervisor.
    pub(super) beside: Beside,
    /// The port that it was given.
    pub(super) port: Option<u16>,
    /// Where its output goes.
    pub(super) log: PathBuf,
}
