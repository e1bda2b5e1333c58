//! Finds the variables that the text of a command reads but does not set.

use super::command::Command;
use super::environment::mentions;

/// Variables that a shell sets by itself.
const OF_THE_SHELL: [&str; 22] = [
    "PWD",
    "OLDPWD",
    "IFS",
    "PPID",
    "UID",
    "EUID",
    "RANDOM",
    "SECONDS",
    "LINENO",
    "HOSTNAME",
    "OSTYPE",
    "SHLVL",
    "OPTARG",
    "OPTIND",
    "REPLY",
    "PIPESTATUS",
    "FUNCNAME",
    "BASH",
    "BASH_SOURCE",
    "BASH_VERSION",
    "PS4",
    "_",
];

/// Programs that interpret their argument as a shell does.
const SHELLS: [&str; 5] = ["sh", "bash", "dash", "zsh", "ksh"];

impl Command {
    /// Returns the names after `$` in a shell text, except those that are in single quotes, that
    /// have a default (`${NAME:-x}`), or that the text may set itself.
    pub fn variables(&self) -> Vec<String> {
        let text = match self {
            Self::Shell(text) => text.clone(),
            Self::List(words) => {
                let program = words.first().map_or("", String::as_str);
                let name = program.rsplit('/').next().unwrap_or(program);
                if SHELLS.contains(&name) { words[1..].join(" ") } else { String::new() }
            }
        };
        let mut found = Vec::new();
        for name in read(&text) {
            if !found.contains(&name) && !OF_THE_SHELL.contains(&name) && !may_set(&text, name) {
                found.push(name);
            }
        }
        found.into_iter().map(str::to_owned).collect()
    }
}

/// Returns the names that are read, in order of appearance.
fn read(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let (mut single, mut double) = (false, false);
    let mut rest = text.char_indices();
    while let Some((at, c)) = rest.next() {
        match c {
            '\'' if !double => single = !single,
            '"' if !single => double = !double,
            '\\' if !single => drop(rest.next()),
            '$' if !single => {
                let behind = &text[at + 1..];
                if behind.starts_with('$') {
                    rest.next();
                }
                found.extend(name_at(behind));
            }
            _ => {}
        }
    }
    found
}

/// Returns the name in `NAME…` or `{NAME}`, unless it has a default.
fn name_at(behind: &str) -> Option<&str> {
    let inside = behind.strip_prefix('{');
    let text = inside.unwrap_or(behind);
    let end = text.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(text.len());
    let name = &text[..end];
    let plain = name.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic());
    // A name in braces is followed by its default or by a pattern to remove. Only a default counts.
    let has_default = inside.is_some() && text[end..].starts_with([':', '-', '+', '=', '?']);
    (plain && !has_default).then_some(name)
}

/// Returns whether the name occurs anywhere without a `$` before it: assigned, read, exported or
/// used as a loop variable.
fn may_set(text: &str, name: &str) -> bool {
    let bare = text.replace(&format!("${{{name}"), " ").replace(&format!("${name}"), " ");
    mentions(&bare, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> String {
        Command::Shell(text.to_owned()).variables().join(" ")
    }

    #[test]
    fn what_a_text_reads_and_does_not_set_is_found() {
        for (text, expected) in [
            ("psql \"$DATABASE_URL\" -c 'select $1'", "DATABASE_URL"),
            ("echo ${A} $B ${A}", "A B"),
            ("echo ${A%/*} \"it's $B\"", "A B"),
            ("awk '{print $NF}' <$FILE", "FILE"),
            ("echo ${A:-x} ${B-} ${C:=1} ${D:?no}", ""),
            ("for f in *; do echo $f; done; read x; echo $x; Y=1; echo $Y", ""),
            ("export A; echo $A; echo \\$B '$C' $$ $? $1 $@ ${#D} $PWD", ""),
            ("echo $A_B", "A_B"),
        ] {
            assert_eq!(of(text), expected, "{text}");
        }
        let list = |words: &[&str]| {
            Command::List(words.iter().map(ToString::to_string).collect()).variables()
        };
        assert_eq!(list(&["/bin/sh", "-c", "echo $A"]), ["A"]);
        assert!(list(&["echo", "$A"]).is_empty());
    }

    #[test]
    fn quotes_decide_what_is_a_variable() {
        for (text, expected) in [
            (r"echo \$A $B", "B"),
            (r"echo '\' $A", "A"),
            (r#"echo "'$A'""#, "A"),
            (r#"echo '"$A"'"#, ""),
            (r#"echo '"' "$A""#, "A"),
            ("echo '$A' $B", "B"),
            ("echo $$A", ""),
            ("echo $A$$", "A"),
            ("echo $_a1 $1a", "_a1"),
            ("echo ${A+x} ${B?x} ${C#x}", "C"),
            ("echo $A:x", "A"),
        ] {
            assert_eq!(of(text), expected, "{text}");
        }
        let words = |words: &[&str]| Command::List(words.iter().map(ToString::to_string).collect());
        assert_eq!(words(&["bash", "-c", "$A"]).variables(), ["A"]);
        assert!(words(&[]).variables().is_empty());
    }
}
