//! A sandbox whose folder is a repository.

use crate::sandbox::Sandbox;

impl Sandbox {
    /// Makes the folder a repository, with all its files in the first commit, on `main`.
    pub(crate) fn committed(self) -> Self {
        let commit = "git init -q -b main && git config user.email t@example.org && \
                      git config user.name t && git add -A && git commit -qm start";
        assert!(self.shell(commit), "a repository");
        self
    }
}
