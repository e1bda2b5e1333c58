//! The thread that draws the block of a run again and again, and passes on what attempts print.

use super::block::Block;
use super::board::Board;
use super::output::Outputs;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// How often the block is drawn again, so that its clocks move.
const TICK: Duration = Duration::from_millis(250);
/// Ticks between two looks at what attempts print.
const LOOKS: u32 = 2;
/// What the thread and the screen share.
pub(super) type Shared = Arc<Mutex<(Board, Outputs)>>;

/// What is shared, also when a thread died that had it.
pub(super) fn held(shared: &Shared) -> MutexGuard<'_, (Board, Outputs)> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Draws the block, and passes on what attempts print, until the sender is dropped: one thread for all
/// of it. (The library's own way is a thread for each line, and panics when the system refuses one.)
/// Without a thread it is drawn whenever something is told.
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
