//! What keeps a repeated request from sending twice: the caller's Idempotency-Key, and, where the
//! operator wants it, the likeness of what is sent.

use std::time::Duration;

use data_encoding::HEXLOWER;
use mail::compose::Composition;
use mail::{Mailbox, MessageId};
use model::approval::Approval;
use model::{Error, IdempotencyKey, InboxKey, Result};
use serde::Serialize;
use store::{Access, Grant};
use wire::SendMessageResponse;

use super::hold::{answer, required};
use crate::App;

/// How long the answer under an Idempotency-Key is remembered after it was given.
const KEY_LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// How long two equal messages count as one, where that is wanted.
const LIKENESS_LIFETIME: Duration = Duration::from_secs(60);

/// A departure that must happen only once.
#[derive(Clone, Debug)]
pub(crate) struct Act {
    /// What its answer is remembered under.
    pub(super) key: String,
    /// The hash by which a repetition is told from another request.
    pub(super) request: [u8; 32],
    /// How long.
    pub(super) lifetime: Duration,
}

impl Act {
    /// The act of a request under the caller's key; `None` without one. `place` says which route
    /// it is and what its path names beyond the inbox.
    ///
    /// # Errors
    /// When the request cannot be written as JSON.
    pub(crate) fn of<T: Serialize>(
        access: &Access,
        place: &[&str],
        key: Option<IdempotencyKey>,
        request: &T,
    ) -> Result<Option<Self>> {
        let Some(key) = key else { return Ok(None) };
        let mut hash = blake3::Hasher::new();
        let scope = format!("{:?}", access.scope());
        for part in std::iter::once(scope.as_str()).chain(place.iter().copied()) {
            part_of(&mut hash, part.as_bytes());
        }
        // Read into a type and written again, so spacing, the order of fields and fields we do not
        // know make no difference.
        serde_json::to_writer(&mut hash, request).map_err(Error::internal)?;
        Ok(Some(Self {
            key: key.as_str().to_owned(),
            request: *hash.finalize().as_bytes(),
            lifetime: KEY_LIFETIME,
        }))
    }

    /// The act of the request that a departure was held for.
    pub(super) fn held(approval: &Approval) -> Option<Self> {
        let (key, request) = approval.act.clone()?;
        Some(Self {
            key,
            request: request.try_into().ok()?,
            lifetime: KEY_LIFETIME,
        })
    }

    /// The act of handing in these very octets, under a Message-ID of the client's own, for these
    /// recipients from one inbox. The same id with other octets or other recipients is another act:
    /// clients hand in one message several times when it has many recipients.
    pub(super) fn handed(inbox: InboxKey, id: &MessageId, raw: &[u8], to: &[Mailbox]) -> Self {
        let mut hash = blake3::Hasher::new();
        part_of(&mut hash, inbox.as_bytes());
        part_of(&mut hash, id.as_str().as_bytes());
        let mut people: Vec<String> = to.iter().map(|to| to.address.key()).collect();
        people.sort_unstable();
        part_of(&mut hash, people.join("\n").as_bytes());
        part_of(&mut hash, raw);
        let request = *hash.finalize().as_bytes();
        Self {
            key: format!("=m{}", HEXLOWER.encode(&request)),
            request,
            lifetime: KEY_LIFETIME,
        }
    }

    /// The act of sending just this to just these from one inbox. An Idempotency-Key cannot begin
    /// with an equals sign, so the two kinds never meet.
    pub(super) fn alike(inbox: InboxKey, message: &Composition, bcc: &[Mailbox]) -> Self {
        let mut hash = blake3::Hasher::new();
        part_of(&mut hash, inbox.as_bytes());
        for list in [message.to.as_slice(), &message.cc, bcc] {
            let mut people: Vec<String> = list.iter().map(|to| to.address.key()).collect();
            people.sort_unstable();
            part_of(&mut hash, people.join("\n").as_bytes());
        }
        for text in [&message.subject, &message.text, &message.html] {
            part_of(&mut hash, text.as_deref().unwrap_or_default().as_bytes());
        }
        let parent = message.in_reply_to.as_ref().map(ToString::to_string);
        part_of(&mut hash, parent.unwrap_or_default().as_bytes());
        for file in &message.attachments {
            let name = file.filename.as_deref().unwrap_or_default();
            part_of(&mut hash, name.as_bytes());
            part_of(&mut hash, &file.bytes);
        }
        let request = *hash.finalize().as_bytes();
        Self {
            key: format!("={}", HEXLOWER.encode(&request)),
            request,
            lifetime: LIKENESS_LIFETIME,
        }
    }
}

/// With its length first, so that no two lists of parts are the same octets.
fn part_of(hash: &mut blake3::Hasher, part: &[u8]) {
    let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
    hash.update(&length.to_le_bytes()).update(part);
}

impl App {
    /// The answer that this very act was given before. Looked for before anything else, because
    /// what the act needed, a draft for example, may be gone since.
    ///
    /// # Errors
    /// `conflict` when another request was answered under the key.
    pub(crate) async fn answered<P>(
        &self,
        grant: &Grant<P>,
        act: Option<&Act>,
    ) -> Result<Option<SendMessageResponse>> {
        let Some(act) = act.cloned() else {
            return Ok(None);
        };
        if let Some(approval) = self.held_before(grant, &act).await? {
            return match answer(&approval) {
                Some(answer) => Ok(Some(answer)),
                None => Err(required(&approval)),
            };
        }
        let found = self
            .store()
            .read(grant, move |view| view.answer_to(&act.key, &act.request));
        let answer = found.await?;
        Ok(answer.map(|(message_id, thread_id)| SendMessageResponse {
            message_id: message_id.to_string(),
            thread_id: thread_id.to_string(),
        }))
    }
}
