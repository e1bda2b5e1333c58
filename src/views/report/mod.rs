//! The report: what was done, how it went, and what is left, as one value and in many formats.
//!
//! Every figure is made of the queues and the journal, and of no earlier counts: anyone who has
//! both can make the same report, and check it.

pub(crate) mod attempts;
mod build;
mod charts;
mod csv;
mod forecast;
mod found;
mod html;
mod journals;
mod junit;
mod markdown;
mod measures;
mod model;
mod notes;
mod shown;
mod styles;

#[cfg(test)]
mod tests;

pub(crate) use build::{Input, build};
pub(crate) use journals::Journals;
pub(crate) use model::{Format, Found, Left, Report, ReportError, Style};

use crate::views::json;

impl Report {
    /// Renders the report in a format; the style counts for Markdown and HTML.
    ///
    /// # Errors
    /// If a library cannot write it, which happens for no report of this program.
    pub(crate) fn render(&self, format: Format, style: Style) -> Result<Vec<u8>, ReportError> {
        Ok(match format {
            Format::Markdown => styles::render(self, style).into_bytes(),
            Format::Html => html::render(self, style)?.into_bytes(),
            Format::Json => json::object(self)?,
            Format::Junit => junit::render(self)?.into_bytes(),
            Format::Csv => csv::render(self)?,
        })
    }
}
