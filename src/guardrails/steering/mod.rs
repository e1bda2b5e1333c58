//! Files that steer the verification: which files, which parts of them, and which steps they
//! affect.

mod parts;
mod reach;
mod table;

pub use parts::steering_part;
pub use reach::{Reach, reach_of_test, tools_of};
pub use table::{Part, Steering, steering};
