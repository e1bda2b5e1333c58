//! What people's verbs do to the queues. A front end passes in the request and shows the result.
//!
//! Each verb is one change, recorded in the journal as a person's. It applies to all given tasks or
//! to none.

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
