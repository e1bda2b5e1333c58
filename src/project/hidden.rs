//! Checks whether the folders of hidden steps can be laid over judge trees of a project.

use crate::config::Config;
use crate::workspace::Repository;
use std::path::Path;

/// Returns the problems with the configured hidden folders in the project at `root`, as sentences.
pub(crate) fn problems(config: &Config, repository: &Repository, root: &Path) -> Vec<String> {
    let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let inside = [root.as_path(), repository.top(), repository.common()];
    let one = |name: &str, hidden: &Path| {
        let shown = hidden.display();
        let what = match hidden.canonicalize() {
            Err(error) => format!("{shown} cannot be used: {error}"),
            Ok(real) if !real.is_dir() => format!("{shown} is not a folder"),
            Ok(real) if inside.iter().any(|taken| real.starts_with(taken)) => {
                format!("{shown} is in the project, where agents can read it: move it outside")
            }
            Ok(real) if inside.iter().any(|taken| taken.starts_with(&real)) => {
                format!("{shown} contains the project itself: use a folder outside of it")
            }
            Ok(_) => return None,
        };
        Some(format!("hidden of step {name}: {what}"))
    };
    let steps = config.steps.iter();
    steps.filter_map(|step| one(&step.name, step.rules.step.hidden.as_ref()?)).collect()
}
