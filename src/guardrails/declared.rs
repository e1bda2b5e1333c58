//! Compares the files that a task declares with those that it changed.

use super::change::ChangedFile;
use super::grants::Grants;
use super::paths::name;
use super::rules::{Requires, Rules};
use crate::domain::{Finding, Findings, Level, Permitted};
use crate::platform::fault::{self, Fault};

/// The code of a change without a required file.
pub(super) const NOTHING_CHANGED: &str = "nothing_changed";
/// The code of a changed file that is not declared.
pub(super) const SCOPE: &str = "scope";
/// The code of a changed file that is frozen.
pub(super) const FROZEN: &str = "frozen";

/// The maximum number of paths in a message.
const NAMED: usize = 10;

/// Files that tools write next to a manifest: declaring the manifest also declares them.
const BESIDE: [(&str, &[&str]); 6] = [
    (
        "package.json",
        &["package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock"],
    ),
    ("Cargo.toml", &["Cargo.lock"]),
    ("pyproject.toml", &["poetry.lock", "uv.lock", "pdm.lock"]),
    ("Pipfile", &["Pipfile.lock"]),
    ("go.mod", &["go.sum"]),
    ("Gemfile", &["Gemfile.lock"]),
];

/// Returns the findings about required files that were not changed, and changed files that are not
/// declared or are frozen.
///
/// `changed` are the files that the task has changed so far, `perhaps` files that it may have
/// changed. `is_whole` is true if no other changes could have been missed. `is_missing` returns
/// whether a file does not exist.
pub(crate) fn declared(
    changed: &[ChangedFile],
    perhaps: &[String],
    is_whole: bool,
    (requires, rules, grants): (Requires, &Rules, &Grants),
    is_missing: &dyn Fn(&str) -> bool,
) -> Findings {
    let mut found = Findings::default();
    let all = changed.iter().flat_map(|file| std::iter::once(&*file.path).chain(file.before()));
    let touched: Vec<&str> = all.chain(perhaps.iter().map(String::as_str)).collect();
    found.findings.extend(lacking(&touched, is_whole, (requires, grants), is_missing));
    let outside = outside(changed, grants);
    if let Some(level) = rules.level(SCOPE, Some(rules.scope), "").filter(|_| !outside.is_empty()) {
        found.findings.push(Finding {
            code: SCOPE.to_owned(),
            level,
            path: Some(outside[0].to_owned()),
            line: None,
            message: format!(
                "the task does not declare {}; leave these files unchanged, or have a person add them \
                 to the task's files or scope",
                list(&outside)
            ),
        });
    }
    for file in changed {
        frozen(file, rules, grants, &mut found);
    }
    found
}

/// Returns a finding if a required file was not changed.
fn lacking(
    touched: &[&str],
    is_whole: bool,
    (requires, grants): (Requires, &Grants),
    is_missing: &dyn Fn(&str) -> bool,
) -> Option<Finding> {
    let finding = |path: Option<String>, message: String| Finding {
        code: NOTHING_CHANGED.to_owned(),
        level: Level::Fail,
        path,
        line: None,
        message,
    };
    if requires == Requires::None || fault::is(Fault::NothingRequired) {
        return None;
    }
    let missing: Vec<&str> =
        grants.creates.iter().map(String::as_str).filter(|path| is_missing(path)).collect();
    if let Some(first) = missing.first() {
        let message = format!(
            "the task declares new files that do not exist: {}; create them, where git does not \
             ignore them",
            list(&missing)
        );
        return Some(finding(Some((*first).to_owned()), message));
    }
    match requires {
        Requires::Any if touched.is_empty() && is_whole => {
            let message = "no file was changed; do the task, or explain in the result file why it needs no change";
            Some(finding(None, message.to_owned()))
        }
        Requires::Declared
            if !grants.owns.is_empty() && !touched.iter().any(|path| grants.owns(path)) =>
        {
            let owned: Vec<&str> = grants.owns.iter().map(String::as_str).collect();
            let message = format!(
                "none of the declared files was changed: {}; do the task there, or explain in the result \
                 file why it needs no change",
                list(&owned)
            );
            Some(finding(None, message))
        }
        Requires::Declared | Requires::Any | Requires::None => None,
    }
}

/// Returns the changed files that the task does not declare; none if it declares no files.
fn outside<'f>(changed: &'f [ChangedFile], grants: &Grants) -> Vec<&'f str> {
    if grants.owns.is_empty() {
        return Vec::new();
    }
    let is_beside = |path: &str| {
        let folder = path.strip_suffix(name(path)).unwrap_or_default();
        BESIDE.iter().any(|(manifest, files)| {
            files.contains(&name(path)) && grants.declares(&format!("{folder}{manifest}"))
        })
    };
    let all = changed.iter().flat_map(|file| std::iter::once(&*file.path).chain(file.before()));
    let mut outside: Vec<&str> =
        all.filter(|path| !grants.declares(path) && !is_beside(path)).collect();
    outside.dedup();
    outside
}

