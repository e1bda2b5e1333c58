//! Finds the end of the plain part of a string, word by word in short strings and block by block in
//! long ones.

/// The number of bytes of a long string that are checked at once.
const BLOCK: usize = 32;

/// The number of words that are checked one by one before checking blocks pays off.
const SHORT: usize = 3;

/// Returns the offset of the next quote, backslash or control character at or after `pos`, or else
/// the end.
#[inline]
pub(super) fn plain_end(bytes: &[u8], pos: usize) -> usize {
    let mut at = match by_words(bytes, pos, SHORT) {
        Ok(found) => return found,
        Err(at) => at,
    };
    while bytes[at..].first_chunk().is_some_and(is_plain) {
        at += BLOCK;
    }
    by_words(bytes, at, usize::MAX).unwrap_or_else(|at| {
        let rest = bytes[at..].iter().position(|byte| is_special(*byte));
        rest.map_or(bytes.len(), |more| at + more)
    })
}

/// Checks up to `most` words of eight bytes. Returns the offset of a special byte, or else how far
/// the check got.
#[inline]
fn by_words(bytes: &[u8], mut at: usize, most: usize) -> Result<usize, usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    for _ in 0..most {
        let Some(word) = bytes[at..].first_chunk() else { break };
        let word = u64::from_le_bytes(*word);
        let quote = word ^ (ONES * b'"' as u64);
        let slash = word ^ (ONES * b'\\' as u64);
        // The lowest set bit is exact. False positives can only be above a true one.
        let marks = (quote.wrapping_sub(ONES) & !quote)
            | (slash.wrapping_sub(ONES) & !slash)
            | (word.wrapping_sub(ONES * 0x20) & !word);
        let marks = marks & HIGH;
        if marks != 0 {
            return Ok(at + (marks.trailing_zeros() / 8) as usize);
        }
        at += 8;
    }
    Err(at)
}

/// Returns whether nothing in the block ends or interrupts a string.
#[inline]
fn is_plain(block: &[u8; BLOCK]) -> bool {
    block.iter().fold(0, |found, byte| found | u8::from(is_special(*byte))) == 0
}

/// Uses `|` instead of `||`, because the branches of `||` would prevent vectorization.
#[inline]
fn is_special(byte: u8) -> bool {
    (byte == b'"') | (byte == b'\\') | (byte < 0x20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_special_byte_is_found_wherever_it_stands() {
        for length in 0..100 {
            for special in [b'"', b'\\', 0, 0x1f, b'\n'] {
                let mut text = vec![0xff; length];
                assert_eq!(plain_end(&text, 0), length);
                for at in 0..length {
                    text[at] = special;
                    assert_eq!(plain_end(&text, 0), at);
                    assert_eq!(plain_end(&text, at / 2), at);
                    text[at] = b' ' + (at % 2) as u8;
                }
            }
        }
    }
}
