//! Bounds the texts of a prompt that come from elsewhere: results and notes of other tasks, and the
//! output of the last attempt. The task's own text and the answers of people are never cut.
//!
//! Agents write results of any length, and a long text costs money in each attempt of each task
//! whose prompt contains it.

use super::feedback::bound;
use super::prompt::PromptInput;

/// The maximum total length of these texts, in bytes.
const TOGETHER: usize = 64 * 1024;
/// The maximum length of one text, in bytes.
const EACH: usize = 16 * 1024;
/// A text that would be cut below this is left out, in bytes.
const LEAST: usize = 256;

/// The remaining space, and the number of texts left out.
struct Share {
    left: usize,
    left_out: usize,
}

impl Share {
    /// Cuts `text` to the remaining space, with a note where the full text is. Returns `false` if
    /// the text is left out.
    fn cut(&mut self, text: &mut String, place: &str) -> bool {
        let room = self.left.min(EACH);
        if text.len() > room {
            let note = format!("\n[cut: the full text is in {place}]");
            if room < LEAST + note.len() {
                self.left_out += 1;
                return false;
            }
            *text = bound(text, room - note.len()) + &note;
        }
        self.left -= text.len();
        true
    }
}

/// Bounds all texts in `input` that come from elsewhere. Returns how many texts were left out. The
/// texts most likely to be needed have priority: failures, then notes, then results.
pub(super) fn share_out(input: &mut PromptInput) -> usize {
    let mut share = Share { left: TOGETHER, left_out: 0 };
    if let Some(failure) = &mut input.failure {
        let texts = failure.findings.iter_mut();
        for text in texts.chain([&mut failure.outcome, &mut failure.output]) {
            if !share.cut(text, &failure.log) {
                text.clear();
            }
        }
    }
    for red in &mut input.untouched {
        for text in [&mut red.outcome, &mut red.output] {
            if !share.cut(text, &red.log) {
                text.clear();
            }
        }
    }
    input.questions.retain_mut(|asks| share.cut(&mut asks.text, &asks.place));
    input.notes.retain_mut(|note| share.cut(&mut note.text, &note.place));
    for dependency in &mut input.dependencies {
        let place = &dependency.place;
        if !share.cut(&mut dependency.title, place) {
            dependency.title.clear();
        }
        dependency.summary.take_if(|summary| !share.cut(summary, place));
        dependency.artifacts.retain_mut(|text| share.cut(text, place));
        dependency.files_changed.retain_mut(|text| share.cut(text, place));
    }
    share.left_out
}

#[cfg(test)]
mod tests {
    use super::super::prompt::{DependencyInput, FailureInput, NoteInput};
    use super::*;

    fn bounded(input: &PromptInput) -> (PromptInput, usize) {
        let mut input = input.clone();
        let left_out = share_out(&mut input);
        (input, left_out)
    }

    #[test]
    fn what_fits_stays_as_it_is() {
        let note = NoteInput { from: "B".into(), text: "n".repeat(EACH), place: "q.json".into() };
        let input = PromptInput { notes: vec![note], ..PromptInput::default() };
        assert_eq!(bounded(&input), (input, 0));
    }

    #[test]
    fn what_is_long_is_cut_with_the_place_of_the_rest() {
        let note = NoteInput { from: "B".into(), text: "€".repeat(EACH), place: "q.json".into() };
        let input = PromptInput { notes: vec![note], ..PromptInput::default() };
        let (cut, left_out) = bounded(&input);
        assert!(cut.notes[0].text.len() <= EACH && left_out == 0);
        assert!(cut.notes[0].text.ends_with("\n[cut: the full text is in q.json]"));
    }

    #[test]
    fn all_together_are_bounded_and_the_failure_comes_first() {
        let long = || "x".repeat(EACH * 2);
        let dependency = |n: usize| DependencyInput {
            id: format!("D{n}"),
            summary: Some(long()),
            artifacts: vec![long(); 50],
            files_changed: vec!["f".into(); 1000],
            place: "q.json".into(),
            ..DependencyInput::default()
        };
        let note = NoteInput { from: "B".into(), text: long(), place: "q.json".into() };
        let failure = FailureInput { output: long(), log: "a/log".into(), ..Default::default() };
        let input = PromptInput {
            dependencies: (0..50).map(dependency).collect(),
            notes: vec![note.clone(), note],
            failure: Some(failure),
            ..PromptInput::default()
        };
        let (cut, left_out) = bounded(&input);
        let mut sum: usize = cut.notes.iter().map(|note| note.text.len()).sum();
        sum += cut.failure.as_ref().map_or(0, |failure| failure.output.len());
        for dependency in &cut.dependencies {
            let texts = dependency.artifacts.iter().chain(&dependency.files_changed);
            sum += texts.chain(&dependency.summary).map(String::len).sum::<usize>();
        }
        assert!((TOGETHER - 1024..=TOGETHER).contains(&sum), "{sum}");
        assert!(left_out > 50 * 1000, "{left_out}");
        assert!(cut.failure.is_some_and(|failure| failure.output.contains("a/log")));
        assert_eq!(cut.notes.len(), 2);
    }
}
