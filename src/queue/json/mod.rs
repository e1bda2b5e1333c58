//! JSON as text: it is scanned, looked into, and written in the style of its neighbours. Nothing
//! here knows of tasks.

pub(super) mod canonical;
pub(super) mod kind;
pub(super) mod object;
pub(super) mod plain;
pub(super) mod scan;
pub(super) mod style;
pub(super) mod values;