/// Adds a finding if a file is frozen for the task, or records the permission to change it.
fn frozen(file: &ChangedFile, rules: &Rules, grants: &Grants, found: &mut Findings) {
    let paths = || std::iter::once(&*file.path).chain(file.before());
    for contract in &grants.frozen {
        let Some(path) = paths().find(|path| contract.covers(path)) else { continue };
        if let Some(name) = grants.named(contract) {
            let (path, by) = (path.to_owned(), format!("contract {name}"));
            found.changed_with_permission.push(Permitted { path, by });
            continue;
        }
        let Some(level) = rules.level(FROZEN, Some(Level::Fail), path) else { continue };
        let name = contract.names.first().map_or("without a name", String::as_str);
        found.findings.push(Finding {
            code: FROZEN.to_owned(),
            level,
            path: Some(path.to_owned()),
            line: None,
            message: format!(
                "it is frozen by the contract {name}; leave it unchanged, or have a person name the \
                 contract on the task (contracts = [\"{name}\"])"
            ),
        });
    }
}

/// Formats paths for a message.
pub(super) fn list(paths: &[&str]) -> String {
    let shown = paths.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    match paths.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::grants::Contract;
    use super::*;

    fn codes(found: &Findings) -> Vec<(&str, Level)> {
        found.findings.iter().map(|one| (one.code.as_str(), one.level)).collect()
    }

    fn check(changed: &[&str], requires: Requires, rules: &Rules, grants: &Grants) -> Findings {
        let files: Vec<ChangedFile> = changed.iter().map(|path| ChangedFile::named(path)).collect();
        let is_missing = |path: &str| !changed.contains(&path);
        declared(&files, &[], true, (requires, rules, grants), &is_missing)
    }

    fn texts(list: &[&str]) -> Vec<String> {
        list.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_declared_has_to_change_and_what_is_to_be_made_has_to_be_there() {
        let rules = Rules::default();
        let none = Grants::default();
        let some = Grants { owns: texts(&["a", "docs/*"]), ..Grants::default() };
        let new = Grants { owns: texts(&["a", "n"]), creates: texts(&["n"]), ..Grants::default() };
        let lacks = [("nothing_changed", Level::Fail)];
        for (changed, requires, grants, expected) in [
            (&[][..], Requires::Declared, &none, &[][..]),
            (&[], Requires::Any, &none, &lacks),
            (&["x"], Requires::Any, &none, &[]),
            (&[], Requires::Declared, &some, &lacks),
            (&["docs/x"], Requires::Declared, &some, &[]),
            (&[], Requires::None, &some, &[]),
            (&["a"], Requires::Declared, &new, &lacks),
            (&["a"], Requires::Any, &new, &lacks),
            (&["a", "n"], Requires::Declared, &new, &[]),
        ] {
            let found = check(changed, requires, &rules, grants);
            assert_eq!(codes(&found), expected, "{changed:?} {requires:?} {grants:?}");
        }
    }

    #[test]
    fn what_cannot_be_seen_is_not_asked_for() {
        let given = (Requires::Any, &Rules::default(), &Grants::default());
        assert!(declared(&[], &[], false, given, &|_| false).findings.is_empty());
        let perhaps = ["x".to_owned()];
        assert!(declared(&[], &perhaps, true, given, &|_| false).findings.is_empty());
    }

    #[test]
    fn files_outside_of_the_declared_ones_are_told_once() {
        let grants = Grants { owns: texts(&["src", "web/package.json"]), ..Grants::default() };
        let fail = Rules { scope: Level::Fail, ..Rules::default() };
        let changed = ["src/a", "web/package.json", "web/yarn.lock"];
        assert!(check(&changed, Requires::Declared, &fail, &grants).findings.is_empty());
        let found = check(&["src/a", "b", "yarn.lock"], Requires::Declared, &fail, &grants);
        assert_eq!(codes(&found), [("scope", Level::Fail)]);
        assert!(found.findings[0].message.contains("b, yarn.lock"), "{found:?}");
        let warned = check(&["src/a", "b"], Requires::Declared, &Rules::default(), &grants);
        assert_eq!(codes(&warned), [("scope", Level::Warn)]);
    }

    #[test]
    fn a_frozen_file_wants_its_contract_named_by_a_person() {
        let contract = Contract { names: texts(&["API", "G1"]), paths: texts(&["api/*.proto"]) };
        let rules = Rules::default();
        let grants = |by_person, contracts: &[&str]| Grants {
            frozen: vec![contract.clone()],
            contracts: texts(contracts),
            by_person,
            ..Grants::default()
        };
        let found = |grants: &Grants| check(&["api/x.proto"], Requires::Declared, &rules, grants);
        assert_eq!(codes(&found(&grants(true, &[]))), [("frozen", Level::Fail)]);
        assert_eq!(codes(&found(&grants(false, &["G1"]))), [("frozen", Level::Fail)]);
        let named = found(&grants(true, &["G1"]));
        assert_eq!((codes(&named), &*named.changed_with_permission[0].by), (vec![], "contract G1"));
    }
}
