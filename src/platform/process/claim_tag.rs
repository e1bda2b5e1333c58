//! The claim tag: what each process of an attempt carries in its environment.
//!
//! `<folder>.<device:inode>.<task>.<random>`: 16 hex digits of the real path of the queue's folder,
//! 16 and 16 of the folder's device and inode, 16 of queue name and task id, and the 32 of the
//! claim's own `tag`. A moved folder keeps its inode, a restored one its path, and a renamed queue
//! the claim in it: a search for the processes of a task compares all three. All tags have the same
//! length, so that a supervisor can replace one with another.
//!
//! A process inside several attempts carries all their tags, the outermost first, separated by
//! commas. The value of a supervisor ends with `!`, which nothing that it starts inherits.

use crate::platform::dir::Identity;
use crate::platform::fault::{self, Fault};
use std::fmt;

/// The variable that contains it.
pub const VARIABLE: &str = "WORKLOOP_CLAIM";
/// The last character of a supervisor's value.
const SUPERVISES: char = '!';

/// The random part of a claim without its own tag.
const NO_RANDOM: &str = "00000000000000000000000000000000";

/// A claim tag.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClaimTag {
    folder: String,
    place: String,
    task: String,
    random: String,
}

impl ClaimTag {
    /// The tag of the task `task` (16 hex digits) in the folder `folder` (16 hex digits) at
    /// `place`, with the claim's own `random` part (32).
    pub fn new(folder: &str, place: Option<Identity>, task: &str, random: &str) -> Self {
        let random = if random.is_empty() { NO_RANDOM } else { random };
        let [folder, task, random] = [folder, task, random].map(str::to_owned);
        Self { folder, place: place_text(place), task, random }
    }

    /// Parses one tag; `None` if it is something else. Parts added by a newer version are ignored.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let mut next = || parts.next().filter(|part| !part.is_empty()).map(str::to_owned);
        Some(Self { folder: next()?, place: next()?, task: next()?, random: next()? })
    }

    /// The claim's own part.
    pub fn random(&self) -> &str {
        &self.random
    }

    /// Returns folder and task without the parts that differ between claims: what an inherited
    /// limit encodes.
    pub fn lasting(&self) -> String {
        lasting(&self.folder, &self.task)
    }

    /// Returns whether the tag is of the folder with this path hash, or of the folder at this
    /// place.
    pub fn is_in(&self, folder: &str, place: Option<Identity>) -> bool {
        self.folder == folder || place.is_some() && self.place == place_text(place)
    }

    /// Returns whether the tag is of the task `task` in that folder.
    pub fn is_of(&self, folder: &str, place: Option<Identity>, task: &str) -> bool {
        self.task == task && self.is_in(folder, place)
    }
}

impl fmt::Display for ClaimTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { folder, place, task, random } = self;
        write!(f, "{folder}.{place}.{task}.{random}")
    }
}

fn place_text(place: Option<Identity>) -> String {
    let (device, inode) = place.unwrap_or_default();
    format!("{device:016x}:{inode:016x}")
}

fn lasting(folder: &str, task: &str) -> String {
    format!("{folder}.{task}")
}

/// What the environment of a process contains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carried {
    /// These tags, the outermost first.
    Tags {
        /// The tags.
        tags: Vec<ClaimTag>,
        /// Whether it is the supervisor of the last one.
        supervises: bool,
    },
    /// No claim tag.
    Absent,
    /// The environment of a process of our own user that the system does not let us read.
    Unreadable,
}

impl Carried {
    /// Parses the value of the variable.
    pub fn of(value: &str) -> Self {
        let (list, supervises) = match value.strip_suffix(SUPERVISES) {
            Some(list) => (list, true),
            None => (value, false),
        };
        let tags: Vec<ClaimTag> = list.split(',').filter_map(ClaimTag::parse).collect();
        if tags.is_empty() { Self::Absent } else { Self::Tags { tags, supervises } }
    }

    /// The tags; empty if there are none.
    pub fn tags(&self) -> &[ClaimTag] {
        match self {
            Self::Tags { tags, .. } => tags,
            Self::Absent | Self::Unreadable => &[],
        }
    }
}

/// Returns the value that everything below a supervisor carries: `tag` inside the tags `outer`.
pub fn value(outer: Option<&str>, tag: &ClaimTag) -> String {
    outer.map_or_else(|| tag.to_string(), |outer| format!("{outer},{tag}"))
}

/// Returns the value that the supervisor itself carries.
pub fn supervisor_value(value: &str) -> String {
    format!("{value}{SUPERVISES}")
}

/// A search key for the processes of a task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sought {
    folder: String,
    place: Option<Identity>,
    task: String,
    /// The random parts of its known claims.
    random: Vec<String>,
    /// The texts that its inherited limits encode.
    lasting: Vec<String>,
}

