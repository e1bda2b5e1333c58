//! Private trees: one for each slot in which an agent works, and judge trees in which nobody does.
//!
//! Each has a repository of its own, whose git directory is deleted and made anew before each
//! attempt; ours (the index that knows what is in it, a git directory without a configuration) lies
//! beside it, where no agent is pointed at.

mod attempts;
mod capture;
mod continued;
mod cover;
mod files;
mod index;
mod kept;
mod mixed;
mod nested;
mod own_git;
mod places;
mod setup;
mod tree;

pub use attempts::{AttemptName, AttemptRef};
pub use capture::{CaptureError, CaptureRules, Captured};
pub use continued::{KeptWork, TaskName};
pub use cover::Cover;
pub use kept::{Place, RemoveError, size_of};
pub use mixed::PutTo;
pub use own_git::Objects;
pub use places::{Kind, PlaceError, Places, Slot};
pub use setup::{Setup, SetupRules};
pub use tree::{Brought, Tree, TreeError, TreeRules, Wanted};

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;
