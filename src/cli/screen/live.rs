//! The thread that redraws the block of a run, and passes on the output of attempts.

use super::block::Block;
use super::board::Board;
use super::output::Outputs;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// How often the block is redrawn, so that its clocks advance.
const TICK: Duration = Duration::from_millis(250);
/// The number of ticks between two reads of the output of attempts.
const LOOKS: u32 = 2;
/// The state that the thread and the screen share.
pub(super) type Shared = Arc<Mutex<(Board, Outputs)>>;

/// Locks the shared state, even if a thread panicked while it held the lock.
pub(super) fn held(shared: &Shared) -> MutexGuard<'_, (Board, Outputs)> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts one thread that draws the block and passes on the output of attempts until the sender is
/// dropped. (The library's own ticker starts a thread for each line, and panics if the system
/// refuses one.) Without the thread, the block is drawn at each notice.
pub(super) fn tick(shared: &Shared, block: Option<Block>) -> Option<Sender<()>> {
    let (stop, stopped) = mpsc::channel();
    let shared = Arc::clone(shared);
    let body = move || {
        let mut ticks = 0_u32;
        while stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
            let mut shared = held(&shared);
            let (board, outputs) = &mut *shared;
            outputs.pass(board.busy(), block.as_ref());
            if let Some(block) = &block {
                if ticks.is_multiple_of(LOOKS) {
                    board.look();
                }
                block.show(board);
            }
            ticks = ticks.wrapping_add(1);
        }
    };
    let thread = thread::Builder::new().name("screen".to_owned()).spawn(body);
    thread.is_ok().then_some(stop)
}
