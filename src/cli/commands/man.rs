//! `man`: prints the manual pages, generated from the same definitions as the help.
//!
//! A page is in roff, which is not readable as it is: a terminal gets the help and the sections as
//! text.

use crate::cli::args::{
    Cli, ENVIRONMENT, EXIT_STATUS, Example, FILES, GROUPS, ManArgs, examples, more_of_verb,
};
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use clap::{Command, CommandFactory};
use clap_mangen::Man;
use std::io::{self, Write};
use std::path::Path;

/// The examples of the main page: first steps.
const FIRST_DAY: [Example; 5] = [
    ("workloop init", "writes workloop.toml and a first queue"),
    ("workloop add --title 'Round totals to cents'", "adds a task"),
    ("workloop check", "finds errors and likely mistakes"),
    ("workloop run --jobs 2", "runs the loop"),
    ("workloop status --watch", "in another terminal: shows what happens"),
];

pub(super) fn run(args: &ManArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let mut command = Cli::command();
    command.build();
    let Some(dir) = &args.dir else {
        if session.streams.out.is_terminal() {
            return as_text(&mut command, session);
        }
        return Ok(page(&command, &mut session.streams.out)?);
    };
    let dir = session.absolute(dir);
    let written = std::fs::create_dir_all(&dir).and_then(|()| {
        write_page(&command, &dir)?;
        command.get_subcommands().try_for_each(|verb| write_page(verb, &dir))
    });
    written.map_err(|error| {
        Failure::internal(format_args!("failed to write to {}: {error}", dir.display()))
    })?;
    writeln!(session.streams.err, "wrote the manual pages to {}", dir.display())?;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "pages are for others to read, and are written over")]
fn write_page(command: &Command, dir: &Path) -> io::Result<()> {
    let mut text = Vec::new();
    page(command, &mut text)?;
    std::fs::write(dir.join(Man::new(command.clone()).get_filename()), text)
}

/// Returns the sections of a page that are not generated from the definitions.
fn sections(verb: Option<&str>) -> Vec<(String, String)> {
    let list = |pairs: &[(&str, &str)]| {
        let lines = pairs.iter().map(|(name, what)| format!("  {name}\n      {what}"));
        lines.collect::<Vec<_>>().join("\n")
    };
    let mut found = Vec::new();
    let shown = verb.map_or(&FIRST_DAY[..], examples);
    if let Some((heading, text)) = verb.and_then(more_of_verb) {
        found.push((heading.to_uppercase(), text));
    } else {
        found.push(("EXIT STATUS".to_owned(), short_status(verb)));
    }
    found.push(("ENVIRONMENT".to_owned(), list(ENVIRONMENT)));
    found.push(("FILES".to_owned(), list(FILES)));
    found.push(("EXAMPLES".to_owned(), list(shown)));
    found.push(("SEE ALSO".to_owned(), see_also(verb)));
    found
}

fn short_status(verb: Option<&str>) -> String {
    match verb {
        None => EXIT_STATUS.to_owned(),
        Some(_) => "  0 on success, 2 for wrong usage; workloop(1) lists all.".to_owned(),
    }
}

/// Lists the other verbs of the group, and the main page.
fn see_also(verb: Option<&str>) -> String {
    let others = |group: &&(&str, &[&str])| verb.is_none_or(|verb| group.1.contains(&verb));
    let names = GROUPS.iter().filter(others).flat_map(|(_, verbs)| verbs.iter());
    let names = names.filter(|name| Some(**name) != verb);
    let names = names.map(|name| format!("workloop-{name}(1)"));
    let first = verb.map(|_| "workloop(1)".to_owned());
    format!("  {}", first.into_iter().chain(names).collect::<Vec<_>>().join(", "))
}

/// Writes the page of a command to `out`.
fn page(command: &Command, out: &mut dyn Write) -> io::Result<()> {
    let verb = (command.get_name() != "workloop").then(|| command.get_name());
    // The texts above and below the help have their own sections.
    let plain = command.clone().after_long_help("").before_help("").before_long_help("");
    let man =
        Man::new(plain).manual("workloop").source(concat!("workloop ", env!("CARGO_PKG_VERSION")));
    man.render_title(out)?;
    man.render_name_section(out)?;
    man.render_synopsis_section(out)?;
    man.render_description_section(out)?;
    man.render_options_section(out)?;
    if verb.is_none() {
        man.render_subcommands_section(out)?;
    }
    for (heading, text) in sections(verb) {
        writeln!(out, ".SH \"{heading}\"\n.nf")?;
        for line in text.lines() {
            writeln!(out, "{}", roff(line))?;
        }
        writeln!(out, ".fi")?;
    }
    Ok(())
}

