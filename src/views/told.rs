//! How a task is shown to people, if it differs from the name of its state.

use super::style;
use super::view::TaskView;
use crate::plan::State;
use anstyle::Style;

impl TaskView {
    /// Returns whether it waits for a person's answer and did not fail.
    pub(super) fn asks(&self) -> bool {
        self.state == State::Blocked && self.is_question
    }

    /// Returns its state for people, who must not mistake a question for a failure.
    pub fn shown_word(&self) -> &'static str {
        if self.asks() && self.word == State::Blocked.word() { "question" } else { self.word }
    }

    /// Returns the colour of its state.
    pub fn style(&self) -> Style {
        if self.asks() { style::asking() } else { style::of_state(self.state) }
    }
}
