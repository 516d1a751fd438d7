//! Many messages of one inbox in one request.

use std::collections::{HashMap, HashSet};

use mail::MessageId;
use model::message::Message;
use model::{Error, InboxKey, Kind, Result, perm};
use store::{Grant, WithoutBodies};
use wire::{
    BatchGetMessagesRequest, BatchGetMessagesResponse, BatchUpdateMessagesRequest,
    BatchUpdateMessagesResponse, UpdateMessageResponse,
};

use crate::messages::{label_change, threads_of};
use crate::{App, render};

/// The most ids of one `batch_get`.
const MAX_READ: usize = 500;

/// The most ids of one `batch_update`.
const MAX_CHANGED: usize = 50;

/// Messages read in one transaction, so that nobody waits for the reader of many.
const SLICE: usize = 64;

/// Header fields with more text than this come with the message alone: a batch is put together in
/// memory.
const MAX_HEADERS: usize = 64 << 10;

impl App {
    /// The messages with these ids in the inbox that the grant reaches, in the order of the
    /// request and without their bodies. Ids that are not there are left out.
    ///
    /// # Errors
    /// `validation_error` for no ids or more than 500.
    pub async fn messages_named(
        &self,
        grant: &Grant<perm::MessageRead>,
        request: BatchGetMessagesRequest,
    ) -> Result<BatchGetMessagesResponse> {
        let limit = request.message_ids.len();
        let ids = read_ids(&request.message_ids, MAX_READ)?;
        let inbox = inbox_of(grant)?;
        let mut found = HashMap::with_capacity(ids.len());
        let mut wanted: Vec<MessageId> = ids.clone();
        wanted.sort_unstable();
        wanted.dedup();
        for part in wanted.chunks(SLICE) {
            let part = part.to_vec();
            let read = self.store().read(grant, move |view| {
                let read = view.messages_named(inbox, &part)?;
                let shown = threads_of(read.iter().map(|one| &one.message));
                let shown = view.strangers_in(&shown)?;
                Ok((read, shown))
            });
            let (read, shown) = read.await?;
            self.taint(grant, shown).await?;
            found.extend(read.into_iter().map(|one| {
                let id = one.message.message_id.clone();
                (id, without_bodies(one))
            }));
        }
        let messages: Vec<_> = ids.iter().filter_map(|id| found.get(id).cloned()).collect();
        Ok(BatchGetMessagesResponse {
            limit,
            count: messages.len(),
            messages,
        })
    }

    /// One change of labels for all these messages, or for none of them. Ids that are not there
    /// are left out.
    ///
    /// # Errors
    /// `validation_error` for no ids, more than 50 or one that comes twice, and as for
    /// [`App::update_message`].
    pub async fn update_messages(
        &self,
        grant: &Grant<perm::MessageUpdate>,
        request: BatchUpdateMessagesRequest,
    ) -> Result<BatchUpdateMessagesResponse> {
        let limit = request.message_ids.len();
        let ids = read_ids(&request.message_ids, MAX_CHANGED)?;
        let mut seen = HashSet::new();
        if let Some(twice) = ids.iter().position(|id| !seen.insert(id)) {
            return Err(Error::invalid(
                &format!("message_ids.{twice}"),
                "invalid_value",
                "message_ids must not contain duplicates",
            )
            .fix("Name each message once."));
        }
        let (add, remove) = label_change(request.add_labels, request.remove_labels)?;
        let inbox = inbox_of(grant)?;
        let changed = self.store().write(grant, move |txn| {
            let mut changed: Vec<Message> = Vec::with_capacity(ids.len());
            for id in &ids {
                match txn.message(inbox, id) {
                    Ok(message) => changed.push(txn.relabel(&message, &add, &remove)?),
                    Err(error) if error.kind() == Kind::NotFound => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(changed)
        });
        let updates: Vec<_> = changed
            .await?
            .iter()
            .map(|message| UpdateMessageResponse {
                message_id: message.message_id.to_string(),
                labels: render::labels(&message.labels),
            })
            .collect();
        Ok(BatchUpdateMessagesResponse {
            limit,
            count: updates.len(),
            updates,
        })
    }
}

/// The inbox of a grant that the path has narrowed.
pub(crate) fn inbox_of<P>(grant: &Grant<P>) -> Result<InboxKey> {
    match grant.access().scope() {
        model::api_key::Scope::Inbox(_, inbox) => Ok(*inbox),
        model::api_key::Scope::Org | model::api_key::Scope::Pod(_) => {
            Err(Error::not_found("Inbox"))
        }
    }
}

/// The ids that can be ids; text that is none is the id of no message.
fn read_ids(texts: &[String], most: usize) -> Result<Vec<MessageId>> {
    if texts.is_empty() || texts.len() > most {
        let code = if texts.is_empty() {
            "too_small"
        } else {
            "too_big"
        };
        return Err(Error::invalid(
            "message_ids",
            code,
            format!("message_ids takes 1 to {most} ids"),
        )
        .fix("Ask for fewer messages at once, in several requests."));
    }
    let ids = texts.iter().filter_map(|text| MessageId::parse(text));
    Ok(ids.collect())
}

fn without_bodies(one: WithoutBodies) -> wire::Message {
    let WithoutBodies {
        message,
        mut content,
    } = one;
    let fields = content.headers.iter();
    let weight: usize = fields.map(|(name, value)| name.len() + value.len()).sum();
    if weight > MAX_HEADERS {
        content.headers.clear();
    }
    render::message(&message, &content)
}
