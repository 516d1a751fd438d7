//! `submit`: the only way out.

use std::collections::BTreeSet;

use mail::compose::{Composition, ExtraHeader, compose};
use mail::{Address, Mailbox, MessageId, Timestamp};
use model::approval::{Approval, ApprovalState};
use model::draft::{Draft, Purpose};
use model::inbox::Inbox;
use model::message::{ApprovedRecord, Direction, GateRecord, Message, Origin, People, Way};
use model::{
    ApiKeyId, Code, Decision, Error, EventKind, Hidden, MessageKey, Result, ThreadId, perm,
};
use store::{
    Access, Actor, ApprovalEnd, ClaimedJob, DELIVER_MAIL, Filed, Finish, Governed, Grant,
    NewAnswer, NewEvent, NewJob, NewMessage, Route, Txn,
};
use uuid::Uuid;
use wire::SendMessageResponse;

use super::Letter;
use super::remember::Act;
use crate::gate::budgets::{Overdrawn, Turn};
use crate::gate::{self, Facts, Question, Standing, loops};
use crate::inbound::{Understood, elsewhere};
use crate::jobs::deliver_mail::DeliverMail;
use crate::jobs::expire_approval::ExpireApproval;
use crate::jobs::send_draft::SendDraft;
use crate::screen::identity::Person;
use crate::screen::seen::acquaint;
use crate::sign::Signing;
use crate::{App, halts, jobs, moves, onboarding, render};

/// What else happens in the transaction of a departure, or keeps it from happening.
#[derive(Clone, Debug, Default)]
pub(crate) struct Along {
    /// What makes it happen only once.
    pub(super) act: Option<Act>,
    /// The draft it comes from, which ends with it.
    pub(super) draft: Option<Draft>,
    /// The job that does it, which ends with it.
    pub(super) job: Option<ClaimedJob>,
    /// The approval that lets it leave, which ends with it.
    approved: Option<Approved>,
    /// Whether another identity sends it than the one that made the draft.
    let_go: bool,
    /// Whether it goes even where machines answer one another.
    forced: bool,
    /// Whether the server itself writes.
    own: Option<Own>,
}

/// What is done about mail of the server itself that the gate would hold: nobody could approve it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Own {
    /// It is refused.
    Guarded,
    /// It leaves.
    Free,
}

/// That somebody has approved a departure.
#[derive(Clone, Debug)]
pub(crate) struct Approved {
    /// What waited.
    pub(crate) approval: Approval,
    /// Who approved it.
    pub(crate) by: String,
    /// Why.
    pub(crate) reason: Option<String>,
    /// What is told of it.
    pub(crate) event: NewEvent,
}

impl Along {
    /// A message sent by a request.
    pub(super) fn of(act: Option<Act>) -> Self {
        Self {
            act,
            ..Self::default()
        }
    }

    /// A draft sent by a request, or by its job.
    pub(crate) fn draft(draft: Draft, act: Option<Act>, job: Option<ClaimedJob>) -> Self {
        Self {
            act,
            draft: Some(draft),
            job,
            ..Self::default()
        }
    }

    /// A draft that waited and was approved. It answers the request that was held.
    pub(super) fn approved(draft: Draft, approved: Approved) -> Self {
        Self {
            act: Act::held(&approved.approval),
            draft: Some(draft),
            approved: Some(approved),
            ..Self::default()
        }
    }

    /// Mail of the server itself.
    pub(super) fn own(act: Option<Act>, guarded: bool) -> Self {
        Self {
            act,
            forced: true,
            own: Some(if guarded { Own::Guarded } else { Own::Free }),
            ..Self::default()
        }
    }

    /// Let go by somebody else than `author`, who made the draft.
    pub(crate) fn let_go_by(mut self, access: &Access, author: Option<ApiKeyId>) -> Self {
        let by = match access.actor() {
            Actor::Key(id) => Some(id),
            Actor::System(_) => None,
        };
        self.let_go = by.zip(author).is_some_and(|(by, author)| by != author);
        self
    }

    /// As the caller asks.
    ///
    /// # Errors
    /// `missing_permission` for a key without `loop_override`.
    pub(super) fn forced(mut self, access: &Access, force: bool) -> Result<Self> {
        if force {
            let _: Grant<perm::LoopOverride> = access.grant()?;
        }
        self.forced = force;
        Ok(self)
    }

