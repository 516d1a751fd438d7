//! Mail of the server itself: it leaves the way all mail leaves, from an inbox of an organisation that
//! no key belongs to. What is written there to a person, no agent of this server can read, and no
//! policy of an agent's organisation keeps it back.

use mail::compose::ExtraHeader;
use mail::{Address, Mailbox, MessageId};
use model::inbox::InboxStatus;
use model::{Error, IdempotencyKey, InboxKey, OrgId, Result, perm};
use store::{Access, Grant, NewInbox, NewInboxOutcome, Reason};
use wire::{SendMessageRequest, SendMessageResponse};

use super::remember::Act;
use super::request;
use super::submit::Along;
use crate::{App, inboxes};

/// What the id of that organisation is derived for.
const PURPOSE: &str = "mailroost 2026-11 the organization of the server itself";

/// Its name, as the operator sees it.
const NAME: &str = "Mailroost (mail of the server itself)";

/// The caller's own id of the inbox, by which it is found again.
const SENDER: &str = "mailroost-approvals";

/// The name of the inbox, where nobody else has it.
const LOCAL: &str = "approvals";

/// Something that the server writes to a person.
#[derive(Clone, Debug)]
pub(crate) struct OwnMail {
    /// Where answers go.
    pub(crate) from: Address,
    /// The person.
    pub(crate) to: Address,
    /// The subject.
    pub(crate) subject: String,
    /// The text.
    pub(crate) text: String,
    /// What it answers; it then says that it is an answer of a machine.
    pub(crate) in_reply_to: Option<MessageId>,
    /// What makes it leave only once.
    pub(crate) act: Option<IdempotencyKey>,
    /// Whether it is refused where the leak screen would hold it, so that its writer can say less.
    pub(crate) guarded: bool,
}

/// The organisation of the server itself.
pub(crate) fn organization(master_key: &[u8; 32]) -> Option<OrgId> {
    let id = blake3::derive_key(PURPOSE, master_key);
    OrgId::from_bytes(id.get(..16)?)
}

impl App {
    /// Sends it.
    ///
    /// # Errors
    /// `message_rejected` where the leak screen keeps it, and those of sending.
    pub(crate) async fn send_own(&self, own: OwnMail) -> Result<SendMessageResponse> {
        let access = self.own_access()?;
        let grant = access.grant::<perm::MessageSend>()?;
        let request = SendMessageRequest {
            subject: Some(own.subject),
            text: Some(own.text),
            ..SendMessageRequest::default()
        };
        let act = Act::of(&access, &["own", &own.to.key()], own.act, &request)?;
        if let Some(answer) = self.answered(&grant, act.as_ref()).await? {
            return Ok(answer);
        }
        let id = self.own_inbox(&access.grant()?).await?;
        let inbox = self.find_inbox(&grant, &id).await?;
        let mut letter = request::send(request)?;
        let says = if own.in_reply_to.is_some() {
            "auto-replied"
        } else {
            "auto-generated"
        };
        for (name, value) in [
            ("Auto-Submitted", says),
            ("X-Auto-Response-Suppress", "All"),
        ] {
            let header = ExtraHeader::new(name, value).map_err(Error::internal)?;
            letter.headers.push(header);
        }
        letter.references = own.in_reply_to.iter().cloned().collect();
        letter.in_reply_to = own.in_reply_to;
        letter.to = vec![Mailbox {
            name: None,
            address: own.to,
        }];
        letter.from = Some(own.from);
        let along = Along::own(act, own.guarded);
        self.submit(&grant, &inbox, letter, along).await
    }

    /// Whether mail to this organisation's inbox is mail to the server itself.
    pub(crate) fn is_own(&self, org: OrgId) -> bool {
        self.0.own_org == Some(org)
    }

    fn own_access(&self) -> Result<Access> {
        let org = self.0.own_org;
        let org =
            org.ok_or_else(|| Error::internal("the server has no organization of its own"))?;
        Ok(self.store().system(org, Reason::Operation))
    }

    /// The inbox that such mail leaves from, made when it is not there.
    async fn own_inbox(&self, grant: &Grant<perm::InboxCreate>) -> Result<model::InboxId> {
        let org = grant.access().org_id();
        for name in [LOCAL.to_owned(), format!("{LOCAL}-{}", self.random_name())] {
            let new = NewInbox {
                key: InboxKey::new(self.env().ids.ordered(self.now())),
                pod_id: org.default_pod(),
                inbox_id: inboxes::address(&name, &self.settings().default_domain)?,
                display_name: Some("Mailroost approvals".to_owned()),
                client_id: Some(SENDER.to_owned()),
                status: InboxStatus::Active,
                metadata: None,
            };
            let made = self.store().write(grant, move |txn| {
                txn.create_org(NAME)?;
                txn.create_inbox(&new)
            });
            match made.await? {
                NewInboxOutcome::Made(inbox) | NewInboxOutcome::Known(inbox) => {
                    return Ok(inbox.inbox_id);
                }
                NewInboxOutcome::Taken => {}
            }
        }
        Err(Error::unavailable(
            "There is no inbox that mail of the server could come from",
        ))
    }
}
