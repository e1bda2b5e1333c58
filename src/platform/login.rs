//! The name of the user that this process runs as.

use super::files::open::{self, Links};
use std::path::Path;

/// Returns the name of our user in the system, or the user id if there is none.
pub(crate) fn name() -> String {
    let uid = rustix::process::getuid().as_raw();
    let users =
        open::read_text(Path::new("/etc/passwd"), Links::Follow, 16 << 20).unwrap_or_default();
    name_in(&users, uid).map_or_else(|| format!("user {uid}"), str::to_owned)
}

/// Returns the name of user `uid` in the text of a user list.
fn name_in(users: &str, uid: u32) -> Option<&str> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty())?;
        (fields.nth(1)?.parse() == Ok(uid)).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_user_by_number() {
        let users = "root:x:0:0:root:/root:/bin/sh\n\nbroken\nmill:x:1000:1000::/home/mill:\n";
        assert_eq!(name_in(users, 1000), Some("mill"));
        assert_eq!(name_in(users, 0), Some("root"));
        assert_eq!(name_in(users, 7), None);
        assert!(!name().is_empty());
    }
}
