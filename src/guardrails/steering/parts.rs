//! Restores the steering part of a file to its base version, and keeps the rest of the change:
//! adding a dependency changes a manifest without steering the verification.
//!
//! Manifests are parsed and compared by value, because a format such as TOML has many spellings of
//! the same key. What cannot be parsed is restored as a whole.

use super::table::{Keys, Part, Table};
use serde_json::{Map, Value};

/// The key under which a TOML date is deserialized. A manifest with one is restored as a whole.
const DATE: &str = "$__toml_private_datetime";

/// The two versions of a file.
#[derive(Clone, Copy)]
pub(crate) struct Versions<'v> {
    /// The content before the change.
    pub(crate) base: Option<&'v [u8]>,
    /// The content after it.
    pub(crate) new: Option<&'v [u8]>,
}

/// Returns the new content of a file with its steering part restored from the base; `None` if the
/// change did not affect that part. `Some(None)` means that the file is removed.
///
/// `follows` is true if the manifest of a lock file changed too. `is_gone` returns whether the
/// change removed a file, or the manifest of a folder, that this file names.
pub(crate) fn steering_part(
    part: Part,
    versions: Versions<'_>,
    follows: bool,
    is_gone: &dyn Fn(&str) -> bool,
) -> Option<Option<Vec<u8>>> {
    let Versions { base, new } = versions;
    let whole = || Some(base.map(<[u8]>::to_vec));
    let (tables, format) = match part {
        Part::LockOf(_) if follows => return None,
        Part::New if base.is_some() => return None,
        Part::Whole | Part::New | Part::LockOf(_) => return whole(),
        Part::Json(tables) => (tables, Format::Json),
        Part::Toml(tables) => (tables, Format::Toml),
    };
    let read = |bytes: &[u8]| format.read(std::str::from_utf8(bytes).ok()?);
    let both = (read(base.unwrap_or_default()), new.and_then(read));
    let (Some(base), Some(new)) = both else { return whole() };
    let mut mixed = new.clone();
    for (path, keys) in tables {
        put_back(&base, &mut mixed, (path, *keys), is_gone);
    }
    if mixed == new {
        return None;
    }
    format.write(&mixed).map_or_else(whole, |text| Some(Some(text.into_bytes())))
}

/// The format of a manifest.
#[derive(Clone, Copy)]
enum Format {
    Json,
    Toml,
}

impl Format {
    fn read(self, text: &str) -> Option<Value> {
        let read = match self {
            _ if text.trim().is_empty() => Some(Value::Object(Map::new())),
            Self::Json => serde_json::from_str::<Value>(text).ok(),
            Self::Toml => toml::from_str::<Value>(text).ok(),
        };
        read.filter(|value| value.is_object() && !has_date(value))
    }

    fn write(self, value: &Value) -> Option<String> {
        match self {
            Self::Json => serde_json::to_string_pretty(value).ok().map(|text| text + "\n"),
            Self::Toml => toml::to_string(&toml::Value::try_from(value).ok()?).ok(),
        }
    }
}

