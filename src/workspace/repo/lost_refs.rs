//! Removes refs of the program whose object is missing.
//!
//! A person's `git gc --prune=now` that began before a ref was written removes the object of the
//! ref, and the writer creates the object again. A writer that is killed in between leaves a ref to
//! a missing object: `git fsck` reports it, and git refuses to list the other refs with their
//! commits.

use super::calls::GitError;
use super::commits::RefMove;
use super::found::Repository;
use super::names::Oid;

impl Repository {
    /// Lists the refs below each of `below` in `format`. These refs belong to the program, so those
    /// whose object is missing are removed.
    pub(in super::super) fn listed_refs(
        &self,
        format: &str,
        below: &[String],
    ) -> Result<String, GitError> {
        let list = |format: &str| {
            let format = format!("--format={format}");
            let args =
                ["for-each-ref", &format].into_iter().chain(below.iter().map(String::as_str));
            self.tool().get(&self.refs(), &args.collect::<Vec<&str>>())
        };
        let text = match list(format) {
            Err(GitError::Failed { .. }) => {
                // Git reads no objects to list refs in this format.
                self.remove_lost(&list("%(objectname) %(refname)")?)?;
                list(format)?
            }
            done => done?,
        };
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// Removes the refs whose object is missing. `list` has a line `OID NAME` for each ref.
    fn remove_lost(&self, list: &[u8]) -> Result<(), GitError> {
        let list = String::from_utf8_lossy(list);
        let refs = list.lines().filter_map(|line| line.split_once(' '));
        let refs: Vec<(Oid, &str)> =
            refs.filter_map(|(oid, name)| Some((Oid::parse(oid)?, name))).collect();
        let oids: String = refs.iter().map(|(oid, _)| format!("{oid}\n")).collect();
        let args = ["cat-file", "--batch-check=%(objectname)"];
        let found = self.tool().put(&self.refs(), &args, oids.into_bytes())?;
        let found = String::from_utf8_lossy(&found);
        let lost =
            refs.into_iter().zip(found.lines()).filter(|(_, said)| said.ends_with(" missing"));
        for ((oid, name), _) in lost {
            // A ref that has moved since belongs to the process that moved it, and is not removed.
            let gone = RefMove { name: name.to_owned(), from: Some(oid), to: None };
            self.move_refs(&[gone], "workloop: its object is gone")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::scratch::Scratch;

    /// A ref to a missing object is removed and does not prevent the other refs from being listed.
    #[test]
    fn a_ref_that_keeps_nothing_is_removed() {
        if crate::platform::programs::lacks("git") {
            return;
        }
        let scratch = Scratch::new();
        scratch.sh(
            "gone=$(git commit-tree -m gone HEAD^{tree}); git update-ref refs/workloop/attempts/A/1 $gone
             git update-ref refs/workloop/attempts/B/1 HEAD; git pack-refs --all
             rm -f .git/objects/${gone%${gone#??}}/${gone#??}; ! git fsck 2>/dev/null",
        );
        let kept = scratch.repository().attempts(None).unwrap();
        assert_eq!(kept.iter().map(|one| one.part.as_str()).collect::<Vec<_>>(), ["B"]);
        assert_eq!(scratch.sh("git fsck --strict 2>&1 | grep -v notice || true"), "");
        assert_eq!(scratch.repository().attempts(Some("A")).unwrap(), []);
    }
}
