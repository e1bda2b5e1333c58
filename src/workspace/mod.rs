//! The project that agents work in: the identity of its tree, what agents changed there, and the
//! calls of git about it.

mod change;
mod changes;
mod content;
mod git;
mod landing;
mod line_changes;
mod merge;
mod private;
mod repo;
mod since;
mod tree;

pub(crate) use change::{Delta, DeltaKind};
pub(crate) use changes::{Snapshot, is_git_work_tree};
pub(crate) use content::ContentHash;
pub use git::Git;
pub(crate) use git::{Call, Run};
pub(crate) use landing::{Author, EntryError, LandError, Reverted, name_of as entry_name};
pub use landing::{Entries, Entry, Landed, Landing, Message, State, Verdict, Whose, Work};
pub(crate) use line_changes::{LineChange, NumberedLine};
pub(crate) use merge::Merge;
pub use private::{AttemptName, CaptureRules, Captured, Kind, Places, Tree, TreeRules, Wanted};
pub(crate) use private::{
    AttemptRef, Brought, ChangedModule, KeptWork, Objects, Place, PlaceError, PutTo, RemoveError,
    Setup, SetupRules, Slot, TaskName, TreeError, size_of,
};
pub(crate) use repo::{GitError, Refusal};
pub use repo::{Oid, Repository, Stamp};
pub(crate) use tree::{NOT_OURS, tree_name};

#[cfg(test)]
mod tests;
