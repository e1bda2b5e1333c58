//! Numbers everything that tasks own once, so that a schedule that takes and releases it many times
//! compares almost no texts.

use super::areas::{Area, Budget, CommonRoot, Glob, covers};
use super::sorted::Paths;
use crate::plan::graph::{Csr, NONE, QueueTasks};
use std::collections::BTreeSet;
use std::ops::Range;

/// The paths and globs of every task. A place is a path that a task owns, or the folder of a glob.
/// Everything under a place has the numbers that follow the number of the place.
#[derive(Clone, Debug)]
pub struct Owned {
    places: Paths<()>,
    /// For every place the nearest one that covers it.
    above: Vec<u32>,
    /// For every place the first number after everything under it.
    ends: Vec<u32>,
    /// The places that each task owns.
    paths: Csr,
    globs: Paths<Glob>,
    /// The place of each glob.
    folders: Vec<u32>,
    /// The globs of each task.
    globs_of_task: Csr,
}

impl Owned {
    /// Numbers what the tasks of all queues own.
    pub fn new(queues: &[QueueTasks]) -> Self {
        let common_root = CommonRoot::of(queues.iter().map(|queue| queue.root));
        let (mut places, mut globs) = (Paths::default(), Paths::default());
        let tasks =
            queues.iter().flat_map(|queue| queue.tasks.iter().map(move |task| (queue, task)));
        let mut count = 0;
        for (queue, task) in tasks {
            for area in common_root.areas(queue.root, task) {
                match area {
                    Area::Path(path) => places.push(&path, (), count),
                    Area::Glob(text, glob) => {
                        places.push(glob.folder(&text), (), NONE);
                        globs.push(&text, glob, count);
                    }
                }
            }
            count += 1;
        }
        places.sort();
        globs.sort();
        let paths = Csr::from_pairs(count as usize, &numbered(&places));
        places.dedup();
        let (above, ends) = nested(&places);
        let folder = |glob: &str| places.under(glob).next().map_or(NONE, |place| place.at as u32);
        let folders = globs.iter().map(|glob| folder(glob.kind.folder(glob.text))).collect();
        let of_task: Vec<(u32, u32)> =
            globs.iter().map(|glob| (glob.tag, glob.at as u32)).collect();
        let globs_of_task = Csr::from_pairs(count as usize, &of_task);
        Self { places, above, ends, paths, globs, folders, globs_of_task }
    }

    /// Returns a place and everything under it.
    fn under(&self, place: u32) -> Range<u32> {
        place..self.ends[place as usize]
    }

    /// Returns the places above a place, nearest first.
    fn above(&self, place: u32) -> impl Iterator<Item = u32> + '_ {
        let above = |place: &u32| Some(self.above[*place as usize]).filter(|&above| above != NONE);
        std::iter::successors(Some(place), above).skip(1)
    }
}

/// Returns each task with the number of each of its places.
fn numbered(places: &Paths<()>) -> Vec<(u32, u32)> {
    let mut last = None;
    let mut count = 0;
    let numbered = places.iter().map(|place| {
        if last.replace(place.text) != Some(place.text) {
            count += 1;
        }
        (place.tag, count - 1)
    });
    numbered.filter(|(task, _)| *task != NONE).collect()
}

/// Returns for each place the place above it, and the end of the range of everything under it.
fn nested(places: &Paths<()>) -> (Vec<u32>, Vec<u32>) {
    let count = places.len() as u32;
    let (mut above, mut ends) = (Vec::with_capacity(places.len()), vec![count; places.len()]);
    let mut open: Vec<(u32, &str)> = Vec::new();
    for (place, number) in places.iter().zip(0..) {
        while let Some((last, _)) = open.pop_if(|(_, folder)| !covers(folder, place.text)) {
            ends[last as usize] = number;
        }
        above.push(open.last().map_or(NONE, |(folder, _)| *folder));
        open.push((number, place.text));
    }
    (above, ends)
}

