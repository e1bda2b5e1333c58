//! `[hooks]`: commands that a person runs before and after the actions of a run.

use super::super::hooks::HookRule;
use super::super::reader::Section;
use crate::domain::HookPoint;
use std::time::Duration;

/// The default time limit of a hook.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Reads the section. A name that is not a hook is refused.
pub(in super::super) fn read(section: &Section<'_>) -> Vec<HookRule> {
    let timeout = section.duration("timeout").unwrap_or(TIMEOUT);
    let one = |point: HookPoint| {
        let command = section.command(point.word())?;
        Some(HookRule { point, line: section.line(point.word()), command, timeout })
    };
    let hooks = HookPoint::ALL.into_iter().filter_map(one).collect();
    section.close(&[]);
    hooks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;
    use crate::domain::Command;
    use std::path::Path;

    fn read(text: &str) -> Result<Vec<HookRule>, String> {
        let read = parse(Path::new("/p/workloop.toml"), text);
        read.map(|config| config.hooks).map_err(|refused| refused.problems[0].message.clone())
    }

    #[test]
    fn hooks_are_strings_or_lists_with_one_timeout() {
        let text = "[hooks]\nafter_task = \"say done\"\nbefore_run = [\"./go\", \"-q\"]\n";
        let [go, say] = &read(text).unwrap()[..] else { panic!("two hooks") };
        let words = vec!["./go".to_owned(), "-q".to_owned()];
        assert_eq!((go.point, &go.command), (HookPoint::BeforeRun, &Command::List(words)));
        assert_eq!((say.point, say.timeout), (HookPoint::AfterTask, Duration::from_secs(60)));
        let text = format!("{text}timeout = \"5s\"\n");
        assert!(read(&text).unwrap().iter().all(|hook| hook.timeout.as_secs() == 5));
    }

    #[test]
    fn what_is_no_hook_is_refused() {
        for (text, word) in [
            ("before_tasks = \"x\"", "did you mean before_task?"),
            ("on_failure = \"x\"", "unknown key on_failure in [hooks]"),
            ("before_task = 3", "must be a string"),
            ("before_task = \"\"", "must not be empty"),
            ("before_task = []", "must not be empty"),
            ("timeout = \"0s\"", "must not be zero"),
        ] {
            let why = read(&format!("[hooks]\n{text}\n")).unwrap_err();
            assert!(why.contains(word), "{text}: {why}");
        }
    }
}
