//! The command of an agent or a verification step, as a person wrote it.

use std::ffi::OsString;
use std::fmt;

/// A command line. Task data never becomes part of the text of a [`Command::Shell`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// Run unchanged by `sh -c`.
    Shell(String),
    /// Run directly. `{placeholder}` in an argument is replaced.
    List(Vec<String>),
}

impl Command {
    /// Returns the arguments to execute, program first.
    ///
    /// `placeholders` returns the value of a name. An unknown name stays unchanged, including its
    /// braces. A placeholder becomes exactly one argument or a part of one; only an argument that
    /// consists of a single placeholder becomes one argument for each element of its value.
    pub fn expand(&self, placeholders: &dyn Fn(&str) -> Option<Vec<String>>) -> Vec<OsString> {
        match self {
            Self::Shell(text) => ["sh", "-c", text].map(OsString::from).to_vec(),
            Self::List(arguments) => arguments
                .iter()
                .flat_map(|argument| expand_argument(argument, placeholders))
                .map(OsString::from)
                .collect(),
        }
    }

    /// Returns whether there is nothing to run.
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Shell(text) => text.trim().is_empty(),
            Self::List(arguments) => arguments.first().is_none_or(|program| program.is_empty()),
        }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shell(text) => f.write_str(text),
            Self::List(arguments) => f.write_str(&arguments.join(" ")),
        }
    }
}

fn expand_argument(
    argument: &str,
    placeholders: &dyn Fn(&str) -> Option<Vec<String>>,
) -> Vec<String> {
    let whole = argument.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    if let Some(values) = whole.filter(|name| is_name(name)).and_then(placeholders) {
        return values;
    }
    let mut expanded = String::new();
    let mut rest = argument;
    while let Some(open) = rest.find('{') {
        expanded.push_str(&rest[..open]);
        let inside = &rest[open + 1..];
        let end = inside.find('}').filter(|end| is_name(&inside[..*end]));
        match end.and_then(|end| Some((end, placeholders(&inside[..end])?))) {
            Some((end, values)) => {
                expanded.push_str(&values.join(" "));
                rest = &inside[end + 1..];
            }
            None => {
                expanded.push('{');
                rest = inside;
            }
        }
    }
    expanded.push_str(rest);
    vec![expanded]
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(name: &str) -> Option<Vec<String>> {
        let list: &[&str] = match name {
            "id" => &["A 1; rm"],
            "tests" => &["a.ts", "{id}"],
            "none" => &[],
            _ => return None,
        };
        Some(list.iter().map(ToString::to_string).collect())
    }

    fn list(arguments: &[&str]) -> Vec<OsString> {
        Command::List(arguments.iter().map(ToString::to_string).collect()).expand(&values)
    }

    #[test]
    fn a_placeholder_is_one_argument_and_a_list_is_one_for_each_element() {
        assert_eq!(list(&["t", "{id}", "{tests}", "{none}"]), ["t", "A 1; rm", "a.ts", "{id}"]);
        assert_eq!(list(&["--only={tests}", "x{id}y"]), ["--only=a.ts {id}", "xA 1; rmy"]);
    }

    #[test]
    fn what_is_no_placeholder_stays() {
        assert_eq!(
            list(&["{other}", "{ id }", "{", "{}", "{{id}}"]),
            ["{other}", "{ id }", "{", "{}", "{A 1; rm}"]
        );
    }

    #[test]
    fn a_string_goes_to_the_shell_unexpanded() {
        let command = Command::Shell("echo {id}".to_owned());
        assert_eq!(command.expand(&values), ["sh", "-c", "echo {id}"]);
    }

    #[test]
    fn a_name_has_small_letters_and_underscores() {
        let any = |_: &str| Some(vec!["X".to_owned(), "Y".to_owned()]);
        for (argument, expanded) in [
            ("{a}", &["X", "Y"][..]),
            ("{a_b}", &["X", "Y"]),
            ("-{a}{b}", &["-X YX Y"]),
            ("{}", &["{}"]),
            ("{A}", &["{A}"]),
            ("{a b}", &["{a b}"]),
            ("-{}", &["-{}"]),
            ("-{a", &["-{a"]),
            ("-{{a}}", &["-{X Y}"]),
        ] {
            assert_eq!(
                Command::List(vec![argument.to_owned()]).expand(&any),
                expanded,
                "{argument}"
            );
        }
    }

    #[test]
    fn a_blank_command_runs_nothing() {
        let list = |words: &[&str]| Command::List(words.iter().map(ToString::to_string).collect());
        let shell = |text: &str| Command::Shell(text.to_owned());
        assert!(
            [list(&[]), list(&["", "a"]), shell(""), shell(" \n")].iter().all(Command::is_blank)
        );
        assert!(!list(&["a", ""]).is_blank() && !shell("a").is_blank());
        assert_eq!(
            (list(&["a", "b"]).to_string(), shell("a b").to_string()),
            ("a b".into(), "a b".into())
        );
    }
}
