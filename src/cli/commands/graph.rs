//! `graph`: prints the dependency graph as Mermaid, DOT or JSON.

use crate::cli::args::{GraphArgs, GraphFormat};
use crate::cli::failure::Failure;
use crate::cli::filter::scope;
use crate::cli::read::Reading;
use crate::cli::session::Session;
use crate::plan::{self, Node, Picture, Workload};
use crate::views::{graph, json};
use std::io::{BufWriter, Write};

pub(super) fn run(args: &GraphArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let selection = session.select_to_read(&args.queues)?;
    let scope = scope(&args.filter, &[]);
    let mut reading = Reading::open(session, selection)?.ranked();
    reading.refuse_empty(&args.filter)?;
    let format = if args.json { GraphFormat::Json } else { args.format };
    reading.look(|snapshot| {
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
            return json::write(&graph::view(&sources, &picture), out);
        }
        let mut out = BufWriter::with_capacity(64 << 10, out);
        match format {
            GraphFormat::Dot => picture.dot(&mut out)?,
            GraphFormat::Mermaid | GraphFormat::Json => picture.mermaid(&mut out)?,
        }
        out.flush()
    })?;
    Ok(session.streams.out.flush()?)
}
