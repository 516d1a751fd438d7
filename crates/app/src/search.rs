//! Searching mail and inboxes.

mod indexer;

pub(crate) use self::indexer::{Indexing, run};

use mail::search::{Query, fragments, mark};
use model::message::Message;
use model::page::{Page, Search};
use model::{Error, InboxId, Result, perm};
use store::{Grant, MessageHit, SearchFilter};
use wire::SearchHighlights;

use crate::messages::threads_of;
use crate::paging::Listing;
use crate::{App, render};

/// Pieces of a text that are shown of one match.
const FRAGMENTS: usize = 3;
/// Characters of the longest search for mail.
const MAX_QUERY: usize = 1_024;
/// Characters of a search for inboxes.
const INBOX_QUERY: std::ops::RangeInclusive<usize> = 2..=256;

impl App {
    /// A page of the messages within reach that have all the words, best first. Spam, trash,
    /// blocked and unauthenticated mail is never among them.
    ///
    /// # Errors
    /// `validation_error` for a search that is too long or a bad token.
    pub async fn search_messages(
        &self,
        grant: &Grant<perm::MessageRead>,
        search: Search,
    ) -> Result<wire::SearchMessagesResponse> {
        let filter = filter(&search)?;
        let list = self.listing("search messages", grant, &search);
        let (from, limit) = (list.start(&search.page)?, search.page.limit);
        self.index_now(grant.access().org_id()).await;
        let (wanted, size) = (filter.clone(), search.page.size());
        let read = move |view: &mut store::View<'_>| {
            let page = view.search_messages(&wanted, from, size)?;
            let shown = threads_of(page.items.iter().map(|hit| &hit.message));
            let shown = view.strangers_in(&shown)?;
            Ok((page, shown))
        };
        let (page, shown) = self.store().read(grant, read).await?;
        self.taint(grant, shown).await?;
        let items = page.items.iter().map(|hit| wire::SearchMessageItem {
            message: render::message_item(&hit.message),
            highlights: highlights(&filter.query, hit),
        });
        let messages: Vec<_> = items.collect();
        Ok(wire::SearchMessagesResponse {
            count: messages.len(),
            limit,
            next_page_token: page.next.map(|last| list.token(last)),
            messages,
        })
    }

    /// A page of the threads within reach that have a message with all the words, best first.
    ///
    /// # Errors
    /// As for [`App::search_messages`].
    pub async fn search_threads(
        &self,
        grant: &Grant<perm::MessageRead>,
        search: Search,
    ) -> Result<wire::SearchThreadsResponse> {
        let filter = filter(&search)?;
        let list = self.listing("search threads", grant, &search);
        let (from, limit) = (list.start(&search.page)?, search.page.limit);
        self.index_now(grant.access().org_id()).await;
        let (wanted, size) = (filter.clone(), search.page.size());
        let read = move |view: &mut store::View<'_>| {
            let page = view.search_threads(&wanted, from, size)?;
            let shown = page.items.iter().map(|hit| hit.thread.thread_id);
            let shown = view.strangers_in(&shown.collect::<Vec<_>>())?;
            Ok((page, shown))
        };
        let (page, shown) = self.store().read(grant, read).await?;
        self.taint(grant, shown).await?;
        let items = page.items.iter().map(|hit| wire::SearchThreadItem {
            thread: render::thread_item(&hit.thread),
            highlights: highlights(&filter.query, &hit.best),
        });
        let threads: Vec<_> = items.collect();
        Ok(wire::SearchThreadsResponse {
            count: threads.len(),
            limit,
            next_page_token: page.next.map(|last| list.token(last)),
            threads,
        })
    }

    /// A page of the inboxes within reach whose address or display name has words that begin with
    /// those of the search: the one with exactly this address first, then the newest.
    ///
    /// # Errors
    /// `validation_error` unless the search has 2 to 256 characters, or for a bad token.
    pub async fn search_inboxes(
        &self,
        grant: &Grant<perm::InboxRead>,
        search: Search,
    ) -> Result<wire::SearchInboxesResponse> {
        if !INBOX_QUERY.contains(&search.q.trim().chars().count()) {
            let message = "q must have 2 to 256 characters";
            return Err(Error::invalid("q", "invalid_value", message)
                .fix("Send the beginning of an address or of a display name."));
        }
        let list = self.listing("search inboxes", grant, &search);
        let (from, limit) = (list.start(&search.page)?, search.page.limit);
        let (query, size) = (Query::parse(&search.q), search.page.size());
        let exact = InboxId::parse(&search.q);
        let found = self.store().read(grant, move |view| {
            view.search_inboxes(&query, exact.as_ref(), from, size)
        });
        let (found, next) = found.await?;
        let org_id = grant.access().org_id();
        let inboxes: Result<Vec<_>> = found
            .iter()
            .map(|inbox| render::inbox(org_id, inbox))
            .collect();
        let inboxes = inboxes?;
        Ok(wire::SearchInboxesResponse {
            count: inboxes.len(),
            limit,
            next_page_token: next.map(|last| list.token(last)),
            inboxes,
        })
    }

    fn listing<P>(&self, name: &str, grant: &Grant<P>, search: &Search) -> Listing {
        let same = Search {
            page: Page::default(),
            ..search.clone()
        };
        Listing::new(
            self,
            name,
            grant.access(),
            &search.page,
            &format!("{same:?}"),
        )
    }
}

fn filter(search: &Search) -> Result<SearchFilter> {
    if search.q.chars().count() > MAX_QUERY {
        let message = format!("q has at most {MAX_QUERY} characters");
        return Err(Error::invalid("q", "too_big", message)
            .fix("Search for a few words; all of them must occur in a message."));
    }
    Ok(SearchFilter {
        query: Query::parse(&search.q),
        before: search.before,
        after: search.after,
    })
}

fn highlights(query: &Query, hit: &MessageHit) -> Option<SearchHighlights> {
    let Message {
        from,
        people,
        subject,
        ..
    } = &hit.message;
    let marked = |text: &str| mark(query, text);
    let new = hit.content.extracted_text.as_deref().unwrap_or_default();
    let mut text = fragments(query, new, FRAGMENTS);
    if text.is_empty() {
        let whole = hit.content.text.as_deref().unwrap_or_default();
        text = fragments(query, whole, FRAGMENTS);
    }
    let found = SearchHighlights {
        from: marked(from).into_iter().collect(),
        recipients: people.recipients().filter_map(marked).collect(),
        subject: subject.as_deref().and_then(marked).into_iter().collect(),
        text,
    };
    (!found.is_empty()).then_some(found)
}
