//! The optional facts of a task, stored as a list of only those that the task has.
//!
//! A file of many short tasks must stay small in memory: a detail is 24 bytes, a text of up to 15
//! bytes is stored inline, and copies of a task share longer texts.

use super::change::Change;
use super::claim::Claim;
use super::estimate::{Effort, Estimate};
use super::field::{Field, FieldProblem};
use super::text::{Text, Texts};
use chrono::{DateTime, Utc};
use ecow::EcoVec;

/// One optional fact of a task.
#[derive(Clone, Debug, PartialEq)]
pub enum Detail {
    /// `type`, `agent`, `escalated_to`, `phase`, `track`, `epic` or `parent`.
    Text(Field, Text),
    /// `dependencies` and similar fields, the dependencies of `steps`, `tags`, `files` (with
    /// `file`), `files_to_create`, `scope`, `conflict_paths`, `child_tasks`, `verify` or `notify`.
    List(Field, Texts),
    /// `max_iterations` or `budget_used`.
    Count(Field, u32),
    /// `review` if it is true; `answers` if some of them are about an error that may come again.
    Flag(Field),
    /// `not_before`.
    NotBefore(DateTime<Utc>),
    /// `claim`.
    Claim(Box<Claim>),
    /// `change`.
    Change(Box<Change>),
    /// `estimated_minutes`.
    Minutes(f64),
    /// `estimated_hours`, low and high.
    Hours(f64, f64),
    /// `effort`.
    Effort(Effort),
    /// A field whose value cannot be used, and what the value should be.
    Problem(Field, &'static str),
}

const _: () = assert!(size_of::<Detail>() <= 24);

impl Detail {
    /// Returns whether `field` is read into a detail.
    pub fn is_of(field: Field) -> bool {
        matches!(
            field,
            Field::Type
                | Field::Agent
                | Field::Phase
                | Field::Track
                | Field::Epic
                | Field::Parent
                | Field::Dependencies
                | Field::Requires
                | Field::Needs
                | Field::After
                | Field::Prerequisites
                | Field::Blocks
                | Field::Steps
                | Field::Tags
                | Field::File
                | Field::Files
                | Field::Scope
                | Field::FilesToCreate
                | Field::ConflictPaths
                | Field::EscalatedTo
                | Field::ChildTasks
                | Field::Verify
                | Field::Notify
                | Field::MaxIterations
                | Field::BudgetUsed
                | Field::Review
                | Field::Answers
                | Field::NotBefore
                | Field::Claim
                | Field::Change
                | Field::EstimatedMinutes
                | Field::EstimatedHours
                | Field::Effort
        )
    }

    /// Returns the sort key of the detail.
    fn key(&self) -> u8 {
        match self {
            // Problems come first because every inspection of a task asks for them.
            Self::Problem(field, _) => problem(*field),
            Self::Text(field, _)
            | Self::List(field, _)
            | Self::Count(field, _)
            | Self::Flag(field) => said(*field),
            Self::NotBefore(_) => said(Field::NotBefore),
            Self::Claim(_) => said(Field::Claim),
            Self::Change(_) => said(Field::Change),
            Self::Minutes(_) => said(Field::EstimatedMinutes),
            Self::Hours(..) => said(Field::EstimatedHours),
            Self::Effort(_) => said(Field::Effort),
        }
    }
}

fn problem(field: Field) -> u8 {
    field as u8
}

fn said(field: Field) -> u8 {
    field as u8 | 0x80
}

/// The details of one task in a fixed order, so that tasks with the same details compare equal.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Details(EcoVec<Detail>);

impl Details {
    pub(super) fn with_room(count: usize) -> Self {
        Self(EcoVec::with_capacity(count))
    }

    fn find(&self, field: Field) -> Option<&Detail> {
        self.0.iter().find(|detail| detail.key() == said(field))
    }

    pub(super) fn text(&self, field: Field) -> Option<&str> {
        if let Detail::Text(_, text) = self.find(field)? { Some(text) } else { None }
    }

    pub(super) fn list(&self, field: Field) -> &[Text] {
        if let Some(Detail::List(_, list)) = self.find(field) { list } else { &[] }
    }

