//! Any other command: what it prints means nothing to us, and its exit status says how it ended.

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