fn has_date(value: &Value) -> bool {
    match value {
        Value::Array(all) => all.iter().any(has_date),
        Value::Object(all) => all.iter().any(|(key, one)| key == DATE || has_date(one)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Restores in `new` what steers of one table of `base`.
fn put_back(base: &Value, new: &mut Value, (path, keys): Table, is_gone: &dyn Fn(&str) -> bool) {
    let before = at(base, path);
    let keys = match keys {
        Keys::All => return set(new, path, before.cloned()),
        Keys::Members(keys) => {
            for key in keys {
                members(base, new, &[path, &[key]].concat(), is_gone);
            }
            return;
        }
        Keys::These(keys) => keys,
    };
    let now = at(new, path);
    if [before, now].into_iter().flatten().any(Value::is_array) {
        let listed = listed(before, now, keys, is_gone);
        return set(new, path, Some(Value::Array(listed)));
    }
    for key in keys {
        let value = before.and_then(|table| table.get(key));
        set(new, &[path, &[key]].concat(), value.map(|value| present(value, is_gone)));
    }
}

/// Adds to a list the folders that it has in `base` and not in `new`.
fn members(base: &Value, new: &mut Value, path: &[&str], is_gone: &dyn Fn(&str) -> bool) {
    // Any other value is a table, whose own list has a row.
    let Some(before) = at(base, path).filter(|value| value.is_array()) else { return };
    let mut all = present(before, is_gone);
    if let (Value::Array(all), Some(Value::Array(now))) = (&mut all, at(new, path)) {
        all.retain(|one| !now.contains(one));
        all.splice(0..0, now.iter().cloned());
    }
    set(new, path, Some(all));
}

/// Returns the value at a path.
fn at<'v>(top: &'v Value, path: &[&str]) -> Option<&'v Value> {
    path.iter().try_fold(top, |value, part| value.get(part))
}

/// Returns a list of tables with the steering keys of the base. A new table is left out, because it
/// may replace what a tool finds without it. A table that is gone is added, unless its file is gone
/// as well.
fn listed(
    base: Option<&Value>,
    new: Option<&Value>,
    keys: &[&str],
    is_gone: &dyn Fn(&str) -> bool,
) -> Vec<Value> {
    let tables = |value: Option<&Value>| value.and_then(Value::as_array).cloned();
    let (base, mut new) = (tables(base).unwrap_or_default(), tables(new).unwrap_or_default());
    let same = |one: &Value, other: &Value| one.get("name") == other.get("name");
    new.retain_mut(|one| {
        let Some(old) = base.iter().find(|old| same(old, one)) else { return false };
        keys.iter().for_each(|key| set(one, &[key], old.get(key).cloned()));
        true
    });
    let stays =
        |old: &&Value| old.get("path").and_then(Value::as_str).is_some_and(|path| !is_gone(path));
    let gone = base.iter().filter(|old| !new.iter().any(|one| same(one, old))).filter(stays);
    let gone: Vec<Value> = gone.cloned().collect();
    new.extend(gone);
    new
}

/// Returns a value of the base, of a list without the folders that are gone.
fn present(value: &Value, is_gone: &dyn Fn(&str) -> bool) -> Value {
    let Value::Array(all) = value else { return value.clone() };
    let stays = |one: &&Value| !one.as_str().is_some_and(is_gone);
    Value::Array(all.iter().filter(stays).cloned().collect())
}

/// Sets the value at a path, or removes it.
fn set(top: &mut Value, path: &[&str], value: Option<Value>) {
    let Some((last, folders)) = path.split_last() else { return };
    let mut at = top;
    for part in folders {
        if at.get(part).is_none_or(|next| !next.is_object()) {
            // A value that is no table has nothing to remove.
            if value.is_none() {
                return;
            }
            at[*part] = Value::Object(Map::new());
        }
        at = &mut at[*part];
    }
    let Value::Object(at) = at else { return };
    match value {
        Some(value) => drop(at.insert((*last).to_owned(), value)),
        None => drop(at.shift_remove(*last)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::table::steering;
    use super::*;

    fn part(part: Part, base: &str, new: &str, follows: bool) -> Option<Option<String>> {
        let versions = Versions { base: Some(base.as_bytes()), new: Some(new.as_bytes()) };
        let mixed = steering_part(part, versions, follows, &|path| path.starts_with("gone"))?;
        Some(mixed.map(|bytes| String::from_utf8(bytes).unwrap()))
    }

    fn mixed(path: &str, base: &str, new: &str) -> Option<String> {
        part(steering(path).map(|row| row.part).unwrap(), base, new, false)?
    }

    /// Asserts that `new` is restored to a file with the values of `expected`.
    #[track_caller]
    fn assert_toml(path: &str, (base, new): (&str, &str), expected: &str) {
        let value = |text: &str| toml::from_str::<Value>(text).unwrap();
        assert_eq!(
            value(&mixed(path, base, new).unwrap_or_else(|| new.into())),
            value(expected),
            "{new}"
        );
    }

    #[test]
    fn a_new_dependency_steers_nothing_and_a_script_does() {
        let base = r#"{"scripts": {"test": "jest"}, "dependencies": {"a": "1"}}"#;
        let more = r#"{"scripts": {"test": "jest"}, "dependencies": {"a": "1", "b": "2"}}"#;
        assert_eq!(mixed("package.json", base, more), None);
        let cheat = r#"{"scripts": {"test": "true"}, "jest": {}, "dependencies": {"b": "2"}}"#;
        let back: Value =
            serde_json::from_str(&mixed("package.json", base, cheat).unwrap()).unwrap();
        let expected = r#"{"scripts": {"test": "jest"}, "dependencies": {"b": "2"}}"#;
        assert_eq!(back, serde_json::from_str::<Value>(expected).unwrap());
        assert_eq!(mixed("package.json", base, "{").as_deref(), Some(base));
    }

    #[test]
    fn tables_of_toml_are_put_back_one_by_one() {
        let base =
            "[package]\nname = \"a\"\n[dependencies]\n[lints.rust]\nunsafe_code = \"deny\"\n";
        let more = base.replace("[dependencies]\n", "[dependencies]\nb = \"1\"\n");
        assert_eq!(mixed("Cargo.toml", base, &more), None);
        let cheat = "[package]\nname = \"a\"\nbuild = \"x.rs\"\nautotests = false\n[dependencies]\nb = \"1\"\n";
        assert_toml("Cargo.toml", (base, cheat), &more);
    }

    #[test]
    fn every_spelling_of_a_key_is_the_same_key() {
        let base = "[project]\nname = \"a\"\n";
        for odd in [
            "[tool.pytest.ini_options]\nx = 1\n[project]\nname = \"a\"",
            "  [tool.pytest.ini_options]\n  x = 1\n[project]\nname = \"a\"",
            "tool.pytest.ini_options.x = 1\n[project]\nname = \"a\"",
            "[project]\nname = \"a\"\n[tool]\npytest.ini_options = { x = 1 }",
            "[project]\nname = \"a\"\n[tool . \"pytest\" . ini_options]\nx = 1",
            "[project]\nname = \"a\"\n[\"to\\u006fl\".pytest]\nini_options = { x = 1 }",
        ] {
            assert_toml("pyproject.toml", (base, odd), &format!("{base}[tool]\n"));
        }
        for unread in ["[project", "x = 2026-01-01\n"] {
            assert_eq!(mixed("pyproject.toml", base, unread).as_deref(), Some(base));
        }
        let base = "[package]\nname = \"a\"\n";
        for odd in [
            "test = [{ name = \"a\", path = \"src/ok.rs\" }]\n[package]\nname = \"a\"\n",
            "[package]\nname = \"a\"\n [[test]]\n name = \"a\"\n",
            "package = { name = \"a\", autotests = false }\n",
        ] {
            assert_toml("Cargo.toml", (base, odd), base);
        }
    }

    #[test]
    fn where_the_code_of_a_target_is_steers() {
        let base = "[lib]\nname = \"a\"\n[[bin]]\nname = \"b\"\npath = \"src/b.rs\"\n";
        let moved =
            base.replace("src/b.rs", "src/c.rs").replace("[lib]\n", "[lib]\npath = \"x.rs\"\n");
        assert_toml("Cargo.toml", (base, &moved), base);
        // The new one may replace `src/main.rs`, which cargo finds by itself.
        let more = format!("{base}[[bin]]\nname = \"new\"\npath = \"src/new.rs\"\n");
        assert_toml("Cargo.toml", (base, &more), base);
        let none = "bin = []\n[lib]\nname = \"a\"\n";
        assert_toml("Cargo.toml", (base, "[lib]\nname = \"a\"\n"), base);
        assert_toml("Cargo.toml", (&base.replace("src/b", "gone/b"), none), none);
    }

    #[test]
    fn a_member_leaves_only_with_its_folder() {
        let base = "[workspace]\nmembers = [\"a\", \"gone\"]\n";
        let new = "[workspace]\nmembers = [\"b\"]\nexclude = [\"a\"]\ndefault-members = [\"b\"]\n";
        assert_toml("Cargo.toml", (base, new), "[workspace]\nmembers = [\"b\", \"a\"]\n");
        let more = "[workspace]\nmembers = [\"a\", \"b\"]\n";
        assert_eq!(mixed("Cargo.toml", base, more), None);
        assert_eq!(mixed("Cargo.toml", "", more), None);
        let (base, less) = (r#"{"workspaces": ["a", "b"]}"#, r#"{"workspaces": ["b"]}"#);
        let back = mixed("package.json", base, less).unwrap();
        let expected = r#"{"workspaces": ["b", "a"]}"#;
        assert_eq!(
            serde_json::from_str::<Value>(&back).unwrap(),
            serde_json::from_str::<Value>(expected).unwrap()
        );
        assert_eq!(mixed("package.json", base, base), None);
        let (base, less) =
            (r#"{"workspaces": {"packages": ["a"]}}"#, r#"{"workspaces": {"packages": []}}"#);
        assert!(mixed("package.json", base, less).unwrap().contains("\"a\""));
    }

    #[test]
    fn a_lock_follows_its_manifest() {
        let lock = Part::LockOf(&["package.json"]);
        assert_eq!(part(lock, "1", "2", true), None);
        assert_eq!(part(lock, "1", "2", false), Some(Some("1".to_owned())));
        let versions = Versions { base: None, new: Some(b"2") };
        assert_eq!(steering_part(Part::Whole, versions, false, &|_| false), Some(None));
        assert_eq!(steering_part(Part::New, versions, false, &|_| false), Some(None));
        assert_eq!(part(Part::New, "1", "2", false), None);
    }
}
