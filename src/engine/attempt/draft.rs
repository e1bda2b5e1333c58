//! The prompt of an attempt before it is known what its working directory holds.

use crate::agent::{ContinuedInput, PromptInput, PromptTemplate};
use crate::views::mask::Mask;

/// A prompt, of which only is missing what the working directory holds.
#[derive(Clone, Debug)]
pub(crate) struct PromptDraft {
    pub(super) template: PromptTemplate,
    pub(super) input: PromptInput,
    pub(super) mask: Mask,
}

impl PromptDraft {
    /// The prompt where the working directory holds what was `continued`.
    ///
    /// # Errors
    /// Why there is none, in words.
    pub(crate) fn text(self, continued: Option<ContinuedInput>) -> Result<String, String> {
        // A task may be large: it is not copied.
        let input = PromptInput { continued, ..self.input };
        let text = self.template.render(&input).map_err(|error| error.to_string())?;
        drop(input);
        // What earlier attempts printed may hold secrets, and a prompt is kept and shown.
        Ok(self.mask.text(&text).into_owned())
    }
}
