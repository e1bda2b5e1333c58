//! Files that steer what judges: what they are, which part of them does, and which steps they reach.

mod parts;
mod reach;
mod table;

pub use parts::steering_part;
pub use reach::{Reach, reach_of_test, tools_of};
pub use table::{Part, Steering, steering};
