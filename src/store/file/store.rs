//! Files as a store.

use super::claims::ClaimFiles;
use super::control::ControlFiles;
use super::loaded::Loaded;
use super::log::FileLog;
use super::options::FileOptions;
use super::round::Locked;
use super::{FileStore, ROUNDS, SETTLE_STEP, may_settle, settled};
use crate::domain::{Event, QueueIx};
use crate::platform::atomic_file::is_littered;
use crate::platform::{checks, fs_kind, lock};
use crate::queue::schema;
use crate::store::control::Control;
use crate::store::journal::Journal;
use crate::store::log::Log;
use crate::store::records::requests;
use crate::store::round::round;
use crate::store::{
    Backend, Draft, OnChange, Opened, Patience, QueueStore, Recorded, StateDir, StoreError,
    TaskRef, last_good,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

impl Backend for FileOptions {
    fn control(&self) -> Arc<dyn Control> {
        Arc::new(ControlFiles::default())
    }

    fn log(&self, queue: &Path) -> Log {
        Arc::new(FileLog(StateDir::beside(queue).backed_up(self.backups.as_ref())))
    }

    fn open(self: Box<Self>, addresses: &[PathBuf]) -> Result<Opened, StoreError> {
        let control = self.control();
        let store = Box::new(FileStore::open(addresses, *self)?);
        Ok(Opened { store, claims: Arc::new(ClaimFiles), control })
    }
}

impl QueueStore for FileStore {
    fn queues(&self) -> &[crate::queue::Queue] {
        &self.queues
    }

    fn key(&self, queue: QueueIx) -> &Path {
        self.loaded[queue].path()
    }

    fn state(&self, queue: QueueIx) -> StateDir {
        self.loaded[queue].state().clone()
    }

    fn log(&self, queue: QueueIx) -> Log {
        Arc::new(FileLog(self.loaded[queue].state().clone()))
    }

    fn last_good(&self, queue: QueueIx) -> Option<String> {
        let file = &self.loaded[queue];
        let copy = last_good::path(file.state(), file.name());
        copy.exists().then(|| copy.display().to_string())
    }

    fn watch(&mut self, address: &Path) -> bool {
        let backups = self.options.backups.as_ref();
        let read =
            checks::real_path(address).ok().and_then(|real| Loaded::read(&real, backups).ok());
        let Some((file, queue)) = read else { return false };
        let journal = || Journal::new(file.state().clone());
        self.journals.by_dir.entry(file.dir().to_owned()).or_insert_with(journal);
        self.loaded.push(file);
        self.queues.push(queue);
        true
    }

    fn share(&mut self, roots: Vec<PathBuf>) {
        self.locking.also = roots;
    }

    fn read(&mut self) -> Result<bool, StoreError> {
        let changed = settled(self.recorded.settle(), || self.load())?;
        Ok(!changed.is_empty())
    }

    fn update(
        &mut self,
        patience: Patience,
        change: &mut dyn FnMut(&mut Draft<'_>) -> Result<(), StoreError>,
    ) -> Result<Vec<Event>, StoreError> {
        schema::prepare();
        let until = Instant::now() + self.recorded.settle();
        let mut rounds = 0;
        while rounds < ROUNDS {
            self.tidy();
            let locks = self.lock(patience)?;
            let made = round(&mut Locked { store: self, locks: &locks }, change);
            drop(locks);
            match made {
                Ok(Some(events)) => return Ok(events),
                Ok(None) => rounds += 1,
                // Do not sleep while holding the lock: the program that saves the file may need it.
                Err(error) if may_settle(&error) && Instant::now() < until => {
                    thread::sleep(SETTLE_STEP);
                }
                Err(error) => return Err(error),
            }
        }
        let path = self.loaded.first().map(|f| f.path().to_owned()).unwrap_or_default();
        Err(StoreError::Unsettled { path, times: ROUNDS })
    }

    fn note(
        &mut self,
        patience: Patience,
        queue: QueueIx,
        mut events: Vec<Event>,
    ) -> Result<Vec<Event>, StoreError> {
        self.check_room()?;
        let dir = self.loaded[queue].dir().to_owned();
        let limit = self.limit(patience);
        let dirs = std::slice::from_ref(&dir);
        let _lock = lock::acquire_all(dirs, limit, &mut *self.options.on_wait)?;
        let mut lines = self.take_waiting(&dir);
        lines.append(&mut events);
        self.append(&dir, &mut lines)?;
        Ok(lines)
    }

    fn note_later(&mut self, queue: QueueIx, event: Event) {
        self.journals.waiting.push((queue, event));
    }

    fn note_waiting(&mut self) -> Result<Vec<Event>, StoreError> {
        let mut noted = Vec::new();
        while let Some((queue, _)) =
            self.journals.waiting.iter().find(|(queue, _)| !self.recorded.alone.contains(queue))
        {
            noted.extend(self.note(Patience::Unlimited, *queue, Vec::new())?);
        }
        Ok(noted)
    }

    fn check_writable(&self) -> Result<(), StoreError> {
        self.refuse_newer()?;
        for file in &self.loaded[..self.served] {
            let state = file.state();
            Journal::new(state.clone()).check_known()?;
            let refuse =
                |path: &Path, reason| Err(StoreError::Unsafe { path: path.to_owned(), reason });
            for path in [file.path(), state.root()] {
                match checks::refusal(path) {
                    Ok(None) => {}
                    Ok(Some(reason)) => return refuse(path, reason),
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                    Err(error) => return Err(StoreError::io("inspect", path)(error)),
                }
            }
            if !checks::is_writable(file.dir()) {
                let reason = "the folder is read-only for you: status, next, why and check \
                              work; verbs that write do not";
                return refuse(file.dir(), reason.to_owned());
            }
            let kind = fs_kind::refusal(file.dir())
                .map_err(StoreError::io("determine the file system of", file.dir()))?;
            if let Some(reason) = kind.filter(|_| !self.options.unsafe_fs) {
                return refuse(file.dir(), reason);
            }
        }
        Ok(())
    }

    fn maintain(&mut self, patience: Patience) -> Result<(), StoreError> {
        self.tidy();
        let served = &self.loaded[..self.served];
        // The first update sweeps too, but there may be nothing to write.
        let is_due = !std::mem::replace(&mut self.locking.looked, true);
        if is_due && served.iter().any(|file| is_littered(file.dir(), file.name())) {
            drop(self.lock(patience)?);
        }
        Ok(())
    }

    fn on_change(&mut self, tell: OnChange) {
        self.on_change = Some(tell);
    }

    fn recorded(&self) -> &Recorded {
        &self.recorded
    }

    fn recorded_mut(&mut self) -> &mut Recorded {
        &mut self.recorded
    }

    fn is_unjudged(&self) -> bool {
        let judged = QueueIx::each(&self.loaded[..self.served]);
        let mut judged = judged.filter(|(queue, _)| !self.recorded.alone.contains(queue));
        judged.any(|(_, file)| file.is_unexplained())
    }

    fn is_recorded(&mut self) -> bool {
        let files = self.loaded.iter_mut().zip(&self.queues).take(self.served);
        let mut known = files.map(|(file, queue)| {
            file.know(queue);
            let last = Journal::new(file.state().clone()).last_write(&file.journal_name());
            last.is_none_or(|last| last.after == file.hash())
        });
        known.all(|known| known)
    }

    fn is_still(&self, queue: QueueIx) -> bool {
        let file = &self.loaded[queue];
        requests::is_still(file.state(), file.stem())
    }

    fn see_undecided(&mut self) -> Result<(), StoreError> {
        let verified = self.recorded.verified;
        self.load_undecided()?;
        // Whether a verification ran is still known.
        self.recorded.verified = verified;
        Ok(())
    }

    fn decide(&mut self, tasks: &[TaskRef]) {
        for queue in self.recorded.decide(tasks.iter()) {
            self.keep_undecided(queue);
        }
    }
}
