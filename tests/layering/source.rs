//! A source file as text: its code without tests, and the paths in it that lead to modules of this
//! crate.

/// A source file: its path below `src/` and its text.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// A path in a source: its line, and its names from the root of the crate.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Named {
    pub(crate) line: usize,
    pub(crate) names: Vec<String>,
}

impl Source {
    pub(crate) fn folder(&self) -> String {
        let first = self.path.split('/').next().unwrap_or_default();
        first.strip_suffix(".rs").unwrap_or(first).to_owned()
    }

    /// Returns the names of the modules from the root of the crate to this file.
    pub(crate) fn module(&self) -> Vec<String> {
        let path = self.path.strip_suffix(".rs").unwrap_or(&self.path);
        let path = path.strip_suffix("/mod").unwrap_or(path);
        let names = path.split('/').filter(|part| !matches!(*part, "lib" | "main"));
        names.map(String::from).collect()
    }

    pub(crate) fn is_test(&self) -> bool {
        self.path.split('/').any(|part| part == "tests" || part.ends_with("tests.rs"))
    }

    /// Returns the lines with their numbers, without comments and without test-only items.
    fn lines(&self) -> Vec<(usize, &str)> {
        let mut kept = Vec::new();
        let mut lines = self.text.lines().enumerate();
        while let Some((number, line)) = lines.next() {
            if line.trim() == "#[cfg(test)]" {
                skip_item(line.len() - line.trim_start().len(), &mut lines);
                continue;
            }
            let comment =
                if line.trim_start().starts_with("//") { Some(0) } else { line.find(" //") };
            kept.push((number + 1, &line[..comment.unwrap_or(line.len())]));
        }
        kept
    }

    pub(crate) fn lines_without_tests(&self) -> usize {
        self.lines().len()
    }

    pub(crate) fn code(&self) -> Code {
        let mut code = Code { text: String::new(), starts: Vec::new() };
        for (number, line) in self.lines() {
            code.starts.push((code.text.len(), number));
            code.text.push_str(line);
            code.text.push('\n');
        }
        code
    }
}

/// The code of a file as one text.
pub(crate) struct Code {
    pub(crate) text: String,
    /// For each kept line, its offset in the text and its number in the file.
    starts: Vec<(usize, usize)>,
}

impl Code {
    fn line_at(&self, offset: usize) -> usize {
        let index = self.starts.partition_point(|(start, _)| *start <= offset);
        self.starts[index.saturating_sub(1)].1
    }

    /// Returns the paths that the module `here` writes with `crate::`, `super::` or `self::`, or
    /// with the name of one of its `children`.
    pub(crate) fn paths(&self, here: &[String], children: &[&str]) -> Vec<Named> {
        let mut found = Vec::new();
        let mut add = |base: &[String], offset: usize, rest: &str| {
            // `pub(in crate::queue)` is a visibility and imports nothing.
            if self.text[..offset].ends_with("(in ") {
                return;
            }
            for leaf in leaves(rest) {
                let names = [base, &leaf.names].concat();
                found.push(Named { line: self.line_at(offset), names });
            }
        };
        let roots = paths_from(&self.text, "crate::").chain(paths_from(&self.text, "workloop::"));
        for (offset, rest) in roots {
            add(&[], offset, rest);
        }
        for (offset, rest) in paths_from(&self.text, "self::") {
            add(here, offset, rest);
        }
        for (offset, rest) in paths_from(&self.text, "super::") {
            let more = rest.split("super::").take_while(|part| part.is_empty()).count();
            if let Some(depth) = here.len().checked_sub(1 + more) {
                add(&here[..depth], offset, &rest["super::".len() * more..]);
            }
        }
        for child in children {
            let base = [here, &[(*child).to_owned()]].concat();
            for (offset, rest) in paths_from(&self.text, &format!("{child}::")) {
                add(&base, offset, rest);
            }
        }
        found.sort();
        found
    }

