//! What people's verbs do to the queues: a front end says what is meant, and shows what came of it.
//!
//! Each is one change, journalled as a person's, to all that is meant or to nothing.

mod add;
mod answer;
mod approve;
mod dead_claims;
mod done;
mod doubts;
mod edit;
mod fields;
mod merge;
mod places;
mod progress;
mod release;
mod reset;
mod retry;
mod transition;

pub use add::add;
pub use answer::{answer, answered, open_question};
pub use approve::{Approved, approve};
pub use dead_claims::{DeadClaims, VerbError};
pub use done::{Done, before_done, done};
pub use doubts::doubts;
pub use edit::{Dropped, Edit, edit};
pub use fields::Said;
pub use merge::merge;
pub use progress::{Progress, progress};
pub use release::release;
pub use reset::{left_by_reset, reset, reset_all, to_reset};
pub use retry::{AgentOf, blocked, retry, retry_blocked};
pub use transition::{make, transition};
