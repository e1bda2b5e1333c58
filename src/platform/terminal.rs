//! The terminals or pipes behind standard output and standard error: their properties, and the
//! characters that they act on.

use super::fault::{self, Fault};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::stdio::{stderr, stdout};
use rustix::termios::tcgetwinsize;

/// Returns the columns of the terminal; `None` if standard output is not a terminal.
pub(crate) fn width() -> Option<usize> {
    let columns = tcgetwinsize(stdout()).ok()?.ws_col;
    (columns > 0).then_some(usize::from(columns))
}

/// Returns the columns and the rows of the terminal behind standard error; `None` if it is not a
/// terminal.
pub(crate) fn size_of_stderr() -> Option<(usize, usize)> {
    let size = tcgetwinsize(stderr()).ok()?;
    (size.ws_col > 0).then_some((usize::from(size.ws_col), usize::from(size.ws_row)))
}

/// Returns whether a terminal would act on a character instead of showing it: control characters
/// (and with them OSC and all other sequences), those that change the writing direction or break
/// lines, and tags.
pub(crate) fn steers(letter: char) -> bool {
    let acts = letter.is_control()
        || matches!(letter,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{feff}'
            | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{e0000}'..='\u{e007f}');
    acts && !fault::is(Fault::NoEscape)
}

/// Returns whether the reader of standard output is gone, which a write would only detect later.
pub(crate) fn reader_is_gone() -> bool {
    let out = stdout();
    let mut fds = [PollFd::new(&out, PollFlags::empty())];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut fds, Some(&at_once)).is_ok()
        && fds[0].revents().intersects(PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_known_and_letters_do_not() {
        let steering = [
            '\0',
            '\t',
            '\n',
            '\r',
            '\u{1b}',
            '\u{7f}',
            '\u{85}',
            '\u{9b}',
            '\u{61c}',
            '\u{200e}',
            '\u{200f}',
            '\u{2028}',
            '\u{2029}',
            '\u{202a}',
            '\u{202e}',
            '\u{2066}',
            '\u{2069}',
            '\u{feff}',
            '\u{e0000}',
            '\u{e007f}',
        ];
        for letter in steering {
            assert!(steers(letter), "{letter:?}");
        }
        let plain = [
            ' ',
            'a',
            '~',
            '\u{a0}',
            'é',
            'ש',
            '日',
            '🦀',
            '\u{301}',
            '\u{200d}',
            '\u{2027}',
            '\u{202f}',
            '\u{2065}',
            '\u{206a}',
            '\u{fffd}',
            '\u{dffff}',
            '\u{e0080}',
        ];
        for letter in plain {
            assert!(!steers(letter), "{letter:?}");
        }
    }

    #[test]
    fn a_terminal_has_columns_and_a_reader() {
        assert!(width().is_none_or(|columns| columns > 0));
        assert!(size_of_stderr().is_none_or(|(columns, _)| columns > 0));
        assert!(!reader_is_gone(), "the output of this test is read");
    }
}
