//! `edit` in an editor: edits a copy, and merges it by key under the lock.
//!
//! Loops continue while the editor is open. Changes made to the file meanwhile are kept. A key that
//! changed differently in the file and in the copy is a conflict; the copy is then kept.

use crate::cli::args::QueueArgs;
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::cli::write::{self, json_problem, tell, warn_of};
use crate::platform::editor;
use crate::platform::ids::{Ids, RandomIds};
use crate::platform::open::{self, Links};
use crate::project::{Among, verbs};
use crate::queue::as_written;
use crate::views::escape;
use serde_json::{Map, Value};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The maximum size of an edited copy, in bytes.
const COPY_BYTES: u64 = 64 << 20;

pub(super) fn run(id: &str, queues: &QueueArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    if !session.interactive() {
        return Err(Failure::usage("there is no terminal to open an editor on").hint(
            "give the changes by flags, such as --title, or as a JSON object on stdin with -",
        ));
    }
    let mut project = write::open(session, queues)?;
    let place = project.resolve(id, Among::Served)?;
    let original = project.queues()[place.queue].task_text(place.task).to_owned();
    let base: Map<String, Value> = serde_json::from_str(&original).unwrap_or_default();
    let pretty = serde_json::to_string_pretty(&base).map_err(Failure::internal)?;
    let shown = as_written(&pretty, &original) + "\n";
    let copy = make_copy(&shown)?;
    let kept =
        |failure: Failure| failure.hint(format_args!("your text is kept in {}", copy.display()));
    let Some((text, edited)) = edited(&copy, session).map_err(kept)? else {
        let text = "nothing was changed";
        return Err(kept(Failure::usage(text)));
    };
    let merged = verbs::merge(&mut project, id, &base, (&text, &edited));
    let (done, changed) = merged.map_err(|error| kept(error.into()))?;
    // A leftover copy only costs space.
    drop(fs::remove_file(&copy));
    tell(session, &done, if changed { "edited" } else { "not changed" })?;
    warn_of(&project, &done, session)
}

/// A task: its text and its members.
type Edited = (String, Map<String, Value>);

/// Opens the editor until the text is valid. Returns the edited task; `None` if the person gave up.
fn edited(copy: &Path, session: &mut Session<'_>) -> Result<Option<Edited>, Failure> {
    let name = session.world.text("VISUAL").or_else(|| session.world.text("EDITOR"));
    let name = name.unwrap_or_else(|| "vi".to_owned());
    loop {
        let code = editor::edit(&name, copy)?;
        if code != 0 {
            let text = format!("the editor {name} ended with exit status {code}");
            return Err(Failure::usage(text));
        }
        let text = open::read_text(copy, Links::Refuse, COPY_BYTES)?;
        let problem = match serde_json::from_str::<Value>(&text) {
            Ok(Value::Object(edited)) => return Ok(Some((text, edited))),
            Ok(_) => format!("{}:1:1: a task is a JSON object", copy.display()),
            Err(error) => json_problem(&error, &copy.display().to_string()),
        };
        writeln!(session.streams.err, "error: {}", escape::line(&problem))?;
        if !again(session)? {
            return Ok(None);
        }
    }
}

fn again(session: &mut Session<'_>) -> Result<bool, Failure> {
    write!(session.streams.err, "Edit again? [Y/n] ")?;
    session.streams.err.flush()?;
    let mut line = String::new();
    let read = io::stdin().read_line(&mut line)?;
    Ok(read > 0 && !line.trim().to_lowercase().starts_with('n'))
}

/// Creates a private file for the editor.
fn make_copy(text: &str) -> Result<PathBuf, Failure> {
    let path = std::env::temp_dir().join(format!("workloop-edit-{}.json", RandomIds.hex8()));
    open::new(&path).and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| {
        Failure::internal(format_args!("failed to write {}: {error}", path.display()))
    })?;
    Ok(path)
}
