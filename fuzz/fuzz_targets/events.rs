//! A line of the journal: read, shown without a control character, written again as it was.
#![no_main]

use libfuzzer_sys::fuzz_target;
use workloop::domain::Event;

fuzz_target!(|bytes: &[u8]| {
    let Ok(event) = serde_json::from_slice::<Event>(bytes) else { return };
    let text = serde_json::to_vec(&event).expect("an event can be written");
    let again: Event = serde_json::from_slice(&text).expect("and read again");
    assert_eq!(again.seq, event.seq);
});
