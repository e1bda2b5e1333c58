//! Parses a file of variables in `.env` format.
//!
//! This parser exists because the crate for this (`dotenvy`) expands `$NAME` with variables of its
//! own process, whether or not they are passed to commands. It has no option to disable that, and
//! it also takes the rest of a password after a `$` for such a name.
//!
//! A line is `NAME=value`, with or without `export` before it. A value in single quotes is literal.
//! In double quotes the escapes `\n`, `\r`, `\t`, `\"`, `\\` and `\$` are supported. Both may span
//! lines. A value without quotes ends at the end of the line or before ` #`. Outside of single
//! quotes, `${NAME}` is a variable of a line above; a `$` without braces is a literal `$`.

use std::collections::BTreeMap;

/// A fault in such a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    /// The line, counted from 1.
    pub(super) line: usize,
    /// The description, without any value.
    pub(super) message: String,
}

/// Returns the variables of `text`. If a variable occurs twice, the last value counts.
pub(super) fn parse(text: &str) -> Result<BTreeMap<String, String>, Wrong> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader { text, rest: text, found: BTreeMap::new() };
    while !reader.rest.is_empty() {
        reader.line()?;
    }
    Ok(reader.found)
}

struct Reader<'t> {
    text: &'t str,
    rest: &'t str,
    found: BTreeMap<String, String>,
}

impl<'t> Reader<'t> {
    fn wrong<T>(&self, message: impl Into<String>) -> Result<T, Wrong> {
        let before = &self.text[..self.text.len() - self.rest.len()];
        Err(Wrong { line: before.matches('\n').count() + 1, message: message.into() })
    }

    fn spaces(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\r']);
    }

    /// Moves past the rest of the line and returns it.
    fn end_line(&mut self) -> &'t str {
        let (line, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
        self.rest = rest;
        line
    }

    fn word(&mut self) -> &'t str {
        let is_part = |c: char| c == '_' || c == '.' || c.is_ascii_alphanumeric();
        let (word, rest) =
            self.rest.split_at(self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len()));
        self.rest = rest;
        word
    }

    fn line(&mut self) -> Result<(), Wrong> {
        self.spaces();
        if self.rest.is_empty() || self.rest.starts_with(['\n', '#']) {
            self.end_line();
            return Ok(());
        }
        let mut name = self.word();
        self.spaces();
        if name == "export" && !self.rest.starts_with('=') {
            name = self.word();
            self.spaces();
        }
        let Some(rest) = self.rest.strip_prefix('=').filter(|_| is_name(name)) else {
            return self.wrong("a line must be NAME=value, or a comment after #");
        };
        self.rest = rest.trim_start_matches([' ', '\t']);
        let value = match self.rest.chars().next() {
            Some('\'') => self.quoted('\'')?,
            Some('"') => self.quoted('"')?,
            _ => self.plain()?,
        };
        if value.contains('\0') {
            return self.wrong(format!("the value of {name} contains a NUL"));
        }
        self.found.insert(name.to_owned(), value);
        Ok(())
    }

    fn plain(&mut self) -> Result<String, Wrong> {
        let end = self.rest.find('\n').unwrap_or(self.rest.len());
        let line = &self.rest[..end];
        let comment = line.match_indices('#').map(|(at, _)| at);
        let comment = comment.into_iter().find(|at| *at == 0 || line[..*at].ends_with([' ', '\t']));
        let value = self.expanded(line[..comment.unwrap_or(end)].trim())?;
        self.end_line();
        Ok(value)
    }

    /// Reads a value in quotes, which only a comment may follow.
    fn quoted(&mut self, quote: char) -> Result<String, Wrong> {
        let inside = &self.rest[1..];
        let mut escaped = false;
        let end = inside.find(|c| {
            let ends = c == quote && !escaped;
            escaped = quote == '"' && c == '\\' && !escaped;
            ends
        });
        let Some(end) = end else { return self.wrong("the quotes are not closed") };
        let raw = &inside[..end];
        let value = if quote == '"' { self.expanded(raw)? } else { raw.replace("\r\n", "\n") };
        self.rest = &inside[end + 1..];
        self.spaces();
        if !(self.rest.is_empty() || self.rest.starts_with(['\n', '#'])) {
            return self.wrong("only a comment may follow the closing quotes");
        }
        self.end_line();
        Ok(value)
    }

    /// Returns `raw` with `${NAME}` replaced and, in double quotes, with escapes resolved.
    fn expanded(&self, raw: &str) -> Result<String, Wrong> {
        let quoted = self.rest.starts_with('"');
        let mut value = String::new();
        let mut rest = raw;
        while let Some(at) = rest.find(['\\', '$', '\r']) {
            value.push_str(&rest[..at]);
            let special = &rest[at..];
            let (text, length) = if special.starts_with("\r\n") {
                (String::new(), 1)
            } else if quoted && special.starts_with('\\') {
                escape(&special[1..])
            } else if let Some(name) = special.strip_prefix("${") {
                let name = name.split('}').next().filter(|name| name.len() + 2 < special.len());
                let known = name.and_then(|name| Some((self.found.get(name)?, name.len())));
                let Some((known, length)) = known else {
                    let name = name.unwrap_or_default();
                    return self.wrong(format!(
                        "${{{name}}} is not set on a line above; single quotes make it literal"
                    ));
                };
                (known.clone(), length + 3)
            } else {
                (special[..1].to_owned(), 1)
            };
            value.push_str(&text);
            rest = &special[length..];
        }
        value.push_str(rest);
        Ok(value)
    }
}

