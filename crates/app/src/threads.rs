//! Threads: the verbs of an inbox and of everything the caller reaches.

use model::page::{Page, ThreadFilter};
use model::thread::Thread;
use model::{AttachmentId, Code, Error, Labels, Result, ThreadId, perm};
use store::Grant;
use wire::UpdateThreadRequest;

use crate::messages::{folded, label_change, place};
use crate::paging::Listing;
use crate::{App, render};

/// A change of labels touches every message of a thread; above this it is refused.
const MAX_RELABELLED: usize = 100;

/// Octets of mail on one page of a thread, which has the bodies: a page is read into memory.
const MAX_PAGE: i64 = 32 << 20;

impl App {
    /// A page of threads, of one inbox or of all within reach, by their newest received message.
    ///
    /// # Errors
    /// `not_found` for the inbox, or `validation_error` for a bad token.
    pub async fn threads(
        &self,
        grant: &Grant<perm::MessageRead>,
        mut filter: ThreadFilter,
    ) -> Result<wire::ListThreadsResponse> {
        filter.labels = folded(&filter.labels)?;
        let same = ThreadFilter {
            page: Page::default(),
            ..filter.clone()
        };
        let list = Listing::new(
            self,
            "threads",
            grant.access(),
            &filter.page,
            &format!("{same:?}"),
        );
        let (from, fetch, limit) = (list.start(&filter.page)?, list.fetch(), filter.page.limit);
        let found = self.store().read(grant, move |view| {
            let found = view.threads(None, &filter, from, fetch)?;
            let ids: Vec<ThreadId> = found.iter().map(|(one, _)| one.thread_id).collect();
            let shown = view.strangers_in(&ids)?;
            Ok((found, shown))
        });
        let (mut found, shown) = found.await?;
        self.taint(grant, shown).await?;
        let next_page_token = list.cut(&mut found, |(_, position)| *position);
        let threads: Vec<_> = found
            .iter()
            .map(|(thread, _)| render::thread_item(thread))
            .collect();
        Ok(wire::ListThreadsResponse {
            count: threads.len(),
            limit,
            next_page_token,
            threads,
        })
    }

    /// A thread with a page of its messages: the newest first page by page, ascending inside each.
    /// Large messages make short pages.
    ///
    /// # Errors
    /// `not_found`, or `validation_error` for a bad token.
    pub async fn thread(
        &self,
        grant: &Grant<perm::MessageRead>,
        id: &ThreadId,
        page: Page,
    ) -> Result<wire::Thread> {
        // A thread that nobody pages through comes whole, as far as one page goes.
        let size = Page {
            limit: page.limit.or(Some(model::page::MAX_LIMIT)),
            ..page.clone()
        };
        let list = Listing::new(self, &format!("thread {id}"), grant.access(), &size, "");
        let (from, fetch, most) = (list.start(&page)?, list.fetch(), size.size());
        let id = *id;
        let found = self.store().read(grant, move |view| {
            let thread = view.thread(None, id)?;
            let listed = view.thread_messages(id, from, fetch)?;
            let (all, mut octets) = (listed.len(), 0);
            let mut messages = Vec::new();
            // The page is cut at its older end.
            for message in listed.into_iter().rev().take(most) {
                octets += message.size;
                if octets > MAX_PAGE && !messages.is_empty() {
                    break;
                }
                let content = view.content(message.key)?;
                messages.push((message, content));
            }
            let more = messages.len() < all;
            Ok((thread, messages, more, view.strangers_in(&[id])?))
        });
        let (thread, mut messages, more, shown) = found.await?;
        self.taint(grant, shown).await?;
        let oldest = messages.last().filter(|_| more);
        let next_page_token = oldest.map(|(message, _)| list.token(place(message)));
        messages.reverse();
        let messages = messages
            .iter()
            .map(|(message, body)| render::message(message, body))
            .collect();
        Ok(whole(&thread, messages, page.limit, next_page_token))
    }

