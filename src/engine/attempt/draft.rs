//! The prompt of an attempt before the contents of its working directory are known.

use crate::agent::{ContinuedInput, PromptInput, PromptTemplate};
use crate::views::mask::Mask;

/// A prompt that lacks only the contents of the working directory.
#[derive(Clone, Debug)]
pub(crate) struct PromptDraft {
    pub(super) template: PromptTemplate,
    pub(super) input: PromptInput,
    pub(super) mask: Mask,
}

impl PromptDraft {
    /// Returns the prompt for a working directory that has the work that was `continued`.
    ///
    /// # Errors
    /// The reason, in words, if the prompt cannot be rendered.
    pub(crate) fn text(self, continued: Option<ContinuedInput>) -> Result<String, String> {
        // The task may be large, so it is moved instead of cloned.
        let input = PromptInput { continued, ..self.input };
        let text = self.template.render(&input).map_err(|error| error.to_string())?;
        drop(input);
        // Output of earlier attempts may contain secrets, and a prompt is stored and shown.
        Ok(self.mask.text(&text).into_owned())
    }
}
