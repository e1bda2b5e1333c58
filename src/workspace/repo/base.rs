//! Checks that private trees can be made of the target's commit.

use super::found::{Repository, has_key};
use super::modules::ModuleError;
use super::names::Oid;
use super::refusal::Refusal;

impl Repository {
    /// Checks that the base is complete, with its submodules. Returns the base if it has none.
    pub(super) fn check_base(&self, list: &[u8]) -> Result<Option<Oid>, Refusal> {
        let tip = self.tip().map_err(|_| Refusal::NoCommit)?;
        let at = self.refs();
        let listed = self.tool().ask(&at, &["ls-tree", "-r", "-z", tip.as_str()], Vec::new())?;
        if listed.code != 0 {
            return Err(if self.is_shallow() { Refusal::Shallow } else { Refusal::Damaged });
        }
        let mut entries = listed.stdout.split(|byte| *byte == 0);
        let has_modules = entries.any(|entry| entry.starts_with(b"160000 "));
        if has_modules {
            match self.modules(&tip) {
                Ok(_) => {}
                Err(ModuleError::Missing { path, .. }) => {
                    return Err(Refusal::Submodules { first: path });
                }
                Err(ModuleError::Git(error)) => return Err(error.into()),
            }
        }
        if has_key(list, b"extensions.partialclone") || has_key(list, b"promisor") {
            let args = ["rev-list", "--objects", "--missing=print", "--no-walk", tip.as_str()];
            let objects = self.tool().get(&at, &args)?;
            let missing = objects.split(|b| *b == b'\n').filter(|l| l.starts_with(b"?")).count();
            if missing > 0 {
                return Err(Refusal::Partial { missing });
            }
        }
        let pathspec = ":(glob)**/.gitattributes";
        let args = ["grep", "--quiet", "-F", "-e", "filter=lfs", tip.as_str(), "--", pathspec];
        let uses_lfs = self.tool().ask(&at, &args, Vec::new())?.code == 0;
        let set_up = has_key(list, b"filter.lfs.clean") || has_key(list, b"filter.lfs.process");
        if uses_lfs && !(set_up && self.tool().git().finds("git-lfs")) {
            return Err(Refusal::NoLfs);
        }
        Ok((!has_modules).then_some(tip))
    }
}
