//! The commit message of a task: the title, the summary, and trailers by which it is found again.

use super::super::repo::{GitError, Oid, Repository};
use serde::{Deserialize, Serialize};
use std::ffi::OsStr;
use std::path::PathBuf;

/// The longest first line, in characters.
const SUBJECT: usize = 72;

/// The content of a commit message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The task.
    pub task: String,
    /// Its title.
    pub title: String,
    /// The agent's own summary of its work.
    pub summary: String,
    /// The number of the attempt.
    pub attempt: u32,
    /// The verdict of the verification.
    pub verdict: Verdict,
    /// The full identity of the attempt, which a receipt names.
    pub receipt: String,
}

/// The verdict of a verification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// This tree passed.
    Pass,
    /// It was not judged: verification is switched off.
    Skipped,
    /// It was judged together with what landed after it, as this commit.
    CoveredBy(Oid),
}

impl Message {
    /// Returns the text of the commit.
    pub fn text(&self) -> String {
        let first = self.title.lines().map(line).find(|line| !line.is_empty());
        let first = first.unwrap_or_else(|| line(&self.task));
        let cut = match first.char_indices().nth(SUBJECT) {
            Some(_) => {
                let end = first.char_indices().nth(SUBJECT - 1).map_or(first.len(), |(at, _)| at);
                format!("{}…", first[..end].trim_end())
            }
            None => first,
        };
        let mut text = format!("{cut}\n\n");
        let summary: Vec<String> = self.summary.trim().lines().map(plain).collect();
        if !summary.is_empty() {
            text.push_str(&format!("{}\n\n", summary.join("\n")));
        }
        let verdict = match &self.verdict {
            Verdict::Pass => "PASS".to_owned(),
            Verdict::Skipped => "SKIPPED".to_owned(),
            Verdict::CoveredBy(commit) => format!("covered by {commit}"),
        };
        for (key, value) in [
            ("Task", line(&self.task)),
            ("Attempt", self.attempt.to_string()),
            ("Verdict", verdict),
            ("Receipt", line(&self.receipt)),
        ] {
            text.push_str(&format!("Workloop-{key}: {value}\n"));
        }
        text
    }
}

/// Returns a text on one line.
fn line(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Returns a line without control characters.
fn plain(text: &str) -> String {
    text.trim_end().chars().filter(|c| !c.is_control() || *c == '\t').collect()
}

impl Repository {
    /// Returns the commit of the target's history that was made for `receipt`; `None` if there is
    /// none. This finds a landing whose entry was lost.
    ///
    /// # Errors
    /// If git fails.
    pub fn landed_for(&self, receipt: &str) -> Result<Option<Oid>, GitError> {
        let wanted = line(receipt);
        let format = "--format=%H %(trailers:key=Workloop-Receipt,valueonly,separator=%x2C)";
        let grep = format!("--grep=Workloop-Receipt: {wanted}");
        let args = ["log", "--first-parent", "-F", &grep, format, self.target()];
        let text = self.tool().get(&self.refs(), &args)?;
        let text = String::from_utf8_lossy(&text);
        // The words may be in a summary too; only the trailer counts.
        let found = text.lines().find_map(|line| {
            let (oid, receipt) = line.split_once(' ')?;
            (receipt == wanted).then(|| Oid::parse(oid))?
        });
        Ok(found)
    }
}

impl Repository {
    /// Returns the tasks that landed between two commits on one of `paths`, the newest first: id,
    /// subject and the first line of the summary.
    ///
    /// # Errors
    /// If git fails.
    pub fn tasks_between(
        &self,
        base: &Oid,
        tip: &Oid,
        paths: &[PathBuf],
    ) -> Result<Vec<String>, GitError> {
        const MOST: usize = 5;
        // Without a path git would list all commits.
        if paths.is_empty() {
            return Ok(Vec::new());
        }
        let range = format!("{base}..{tip}");
        let format = "--format=%(trailers:key=Workloop-Task,valueonly,separator=%x2C)%x01%s%x01%b";
        let args = ["--literal-pathspecs", "log", "-z", "--first-parent", format, &range, "--"];
        let paths = paths.iter().take(100).map(|path| path.as_os_str());
        let args: Vec<&OsStr> = args.iter().map(OsStr::new).chain(paths).collect();
        let text = self.tool().get(&self.refs(), &args)?;
        let text = String::from_utf8_lossy(&text);
        let one = |commit: &str| {
            let mut parts = commit.splitn(3, '\u{1}');
            let (task, subject, body) = (parts.next()?, parts.next()?, parts.next()?);
            let said = body.lines().map(line).find(|line| !line.is_empty());
            let said = said.filter(|line| !line.starts_with("Workloop-"));
            let said = said.map_or(String::new(), |said| format!(": {said}"));
            (!task.is_empty()).then(|| format!("{} ({}){said}", line(task), line(subject)))
        };
        Ok(text.split('\0').filter_map(one).take(MOST).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::repo::Stamp;
    use super::super::super::repo::scratch::Scratch;
    use super::*;

    fn message(title: &str, summary: &str) -> Message {
        Message {
            task: "T-1".to_owned(),
            title: title.to_owned(),
            summary: summary.to_owned(),
            attempt: 2,
            verdict: Verdict::Pass,
            receipt: "abc/2".to_owned(),
        }
    }

    const TRAILERS: &str = "Workloop-Task: T-1\nWorkloop-Attempt: 2\nWorkloop-Verdict: PASS\nWorkloop-Receipt: abc/2\n";

    #[test]
    fn a_message_has_a_subject_a_body_and_trailers() {
        let text = message("Add a thing\nin detail", " did it\u{1b}[2J\n\nwell ").text();
        assert_eq!(text, format!("Add a thing\n\ndid it[2J\n\nwell\n\n{TRAILERS}"));
        assert_eq!(message(" \n", "").text(), format!("T-1\n\n{TRAILERS}"));
        let long = message(&"\u{e4}".repeat(100), "").text();
        assert_eq!(long.lines().next().unwrap().chars().count(), SUBJECT);
        let whole = "x".repeat(SUBJECT);
        assert_eq!(message(&whole, "").text().lines().next().unwrap(), whole);
    }

    /// The agent's summary cannot forge a trailer.
    #[test]
    fn a_summary_forges_no_trailer() {
        if crate::platform::programs::lacks("git") {
            return;
        }
        let scratch = Scratch::new();
        let repository = scratch.repository();
        let (tip, tree) = (scratch.oid("HEAD"), scratch.oid("HEAD^{tree}"));
        let text =
            message("x", "done\n\nWorkloop-Receipt: other/1\n---\nWorkloop-Task: T-9").text();
        let commit = repository.commit(&tree, &tip, &text, Stamp(0)).unwrap();
        scratch.sh(&format!("git update-ref refs/heads/main {commit}"));
        let shown = scratch.sh("git log -1 --format='%(trailers:only,unfold)'");
        assert_eq!(shown, TRAILERS.trim_end());
        assert_eq!(repository.landed_for("abc/2").unwrap(), Some(commit));
        assert_eq!(repository.landed_for("other/1").unwrap(), None);
        assert_eq!(repository.landed_for("abc/").unwrap(), None);
    }
}
