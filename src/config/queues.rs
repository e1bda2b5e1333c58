//! Selects the queue files that the arguments refer to.

use super::find;
use super::globs;
use super::load::{self, ConfigError, Lookup, Overrides};
use super::model::Config;
use super::places::{self, FOLDERS, real_folder, relative};
use crate::domain::{Typed, nearest};
use std::path::{Path, PathBuf};

/// What the command line specifies about queues.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct QueueQuery {
    /// The working directory.
    pub cwd: PathBuf,
    /// Paths of queue files.
    pub paths: Vec<PathBuf>,
    /// `--project`.
    pub project: Option<String>,
    /// `--queue`.
    pub names: Vec<String>,
    /// Whether all queues that are found are selected if none is specified.
    pub all: bool,
}

/// The configuration, with the queues to which it applies.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection {
    /// The configuration.
    pub config: Config,
    /// The queues, each file once. There is at least one.
    pub queues: Vec<SelectedQueue>,
    /// How suggested commands name these queues.
    pub typed: Typed,
}

/// A queue file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectedQueue {
    /// The absolute path, without resolving symbolic links.
    pub path: PathBuf,
    /// The path for messages: as typed, or relative to the working directory.
    pub shown: PathBuf,
    /// The name in the configuration, or else the file stem.
    pub name: String,
    /// All names by which tasks of other queues may refer to it, including `name`.
    pub aliases: Vec<String>,
    /// The project under which the configuration lists it.
    pub project: Option<String>,
}

/// No queue was found, or not a specified one.
#[derive(Debug, thiserror::Error)]
pub enum SelectError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A file that does not exist.
    #[error("failed to find the queue {}{}", path.display(), did_you_mean(meant))]
    Missing {
        /// The path as given.
        path: PathBuf,
        /// The queue that was probably meant.
        meant: Option<String>,
    },
    /// The path is a folder, but a file is expected.
    #[error("{} is a folder, not a queue{}", path.display(), did_you_mean(meant))]
    Folder {
        /// The path as given.
        path: PathBuf,
        /// A queue in the folder that was probably meant.
        meant: Option<String>,
    },
    /// No queue was found.
    #[error("failed to find a queue: none in queues/ or tasks/ of {}", .0.display())]
    None(PathBuf),
    /// Several queues were found, and none was specified.
    #[error("failed to choose a queue: there are {}:{}", .0.len(), listed(.0))]
    Several(Vec<PathBuf>),
    /// The name of the project or queue is unknown.
    #[error("there is no {what} {name}{}{}", did_you_mean(nearest), others(known, nearest.is_some()))]
    Unknown {
        /// `project` or `queue`.
        what: &'static str,
        /// The name as given.
        name: String,
        /// The name that was probably meant.
        nearest: Option<String>,
        /// The known names.
        known: Vec<String>,
    },
    /// The queues have different configurations.
    #[error("failed to serve queues of different configurations together: {} and {}", shown(.0), shown(.1))]
    Mixed(Option<PathBuf>, Option<PathBuf>),
}

/// The maximum number of names that an error lists.
const LISTED: usize = 20;

fn did_you_mean(meant: &Option<String>) -> String {
    meant.as_ref().map_or_else(String::new, |meant| format!("; did you mean {meant}?"))
}

fn others(known: &[String], after_question: bool) -> String {
    let head = if after_question { " There are" } else { "; there are" };
    let more = if known.len() > LISTED { " and more" } else { "" };
    match known.get(..known.len().min(LISTED)) {
        None | Some([]) => String::new(),
        Some(shown) => format!("{head}: {}{more}", shown.join(", ")),
    }
}

fn listed(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| format!("\n  {}", path.display())).collect()
}

fn shown(config: &Option<PathBuf>) -> String {
    config.as_ref().map_or_else(|| "none".to_owned(), |path| path.display().to_string())
}

/// Returns the configuration and the queues that `query` selects.
///
/// # Errors
/// Returns [`SelectError`].
pub(crate) fn select(
    query: &QueueQuery,
    overrides: &Overrides,
    env: Lookup<'_>,
) -> Result<Selection, SelectError> {
    let mut config = find_config(query, overrides, env)?;
    load::overlay(&mut config, overrides, env)?;
    find_queues(query, config)
}

/// What was selected even though the configuration may have faults.
#[derive(Debug)]
pub struct Anyway {
    /// The queues, with the valid part of the configuration.
    pub selection: Result<Selection, SelectError>,
    /// The error of the configuration, if any.
    pub wrong: Option<ConfigError>,
}

/// Selects queues for verbs that only read, or that report on the configuration itself.
pub(crate) fn select_anyway(query: &QueueQuery, overrides: &Overrides, env: Lookup<'_>) -> Anyway {
    let (mut config, mut wrong) = match find_config(query, overrides, env) {
        Ok(config) => (config, None),
        Err(SelectError::Config(error)) => (error.rest(), Some(error)),
        Err(other) => return Anyway { selection: Err(other), wrong: None },
    };
    if let Err(error) = load::overlay(&mut config, overrides, env) {
        wrong = wrong.or(Some(error));
    }
    Anyway { selection: find_queues(query, config), wrong }
}

