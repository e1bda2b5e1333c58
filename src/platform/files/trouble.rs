//! Moments at which a write may fail or its process die. Unit tests decide what happens there, each in
//! its own thread; other builds know nothing of it.

use std::io;

/// What may happen at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Something is about to be written: the disk may be full.
    Before,
    /// It was written.
    After,
}

#[cfg(test)]
type AtMoment = Box<dyn FnMut(Moment) -> io::Result<()>>;

#[cfg(test)]
thread_local! {
    static AT_MOMENT: std::cell::RefCell<Option<AtMoment>> = const { std::cell::RefCell::new(None) };
}

/// From now on this thread does so at each moment.
#[cfg(test)]
pub(crate) fn at_each_moment(what: impl FnMut(Moment) -> io::Result<()> + 'static) {
    AT_MOMENT.set(Some(Box::new(what)));
}

/// A moment before a write, which may fail.
pub(crate) fn before() -> io::Result<()> {
    at(Moment::Before)
}

/// A moment after a write.
pub(crate) fn after() {
    // What is written is written: only the end of the process is left.
    drop(at(Moment::After));
}

#[cfg(test)]
fn at(moment: Moment) -> io::Result<()> {
    AT_MOMENT.with_borrow_mut(|what| what.as_mut().map_or(Ok(()), |what| what(moment)))
}

#[cfg(not(test))]
const fn at(_: Moment) -> io::Result<()> {
    Ok(())
}

/// Whether the process dies, as it seems to this thread: what a killed one would leave stays.
#[cfg(test)]
pub(crate) fn is_dying() -> bool {
    std::thread::panicking()
}

/// Nobody runs in a process that dies.
#[cfg(not(test))]
pub(crate) const fn is_dying() -> bool {
    false
}