    /// Adds and removes labels of every message of a thread.
    ///
    /// # Errors
    /// `validation_error`, `not_found`, or `unprocessable` for a thread of 100 messages or more.
    pub async fn update_thread(
        &self,
        grant: &Grant<perm::MessageUpdate>,
        id: &ThreadId,
        request: UpdateThreadRequest,
    ) -> Result<wire::UpdateThreadResponse> {
        let (add, remove) = label_change(request.add_labels, request.remove_labels)?;
        let thread = self.relabel_thread(grant, id, add, remove).await?;
        Ok(wire::UpdateThreadResponse {
            thread_id: thread.thread_id.to_string(),
            labels: thread
                .labels
                .iter()
                .map(|label| label.as_str().to_owned())
                .collect(),
        })
    }

    async fn relabel_thread<P>(
        &self,
        grant: &Grant<P>,
        id: &ThreadId,
        add: Labels,
        remove: Labels,
    ) -> Result<Thread> {
        let id = *id;
        self.store()
            .write(grant, move |txn| {
                let thread = txn.thread(None, id)?;
                let messages = txn.whole_thread(id, MAX_RELABELLED)?;
                if messages.len() >= MAX_RELABELLED {
                    return Err(Error::new(
                        Code::Unprocessable,
                        "The thread has 100 messages or more",
                    )
                    .fix("Change the labels of its messages one by one."));
                }
                for message in &messages {
                    txn.relabel(message, &add, &remove)?;
                }
                // Labels such as trash can hide the thread from the very key that set them.
                txn.thread(None, id).or(Ok(thread))
            })
            .await
    }

    /// Removes a thread with all its messages for good; `permanent: false`, which older SDKs send,
    /// moves it to the trash instead.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn delete_thread(
        &self,
        grant: &Grant<perm::MessageDelete>,
        id: &ThreadId,
        permanent: Option<bool>,
    ) -> Result<()> {
        if permanent == Some(false) {
            let trash = [model::Label::system("trash")].into_iter().collect();
            return self
                .relabel_thread(grant, id, trash, Labels::default())
                .await
                .map(|_| ());
        }
        let id = *id;
        self.store()
            .write(grant, move |txn| {
                txn.thread(None, id)?;
                let owner = txn.inbox_of_thread(id)?;
                txn.delete_thread(owner, id)
            })
            .await
    }

    /// Where the bytes of an attachment of any message in a thread are.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn thread_attachment(
        &self,
        grant: &Grant<perm::MessageRead>,
        id: &ThreadId,
        attachment: &AttachmentId,
        base: &str,
    ) -> Result<wire::AttachmentResponse> {
        let (id, wanted) = (*id, *attachment);
        let found = self.store().read(grant, move |view| {
            view.thread(None, id)?;
            let (message, attachment) = view.thread_attachment(id, wanted)?;
            Ok((message, attachment, view.strangers_in(&[id])?))
        });
        let (message, attachment, shown) = found.await?;
        self.taint(grant, shown).await?;
        Ok(self.link_to_attachment(grant, message, &attachment, base))
    }
}

fn whole(
    thread: &Thread,
    messages: Vec<wire::Message>,
    limit: Option<usize>,
    next_page_token: Option<String>,
) -> wire::Thread {
    let item = render::thread_item(thread);
    wire::Thread {
        organization_id: item.organization_id,
        pod_id: item.pod_id,
        inbox_id: item.inbox_id,
        thread_id: item.thread_id,
        labels: item.labels,
        timestamp: item.timestamp,
        received_timestamp: item.received_timestamp,
        sent_timestamp: item.sent_timestamp,
        senders: item.senders,
        recipients: item.recipients,
        subject: item.subject,
        preview: item.preview,
        attachments: item.attachments,
        last_message_id: item.last_message_id,
        message_count: item.message_count,
        size: item.size,
        updated_at: item.updated_at,
        created_at: item.created_at,
        count: messages.len(),
        limit,
        next_page_token,
        messages,
    }
}
