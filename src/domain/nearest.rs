//! Finds the name that was probably meant by a misspelled one.

/// Names longer than this, in bytes, are not compared.
const LONGEST: usize = 256;

/// Returns the candidate nearest to `name`, if one is close enough to be a typing error and has a
/// letter in common with it.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = name.chars().count();
    let mut limit = 2 + length / 4;
    let mut found = None;
    for candidate in candidates {
        let longest = length.max(candidate.chars().count());
        if let Some(distance) = distance_below(name, candidate, limit.min(longest)) {
            (limit, found) = (distance, Some(candidate));
        }
    }
    found
}

/// Returns how many letters must be inserted, deleted, changed or swapped with their neighbour,
/// ignoring ASCII case. Returns `None` if that is not below `limit`.
pub fn distance_below(a: &str, b: &str, limit: usize) -> Option<usize> {
    // A character has at most four bytes, so the lengths alone rule out most names.
    if a.len().max(b.len()) > LONGEST || a.len().abs_diff(b.len()) >= 4 * limit {
        return None;
    }
    if a.chars().count().abs_diff(b.chars().count()) >= limit {
        return None;
    }
    let distance = strsim::osa_distance(&a.to_ascii_lowercase(), &b.to_ascii_lowercase());
    (distance < limit).then_some(distance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_slips_of_the_keyboard() {
        for (a, b, distance) in [
            ("TASK-1", "TASK-1", 0),
            ("TASK-1", "task-1", 0),
            ("TASK-1", "TASK-12", 1),
            ("TSAK-1", "TASK-1", 1),
            ("PROVDER-4", "PROVIDER-4", 1),
            ("abc", "axd", 2),
        ] {
            assert_eq!(distance_below(a, b, 3), Some(distance), "{a} {b}");
        }
        assert_eq!(distance_below("abcdef", "uvwxyz", 3), None);
        assert_eq!(distance_below("a", "abcdefgh", 3), None);
    }

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        let keys = ["timeout", "silence", "grace", "run"];
        assert_eq!(nearest("timout", keys), Some("timeout"));
        assert_eq!(nearest("Timeout", keys), Some("timeout"));
        assert_eq!(nearest("rum", keys), Some("run"));
        assert_eq!(nearest("colour", keys), None);
    }

    #[test]
    fn a_name_without_a_common_letter_is_no_slip() {
        assert_eq!(nearest("X", ["A", "B"]), None);
        assert_eq!(nearest("b", ["A", "B"]), Some("B"));
        assert_eq!(nearest("B", ["A", "B1"]), Some("B1"));
        assert_eq!(nearest("", ["A"]), None);
        assert_eq!(nearest("AB", ["XY", "BA"]), Some("BA"));
    }

    #[test]
    fn only_names_of_a_similar_length_are_compared() {
        // 8 letters allow 3 slips, 7 only 2.
        assert_eq!(nearest("abcdefgh", ["xyzdefgh"]), Some("xyzdefgh"));
        assert_eq!(nearest("abcdefg", ["xyzdefg"]), None);
        assert_eq!(nearest("ab", ["xb", "ab", "ax"]), Some("ab"));
        let longest = "a".repeat(LONGEST);
        let longer = "a".repeat(LONGEST + 1);
        assert_eq!(distance_below(&longest, &longest, 2), Some(0));
        assert_eq!(distance_below(&longer, &longest, 2), None);
        assert_eq!(distance_below(&longest, &longer, 2), None);
        // A letter may have 4 bytes, so a length is not a number of letters.
        assert_eq!(distance_below("a", "😀", 2), Some(1));
        assert_eq!(distance_below("a😀", "a", 2), Some(1));
        assert_eq!(distance_below("😀😀", "", 3), Some(2));
        assert_eq!(distance_below("ab", "a", 1), None);
    }
}
