//! Arguments, variables and paths as JSON: text if it is UTF-8, otherwise a list of bytes.
//!
//! Use it as `#[serde(with = "os_text")]`.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

/// A type with a JSON form: an OS string, or an option, a list or a pair of OS strings.
pub(super) trait OsText: Sized {
    /// The JSON form.
    type Json: Serialize + DeserializeOwned;

    fn to_json(&self) -> Self::Json;

    fn from_json(json: Self::Json) -> Self;
}

/// The JSON form of an OS string, which may not be UTF-8.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Either {
    Text(String),
    Bytes(Vec<u8>),
}

impl OsText for OsString {
    type Json = Either;

    fn to_json(&self) -> Either {
        let bytes = |text: Self| Either::Bytes(text.into_vec());
        self.clone().into_string().map_or_else(bytes, Either::Text)
    }

    fn from_json(json: Either) -> Self {
        match json {
            Either::Text(text) => text.into(),
            Either::Bytes(bytes) => Self::from_vec(bytes),
        }
    }
}

impl OsText for PathBuf {
    type Json = Either;

    fn to_json(&self) -> Either {
        self.as_os_str().to_owned().to_json()
    }

    fn from_json(json: Either) -> Self {
        OsString::from_json(json).into()
    }
}

impl<T: OsText> OsText for Option<T> {
    type Json = Option<T::Json>;

    fn to_json(&self) -> Self::Json {
        self.as_ref().map(T::to_json)
    }

    fn from_json(json: Self::Json) -> Self {
        json.map(T::from_json)
    }
}

impl<T: OsText> OsText for Vec<T> {
    type Json = Vec<T::Json>;

    fn to_json(&self) -> Self::Json {
        self.iter().map(T::to_json).collect()
    }

    fn from_json(json: Self::Json) -> Self {
        json.into_iter().map(T::from_json).collect()
    }
}

impl<A: OsText, B: OsText> OsText for (A, B) {
    type Json = (A::Json, B::Json);

    fn to_json(&self) -> Self::Json {
        (self.0.to_json(), self.1.to_json())
    }

    fn from_json((a, b): Self::Json) -> Self {
        (A::from_json(a), B::from_json(b))
    }
}

pub(super) fn serialize<T: OsText, S: Serializer>(text: &T, to: S) -> Result<S::Ok, S::Error> {
    text.to_json().serialize(to)
}

pub(super) fn deserialize<'de, T: OsText, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    T::Json::deserialize(from).map(T::from_json)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Texts {
        #[serde(with = "super")]
        one: OsString,
        #[serde(with = "super")]
        path: Option<PathBuf>,
        #[serde(with = "super")]
        pairs: Vec<(OsString, OsString)>,
    }

    fn odd() -> OsString {
        OsString::from_vec(vec![b'a', 0xff])
    }

    #[test]
    fn text_stays_text_and_other_bytes_are_numbers() {
        let plain = || OsString::from("é\u{1b}");
        let texts =
            |one, path: Option<OsString>, pairs| Texts { one, path: path.map(Into::into), pairs };
        for (value, wanted) in [
            (texts(plain(), None, vec![]), json!({"one": "é\u{1b}", "path": null, "pairs": []})),
            (
                texts(odd(), Some(odd()), vec![(plain(), odd()), (OsString::new(), plain())]),
                json!({"one": [97, 255], "path": [97, 255], "pairs": [["é\u{1b}", [97, 255]], ["", "é\u{1b}"]]}),
            ),
        ] {
            assert_eq!(serde_json::to_value(&value).expect("JSON"), wanted);
            assert_eq!(serde_json::from_value::<Texts>(wanted).expect("read back"), value);
        }
    }

    #[test]
    fn anything_else_is_an_error() {
        let with = |one: Value| {
            serde_json::from_value::<Texts>(json!({"one": one, "path": null, "pairs": []})).is_ok()
        };
        for (one, is_read) in [
            (json!("a"), true),
            (json!([97, 0]), true),
            (json!([]), true),
            (json!([256]), false),
            (json!([-1]), false),
            (json!(7), false),
            (json!(null), false),
            (json!({"a": 1}), false),
        ] {
            assert_eq!(with(one.clone()), is_read, "{one}");
        }
    }
}
