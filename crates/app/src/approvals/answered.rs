//! Approvers answer by mail. A message to the address of a token never reaches an inbox: it decides, or
//! its approver is told why it did not.

use mail::decision::{Decided, Decision};
use mail::reply::{Reading, visible_with};
use mail::{Address, Correspondent, MessageId};
use model::approval::{Approval, ApprovalState};
use model::authentication::Reason as Proof;
use model::{Code, Error, Kind, Result, perm};
use store::{ApprovalMail, Grant, Reason};

use super::asked::approvers;
use super::{MAX_REASON, words};
use crate::App;
use crate::inbound::Understood;
use crate::jobs::mail_approvers::MailApprovers;
use crate::outbound::own::OwnMail;

/// What is told in answer to one mail that asked, at most.
const MOST_ANSWERS: i64 = 5;

/// What a message says of itself that no person's answer says.
const MACHINES: [&str; 9] = [
    "auto_reply",
    "auto_generated",
    "bounce",
    "receipt",
    "complaint",
    "mailing_list",
    "bulk",
    "null_sender",
    "out_of_office",
];

/// What came of an answer.
enum Outcome {
    /// It decided.
    Done(Decision),
    /// It did not, for this reason; with what the approver can do.
    Not(String, &'static str),
    /// It is no answer of a person: nobody is told anything, because that could go on for ever.
    Machine,
}

impl App {
    /// Takes the recipients that are addresses of tokens out, after doing what the message says to them.
    ///
    /// # Errors
    /// When the store fails; the other server tries again.
    pub(crate) async fn take_decisions(
        &self,
        recipients: Vec<String>,
        understood: &Understood,
    ) -> Result<Vec<String>> {
        let mut others = Vec::with_capacity(recipients.len());
        for recipient in recipients {
            let address = Address::parse(&recipient).ok();
            let asked = match &address {
                Some(address) => self.asked_under(address).await?,
                None => None,
            };
            match asked {
                Some(mail) => Box::pin(self.take_answer(&mail, understood)).await?,
                None => others.push(recipient),
            }
        }
        Ok(others)
    }

    async fn take_answer(&self, mail: &ApprovalMail, understood: &Understood) -> Result<()> {
        let access = self.store().system(mail.org_id, Reason::Operation);
        let access = access.in_name_of(&by(&mail.approver));
        let grant = access.grant::<perm::ApprovalDecide>()?;
        let outcome = Box::pin(self.heard(&grant, mail, understood)).await?;
        let id = mail.approval_id;
        let text = match outcome {
            Outcome::Machine => {
                tracing::info!(approval = %id, "an answer of a machine decides nothing");
                return Ok(());
            }
            Outcome::Done(decision) => {
                tracing::info!(approval = %id, ?decision, "decided by mail");
                match decision {
                    Decision::Approve => "Approved: the message leaves.\n".to_owned(),
                    Decision::Decline => "Declined: the message does not leave.\n".to_owned(),
                }
            }
            Outcome::Not(why, fix) => {
                tracing::info!(approval = %id, why, "an answer decides nothing");
                format!("Your answer decided nothing: {why}\n\n{fix}\n")
            }
        };
        let message = understood.parsed.message_id.clone();
        self.tell_approver(&grant, mail, text, message).await
    }

