//! The table: printed while it grows, and saved to `benches/README.md`.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

/// A limit for a ratio.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    /// At most this.
    Most(f64),
    /// At least this.
    Least(f64),
    /// No limit, for information only.
    None,
}

/// Everything that was measured so far.
pub(crate) struct Report {
    machine: String,
    rows: Vec<[String; 4]>,
    missed: usize,
    start: Instant,
}

const HEAD: [&str; 4] = ["what", "measured", "ratio", "target"];
const BEGIN: &str = "<!-- table -->\n";
const END: &str = "<!-- end of table -->\n";

impl Report {
    pub(crate) fn new(machine: String) -> Self {
        println!("{machine}\n");
        Self { machine, rows: Vec::new(), missed: 0, start: Instant::now() }
    }

    /// Starts a group of rows.
    pub(crate) fn section(&mut self, name: &str) {
        println!("-- {name} (after {} s)", self.start.elapsed().as_secs());
        self.rows.push([format!("**{name}**"), String::new(), String::new(), String::new()]);
    }

    /// Adds a figure without a target.
    pub(crate) fn note(&mut self, what: &str, measured: &str) {
        self.row(what, measured, f64::NAN, Target::None);
    }

    /// Adds a figure as a ratio and compares it with its target.
    pub(crate) fn row(&mut self, what: &str, measured: &str, ratio: f64, target: Target) {
        let (met, bound) = match target {
            Target::Most(most) => (ratio <= most, format!("≤ {most}")),
            Target::Least(least) => (ratio >= least, format!("≥ {least}")),
            Target::None => (true, String::new()),
        };
        let bound = if met { bound } else { format!("{bound} **missed**") };
        self.missed += usize::from(!met);
        let ratio = if ratio.is_nan() { String::new() } else { format!("{ratio:.2}") };
        println!("{what:<58} {measured:<36} {ratio:>9} {bound}");
        self.rows.push([what.to_owned(), measured.to_owned(), ratio, bound]);
    }

    /// Prints the last line.
    pub(crate) fn close(&self) {
        let seconds = self.start.elapsed().as_secs();
        println!("\n{} targets missed; measured in {seconds} s", self.missed);
    }

    /// Writes the table to `benches/README.md`, between its two markers.
    pub(crate) fn save(&self) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/README.md");
        let old = std::fs::read_to_string(&path).unwrap_or_default();
        let (before, rest) = old.split_once(BEGIN).unwrap_or((&old, ""));
        let after = rest.split_once(END).map_or("", |(_, after)| after);
        let mut text = format!("{before}{BEGIN}{}\n\n", self.machine);
        let mut line = |cells: &[&str; 4]| {
            let _ok = writeln!(text, "| {} |", cells.join(" | "));
        };
        line(&HEAD);
        line(&["---", "---", "---:", "---"]);
        for row in &self.rows {
            line(&[&row[0], &row[1], &row[2], &row[3]]);
        }
        let text = format!("{text}{END}{after}");
        let written = File::create(&path).and_then(|mut file| file.write_all(text.as_bytes()));
        println!("{}: {written:?}", path.display());
    }
}
