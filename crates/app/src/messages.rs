//! Messages: listing, reading, labelling, deleting.

use std::collections::BTreeSet;

use mail::MessageId;
use model::label::{Label, Labels};
use model::message::Message;
use model::page::MessageFilter;
use model::{Error, InboxId, Result, ThreadId, perm};
use store::{Grant, Position};
use wire::{OneOrMany, UpdateMessageRequest};

use crate::paging::Listing;
use crate::{App, render};

impl App {
    /// A page of an inbox's messages, newest first, without their bodies.
    ///
    /// # Errors
    /// `not_found`, `validation_error` for a bad token, or `missing_permission` for hidden labels.
    pub async fn messages(
        &self,
        grant: &Grant<perm::MessageRead>,
        inbox: &InboxId,
        mut filter: MessageFilter,
    ) -> Result<wire::ListMessagesResponse> {
        filter.labels = folded(&filter.labels)?;
        let same = MessageFilter {
            page: model::page::Page::default(),
            ..filter.clone()
        };
        let name = format!("messages {inbox}");
        let list = Listing::new(
            self,
            &name,
            grant.access(),
            &filter.page,
            &format!("{same:?}"),
        );
        let (from, fetch, limit) = (list.start(&filter.page)?, list.fetch(), filter.page.limit);
        let inbox = inbox.clone();
        let found = self.store().read(grant, move |view| {
            let key = view.inbox(&inbox)?.key;
            let found = view.messages(key, &filter, from, fetch)?;
            let shown = view.strangers_in(&threads_of(&found))?;
            Ok((found, shown))
        });
        let (mut found, shown) = found.await?;
        self.taint(grant, shown).await?;
        let next_page_token = list.cut(&mut found, place);
        let messages: Vec<_> = found.iter().map(render::message_item).collect();
        Ok(wire::ListMessagesResponse {
            count: messages.len(),
            limit,
            next_page_token,
            messages,
        })
    }

    /// One message with its bodies.
    ///
    /// # Errors
    /// `not_found`, also for a message hidden from this key.
    pub async fn message(
        &self,
        grant: &Grant<perm::MessageRead>,
        inbox: &InboxId,
        id: &MessageId,
    ) -> Result<wire::Message> {
        let (inbox, id) = (inbox.clone(), id.clone());
        let found = self.store().read(grant, move |view| {
            let key = view.inbox(&inbox)?.key;
            let message = view.message(key, &id)?;
            let content = view.content(message.key)?;
            let shown = view.strangers_in(&[message.thread_id])?;
            Ok((message, content, shown))
        });
        let (message, content, shown) = found.await?;
        self.taint(grant, shown).await?;
        Ok(render::message(&message, &content))
    }

    pub(crate) async fn find_message<P>(
        &self,
        grant: &Grant<P>,
        inbox: &InboxId,
        id: &MessageId,
    ) -> Result<Message> {
        let (inbox, id) = (inbox.clone(), id.clone());
        let found = self.store().read(grant, move |view| {
            let key = view.inbox(&inbox)?.key;
            let message = view.message(key, &id)?;
            let shown = view.strangers_in(&[message.thread_id])?;
            Ok((message, shown))
        });
        let (message, shown) = found.await?;
        self.taint(grant, shown).await?;
        Ok(message)
    }

    /// Adds and removes labels of a message; a label in both lists ends up removed.
    ///
    /// # Errors
    /// `validation_error` when nothing is given or a label is the server's own, or `not_found`.
    pub async fn update_message(
        &self,
        grant: &Grant<perm::MessageUpdate>,
        inbox: &InboxId,
        id: &MessageId,
        request: UpdateMessageRequest,
    ) -> Result<wire::UpdateMessageResponse> {
        let (add, remove) = label_change(request.add_labels, request.remove_labels)?;
        let (inbox, id) = (inbox.clone(), id.clone());
        let changed = self.store().write(grant, move |txn| {
            let key = txn.inbox(&inbox)?.key;
            let message = txn.message(key, &id)?;
            txn.relabel(&message, &add, &remove)
        });
        let message = changed.await?;
        Ok(wire::UpdateMessageResponse {
            message_id: message.message_id.to_string(),
            labels: message
                .labels
                .iter()
                .map(|label| label.as_str().to_owned())
                .collect(),
        })
    }

    /// Removes a message for good.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn delete_message(
        &self,
        grant: &Grant<perm::MessageDelete>,
        inbox: &InboxId,
        id: &MessageId,
    ) -> Result<()> {
        let (inbox, id) = (inbox.clone(), id.clone());
        self.store()
            .write(grant, move |txn| {
                let key = txn.inbox(&inbox)?.key;
                let message = txn.message(key, &id)?;
                txn.delete_message(&message)
            })
            .await
    }
}

/// The threads of messages, each once.
pub(crate) fn threads_of<'a>(messages: impl IntoIterator<Item = &'a Message>) -> Vec<ThreadId> {
    let threads: BTreeSet<ThreadId> = messages.into_iter().map(|one| one.thread_id).collect();
    threads.into_iter().collect()
}

pub(crate) fn place(message: &Message) -> Position {
    Position {
        at: message.at.as_micros(),
        key: *message.key.as_bytes(),
    }
}

/// Labels to filter by, folded as stored.
pub(crate) fn folded(labels: &[String]) -> Result<Vec<String>> {
    labels
        .iter()
        .map(|label| Ok(Label::parse(label)?.as_str().to_owned()))
        .collect()
}

/// Labels a caller wants on a message.
pub(crate) fn settable(labels: Option<OneOrMany>) -> Result<Labels> {
    labels
        .map(Vec::from)
        .unwrap_or_default()
        .iter()
        .map(|text| Label::parse_settable(text))
        .collect()
}

/// The two sides of a change of labels.
pub(crate) fn label_change(
    add: Option<OneOrMany>,
    remove: Option<OneOrMany>,
) -> Result<(Labels, Labels)> {
    let (add, remove) = (settable(add)?, settable(remove)?);
    if add.is_empty() && remove.is_empty() {
        return Err(Error::invalid(
            "add_labels",
            "invalid_value",
            "Must provide add_labels or remove_labels",
        ));
    }
    Ok((add, remove))
}
