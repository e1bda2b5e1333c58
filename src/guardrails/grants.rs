//! The files that a task declares, and its permissions.

use super::paths::{covers, is_test};

/// Paths that are frozen for a task, and the names that allow it to change them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Contract {
    /// The names by which a task refers to the contract; the first one is shown.
    pub names: Vec<String>,
    /// Globs relative to the project root.
    pub paths: Vec<String>,
}

/// What a task declares, and what it is allowed to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Grants {
    /// Paths, folders and globs on which it works: `file`, `files`, `files_to_modify`,
    /// `files_to_create`, `scope`.
    pub owns: Vec<String>,
    /// Paths that it may also change: `tests`, and files with merge conflicts.
    pub besides: Vec<String>,
    /// The files that it must create: `files_to_create`.
    pub creates: Vec<String>,
    /// Whether it may change tests that it does not declare: `may_change_tests`.
    pub may_change_tests: bool,
    /// Whether it may remove tests: `may_remove_tests`.
    pub may_remove_tests: bool,
    /// The contracts that it may change: `contracts`.
    pub contracts: Vec<String>,
    /// Whether a person added the task. A task that an agent added has no permissions.
    pub by_person: bool,
    /// The contracts that are frozen now.
    pub frozen: Vec<Contract>,
}

impl Grants {
    /// Returns whether the task declares `path`, regardless of who added the task.
    pub(crate) fn declares(&self, path: &str) -> bool {
        self.owns(path) || self.besides.iter().any(|declared| covers(declared, path))
    }

    /// Returns whether `path` is one of the files on which the task works.
    pub(crate) fn owns(&self, path: &str) -> bool {
        self.owns.iter().any(|owned| covers(owned, path))
    }

    /// Returns the permission by which the task may change `path` although it judges or steers the
    /// work; `None` if there is none.
    pub(crate) fn permits(&self, path: &str) -> Option<String> {
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

    /// Does the same for the tests in a product file.
    pub(crate) fn permits_tests_in(&self, path: &str) -> Option<String> {
        let changes = self.by_person && self.may_change_tests;
        self.permits(path).or_else(|| changes.then(|| "may_change_tests".to_owned()))
    }

    /// Does the same for a removed test.
    pub(crate) fn permits_removal(&self, path: &str) -> Option<String> {
        self.permits(path).or_else(|| self.removes_tests().filter(|_| is_test(path)))
    }

    /// Returns the permission to remove tests, wherever they are.
    pub(crate) fn removes_tests(&self) -> Option<String> {
        (self.by_person && self.may_remove_tests).then(|| "may_remove_tests".to_owned())
    }

    /// Returns whether a person wants exactly this file to be changed or created.
    pub(crate) fn names(&self, path: &str) -> bool {
        let is_it = |named: &String| named.trim_start_matches("./") == path;
        self.by_person && self.owns.iter().chain(&self.creates).any(is_it)
    }

    /// Returns the name by which the task refers to a contract, if it does.
    pub(crate) fn named<'c>(&self, contract: &'c Contract) -> Option<&'c str> {
        let named = |name: &&String| self.contracts.contains(*name);
        contract.names.iter().filter(|_| self.by_person).find(named).map(String::as_str)
    }
}

impl Contract {
    /// Returns whether the contract freezes `path`.
    pub(crate) fn covers(&self, path: &str) -> bool {
        self.paths.iter().any(|glob| covers(glob, path))
    }
}