/// What is taken at one moment, and by which holders.
#[derive(Clone, Debug)]
pub(crate) struct Taken<'a> {
    owned: &'a Owned,
    /// Places with their holders.
    paths: BTreeSet<(u32, u32)>,
    /// Places of the folders of globs, with the globs and their holders.
    globs: BTreeSet<(u32, u32, u32)>,
    budget: Budget,
}

impl<'a> Taken<'a> {
    /// Creates an empty state.
    pub(crate) fn new(owned: &'a Owned) -> Self {
        let (paths, globs, budget) = Default::default();
        Self { owned, paths, globs, budget }
    }

    /// Records that `holder` takes what `task` owns.
    pub(crate) fn add(&mut self, task: u32, holder: u32) {
        let Owned { paths, folders, globs_of_task, .. } = self.owned;
        self.paths.extend(paths.row(task).iter().map(|&place| (place, holder)));
        let globs = globs_of_task.row(task).iter();
        self.globs.extend(globs.map(|&glob| (folders[glob as usize], glob, holder)));
    }

    /// Records that `holder` releases what `task` owns.
    pub(crate) fn remove(&mut self, task: u32, holder: u32) {
        let Owned { paths, folders, globs_of_task, .. } = self.owned;
        for &place in paths.row(task) {
            self.paths.remove(&(place, holder));
        }
        for &glob in globs_of_task.row(task) {
            self.globs.remove(&(folders[glob as usize], glob, holder));
        }
    }

    /// Returns the holders of what `task` owns. A holder may occur several times.
    pub(crate) fn holders(&self, task: u32) -> impl Iterator<Item = u32> + '_ {
        let Owned { paths, globs_of_task, .. } = self.owned;
        let paths = paths.row(task).iter().flat_map(|&place| self.of_path(place));
        paths.chain(globs_of_task.row(task).iter().flat_map(|&glob| self.of_glob(glob)))
    }

    fn of_path(&self, place: u32) -> impl Iterator<Item = u32> + '_ {
        let near = self.paths_at(self.owned.under(place)).map(|(_, holder)| holder);
        let near = near.chain(self.globs_at(self.owned.under(place)).map(|(_, holder)| holder));
        let above = self.owned.above(place).flat_map(move |above| {
            let matching = move |(glob, _): &(u32, u32)| self.matches(*glob, place);
            let globs = self.globs_at(above..above + 1).filter(matching);
            self.paths_at(above..above + 1).chain(globs).map(|(_, holder)| holder)
        });
        near.chain(above)
    }

    fn of_glob(&self, glob: u32) -> impl Iterator<Item = u32> + '_ {
        let folder = self.owned.folders[glob as usize];
        let above = std::iter::once(folder).chain(self.owned.above(folder));
        let above = above.flat_map(|above| {
            self.paths_at(above..above + 1).chain(self.globs_at(above..above + 1))
        });
        let mut under = self.owned.under(folder);
        under.start += 1;
        let matching = move |(place, _): &(u32, u32)| self.matches(glob, *place);
        let under = self.paths_at(under.clone()).filter(matching).chain(self.globs_at(under));
        above.chain(under).map(|(_, holder)| holder)
    }

    /// Returns the places and holders of what is taken in a range of places.
    fn paths_at(&self, places: Range<u32>) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.paths.range((places.start, 0)..(places.end, 0)).copied()
    }

    /// Returns the globs whose folders are in a range of places, with their holders.
    fn globs_at(&self, places: Range<u32>) -> impl Iterator<Item = (u32, u32)> + '_ {
        let globs = self.globs.range((places.start, 0, 0)..(places.end, 0, 0));
        globs.map(|&(_, glob, holder)| (glob, holder))
    }

    fn matches(&self, glob: u32, place: u32) -> bool {
        let glob = self.owned.globs.get(glob as usize);
        glob.kind.matches(glob.text, self.owned.places.get(place as usize).text, &self.budget)
    }
}
