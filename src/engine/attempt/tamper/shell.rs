//! Splits a shell line into words, to find the files that it names.
//!
//! Tolerant where a shell is strict: nothing is expanded or run, an open quote ends with the text,
//! and a text that is itself a command (`-c`, `eval`, `$(…)`, backticks) is parsed as one. A
//! superfluous word costs the lookup of a file that does not exist; a missing word would leave a
//! script unprotected.

use super::looker::{is_looker, program};
use super::word::{PIPE, base_name, is_interpreter};
use std::iter::Peekable;
use std::str::Chars;

/// How deep commands may be nested.
const DEPTH: u32 = 8;

/// The character in a word for a value that only the shell knows.
pub(super) const UNKNOWN: char = '$';

/// A parsed line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Shell {
    /// The words of each simple command, including nested ones.
    pub(super) commands: Vec<Vec<String>>,
    /// The files that receive its output: the step creates them itself.
    pub(super) written: Vec<String>,
}

impl Shell {
    /// Parses a line or a whole script.
    pub(super) fn of(text: &str) -> Self {
        let mut shell = Self::default();
        shell.read(text, 0);
        shell
    }

    /// Parses a command that is a list of arguments.
    pub(super) fn of_list(words: &[String]) -> Self {
        let mut shell = Self::default();
        shell.add(words.to_vec(), 0);
        shell
    }

    fn read(&mut self, text: &str, depth: u32) {
        if depth > DEPTH {
            return;
        }
        let mut lexer = Lexer::of(text);
        lexer.run();
        let Lexer { commands, written, inner, .. } = lexer;
        for command in commands {
            self.add(command, depth);
        }
        self.written.extend(written);
        for inner in inner {
            self.read(&inner, depth + 1);
        }
    }

    fn add(&mut self, words: Vec<String>, depth: u32) {
        // The command that `find` runs is a separate command.
        let runs =
            words.iter().position(|word| matches!(word.as_str(), "-exec" | "-execdir" | "-ok"));
        if let Some(at) = runs {
            let mut lists = words[..at].to_vec();
            lists.extend(runs_what_it_gets(&words[at + 1..]).then(|| PIPE.to_owned()));
            self.add(words[at + 1..].to_vec(), depth);
            return self.add(lists, depth);
        }
        let words = with_found_files(words);
        // Text that is only printed or searched for is not a command.
        let is_line =
            |word: &&String| *word != PIPE && word.contains(|c: char| " \t\n;&|()<>`".contains(c));
        let lines = words.iter().filter(is_line).filter(|_| !is_looker(&words));
        let lines: Vec<String> = lines.cloned().collect();
        self.commands.push(words);
        lines.iter().for_each(|line| self.read(line, depth + 1));
    }
}

/// Returns whether a command runs the files that `find` appends: `sh {}`, or `{}` itself.
fn runs_what_it_gets(words: &[String]) -> bool {
    let mut words = words.iter().filter(|word| !word.starts_with('-'));
    let mut next = || words.next().map(String::as_str);
    match next() {
        Some("{}") => true,
        Some(name) => is_interpreter(base_name(name)) && next() == Some("{}"),
        None => false,
    }
}

/// Adds globs to a `find` that passes its files to another program. The globs match the files that
/// it finds below its folders.
fn with_found_files(words: Vec<String>) -> Vec<String> {
    let finds = program(&words).filter(|at| base_name(&words[*at]) == "find");
    let (Some(at), true) = (finds, words.last().is_some_and(|word| word == PIPE)) else {
        return words;
    };
    let is_top = |word: &&String| !word.starts_with(['-', '(', '!', '\\']) && *word != PIPE;
    let mut tops: Vec<&str> =
        words[at + 1..].iter().take_while(is_top).map(String::as_str).collect();
    if tops.is_empty() {
        tops.push(".");
    }
    let named = |pair: &&[String]| matches!(pair[0].as_str(), "-name" | "-iname");
    let mut names: Vec<&str> =
        words.windows(2).filter(named).map(|pair| pair[1].as_str()).collect();
    if names.is_empty() {
        names.push("*");
    }
    let mut globs = Vec::with_capacity(tops.len() * names.len());
    for top in tops {
        let top = top.trim_end_matches('/');
        globs.extend(names.iter().map(|name| format!("{top}/**/{name}")));
    }
    // The names are removed, because as plain words they would be looked up in every folder.
    let is_name = |n: &usize| *n > 0 && matches!(words[n - 1].as_str(), "-name" | "-iname");
    let kept: Vec<usize> = (0..words.len()).filter(|n| !is_name(n)).collect();
    let mut words: Vec<String> = kept.into_iter().map(|n| words[n].clone()).collect();
    words.splice(at + 1..at + 1, globs);
    words
}

