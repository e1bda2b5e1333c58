//! Files that steer the verification: which files, which parts of them, and which steps they
//! affect.

mod parts;
mod reach;
mod table;

pub(crate) use parts::{Versions, steering_part};
pub(crate) use reach::{Reach, reach_of_code, reach_of_test, tools_of};
pub(crate) use table::{Part, Steering, steering};
