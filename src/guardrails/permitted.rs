//! Lists the judging files that a task changed and may change.

use super::change::{ChangedFile, What};
use super::grants::Grants;
use super::paths::{is_check, is_test};
use super::steering;
use crate::domain::Permitted;

/// Returns the tests, checks and steering files among `changed` that the task may change, each with
/// the permission. A new test needs none.
pub(crate) fn permitted(changed: &[ChangedFile], grants: &Grants) -> Vec<Permitted> {
    let one = |file: &ChangedFile| {
        let path = &file.path;
        let is_new = file.what == What::Added && is_test(path);
        if is_new || !is_check(path) && steering(path).is_none() {
            return None;
        }
        let by = match file.what {
            What::Removed => grants.permits_removal(path),
            What::Added | What::Modified | What::Renamed(_) => grants.permits(path),
        }?;
        Some(Permitted { path: path.clone(), by })
    };
    changed.iter().filter_map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn judging_files_are_listed_with_the_permission() {
        let grants = Grants {
            owns: ["src/a.rs", "check.sh", "tests/new.rs"].map(str::to_owned).to_vec(),
            may_change_tests: true,
            by_person: true,
            ..Grants::default()
        };
        let named = ["src/a.rs", "check.sh", "tests/b.rs", "Makefile"].map(ChangedFile::named);
        let new = ChangedFile { what: What::Added, ..ChangedFile::named("tests/new.rs") };
        let gone = ChangedFile { what: What::Removed, ..ChangedFile::named("tests/gone.rs") };
        let all = [named.to_vec(), vec![new, gone]].concat();
        let by = |grants: &Grants| -> Vec<(String, String)> {
            permitted(&all, grants).into_iter().map(|one| (one.path, one.by)).collect()
        };
        let pair = |path: &str, by: &str| (path.to_owned(), by.to_owned());
        let expected = [
            pair("check.sh", "declared by the task"),
            pair("tests/b.rs", "may_change_tests"),
            pair("tests/gone.rs", "may_change_tests"),
        ];
        assert_eq!(by(&grants), expected);
        assert_eq!(by(&Grants { by_person: false, ..grants }), []);
    }
}
