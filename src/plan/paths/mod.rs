//! The paths that tasks own, and which tasks conflict because of them.

mod areas;
mod owned;
mod scopes;
mod sorted;

pub(crate) use areas::CommonRoot;
pub use areas::owns_anything;
pub use owned::Owned;
pub(crate) use owned::Taken;
pub(crate) use scopes::RunningPaths;
