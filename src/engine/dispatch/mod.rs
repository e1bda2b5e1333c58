//! The change under the lock: writes what ended, then claims what is next, in one update of the
//! store.
//!
//! [`decide`](decide::decide) is pure and returns what to claim; `record` is pure and returns what
//! a result means for its task. The [`Dispatcher`] collects what they need, takes the locks that a
//! plan asks for, and makes the change.

mod answers;
mod apply;
mod change;
mod decide;
mod dispatcher;
mod escalation;
mod follow_ups;
mod forecast;
mod on_red;
mod over;
mod pauses;
mod record;
mod recovery;
mod resting;
mod reviews;
mod settled;
mod slot_ix;
mod spendable;
#[cfg(test)]
mod tests;
mod trees;

pub(crate) use apply::{Adopted, Claimed};
pub(crate) use change::{Made, Recorded, Work};
pub(crate) use dispatcher::Dispatcher;
pub(crate) use forecast::Forecast;
pub(crate) use record::After;
pub(crate) use recovery::Dead;
pub(crate) use resting::{agent_pauses, end_pause, end_pauses};
pub(crate) use reviews::{InReview, Reviewed};
pub(crate) use settled::settle;
pub(crate) use slot_ix::SlotIx;
pub(crate) use spendable::{Spendable, TooDear};
pub(crate) use trees::{Profile, TreeKnowledge, Wanted, tree_key};
