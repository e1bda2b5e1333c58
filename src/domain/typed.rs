//! Formats the commands that messages suggest.
//!
//! A person copies such a command into a shell. Its id must therefore be a single shell word, and
//! it must find the queue that the message is about.

/// How suggested commands name the queues.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Typed {
    /// Flags, each with a leading space; empty if the queues are found without flags.
    queues: String,
}

impl Typed {
    /// Makes commands name the queues with these flags, each with a leading space.
    pub fn naming(queues: String) -> Self {
        Self { queues }
    }

    /// Formats `workloop VERB`.
    pub fn verb(&self, verb: &str) -> String {
        format!("workloop {verb}{}", self.queues)
    }

    /// Formats `workloop VERB ID`.
    pub fn about(&self, verb: &str, id: &str) -> String {
        self.with(verb, id, "")
    }

    /// Formats `workloop VERB ID REST`.
    pub fn with(&self, verb: &str, id: &str, rest: &str) -> String {
        let gap = if rest.is_empty() { "" } else { " " };
        let (word, queues) = (shell_word(id), &self.queues);
        if id.starts_with('-') {
            return format!("workloop {verb}{queues} -- {word}{gap}{rest}");
        }
        format!("workloop {verb} {word}{gap}{rest}{queues}")
    }
}

/// Quotes a value if needed, so that a shell reads it as one word.
pub fn shell_word(value: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || "-_./:@%+=,".contains(letter);
    if !value.is_empty() && value.chars().all(plain) {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_one_word_and_the_queue_is_named() {
        let found = Typed::default();
        assert_eq!(found.verb("run"), "workloop run");
        assert_eq!(found.about("why", "A-1"), "workloop why A-1");
        assert_eq!(found.about("why", "my task"), "workloop why 'my task'");
        assert_eq!(found.with("answer", "$(rm -r x)", "TEXT"), "workloop answer '$(rm -r x)' TEXT");
        assert_eq!(found.about("why", "it's"), r"workloop why 'it'\''s'");
        let named = Typed::naming(" --work-queue q.json".to_owned());
        assert_eq!(named.verb("run"), "workloop run --work-queue q.json");
        assert_eq!(named.with("answer", "A", "TEXT"), "workloop answer A TEXT --work-queue q.json");
        // An id that begins with a dash is not read as a flag.
        assert_eq!(named.about("why", "-1"), "workloop why --work-queue q.json -- -1");
    }

    #[test]
    fn words_are_what_a_shell_takes_for_one() {
        assert_eq!(shell_word("queues/a-1.json"), "queues/a-1.json");
        assert_eq!(shell_word("it's $(here)"), r"'it'\''s $(here)'");
        assert_eq!(shell_word(""), "''");
    }
}
