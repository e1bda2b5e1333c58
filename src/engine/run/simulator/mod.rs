//! Whole loops under random schedules: the real loop, dispatcher, claims, store and document, with
//! simulated processes, time, attempts and landings.
//!
//! A schedule is a seed and a number of steps. Each step lets a loop make turns, starts or ends an
//! attempt, kills something, or changes the files as agents and people do: an older text comes
//! back, the state folder vanishes, the text is invalid for a while, a status is edited, the clock
//! jumps. The promises are checked after each step, and in the end everything must come to rest. A
//! schedule that breaks a promise is shortened and printed step by step.

mod baton;
mod chance;
mod common;
mod end;
mod hands;
mod machine;
mod promises;
mod schedule;
mod script;
mod target;
mod tests;
mod world;
