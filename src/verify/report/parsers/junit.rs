//! JUnit XML, which most runners can write.

use super::super::found::Found;
use crate::domain::{ItemId, ItemState};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

pub(in super::super) fn read(text: &str) -> Result<Found, String> {
    let mut reader = Reader::from_str(text);
    let mut found = Found::new();
    let (mut case, mut depth, mut roots): (Option<(ItemId, ItemState)>, usize, usize) =
        (None, 0, 0);
    loop {
        let event = reader.read_event().map_err(|error| format!("not XML: {error}"))?;
        match event {
            Event::Start(tag) => {
                roots += usize::from(depth == 0 && is_root(&tag));
                depth += 1;
                enter(&tag, &mut case)?;
            }
            Event::Empty(tag) => {
                roots += usize::from(depth == 0 && is_root(&tag));
                enter(&tag, &mut case)?;
                if tag.local_name().as_ref() == b"testcase" {
                    found.extend(case.take());
                }
            }
            Event::End(tag) => {
                depth = depth.saturating_sub(1);
                if tag.local_name().as_ref() == b"testcase" {
                    found.extend(case.take());
                }
            }
            Event::Eof if depth > 0 || roots == 0 => return Err("it is cut off".to_owned()),
            Event::Eof => return Ok(found),
            Event::Text(_)
            | Event::CData(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_)
            | Event::GeneralRef(_) => {}
        }
    }
}

fn is_root(tag: &BytesStart<'_>) -> bool {
    matches!(tag.local_name().as_ref(), b"testsuites" | b"testsuite")
}

fn enter(tag: &BytesStart<'_>, case: &mut Option<(ItemId, ItemState)>) -> Result<(), String> {
    match (tag.local_name().as_ref(), case) {
        (b"testcase", case) => {
            let [file, class, name] = ["file", "classname", "name"].map(|key| attribute(tag, key));
            let (file, class, name) = (file?, class?, name?);
            // Some runners write a file, most write only the class.
            let id = match (file, class) {
                (Some(file), Some(class)) if !file.ends_with(&class) => {
                    ItemId::new(file, format!("{class}.{}", name.unwrap_or_default()))
                }
                (file, class) => {
                    ItemId::new(file.or(class).unwrap_or_default(), name.unwrap_or_default())
                }
            };
            *case = Some((id, ItemState::Passed));
        }
        (b"failure" | b"error", Some((_, state))) => *state = ItemState::Failed,
        (b"skipped", Some((_, state))) if *state == ItemState::Passed => {
            *state = ItemState::Skipped
        }
        _ => {}
    }
    Ok(())
}

fn attribute(tag: &BytesStart<'_>, key: &str) -> Result<Option<String>, String> {
    let found = tag.try_get_attribute(key).map_err(|error| format!("not XML: {error}"))?;
    let Some(found) = found else { return Ok(None) };
    let value = String::from_utf8_lossy(&found.value);
    let text = quick_xml::escape::unescape(&value).map_err(|error| format!("not XML: {error}"))?;
    Ok(Some(text.into_owned()).filter(|text| !text.is_empty()))
}
