//! The origin of a value: flag > environment > file > default.

use std::fmt;
use std::ops::Deref;

/// The origin of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A command line flag.
    Flag(&'static str),
    /// An environment variable.
    Environment(&'static str),
    /// A line of the configuration file.
    File {
        /// The line, counted from 1.
        line: u32,
    },
    /// The built-in default.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => write!(f, "flag {name}"),
            Self::Environment(name) => write!(f, "environment variable {name}"),
            Self::File { line } => write!(f, "workloop.toml line {line}"),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A value with its origin. It dereferences to the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// The origin.
    pub origin: Origin,
}

impl<T> Sourced<T> {
    /// Creates a value with its origin.
    pub fn new(value: T, origin: Origin) -> Self {
        Self { value, origin }
    }

    /// Creates a value with the default as its origin.
    pub fn default_value(value: T) -> Self {
        Self::new(value, Origin::Default)
    }
}

impl<T> Deref for Sourced<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}
