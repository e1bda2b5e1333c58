//! Tests of what an agent gets, and of what it reports.

mod passed;
mod prompted;
mod reported;