struct Lexer<'t> {
    chars: Peekable<Chars<'t>>,
    word: String,
    /// Whether `word` has begun, even if it is empty.
    begun: bool,
    /// Whether the next word is the file that receives output.
    redirected: bool,
    command: Vec<String>,
    commands: Vec<Vec<String>>,
    written: Vec<String>,
    /// The texts of commands inside words.
    inner: Vec<String>,
}

impl<'t> Lexer<'t> {
    fn of(text: &'t str) -> Self {
        Self {
            chars: text.chars().peekable(),
            word: String::new(),
            begun: false,
            redirected: false,
            command: Vec::new(),
            commands: Vec::new(),
            written: Vec::new(),
            inner: Vec::new(),
        }
    }

    fn run(&mut self) {
        while let Some(next) = self.chars.next() {
            match next {
                '|' => {
                    let or = self.chars.next_if_eq(&'|').is_some();
                    self.end_word();
                    self.command.extend((!or).then(|| PIPE.to_owned()));
                    self.end_command();
                }
                '\n' | ';' | '(' | ')' => self.end_command(),
                '&' if self.chars.peek() == Some(&'>') => {}
                '&' => self.end_command(),
                '<' => self.end_word(),
                '>' => self.redirect(),
                '#' if !self.begun => while self.chars.next_if(|c| *c != '\n').is_some() {},
                c if c.is_whitespace() => self.end_word(),
                c => self.part(c),
            }
        }
        self.end_command();
    }

    /// Handles one character of a word, or the construct that begins with it.
    fn part(&mut self, first: char) {
        self.begun = true;
        match first {
            '\'' => self.until_quote(),
            '"' => self.double_quoted(),
            '\\' => self.escaped(),
            '`' => self.backticks(),
            '$' => self.dollar(),
            c => self.word.push(c),
        }
    }

    fn until_quote(&mut self) {
        while let Some(c) = self.chars.next_if(|c| *c != '\'') {
            self.word.push(c);
        }
        self.chars.next();
    }

    fn double_quoted(&mut self) {
        while let Some(c) = self.chars.next() {
            match c {
                '"' => return,
                '\\' => self.escaped(),
                '`' => self.backticks(),
                '$' => self.dollar(),
                c => self.word.push(c),
            }
        }
    }

    fn escaped(&mut self) {
        self.word.extend(self.chars.next().filter(|c| *c != '\n'));
    }

    fn backticks(&mut self) {
        let mut inner = String::new();
        while let Some(c) = self.chars.next_if(|c| *c != '`') {
            inner.push(c);
        }
        self.chars.next();
        self.inner.push(inner);
        self.word.push(UNKNOWN);
    }

    fn dollar(&mut self) {
        match self.chars.peek() {
            Some('(') => {
                self.chars.next();
                let inner = self.balanced();
                self.inner.push(inner);
                self.word.push(UNKNOWN);
            }
            // A text with escapes: the quote is the next character.
            Some('\'' | '"') => {}
            _ => self.word.push('$'),
        }
    }

    /// Returns the text up to the matching closing parenthesis.
    fn balanced(&mut self) -> String {
        let (mut text, mut open, mut quote) = (String::new(), 1_u32, None);
        while let Some(c) = self.chars.next() {
            match (c, quote) {
                ('\\', None | Some('"')) => {
                    text.push(c);
                    text.extend(self.chars.next());
                    continue;
                }
                ('\'' | '"', None) => quote = Some(c),
                (_, Some(q)) if q == c => quote = None,
                ('(', None) => open += 1,
                (')', None) if open == 1 => return text,
                (')', None) => open -= 1,
                _ => {}
            }
            text.push(c);
        }
        text
    }

