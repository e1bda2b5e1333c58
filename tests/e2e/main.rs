//! The program as a user meets it: the binary, a folder, commands, and what they leave behind.
//!
//! One binary, so that it links once. Every test has a [`sandbox::Sandbox`] of its own; none sleeps
//! for a guessed time, all wait on conditions with a deadline. What ran, and whether anything ran
//! twice or for too long, is judged from the log of [`fake_agent`], never by asking the program.
#![expect(clippy::disallowed_methods, reason = "tests start the program and write its input files")]

mod fake_agent;
mod processes;
mod sandbox;

mod accounts;
mod agents;
mod apart;
mod attempts;
mod backup;
mod cheats;
mod completions;
mod control;
mod demo;
mod done;
mod ecosystems;
mod edits;
mod escalation;
mod examples;
mod forms;
mod guardrails;
mod guards;
mod harness;
mod hooks;
mod inside;
mod looking;
mod loops;
mod malformed;
mod nasty;
mod order;
mod planning;
mod projects;
mod quiet;
mod red_gates;
mod repository;
mod shapes;
mod signals;
mod steps;
mod tampering;
mod tools;
mod torture;
mod untouched;
mod verbs;
mod waste;
mod way_out;
