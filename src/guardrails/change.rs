//! A change as data: the changed files, with their added and removed lines.

/// How a file changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// The file is new.
    Added,
    /// The content or the mode changed.
    Modified,
    /// The file was removed.
    Removed,
    /// The file was moved from this path, with mostly the same content.
    Renamed(String),
}

/// A line that was added or removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// The line number, 1-based: in the new file for an added line, in the old one for a removed
    /// line.
    pub number: u32,
    /// The line without its terminator.
    pub text: String,
}

/// A file that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChangedFile {
    /// The path relative to the project root.
    pub path: String,
    /// How it changed.
    pub what: What,
    /// The added lines, if they are known.
    pub added: Vec<Line>,
    /// The removed lines, if they are known.
    pub removed: Vec<Line>,
    /// Whether it is a binary file.
    pub is_binary: bool,
    /// The size in bytes; `None` if it does not exist or the size is unknown.
    pub size: Option<u64>,
    /// Whether it existed at the base with known content.
    pub is_known: bool,
}

impl ChangedFile {
    /// Creates a file of which it is only known that it changed.
    pub(crate) fn named(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            what: What::Modified,
            added: Vec::new(),
            removed: Vec::new(),
            is_binary: false,
            size: None,
            is_known: false,
        }
    }

    /// Returns whether the file exists now.
    pub(crate) fn is_there(&self) -> bool {
        match self.what {
            What::Added | What::Modified | What::Renamed(_) => true,
            What::Removed => false,
        }
    }

    /// Returns the path at the base, if it existed there.
    pub(crate) fn before(&self) -> Option<&str> {
        match &self.what {
            What::Added => None,
            What::Modified | What::Removed => Some(&self.path),
            What::Renamed(from) => Some(from),
        }
    }
}
