//! The verbs, one file each.

mod add;
mod agents;
mod answer;
mod approve;
mod block;
mod blockers;
mod board;
mod cancel;
mod check;
mod completions;
mod diff;
mod doctor;
mod done;
mod edit;
mod events;
mod explain;
mod graph;
mod help;
mod init;
mod land;
mod log;
mod man;
mod next;
mod park;
mod pause;
mod plan;
mod progress;
mod prompt;
mod release;
mod report;
mod reset;
mod resume;
mod retry;
mod run;
mod schema;
mod since;
mod status;
mod stop;
mod stuck;
mod unpark;
mod verify;
mod wait;
mod why;
mod workspace;

use super::args::Verb;
use super::failure::Failure;
use super::session::Session;

/// Runs the verb.
pub(super) fn dispatch(verb: Verb, session: &mut Session<'_>) -> Result<(), Failure> {
    match verb {
        Verb::Init(args) => init::run(&args, session),
        Verb::Run(args) => run::run(&args, session),
        Verb::Status(args) => status::run(&args, session),
        Verb::Since(args) => since::run(&args, session),
        Verb::Stuck(args) => stuck::run(&args, session),
        Verb::Blockers(args) => blockers::run(&args, session),
        Verb::Next(args) => next::run(&args, session),
        Verb::Why(args) => why::run(&args, session),
        Verb::Check(args) => check::run(&args, session),
        Verb::Plan(args) => plan::run(&args, session),
        Verb::Board(args) => board::run(&args, session),
        Verb::Report(args) => report::run(&args, session),
        Verb::Graph(args) => graph::run(&args, session),
        Verb::Prompt(args) => prompt::run(&args, session),
        Verb::Add(args) => add::run(&args, session),
        Verb::Edit(args) => edit::run(&args, session),
        Verb::Approve(args) => approve::run(&args, session),
        Verb::Answer(args) => answer::run(&args, session),
        Verb::Done(args) => done::run(&args, session),
        Verb::Verify(args) => verify::run(&args, session),
        Verb::Retry(args) => retry::run(&args, session),
        Verb::Reset(args) => reset::run(&args, session),
        Verb::Cancel(args) => cancel::run(&args, session),
        Verb::Block(args) => block::run(&args, session),
        Verb::Park(args) => park::run(&args, session),
        Verb::Unpark(args) => unpark::run(&args, session),
        Verb::Release(args) => release::run(&args, session),
        Verb::Progress(args) => progress::run(&args, session),
        Verb::Wait(args) => wait::run(&args, session),
        Verb::Stop(args) => stop::run(&args, session),
        Verb::Pause(args) => pause::run(&args, session),
        Verb::Resume(args) => resume::run(&args, session),
        Verb::Diff(args) => diff::run(&args, session),
        Verb::Workspace(args) => workspace::run(&args, session),
        Verb::Land(args) => land::run(&args, session),
        Verb::Log(args) => log::run(&args, session),
        Verb::Events(args) => events::run(&args, session),
        Verb::Doctor(args) => doctor::run(&args, session),
        Verb::Help(args) => help::run(&args, session),
        Verb::Agents(args) => agents::run(&args, session),
        Verb::Explain(args) => explain::run(&args, session),
        Verb::Schema(args) => schema::run(&args, session),
        Verb::Completions(args) => completions::run(&args, session),
        Verb::Man(args) => man::run(&args, session),
    }
}
