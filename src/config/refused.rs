//! A configuration file that cannot be used.

use super::model::Config;
use super::problem::Problem;
use crate::queue::{Position, excerpt};
use std::fmt;
use std::path::PathBuf;

/// A refused configuration file, with everything that is wrong in it.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub struct RefusedConfig {
    /// The path of the file.
    pub path: PathBuf,
    /// The problems in file order. There is at least one.
    pub problems: Vec<Problem>,
    /// The valid part of the configuration.
    pub rest: Box<Config>,
}

impl fmt::Display for RefusedConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, problem) in self.problems.iter().enumerate() {
            let Problem { line, column, message, text } = problem;
            if n > 0 {
                writeln!(f)?;
            }
            write!(f, "{}:{line}:{column}: {message}", self.path.display())?;
            let excerpt = excerpt(text, Position { line: *line, column: *column });
            if !excerpt.is_empty() {
                write!(f, "\n{excerpt}")?;
            }
        }
        Ok(())
    }
}
