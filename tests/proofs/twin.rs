//! The broken twin: the same program built with the feature `seeded-faults`.

use crate::chance::say;
use crate::sandbox::Sandbox;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Returns the twin's binary, built once; `None`, with a message, if it cannot be built.
pub(crate) fn twin() -> Option<&'static Path> {
    static TWIN: OnceLock<Option<PathBuf>> = OnceLock::new();
    TWIN.get_or_init(build).as_deref()
}

/// Makes `sandbox` run the twin with these faults, separated by commas. Returns `None` if there is no
/// twin.
pub(crate) fn broken(mut sandbox: Sandbox, faults: &str) -> Option<Sandbox> {
    sandbox.program = twin()?.into();
    sandbox.variables.push(("WORKLOOP_FAULT".to_owned(), faults.to_owned()));
    Some(sandbox)
}

fn build() -> Option<PathBuf> {
    if let Some(built) = std::env::var_os("WORKLOOP_PROOF_TWIN") {
        return Some(built.into());
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = Path::new(env!("CARGO_BIN_EXE_workloop")).ancestors().nth(2)?.join("faults");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--quiet", "--offline", "--bin", "workloop", "--features", "seeded-faults"])
        .arg("--target-dir")
        .arg(&target)
        .current_dir(root)
        .output();
    match built {
        Ok(output) if output.status.success() => Some(target.join("debug/workloop")),
        Ok(output) => {
            let why = String::from_utf8_lossy(&output.stderr);
            say(&format!("SKIPPED: the broken twin cannot be built here:\n{why}"));
            None
        }
        Err(error) => {
            say(&format!("SKIPPED: the broken twin cannot be built here: {error}"));
            None
        }
    }
}