    /// Whether another identity than its author lets it leave.
    fn is_approved(&self) -> bool {
        self.approved.is_some() || self.let_go
    }

    /// Whether a person stands behind it, as far as anybody can tell.
    fn is_free(&self) -> bool {
        self.is_approved() || self.forced
    }

    /// Who sends it, and from what.
    fn origin(&self, access: &Access) -> Origin {
        let draft = self.draft.as_ref();
        Origin {
            draft: draft.map(|draft| draft.draft_id.to_string()),
            scheduled_for: draft.and_then(|draft| Some(draft.send_at?.as_micros())),
            ..by_key(access, Way::Api)
        }
    }

    /// Ends what the departure ends.
    fn end(&self, txn: &mut Txn<'_>, sent: &Message) -> Result<()> {
        if let Some(approved) = &self.approved {
            let end = ApprovalEnd {
                state: ApprovalState::Approved,
                by: Some(approved.by.clone()),
                reason: approved.reason.clone(),
                sent: Some((sent.message_id.clone(), sent.thread_id)),
            };
            txn.end_approval(&approved.approval, &end)?;
            let id = approved.approval.approval_id;
            txn.cancel_job(ExpireApproval::KIND, &ExpireApproval::key(id))?;
            txn.emit(approved.event.clone());
        }
        if let Some(draft) = &self.draft {
            txn.take_draft(draft)?;
            if self.job.is_none() {
                txn.cancel_job(SendDraft::KIND, &SendDraft::key(draft.draft_id))?;
            }
        }
        match &self.job {
            Some(job) => txn.finish_job(job, &Finish::Done),
            None => Ok(()),
        }
    }
}

/// A finished message: exactly the bytes that leave.
pub(super) struct Outgoing {
    pub(super) message_id: MessageId,
    pub(super) raw: Vec<u8>,
    pub(super) understood: Understood,
    pub(super) letter: Letter,
    /// The ancestors by which its thread is found where the letter does not name it.
    pub(super) ancestors: Vec<MessageId>,
    /// How it is known again where repetitions are suppressed.
    pub(super) alike: Option<Act>,
    pub(super) origin: Origin,
}

/// What a departure needs beyond its message.
struct Departure {
    deliveries: Vec<(Uuid, Mailbox)>,
    jobs: Vec<(Uuid, String)>,
    random: u128,
    /// The memory of its answer.
    answer: Option<NewAnswer>,
    along: Along,
}

impl App {
    /// Takes responsibility for a departure. `Ok` means that the message is filed and its delivery
    /// is underway, synced to disk; or that this very act had happened before, and this is its
    /// answer.
    pub(super) async fn submit<P>(
        &self,
        grant: &Grant<P>,
        inbox: &Inbox,
        mut letter: Letter,
        along: Along,
    ) -> Result<SendMessageResponse> {
        let recipients: Vec<Mailbox> = [&letter.to, &letter.cc, &letter.bcc]
            .into_iter()
            .flatten()
            .cloned()
            .collect();
        let signing = self.admitted(grant, inbox, &recipients, &along).await?;
        let recipients = unique(&recipients);
        self.one_click(&mut letter.headers, grant.access().org_id(), &recipients)?;
        self.say_who_sends(inbox, &mut letter, along.draft.is_some())?;
        if let Err(error) = self.mark(&mut letter, &along) {
            let paused = self.pause_loop(grant, inbox, error, letter.thread);
            return Err(Box::pin(paused).await);
        }
        let mut outgoing = self.compose(inbox, letter, signing).await?;
        outgoing.origin = along.origin(grant.access());
        Box::pin(self.leave(grant, inbox, recipients, outgoing, along)).await
    }

    /// Asks the gate and the lists; gives what signs the message.
    pub(super) async fn admitted<P>(
        &self,
        grant: &Grant<P>,
        inbox: &Inbox,
        recipients: &[Mailbox],
        along: &Along,
    ) -> Result<Signing> {
        gate::check_shape(inbox, recipients)?;
        let route = Route {
            org_id: grant.access().org_id(),
            pod_id: inbox.pod_id,
            inbox_key: inbox.key,
            inbox_id: inbox.inbox_id.clone(),
        };
        // A repetition of what was sent gets its answer, whatever the lists say by now.
        let asked = along.act.is_none().then(|| {
            let each = unique(recipients).into_iter();
            each.map(|to| to.address).collect::<Vec<Address>>()
        });
        self.cleared(grant, route, asked).await
    }

