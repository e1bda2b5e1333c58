//! A change as data: which files, which lines.

/// What became of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// It is new.
    Added,
    /// It has another content or another mode.
    Modified,
    /// It is gone.
    Removed,
    /// It was at this path before, and has mostly the same content.
    Renamed(String),
}

/// A line that was added or removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number in the file that has it, from 1.
    pub number: u32,
    /// The line without its end.
    pub text: String,
}

/// A file that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedFile {
    /// Its path as seen from the project root.
    pub path: String,
    /// What became of it.
    pub what: What,
    /// The lines that it has now and had not before, where that is known.
    pub added: Vec<Line>,
    /// The lines that it had and has not now.
    pub removed: Vec<Line>,
    /// Whether it is no text.
    pub is_binary: bool,
    /// Its size in bytes, of a file that is there.
    pub size: Option<u64>,
    /// Whether it was there at the base, and what it was is known.
    pub is_known: bool,
}

impl ChangedFile {
    /// A file of which only is known that it changed.
    pub fn named(path: &str) -> Self {
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

    /// Whether it is there now.
    pub fn is_there(&self) -> bool {
        match self.what {
            What::Added | What::Modified | What::Renamed(_) => true,
            What::Removed => false,
        }
    }

    /// The path that it had at the base, if it was there.
    pub fn before(&self) -> Option<&str> {
        match &self.what {
            What::Added => None,
            What::Modified | What::Removed => Some(&self.path),
            What::Renamed(from) => Some(from),
        }
    }
}
