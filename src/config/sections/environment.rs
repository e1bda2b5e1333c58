//! `[environment]` of all commands, of an agent or of a step.

use super::super::dotenv;
use super::super::find;
use super::super::paths::resolve;
use super::super::reader::Section;
use crate::domain::{EnvironmentRules, Inherit, Values};
use crate::platform::open::{self, Links};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The maximum size of a file of variables, in bytes.
const LIMIT: u64 = 1 << 20;

/// The prefix of the variables that a loop sets for its commands.
const OURS: &str = "WORKLOOP_";

/// Reads `environment` of `parent`, with `file` relative to `folder`. Files that it names are added
/// to `files`.
pub(in super::super) fn read(
    parent: &Section<'_>,
    folder: &Path,
    files: &mut Vec<PathBuf>,
) -> EnvironmentRules {
    let Some(section) = parent.section("environment") else { return EnvironmentRules::default() };
    let rules = EnvironmentRules {
        inherit: inherit(&section),
        pass: patterns(&section, "pass"),
        drop: patterns(&section, "drop"),
        set: values(&section, "set"),
        file: file(&section, folder, files),
    };
    section.close(&[]);
    rules
}

fn inherit(section: &Section<'_>) -> Option<Inherit> {
    let (word, span) = section.spanned_text("inherit")?;
    let found = Inherit::ALL.iter().find(|(known, _)| *known == word).map(|(_, inherit)| *inherit);
    if found.is_none() {
        let message = "inherit must be \"safe\", \"all\", \"core\" or \"none\"";
        section.reader.report(span, message);
    }
    found
}

/// Reads names, optionally with a trailing `*`.
fn patterns(section: &Section<'_>, key: &'static str) -> Vec<String> {
    let found = section.spanned_texts(key);
    for (pattern, span) in &found {
        let name = pattern.strip_suffix('*').unwrap_or(pattern);
        if pattern.is_empty()
            || name.contains(['*', '=', '\0', '$'])
            || name.contains(char::is_whitespace)
        {
            let message = format!("{key} must be names of variables, or prefixes followed by *");
            section.reader.report(span.clone(), message);
        }
        refuse_ours(section, key, name, span);
    }
    found.into_iter().map(|(pattern, _)| pattern).collect()
}

/// Reads variables with their values from `key`.
pub(super) fn values(section: &Section<'_>, key: &'static str) -> Values {
    let mut values = BTreeMap::new();
    let Some(set) = section.section(key) else { return Values::default() };
    for (name, span, value) in set.entries() {
        refuse_ours(section, key, &name, &span);
        if name.is_empty() || name.contains(['=', '\0']) {
            section.reader.report(span, format!("{name:?} cannot be the name of a variable"));
            continue;
        }
        match value.get_ref().as_str() {
            Some(text) if text.contains('\0') => {
                section.reader.report(value.span(), format!("{name} must not contain a NUL"));
            }
            Some(text) => drop(values.insert(name, text.to_owned())),
            None => set.wrong(value, &name, "a string"),
        }
    }
    Values(values)
}

fn refuse_ours(section: &Section<'_>, key: &str, name: &str, span: &Range<usize>) {
    if name.starts_with(OURS) {
        let message = format!("{key} must not name {name}: each command gets its own WORKLOOP_*");
        section.reader.report(span.clone(), message);
    }
}

/// Reads the variables of the file that `file` names.
fn file(section: &Section<'_>, folder: &Path, files: &mut Vec<PathBuf>) -> Values {
    let Some((name, span)) = section.spanned_text("file") else {
        return Values::default();
    };
    let path = resolve(folder, &name);
    let read = read_file(&path, &name);
    files.push(path);
    match read {
        Ok(values) => values,
        Err(why) => {
            section.reader.report(span, why);
            Values::default()
        }
    }
}

fn read_file(path: &Path, name: &str) -> Result<Values, String> {
    let text = match find::check_file(path) {
        Ok(Ok(())) => open::read_text(path, Links::Follow, LIMIT),
        Ok(Err(untrusted)) => return Err(untrusted.to_string()),
        Err(error) => Err(error),
    };
    let text = text.map_err(|error| format!("file: failed to read {}: {error}", path.display()))?;
    let values = dotenv::parse(&text)
        .map_err(|wrong| format!("file: {name}:{}: {}", wrong.line, wrong.message))?;
    match values.keys().find(|name| name.starts_with(OURS)) {
        Some(ours) => Err(format!("file: {name} must not set {ours}: each command gets its own")),
        None => Ok(Values(values)),
    }
}
