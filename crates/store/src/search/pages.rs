//! From candidates to a page of messages or threads.
//!
//! What the index gives may have been deleted or hidden since, and phrases it does not know: every
//! candidate is looked at in its row before it is shown. A page looks at a bounded number of them
//! and may therefore be short, or even empty, and still have a next one.

use std::collections::{HashMap, HashSet};

use model::message::{Content, Message};
use model::thread::Thread;
use model::{Hidden, MessageKey, Result, ThreadId};

use super::document;
use super::find::{Candidate, SearchFilter};
use crate::messages::Position;
use crate::padded;
use crate::view::View;

/// Rows looked at for one page.
const MAX_LOOKED: usize = 300;

/// A page of a search.
#[derive(Clone, Debug)]
pub struct SearchPage<T> {
    /// What was found, best first.
    pub items: Vec<T>,
    /// Where the next page begins, if there is one.
    pub next: Option<Position>,
}

/// A message that matches.
#[derive(Clone, Debug)]
pub struct MessageHit {
    /// The message.
    pub message: Message,
    /// Its readable part.
    pub content: Content,
}

/// A thread with a message that matches.
#[derive(Clone, Debug)]
pub struct ThreadHit {
    /// The thread.
    pub thread: Thread,
    /// Its best message.
    pub best: MessageHit,
}

/// Candidates that stand or fall together: one message, or the messages of a thread.
type Group = Vec<Candidate>;

impl View<'_> {
    /// A page of the messages that match, at most `limit`, after `from`.
    ///
    /// # Errors
    /// When the store fails.
    pub fn search_messages(
        &mut self,
        filter: &SearchFilter,
        from: Option<Position>,
        limit: usize,
    ) -> Result<SearchPage<MessageHit>> {
        let (candidates, latest) = self.ranked(filter, from)?;
        let groups = candidates.into_iter().map(|one| vec![one]).collect();
        self.page(filter, groups, from, latest, limit, |_, hits| Ok(hits))
    }

    /// The same for threads: each by its best message.
    ///
    /// # Errors
    /// When the store fails.
    pub fn search_threads(
        &mut self,
        filter: &SearchFilter,
        from: Option<Position>,
        limit: usize,
    ) -> Result<SearchPage<ThreadHit>> {
        let (candidates, latest) = self.ranked(filter, from)?;
        let mut groups: Vec<Group> = Vec::new();
        let mut places: HashMap<ThreadId, usize> = HashMap::new();
        for candidate in candidates {
            let place = *places.entry(candidate.thread).or_insert(groups.len());
            match groups.get_mut(place) {
                Some(group) => group.push(candidate),
                None => groups.push(vec![candidate]),
            }
        }
        self.page(filter, groups, from, latest, limit, Self::threads_of)
    }

    fn ranked(
        &mut self,
        filter: &SearchFilter,
        from: Option<Position>,
    ) -> Result<(Vec<Candidate>, i64)> {
        let latest = from.map_or(i64::MAX, latest);
        let candidates = self.candidates(filter, latest)?;
        let newest = candidates.iter().map(|candidate| candidate.at).max();
        let latest = latest.min(newest.unwrap_or(latest));
        Ok((candidates, latest))
    }

    /// Shows the groups after `from` until the page is full, `MAX_LOOKED` rows were looked at, or
    /// none is left.
    fn page<T>(
        &mut self,
        filter: &SearchFilter,
        groups: Vec<Group>,
        from: Option<Position>,
        latest: i64,
        limit: usize,
        mut show: impl FnMut(&mut Self, Vec<MessageHit>) -> Result<Vec<T>>,
    ) -> Result<SearchPage<T>> {
        let after = from.map(|from| (std::cmp::Reverse(from.at), tie(from)));
        let mut groups = groups
            .into_iter()
            .filter(|group| {
                let rank = group.first().map(Candidate::rank);
                rank.is_some() && after.is_none_or(|after| rank > Some(after))
            })
            .peekable();
        let mut items = Vec::new();
        let mut next = None;
        let mut looked = 0;
        while groups.peek().is_some() && items.len() < limit && looked < MAX_LOOKED {
            let wanted = (limit - items.len()).min(padded::SIZE);
            let batch: Vec<Group> = groups.by_ref().take(wanted).collect();
            next = batch.last().and_then(|group| group.first()).copied();
            looked += batch.len();
            let hits = self.best_of(filter, &batch, &mut looked)?;
            items.extend(show(self, hits)?);
        }
        let next = next.filter(|_| groups.peek().is_some());
        Ok(SearchPage {
            items,
            next: next.map(|last| position(&last, latest)),
        })
    }

    /// The best member of each group that is there, is shown to everybody and has the phrases.
    fn best_of(
        &mut self,
        filter: &SearchFilter,
        groups: &[Group],
        looked: &mut usize,
    ) -> Result<Vec<MessageHit>> {
        let mut hits: Vec<Option<MessageHit>> = groups.iter().map(|_| None).collect();
        for turn in 0.. {
            let open = hits.iter().zip(groups).filter(|(hit, _)| hit.is_none());
            let members = open.filter_map(|(_, group)| group.get(turn));
            let keys: Vec<MessageKey> = members.map(|member| member.message).collect();
            if keys.is_empty() || (turn > 0 && *looked >= MAX_LOOKED) {
                break;
            }
            *looked += if turn > 0 { keys.len() } else { 0 };
            let mut found = self.with_content(&keys)?;
            for (hit, group) in hits.iter_mut().zip(groups) {
                let member = group.get(turn).filter(|_| hit.is_none());
                let row = member.and_then(|member| found.remove(&member.message));
                *hit = row
                    .filter(|(message, content)| {
                        message.labels.hidden() == Hidden::NONE
                            && document::has_phrases(&filter.query, message, content)
                    })
                    .map(|(message, content)| MessageHit { message, content });
            }
        }
        Ok(hits.into_iter().flatten().collect())
    }

    /// The threads of these messages, in their order.
    fn threads_of(&mut self, hits: Vec<MessageHit>) -> Result<Vec<ThreadHit>> {
        let ids: Vec<ThreadId> = hits.iter().map(|hit| hit.message.thread_id).collect();
        let mut threads = self.shown_threads(&ids)?;
        let mut seen = HashSet::new();
        let hits = hits.into_iter().filter_map(|best| {
            let id = best.message.thread_id;
            let thread = threads.remove(&id).filter(|_| seen.insert(id))?;
            Some(ThreadHit { thread, best })
        });
        Ok(hits.collect())
    }
}

/// The place after a candidate, and the newest time of the first page: what comes later must not
/// push older matches out of those that are ranked.
fn position(last: &Candidate, latest: i64) -> Position {
    let mut key = [0; 16];
    let (first, second) = key.split_at_mut(8);
    first.copy_from_slice(&latest.to_be_bytes());
    second.copy_from_slice(&last.tie().to_be_bytes());
    Position {
        at: last.score,
        key,
    }
}

fn latest(from: Position) -> i64 {
    let (first, _) = from.key.split_at(8);
    first
        .first_chunk()
        .map_or(i64::MAX, |at| i64::from_be_bytes(*at))
}

fn tie(from: Position) -> u64 {
    let (_, second) = from.key.split_at(8);
    second
        .first_chunk()
        .map_or(0, |tie| u64::from_be_bytes(*tie))
}
