//! The board and `state.md` of a project in memory; both are real files.

use super::*;
use crate::domain::Transition;
use crate::project::tests::{Sample, task, words};
use crate::store::Actor;
use serde_json::{Map, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;

const BOARD: &str = "[board]\npath = \"BOARD.md\"\nstyle = \"todo\"\n";
const FOREIGN: &str =
    "it is not a board written by workloop; move it away, or set another [board] path";

fn sample(config: &str) -> Sample {
    Sample::with(
        config,
        json!([task("A", &json!({})), task("B", &json!({"description": "s3cret-value"}))]),
    )
}

fn writer(sample: &Sample) -> Derived {
    Derived::of(Arc::clone(sample.project.set()), &[("A_TOKEN".into(), "s3cret-value".into())])
}

/// Returns the file beside the queue.
fn beside(sample: &Sample, name: &str) -> PathBuf {
    sample.path("q").with_file_name(name)
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).expect("a file")
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("a file").mode() & 0o777
}

#[test]
fn a_board_is_written_again_at_each_change() {
    let mut sample = sample(BOARD);
    let world = crate::cli::session::tests::world(Path::new("/"), &[]);
    crate::cli::session::tests::session(&world, "", |session| keep(&mut sample.project, session));
    let board = beside(&sample, "BOARD.md");
    assert!(!board.exists(), "nothing changed yet");
    let park = |sample: &mut Sample, id: &str| {
        let made = sample.project.each(&words(&[id]), |draft, place| {
            draft.transition(place, &Transition::Park, &Actor::Person, Map::new())
        });
        made.expect("parked");
    };
    park(&mut sample, "A");
    let first = text(&board);
    assert!(first.ends_with(SIGN), "{first}");
    park(&mut sample, "B");
    let second = text(&board);
    assert!(second.ends_with(SIGN) && second != first, "{second}");
    assert!(!beside(&sample, ".workloop").exists(), "no folder is created for the state");
}

#[test]
fn a_board_has_the_readers_of_its_queue_and_a_state_is_private() {
    let sample = sample(BOARD);
    fs::set_permissions(sample.path("q"), fs::Permissions::from_mode(0o640)).expect("set");
    fs::create_dir(beside(&sample, ".workloop")).expect("made");
    let (_, queues) = sample.parts();
    assert_eq!(writer(&sample).write(queues), [] as [&str; 0]);
    let (board, state) = (beside(&sample, "BOARD.md"), beside(&sample, ".workloop/state.md"));
    assert_eq!((mode(&board), mode(&state)), (0o640, 0o600));
    let wanted = "# State\n\n## q.json\n\n- Tasks: 2; 0 complete, 0 in progress, 2 pending, 0 blocked, 0 parked\n\
                  - Next: A A: attempt 1 of 5\n";
    assert_eq!(text(&state), wanted);
}

#[test]
fn secrets_are_not_on_the_board() {
    let sample = sample("[board]\npath = \"BOARD.md\"\nstyle = \"progress\"\n");
    let (set, queues) = sample.parts();
    let files = writer(&sample).all(queues, &set.config.board);
    assert_eq!(files.len(), 1);
    assert!(!files[0].1.contains("s3cret"), "{}", files[0].1);
}

#[test]
fn a_file_that_a_person_wrote_is_kept_and_reported_once() {
    let sample = sample(BOARD);
    let board = beside(&sample, "BOARD.md");
    fs::write(&board, "# Mine\n").expect("written");
    let (_, queues) = sample.parts();
    let mut writer = writer(&sample);
    let warning = format!("failed to write {}: {FOREIGN}", board.display());
    assert_eq!(writer.write(queues), [warning]);
    assert_eq!(writer.write(queues), [] as [&str; 0], "it was reported");
    assert_eq!(text(&board), "# Mine\n");
    // Once it is moved away, the board takes its place.
    fs::remove_file(&board).expect("removed");
    assert_eq!(writer.write(queues), [] as [&str; 0]);
    assert!(text(&board).ends_with(SIGN));
}

#[test]
fn the_same_text_is_not_written_again() {
    let sample = sample(BOARD);
    let (_, queues) = sample.parts();
    let mut first = writer(&sample);
    first.write(queues);
    let board = beside(&sample, "BOARD.md");
    let number = || fs::metadata(&board).expect("a file").ino();
    let before = number();
    // Another process finds the same text, and this one remembers it.
    writer(&sample).write(queues);
    first.write(queues);
    assert_eq!(number(), before);
    // What a person changed is replaced by the next process that writes.
    fs::write(&board, format!("# Changed{SIGN}")).expect("written");
    writer(&sample).write(queues);
    assert!(!text(&board).contains("# Changed"));
}