impl Sought {
    /// The task `task` in the folder `folder` at `place`.
    pub fn task(folder: &str, place: Option<Identity>, task: &str) -> Self {
        let lasting = vec![lasting(folder, task)];
        let [folder, task] = [folder, task].map(str::to_owned);
        Self { folder, place, task, random: Vec::new(), lasting }
    }

    /// Exactly the claim with this tag.
    pub fn claim(tag: &ClaimTag) -> Self {
        Self { random: vec![tag.random.clone()], lasting: vec![tag.lasting()], ..Self::default() }
    }

    /// Also finds the claim with this random part.
    #[must_use]
    pub fn or_random(mut self, random: &str) -> Self {
        if !random.is_empty() && !fault::is(Fault::ClaimTagIgnored) {
            self.random.push(random.to_owned());
        }
        self
    }

    /// Also finds what carried this tag before the folder was moved.
    #[must_use]
    pub fn or_tag(mut self, tag: &ClaimTag) -> Self {
        self.lasting.push(tag.lasting());
        self.or_random(&tag.random)
    }

    /// Returns whether `tag` is one of the task.
    pub fn is(&self, tag: &ClaimTag) -> bool {
        let folder = if fault::is(Fault::PathIgnored) { "" } else { &self.folder };
        let place = self.place.filter(|_| !fault::is(Fault::InodeIgnored));
        self.random.contains(&tag.random)
            || !self.task.is_empty() && tag.is_of(folder, place, &self.task)
    }

    /// Returns the texts that inherited limits of its processes encode.
    pub fn lasting(&self) -> &[String] {
        &self.lasting
    }

    /// Returns whether `carried` contains a tag of the task.
    pub fn is_carried(&self, carried: &Carried) -> bool {
        carried.tags().iter().any(|tag| self.is(tag))
    }

    /// Returns whether a process that carries this is a supervisor of the task.
    pub fn is_supervised(&self, carried: &Carried) -> bool {
        match carried {
            Carried::Tags { tags, supervises: true } => tags.last().is_some_and(|tag| self.is(tag)),
            Carried::Tags { supervises: false, .. } | Carried::Absent | Carried::Unreadable => {
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(folder: &str, inode: u64, task: &str, random: &str) -> ClaimTag {
        ClaimTag::new(folder, Some((1, inode)), task, random)
    }

    #[test]
    fn a_task_is_found_by_path_by_inode_and_by_its_claim() {
        let own = tag("f", 7, "t", "r");
        let sought = Sought::task("f", Some((1, 7)), "t");
        assert!(sought.is(&own) && sought.is(&tag("g", 7, "t", "s")));
        assert!(sought.is(&tag("f", 8, "t", "s")));
        assert!(!sought.is(&tag("g", 8, "t", "r")) && !sought.is(&tag("f", 7, "u", "r")));
        // A renamed queue: another task, but the same claim.
        assert!(sought.clone().or_random("r").is(&tag("g", 8, "u", "r")));
        assert!(!sought.or_random("").is(&tag("g", 8, "u", "")));
        assert!(Sought::claim(&own).is(&own) && !Sought::claim(&own).is(&tag("f", 7, "t", "s")));
        // A folder whose place is unknown matches nothing.
        let nowhere = Sought::task("f", None, "t");
        assert!(!nowhere.is(&ClaimTag::new("g", None, "t", "r")));
    }

    #[test]
    fn tags_are_read_as_they_are_written() {
        let (outer, inner) = (tag("f", 7, "t", "r"), tag("g", u64::MAX, "u", "s"));
        assert_eq!(ClaimTag::parse(&inner.to_string()), Some(inner.clone()));
        assert_eq!(ClaimTag::parse("a.b.c"), None);
        let text = value(Some(&outer.to_string()), &inner);
        let carried = Carried::of(&text);
        assert_eq!(carried.tags(), [outer.clone(), inner.clone()]);
        let sought = |tag: &ClaimTag| Sought::claim(tag);
        assert!(sought(&outer).is_carried(&carried) && sought(&inner).is_carried(&carried));
        assert!(!sought(&inner).is_supervised(&carried));
        // A supervisor inside another attempt is not the supervisor of that attempt.
        let supervisor = Carried::of(&supervisor_value(&text));
        assert_eq!(supervisor.tags(), carried.tags());
        assert!(sought(&inner).is_supervised(&supervisor));
        assert!(!sought(&outer).is_supervised(&supervisor));
        assert!(!sought(&outer).is_carried(&Carried::Unreadable));
        assert_eq!(Carried::of(""), Carried::Absent);
    }
}
