//! Texts of a task in memory: short ones are stored inline, long ones are shared.

use ecow::{EcoString, EcoVec};

/// A short text of a task.
pub type Text = EcoString;

/// Texts of a task, in file order and without duplicates.
pub type Texts = EcoVec<Text>;
