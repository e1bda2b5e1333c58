//! What is read about steps: the changes before they run, and their output files after they ended.

use super::super::end::{End, environment};
use super::super::job::{Job, Ready};
use crate::domain::{Checked, ItemMap, ReasonCode};
use crate::platform::open::{self, Links};
use crate::store::attempts::START_FILE;
use crate::verify::{self, Expected, MeasureRule, ReportRule, Rules, Written};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The most of an output that is searched, in bytes.
const OUTPUT: u64 = 64 << 20;

/// Some steps, judged one after the other on the tree that is checked out.
#[derive(Clone, Copy)]
pub(super) struct Round<'r> {
    pub(super) steps: &'r [Ready],
    /// The prefix of their output file names.
    pub(super) log: &'r str,
    /// What changed, to skip a step whose inputs did not change; `None` if that is not known.
    pub(super) changed: Option<&'r [String]>,
}

/// Returns the reason to skip a step, if there is one.
pub(super) fn needless(step: &Ready, changed: &[String]) -> Option<String> {
    let inputs = &step.rules.step.inputs;
    let matches = |path: &String| inputs.iter().any(|glob| fast_glob::glob_match(glob, path));
    if inputs.is_empty() || changed.iter().any(matches) {
        return None;
    }
    Some(format!("skipped: nothing changed that matches {}", inputs.join(", ")))
}

/// The files and measures that are read when a step has ended.
pub(super) struct Reads<'r> {
    measure: Option<(&'r MeasureRule, Option<Expected>)>,
    report: Option<(&'r ReportRule, Option<Expected>)>,
}

impl<'r> Reads<'r> {
    /// Looks at the files that a step will write in `folder`, before it begins.
    pub(super) fn before(job: &Job, rules: &'r Rules, folder: &Path) -> Result<Self, End> {
        let Rules { step, .. } = rules;
        let files = [
            step.measure.as_ref().and_then(|rule| rule.file.as_ref()),
            step.report.as_ref().and_then(|rule| rule.file.as_ref()),
        ];
        let since = match files {
            [None, None] => SystemTime::UNIX_EPOCH,
            _ => now(job)?,
        };
        let look = |file: &String| Expected::look(folder, file, since);
        let [measured, reported] = files.map(|file| file.map(look));
        Ok(Self {
            measure: step.measure.as_ref().map(|rule| (rule, measured)),
            report: step.report.as_ref().map(|rule| (rule, reported)),
        })
    }

    /// Returns the items of its report, in which paths may begin with one of `roots`.
    pub(super) fn report(
        &self,
        job: &Job,
        log: &Path,
        roots: &[&Path],
    ) -> Option<(&'r ReportRule, Result<ItemMap, String>)> {
        let (rule, expected) = self.report.as_ref()?;
        let real: Vec<PathBuf> = roots.iter().filter_map(|root| root.canonicalize().ok()).collect();
        let roots = roots.iter().copied().chain(real.iter().map(PathBuf::as_path));
        let mut roots: Vec<&str> = roots.filter_map(Path::to_str).collect();
        roots.sort_by_key(|root| std::cmp::Reverse(root.len()));
        let texts = texts_of(job, expected.as_ref(), log);
        Some((*rule, texts.and_then(|texts| rule.parser.read_all(&texts, &roots))))
    }

    /// Reads the number that it measured. Of several files, the first that is not good enough
    /// counts, else the last.
    pub(super) fn measure(&self, job: &Job, log: &Path, checked: &mut Checked) {
        let Some((rule, expected)) = &self.measure else { return };
        let texts = match texts_of(job, expected.as_ref(), log) {
            Ok(texts) => texts.into_iter().map(|(name, text)| (name, Ok(text))).collect(),
            Err(why) => vec![(None, Err(why))],
        };
        let mut why = None;
        for (name, text) in &texts {
            let rule =
                MeasureRule { file: name.clone().or_else(|| rule.file.clone()), ..(*rule).clone() };
            let text = text.as_deref().map_err(Clone::clone);
            let (measured, bad) = verify::measure(&rule, text);
            checked.measure = Some(measured);
            why = bad;
            if why.is_some() {
                break;
            }
        }
        if let Some(why) = why {
            verify::fail(checked, ReasonCode::TestsFailed, why);
        }
    }
}

/// Returns what a step wrote into files, each with its name if a pattern found it, or what it
/// printed; without secrets.
fn texts_of(
    job: &Job,
    expected: Option<&Expected>,
    log: &Path,
) -> Result<Vec<(Option<String>, String)>, String> {
    let text = |bytes: &[u8]| job.mask.text(&String::from_utf8_lossy(bytes)).into_owned();
    let Some(expected) = expected else { return Ok(vec![(None, text(&printed(log)?))]) };
    let one = |Written { name, bytes }| (expected.is_pattern().then_some(name), text(&bytes));
    Ok(expected.read()?.into_iter().map(one).collect())
}

/// Returns what a step printed. A step that printed nothing left no file.
fn printed(log: &Path) -> Result<Vec<u8>, String> {
    match fs::symlink_metadata(log) {
        Ok(_) => open::read(log, Links::Refuse, OUTPUT).map_err(|error| error.to_string()),
        Err(_) => Ok(Vec::new()),
    }
}

/// Returns the present time on the clock of file timestamps, which may differ from all other
/// clocks.
fn now(job: &Job) -> Result<SystemTime, End> {
    let file = job.folder.file(START_FILE);
    let put = job.folder.put(START_FILE, b"");
    let time = put.and_then(|()| fs::metadata(&file)).and_then(|meta| meta.modified());
    time.map_err(|error| {
        environment(format!("cannot read the file time of {}: {error}", file.display()))
    })
}
