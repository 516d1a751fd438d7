//! Asks `gate::leaks` about a finished message.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use documents::Why;
use mail::leaks::Fingerprint;
use mail::parse::{Parsed, attachments};
use mail::{Address, Mailbox};
use model::inbox::Inbox;
use model::message::Message;
use model::{Decision, EventKind, Finding, Hidden, Result, ThreadId, perm};
use serde_json::json;
use store::{Governed, Grant, NewEvent, Reason};
use sys::timeout_at;

use super::submit::Outgoing;
use crate::App;
use crate::documents::Document;
use crate::gate::leaks::{Leak, LeakAction, Looked, Texts};
use crate::inbound::elsewhere;

/// Documents of one departure that are read.
const MOST_DOCUMENTS: usize = 20;

/// Octets of the texts of all of them.
const MOST_TEXT: usize = 8 << 20;

/// How long reading all of them may take: somebody waits for the answer.
const FOR_DOCUMENTS: Duration = Duration::from_secs(30);

/// What was read of the documents of a departure.
#[derive(Default)]
struct Documents {
    /// The texts, by the parts of the message.
    read: BTreeMap<usize, String>,
    /// Why there are no others.
    unread: Vec<Why>,
}

/// Messages of a thread that are looked at for what the recipients know.
const MOST_KNOWN: usize = 100;

impl App {
    /// What a finished message would give away, as a decision of the gate. Gives the message back.
    ///
    /// # Errors
    /// When the store fails.
    pub(super) async fn leaks<P>(
        &self,
        grant: &Grant<P>,
        inbox: &Inbox,
        recipients: &[Mailbox],
        outgoing: Outgoing,
    ) -> Result<(Outgoing, Decision)> {
        let governed = Governed {
            org_id: grant.access().org_id(),
            pod_id: inbox.pod_id,
            inbox_key: inbox.key,
        };
        let values = self
            .store()
            .read(grant, move |view| view.leak_values_of(governed))
            .await?;
        let (outgoing, documents) = self.documents_in(grant, outgoing).await?;
        let names: Vec<String> = recipients.iter().map(super::display).collect();
        let app = self.clone();
        // Looking through a text takes longer than reading it.
        let work = outgoing.raw.len().saturating_mul(8);
        let looking = elsewhere(work, move || {
            let content = &outgoing.understood.content;
            let bodies = (content.text.as_deref(), content.html.as_deref());
            let parsed = &outgoing.understood.parsed;
            let texts = Texts::of(&outgoing.raw, parsed, bodies, names, documents.read);
            let mut looked = texts.look(&app.settings().leaks, &app.0.values, &values);
            for why in documents.unread {
                looked.has_unread(&app.settings().leaks, why);
            }
            (outgoing, looked)
        });
        let (outgoing, mut looked) = looking.await?;
        if self.store().any_is_key(looked.candidates()).await? {
            looked.has_key();
        }
        if looked
            .leaks
            .iter()
            .any(|leak| leak.action == LeakAction::Hold)
        {
            self.spare(grant, recipients, outgoing.letter.thread, &mut looked)
                .await?;
        }
        let decision = self.decided(grant, inbox, &outgoing, looked.leaks).await?;
        Ok((outgoing, decision))
    }

    /// What the documents say that a departure carries.
    async fn documents_in<P>(
        &self,
        grant: &Grant<P>,
        outgoing: Outgoing,
    ) -> Result<(Outgoing, Documents)> {
        let mut documents = Documents::default();
        if outgoing.understood.parsed.attachments.is_empty() {
            return Ok((outgoing, documents));
        }
        // Finding out costs a pass over the message.
        let work = outgoing.raw.len();
        let finding = elsewhere(work, move || {
            let found = packed(&outgoing.raw, &outgoing.understood.parsed);
            (outgoing, found)
        });
        let (outgoing, found) = finding.await?;
        let (org_id, until) = (grant.access().org_id(), self.now().plus(FOR_DOCUMENTS));
        let (clock, mut room) = (&*self.env().clock, MOST_TEXT);
        for (index, (part, document)) in found.into_iter().enumerate() {
            if index >= MOST_DOCUMENTS {
                documents.unread.push(Why::TooLarge);
                break;
            }
            let reading = self.text_of_document(org_id, None, document);
            match timeout_at(clock, until, Box::pin(reading)).await {
                Ok(Ok(Ok(text))) if text.text.len() <= room => {
                    room -= text.text.len();
                    documents.read.insert(part, text.text);
                }
                Ok(Ok(Ok(_))) => documents.unread.push(Why::TooLarge),
                Ok(Ok(Err(why))) => documents.unread.push(why),
                Ok(Err(error)) => {
                    // Mail does not wait for the reader to be well again.
                    tracing::warn!(%error, "a document of a departure was not read");
                    documents.unread.push(Why::OutOfTime);
                }
                Err(_) => documents.unread.push(Why::OutOfTime),
            }
        }
        Ok((outgoing, documents))
    }