fn find_queues(query: &QueueQuery, config: Config) -> Result<Selection, SelectError> {
    for path in &query.paths {
        if !query.cwd.join(path).exists() {
            let meant = meant(path, query, &config);
            return Err(SelectError::Missing { path: path.clone(), meant });
        }
        let full = query.cwd.join(path);
        if full.is_dir() {
            let inside = globs::expand(&full, "*.json");
            let meant = inside.first().map(|path| relative(path, &query.cwd).display().to_string());
            return Err(SelectError::Folder { path: path.clone(), meant });
        }
    }
    let paths = if !query.paths.is_empty() {
        query.paths.iter().map(|path| query.cwd.join(path)).collect()
    } else if query.project.is_some() || !query.names.is_empty() {
        by_name(query, &config)?
    } else {
        by_default(query, &config)?
    };
    let mut queues: Vec<SelectedQueue> = Vec::new();
    let mut seen = Vec::new();
    for path in paths {
        let real = path.canonicalize().unwrap_or_else(|_| path.clone());
        if !seen.contains(&real) {
            queues.push(describe(path, &real, query, &config));
            seen.push(real);
        }
    }
    Ok(Selection { config, queues, typed: Typed::default() })
}

/// Returns the configuration file's settings for the named paths, or else for the working
/// directory.
///
/// # Errors
/// Returns an error if the file cannot be read or is refused.
pub(crate) fn find_config(
    query: &QueueQuery,
    overrides: &Overrides,
    env: Lookup<'_>,
) -> Result<Config, SelectError> {
    if let Some(path) = load::explicit(overrides, &query.cwd, env) {
        return Ok(load::load_named(&path)?);
    }
    let mut folders = query.paths.iter().map(|path| real_folder(&query.cwd.join(path)));
    let folder = folders.next().unwrap_or_else(|| query.cwd.clone());
    let found = find::find_upwards(&folder);
    if let Some(other) = folders.map(|other| find::find_upwards(&other)).find(|o| *o != found) {
        return Err(SelectError::Mixed(found, other));
    }
    if let Some(path) = found {
        return Ok(load::load_found(&path, &folder)?);
    }
    let below = places::config_below(&query.cwd).filter(|_| query.paths.is_empty());
    match below.as_ref().and_then(|path| Some((path, path.parent()?))) {
        Some((path, folder)) => Ok(load::load_found(path, folder)?),
        None => Ok(Config::default()),
    }
}

/// Returns the queue that was probably meant by a path that does not exist: one with a similar
/// name, in the same folder or where queues are searched for.
fn meant(path: &Path, query: &QueueQuery, config: &Config) -> Option<String> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let beside = globs::expand(&query.cwd.join(folder), "*.json");
    let found: Vec<PathBuf> =
        beside.into_iter().chain(config_queues(config)).chain(candidates(query, config)).collect();
    let has_end = path.extension().is_some();
    let name = |path: &Path| {
        let name = if has_end { path.file_name() } else { path.file_stem() };
        name.unwrap_or_default().to_string_lossy().into_owned()
    };
    let names: Vec<String> = found.iter().map(|path| name(path)).collect();
    let near = nearest(&name(path), names.iter().map(String::as_str))?;
    let at = names.iter().position(|name| name == near)?;
    Some(relative(&found[at], &query.cwd).display().to_string())
}

/// Resolves `--project` and `--queue`, by the configuration or else by file names.
fn by_name(query: &QueueQuery, config: &Config) -> Result<Vec<PathBuf>, SelectError> {
    let project = query.project.as_deref();
    let configured = project.and_then(|name| config.projects.get(name));
    if query.names.is_empty() {
        if let Some(found) = configured.filter(|found| !found.queues.is_empty()) {
            let default = found.queues.iter().filter(|(name, _)| name == "default");
            let default: Vec<PathBuf> = default.map(|(_, path)| path.clone()).collect();
            let all = found.queues.iter().map(|(_, path)| path.clone());
            return existing(if default.is_empty() { all.collect() } else { default });
        }
        return by_file_name(query, config, None).map(|path| vec![path]);
    }
    let queue = |name: &String| {
        let listed = config.projects.iter().filter(|(key, _)| project.is_none_or(|p| p == *key));
        let listed = listed.flat_map(|(_, project)| &project.queues).find(|(key, _)| key == name);
        match listed {
            Some((_, path)) => Ok(path.clone()),
            None => by_file_name(query, config, Some(name)),
        }
    };
    existing(query.names.iter().map(queue).collect::<Result<Vec<PathBuf>, _>>()?)
}

