//! JSON as text: scanning it, looking into it, and writing it in the style of its neighbours.
//! Nothing here depends on tasks.

pub(super) mod canonical;
pub(super) mod doubled;
pub(super) mod kind;
pub(super) mod object;
pub(super) mod plain;
pub(super) mod scan;
pub(super) mod style;
pub(super) mod values;
