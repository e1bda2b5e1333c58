//! Checks `hidden` of steps against the settings of other sections.

use super::super::model::Config;
use super::super::reader::Section;
use super::super::trees::IsolationMode;
use crate::workspace::Objects;

/// Why a step cannot be hidden in a shared tree.
pub(in super::super) const NEEDS_PRIVATE: &str = "hidden needs mode = \"private\" under [isolation]: its folder is laid over a judge tree, \
     and never over the project";

/// Reports hidden steps that are not possible. If there are hidden steps, private trees get only
/// the history of their base, because the hidden folder may be in the repository under another
/// name.
pub(in super::super) fn check(top: &Section<'_>, config: &mut Config) {
    if !config.has_hidden() {
        return;
    }
    if *config.isolation.mode == IsolationMode::Shared {
        for section in top.sections("verify").iter().filter(|step| step.text("hidden").is_some()) {
            section.report_at("hidden", NEEDS_PRIVATE);
        }
    }
    let workspaces = top.section("workspaces");
    let said = workspaces.as_ref().and_then(|section| section.text("objects"));
    if let (Some(section), Some("borrowed")) = (&workspaces, said.as_ref().map(|said| &*said.value))
    {
        let why = "hidden steps need objects = \"own\": with borrowed objects agents can read the whole \
                   history of the project";
        section.report_at("objects", why);
    }
    config.workspaces.tree.objects = Objects::Own;
}
