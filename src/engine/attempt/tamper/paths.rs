//! Paths as people know them: relative to the project root.

use std::path::Path;

/// Returns whether a list of paths, folders and globs, relative to the project root, contains
/// `path`.
pub(in super::super) fn owns(list: &[String], path: &Path) -> bool {
    let has = |entry: &str| {
        !entry.is_empty()
            && (path.starts_with(entry)
                || fast_glob::glob_match(entry, path.as_os_str().as_encoded_bytes()))
    };
    list.iter().any(|entry| has(entry.trim_start_matches("./").trim_end_matches('/')))
}

/// Returns paths relative to `root`.
pub(super) fn relative(root: &Path, paths: &[String]) -> Vec<String> {
    paths.iter().map(|path| shown(root, Path::new(path))).collect()
}

/// Returns a path as people know it: relative to the project root, if it is below.
pub(super) fn shown(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_paths_folders_and_globs() {
        let list = ["./a.sh", "sub/", "*.py", "deep/**/x.{js,ts}", ""].map(str::to_owned);
        for (path, expected) in [
            ("a.sh", true),
            ("a.sh/below", true),
            ("sub", true),
            ("sub/any/file", true),
            ("x.py", true),
            ("deep/x.js", true),
            ("deep/er/x.ts", true),
            ("a.sh2", false),
            ("sub2/file", false),
            ("other/x.py", false),
            ("deep/er/y.ts", false),
            ("b", false),
        ] {
            assert_eq!(owns(&list, Path::new(path)), expected, "{path}");
        }
        assert!(!owns(&[], Path::new("a")) && !owns(&["./".to_owned()], Path::new("a")));
    }

    #[test]
    fn paths_below_the_root_are_shown_relative_to_it() {
        let root = Path::new("/p");
        for (path, expected) in
            [("/p/a/b", "a/b"), ("/p", ""), ("/px/a", "/px/a"), ("a/b", "a/b"), ("/q", "/q")]
        {
            assert_eq!(shown(root, Path::new(path)), expected, "{path}");
        }
        let paths = ["/p/a".to_owned(), "b/*.sh".to_owned()];
        assert_eq!(relative(root, &paths), ["a", "b/*.sh"]);
    }
}
