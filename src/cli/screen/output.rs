//! `--show-output`: prints the output of agents and verification as it arrives, each line prefixed
//! with its task.

use super::block::Block;
use super::board::Busy;
use crate::cli::streams::Sink;
use crate::platform::escape;
use crate::views::last_lines::outputs;
use crate::views::mask::Mask;
use crate::views::output::Tail;
use std::io::Write;
use std::path::{Path, PathBuf};

/// One output file, and how much of it was passed on.
struct Output {
    path: PathBuf,
    tail: Tail,
    /// The beginning of an incomplete line.
    line: Vec<u8>,
}

/// The output files of running attempts; unused without `--show-output`.
#[derive(Default)]
pub(super) struct Outputs {
    on: bool,
    files: Vec<Output>,
}

impl Outputs {
    /// Creates it; nothing is passed on unless `on`.
    pub(super) fn new(on: bool) -> Self {
        Self { on, files: Vec::new() }
    }

    /// Passes on the output since the last call.
    pub(super) fn pass<'a>(
        &mut self,
        busy: impl Iterator<Item = &'a mut Busy>,
        block: Option<&Block>,
    ) {
        if self.on {
            busy.for_each(|busy| self.copy(busy, block));
        }
    }

    /// Passes on the remaining output of an attempt that ended.
    pub(super) fn finish(&mut self, busy: &Busy, block: Option<&Block>) {
        if !self.on {
            return;
        }
        self.copy(busy, block);
        let folder = busy.folder.path();
        for output in self.files.iter_mut().filter(|output| output.path.starts_with(folder)) {
            let mut rest = Vec::new();
            // On an error, everything that could be read was printed.
            drop(output.tail.finish(&busy.mask, &mut rest));
            output.tell(&busy.id, rest, block);
        }
        self.files.retain(|output| !output.path.starts_with(folder));
    }

    fn copy(&mut self, busy: &Busy, block: Option<&Block>) {
        for path in outputs(busy.folder.path()) {
            let output = match self.files.iter().position(|output| output.path == path) {
                Some(at) => &mut self.files[at],
                None => {
                    self.files.push(Output::new(&path));
                    let last = self.files.len() - 1;
                    &mut self.files[last]
                }
            };
            if output.tail.has_more() {
                output.copy(&busy.id, &busy.mask, block);
            }
        }
    }
}

impl Output {
    fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), tail: Tail::new(path), line: Vec::new() }
    }

    fn copy(&mut self, id: &str, mask: &Mask, block: Option<&Block>) {
        let mut new = Vec::new();
        // A file that cannot be read for a moment is read at the next call.
        drop(self.tail.copy(mask, &mut new));
        self.tell(id, new, block);
    }

    /// Prints complete lines, and keeps an incomplete one for later.
    fn tell(&mut self, id: &str, new: Vec<u8>, block: Option<&Block>) {
        self.line.extend(new);
        let Some(end) = self.line.iter().rposition(|byte| *byte == b'\n') else { return };
        let rest = self.line.split_off(end + 1);
        let whole = std::mem::replace(&mut self.line, rest);
        let text = String::from_utf8_lossy(&whole);
        let id = escape::line(id);
        let lines = text.lines().map(|line| format!("{id} | {}", escape::line(line)));
        let lines: Vec<String> = lines.collect();
        let shown = block.is_some_and(|block| block.above(&lines.join("\n")));
        if !shown {
            // If the output is closed, the run continues.
            drop(Sink::stderr().write_all(format!("{}\n", lines.join("\n")).as_bytes()));
        }
    }
}
