//! What a task may do that others may not.

use super::paths::{covers, is_test};

/// Paths that are frozen for this task, and what would let it change them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contract {
    /// What a task names to change it: the first of these is shown.
    pub names: Vec<String>,
    /// Globs as seen from the project root.
    pub paths: Vec<String>,
}

/// What a task declares and is allowed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    /// Paths, folders and globs that it works on: `file`, `files`, `files_to_modify`,
    /// `files_to_create`, `scope`.
    pub owns: Vec<String>,
    /// Those that it may change besides: `tests`, and where it did not merge.
    pub besides: Vec<String>,
    /// `files_to_create`.
    pub creates: Vec<String>,
    /// `may_change_tests`.
    pub may_change_tests: bool,
    /// `may_remove_tests`.
    pub may_remove_tests: bool,
    /// `contracts`.
    pub contracts: Vec<String>,
    /// Whether a person added it: what an agent added allows itself nothing.
    pub by_person: bool,
    /// What is frozen now.
    pub frozen: Vec<Contract>,
}

impl Grants {
    /// Whether the task declares `path`, whoever added it.
    pub fn declares(&self, path: &str) -> bool {
        self.owns(path) || self.besides.iter().any(|declared| covers(declared, path))
    }

    /// Whether it works on `path`.
    pub fn owns(&self, path: &str) -> bool {
        self.owns.iter().any(|owned| covers(owned, path))
    }

    /// What lets the task change `path` although it judges or steers; `None` where nothing does.
    pub fn permits(&self, path: &str) -> Option<String> {
        if !self.by_person {
            return None;
        }
        if self.declares(path) {
            return Some("declared by the task".to_owned());
        }
        let named = self.frozen.iter().find(|contract| contract.covers(path));
        let named = named.and_then(|contract| self.named(contract));
        if let Some(name) = named {
            return Some(format!("contract {name}"));
        }
        (self.may_change_tests && is_test(path)).then(|| "may_change_tests".to_owned())
    }

    /// The same for a test that is gone.
    pub fn permits_removal(&self, path: &str) -> Option<String> {
        let removes = self.by_person && self.may_remove_tests && is_test(path);
        self.permits(path).or_else(|| removes.then(|| "may_remove_tests".to_owned()))
    }

    /// The name under which the task names a contract.
    pub fn named<'c>(&self, contract: &'c Contract) -> Option<&'c str> {
        let named = |name: &&String| self.contracts.contains(*name);
        contract.names.iter().filter(|_| self.by_person).find(named).map(String::as_str)
    }
}

impl Contract {
    /// Whether `path` is frozen by it.
    pub fn covers(&self, path: &str) -> bool {
        self.paths.iter().any(|glob| covers(glob, path))
    }
}
