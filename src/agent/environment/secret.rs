//! Detects variables that look like secrets, by their names or by a URL with a password.

/// Words that make a name look like a secret. Words are separated by anything but letters and
/// digits.
const WORDS: [&str; 9] = [
    "KEY",
    "KEYS",
    "TOKEN",
    "SECRET",
    "SECRETS",
    "PASSWORD",
    "PASSWORDS",
    "CREDENTIAL",
    "CREDENTIALS",
];

/// Suffixes of a word that do the same, as in `PGPASSWORD`. No English word ends with one of them.
const ENDS: [&str; 4] = ["TOKEN", "SECRET", "PASSWORD", "CREDENTIALS"];

/// Compound words with KEY. Matching every word that ends with KEY would include MONKEY.
const TOGETHER: [&str; 5] = ["APIKEY", "ACCESSKEY", "SECRETKEY", "PRIVATEKEY", "AUTHKEY"];

/// Returns whether the name looks like that of a secret, ignoring case.
pub(super) fn is_secret_name(name: &str) -> bool {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric());
    words.map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit())).any(|word| {
        let word = word.to_ascii_uppercase();
        let word = word.as_str();
        WORDS.contains(&word)
            || TOGETHER.contains(&word)
            || ENDS.iter().any(|end| word.ends_with(end))
    })
}

/// Returns whether `value` contains a URL, of any scheme, with a password for a remote host.
pub(super) fn has_password(value: &str) -> bool {
    value.match_indices("://").any(|(at, _)| is_password_url(&value[at + 3..]))
}

/// Does the same for the text after `://`.
fn is_password_url(rest: &str) -> bool {
    let rest = rest.split(|c: char| c.is_whitespace() || c == '"').next().unwrap_or_default();
    let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let Some((user, host)) = authority.rsplit_once('@') else {
        // A port that is not a number indicates a password with an unescaped "/".
        let odd = authority.rsplit_once(':').is_some_and(|(_, port)| {
            !authority.starts_with('[') && !port.is_empty() && port.parse::<u16>().is_err()
        });
        return odd && tail.contains('@') || asks_password(tail) && !is_here(authority, tail);
    };
    let password = user.split_once(':').is_some_and(|(_, password)| !password.is_empty());
    (password || asks_password(tail)) && !is_here(host, tail)
}

/// Returns whether the query contains a password.
fn asks_password(tail: &str) -> bool {
    let query = tail.split_once('?').map_or("", |(_, query)| query);
    query.split(['&', ';', '#']).any(|part| {
        let (key, value) = part.split_once('=').unwrap_or_default();
        key.eq_ignore_ascii_case("password") && !value.is_empty()
    })
}

/// Returns whether every host is this machine: loopback, or a Unix socket.
fn is_here(hosts: &str, tail: &str) -> bool {
    if hosts.starts_with("unix(") || hosts.is_empty() {
        let named = tail.split(['?', '&']).find_map(|part| part.strip_prefix("host="));
        return named.is_none_or(|host| host.is_empty() || is_local(host));
    }
    hosts.split(',').all(is_local)
}

fn is_local(host: &str) -> bool {
    let host = host.trim_start_matches("tcp(").trim_end_matches(')');
    let name = match host.strip_prefix('[') {
        Some(six) => six.split(']').next().unwrap_or_default(),
        None if host.matches(':').count() == 1 => host.split(':').next().unwrap_or_default(),
        None => host,
    };
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    // An encoded "/" is the beginning of a socket path.
    name.is_empty()
        || name.starts_with('/')
        || name.starts_with("%2f")
        || name == "localhost"
        || name.ends_with(".localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_known_by_their_words() {
        for name in [
            "API_KEY",
            "aws_secret_access_key",
            "GITHUB_TOKEN",
            "Gh_Token",
            "DB_PASSWORD",
            "PGPASSWORD",
            "GOOGLE_APPLICATION_CREDENTIALS",
            "API_KEY_2",
            "API_KEY2",
            "OPENAI_APIKEY",
            "npm_config_//registry.example.org/:_authToken",
            "KEY",
            "SIGNING_KEYS",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in [
            "KEYBOARD",
            "XKB_KEYBOARD_LAYOUT",
            "MONKEY",
            "TOKENIZERS_PARALLELISM",
            "MAX_OUTPUT_TOKENS",
            "SECRETARY",
            "PASSWORDLESS",
            "SSH_AUTH_SOCK",
            "KEYMAP",
            "DATABASE_URL",
            "",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn a_url_with_a_password_counts_unless_its_host_is_here() {
        for value in [
            "postgres://u:p@db.example.org/x",
            "postgres://u:p@10.0.0.1:5432/x",
            "redis://:p@cache:6379",
            "https://u:p@proxy:3128",
            "mongodb+srv://u:p@c.example.org/?w=1",
            "jdbc:postgresql://db/x?user=u&password=p",
            "postgres://u:p@localhost,db2/x",
            "postgres://u:p/w@db/x",
            "postgres://u:p@w@db/x",
            "postgresql://u:p@/x?host=db.example.org",
            "first http://a b http://u:p@c",
            "mysql://u:p@tcp(db:3306)/x",
            "http://u:p@localhost.example.org",
        ] {
            assert!(has_password(value), "{value}");
        }
        for value in [
            "postgres://u:p@localhost/x",
            "postgres://u:p@127.0.0.1:5432/x",
            "postgres://u:p@[::1]:5432/x",
            "postgres://u:p@LOCALHOST:5432/x",
            "postgresql://u:p@/x?host=/var/run/postgresql",
            "postgresql://u:p@%2Fvar%2Frun%2Fpostgresql/x",
            "mysql://u:p@unix(/run/mysqld.sock)/x",
            "postgres://u@db.example.org/x",
            "redis://:@cache",
            "https://example.org:8080/a@b",
            "https://[::1]/a@b",
            "jdbc:postgresql://localhost/x?user=u&password=p",
            "unix:///run/docker.sock",
            "user:pass",
            "",
        ] {
            assert!(!has_password(value), "{value}");
        }
    }
}
