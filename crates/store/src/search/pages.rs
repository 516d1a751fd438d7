//! From candidates to a page of messages or threads.
//!
//! What the index gives may have been deleted or hidden since, and of phrases it only knows pairs of
//! words that are probably there: every candidate is looked at in its row before it is shown. A page
//! looks at a bounded number of them and may therefore be short, or even empty, and still have a
//! next one.

use std::collections::{HashMap, HashSet};

use model::message::{Content, Message};
use model::thread::Thread;
use model::{Hidden, MessageKey, Result, ThreadId};

use super::document;
use super::find::{Candidate, Ranking, SearchFilter};
use crate::messages::Position;
use crate::padded;
use crate::view::View;

/// Rows looked at for one page.
const MAX_LOOKED: usize = 300;
/// Matches taken for one page: those of one long thread are all taken for its one place.
const MAX_TAKEN: usize = 4_000;

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

/// Candidates that stand or fall together: one message, or some messages of a thread.
type Group = Vec<Candidate>;

/// What a page is filled with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Messages,
    Threads,
}

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
        self.page(filter, Kind::Messages, from, limit, |_, hits| Ok(hits))
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
        self.page(filter, Kind::Threads, from, limit, Self::threads_of)
    }

    /// Shows what comes after `from` until the page is full, `MAX_LOOKED` rows were looked at, or
    /// nothing is left.
    fn page<T>(
        &mut self,
        filter: &SearchFilter,
        kind: Kind,
        from: Option<Position>,
        limit: usize,
        mut show: impl FnMut(&mut Self, Vec<MessageHit>) -> Result<Vec<T>>,
    ) -> Result<SearchPage<T>> {
        let mut walk = Walk::new(self, filter, kind, from)?;
        let mut items = Vec::new();
        let mut looked = 0;
        while items.len() < limit && looked < MAX_LOOKED {
            let mut groups = walk.groups(self, (limit - items.len()).min(padded::SIZE))?;
            if groups.is_empty() {
                break;
            }
            let past = walk.past(&groups);
            let shown = self.best_of(filter, &past, &mut looked)?;
            walk.shown
                .extend(shown.iter().map(|hit| hit.message.thread_id));
            groups.retain(|group| !walk.was_shown(group));
            looked += past.len() + groups.len();
            let hits = self.best_of(filter, &groups, &mut looked)?;
            if kind == Kind::Threads {
                walk.shown
                    .extend(hits.iter().map(|hit| hit.message.thread_id));
            }
            items.extend(show(self, hits)?);
        }
        if kind == Kind::Threads {
            self.pass_shown(filter, &mut walk, &mut looked)?;
        }
        Ok(SearchPage {
            items,
            next: walk.position(),
        })
    }

    /// Goes past further matches of threads that were shown, so that a page after which no other thread
    /// comes is the last.
    fn pass_shown(
        &mut self,
        filter: &SearchFilter,
        walk: &mut Walk,
        looked: &mut usize,
    ) -> Result<()> {
        while walk.left > 0
            && *looked < MAX_LOOKED
            && let Some(next) = walk.next
        {
            if !walk.shown.contains(&next.thread) {
                let Some(past) = walk.earlier.remove(&next.thread) else {
                    break;
                };
                *looked += 1;
                if self.best_of(filter, &[past], looked)?.is_empty() {
                    break;
                }
                walk.shown.insert(next.thread);
            }
            walk.step(self, next)?;
        }
        Ok(())
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

/// A walk over the matches of a search, from the place where a page begins.
struct Walk {
    ranking: Ranking,
    kind: Kind,
    next: Option<Candidate>,
    last: Option<Candidate>,
    /// Matches that may still be taken.
    left: usize,
    /// What earlier pages went past, by its thread.
    earlier: HashMap<ThreadId, Group>,
    /// Threads that this page or an earlier one has shown.
    shown: HashSet<ThreadId>,
}

impl Walk {
    fn new(
        view: &mut View<'_>,
        filter: &SearchFilter,
        kind: Kind,
        from: Option<Position>,
    ) -> Result<Self> {
        let mut ranking = view.ranking(filter, from.map_or(i64::MAX, latest))?;
        let mut earlier: HashMap<ThreadId, Group> = HashMap::new();
        let mut next = ranking.next(view)?;
        if let Some(from) = from {
            let from = (std::cmp::Reverse(from.at), tie(from));
            while let Some(past) = next.take_if(|next| next.rank() <= from) {
                if kind == Kind::Threads {
                    earlier.entry(past.thread).or_default().push(past);
                }
                next = ranking.next(view)?;
            }
        }
        Ok(Self {
            ranking,
            kind,
            next,
            last: None,
            left: MAX_TAKEN,
            earlier,
            shown: HashSet::new(),
        })
    }

    /// The next messages or threads that were not shown, at most `wanted`.
    fn groups(&mut self, view: &mut View<'_>, wanted: usize) -> Result<Vec<Group>> {
        let mut groups: Vec<Group> = Vec::new();
        let mut places: HashMap<ThreadId, usize> = HashMap::new();
        while groups.len() < wanted
            && self.left > 0
            && let Some(candidate) = self.next
        {
            self.step(view, candidate)?;
            let place = places.get(&candidate.thread).copied();
            match place.and_then(|place| groups.get_mut(place)) {
                Some(group) => group.push(candidate),
                None if self.shown.contains(&candidate.thread) => {}
                None => {
                    if self.kind == Kind::Threads {
                        places.insert(candidate.thread, groups.len());
                    }
                    groups.push(vec![candidate]);
                }
            }
        }
        Ok(groups)
    }

    /// Takes the next match.
    fn step(&mut self, view: &mut View<'_>, candidate: Candidate) -> Result<()> {
        self.left -= 1;
        self.last = Some(candidate);
        self.next = self.ranking.next(view)?;
        Ok(())
    }

    /// What earlier pages went past of the threads of these groups; each thread is asked about once.
    fn past(&mut self, groups: &[Group]) -> Vec<Group> {
        let threads = groups.iter().filter_map(|group| group.first());
        threads
            .filter_map(|first| self.earlier.remove(&first.thread))
            .collect()
    }

    fn was_shown(&self, group: &Group) -> bool {
        let first = group.first();
        first.is_some_and(|first| self.shown.contains(&first.thread))
    }

    /// Where the next page begins, if there is one.
    fn position(&self) -> Option<Position> {
        self.next?;
        self.last.map(|last| position(&last, self.ranking.newest()))
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
