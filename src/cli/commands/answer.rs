//! `answer`: the question of a blocked task, answered.

use super::human::{Desk, make, stdin, tell};
use crate::cli::args::AnswerArgs;
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::domain::{Field, ReasonCode, Transition};
use serde_json::Value;

pub(super) fn run(args: &AnswerArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let text = if args.text == "-" { stdin()? } else { args.text.clone() };
    let text = text.trim_end().to_owned();
    if text.is_empty() {
        return Err(Failure::usage("the answer is empty"));
    }
    let mut desk = Desk::open(session, &args.queues)?;
    let done = desk.each(std::slice::from_ref(&args.id), |draft, place| {
        let queue = &draft.queues()[place.queue];
        let error = queue.text(place.task, Field::Error);
        let question = error.as_deref().and_then(ReasonCode::asked);
        let question = question.map(|(_, question)| question.to_owned());
        let earlier = match queue.value(place.task, Field::Answers) {
            Some(Value::Array(earlier)) => earlier,
            _ => Vec::new(),
        };
        make(draft, place, &Transition::Answer { question, earlier, text: text.clone() })
    })?;
    tell(session, &done, "answered, pending again")
}