    /// What the gate needs to know of a finished message.
    async fn standing_of<P>(
        &self,
        grant: &Grant<P>,
        inbox: &Inbox,
        recipients: &[Mailbox],
        outgoing: &Outgoing,
        along: &Along,
    ) -> Result<Standing> {
        let question = Question {
            inbox,
            recipients,
            reply_to: &outgoing.letter.reply_to,
            thread: outgoing.letter.thread,
            ancestors: &outgoing.ancestors,
            draft: along.draft.as_ref().map(|draft| draft.draft_id),
        };
        let mut standing = self.standing(grant, question).await?;
        let purpose = outgoing.letter.source.as_ref().map(|source| source.purpose);
        // What is sent on has its files from where it is sent on.
        if purpose != Some(Purpose::Forward) {
            let (parsed, raw) = (&outgoing.understood.parsed, &outgoing.raw);
            self.add_foreign_files(grant, inbox, &mut standing, parsed, raw)
                .await?;
        }
        Ok(standing)
    }

    /// Files a finished message and puts it on its way, in one transaction, unless the gate keeps it.
    pub(super) async fn leave<P>(
        &self,
        grant: &Grant<P>,
        inbox: &Inbox,
        recipients: Vec<Mailbox>,
        outgoing: Outgoing,
        along: Along,
    ) -> Result<SendMessageResponse> {
        let governed = Governed {
            org_id: grant.access().org_id(),
            pod_id: inbox.pod_id,
            inbox_key: inbox.key,
        };
        let standing = self.standing_of(grant, inbox, &recipients, &outgoing, &along);
        let standing = Box::pin(standing).await?;
        let leaking = Box::pin(self.leaks(grant, inbox, &recipients, outgoing)).await?;
        let (mut outgoing, leaking) = leaking;
        let decided = decision(self.now(), inbox, &recipients, &outgoing, &standing);
        match decided.and(leaking) {
            Decision::Refuse(findings) => return Err(gate::refused(findings)),
            Decision::Hold(findings) if along.own == Some(Own::Guarded) => {
                return Err(gate::refused(findings));
            }
            Decision::Hold(findings) if along.approved.is_none() && along.own.is_none() => {
                // Few are held; the others should not carry what that takes.
                let held = self.hold(grant, inbox, outgoing, along, findings, standing);
                return Box::pin(held).await;
            }
            Decision::Hold(_) | Decision::Pass => {}
        }
        outgoing.origin.gate = record(&standing, along.approved.as_ref());
        // Whom a key writes to by itself, or another has approved, mail may come from again.
        let trusted = along.approved.is_some() || standing.is_free();
        let keys: Vec<String> = recipients.iter().map(|to| to.address.key()).collect();
        let addresses: Vec<Address> = recipients.iter().map(|to| to.address.clone()).collect();
        let people: Vec<Person> = recipients.iter().map(Person::recipient).collect();
        let alike = outgoing.alike.take();
        let raw = self.store().place(grant, &outgoing.raw).await?;
        let new = self.sent_message(grant, inbox, outgoing, raw)?;
        let departure = self.departure(&new, recipients, along, alike);
        let now = new.at;
        let app = self.clone();
        let turn = Turn::new(inbox, &recipients_of(&departure), departure.along.is_free());
        let limits = self.settings().loop_limits.within(&standing.policy);
        let overdrawn = Overdrawn::default();
        let found = overdrawn.clone();
        let filed = self.store().write(grant, move |txn| {
            if let Some(answer) = &departure.answer
                && let Some(known) = txn.claim_answer(answer)?
            {
                return Ok(known);
            }
            txn.may_send_from(&new.inbox)?;
            may_leave(txn, governed, &addresses)?;
            if departure.along.own.is_none() {
                app.count_send(txn, governed, new.key)?;
            }
            onboarding::charge(txn, &addresses)?;
            txn.note_contacts(governed, &keys, trusted)?;
            let Filed::New(message) = txn.file_message(&new)? else {
                return Err(Error::internal(
                    "a message of our own was taken for a duplicate",
                ));
            };
            moves::tell(txn, &message, departure.random);
            acquaint(txn, &new.inbox, &people)?;
            let begins = message.thread_id == new.new_thread;
            let place = (message.thread_id, begins);
            turn.take(txn, &limits, place, &found)?;
            // After the inbox is held: whoever makes a draft takes the two in this order too.
            departure.along.end(txn, &message)?;
            depart(txn, &new, &message, &departure, now)?;
            if let Some(answer) = &departure.answer {
                txn.complete_answer(&answer.key, message.thread_id)?;
            }
            Ok((message.message_id, message.thread_id))
        });
        let (message_id, thread_id) = match filed.await {
            Ok(filed) => filed,
            Err(error) => {
                let paused = self.pause_overdrawn(grant, inbox, error, &overdrawn);
                return Err(Box::pin(paused).await);
            }
        };
        Ok(SendMessageResponse {
            message_id: message_id.to_string(),
            thread_id: thread_id.to_string(),
        })
    }

