//! Generates ids for tasks without one.

use crate::domain::Field;
use crate::queue::document::Queue;
use crate::queue::json::kind::Kind;
use serde_json::Value;
use std::collections::{HashMap, HashSet};

/// The prefix if the file has no style of its own.
const PREFIX: &str = "T-";
/// The number of digits if the file has no style of its own.
const WIDTH: usize = 3;

impl Queue {
    /// Returns the next `count` ids in the style of the file: the prefix that most of its ids have,
    /// with the numbers after the highest one in use. Returns `T-001` and so on if the file has no
    /// such style.
    pub fn next_ids(&self, count: usize) -> Vec<String> {
        let mut families: HashMap<&str, (usize, u64, usize)> = HashMap::new();
        for task in self.tasks() {
            let Some((prefix, digits, number)) = split(task.id.as_str()) else { continue };
            let (members, highest, width) = families.entry(prefix).or_default();
            *members += 1;
            *highest = (*highest).max(number);
            *width = (*width).max(if digits.starts_with('0') { digits.len() } else { 1 });
        }
        let habit = families.iter().max_by_key(|(prefix, (members, ..))| (*members, **prefix));
        let habit = habit.filter(|(_, (members, ..))| 2 * members > self.tasks().len());
        let (prefix, mut number, width) = match habit {
            Some((prefix, (_, highest, width))) => (*prefix, *highest, *width),
            None => (PREFIX, families.get(PREFIX).map_or(0, |family| family.1), WIDTH),
        };
        let mut made: HashSet<String> = HashSet::new();
        let mut ids = Vec::with_capacity(count);
        while ids.len() < count {
            number = number.wrapping_add(1);
            let id = format!("{prefix}{number:0width$}");
            if self.index_of(&id).is_none() && made.insert(id.clone()) {
                ids.push(id);
            }
        }
        ids
    }
}

impl Queue {
    /// Returns an id as this file writes it: a number if the file has this id as a number, or if
    /// the id is new and all others are numbers. Readers of such a file compare numbers and would
    /// not find a string.
    pub fn id_value(&self, id: &str) -> Value {
        let is_number =
            |index| self.raw(index, Field::Id).is_some_and(|raw| Kind::of(raw) == Kind::Number);
        let numbered = match self.index_of(id) {
            Some(index) => is_number(index),
            None => !self.tasks().is_empty() && (0..self.tasks().len()).all(is_number),
        };
        // A number that a reader would round stays a string.
        let number = id.parse::<u64>().ok().filter(|number| numbered && number.to_string() == id);
        number.map_or_else(|| Value::from(id), Value::from)
    }
}

/// Splits an id into its prefix, its trailing digits and their number.
fn split(id: &str) -> Option<(&str, &str, u64)> {
    let digits = id.len() - id.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (prefix, digits) = id.split_at(digits);
    Some((prefix, digits, digits.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::path::Path;

    fn next(ids: &[&str]) -> Vec<String> {
        let tasks: Vec<_> = ids.iter().map(|id| json!({"id": id})).collect();
        let text = json!({"tasks": tasks}).to_string();
        Queue::parse(Path::new("q.json"), text.into_bytes()).unwrap().next_ids(2)
    }

    #[test]
    fn the_style_of_the_file_goes_on() {
        assert_eq!(next(&[]), ["T-001", "T-002"]);
        assert_eq!(next(&["rooms", "passages"]), ["T-001", "T-002"]);
        assert_eq!(next(&["rooms", "passages", "T-007"]), ["T-008", "T-009"]);
        assert_eq!(next(&["BUG-041", "BUG-009"]), ["BUG-042", "BUG-043"]);
        assert_eq!(next(&["BUG-999"]), ["BUG-1000", "BUG-1001"]);
        assert_eq!(next(&["A1", "A2", "A9", "B7"]), ["A10", "A11"]);
        assert_eq!(next(&["1", "2"]), ["3", "4"]);
        assert_eq!(next(&["1.1", "1.2", "2.1", "2.2"]), ["T-001", "T-002"]);
        assert_eq!(next(&["A99999999999999999999999"]), ["T-001", "T-002"]);
    }

    #[test]
    fn an_id_is_a_number_where_ids_are_numbers() {
        let queue = |ids: Value| {
            let tasks: Vec<_> =
                ids.as_array().unwrap().iter().map(|id| json!({"id": id})).collect();
            Queue::parse(Path::new("q.json"), json!(tasks).to_string().into_bytes()).unwrap()
        };
        let (numbers, mixed) = (queue(json!([1, 2])), queue(json!([1, "2"])));
        assert_eq!(
            ["2", "3", "03", "x"].map(|id| numbers.id_value(id)),
            [json!(2), json!(3), json!("03"), json!("x"),]
        );
        assert_eq!(
            ["1", "2", "3"].map(|id| mixed.id_value(id)),
            [json!(1), json!("2"), json!("3")]
        );
        assert_eq!(queue(json!([])).id_value("1"), json!("1"));
    }
}
