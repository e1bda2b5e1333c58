//! The parsers of reports, one file each.

pub(super) mod cargo;
pub(super) mod clippy;
pub(super) mod eslint;
pub(super) mod go;
pub(super) mod jest;
pub(super) mod junit;
pub(super) mod nextest;
pub(super) mod pytest;
pub(super) mod ruff;
pub(super) mod tap;
pub(super) mod tsc;
pub(super) mod vitest;
