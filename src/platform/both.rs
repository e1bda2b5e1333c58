//! Does two independent things at the same time.

use std::panic::resume_unwind;
use std::thread::{Builder, scope};

/// Calls both and returns both results. `first` runs in a thread of its own; if none can be started,
/// it runs after `second`.
pub(crate) fn both<A: Send, B>(
    first: &(dyn Fn() -> A + Sync),
    second: impl FnOnce() -> B,
) -> (A, B) {
    scope(|scope| {
        let helper = Builder::new().spawn_scoped(scope, first);
        let second = second();
        let first = match helper {
            Ok(helper) => helper.join().unwrap_or_else(|panic| resume_unwind(panic)),
            Err(_) => first(),
        };
        (first, second)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn both_run_at_the_same_time() {
        let ((to_first, at_first), (to_second, at_second)) = (channel(), channel());
        let at_first = std::sync::Mutex::new(at_first);
        let first = || {
            to_second.send(1).unwrap();
            at_first.lock().unwrap().recv().unwrap()
        };
        let second = || {
            to_first.send(2).unwrap();
            at_second.recv().unwrap()
        };
        assert_eq!(both(&first, second), (2, 1));
    }
}
