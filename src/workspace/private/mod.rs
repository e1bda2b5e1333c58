//! Private trees: one for each slot in which an agent works, and judge trees in which no agent
//! works.
//!
//! Each has its own repository, whose git directory is deleted and made again before each attempt.
//! Our files (the index that knows the content of the tree, a git directory without a
//! configuration) are beside it, where no agent is directed.

mod attempts;
mod capture;
mod cleaning;
mod continued;
mod cover;
mod files;
mod index;
mod kept;
mod mixed;
mod modules;
mod nested;
mod own_git;
mod owner;
mod places;
mod setup;
mod tree;

pub use attempts::AttemptName;
pub(crate) use attempts::AttemptRef;
pub use capture::{CaptureRules, Captured};
pub(crate) use continued::{KeptWork, TaskName};
pub(crate) use kept::{Place, RemoveError, size_of};
pub(crate) use mixed::PutTo;
pub(crate) use modules::ChangedModule;
pub(crate) use own_git::Objects;
pub use places::{Kind, Places};
pub(crate) use places::{PlaceError, Slot};
pub(crate) use setup::{Setup, SetupRules};
pub(crate) use tree::{Brought, TreeError};
pub use tree::{Tree, TreeRules, Wanted};

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;
