//! `explain`: explains a reason code.

use crate::cli::args::ExplainArgs;
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::config::nearest;
use crate::domain::ReasonCode;
use crate::views::explain::{Explanation, explain, list};
use crate::views::json;

pub(super) fn run(args: &ExplainArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let Some(word) = &args.code else {
        if args.json {
            let all: Vec<Explanation> = ReasonCode::ALL.into_iter().map(explain).collect();
            return Ok(json::write(&all, &mut session.streams.out)?);
        }
        return session.print(list());
    };
    let Some(code) = ReasonCode::from_word(word) else {
        let near = nearest(word, ReasonCode::ALL.iter().map(|code| code.word()));
        let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        return Err(Failure::usage(format_args!("there is no reason code `{word}`{near}"))
            .hint("workloop explain lists all of them"));
    };
    let said = explain(code);
    if args.json {
        return Ok(json::write(&said, &mut session.streams.out)?);
    }
    let look = session.look();
    session.print(said.text(look))
}
