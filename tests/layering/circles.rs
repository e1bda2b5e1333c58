//! Files and folders that import each other, at any depth.
//!
//! A re-export does not count as an import of the re-exporting file: a path through it leads to the
//! file that defines the name.

use crate::source::{Code, Named, Source, leaves};
use std::collections::{BTreeMap, BTreeSet};

/// An import of one file by another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Arrow {
    pub(crate) from: String,
    pub(crate) line: usize,
    pub(crate) to: String,
}

/// The file of each module; several if the target system selects one of them.
type Files<'s> = BTreeMap<Vec<String>, Vec<&'s Source>>;

/// The modules of a crate.
struct Crate<'s> {
    files: Files<'s>,
    /// The re-exports: from module and name to the path that is re-exported.
    names: BTreeMap<(Vec<String>, String), Vec<String>>,
}

/// Returns the imports between the files, without tests.
pub(crate) fn arrows(sources: &[Source]) -> BTreeSet<Arrow> {
    let files = modules(sources);
    let mut all = Crate { names: BTreeMap::new(), files };
    let mut used = Vec::new();
    let each = all.files.iter().flat_map(|(module, own)| own.iter().map(move |one| (module, *one)));
    for (module, source) in each {
        let mut code = source.code();
        let children = children(&all.files, module);
        let exports = re_exports(module, &mut code, &children);
        let mut paths = code.paths(module, &children);
        for (name, named) in exports {
            all.names.insert((module.clone(), name.clone()), named.names.clone());
            // A re-exported name may also be used in the same file.
            paths.extend(Some(named).filter(|_| code.says(&name)));
        }
        used.push((source, paths));
    }
    let mut found = BTreeSet::new();
    for (source, paths) in used {
        for Named { line, names } in paths {
            let to = all.defines(names).iter().filter(|to| to.path != source.path);
            let from = &source.path;
            found.extend(to.map(|to| Arrow { from: from.clone(), line, to: to.path.clone() }));
        }
    }
    found
}

/// Returns the file of each module. A file that another file names with `#[path]` is a module of
/// that file.
fn modules(sources: &[Source]) -> Files<'_> {
    let sources = || sources.iter().filter(|source| !source.is_test());
    let mut files: Files<'_> = sources().map(|source| (source.module(), vec![source])).collect();
    // No path can end in the root of the crate.
    files.remove(&Vec::new());
    for source in sources() {
        for part in source.text.split("#[path = \"").skip(1) {
            let Some((file, rest)) = part.split_once("\"]") else { continue };
            let Some((_, name)) = rest.split_once("mod ") else { continue };
            let Some((name, _)) = name.split_once(';') else { continue };
            let folder = source.path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let path = format!("{folder}/{file}");
            if let Some(named) = sources().find(|other| other.path == path) {
                files.remove(&named.module());
                let module = [source.module(), vec![name.to_owned()]].concat();
                files.entry(module).or_default().push(named);
            }
        }
    }
    files
}

fn children<'f>(files: &'f Files<'_>, module: &[String]) -> Vec<&'f str> {
    let inside = files.keys().filter(|other| other.len() == module.len() + 1);
    let inside = inside.filter(|other| other.starts_with(module));
    inside.filter_map(|other| other.last()).map(String::as_str).collect()
}

/// Returns the re-exports of a module, by their names there, and removes them from the code.
fn re_exports(module: &[String], code: &mut Code, children: &[&str]) -> Vec<(String, Named)> {
    let mut found = Vec::new();
    for (line, statement) in code.take_re_exports() {
        for leaf in leaves(&statement) {
            let Some(names) = absolute(module, children, &leaf.names) else { continue };
            if let Some(name) = leaf.alias.or_else(|| names.last().cloned()) {
                found.push((name, Named { line, names }));
            }
        }
    }
    found
}

/// Resolves a path that is written in a module to one from the root of the crate. Returns `None`
/// for a path of another crate.
fn absolute(module: &[String], children: &[&str], path: &[String]) -> Option<Vec<String>> {
    match path.first()?.as_str() {
        "crate" => Some(path[1..].to_vec()),
        "self" => Some([module, &path[1..]].concat()),
        "super" => {
            let up = path.iter().take_while(|name| *name == "super").count();
            let base = module.get(..module.len().checked_sub(up)?)?;
            Some([base, &path[up..]].concat())
        }
        name if children.contains(&name) => Some([module, path].concat()),
        _ => None,
    }
}

impl<'s> Crate<'s> {
    /// Returns the files that define what the path leads to; none if that is another crate.
    fn defines(&self, mut path: Vec<String>) -> &[&'s Source] {
        // Chains of re-exports are finite, because the code compiles.
        for _ in 0..8 {
            let module = (1..=path.len()).rev().find(|n| self.files.contains_key(&path[..*n]));
            let Some(length) = module else { return &[] };
            let (module, rest) = path.split_at(length);
            let name = rest.first().cloned().unwrap_or_default();
            match self.names.get(&(module.to_vec(), name)) {
                Some(real) => path = [real, rest.get(1..).unwrap_or_default()].concat(),
                None => return self.files.get(module).map_or(&[], Vec::as_slice),
            }
        }
        &[]
    }
}

/// Returns the imports by which files and folders of one folder import each other, directly or
/// indirectly, as one list for each group. Files that import each other are always part of such a
/// group.
pub(crate) fn circles(arrows: &BTreeSet<Arrow>) -> Vec<Vec<Arrow>> {
    let apart: Vec<(String, String, &Arrow)> = arrows.iter().map(apart).collect();
    let mut next: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (from, to, _) in &apart {
        next.entry(from).or_default().insert(to);
    }
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        next.keys().map(|from| (*from, reached(from, &next))).collect();
    let mut groups = BTreeSet::new();
    for (from, all) in &reached {
        let back = |other: &&&str| reached.get(**other).is_some_and(|all| all.contains(from));
        let group: BTreeSet<&str> = all.iter().filter(back).copied().collect();
        if !group.is_empty() {
            groups.insert(group);
        }
    }
    let with_arrows = |group: BTreeSet<&str>| {
        let inside = apart
            .iter()
            .filter(|(from, to, _)| group.contains(from.as_str()) && group.contains(to.as_str()));
        inside.map(|(_, _, arrow)| (*arrow).clone()).collect()
    };
    groups.into_iter().map(with_arrows).collect()
}

/// Returns the file or folder of each side in the deepest folder that contains both files.
fn apart(arrow: &Arrow) -> (String, String, &Arrow) {
    let [from, to] = [&arrow.from, &arrow.to].map(|path| path.split('/').collect::<Vec<_>>());
    let shared = from.iter().zip(&to).take_while(|(one, other)| one == other).count();
    (from[..=shared].join("/"), to[..=shared].join("/"), arrow)
}

/// Returns everything that `from` imports, directly or indirectly.
fn reached<'a>(from: &str, next: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    let mut open: Vec<&str> = next.get(from).into_iter().flatten().copied().collect();
    while let Some(file) = open.pop() {
        if seen.insert(file) {
            open.extend(next.get(file).into_iter().flatten().copied());
        }
    }
    seen
}
