//! Texts of a task as memory holds them: short ones inside the value, long ones shared.

use ecow::{EcoString, EcoVec};

/// A short text of a task.
pub type Text = EcoString;

/// Texts of a task: in file order, without doubles.
pub type Texts = EcoVec<Text>;
