//! Lists of strings. A file may contain millions of strings, many of them equal.

use crate::domain::{Text, Texts};
use crate::queue::json::kind::Kind;
use crate::queue::json::values;

/// Appends a string or a list of strings. Returns true if there is anything else.
pub(super) fn push_texts(list: &mut Texts, raw: &str) -> bool {
    push_all(list, raw, |_, _| true)
}

pub(super) fn push_all(
    list: &mut Texts,
    raw: &str,
    mut other: impl FnMut(&mut Texts, &str) -> bool,
) -> bool {
    if let Some(text) = values::string(raw) {
        if !text.is_empty() {
            push(list, &text);
        }
        return false;
    }
    if Kind::of(raw) != Kind::Array {
        return true;
    }
    let mut problem = false;
    let mut most = MANY;
    for element in values::elements(raw) {
        if list.len() >= most {
            // Keeps the memory use of a list of millions of equal strings small.
            *list = without_doubles(std::mem::take(list));
            most = MANY.max(2 * list.len());
        }
        match values::string(element) {
            Some(text) => push(list, &text),
            None => problem |= other(list, element),
        }
    }
    problem
}

pub(super) fn push(list: &mut Texts, text: &str) {
    if list.is_empty() {
        // Most lists have one element, but the default capacity would be four.
        *list = Texts::with_capacity(1);
    }
    list.push(Text::from(text));
}

/// Returns the strings of a field that may name tasks. A value that is not a string is kept as its
/// JSON text, so that it can be reported.
pub(super) fn references(raw: &str) -> Texts {
    let mut list = Texts::new();
    let is_other = push_all(&mut list, raw, |list, element| {
        push(list, element);
        false
    });
    if is_other {
        push(&mut list, raw);
    }
    without_doubles(list)
}

/// The number of strings read before duplicates are removed for the first time.
const MANY: usize = 4096;

/// The maximum number of strings that are compared pairwise.
const FEW: usize = 16;

/// Returns the strings without duplicates of earlier ones.
pub(super) fn without_doubles(list: Texts) -> Texts {
    if list.len() <= FEW {
        let new = |at: usize| !list[..at].contains(&list[at]);
        if (1..list.len()).all(new) {
            return list;
        }
        return (0..list.len()).filter(|at| new(*at)).map(|at| list[at].clone()).collect();
    }
    let mut order: Vec<u32> = (0..list.len() as u32).collect();
    order.sort_unstable_by_key(|at| (&list[*at as usize], *at));
    let same = |pair: &[u32]| list[pair[0] as usize] == list[pair[1] as usize];
    let mut doubles: Vec<u32> =
        order.windows(2).filter(|pair| same(pair)).map(|pair| pair[1]).collect();
    if doubles.is_empty() {
        return list;
    }
    doubles.sort_unstable();
    let mut doubles = doubles.into_iter().peekable();
    let mut at = 0..;
    let first = |_: &Text| doubles.next_if(|double| at.next() == Some(*double)).is_none();
    list.into_iter().filter(first).collect()
}