/// Escapes a line of text for roff.
fn roff(line: &str) -> String {
    let line = line.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq");
    if line.starts_with(['.', ' ']) { format!("\\&{line}") } else { line }
}

/// Prints the main page as text, with a hint how to read the others in `man`.
fn as_text(command: &mut Command, session: &mut Session<'_>) -> Result<(), Failure> {
    let mut text = command.render_long_help().to_string();
    for (heading, body) in sections(None) {
        text.push_str(&format!("\n{heading}\n{body}\n"));
    }
    session.print(text)?;
    let hint = "workloop man --dir ~/.local/share/man/man1 writes the pages for man; \
                workloop man | man -l - shows this one";
    Ok(writeln!(session.streams.err, "hint: {hint}")?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::session::tests::world;
    use crate::cli::streams::tests::Kept;
    use crate::cli::{Sink, Streams, run_cli};
    use std::ffi::OsString;

    /// Returns exit status, stdout and stderr of `man` with these words.
    fn man(cwd: &Path, words: &[&str], terminal: bool) -> (u8, String, String) {
        let (out, err) = (Kept::default(), Kept::default());
        let mut streams = Streams {
            out: Sink::new(Box::new(out.clone()), terminal),
            err: Sink::new(Box::new(err.clone()), false),
        };
        let world = world(cwd, &[("NO_COLOR", "1")]);
        let words = ["workloop", "man"].into_iter().chain(words.iter().copied());
        let exit = run_cli(words.map(OsString::from), &mut streams, &world);
        (exit, out.text(), err.text())
    }

    #[test]
    fn a_terminal_gets_text_and_a_pipe_gets_roff() {
        let here = Path::new("/");
        let (exit, text, err) = man(here, &[], true);
        assert_eq!(exit, 0);
        assert!(!text.contains(".SH") && !text.contains("\\-"), "{text}");
        let headings = ["EXIT STATUS", "ENVIRONMENT", "FILES", "EXAMPLES", "SEE ALSO"];
        let places = headings.map(|heading| text.find(&format!("\n{heading}\n  ")).expect(heading));
        assert!(places.is_sorted(), "{places:?}");
        assert_eq!(
            err,
            "hint: workloop man --dir ~/.local/share/man/man1 writes the pages for man; workloop man | \
             man -l - shows this one\n"
        );
        let (exit, page, err) = man(here, &[], false);
        assert_eq!((exit, err.as_str()), (0, ""));
        assert!(page.contains("\n.SH \"EXIT STATUS\"\n.nf\n"), "{page}");
    }

    #[test]
    fn the_pages_of_all_verbs_go_to_a_folder_that_is_made() {
        let dir = tempfile::tempdir().expect("a folder");
        let (exit, out, err) = man(dir.path(), &["--dir", "a/b"], true);
        let told = format!("wrote the manual pages to {}\n", dir.path().join("a/b").display());
        assert_eq!((exit, out.as_str(), err), (0, "", told));
        let verbs = GROUPS.iter().flat_map(|(_, verbs)| verbs.iter());
        for verb in verbs {
            let name = format!("workloop-{verb}.1");
            let page = std::fs::read_to_string(dir.path().join("a/b").join(&name)).expect(&name);
            let title = page.lines().find(|line| line.starts_with(".TH ")).expect(verb);
            assert!(title.contains(verb), "{title}");
            assert!(page.contains("\\&  workloop(1)"), "{verb} points to the main page");
        }
        std::fs::write(dir.path().join("file"), "").expect("written");
        let (exit, out, err) = man(dir.path(), &["--dir", "file/x"], false);
        let path = dir.path().join("file/x");
        let told = format!("error: failed to write to {}: Not a directory", path.display());
        assert_eq!((exit, out.as_str()), (1, ""));
        assert!(err.starts_with(&told), "{err}");
    }

    #[test]
    fn a_line_of_text_stays_text_in_roff() {
        for (line, escaped) in [
            ("plain", "plain"),
            ("--flag", "\\-\\-flag"),
            (".TH x", "\\&.TH x"),
            ("  'quoted'", "\\&  \\(aqquoted\\(aq"),
            ("a\\nb", "a\\enb"),
            ("", ""),
        ] {
            assert_eq!(roff(line), escaped, "{line:?}");
        }
    }

    #[test]
    fn a_verb_refers_to_its_group_and_the_main_page_to_all() {
        let pause = see_also(Some("pause"));
        assert_eq!(pause, "  workloop(1), workloop-stop(1), workloop-resume(1), workloop-wait(1)");
        let all = see_also(None);
        assert!(
            all.starts_with("  workloop-init(1), ") && all.contains("workloop-man(1)"),
            "{all}"
        );
        assert!(!all.contains("workloop(1)"), "{all}");
    }
}