    /// Asks the lists whether mail of an inbox may leave to these addresses, and gives what signs it.
    async fn cleared<P>(
        &self,
        grant: &Grant<P>,
        inbox: Route,
        asked: Option<Vec<Address>>,
    ) -> Result<Signing> {
        let read = self.store().read(grant, move |view| {
            let barred = match &asked {
                Some(asked) => view.barred_recipients(Governed::from(&inbox), asked)?,
                None => Vec::new(),
            };
            Ok((barred, view.keys_in_use(&inbox)?))
        });
        let (barred, keys) = read.await?;
        gate::admit(&barred)?;
        self.signing(keys, self.now())
    }

    /// Says that no person sends it, where that is so as far as anybody can tell and the caller
    /// does not say it in other words.
    pub(super) fn say_who_sends(
        &self,
        inbox: &Inbox,
        letter: &mut Letter,
        is_draft: bool,
    ) -> Result<()> {
        const FIELD: &str = "Auto-Submitted";
        let mut headers = letter.headers.iter();
        if headers.any(|header| header.name().eq_ignore_ascii_case(FIELD)) {
            return Ok(());
        }
        let chosen = inbox.auto_submitted;
        let chosen = chosen.unwrap_or(self.settings().auto_submitted);
        if let Some(value) = chosen.field(is_draft, letter.in_reply_to.is_some()) {
            let header = ExtraHeader::new(FIELD, value).map_err(Error::internal)?;
            letter.headers.push(header);
        }
        Ok(())
    }

    /// Counts the answers of machines that led to a letter, and says so in it.
    ///
    /// # Errors
    /// `automatic_mail` and `loop_detected`.
    pub(super) fn mark(&self, letter: &mut Letter, along: &Along) -> Result<()> {
        let is_mark = |header: &ExtraHeader| header.name().eq_ignore_ascii_case(loops::FIELD);
        if letter.headers.iter().any(is_mark) {
            let path = format!("headers.{}", loops::FIELD);
            return Err(Error::invalid(
                &path,
                "invalid_value",
                "This field is the server's to write",
            ));
        }
        let before = letter.preceding.as_ref();
        let marks = &self.0.loop_marks;
        let (mut count, others) = marks.next(before);
        if along.is_approved() {
            count = 1;
        } else if !along.forced {
            if let Some(fact) = before.and_then(|before| before.automatic.as_ref()) {
                return Err(loops::automatic(fact));
            }
            loops::within(count, self.settings().loop_limits.in_a_row)?;
        }
        let own = marks.write(count, self.env().ids.bytes());
        for mark in std::iter::once(own).chain(others) {
            let header = ExtraHeader::new(loops::FIELD, &mark).map_err(Error::internal)?;
            letter.headers.push(header);
        }
        Ok(())
    }

    fn departure(
        &self,
        new: &NewMessage,
        recipients: Vec<Mailbox>,
        along: Along,
        alike: Option<Act>,
    ) -> Departure {
        let (ids, now) = (&self.env().ids, new.at);
        let domains: BTreeSet<String> = recipients
            .iter()
            .map(|to| to.address.domain().to_owned())
            .collect();
        // A draft is sent once because it ends; likeness is for requests that name nothing.
        let alike = alike.filter(|_| along.draft.is_none());
        let act = along.act.clone().or(alike);
        let answer = act.map(|act| NewAnswer {
            key: act.key,
            request: act.request,
            inbox: new.inbox.clone(),
            message_key: new.key,
            message_id: new.message_id.clone().unwrap_or_else(|| new.minted.clone()),
            thread_id: new.new_thread,
            expires_at: now.plus(act.lifetime),
        });
        Departure {
            deliveries: recipients
                .into_iter()
                .map(|to| (ids.ordered(now), to))
                .collect(),
            jobs: domains
                .into_iter()
                .map(|domain| (ids.ordered(now), domain))
                .collect(),
            random: ids.random().as_u128(),
            answer,
            along,
        }
    }

