//! A service that runs beside the steps of an attempt.

use crate::supervisor::Beside;
use crate::verify::Service;
use std::path::PathBuf;
use std::sync::Arc;

/// A running service.
#[derive(Debug)]
pub(super) struct RunningService {
    /// Its configuration.
    pub(super) service: Arc<Service>,
    /// Its process and supervisor.
    pub(super) beside: Beside,
    /// The port that it was given; `None` if its readiness does not depend on a port.
    pub(super) port: Option<u16>,
    /// The file that receives its output.
    pub(super) log: PathBuf,
}