    /// Returns whether one of `fields` has a list. Checks all in one pass, since most tasks have
    /// none.
    pub(super) fn has_list(&self, fields: &[Field]) -> bool {
        self.0
            .iter()
            .any(|detail| matches!(detail, Detail::List(field, _) if fields.contains(field)))
    }

    pub(super) fn count(&self, field: Field) -> Option<u32> {
        if let Detail::Count(_, count) = self.find(field)? { Some(*count) } else { None }
    }

    pub(super) fn flag(&self, field: Field) -> bool {
        matches!(self.find(field), Some(Detail::Flag(_)))
    }

    pub(super) fn not_before(&self) -> Option<DateTime<Utc>> {
        if let Detail::NotBefore(time) = self.find(Field::NotBefore)? { Some(*time) } else { None }
    }

    pub(super) fn claim(&self) -> Option<&Claim> {
        if let Detail::Claim(claim) = self.find(Field::Claim)? { Some(claim) } else { None }
    }

    pub(super) fn change(&self) -> Option<&Change> {
        if let Detail::Change(change) = self.find(Field::Change)? { Some(change) } else { None }
    }

    pub(super) fn estimate(&self) -> Estimate {
        let mut estimate = Estimate::default();
        for detail in &self.0 {
            if let Detail::Minutes(minutes) = detail {
                estimate.minutes = Some(*minutes);
            } else if let Detail::Hours(low, high) = detail {
                estimate.hours = Some((*low, *high));
            } else if let Detail::Effort(effort) = detail {
                estimate.effort = Some(*effort);
            }
        }
        estimate
    }

    pub(super) fn problems(&self) -> impl Iterator<Item = FieldProblem> + '_ {
        self.0.iter().map_while(|detail| {
            let Detail::Problem(field, expected) = *detail else { return None };
            Some(FieldProblem { field, expected })
        })
    }

    /// Sets a detail, replacing any detail of the same field.
    pub(super) fn set(&mut self, detail: Detail) {
        match self.place(detail.key()) {
            Ok(at) => self.0.make_mut()[at] = detail,
            Err(at) => self.0.insert(at, detail),
        }
    }

    /// Removes the details of a field.
    pub(super) fn unset(&mut self, field: Field) {
        self.remove(said(field));
    }

    /// Removes the problem with a field.
    pub(super) fn forgive(&mut self, field: Field) {
        self.remove(problem(field));
    }

    /// Removes the list of a field and returns it.
    pub(super) fn take_list(&mut self, field: Field) -> Texts {
        let Ok(at) = self.place(said(field)) else { return Texts::new() };
        if let Detail::List(_, list) = self.0.remove(at) { list } else { Texts::new() }
    }

    fn remove(&mut self, key: u8) {
        if let Ok(at) = self.place(key) {
            self.0.remove(at);
        }
    }