    /// What an answer does.
    async fn heard(
        &self,
        grant: &Grant<perm::ApprovalDecide>,
        mail: &ApprovalMail,
        understood: &Understood,
    ) -> Result<Outcome> {
        let mut facts = understood.content.facts.iter();
        if facts.any(|fact| MACHINES.contains(&fact.kind.as_str())) {
            return Ok(Outcome::Machine);
        }
        if let Some((why, fix)) = not_from(mail, understood) {
            return Ok(Outcome::Not(why, fix));
        }
        let id = mail.approval_id;
        let read = self.store().read(grant, move |view| {
            let approval = view.approval(id)?;
            let approvers = approvers(view, &approval)?;
            Ok((approval, approvers))
        });
        let (approval, approvers) = match read.await {
            Ok(found) => found,
            Err(error) if error.code() == Code::NotFound => {
                let why = "its message is not there any more.".to_owned();
                return Ok(Outcome::Not(why, "There is nothing left to decide."));
            }
            Err(error) => return Err(error),
        };
        if !approvers.contains(&mail.approver) || mail.approver == approval.inbox_id.as_str() {
            let why = "you are not named any more among those who may decide.".to_owned();
            let fix = "Whoever sets the policy can name you again.";
            return Ok(Outcome::Not(why, fix));
        }
        if let Some(why) = over(&approval, self.now()) {
            return Ok(Outcome::Not(why, "There is nothing left to decide."));
        }
        let Some(decided) = decided(understood) else {
            let why = "its first line is not one clear word.".to_owned();
            let fix = "Answer again with nothing but approve or decline in the first line.";
            return Ok(Outcome::Not(why, fix));
        };
        let decision = decided.decision;
        match self.carry_out(grant, mail, decided).await {
            Ok(()) => Ok(Outcome::Done(decision)),
            Err(error) => self.not_carried_out(grant, mail, error).await,
        }
    }

    async fn carry_out(
        &self,
        grant: &Grant<perm::ApprovalDecide>,
        mail: &ApprovalMail,
        decided: Decided,
    ) -> Result<()> {
        let (id, version) = (mail.approval_id, Some(mail.draft_version));
        let name = by(&mail.approver);
        let reason = decided.reason.as_deref().map(kept);
        match decided.decision {
            Decision::Approve => {
                let sent = self.approve_as(grant, id, name, reason, version);
                sent.await.map(|_| ())
            }
            Decision::Decline => {
                let declined = self.decline_as(grant, id, name, reason, version);
                declined.await.map(|_| ())
            }
        }
    }

    /// What the approver is told of a decision that could not be carried out. What may be done later is
    /// left to the other server to try again.
    async fn not_carried_out(
        &self,
        grant: &Grant<perm::ApprovalDecide>,
        mail: &ApprovalMail,
        error: Error,
    ) -> Result<Outcome> {
        if is_passing(&error) {
            return Err(error);
        }
        let id = mail.approval_id;
        let read = self.store().read(grant, move |view| {
            let approval = view.approval(id)?;
            let draft = view.draft(approval.draft_id).ok();
            Ok((approval, draft))
        });
        let (approval, draft) = read.await?;
        if let Some(why) = over(&approval, self.now()) {
            return Ok(Outcome::Not(why, "There is nothing left to decide."));
        }
        if draft.is_some_and(|draft| draft.version != mail.draft_version) {
            self.ask_again(grant, mail).await?;
            let why = "the message was changed after you were asked.".to_owned();
            return Ok(Outcome::Not(
                why,
                "Another mail shows you how it stands now.",
            ));
        }
        let why = format!("the message cannot leave now. {}", error.detail());
        Ok(Outcome::Not(
            why,
            "Answer again when that is settled, or decline.",
        ))
    }

    /// Asks an approver about the newest version.
    async fn ask_again<P>(&self, grant: &Grant<P>, mail: &ApprovalMail) -> Result<()> {
        let job = MailApprovers::about(self, mail.approval_id, Some(mail.approver.clone()))?;
        let added = self.store().write(grant, move |txn| txn.enqueue(&job));
        added.await
    }

