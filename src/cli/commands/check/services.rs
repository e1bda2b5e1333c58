//! Reports services that are configured but never started.

use super::written::Written;
use crate::config::Config;
use crate::queue::Position;
use crate::views::check::Findings;

/// Adds a finding for each service that no profile names.
pub(super) fn of_services(config: &Config, file: &Written, findings: &mut Findings) {
    for unused in &config.unused_services {
        let position = Position { line: unused.line, column: unused.column };
        findings.add(file.at(file.finding("unused-service", &unused.message), position));
    }
}