    fn place(&self, key: u8) -> Result<usize, usize> {
        self.0.binary_search_by_key(&key, Detail::key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::domain::{Task, TaskId};

    /// A value of each field that is read into a detail; `None` for the others.
    fn detail_of(field: Field) -> Option<Detail> {
        let claim = |text| serde_json::from_value(text).expect("valid");
        let texts = || [Text::from("x")].into_iter().collect();
        Some(match field.key() {
            "type" | "agent" | "escalated_to" | "phase" | "track" | "epic" | "parent" => {
                Detail::Text(field, Text::from("x"))
            }
            "dependencies" | "requires" | "needs" | "after" | "prerequisites" | "blocks"
            | "steps" | "tags" | "file" | "files" | "scope" | "files_to_create"
            | "conflict_paths" | "child_tasks" | "verify" | "notify" => {
                Detail::List(field, texts())
            }
            "max_iterations" | "budget_used" => Detail::Count(field, 3),
            "review" | "answers" => Detail::Flag(field),
            "not_before" => Detail::NotBefore(DateTime::UNIX_EPOCH),
            "claim" => Detail::Claim(Box::new(claim(
                serde_json::json!({"worker": "h:1:00000000", "attempt": 1, "since": ""}),
            ))),
            "change" => Detail::Change(Box::new(Change {
                commit: "c".to_owned(),
                base: "b".to_owned(),
                verdict: "PASS".to_owned(),
                waits: crate::domain::Waits::Landing,
                obstacle: None,
            })),
            "estimated_minutes" => Detail::Minutes(5.0),
            "estimated_hours" => Detail::Hours(1.0, 2.0),
            "effort" => Detail::Effort(Effort::L),
            _ => return None,
        })
    }

    #[test]
    fn every_detail_has_a_field_and_is_found_by_it() {
        let mut details = Details::with_room(0);
        for field in Field::all() {
            let detail = detail_of(field);
            assert_eq!(Detail::is_of(field), detail.is_some(), "{field:?}");
            let Some(detail) = detail else { continue };
            assert_eq!(details.find(field), None, "{field:?}");
            details.set(detail.clone());
            details.set(Detail::Problem(field, "must be better"));
            assert_eq!(details.find(field), Some(&detail), "{field:?}");
        }
        let problems: Vec<Field> = details.problems().map(|problem| problem.field).collect();
        let all: Vec<Field> = Field::all().filter(|field| Detail::is_of(*field)).collect();
        assert_eq!(problems, all, "problems come first, in the order of the fields");
        for field in all {
            details.unset(field);
            assert_eq!(details.find(field), None, "{field:?}");
            details.forgive(field);
            assert!(!details.problems().any(|problem| problem.field == field));
        }
        assert_eq!(details, Details::default());
    }

    #[test]
    fn a_task_returns_what_was_set() {
        let mut task = Task::new(TaskId::new("A").expect("not empty"));
        for field in Field::all() {
            detail_of(field).into_iter().for_each(|detail| task.set(detail));
        }
        let x = [Text::from("x")];
        let texts = [
            task.kind(),
            task.agent(),
            task.phase(),
            task.track(),
            task.epic(),
            task.parent(),
            task.escalated_to(),
        ];
        assert_eq!(texts, [Some("x"); 7]);
        let lists = [
            task.dependencies(),
            task.tags(),
            task.files_to_create(),
            task.files(),
            task.scope(),
            task.conflict_paths(),
            task.children(),
            task.verify(),
            task.notify(),
        ];
        assert_eq!(lists, [&x[..]; 9]);
        assert_eq!((task.max_iterations(), task.budget_used()), (Some(3), Some(3)));
        assert!(task.review() && task.teaches() && task.names_by_rare_fields());
        assert_eq!(task.not_before(), Some(DateTime::UNIX_EPOCH));
        assert_eq!(task.claim().map(|claim| claim.attempt), Some(1));
        assert_eq!(task.change().map(|change| change.commit.as_str()), Some("c"));
        let estimate =
            Estimate { minutes: Some(5.0), hours: Some((1.0, 2.0)), effort: Some(Effort::L) };
        assert_eq!(task.estimate(), estimate);
        let waits: Vec<Field> = task.waits_for().map(|(field, _)| field).collect();
        assert_eq!(waits, Field::WAITS_FOR);
        assert!(!task.has_problems());
        assert_eq!(task.take_list(Field::Tags).as_slice(), x);
        assert!(task.tags().is_empty() && task.take_list(Field::Tags).is_empty());
        task.set_text(Field::Agent, "");
        task.set_list(Field::Scope, [""; 0]);
        assert_eq!((task.agent(), task.scope()), (None, &[][..]));
        task.set(Detail::Problem(Field::Agent, "must be a text"));
        assert!(task.has_problems());
        task.forgive(Field::Agent);
        assert!(!task.has_problems());
    }

    #[test]
    fn only_lists_that_name_tasks_are_rare() {
        let mut task = Task::new(TaskId::new("A").expect("not empty"));
        task.set_list(Field::Tags, ["x"]);
        task.set_list(Field::Dependencies, ["x"]);
        assert!(!task.names_by_rare_fields() && !task.review() && !task.teaches());
        assert!(task.list(Field::Needs).is_empty());
        task.set_list(Field::Steps, ["x"]);
        assert!(task.names_by_rare_fields());
    }
}
