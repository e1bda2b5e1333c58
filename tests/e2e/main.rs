//! End-to-end tests: the binary, a folder, commands, and what they leave behind.
//!
//! They are one test binary, which links only once. Every test has its own [`sandbox::Sandbox`]. No
//! test sleeps for a guessed time; all wait for conditions with a deadline. What ran, and whether
//! anything ran twice or for too long, is judged from the log of [`fake_agent`], never by asking
//! the program.
#![expect(clippy::disallowed_methods, reason = "tests start the program and write its input files")]

mod fake_agent;
mod processes;
mod profiles;
#[path = "../../src/platform/files/quick_dir.rs"]
mod quick_dir;
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
mod judges;
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
mod services;
mod shapes;
mod signals;
mod steps;
mod submodules;
mod tampering;
mod tools;
mod torture;
mod untouched;
mod verbs;
mod waste;
mod way_out;