/// Returns the text of an escape, and its length including the backslash. An unknown escape yields
/// both characters.
fn escape(behind: &str) -> (String, usize) {
    let Some(c) = behind.chars().next() else { return ("\\".to_owned(), 1) };
    let text = match c {
        'n' => "\n".to_owned(),
        'r' => "\r".to_owned(),
        't' => "\t".to_owned(),
        '"' | '\\' | '$' => c.to_string(),
        other => format!("\\{other}"),
    };
    (text, 1 + c.len_utf8())
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> String {
        parse(text).expect(text).remove("A").expect(text)
    }

    #[test]
    fn values_are_read_as_people_write_them() {
        for (text, expected) in [
            ("A=1", "1"),
            ("export A = two words  # a comment\n", "two words"),
            ("A=a#b", "a#b"),
            ("A=# nothing", ""),
            ("A=\nB=2", ""),
            ("A='$x \\n \"q\"' # c", "$x \\n \"q\""),
            (r#"A="a\tb\n\"q\" \\ \$x \z""#, "a\tb\n\"q\" \\ $x \\z"),
            ("A=\"one\ntwo\"", "one\ntwo"),
            ("\u{feff}# c\r\n\r\nA=crlf\r\n", "crlf"),
            ("A='x\r\ny'\r\n", "x\ny"),
            ("B=b\nA=${B}/c-$B$", "b/c-$B$"),
            ("B=b\nA=\"${B}\"", "b"),
            ("B=b\nA='${B}'", "${B}"),
            ("A=1\nA=2", "2"),
            ("A=p$ssw0rd\\n", "p$ssw0rd\\n"),
            ("A=\"\"", ""),
            ("export=1\nA=é", "é"),
        ] {
            assert_eq!(value(text), expected, "{text:?}");
        }
        assert_eq!(parse("# nothing\n\n").expect("empty").len(), 0);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line_and_without_a_value() {
        for (text, line, message) in [
            ("A=1\nsecret", 2, "NAME=value"),
            ("\n1A=secret", 2, "NAME=value"),
            ("A=\"secret\n", 1, "quotes"),
            ("A='a'secret", 1, "comment"),
            ("A=1\nB=${C}", 2, "${C}"),
            ("A=${B", 1, "single quotes"),
            ("A=sec\0ret", 1, "NUL"),
            ("=secret", 1, "NAME=value"),
        ] {
            let wrong = parse(text).expect_err(text);
            assert_eq!(wrong.line, line, "{text:?}");
            assert!(wrong.message.contains(message), "{wrong:?}");
            assert!(!wrong.message.contains("secret"), "{wrong:?}");
        }
    }
}
