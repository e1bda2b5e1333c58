//! How a task is shown to people, where that is not the word of its state.

use super::style;
use super::view::TaskView;
use crate::plan::State;
use anstyle::Style;

impl TaskView {
    /// Whether it waits for a person's word and did not fail.
    fn asks(&self) -> bool {
        self.state == State::Blocked && self.is_question
    }

    /// Its state for people, who are not to take a question for a failure.
    pub fn shown_word(&self) -> &'static str {
        if self.asks() && self.word == State::Blocked.word() { "question" } else { self.word }
    }

    /// The colour of its state.
    pub fn style(&self) -> Style {
        if self.asks() { style::asking() } else { style::of_state(self.state) }
    }
}
