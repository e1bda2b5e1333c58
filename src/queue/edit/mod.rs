//! Changes to a queue, each made in the style of the surrounding text.

pub(super) mod change;
pub(super) mod draft;
pub(super) mod error;
pub(super) mod fingerprint;
pub(super) mod model;
pub(super) mod new_id;
pub(super) mod numbers;
pub(super) mod summary;
