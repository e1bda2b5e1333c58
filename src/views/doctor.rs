//! `doctor`: one line for each check, with the command that fixes the problem.

use super::style::{Look, color, padded};
use crate::platform::{cells, escape};
use anstyle::{AnsiColor, Style};
use serde::Serialize;

/// The result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Health {
    /// No problem.
    Ok,
    /// A run can start, but a person should look at this.
    Warn,
    /// No run can start before this is fixed.
    Fail,
}

impl Health {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "FAIL",
        }
    }

    fn style(self) -> Style {
        match self {
            Self::Ok => color(AnsiColor::Green),
            Self::Warn => color(AnsiColor::Yellow),
            Self::Fail => color(AnsiColor::Red).bold(),
        }
    }
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Sign {
    /// The name of the check in one word, the same for checks of one kind.
    pub check: &'static str,
    /// Its result.
    pub health: Health,
    /// What was found.
    pub detail: String,
    /// How to fix it, usually a command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
}

impl Sign {
    /// Creates a check without a problem.
    pub(crate) fn ok(check: &'static str, detail: impl Into<String>) -> Self {
        Self { check, health: Health::Ok, detail: detail.into(), mend: None }
    }

    /// Creates a warning, with its remedy.
    pub(crate) fn warn(
        check: &'static str,
        detail: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self { health: Health::Warn, mend: Some(mend.into()), ..Self::ok(check, detail) }
    }

    /// Creates a failure that keeps every run from starting, with its remedy.
    pub(crate) fn fail(
        check: &'static str,
        detail: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self { health: Health::Fail, ..Self::warn(check, detail, mend) }
    }
}

/// All checks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct DoctorView {
    /// Version of this shape.
    pub schema_version: u32,
    /// Whether a run could start.
    pub ready: bool,
    /// The checks, in the order in which they are shown.
    pub checks: Vec<Sign>,
}

impl DoctorView {
    /// Combines the checks.
    pub(crate) fn new(checks: Vec<Sign>) -> Self {
        let ready = checks.iter().all(|sign| sign.health != Health::Fail);
        Self { schema_version: 1, ready, checks }
    }

    /// Renders a line for each check.
    pub(crate) fn lines(&self, look: Look) -> String {
        const INDENT: usize = 17;
        let width = look.width.unwrap_or(100).clamp(40, 120);
        let mut text = String::new();
        for sign in &self.checks {
            let word = look.paint(sign.health.style(), padded(sign.health.word(), 4));
            let detail = escape::line(&sign.detail);
            let lines = wrapped(&detail, width - INDENT);
            let indent = " ".repeat(INDENT);
            text.push_str(&format!("{word}  {}", padded(sign.check, INDENT - 6)));
            text.push_str(&lines.join(&format!("\n{indent}")));
            text.push('\n');
            if let Some(mend) = &sign.mend {
                // A command is copied: it is never broken into lines.
                text.push_str(&format!("{indent}-> {}\n", escape::line(mend)));
            }
        }
        text
    }

    /// Renders a line for each check, and a summary.
    pub(crate) fn text(&self, look: Look) -> String {
        let mut text = self.lines(look);
        let count = |health| self.checks.iter().filter(|sign| sign.health == health).count();
        let (fails, warns) = (count(Health::Fail), count(Health::Warn));
        let can = if self.ready { "a run can start" } else { "no run can start" };
        let found = match (fails, warns) {
            (0, 0) => "nothing found".to_owned(),
            (0, warns) => format!("{warns} to look at"),
            (fails, 0) => format!("{fails} to fix"),
            (fails, warns) => format!("{fails} to fix, {warns} to look at"),
        };
        text.push_str(&format!("{can}; {found}\n"));
        text
    }
}

/// Wraps a text into lines of at most `width` cells, as far as its words allow.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let Some(line) = lines.last_mut() else { break };
        let used = cells::width(line);
        if used > 0 && used + 1 + cells::width(word) > width {
            lines.push(word.to_owned());
        } else {
            if used > 0 {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_its_command_below() {
        let view = DoctorView::new(vec![
            Sign::ok("git", "2.47.3"),
            Sign::warn("disk", "0.4 GiB free\u{1b}[31m in /q", "df -h /q"),
        ]);
        let expected = "ok    git        2.47.3\n\
                        warn  disk       0.4 GiB free\u{241b}[31m in /q\n                 -> df -h /q\n\
                        a run can start; 1 to look at\n";
        assert_eq!(view.text(Look::PLAIN), expected);
        let failed = DoctorView::new(vec![Sign::fail("queue", "none", "workloop init")]);
        assert!(
            !failed.ready && failed.text(Look::PLAIN).ends_with("no run can start; 1 to fix\n")
        );
        let json = serde_json::to_value(&view).unwrap();
        assert_eq!((&json["ready"], &json["checks"][1]["health"]), (&true.into(), &"warn".into()));
        assert!(json["checks"][0].get("mend").is_none());
    }

    #[test]
    fn the_last_line_counts_what_there_is_to_do() {
        let of = |checks: Vec<Sign>| {
            let text = DoctorView::new(checks).text(Look::PLAIN);
            text.lines().last().map(str::to_owned)
        };
        let (ok, warn) = (|| Sign::ok("git", "x"), || Sign::warn("disk", "x", "y"));
        let fail = || Sign::fail("queue", "x", "y");
        for (checks, wanted) in [
            (vec![], "a run can start; nothing found"),
            (vec![ok()], "a run can start; nothing found"),
            (vec![warn(), ok(), warn()], "a run can start; 2 to look at"),
            (vec![fail()], "no run can start; 1 to fix"),
            (vec![warn(), fail(), fail()], "no run can start; 2 to fix, 1 to look at"),
        ] {
            assert_eq!(of(checks).as_deref(), Some(wanted));
        }
    }

    /// A command is never broken, however narrow the terminal is.
    #[test]
    fn a_wide_detail_fits_the_terminal_and_its_command_stays_whole() {
        let command = "workloop init --queue a/very/long/path/of/a/queue.json";
        let detail = "日本語の 長い 説明 ".repeat(9);
        let view = DoctorView::new(vec![Sign::warn("queue", detail.trim(), command)]);
        for (width, most) in [(Some(10), 40), (Some(60), 60), (Some(300), 120), (None, 100)] {
            let text = view.lines(Look { color: false, width });
            let (lines, last) = text.trim_end().rsplit_once('\n').expect("two lines");
            let widths: Vec<usize> = lines.lines().map(cells::width).collect();
            assert!(widths.iter().all(|cells| *cells <= most), "{most}: {widths:?}");
            assert!(widths[0] + 10 > most, "{most}: {widths:?}");
            assert_eq!(last, format!("{:17}-> {command}", ""));
        }
        let painted = view.lines(Look { color: true, width: None });
        assert!(painted.starts_with("\u{1b}[33mwarn\u{1b}[0m  queue      "), "{painted:?}");
    }

    #[test]
    fn long_details_are_wrapped_at_words() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("a-very-long-word x", 4), ["a-very-long-word", "x"]);
    }
}