    async fn compose(
        &self,
        inbox: &Inbox,
        mut letter: Letter,
        signing: Signing,
    ) -> Result<Outgoing> {
        let message_id = self.mint_message_id(inbox.inbox_id.as_str());
        let address = match letter.from.clone() {
            Some(from) => from,
            None => Address::parse(inbox.inbox_id.as_str()).map_err(Error::internal)?,
        };
        let message = Composition {
            from: Mailbox {
                name: inbox.display_name.clone(),
                address,
            },
            reply_to: letter.reply_to.clone(),
            to: letter.to.clone(),
            cc: letter.cc.clone(),
            subject: letter.subject.clone(),
            text: letter.text.clone(),
            html: letter.html.clone(),
            attachments: std::mem::take(&mut letter.attachments),
            message_id: message_id.clone(),
            in_reply_to: letter.in_reply_to.clone(),
            references: letter.references.clone(),
            date: self.now(),
            headers: letter.headers.clone(),
            seed: self.env().ids.bytes(),
        };
        let files: usize = message
            .attachments
            .iter()
            .map(|part| part.bytes.len())
            .sum();
        let texts = [&message.text, &message.html];
        let texts: usize = texts.into_iter().flatten().map(String::len).sum();
        let alike = (self.settings().suppress_repeats).then(|| (inbox.key, letter.bcc.clone()));
        // A signature by an RSA key takes a processor for a millisecond.
        let work = if signing.is_empty() {
            files + texts
        } else {
            usize::MAX
        };
        let write = move || {
            let raw = signing.sign(compose(&message))?;
            // Shown as a reader of the sent bytes would see it, so that both copies agree.
            let understood = Understood::of(&raw);
            let alike = alike.map(|(inbox, bcc)| Act::alike(inbox, &message, &bcc));
            Ok((raw, understood, alike))
        };
        let written: Result<_> = elsewhere(work, write).await?;
        let (raw, understood, alike) = written?;
        let most = self.settings().max_message_bytes;
        if raw.len() > most {
            let detail = format!(
                "The message has {} octets; at most {most} are sent",
                raw.len()
            );
            return Err(Error::new(Code::PayloadTooLarge, detail)
                .fix("Send less, or put large files where the recipient can fetch them."));
        }
        Ok(Outgoing {
            message_id,
            raw,
            understood,
            ancestors: letter.references.clone(),
            letter,
            alike,
            origin: Origin::of(Way::Api),
        })
    }

    fn sent_message<P>(
        &self,
        grant: &Grant<P>,
        inbox: &Inbox,
        outgoing: Outgoing,
        raw: store::Placed,
    ) -> Result<NewMessage> {
        let now = self.now();
        let Outgoing {
            message_id,
            raw: bytes,
            mut understood,
            letter,
            ancestors,
            alike: _,
            origin,
        } = outgoing;
        understood.content.extracted_text = letter.new_text;
        understood.content.extracted_html = letter.new_html;
        let shown = |list: &[Mailbox]| list.iter().map(display).collect::<Vec<String>>();
        Ok(NewMessage {
            key: MessageKey::new(self.env().ids.ordered(now)),
            inbox: Route {
                org_id: grant.access().org_id(),
                pod_id: inbox.pod_id,
                inbox_key: inbox.key,
                inbox_id: inbox.inbox_id.clone(),
            },
            direction: Direction::Sent,
            at: now,
            labels: letter.labels,
            from: understood.from,
            people: People {
                to: shown(&letter.to),
                cc: shown(&letter.cc),
                bcc: shown(&letter.bcc),
                reply_to: shown(&letter.reply_to),
            },
            subject: letter.subject,
            preview: understood.parsed.preview(),
            message_id: Some(message_id),
            // Only a client's own id can be taken already.
            minted: self.mint_message_id(inbox.inbox_id.as_str()),
            spare: self.mint_message_id(inbox.inbox_id.as_str()),
            in_reply_to: letter.in_reply_to,
            references: letter.references,
            ancestors,
            written_at: None,
            exchange: None,
            attachments: self.attachments(&understood.parsed),
            size: i64::try_from(bytes.len()).unwrap_or(i64::MAX),
            raw,
            body: self.store().pack(&understood.content)?,
            dedup: None,
            thread: letter.thread,
            new_thread: ThreadId::new(self.env().ids.ordered(now)),
            origin: Some(origin),
            screened: None,
            identity: None,
            acquaintance: Vec::new(),
            trace: None,
        })
    }
}