    /// Removes the statements `pub use …;`. Returns the line of each, and the text between `use`
    /// and `;`.
    pub(crate) fn take_re_exports(&mut self) -> Vec<(usize, String)> {
        let mut taken = Vec::new();
        let mut from = 0;
        while let Some(at) = self.text[from..].find("pub") {
            let start = from + at;
            from = start + "pub".len();
            let rest = &self.text[from..];
            let behind = match rest.strip_prefix('(') {
                Some(inner) => inner.find(')').map_or(rest, |end| &inner[end + 1..]),
                None => rest,
            };
            let Some(path) = behind.strip_prefix(" use ") else { continue };
            let Some(length) = path.find(';') else { continue };
            taken.push((self.line_at(start), path[..length].to_owned()));
            let end = self.text.len() - path.len() + length;
            // Blanks keep the offsets of all other lines.
            self.text.replace_range(start..end, &" ".repeat(end - start));
            from = end;
        }
        taken
    }

    /// Returns whether the code contains `name` as a word.
    pub(crate) fn says(&self, name: &str) -> bool {
        let mut found = self.text.match_indices(name);
        found.any(|(at, _)| {
            let before = self.text[..at].chars().next_back();
            !before.is_some_and(is_part) && word(&self.text[at..]) == name
        })
    }
}

/// Skips the item that begins here, up to its semicolon or comma, or up to its closing brace at the
/// same indent, which is where rustfmt puts it.
fn skip_item<'a>(indent: usize, lines: &mut impl Iterator<Item = (usize, &'a str)>) {
    let end = format!("{}}}", " ".repeat(indent));
    let mut attributes = true;
    for (_, line) in lines {
        attributes = attributes && line.trim_start().starts_with("#[");
        let closed = line == end || line.ends_with('}') && line.contains('{');
        let single = line.ends_with(';') || line.ends_with(',');
        let top = line.len() - line.trim_start().len() == indent;
        if !attributes && top && (closed || single) {
            return;
        }
    }
}

fn is_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Returns the offset of each `prefix` that starts a path, and the text after it.
fn paths_from<'a>(text: &'a str, prefix: &str) -> impl Iterator<Item = (usize, &'a str)> {
    text.match_indices(prefix).filter_map(move |(offset, found)| {
        let before = text[..offset].chars().next_back();
        let starts = !before.is_some_and(|c| is_part(c) || matches!(c, '$' | ':'));
        starts.then(|| (offset, &text[offset + found.len()..]))
    })
}

fn word(text: &str) -> &str {
    &text[..text.find(|c| !is_part(c)).unwrap_or(text.len())]
}

/// A path as it is written, and its alias if it has one (`as`).
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Leaf {
    pub(crate) names: Vec<String>,
    pub(crate) alias: Option<String>,
}

/// Returns a path, or each path in a group: `{a::b, c::{self, d as e}}` contains `a::b`, `c`, and
/// `c::d` as `e`.
pub(crate) fn leaves(rest: &str) -> Vec<Leaf> {
    if let Some(group) = rest.strip_prefix('{') {
        return items(group).into_iter().flat_map(leaves).collect();
    }
    let name = word(rest);
    let behind = &rest[name.len()..];
    if name.is_empty() || behind.is_empty() && name == "self" {
        return vec![Leaf::default()];
    }
    let Some(deeper) = behind.strip_prefix("::") else {
        let alias = behind.strip_prefix(" as ").map(|alias| word(alias).to_owned());
        return vec![Leaf { names: vec![name.to_owned()], alias }];
    };
    let mut found = leaves(deeper);
    found.iter_mut().for_each(|leaf| leaf.names.insert(0, name.to_owned()));
    found
}

/// Returns the paths of a group, up to its closing brace.
fn items(group: &str) -> Vec<&str> {
    let mut items = Vec::new();
    let mut depth = 0_usize;
    let mut start = 0;
    for (offset, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                items.push(group[start..offset].trim());
                start = offset + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    items.retain(|item| !item.is_empty());
    items
}