    /// Takes out what the recipients know, and what stays in the organisation.
    async fn spare<P>(
        &self,
        grant: &Grant<P>,
        recipients: &[Mailbox],
        thread: Option<ThreadId>,
        looked: &mut Looked,
    ) -> Result<()> {
        let keys: Vec<String> = recipients.iter().map(|to| to.address.key()).collect();
        let org_id = grant.access().org_id();
        let routes = self.store().routes(keys.clone()).await?;
        if routes
            .iter()
            .all(|route| route.as_ref().is_some_and(|route| route.org_id == org_id))
        {
            looked.among_ourselves();
            return Ok(());
        }
        let Some(thread) = thread else {
            return Ok(());
        };
        let access = self.store().system(org_id, Reason::Delivery);
        let reader: Grant<perm::MessageRead> = access.grant()?;
        let found = self.store().read(&reader, move |view| {
            let messages = view.whole_thread(thread, MOST_KNOWN)?;
            let read = messages.into_iter().map(|message| {
                let content = view.content(message.key)?;
                Ok((message, content))
            });
            read.collect::<Result<Vec<_>>>()
        });
        let found = found.await?;
        let known: Vec<(BTreeSet<String>, Vec<Fingerprint>)> = found
            .iter()
            .map(|(message, content)| {
                let subject = message.subject.as_deref().unwrap_or_default();
                let texts = Texts::stored(subject, content);
                (acquainted(message), texts.known())
            })
            .collect();
        for value in looked.values() {
            let everybody = keys.iter().all(|key| {
                known
                    .iter()
                    .any(|(people, values)| people.contains(key) && values.contains(&value))
            });
            if everybody {
                looked.forgive(&value);
            }
        }
        Ok(())
    }

    async fn decided<P>(
        &self,
        grant: &Grant<P>,
        inbox: &Inbox,
        outgoing: &Outgoing,
        leaks: Vec<Leak>,
    ) -> Result<Decision> {
        let (mut held, mut blocked) = (Vec::new(), Vec::new());
        for leak in leaks {
            match leak.action {
                LeakAction::Note => {
                    tracing::info!(inbox = %inbox.key, kind = leak.kind, place = leak.place, "noted in a departure");
                }
                LeakAction::Hold => held.push(leak),
                LeakAction::Block => blocked.push(leak),
            }
        }
        if !blocked.is_empty() {
            let told: Vec<_> = blocked
                .iter()
                .map(|leak| json!({"kind": leak.kind, "place": leak.place}))
                .collect();
            let mut told = json!({
                "organization_id": grant.access().org_id().to_string(),
                "pod_id": inbox.pod_id.to_string(),
                "inbox_id": inbox.inbox_id.to_string(),
                "timestamp": self.now().to_string(),
                "findings": told,
            });
            if let Some(thread) = outgoing.letter.thread {
                told["thread_id"] = json!(thread.to_string());
            }
            let (random, pod, key) = (self.env().ids.random().as_u128(), inbox.pod_id, inbox.key);
            let payload = format!("\"leak\":{told}");
            let telling = self.store().write(grant, move |txn| {
                txn.emit(NewEvent {
                    kind: EventKind::LeakBlocked,
                    pod_id: Some(pod),
                    inbox_key: Some(key),
                    message_key: None,
                    hidden: Hidden::NONE,
                    payload: payload.clone(),
                    tail: None,
                    random,
                });
                Ok(())
            });
            telling.await?;
        }
        Ok(Decision::refuse(findings(&blocked)).and(Decision::hold(findings(&held))))
    }
}

/// Who has a message: its author, and everybody it went to.
fn acquainted(message: &Message) -> BTreeSet<String> {
    let author = std::iter::once(message.from.as_str());
    let names = author.chain(message.people.recipients());
    let keys = names.filter_map(|name| {
        let mailbox = Mailbox::parse(name).ok();
        let address = mailbox.map(|mailbox| mailbox.address);
        let address = address.or_else(|| Address::parse(name).ok())?;
        Some(address.key())
    });
    keys.collect()
}

fn findings(leaks: &[Leak]) -> Vec<Finding> {
    let one = |leak: &Leak| {
        let shown = leak.shown.as_ref();
        let shown = shown.map_or_else(String::new, |shown| format!(": {shown}"));
        let detail = format!("The {} holds {}{shown}.", leak.place, leak.kind);
        let fix =
            "Take it out and send again; what the recipient has sent in this thread may stay.";
        Finding::new("leak", detail, fix)
    };
    let mut found: Vec<Finding> = Vec::new();
    for finding in leaks.iter().map(one) {
        if !found.contains(&finding) {
            found.push(finding);
        }
    }
    found
}

/// The attachments whose text cannot be seen in their bytes, whatever they claim to be.
fn packed(raw: &[u8], parsed: &Parsed) -> Vec<(usize, Document)> {
    let files = &parsed.attachments;
    let bytes = attachments(raw, files.iter().map(|file| file.part));
    let found = files.iter().zip(bytes).filter_map(|(file, bytes)| {
        let bytes = bytes.filter(|bytes| documents::is_packed(bytes))?;
        let document = Document {
            declared: file.content_type.clone(),
            name: file.filename.clone(),
            bytes: bytes.into(),
        };
        Some((file.part, document))
    });
    found.take(MOST_DOCUMENTS + 1).collect()
}
