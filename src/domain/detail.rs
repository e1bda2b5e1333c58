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
