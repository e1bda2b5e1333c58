//! A command line that ran in this process, and what it printed.

use super::super::schemas::SCHEMAS;
use super::super::{Sink, Streams, World, run_cli};
use serde_json::Value;
use std::ffi::OsString;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

/// A handle whose text can be inspected afterwards.
#[derive(Clone, Default)]
struct Shared {
    text: Arc<Mutex<Vec<u8>>>,
    /// Whether the reader goes away after what was written until the first flush.
    leaves: bool,
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.lock().expect("lock").extend(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        if self.leaves { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(()) }
    }
}

impl Shared {
    fn text(&self) -> String {
        String::from_utf8(self.text.lock().expect("lock").clone()).expect("text")
    }
}

/// How a command line ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ran {
    pub(super) exit: u8,
    pub(super) out: String,
    pub(super) err: String,
}

impl Ran {
    /// Returns the standard output of a verb that succeeded and had nothing to remark.
    #[track_caller]
    pub(super) fn printed(self) -> String {
        assert_eq!((self.exit, self.err.as_str()), (0, ""), "{}", self.out);
        self.out
    }

    /// Returns the standard error of a verb that ended with this status and printed nothing else.
    #[track_caller]
    pub(super) fn failed(self, exit: u8) -> String {
        assert_eq!((self.exit, self.out.as_str()), (exit, ""), "{}", self.err);
        self.err
    }

    /// Returns the JSON that a verb printed and that its schema `name` describes.
    #[track_caller]
    pub(super) fn json(&self, name: &str) -> Value {
        let value: Value = serde_json::from_str(&self.out).expect(&self.err);
        let schema = SCHEMAS.iter().find(|(other, _)| *other == name).expect("a schema").1;
        let schema = jsonschema::validator_for(&serde_json::from_str(schema).expect("JSON"));
        let schema = schema.expect("a valid schema");
        let wrong: Vec<String> = schema
            .iter_errors(&value)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert_eq!(wrong, [] as [String; 0], "{}", self.out);
        value
    }
}

/// Runs the words of a command line. If standard input is a terminal, standard error is one, too.
pub(super) fn call(words: &[&str], world: &World) -> Ran {
    call_for(false, words, world)
}

/// Does the same with a reader that goes away after what a verb prints first, if it `leaves`.
pub(super) fn call_for(leaves: bool, words: &[&str], world: &World) -> Ran {
    let out = Shared { leaves, ..Shared::default() };
    let err = Shared::default();
    let mut streams = Streams {
        out: Sink::new(Box::new(out.clone()), false),
        err: Sink::new(Box::new(err.clone()), world.stdin_terminal),
    };
    let words = std::iter::once("workloop").chain(words.iter().copied());
    let exit = run_cli(words.map(OsString::from), &mut streams, world);
    Ran { exit, out: out.text(), err: err.text() }
}
