//! Inboxes by the words of their address and display name.

use std::collections::{BTreeSet, HashSet};

use mail::search::{Query, each_word};
use model::inbox::Inbox;
use model::{InboxId, InboxKey, Result};

use crate::db::args;
use crate::messages::Position;
use crate::txn::Txn;
use crate::view::View;

/// So many matches of one word are considered.
const MAX_MATCHES: i64 = 10_000;

impl View<'_> {
    /// A page of the inboxes for which every word of the query begins a word of the address or of
    /// the display name, newest first, the one with exactly this address before them.
    ///
    /// # Errors
    /// When the store fails.
    pub fn search_inboxes(
        &mut self,
        query: &Query,
        exact: Option<&InboxId>,
        from: Option<Position>,
        limit: usize,
    ) -> Result<(Vec<Inbox>, Option<Position>)> {
        let mut matches: Option<BTreeSet<InboxKey>> = None;
        for term in query.terms() {
            let own = self.inboxes_with(&term.text)?;
            matches = Some(match matches {
                Some(known) => known.into_iter().filter(|key| own.contains(key)).collect(),
                None => own.into_iter().collect(),
            });
        }
        let mut matches = matches.unwrap_or_default();
        let mut found = Vec::new();
        if let Some(inbox) = exact.and_then(|address| self.inbox(address).ok()) {
            matches.remove(&inbox.key);
            if from.is_none() {
                found.push(inbox);
            }
        }
        // Keys are in the order of making.
        let after = from.map(|from| from.key);
        let mut rest = matches
            .into_iter()
            .rev()
            .filter(|key| after.is_none_or(|after| *key.as_bytes() < after))
            .peekable();
        let mut next = None;
        while found.len() < limit
            && let Some(key) = rest.next()
        {
            // It may have been deleted; its words go later.
            if let Ok(inbox) = self.inbox_of_key(key) {
                found.push(inbox);
            }
            next = rest.peek().map(|_| Position {
                at: 0,
                key: *key.as_bytes(),
            });
        }
        if found.len() == limit && next.is_none() && rest.peek().is_some() {
            // The exact one fills the page by itself.
            next = Some(Position::edge(false));
        }
        Ok((found, next))
    }

    fn inboxes_with(&mut self, beginning: &str) -> Result<HashSet<InboxKey>> {
        // No character is greater than the last one there is.
        let end = format!("{beginning}\u{10FFFF}");
        let found = self.all(
            "select inbox_id from inbox_word where {scope} and word >= $1 and word < $2 \
             order by word, inbox_id limit $3",
            args![beginning, end, MAX_MATCHES],
            |row| row.get(0),
        )?;
        Ok(found.into_iter().collect())
    }

    /// Inboxes that were made before their words were kept, at most `limit`.
    ///
    /// # Errors
    /// When the store fails.
    pub fn inboxes_without_words(&mut self, limit: usize) -> Result<Vec<InboxKey>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let found = self.all(
            "select i.inbox_id from inbox i where {scope i} and not exists \
             (select 1 from inbox_word w where w.inbox_id = i.inbox_id) limit $1",
            args![limit],
            |row| row.get(0),
        )?;
        Ok(found)
    }
}

impl Txn<'_> {
    /// Makes the words of an inbox those of its row; of one that is gone none.
    ///
    /// # Errors
    /// When the store fails.
    pub fn index_inbox(&mut self, key: InboxKey) -> Result<()> {
        self.exec(
            "delete from inbox_word where {scope} and inbox_id = $1",
            args![key],
        )?;
        let Ok(inbox) = self.inbox_of_key(key) else {
            return Ok(());
        };
        let mut words = BTreeSet::new();
        let name = inbox.display_name.as_deref().unwrap_or_default();
        for text in [inbox.inbox_id.as_str(), name] {
            each_word(text, |word| {
                words.insert(word.term.to_owned());
            });
        }
        let org_id = self.access.org_id();
        for word in words {
            self.exec(
                "insert into inbox_word (org_id, pod_id, inbox_id, word) values ($1, $2, $3, $4) \
                 on conflict (org_id, word, inbox_id) do nothing -- unscoped: the row names its tenant",
                args![org_id, inbox.pod_id, key, word],
            )?;
        }
        Ok(())
    }
}