    /// Tells an approver something, unless that was done often enough.
    async fn tell_approver<P>(
        &self,
        grant: &Grant<P>,
        mail: &ApprovalMail,
        text: String,
        message: Option<MessageId>,
    ) -> Result<()> {
        let token = mail.token;
        let counted = self.store().write(grant, move |txn| {
            txn.count_approval_answer(&token, MOST_ANSWERS)
        });
        if !counted.await? {
            tracing::info!(approval = %mail.approval_id, "an approver is told no more");
            return Ok(());
        }
        let own = OwnMail {
            from: self.answers_to_mail(mail)?,
            to: Address::parse(&mail.approver).map_err(Error::internal)?,
            subject: "Re: Approval needed".to_owned(),
            text,
            // Without one it still must say that a machine answers.
            in_reply_to: Some(message.unwrap_or_else(|| {
                self.mint_message_id(&format!("x@{}", self.settings().default_domain))
            })),
            act: None,
            guarded: false,
        };
        match self.send_own(own).await {
            // What was decided stands, whether the approver can be told or not.
            Err(error) if !is_passing(&error) => {
                tracing::warn!(approval = %mail.approval_id, error = ?error, "an approver cannot be told");
                Ok(())
            }
            sent => sent.map(|_| ()),
        }
    }
}

/// Whether the same may succeed in a while.
fn is_passing(error: &Error) -> bool {
    matches!(error.kind(), Kind::Unavailable | Kind::Internal)
}

/// Who decides, as the approval, its events and the audit log have it.
fn by(approver: &str) -> String {
    format!("mail:{approver}")
}

/// Why a message is not surely the approver's answer.
fn not_from(mail: &ApprovalMail, understood: &Understood) -> Option<(String, &'static str)> {
    let proof = understood.content.authentication.as_ref();
    if proof.map(|proof| proof.reason) != Some(Proof::DmarcPass) {
        let why = "nothing proves that you wrote it.".to_owned();
        let fix = "Mail decides only if it meets the DMARC policy of its domain. Answer through the mail \
                   server of your domain, or use the link. If you did not answer, somebody else knows the \
                   address that you were asked from.";
        return Some((why, fix));
    }
    let parsed = &understood.parsed;
    let author = match parsed.from.as_slice() {
        [one] => one.address(),
        _ => None,
    };
    if author.is_none_or(|author| author.key() != mail.approver) {
        let why = "it came from another address than the one that was asked.".to_owned();
        return Some((why, "Answer from the address that this mail went to."));
    }
    // A signed mail that was written for something else cannot be brought here.
    let mut named = parsed.to.iter().chain(&parsed.cc);
    let is_here = |one: &Correspondent| {
        let address = one.address();
        address.as_ref().and_then(super::asked::token_in) == Some(mail.token)
    };
    if !named.any(is_here) {
        let why = "it does not name the address that it came to.".to_owned();
        return Some((
            why,
            "Answer the mail that asked you, with nobody else in To.",
        ));
    }
    None
}

/// Why there is nothing to decide any more.
fn over(approval: &Approval, now: mail::Timestamp) -> Option<String> {
    if approval.state == ApprovalState::Pending {
        let late = approval.expires_at <= now;
        return late.then(|| "its time is over.".to_owned());
    }
    let at = approval.decided_at.map(words::minute).unwrap_or_default();
    Some(match (approval.state, &approval.decided_by) {
        (ApprovalState::Expired, _) => format!("its time was over on {at}."),
        (ApprovalState::Withdrawn, _) => format!("the message was withdrawn on {at}."),
        (state, Some(by)) => format!("it was {} before, on {at}, by {by}.", state.name()),
        (state, None) => format!("it was {} before, on {at}.", state.name()),
    })
}

/// What the new words of an answer say.
fn decided(understood: &Understood) -> Option<Decided> {
    let (parsed, content) = (&understood.parsed, &understood.content);
    let text = parsed.text.as_deref().filter(|_| !parsed.text_from_html);
    let reading = Reading {
        strip_signature: true,
        ..Reading::default()
    };
    let new = visible_with(text, content.html.as_deref(), &reading);
    mail::decision::read(new.text.as_deref()?)
}

/// A reason as it is kept.
fn kept(reason: &str) -> String {
    let sound = |c: char| !c.is_control() || c == '\n';
    reason
        .chars()
        .filter(|c| sound(*c))
        .take(MAX_REASON)
        .collect()
}
