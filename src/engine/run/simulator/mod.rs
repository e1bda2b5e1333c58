//! Whole loops under random schedules: the real loop, dispatcher, claims, store and document, over
//! simulated processes, time and attempts.
//!
//! A schedule is a seed and a number of steps. Each step lets a loop make turns, starts or ends an
//! attempt, kills something, or does to the files what agents and people do: an older text comes back,
//! the state folder vanishes, the text is broken for a while, a status is edited, the clock jumps.
//! After each step the promises are checked, and in the end everything must come to rest. A schedule
//! that breaks one is shortened and told step by step.

mod baton;
mod chance;
mod hands;
mod machine;
mod promises;
mod schedule;
mod tests;
mod world;
