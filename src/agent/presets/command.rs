//! Any other command: its output is not interpreted; only its exit status counts.

use super::adapter::{Adapter, no_lines, no_status};
use crate::domain::Preset;

pub(super) static ADAPTER: Adapter = Adapter {
    preset: Preset::Command,
    program: "",
    arguments: |_| Vec::new(),
    event: |_, _| {},
    lines: no_lines,
    streams: false,
    status: no_status,
    knows: &[],
    has_permissions: false,
    install: "",
    login: "",
    credentials: None,
};
