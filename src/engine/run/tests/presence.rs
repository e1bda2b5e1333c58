//! A loop among others: what it is asked, what it says about pauses, and what it writes about
//! itself.

use super::super::attention::Attention;
use super::super::inbox::Messages;
use super::super::presence::{Presence, about};
use super::super::thread::Message;
use super::outside::Site;
use super::play::Play;
use crate::domain::QueueIx;
use crate::store::control::{Request, Whom};
use serde_json::json;
use std::collections::HashSet;
use std::rc::Rc;
use std::sync::mpsc;
use std::time::Duration;

const SECOND: QueueIx = QueueIx::new(1);

/// A loop over two queues.
fn entered() -> (Rc<Site>, Presence) {
    let play = Play::new(json!([])).queue("other.json", json!([]));
    let presence = Presence::enter(play.site.open().set(), 2, "0000000f", 7).unwrap();
    (play.site, presence)
}

fn ask(site: &Site, name: &str, request: Request) {
    site.control().ask(&site.key(name), request, Whom::Queue).unwrap();
}

#[test]
fn a_request_to_any_queue_of_the_loop_is_one_to_the_loop() {
    let (site, mut presence) = entered();
    assert!(!presence.look() && presence.paused().is_empty());
    ask(&site, "elsewhere.json", Request::Stop);
    assert!(!presence.look(), "it is another loop's");
    ask(&site, "other.json", Request::Pause);
    assert!(!presence.look(), "a pause is no stop");
    assert_eq!(presence.paused(), HashSet::from([SECOND]));
    ask(&site, "other.json", Request::Stop);
    assert!(presence.look());
    site.control().withdraw(&site.key("other.json"), Whom::Group).unwrap();
    assert!(!presence.look() && presence.paused().is_empty());
    site.control().ask(&site.key("q.json"), Request::Pause, Whom::Group).unwrap();
    presence.look();
    assert_eq!(presence.paused(), HashSet::from([QueueIx::FIRST, SECOND]));
}

#[test]
fn a_loop_is_found_for_as_long_as_it_is_entered() {
    let (site, mut presence) = entered();
    let serving = |name: &str| {
        let serving = site.control().serving(&site.key(name));
        serving.iter().map(|it| it.pid).collect::<Vec<u32>>()
    };
    assert_eq!((serving("q.json"), serving("other.json")), (vec![7], vec![7]));
    assert_eq!(serving("elsewhere.json"), Vec::<u32>::new());
    // An agent deletes what git ignores.
    site.place.forget_beside(&site.key("q.json"));
    assert_eq!(serving("q.json"), Vec::<u32>::new());
    assert!(presence.keep().is_none());
    assert_eq!(serving("q.json"), [7]);
    presence.leave();
    assert_eq!(serving("q.json"), Vec::<u32>::new());
    assert!(presence.keep().is_none(), "it does not come back");
    assert_eq!(serving("q.json"), Vec::<u32>::new());
    assert_eq!(presence.no_requests(), Vec::<String>::new());
}

#[test]
fn a_queue_is_looked_at_once_in_each_pause() {
    let (site, mut presence) = entered();
    ask(&site, "q.json", Request::Pause);
    presence.look();
    assert_eq!(presence.unlooked(|_| false), [], "its attempts run");
    assert_eq!(presence.unlooked(|_| true), [QueueIx::FIRST], "the other one is not paused");
    presence.looked(QueueIx::FIRST, true);
    presence.say(|_| true);
    assert_eq!(presence.unlooked(|_| true), []);
    site.control().withdraw(&site.key("q.json"), Whom::Queue).unwrap();
    presence.look();
    presence.say(|_| true);
    ask(&site, "q.json", Request::Pause);
    presence.look();
    assert_eq!(presence.unlooked(|_| true), [QueueIx::FIRST], "it is another pause");
}

#[test]
fn a_queue_is_still_if_it_was_judged_while_nothing_ran() {
    let (site, mut presence) = entered();
    let is_still = || site.control().is_still(&site.key("q.json"));
    ask(&site, "q.json", Request::Pause);
    presence.look();
    presence.say(|_| true);
    assert!(!is_still(), "its file was not judged");
    presence.looked(QueueIx::FIRST, false);
    presence.say(|_| true);
    assert!(!is_still(), "its file could not be read");
    presence.looked(QueueIx::FIRST, true);
    presence.say(|_| true);
    assert!(is_still());
    presence.say(|_| false);
    assert!(!is_still(), "something runs again");
}

#[test]
fn the_start_of_a_loop_is_noted_once() {
    let (_, mut presence) = entered();
    assert!(!presence.is_announced());
    assert!(presence.announces() && !presence.announces());
    assert!(presence.is_announced());
}

#[test]
fn a_loop_says_which_process_serves_which_queues() {
    let (site, _presence) = entered();
    let said = about(site.open().set(), 3);
    let start = crate::platform::scan::start_time(std::process::id());
    let wanted =
        json!({"pid": std::process::id(), "start": start, "queues": ["q", "other"], "jobs": 3});
    assert_eq!(json!(said), wanted);
}

#[test]
fn references_are_followed_after_an_edit_and_after_a_pause() {
    let (site, _presence) = entered();
    let mut attention = Attention::start(site.open().set(), || {});
    assert!(attention.listen() && !attention.listen(), "it looks for what changed before, once");
    assert!(attention.is_edited(&[1, 2]));
    attention.followed(vec![1, 2]);
    for (structure, is_edited) in [(&[1, 2][..], false), (&[1, 3], true), (&[1], true), (&[], true)]
    {
        assert_eq!(attention.is_edited(structure), is_edited, "{structure:?}");
    }
    attention.forget();
    assert!(attention.is_edited(&[1, 2]));
    let (known, new) = (site.key("q.json"), site.key("new.json"));
    assert!(!attention.also(&[&known]) && attention.also(&[&known, &new]));
    assert!(!attention.also(&[&new]), "it is watched already");
    attention.rearm();
}

#[test]
fn messages_that_have_arrived_are_taken_together() {
    let (outbox, inbox) = mpsc::channel();
    for _ in 0..3 {
        outbox.send(Message::Released).unwrap();
    }
    assert_eq!(inbox.wait(Duration::ZERO).len(), 3);
    assert_eq!(inbox.wait(Duration::ZERO).len(), 0, "the time has passed");
    drop(outbox);
    assert_eq!(inbox.wait(Duration::from_secs(60)).len(), 0, "there is nobody to wait for");
}
