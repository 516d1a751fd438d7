//! Approvers are asked by mail: each of them, about one version of a draft, with a token of their own in
//! the address that the answer goes to.

use std::time::Duration;

use data_encoding::{BASE32_NOPAD, HEXLOWER};
use mail::Address;
use model::approval::{Approval, ApprovalState};
use model::draft::Draft;
use model::message::Content;
use model::policy::Effective;
use model::{ApprovalId, Code, Error, IdempotencyKey, Result};
use store::{ApprovalMail, Governed, Grant, View};

use super::link::Said;
use super::words::{self, Asking};
use crate::App;
use crate::outbound::own::OwnMail;

/// What the key of the tokens is derived for.
const PURPOSE: &str = "mailroost 2026-11 answers to mail about approvals";

/// What the address of an answer begins with.
const PREFIX: &str = "approvals+";

/// Mails that ask one person within [`WINDOW`]. An agent that runs wild must not bury its approvers.
const MOST_ASKED: i64 = 30;
const WINDOW: Duration = Duration::from_secs(3600);

/// Makes the tokens: what answers show, and the names of marks.
#[derive(Clone)]
pub(crate) struct AnswerKey([u8; 32]);

impl AnswerKey {
    pub(crate) fn new(master_key: &[u8; 32]) -> Self {
        Self(blake3::derive_key(PURPOSE, master_key))
    }

    /// The same whenever it is asked for, so that a mail that has to be written again is the same mail.
    fn token(&self, what: u8, approval: ApprovalId, version: i64, approver: &str) -> [u8; 16] {
        let mut token = [0; 16];
        let mut hash = blake3::Hasher::new_keyed(&self.0);
        hash.update(&[what]).update(approval.as_bytes());
        hash.update(&version.to_be_bytes())
            .update(approver.as_bytes());
        hash.finalize_xof().fill(&mut token);
        token
    }
}

/// The hash under which a token is stored.
fn stored(token: &[u8; 16]) -> [u8; 32] {
    *blake3::hash(token).as_bytes()
}

/// The hash of the token in an address, if it has one.
pub(super) fn token_in(address: &Address) -> Option<[u8; 32]> {
    let local = address.local().to_ascii_lowercase();
    let token = local.strip_prefix(PREFIX)?.to_ascii_uppercase();
    let token = BASE32_NOPAD.decode(token.as_bytes()).ok()?;
    Some(stored(token.as_slice().try_into().ok()?))
}

/// What came of asking.
pub(crate) enum Asked {
    /// Everybody who is to be asked was.
    All,
    /// Somebody was asked too often lately.
    Later,
}

/// What is read of something that waits.
struct Waiting {
    approval: Approval,
    draft: Draft,
    content: Content,
    approvers: Vec<String>,
}

/// Who may decide about an approval by mail, as the policies say now.
pub(super) fn approvers(view: &mut View<'_>, approval: &Approval) -> Result<Vec<String>> {
    let governed = Governed {
        org_id: approval.org_id,
        pod_id: approval.pod_id,
        inbox_key: approval.inbox_key,
    };
    let policies = view.policies_for(governed, approval.asked_by)?;
    let effective = Effective::of(policies.iter().map(|(_, policy)| policy));
    Ok(effective.approvers.unwrap_or_default())
}

impl App {
    /// The mail that a token in this address belongs to.
    pub(crate) async fn asked_under(&self, address: &Address) -> Result<Option<ApprovalMail>> {
        match token_in(address) {
            Some(token) => self.store().approval_mail(token).await,
            None => Ok(None),
        }
    }

    /// Asks all approvers of what waits, or the one that is named, who were not asked about this version of
    /// its draft.
    ///
    /// # Errors
    /// Those of sending, and of the store.
    pub(crate) async fn ask_approvers<P>(
        &self,
        grant: &Grant<P>,
        id: ApprovalId,
        only: Option<&str>,
    ) -> Result<Asked> {
        let read = self.store().read(grant, move |view| {
            let approval = view.approval(id)?;
            let draft = view.draft(approval.draft_id)?;
            let content = view.draft_content(draft.draft_id)?;
            let approvers = approvers(view, &approval)?;
            Ok(Waiting {
                approval,
                draft,
                content,
                approvers,
            })
        });
        let waiting = match read.await {
            Ok(waiting) => waiting,
            // It was sent or withdrawn since.
            Err(error) if error.code() == Code::NotFound => return Ok(Asked::All),
            Err(error) => return Err(error),
        };
        if waiting.approval.state != ApprovalState::Pending {
            return Ok(Asked::All);
        }
        // Whoever reads an inbox of this server with a key would read the link.
        let routes = self.store().routes(waiting.approvers.clone()).await?;
        let outside = waiting.approvers.iter().zip(routes);
        let outside = outside
            .filter(|(one, route)| route.is_none() && only.is_none_or(|only| only == one.as_str()));
        let mut asked = Asked::All;
        for (approver, _) in outside {
            if !self.ask(grant, &waiting, approver).await? {
                asked = Asked::Later;
            }
        }
        Ok(asked)
    }