    /// Handles `>`, `>>`, `>|`, `>&`, `&>`, and `>(…)`, which is a separate command.
    fn redirect(&mut self) {
        // A number before it is a file descriptor.
        if self.word.bytes().all(|byte| byte.is_ascii_digit()) {
            self.word.clear();
            self.begun = false;
        }
        self.end_word();
        while self.chars.next_if(|c| matches!(*c, '>' | '|' | '&')).is_some() {}
        self.redirected = self.chars.peek() != Some(&'(');
    }

    fn end_word(&mut self) {
        if std::mem::take(&mut self.begun) {
            let word = std::mem::take(&mut self.word);
            let redirected = std::mem::take(&mut self.redirected);
            if redirected { &mut self.written } else { &mut self.command }.push(word);
        }
    }

    fn end_command(&mut self) {
        self.end_word();
        self.redirected = false;
        if !self.command.is_empty() {
            self.commands.push(std::mem::take(&mut self.command));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_command_of_a_line_is_found() {
        let table: &[(&str, &[&str])] = &[
            ("./check.sh", &["./check.sh"]),
            ("sh 'a b.sh' \"c\\\"d\"", &["sh|a b.sh|c\"d", "a|b.sh"]),
            ("cd sub && ./x.sh", &["cd|sub", "./x.sh"]),
            ("X=1 sh x.sh; y", &["X=1|sh|x.sh", "y"]),
            ("a|b &c\nd", &["a||", "b", "c", "d"]),
            ("a||b|&c", &["a", "b||", "c"]),
            ("bash -ec './x.sh --fast'", &["bash|-ec|./x.sh --fast", "./x.sh|--fast"]),
            ("echo $(sh x.sh)/y", &["echo|$/y", "sh|x.sh"]),
            ("a \"`sh x.sh`\"", &["a|$", "sh|x.sh"]),
            ("a $(b $(c ')' d))", &["a|$", "b|$", "c|)|d"]),
            ("find . -exec sh x.sh {} \\;", &["sh|x.sh|{}|;", "find|."]),
            ("a <in # said\nb", &["a|in", "b"]),
            ("a 2>&1 >o && b", &["a", "b"]),
            ("diff <(./a.sh) x", &["diff", "./a.sh", "x"]),
            ("bash <<EOF\n./x.sh\nEOF", &["bash|EOF", "./x.sh", "EOF"]),
            ("eval \"sh -c 'sh x.sh'\"", &["eval|sh -c 'sh x.sh'", "sh|-c|sh x.sh", "sh|x.sh"]),
            ("echo 'see x.sh; run'", &["echo|see x.sh; run"]),
            ("if test -f x; then ./y; fi", &["if|test|-f|x", "then|./y", "fi"]),
            ("'open", &["open"]),
            ("a\\\nb $'c' \"\"", &["ab|c|"]),
            ("${X}/x.sh $X/y", &["${X}/x.sh|$X/y"]),
        ];
        for (line, expected) in table {
            let found = Shell::of(line).commands;
            let found: Vec<String> = found.iter().map(|words| words.join("|")).collect();
            assert_eq!(found, *expected, "{line}");
        }
    }

    #[test]
    fn what_a_line_writes_is_told_from_what_it_reads() {
        let shell = Shell::of("a >o 2>>e &>b >|c <i; d 3>f x");
        assert_eq!(shell.written, ["o", "e", "b", "c", "f"]);
        assert_eq!(shell.commands, [vec!["a", "i"], vec!["d", "x"]]);
    }

    #[test]
    fn commands_inside_of_commands_end() {
        let deep = "$(".repeat(100) + "x" + &")".repeat(100);
        assert!(Shell::of(&deep).commands.len() < 100);
        let quotes = "\"'`\\$(".repeat(1000);
        drop(Shell::of(&quotes));
    }

    proptest! {
        #[test]
        fn any_text_is_read_to_its_end(text in "[a-z '\"$()`|;&<>#\\\\\n]{0,200}") {
            let shell = Shell::of(&text);
            let words: usize = shell.commands.iter().map(Vec::len).sum();
            prop_assert!(words <= 200 * usize::try_from(DEPTH + 2).expect("small"));
        }

        #[test]
        fn a_quoted_name_is_found_whole(name in "[a-z '$();&|#.\\\\]{1,20}") {
            let quoted = format!("sh -e '{}' x", name.replace('\'', r"'\''"));
            let found = Shell::of(&quoted).commands;
            prop_assert!(found[0].contains(&name), "{quoted}: {found:?}");
        }
    }
}
