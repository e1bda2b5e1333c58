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

pub use change::{Delta, DeltaKind, Lines, is_declared};
pub use changes::{Snapshot, is_git_work_tree};
pub use content::ContentHash;
pub use git::{Call, Git, Run};
pub use landing::{
    Entries, Entry, EntryError, LandError, Landed, Landing, Message, Obstacle, Recovered, Reverted,
    State, Step, Verdict, Whose, Work, name_of as entry_name,
};
pub use line_changes::{LineChange, NumberedLine};
pub use merge::Merge;
pub use private::{
    AttemptName, AttemptRef, Brought, CaptureError, CaptureRules, Captured, Cover, KeptWork, Kind,
    Objects, Place, PlaceError, Places, PutTo, RemoveError, Setup, SetupRules, Slot, TaskName,
    Tree, TreeError, TreeRules, Wanted, size_of,
};
pub use repo::{Checkout, GitError, Oid, Refusal, Repository, Stamp, ref_part};
pub use tree::{NOT_OURS, tree_name};
