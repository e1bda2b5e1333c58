//! Moments at which a write may fail or the process may die. Unit tests decide what happens there,
//! each in its own thread; in other builds nothing happens.

use std::io;

/// A moment at which something may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Before something is written: the disk may be full.
    Before,
    /// After it was written.
    After,
}

#[cfg(test)]
type AtMoment = Box<dyn FnMut(Moment) -> io::Result<()>>;

#[cfg(test)]
thread_local! {
    static AT_MOMENT: std::cell::RefCell<Option<AtMoment>> = const { std::cell::RefCell::new(None) };
}

/// Calls `what` at each moment of this thread from now on.
#[cfg(test)]
pub(crate) fn at_each_moment(what: impl FnMut(Moment) -> io::Result<()> + 'static) {
    AT_MOMENT.set(Some(Box::new(what)));
}

/// The moment before a write, which may fail.
pub(crate) fn before() -> io::Result<()> {
    at(Moment::Before)
}

/// The moment after a write.
pub(crate) fn after() {
    // The write has succeeded: only the process can end now.
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

/// Returns whether this thread simulates a process that dies: what a killed process would leave
/// must stay.
#[cfg(test)]
pub(crate) fn is_dying() -> bool {
    std::thread::panicking()
}

/// A process that dies runs nothing.
#[cfg(not(test))]
pub(crate) const fn is_dying() -> bool {
    false
}
