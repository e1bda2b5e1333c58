//! Changes of a queue, each in the style of what is around it.

pub(super) mod change;
pub(super) mod draft;
pub(super) mod error;
pub(super) mod fingerprint;
pub(super) mod model;
pub(super) mod new_id;
pub(super) mod numbers;
pub(super) mod summary;