/// Finds `work_queue_<project>[_<queue>].json` or `<queue>.json` in `queues/` and `tasks/`.
fn by_file_name(
    query: &QueueQuery,
    config: &Config,
    queue: Option<&str>,
) -> Result<PathBuf, SelectError> {
    let files = match (query.project.as_deref(), queue) {
        (Some(project), None) => vec![format!("work_queue_{project}.json")],
        (Some(project), Some(queue)) => {
            vec![format!("work_queue_{project}_{queue}.json"), format!("{queue}.json")]
        }
        (None, queue) => vec![format!("{}.json", queue.unwrap_or_default())],
    };
    let in_globs = config_queues(config).into_iter();
    let in_globs = in_globs
        .filter(|path| path.file_stem().is_some_and(|s| Some(s) == queue.map(AsRef::as_ref)));
    let by_naming = files.iter().flat_map(|file| {
        let folders = bases(query, config).into_iter();
        folders.flat_map(move |base| FOLDERS.map(|folder| base.join(folder).join(file)))
    });
    by_naming
        .filter(|path| path.is_file())
        .chain(in_globs)
        .next()
        .ok_or_else(|| unknown(query, config, queue))
}

fn unknown(query: &QueueQuery, config: &Config, queue: Option<&str>) -> SelectError {
    let (what, name) = match (queue, &query.project) {
        (Some(queue), _) => ("queue", queue.to_owned()),
        (None, project) => ("project", project.clone().unwrap_or_default()),
    };
    let queues = config.projects.values().flat_map(|project| &project.queues);
    let stems: Vec<String> = candidates(query, config).iter().map(|path| stem(path)).collect();
    let known: Vec<&str> = if what == "queue" {
        queues.map(|(name, _)| name.as_str()).chain(stems.iter().map(String::as_str)).collect()
    } else {
        config.projects.keys().map(String::as_str).collect()
    };
    let nearest = nearest(&name, known.iter().copied()).map(ToOwned::to_owned);
    let mut all: Vec<String> = Vec::new();
    for name in known {
        if !all.iter().any(|other| other == name) {
            all.push(name.to_owned());
        }
    }
    SelectError::Unknown { what, name, nearest, known: all }
}

/// Returns the queues that the configuration lists, or else the only one in `queues/` or `tasks/`.
fn by_default(query: &QueueQuery, config: &Config) -> Result<Vec<PathBuf>, SelectError> {
    let listed = config_queues(config);
    if !listed.is_empty() {
        return existing(listed);
    }
    let mut found = candidates(query, config);
    match found.len() {
        0 => Err(SelectError::None(query.cwd.clone())),
        1 => Ok(found),
        _ if query.all => Ok(found),
        _ => {
            for path in &mut found {
                *path = relative(path, &query.cwd);
            }
            Err(SelectError::Several(found))
        }
    }
}

pub(super) fn config_queues(config: &Config) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = Vec::new();
    if let Some(folder) = config.folder() {
        paths.extend(config.queues.iter().flat_map(|glob| globs::expand(folder, glob)));
    }
    let projects = config.projects.values().flat_map(|project| &project.queues);
    paths.extend(projects.map(|(_, path)| path.clone()));
    paths
}

/// Returns every JSON file in `queues/` and `tasks/`.
fn candidates(query: &QueueQuery, config: &Config) -> Vec<PathBuf> {
    let bases = bases(query, config).into_iter();
    bases
        .flat_map(|base| FOLDERS.map(|f| globs::expand(&base, &format!("{f}/*.json"))))
        .flatten()
        .collect()
}

/// Returns the folders in which `queues/` and `tasks/` are searched for.
fn bases(query: &QueueQuery, config: &Config) -> Vec<PathBuf> {
    let mut bases = vec![query.cwd.clone()];
    let more = [config.folder().map(Path::to_owned), places::project_folder(&query.cwd)];
    for base in more.into_iter().flatten() {
        if !bases.contains(&base) {
            bases.push(base);
        }
    }
    bases
}

fn existing(paths: Vec<PathBuf>) -> Result<Vec<PathBuf>, SelectError> {
    match paths.iter().find(|path| !path.exists()) {
        Some(missing) => Err(SelectError::Missing { path: missing.clone(), meant: None }),
        None => Ok(paths),
    }
}

pub(super) fn describe(
    path: PathBuf,
    real: &Path,
    query: &QueueQuery,
    config: &Config,
) -> SelectedQueue {
    let is_it = |listed: &Path| listed.canonicalize().is_ok_and(|listed| listed == real);
    let entries = config.projects.iter().flat_map(|(project, section)| {
        section.queues.iter().map(move |(name, path)| (project, name, path))
    });
    let listed = entries.clone().find(|(_, _, path)| is_it(path));
    let stem = stem(real);
    // The name of the section is not used if queues of several projects share it.
    let name = listed
        .filter(|(_, name, _)| entries.clone().filter(|(_, other, _)| other == name).count() == 1)
        .map_or_else(|| stem.clone(), |(_, name, _)| name.clone());
    let mut aliases = vec![name.clone()];
    aliases.extend(Some(stem).filter(|stem| *stem != name));
    let shown = relative(&path, &query.cwd);
    let project = listed.map(|(project, ..)| project.clone());
    SelectedQueue { path, shown, name, aliases, project }
}

fn stem(path: &Path) -> String {
    path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
}
