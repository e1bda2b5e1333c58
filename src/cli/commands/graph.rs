//! `graph`: prints the dependency graph as Mermaid, DOT or JSON.

use crate::cli::args::{GraphArgs, GraphFormat};
use crate::cli::failure::Failure;
use crate::cli::filter::scope;
use crate::cli::read::Reading;
use crate::cli::session::Session;
use crate::plan::{self, Node, Picture, Workload};
use crate::views::{graph, json};
use std::io::{BufWriter, Write};

/// Mermaid renderers refuse graphs with this many edges unless their `maxEdges` is raised.
const MERMAID: usize = 500;

pub(super) fn run(args: &GraphArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let selection = session.select_to_read(&args.queues)?;
    let scope = scope(&args.filter, &[]);
    let mut reading = Reading::open(session, selection)?.ranked();
    reading.refuse_empty(&args.filter)?;
    let format = if args.json { GraphFormat::Json } else { args.format };
    let lines = reading.look(|snapshot| {
        let structure = snapshot.structure;
        let selected = |node: Node| snapshot.includes(&scope, node);
        let work = Workload::new(&structure.graph, snapshot.tasks, &structure.estimates, selected);
        let critical = plan::critical_path(&work);
        let sources = snapshot.sources();
        let title = |node: Node| sources.title(node);
        let picture = Picture {
            readiness: snapshot.readiness,
            critical: &critical,
            title: &title,
            selected: &selected,
            all: args.all,
        };
        let out = &mut session.streams.out;
        if format == GraphFormat::Json {
            return json::write(&graph::view(&sources, &picture), out).map(|()| 0);
        }
        let mut out = BufWriter::with_capacity(64 << 10, out);
        let lines = match format {
            GraphFormat::Dot => {
                picture.dot(&mut out)?;
                0
            }
            GraphFormat::Mermaid | GraphFormat::Json => {
                picture.mermaid(&mut out)?;
                picture.edges().count()
            }
        };
        out.flush().map(|()| lines)
    })?;
    session.streams.out.flush()?;
    if lines >= MERMAID {
        let text = format!(
            "warning: Mermaid draws fewer than {MERMAID} edges unless maxEdges is raised, and this graph has \
             {lines}; a filter such as --phase draws a part, --format dot has no limit"
        );
        writeln!(session.streams.err, "{text}")?;
    }
    Ok(())
}
