//! What the second judgement restores of a changed file: all of it, the part that steers, or the
//! tests inside.

use super::super::tamper::decides;
use crate::guardrails::{
    Part, Steering, Versions, is_test, may_have_tests, may_patch, only_removes_tests, steering,
    steering_part, tests_of, with_tests_of,
};
use crate::workspace::{Delta, GitError, Oid, PutTo, Repository};
use std::path::Path;

/// Larger files are not parsed.
const LIMIT: u64 = 4 << 20;

/// Returns what `path`, one of the changed files, is restored to; `None` if nothing of it judges or
/// steers. `is_named` says whether steps name it.
pub(super) fn restored(
    (repository, base): (&Repository, &Oid),
    (deltas, delta): (&[Delta], &Delta),
    path: &str,
    is_named: bool,
) -> Result<Option<PutTo>, GitError> {
    match (steering(path), is_named || is_test(path)) {
        (Some(Steering { part: Part::New, .. }), _)
            if delta.old.is_some() || !is_old_folder(repository, base, delta)? =>
        {
            Ok(None)
        }
        (Some(row), _) => put_back(repository, (deltas, delta), row.part),
        (None, true) => Ok(Some(PutTo::Base(delta.clone()))),
        (None, false) => inside(repository, delta, path),
    }
}

/// Returns a product file with the tests inside it as in the base; `None` if these are unchanged.
fn inside(repository: &Repository, delta: &Delta, path: &str) -> Result<Option<PutTo>, GitError> {
    let (Some((_, old)), Some((mode, new))) = (&delta.old, &delta.new) else { return Ok(None) };
    if !may_have_tests(path) {
        return Ok(None);
    }
    let read = |oid| repository.content(oid, LIMIT);
    let (Some(base), Some(new)) = (read(old)?, read(new)?) else { return Ok(None) };
    let both = (std::str::from_utf8(&base), std::str::from_utf8(&new));
    let (Ok(base), Ok(new)) = both else { return Ok(None) };
    let mixed = with_tests_of(base, new);
    Ok(mixed.map(|text| PutTo::Content(delta.path.clone(), mode.clone(), text.into_bytes())))
}

/// Returns whether a change of a test file, or of the tests inside a product file, only removes
/// tests.
pub(super) fn removes_tests(
    repository: &Repository,
    delta: &Delta,
    (path, is_inside): (&str, bool),
) -> Result<bool, GitError> {
    let (Some((_, old)), Some((_, new))) = (&delta.old, &delta.new) else { return Ok(false) };
    if !is_inside && !is_test(path) {
        return Ok(false);
    }
    let read = |oid| repository.content(oid, LIMIT);
    let (Some(base), Some(new)) = (read(old)?, read(new)?) else { return Ok(false) };
    let both = (std::str::from_utf8(&base), std::str::from_utf8(&new));
    let (Ok(base), Ok(new)) = both else { return Ok(false) };
    Ok(match is_inside {
        true => only_removes_tests(path, &tests_of(base), &tests_of(new)),
        false => only_removes_tests(path, base, new),
    })
}

/// Returns whether a new test may change what other tests do. One that cannot be read may.
pub(super) fn patches(
    repository: &Repository,
    delta: &Delta,
    path: &str,
) -> Result<bool, GitError> {
    let Some((_, new)) = &delta.new else { return Ok(false) };
    let text = repository.content(new, LIMIT)?;
    let text = text.and_then(|bytes| String::from_utf8(bytes).ok());
    Ok(may_patch(path, text.as_deref().unwrap_or("setattr")))
}

/// Returns whether a shell script decided something at the base.
pub(super) fn decided(repository: &Repository, delta: &Delta) -> Result<bool, GitError> {
    let Some((_, old)) = &delta.old else { return Ok(false) };
    let base = repository.content(old, LIMIT)?.unwrap_or_default();
    Ok(decides(&String::from_utf8_lossy(&base)))
}

/// Returns whether a manifest next to a lock file changed as well.
fn follows(deltas: &[Delta], lock: &Delta, part: Part) -> bool {
    let Part::LockOf(manifests) = part else { return false };
    let folder = lock.path.parent();
    deltas.iter().any(|other| {
        let name = other.path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        // In a workspace, the lock may follow the manifest of any member.
        manifests.contains(&name) && folder.is_none_or(|folder| other.path.starts_with(folder))
    })
}

/// Returns whether the folder of a new file has files in the base.
fn is_old_folder(repository: &Repository, base: &Oid, delta: &Delta) -> Result<bool, GitError> {
    let Some(folder) = delta.path.parent() else { return Ok(false) };
    let paths = repository.paths_of(base)?;
    Ok(paths.iter().any(|path| Path::new(path).starts_with(folder)))
}

/// Returns whether the change removed the file `named` in a manifest, or the manifest in the folder
/// of that name.
fn is_gone(deltas: &[Delta], manifest: &Path, named: &str) -> bool {
    let path = manifest.parent().unwrap_or(manifest).join(named.trim_start_matches("./"));
    let inside = manifest.file_name().map(|name| path.join(name));
    deltas.iter().any(|delta| {
        delta.new.is_none() && (delta.path == path || Some(&delta.path) == inside.as_ref())
    })
}

/// Returns what a steering file is restored to; `None` if the part of it that steers is unchanged.
fn put_back(
    repository: &Repository,
    (deltas, delta): (&[Delta], &Delta),
    part: Part,
) -> Result<Option<PutTo>, GitError> {
    let follows = follows(deltas, delta, part);
    match part {
        Part::LockOf(_) if follows => return Ok(None),
        Part::Whole | Part::New | Part::LockOf(_) => return Ok(Some(PutTo::Base(delta.clone()))),
        Part::Json(_) | Part::Toml(_) => {}
    }
    let read = |side: &Option<(String, Oid)>| match side {
        Some((mode, oid)) if mode.starts_with("100") => repository.content(oid, LIMIT),
        Some(_) | None => Ok(None),
    };
    let (base, new) = (read(&delta.old)?, read(&delta.new)?);
    let is_whole = (base.is_none() && delta.old.is_some()) || new.is_none();
    if is_whole {
        return Ok(Some(PutTo::Base(delta.clone())));
    }
    let mode = delta.new.as_ref().map_or("100644", |(mode, _)| mode);
    let mixed = steering_part(
        part,
        Versions { base: base.as_deref(), new: new.as_deref() },
        follows,
        &|path| is_gone(deltas, &delta.path, path),
    );
    Ok(mixed.map(|content| match content {
        Some(content) => PutTo::Content(delta.path.clone(), mode.to_owned(), content),
        None => PutTo::Base(delta.clone()),
    }))
}

#[cfg(test)]
mod tests;