    /// Asks one of them. Whether that was not too much.
    async fn ask<P>(&self, grant: &Grant<P>, waiting: &Waiting, approver: &str) -> Result<bool> {
        let (approval, version) = (&waiting.approval, waiting.draft.version);
        let id = approval.approval_id;
        let token = self.0.answer_key.token(0, id, version, approver);
        let mail = ApprovalMail {
            org_id: approval.org_id,
            approval_id: id,
            approver: approver.to_owned(),
            draft_version: version,
            token: stored(&token),
            sent_at: None,
        };
        let (new, of) = (mail.clone(), approval.clone());
        let opened = self.store().write(grant, move |txn| {
            let since = txn.now().minus(WINDOW);
            let known = txn.approval_mails_since(&new.approver, since)?;
            if known >= MOST_ASKED {
                return Ok(None);
            }
            txn.open_approval_mail(&of, &new).map(Some)
        });
        match opened.await? {
            None => return Ok(false),
            Some(mail) if mail.sent_at.is_some() => return Ok(true),
            Some(_) => {}
        }
        self.write_to_approver(waiting, approver, &token).await?;
        let token = mail.token;
        let left = self
            .store()
            .write(grant, move |txn| txn.approval_mail_left(&token));
        left.await?;
        Ok(true)
    }

    async fn write_to_approver(
        &self,
        waiting: &Waiting,
        approver: &str,
        token: &[u8; 16],
    ) -> Result<()> {
        let (approval, draft) = (&waiting.approval, &waiting.draft);
        let said = Said::of(approval, draft.version);
        let base = self.settings().public_url.trim_end_matches('/');
        let link = format!("{base}/v0/decide/{}", self.0.decision_key.token(&said));
        let mark = self
            .0
            .answer_key
            .token(1, approval.approval_id, draft.version, approver);
        let mark = HEXLOWER.encode(&mark);
        let has_secret = approval.findings.iter().any(|one| is_leak(&one.rule));
        let act = IdempotencyKey::parse(&HEXLOWER.encode(&stored(token)))?;
        let write = |shows: bool| {
            let asking = Asking {
                approval,
                draft,
                content: shows.then_some(&waiting.content),
                link: &link,
                mark: &mark,
            };
            Ok::<_, Error>(OwnMail {
                from: self.answers_to(token)?,
                to: Address::parse(approver).map_err(Error::internal)?,
                subject: words::subject(approval),
                text: words::asking(&asking),
                in_reply_to: None,
                act: Some(act.clone()),
                guarded: shows,
            })
        };
        let sent = match self.send_own(write(!has_secret)?).await {
            // What one recipient knows already is a secret to another.
            Err(error) if error.code() == Code::MessageRejected && !has_secret => {
                self.send_own(write(false)?).await
            }
            sent => sent,
        };
        match sent {
            // It left, and the draft was changed before that was written down.
            Err(error) if error.code() == Code::Conflict => Ok(()),
            sent => sent.map(|_| ()),
        }
    }

    /// The address that the answer under a token goes to.
    fn answers_to(&self, token: &[u8; 16]) -> Result<Address> {
        let token = BASE32_NOPAD.encode(token).to_ascii_lowercase();
        let domain = &self.settings().default_domain;
        Address::parse(&format!("{PREFIX}{token}@{domain}")).map_err(Error::internal)
    }

    /// The same for a mail that was sent.
    pub(super) fn answers_to_mail(&self, mail: &ApprovalMail) -> Result<Address> {
        let key = &self.0.answer_key;
        let token = key.token(0, mail.approval_id, mail.draft_version, &mail.approver);
        self.answers_to(&token)
    }
}

/// Whether a finding is about something that must not be shown around.
fn is_leak(rule: &str) -> bool {
    rule.starts_with("leak")
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_token_belongs_to_one_approval_one_version_and_one_approver() {
        let key = AnswerKey::new(&[7; 32]);
        let id = |n| ApprovalId::new(Uuid::from_u128(n));
        let token = key.token(0, id(1), 3, "ann@a.test");
        assert_eq!(token, key.token(0, id(1), 3, "ann@a.test"));
        for other in [
            key.token(1, id(1), 3, "ann@a.test"),
            key.token(0, id(2), 3, "ann@a.test"),
            key.token(0, id(1), 4, "ann@a.test"),
            key.token(0, id(1), 3, "bob@a.test"),
            AnswerKey::new(&[8; 32]).token(0, id(1), 3, "ann@a.test"),
        ] {
            assert_ne!(token, other);
        }
    }

    #[test]
    fn the_token_in_an_address_is_found_in_any_case_and_nothing_else_is() {
        let token = [5; 16];
        let text = BASE32_NOPAD.encode(&token);
        let address = |local: &str| Address::parse(&format!("{local}@a.test")).unwrap();
        let wanted = Some(stored(&token));
        assert_eq!(token_in(&address(&format!("approvals+{text}"))), wanted);
        let lower = format!("Approvals+{}", text.to_lowercase());
        assert_eq!(token_in(&address(&lower)), wanted);
        for other in [
            "approvals",
            "approvals+",
            "approvals+aaaa",
            "approvals+1",
            "bounce+x",
        ] {
            assert_eq!(token_in(&address(other)), None, "{other}");
        }
    }
}
