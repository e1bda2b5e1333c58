//! Tests that two threads read a list exactly as one thread does.

use super::properties::file;
use crate::queue::parse::outline::outline_with;
use proptest::prelude::*;

/// Returns what is read of `text`, or why it is refused, with and without a second thread.
fn read(text: &str) -> [String; 2] {
    [0, usize::MAX].map(|worth| format!("{:?}", outline_with(text, None, worth)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn two_threads_read_what_one_reads(
        text in file(),
        at in any::<prop::sample::Index>(),
        with in prop_oneof![Just(String::new()), "[\\[\\]{},:\"\\\\0-9eT.+ \u{1}nt-]{1,2}"],
    ) {
        let mut chars: Vec<char> = text.chars().collect();
        if !with.is_empty() {
            let at = at.index(chars.len());
            chars.splice(at..=at, with.chars());
        }
        let [two, one] = read(&chars.into_iter().collect::<String>());
        prop_assert_eq!(two, one);
    }
}

/// The separator of two tasks occurs in the middle of a long text inside a task. The result of the
/// second thread must be discarded.
#[test]
fn a_wrong_guess_changes_nothing() {
    let id = |n: usize| format!(r#"{{"id":"T{n}","title":"x"}}"#);
    let inside = (0..40).map(id).collect::<Vec<_>>().join(",");
    let task = format!(r#"{{"id":"B","title":"{{}},{{","list":[{inside}],"status":"pending"}}"#);
    let text = format!(r#"{{"tasks":[{},{},{task},{}]}}"#, id(100), id(101), id(102));
    let [two, one] = read(&text);
    assert_eq!(two, one);
    assert!(one.starts_with("Ok"), "{one}");
}