/// Asks again inside the transaction, so that a stop or an entry of a list made meanwhile counts.
fn may_leave(txn: &mut Txn<'_>, governed: Governed, addresses: &[Address]) -> Result<()> {
    if let Some(halt) = txn.halt_of(governed)? {
        return Err(halts::stopped(&halt));
    }
    gate::admit(&txn.barred_recipients(governed, addresses)?)
}

/// What the timeline tells of the gate.
fn record(standing: &Standing, approved: Option<&Approved>) -> Option<GateRecord> {
    let approved = approved.map(|approved| {
        let findings = approved.approval.findings.iter();
        ApprovedRecord {
            approval: approved.approval.approval_id.to_string(),
            held_at: approved.approval.created_at.as_micros(),
            rules: findings.map(|one| one.rule.to_string()).collect(),
            by: approved.by.clone(),
        }
    });
    let record = GateRecord {
        tainted_by: standing.tainted_by.clone(),
        approved,
    };
    (record != GateRecord::default()).then_some(record)
}

/// What the gate says about a finished message.
fn decision(
    now: Timestamp,
    inbox: &Inbox,
    recipients: &[Mailbox],
    outgoing: &Outgoing,
    standing: &Standing,
) -> Decision {
    let letter = &outgoing.letter;
    let purpose = letter.source.as_ref().map(|source| source.purpose);
    gate::decide(&Facts {
        inbox,
        recipients,
        reply_to: &letter.reply_to,
        parsed: &outgoing.understood.parsed,
        new_text: letter.new_text.as_deref(),
        new_html: letter.new_html.as_deref(),
        is_forward: purpose == Some(Purpose::Forward),
        now,
        standing,
    })
}

fn recipients_of(departure: &Departure) -> Vec<Mailbox> {
    let deliveries = departure.deliveries.iter();
    deliveries.map(|(_, to)| to.clone()).collect()
}

/// That a key sent it, or the server itself.
pub(super) fn by_key(access: &Access, way: Way) -> Origin {
    Origin {
        key: match access.actor() {
            Actor::Key(id) => Some(id.to_string()),
            Actor::System(_) => None,
        },
        ..Origin::of(way)
    }
}

/// Puts a filed message on its way to everybody, and says so.
fn depart(
    txn: &mut Txn<'_>,
    new: &NewMessage,
    message: &Message,
    departure: &Departure,
    now: mail::Timestamp,
) -> Result<()> {
    for (id, to) in &departure.deliveries {
        txn.open_delivery(new, *id, &to.address.to_string(), to.address.domain())?;
    }
    for (job_id, domain) in &departure.jobs {
        let job = DeliverMail {
            message: message.key.to_string(),
            domain: domain.clone(),
            raw: new.raw.blob_id().to_string(),
            from: message.inbox_id.to_string(),
        };
        txn.link(&new.raw)?;
        let entry = NewJob {
            job_id: *job_id,
            kind: DELIVER_MAIL,
            key: None,
            run_at: now,
            payload: jobs::payload(&job)?,
        };
        txn.enqueue_departure(&entry, domain)?;
    }
    let people: Vec<String> = departure
        .deliveries
        .iter()
        .map(|(_, to)| to.address.to_string())
        .collect();
    txn.emit(NewEvent {
        kind: EventKind::MessageSent,
        pod_id: Some(message.pod_id),
        inbox_key: Some(message.inbox_key),
        message_key: Some(message.key),
        hidden: Hidden::NONE,
        payload: render::send_event("send", message, &people, "")?,
        tail: None,
        random: departure.random,
    });
    Ok(())
}

/// A name and address as lists show them: `Ann <ann@example.com>`.
pub(crate) fn display(mailbox: &Mailbox) -> String {
    let (name, address) = (mailbox.name.clone(), mailbox.address.to_string());
    mail::Correspondent { name, address }.to_string()
}

/// The recipients, each once.
pub(super) fn unique(recipients: &[Mailbox]) -> Vec<Mailbox> {
    let mut seen = BTreeSet::new();
    recipients
        .iter()
        .filter(|to| seen.insert(to.address.key()))
        .cloned()
        .collect()
}
