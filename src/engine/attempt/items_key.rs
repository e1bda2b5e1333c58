//! The key under which items are stored: the steps that report them, and the tools that those run.

use super::job::Judge;
use super::untouched::ProfileKey;
use crate::verify::VerifyStep;
use sha2::{Digest, Sha256};
use std::fs;
use std::path::Path;

/// Returns the key of the steps that report items, including the tools that they run: items of
/// different tools are not compared. `None` if no step reports items.
pub(crate) fn items_key(root: &Path, steps: &[VerifyStep], judge: &Judge) -> Option<String> {
    let Judge::Steps(ready) = judge else { return None };
    let reports = |step: &&VerifyStep| step.rules.step.has_items();
    let configured: Vec<VerifyStep> = steps.iter().filter(reports).cloned().collect();
    if configured.is_empty() {
        return None;
    }
    let mut hash = Sha256::new();
    for step in ready.iter().filter(|step| step.rules.step.has_items()) {
        hash.update(format!("{:?}", step.argv));
        let program = step.argv.first().and_then(|program| fs::metadata(program).ok());
        hash.update(format!("{:?}", program.map(|meta| (meta.len(), meta.modified().ok()))));
        let path = step.env.iter().find(|(name, _)| name == "PATH");
        hash.update(format!("{:?}", path.map(|(_, value)| value)));
    }
    let tools: String = hash.finalize().iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    Some(format!("{}-{tools}", ProfileKey::new(root, &configured).steps))
}

#[cfg(test)]
mod tests {
    use crate::engine::attempt::tests::case::{CONFIG, Case};
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    /// A step that reports its tests, with these words.
    fn config(words: &str) -> String {
        CONFIG.replace("[\"check\"]", &format!("[{words}]\nreport = {{ parser = \"tap\" }}"))
    }

    #[test]
    fn only_steps_that_report_items_have_a_key() {
        assert_eq!(Case::new().prepared().items, None);
        let key = Case::of(&config("\"check\"")).prepared().items.unwrap();
        let (steps, tools) = key.split_once('-').unwrap();
        assert_eq!((steps.len(), tools.len()), (16, 8), "{key}");
    }

    #[test]
    fn items_of_other_steps_and_of_other_tools_are_not_compared() {
        let case = Case::of(&config("\"check\"")).var("PATH", "/no-such/bin");
        let key = || case.prepared().items.unwrap();
        let first = key();
        assert_eq!(key(), first);
        let of = |config: &str, path: &str| {
            // The key says where the project is as little as which task it is for.
            Case::of(config).var("PATH", path).prepared().items.unwrap()
        };
        assert_eq!(of(&config("\"check\""), "/no-such/bin"), first);
        assert_ne!(of(&config("\"check\", \"-q\""), "/no-such/bin"), first);
        assert_ne!(of(&config("\"check\""), "/no-such/other"), first);
        // Another step, without a report, changes nothing.
        let lint =
            format!("{}[[verify]]\nname = \"lint\"\nrun = [\"lint\"]\n", config("\"check\""));
        assert_eq!(of(&lint, "/no-such/bin"), first);
    }

    #[test]
    fn a_tool_that_was_updated_is_another_one() {
        let case = Case::of(&config("\"check\""));
        let bin = case.root().join("bin");
        let case = case.var("PATH", bin.to_str().unwrap());
        let tool = |text: &str| {
            case.put("bin/check", text);
            fs::set_permissions(bin.join("check"), fs::Permissions::from_mode(0o755)).unwrap();
            case.prepared().items.unwrap()
        };
        assert_ne!(tool("one"), tool("longer"));
    }
}
