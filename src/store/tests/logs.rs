//! What readers of journals see.

use super::{Q, Somewhere, change, claimed, fill, over_each_place};
use crate::domain::{Event, EventKind, QueueIx, Transition};
use crate::store::log::{LogReader, Span};
use std::io;

over_each_place![
    a_journal_is_read_from_its_start_and_followed,
    a_journal_is_read_without_its_queue
];

fn new(reader: &mut dyn LogReader) -> Vec<(Option<String>, EventKind)> {
    let mut events = Vec::new();
    let read = reader.read(&mut |line| {
        let event: Event = serde_json::from_slice(line).map_err(io::Error::from)?;
        events.push((event.task, event.event));
        Ok(())
    });
    read.unwrap();
    events
}

fn a_journal_is_read_from_its_start_and_followed(at: &dyn Somewhere) {
    fill(at, &["A", "B"]);
    let mut opened = at.opened(&[Q]).unwrap();
    let log = opened.store.log(QueueIx::FIRST);
    let mut reader = log.reader();
    assert!(new(&mut *reader).is_empty() && log.events::<Event>(Span::All).next().is_none());
    change(&mut *opened.store, "A", &Transition::Park).unwrap();
    let parked = (Some("A".to_owned()), EventKind::Parked);
    assert_eq!(new(&mut *reader), [parked]);
    assert!(new(&mut *reader).is_empty());
    change(&mut *opened.store, "B", &claimed(1)).unwrap();
    assert_eq!(new(&mut *reader), [(Some("B".to_owned()), EventKind::Claimed)]);
    for span in [Span::All, Span::Recent] {
        let events: Vec<Event> = log.events(span).collect();
        assert_eq!(events, at.events(Q), "{span:?}");
    }
    let claims: Vec<Event> = log.events_with("\"claimed\"").collect();
    assert_eq!((claims.len(), claims[0].task.as_deref()), (1, Some("B")));
    assert_eq!(log.newer_version(), None);
}

fn a_journal_is_read_without_its_queue(at: &dyn Somewhere) {
    fill(at, &["A"]);
    let mut opened = at.opened(&[Q]).unwrap();
    change(&mut *opened.store, "A", &Transition::Park).unwrap();
    at.put(Q, "{");
    let log = at.log(&at.key(Q));
    assert_eq!(log.key(), opened.store.log(QueueIx::FIRST).key());
    assert_eq!(log.events::<Event>(Span::All).count(), 1);
}
