//! `edit`: changes fields of a task from flags or JSON; without either, opens an editor.

mod editor;

use crate::cli::args::EditArgs;
use crate::cli::failure::Failure;
use crate::cli::fields::{given, said};
use crate::cli::session::Session;
use crate::cli::write::{self, tell, warn_of};
use crate::project::verbs::{self, Dropped, Edit};
use serde_json::Value;

pub(super) fn run(args: &EditArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let (json, queues) = args.split();
    if !args.says_what() {
        return editor::run(&args.id, &queues, session);
    }
    let said = said(&args.fields)?;
    if !args.drop_dependency.is_empty() && !args.fields.depends_on.is_empty() {
        let text = "--depends-on replaces the whole list; it cannot be used with --drop-dependency";
        return Err(Failure::usage(text));
    }
    let merge = match json.map(given).transpose()? {
        None => None,
        Some((text, Value::Object(merge))) => Some((text, merge)),
        Some(_) => return Err(Failure::usage("the changes must be a JSON object")),
    };
    let drop = Dropped { ids: args.drop_dependency.clone(), because: args.because.clone() };
    let edit = Edit { merge, unset: args.unset.clone(), said, drop };
    let mut project = write::open(session, &queues)?;
    let done = verbs::edit(&mut project, &args.id, &edit)?;
    tell(session, &done, "edited")?;
    warn_of(&project, &done, session)
}
