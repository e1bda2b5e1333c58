//! Restores the steering part of a file to its base version, and keeps the rest of the change:
//! adding a dependency changes a manifest without steering the verification.

use super::table::Part;
use serde_json::Value;

/// Returns the new content of a file with its steering part restored from the base; `None` if the
/// change did not affect that part. `Some(None)` means that the file is removed.
///
/// `base` is the content before the change, `new` the content after it; `follows` is true if the
/// manifest of a lock file changed too.
pub(crate) fn steering_part(
    part: Part,
    base: Option<&[u8]>,
    new: Option<&[u8]>,
    follows: bool,
) -> Option<Option<Vec<u8>>> {
    let whole = || Some(base.map(<[u8]>::to_vec));
    let mixed = |mix: &dyn Fn(&str, &str) -> Option<Option<String>>| {
        let Some(new) = new else { return whole() };
        let text = |bytes| std::str::from_utf8(bytes).ok();
        match (text(base.unwrap_or_default()), text(new)) {
            (Some(base), Some(new)) => match mix(base, new) {
                Some(Some(text)) => Some(Some(text.into_bytes())),
                Some(None) => None,
                // A file that cannot be parsed is restored as a whole.
                None => whole(),
            },
            _ => whole(),
        }
    };
    match part {
        Part::Whole => whole(),
        Part::LockOf(_) if follows => None,
        Part::LockOf(_) => whole(),
        Part::Keys(keys) => mixed(&|base, new| json(base, new, keys)),
        Part::Tables(tables) => mixed(&|base, new| toml(base, new, tables)),
    }
}

/// Returns `new` with these keys of `base`; `Some(None)` if they are the same, `None` if one cannot
/// be parsed.
fn json(base: &str, new: &str, keys: &[&str]) -> Option<Option<String>> {
    let read = |text: &str| match text.trim() {
        "" => Some(Value::Object(serde_json::Map::new())),
        text => serde_json::from_str::<Value>(text).ok().filter(Value::is_object),
    };
    let (base, mut new) = (read(base)?, read(new)?);
    let mut is_same = true;
    for key in keys {
        if base.get(key) == new.get(key) {
            continue;
        }
        is_same = false;
        let object = new.as_object_mut()?;
        match base.get(key) {
            Some(value) => drop(object.insert((*key).to_owned(), value.clone())),
            None => drop(object.shift_remove(*key)),
        }
    }
    if is_same {
        return Some(None);
    }
    serde_json::to_string_pretty(&new).ok().map(|text| Some(text + "\n"))
}

/// The tables of a file: the name of each, and its lines including the header.
type Tables<'t> = Vec<(String, Vec<&'t str>)>;

/// Returns `new` with these tables and keys of `base`; `Some(None)` if they are the same, `None` if
/// the result is not valid.
fn toml(base: &str, new: &str, steering: &[(&str, &[&str])]) -> Option<Option<String>> {
    let (base, new) = (tables(base), tables(new));
    let steers = |name: &str| {
        let is = |(table, _): &&(&str, &[&str])| {
            name.strip_prefix(table).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        steering.iter().find(is).map(|(_, keys)| *keys)
    };
    let part = |all: &Tables<'_>| -> Vec<String> {
        let lines = all.iter().flat_map(|(name, lines)| {
            let keys = steers(name);
            let header = lines.iter().take(1).filter(|line| is_header(line));
            let rest = lines.iter().filter(move |line| keys.is_some_and(|keys| has(keys, line)));
            header.filter(move |_| keys == Some(&[])).chain(rest)
        });
        let lines = lines.map(|line| line.trim().to_owned());
        lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
    };
    if part(&base) == part(&new) {
        return Some(None);
    }
    let mut text = String::new();
    let mut put = |line: &str| {
        text.push_str(line);
        text.push('\n');
    };
    let mut told: Vec<&str> = Vec::new();
    for (name, lines) in &new {
        match steers(name) {
            None => lines.iter().for_each(|line| put(line)),
            Some([]) => {}
            Some(keys) => {
                lines.iter().filter(|line| !has(keys, line)).for_each(|line| put(line));
                // Among several tables with the same name, the first of each file correspond.
                let before = base.iter().find(|(other, _)| other == name);
                let before = before.filter(|_| !told.contains(&name.as_str()));
                let own = before.into_iter().flat_map(|(_, lines)| lines);
                own.filter(|line| has(keys, line)).for_each(|line| put(line));
                told.push(name);
            }
        }
    }
    let whole = base.iter().filter(|(name, _)| steers(name) == Some(&[]));
    whole.flat_map(|(_, lines)| lines).for_each(|line| put(line));
    // If the line-based merge produced invalid TOML, the whole file is restored.
    ::toml::from_str::<::toml::Table>(&text).ok().map(|_| Some(text))
}

fn tables(text: &str) -> Tables<'_> {
    let mut all: Tables<'_> = vec![(String::new(), Vec::new())];
    for line in text.lines() {
        if is_header(line) {
            let name = line.trim().trim_start_matches('[');
            let name = name.split(']').next().unwrap_or_default().trim().replace(['"', '\''], "");
            all.push((name, Vec::new()));
        }
        if let Some((_, lines)) = all.last_mut() {
            lines.push(line);
        }
    }
    all
}

fn is_header(line: &str) -> bool {
    line.starts_with('[') && line.contains(']')
}

/// Returns whether a line sets one of `keys`. If `keys` is empty, every line except headers does.
fn has(keys: &[&str], line: &str) -> bool {
    if is_header(line) {
        return false;
    }
    let key = line.split(['=', '.']).next().unwrap_or_default().trim();
    keys.is_empty() || keys.contains(&key.trim_matches(['"', '\'']))
}

#[cfg(test)]
mod tests {
    use super::super::table::steering;
    use super::*;

    fn mixed(path: &str, base: &str, new: &str) -> Option<String> {
        let part = steering(path).map(|row| row.part).unwrap();
        let mixed = steering_part(part, Some(base.as_bytes()), Some(new.as_bytes()), false)?;
        Some(String::from_utf8(mixed.unwrap_or_default()).unwrap())
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
        let back = mixed("Cargo.toml", base, cheat).unwrap();
        let expected = "[package]\nname = \"a\"\n[dependencies]\nb = \"1\"\n[lints.rust]\nunsafe_code = \"deny\"\n";
        assert_eq!(back, expected);
        let odd = "[tool.pytest.ini_options]\naddopts = \"--co\"\n[tool.poetry]\nname = \"a\"\n";
        assert_eq!(
            mixed("pyproject.toml", "", odd).as_deref(),
            Some("[tool.poetry]\nname = \"a\"\n")
        );
    }

    #[test]
    fn a_lock_follows_its_manifest() {
        let lock = Part::LockOf(&["package.json"]);
        assert_eq!(steering_part(lock, Some(b"1"), Some(b"2"), true), None);
        assert_eq!(steering_part(lock, Some(b"1"), Some(b"2"), false), Some(Some(b"1".to_vec())));
        assert_eq!(steering_part(Part::Whole, None, Some(b"2"), false), Some(None));
    }
}
