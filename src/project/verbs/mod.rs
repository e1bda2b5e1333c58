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

pub(crate) use add::add;
pub(crate) use answer::{answer, answered, open_question};
pub(crate) use approve::{Approved, approve};
pub(crate) use dead_claims::VerbError;
pub(crate) use done::{Done, before_done, done};
pub(crate) use doubts::doubts;
pub(crate) use edit::{Dropped, Edit, edit};
pub(crate) use fields::Said;
pub(crate) use merge::merge;
pub(crate) use progress::{Progress, progress};
pub(crate) use release::release;
pub(crate) use reset::{left_by_reset, reset, reset_all, to_reset};
pub(crate) use retry::{AgentOf, blocked, retry, retry_blocked};
pub(crate) use transition::transition;

#[cfg(test)]
mod tests;
