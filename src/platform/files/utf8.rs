//! Checks UTF-8 while a text is read: a piece that has just arrived is still in the processor's
//! cache, and two threads that read also check in parallel.

/// The content of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Valid UTF-8.
    Text(String),
    /// Not checked completely, or not valid UTF-8.
    Bytes(Vec<u8>),
}

impl Content {
    /// All bytes of the content.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }
}

impl From<Vec<u8>> for Content {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

/// The check of one stretch of a text, which grows at its end.
///
/// A character that crosses the start or the end of the stretch is left to [`joined`].
#[derive(Debug, Default)]
pub(super) struct Check {
    /// The number of bytes at the start that may be the end of a character.
    skipped: usize,
    /// The end of what was found valid, after the skipped bytes.
    checked: usize,
    broken: bool,
}

impl Check {
    /// Continues with `stretch`, of which more has arrived.
    pub(super) fn go_on(&mut self, stretch: &[u8]) {
        if self.checked == self.skipped {
            let inside = stretch.iter().take(3).take_while(|byte| **byte & 0xc0 == 0x80).count();
            (self.skipped, self.checked) = (inside, inside);
        }
        if self.broken {
            return;
        }
        match std::str::from_utf8(&stretch[self.checked..]) {
            Ok(text) => self.checked += text.len(),
            Err(error) => {
                self.checked += error.valid_up_to();
                self.broken = error.error_len().is_some();
            }
        }
    }
}

/// Returns the content that `first` and, from `middle` on, `second` have checked.
#[expect(unsafe_code, reason = "a second look at all of it would cost as much as reading it")]
pub(super) fn joined(bytes: Vec<u8>, middle: usize, first: &Check, second: &Check) -> Content {
    let whole = first.skipped == 0
        && !first.broken
        && !second.broken
        && middle + second.checked == bytes.len()
        && std::str::from_utf8(&bytes[first.checked..middle + second.skipped]).is_ok();
    if !whole {
        return Content::Bytes(bytes);
    }
    // SAFETY: the stretches 0..first.checked, first.checked..middle + second.skipped, and from
    // there to the end were each found to be valid UTF-8, so the whole is valid.
    Content::Text(unsafe { String::from_utf8_unchecked(bytes) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn in_pieces(bytes: &[u8], middle: usize, piece: usize) -> Content {
        let check = |half: &[u8]| {
            let mut check = Check::default();
            let mut end = 0;
            while end < half.len() {
                end = half.len().min(end + piece);
                check.go_on(&half[..end]);
            }
            check
        };
        let (first, second) = bytes.split_at(middle);
        joined(bytes.to_vec(), middle, &check(first), &check(second))
    }

    fn expected(bytes: &[u8]) -> Content {
        String::from_utf8(bytes.to_vec()).map_or(Content::Bytes(bytes.to_vec()), Content::Text)
    }

    /// Splits `bytes` at every position, and each half into pieces of every size.
    fn cut_everywhere(bytes: &[u8]) {
        let expected = expected(bytes);
        for middle in 0..=bytes.len() {
            for piece in 1..=bytes.len() {
                let found = in_pieces(bytes, middle, piece);
                assert_eq!(found, expected, "{middle} {piece}");
            }
        }
    }

    #[test]
    fn characters_may_be_cut_anywhere() {
        let text = "aé€😀".repeat(3);
        assert!(matches!(expected(text.as_bytes()), Content::Text(_)));
        cut_everywhere(text.as_bytes());
    }

    #[test]
    fn what_is_no_text_never_is() {
        let bad: [&[u8]; 6] =
            [b"\x80", b"a\xc3", b"\xff", b"\xed\xa0\x80", b"\xc0\x80", b"\xf0\x9f"];
        for bytes in bad {
            for (before, behind) in [("", ""), ("aé", ""), ("", "€b"), ("😀", "é")] {
                let all = [before.as_bytes(), bytes, behind.as_bytes()].concat();
                assert!(matches!(expected(&all), Content::Bytes(_)));
                cut_everywhere(&all);
            }
        }
    }

    proptest! {
        #[test]
        fn as_the_standard_library_says(
            bytes in prop::collection::vec(prop_oneof![any::<u8>(), 0x80_u8..0xc5, Just(b'a')], 0..24),
            middle in 0_usize..24,
            piece in 1_usize..9,
        ) {
            let middle = middle.min(bytes.len());
            prop_assert_eq!(in_pieces(&bytes, middle, piece), expected(&bytes));
        }
    }
}
