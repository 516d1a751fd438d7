//! A write transaction.

use std::ops::{Deref, DerefMut};

use model::Result;

use crate::audit::NewAudit;
use crate::events::{NewEvent, Wake};
use crate::messages::ThreadMove;
use crate::view::View;

/// A transaction that can change what its access reaches. Events are only buffered: the commit
/// step numbers and writes them, so an event exists exactly if its cause does.
pub struct Txn<'a> {
    view: View<'a>,
    pub(crate) events: Vec<NewEvent>,
    pub(crate) audits: Vec<NewAudit>,
    pub(crate) jobs: bool,
    pub(crate) departures: bool,
    pub(crate) routes: bool,
    pub(crate) unindexed: bool,
    pub(crate) hooks: bool,
    pub(crate) moves: Vec<ThreadMove>,
}

impl<'a> Txn<'a> {
    pub(crate) fn new(view: View<'a>) -> Self {
        Self {
            view,
            events: Vec::new(),
            audits: Vec::new(),
            jobs: false,
            departures: false,
            routes: false,
            unindexed: false,
            hooks: false,
            moves: Vec::new(),
        }
    }

    /// What filing messages has moved from one thread to another since this was last asked: whoever
    /// files one tells the readers.
    pub fn take_moves(&mut self) -> Vec<ThreadMove> {
        std::mem::take(&mut self.moves)
    }

    /// Tells the readers of the organisation's log about what this transaction does.
    pub fn emit(&mut self, event: NewEvent) {
        self.events.push(event);
    }

    /// Writes the buffered entries and events as the last statements before the commit.
    pub(crate) fn close(mut self) -> Result<Wake> {
        let audits = std::mem::take(&mut self.audits);
        self.enter(audits)?;
        let events = std::mem::take(&mut self.events);
        let log = self.append(events)?;
        let hooks = self.hooks.then(|| self.access.org_id());
        Ok(Wake {
            log,
            jobs: self.jobs,
            departures: self.departures,
            routes: self.routes,
            unindexed: self.unindexed,
            hooks,
        })
    }
}

impl<'a> Deref for Txn<'a> {
    type Target = View<'a>;

    fn deref(&self) -> &View<'a> {
        &self.view
    }
}

impl<'a> DerefMut for Txn<'a> {
    fn deref_mut(&mut self) -> &mut View<'a> {
        &mut self.view
    }
}
