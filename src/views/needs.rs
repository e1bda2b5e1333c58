//! Determines what needs a person: each task with the command that answers it.
//!
//! A view shows this first. It is made from the queues alone, like everything else.

use super::need::{NeedView, QuestionView};
use super::timing::parsed;
use super::view::Sources;
use crate::domain::{Field, Need, OpenQuestion, QueueIx, ReasonCode};
use crate::plan::{Node, State};

impl Sources<'_> {
    /// Returns the tasks of the served queues that need a person, those that have waited longest
    /// first; of those whose time is unknown, the first in the file.
    pub fn needing(&self, selected: &dyn Fn(Node) -> bool) -> Vec<(Node, Need)> {
        let graph = self.readiness.graph();
        let nodes = QueueIx::first(self.served).flat_map(|queue| graph.queue_nodes(queue));
        let needs = nodes.filter(|node| selected(*node)).filter_map(|node| {
            let need = self.needs(node)?;
            let since = self.needed_since(node).as_deref().and_then(parsed);
            Some((since, (node, need)))
        });
        // Files of other programs have times with an offset, which text does not sort by time.
        let mut needs: Vec<_> = needs.collect();
        needs.sort_by_key(|(since, _)| (since.is_none(), *since));
        needs.into_iter().map(|(_, needs)| needs).collect()
    }

    /// Returns what a task needs of a person, unless another task can provide it.
    pub(super) fn needs(&self, node: Node) -> Option<Need> {
        let need = self.readiness.need(node)?;
        (need != Need::Answer || !self.can_be_answered(node)).then_some(need)
    }

    /// Returns when its last attempt ended, if the journal still has that.
    fn needed_since(&self, node: Node) -> Option<String> {
        let (queue, index) = self.place(node);
        let ended = self.known.and_then(|known| known(node).traces.ended_at);
        match (queue.tasks()[index].claim(), ended) {
            (Some(claim), _) => Some(claim.since.clone()),
            (None, Some(ended)) => Some(ended),
            (None, None) => queue.text(index, Field::LastAttempt).filter(|text| !text.is_empty()),
        }
    }

    /// Returns the description of a task that needs a person.
    pub fn need(&self, (node, need): (Node, Need)) -> NeedView {
        let error = self.error(node);
        let asked = error.as_deref().and_then(ReasonCode::asked);
        let (queue, index) = self.place(node);
        let task = &queue.tasks()[index];
        let change = task.change();
        let text = match need {
            Need::Review if change.is_some() => "its work passed".to_owned(),
            Need::Checkout => change.and_then(|change| change.obstacle.clone()).unwrap_or_default(),
            Need::Review | Need::Answer => asked.map_or_else(String::new, |(_, text)| text.into()),
            Need::Blocked => error.clone().unwrap_or_default(),
            // The command alone explains what is needed.
            Need::Approval | Need::Work => String::new(),
            Need::Budget => self.readiness.used_up(node),
            Need::Repair => {
                let whats = self.waiting(node).into_iter().map(|waiting| waiting.what);
                whats.collect::<Vec<_>>().join("; ")
            }
        };
        let reason_code = match need {
            Need::Review => Some(ReasonCode::Review),
            Need::Budget => Some(ReasonCode::Budget),
            Need::Answer => asked.map(|(code, _)| code),
            Need::Approval | Need::Work | Need::Checkout | Need::Blocked | Need::Repair => None,
        };
        let id = self.readiness.graph().reference(node);
        NeedView {
            command: need.command(&id, &self.readiness.conditions.typed),
            id,
            queue: self.queue_of(node).to_owned(),
            title: self.title(node),
            need,
            reason_code,
            text: self.mask.text(&text).into_owned(),
            since: self.needed_since(node),
        }
    }

    /// Returns the question or finding of the agent of a task.
    pub fn question(&self, node: Node) -> Option<QuestionView> {
        let (queue, index) = self.place(node);
        if self.readiness.state(node) != State::Blocked {
            return None;
        }
        let raw = queue.raw(index, Field::OpenQuestion)?;
        let mut question: OpenQuestion = serde_json::from_str(raw).ok()?;
        let hide = |text: &mut String| *text = self.mask.text(text).into_owned();
        hide(&mut question.text);
        question.evidence.iter_mut().flat_map(|shown| shown.texts_mut()).for_each(hide);
        Some(QuestionView(question))
    }

    /// Returns whether the task that was asked may still answer: it is to be run, and does not wait
    /// for the asker.
    fn can_be_answered(&self, node: Node) -> bool {
        let question = self.question(node);
        let Some(to) = question.and_then(|QuestionView(question)| question.to) else {
            return false;
        };
        let (queue, _) = self.place(node);
        let graph = self.readiness.graph();
        let (own, _) = graph.location(node);
        let Some(asked) = queue.index_of(&to).map(|index| graph.node(own, index)) else {
            return false;
        };
        match self.readiness.state(asked) {
            State::Ready | State::InProgress => true,
            State::Waiting => {
                self.readiness.need(asked).is_none()
                    && !self.readiness.held_up_by(node).contains(&asked)
            }
            State::Complete | State::Blocked | State::Parked => false,
        }
    }
}