#[test]
fn only_an_empty_file_or_an_old_board_is_replaced_by_a_board() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("BOARD.md");
    let board = |text: &str| format!("{text}{SIGN}");
    let put = |text: &str| put(&path, &board(text), 0o644).map_err(|error| error.to_string());
    assert_eq!(put("one"), Ok(()));
    assert_eq!(put("two"), Ok(()));
    assert_eq!(text(&path), board("two"));
    fs::write(&path, "").expect("written");
    assert_eq!(put("three"), Ok(()));
    // A sign in the middle is not enough.
    fs::write(&path, board("four") + "and more").expect("written");
    assert_eq!(put("five"), Err(FOREIGN.to_owned()));
    // A state has no sign, and replaces whatever is there.
    super::put(&path, "# State\n", 0o644).expect("written");
    assert_eq!((text(&path).as_str(), mode(&path)), ("# State\n", 0o600));
}

#[test]
fn a_board_is_written_through_no_link_and_into_no_folder_that_is_missing() {
    let dir = tempfile::tempdir().expect("a folder");
    let (link, real) = (dir.path().join("link.md"), dir.path().join("real.md"));
    fs::write(&real, "mine").expect("written");
    std::os::unix::fs::symlink(&real, &link).expect("linked");
    let board = format!("# Board{SIGN}");
    assert!(put(&link, &board, 0o644).is_err());
    assert_eq!(text(&real), "mine");
    let missing = dir.path().join("no/such/BOARD.md");
    assert_eq!(
        put(&missing, &board, 0o644).expect_err("no folder").kind(),
        io::ErrorKind::NotFound
    );
    assert!(put(dir.path(), &board, 0o644).is_err(), "a folder is no board");
    assert!(put(Path::new("/"), &board, 0o644).is_err());
}

#[test]
fn the_state_of_a_large_project_is_written_only_beside_a_board() {
    let tasks = |count: usize| {
        json!((0..count).map(|n| task(&format!("T-{n}"), &json!({}))).collect::<Vec<_>>())
    };
    for (count, config, wanted) in [(5_000, "", true), (5_001, "", false), (5_001, BOARD, true)] {
        let sample = Sample::with(config, tasks(count));
        fs::create_dir(beside(&sample, ".workloop")).expect("made");
        let (_, queues) = sample.parts();
        assert_eq!(writer(&sample).write(queues), [] as [&str; 0]);
        assert_eq!(beside(&sample, ".workloop/state.md").exists(), wanted, "{count} {config}");
    }
}

#[test]
fn queues_are_named_from_the_folder_of_the_configuration_and_sorted() {
    let empty = || json!({"tasks": []});
    let sample = Sample::new("", &[("q", empty()), ("a", empty())], &[]);
    assert_eq!(names(sample.project.set()), ["q.json", "a.json"]);
    let mut set = sample.project.set().as_ref().clone();
    set.config.path = Some("/elsewhere/workloop.toml".into());
    let whole = [sample.path("q"), sample.path("a")].map(|path| path.display().to_string());
    assert_eq!(names(&set), whole);
    let [first, second, third] = [0, 1, 2].map(QueueIx::new);
    let three = words(&["c", "a", "b"]);
    assert_eq!(in_order(&three, 3), [second, third, first]);
    assert_eq!(in_order(&three, 9), [second, third, first]);
    assert_eq!(in_order(&three, 2), [second, first]);
    assert_eq!(in_order(&three, 0), []);
}

#[test]
fn parts_of_other_queues_stay_in_the_state_while_their_files_exist() {
    let sample = sample("");
    let folder = beside(&sample, ".workloop");
    fs::create_dir(&folder).expect("made");
    fs::write(beside(&sample, "other.json"), "{}").expect("written");
    let part = |name: &str| format!("## {name}\n\n- Tasks: 1\n");
    let old = format!("# State\n\n{}\n{}", part("gone.json"), part("other.json"));
    fs::write(folder.join("state.md"), old).expect("written");
    let (_, queues) = sample.parts();
    writer(&sample).write(queues);
    let state = text(&folder.join("state.md"));
    let heads: Vec<&str> = state.lines().filter(|line| line.starts_with("## ")).collect();
    assert_eq!(heads, ["## other.json", "## q.json"], "{state}");
}
