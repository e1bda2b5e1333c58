//! `answer`: answers the question of a blocked task.

use crate::cli::args::AnswerArgs;
use crate::cli::failure::Failure;
use crate::cli::learnt;
use crate::cli::session::Session;
use crate::cli::write::{self, stdin, tell};
use crate::project::verbs;

pub(super) fn run(args: &AnswerArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let text = if args.text == "-" { stdin()? } else { args.text.clone() };
    let text = text.trim_end();
    if text.is_empty() {
        return Err(Failure::usage("the answer is empty"));
    }
    let mut project = write::open(session, &args.queues)?;
    let known = args.known.as_deref();
    learnt::check(&project, std::slice::from_ref(&args.id), known)?;
    let done = verbs::answer(&mut project, &args.id, (text, known))?;
    tell(session, &done, "answered, pending again")
}
