//! Measures the program against the costs of the disk and the kernel, and against its peers.
//!
//! `benches/run` starts it. Every target is a ratio of two measurements of the same run, because
//! absolute figures depend on the machine. All syncs of the protocol stay on.

#![expect(clippy::print_stdout, reason = "a table on standard output is its purpose")]
#![expect(clippy::disallowed_methods, reason = "it starts the programs that it measures")]

mod footprint;
mod growth;
mod machine;
mod many;
mod overhead;
mod peers;
mod reading;
mod report;
mod sample;
mod scratch;
mod transitions;
mod views;
mod wake;

use report::Report;
use std::path::Path;

/// The extent of a run.
pub(crate) struct Plan {
    /// Fewer repetitions and no large files.
    pub(crate) quick: bool,
}

impl Plan {
    /// Returns `full` repetitions, or a third of them in a quick run.
    pub(crate) fn times(&self, full: usize) -> usize {
        if self.quick { full.div_ceil(3) } else { full }
    }

    /// Returns the elements of `sizes` that a quick run has time for.
    pub(crate) fn sizes<'a>(&self, sizes: &'a [usize]) -> &'a [usize] {
        if self.quick { &sizes[..sizes.len() - 1] } else { sizes }
    }
}

type Section = (&'static str, fn(&Plan, &mut Report));

const SECTIONS: [Section; 10] = [
    ("overhead", overhead::measure),
    ("transitions", transitions::measure),
    ("many", many::measure),
    ("peers", peers::measure),
    ("reading", reading::measure),
    ("views", views::measure),
    ("wake", wake::measure),
    ("footprint", footprint::measure),
    ("growth", growth::measure),
    ("waits", many::measure_waits),
];

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [word, path, millis, ..] = words.as_slice()
        && word == many::CONTENDER
    {
        many::contend(Path::new(path), millis.parse().unwrap_or_default());
        return;
    }
    let has = |flag: &str| words.iter().any(|word| word == flag);
    let plan = Plan { quick: has("--quick") };
    let chosen: Vec<&str> =
        words.iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    let mut report = Report::new(machine::describe());
    for (name, measure) in SECTIONS {
        if chosen.is_empty() || chosen.contains(&name) {
            report.section(name);
            measure(&plan, &mut report);
        }
    }
    report.close();
    scratch::clean_up();
    if has("--save") {
        report.save();
    }
}
