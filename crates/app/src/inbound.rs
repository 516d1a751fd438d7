//! How a message arrives: one function for mail from outside and for mail between inboxes.
//!
//! `receive` parses, judges the sender, takes the new text out of it, stores the raw bytes and
//! files it in one transaction for each organisation. Only then is it accepted: the sender may
//! forget it. Mail that comes again after a lost answer is recognised and not filed twice.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use data_encoding::HEXLOWER;
use mail::parse::{Parsed, parse};
use mail::thread::Exchange;
use mail::trace::{Hop, received, return_path};
use mail::{Address, MessageId, Timestamp, reply, thread_key};
use model::authentication::{self as judged, Authentication};
use model::label::{Label, Labels};
use model::list::Authors;
use model::message::{Attachment, Content, Direction, Origin, People, Session, Spam, Way};
use model::screened::{Screened, Verdict};
use model::{
    AttachmentId, Error, EventKind, Hidden, Kind, MessageKey, OrgId, Result, ThreadId, perm,
};
use smtp::{Envelope, Reply};
use store::{Grant, NewEvent, NewMessage, Reason, Received, Route};

use crate::screen::armor;
use crate::{App, Tainting, authenticate, codes, facts, moves, render, screen};

/// Parsing a mail above this size is worth a thread of its own.
const LARGE: usize = 128 << 10;

/// Screening takes longer than parsing, so of mail that arrives this is the size.
const SCREENED_HERE: usize = 16 << 10;

/// A message that has passed more servers than this is in a loop (RFC 5321 §6.3).
const MAX_HOPS: usize = 100;

/// What lists show of one field, in characters. Mail that has more is not meant for reading; its
/// raw bytes have all of it.
const SHOWN: usize = 4_096;

/// What lists show of one correspondent, in characters.
const SHOWN_NAME: usize = 998;

/// How many correspondents of one kind, and how many ancestors, lists show.
const SHOWN_MANY: usize = 1_000;
const SHOWN_ANCESTORS: usize = 100;

/// The SMTP door.
#[derive(Clone)]
pub struct Inbound(App);

impl Inbound {
    /// The door that files into `app`.
    #[must_use]
    pub fn new(app: App) -> Self {
        Self(app)
    }
}

impl smtp::Handler for Inbound {
    async fn connected(&self, _: SocketAddr) -> Result<(), Reply> {
        Ok(())
    }

    async fn mail_from(&self, _: &Envelope) -> Result<(), Reply> {
        Ok(())
    }

    async fn rcpt_to(&self, envelope: &Envelope, to: &Address) -> Result<(), Reply> {
        // Reports are taken whatever became of the inbox.
        if self.0.returned_delivery(to).is_some() {
            return Ok(());
        }
        // Neither does it matter when an approver was heard of last.
        let asked = self.0.asked_under(to).await;
        if asked.map_err(|error| reply_for(&error))?.is_some() {
            return Ok(());
        }
        let routes = self.0.store().routes(vec![to.key()]).await;
        let routes = routes.map_err(|error| reply_for(&error))?;
        let Some(route) = routes.into_iter().flatten().next() else {
            return Err(Reply::never(550, (1, 1), "No such mailbox here"));
        };
        if self.0.is_own(route.org_id) {
            let text = "This address only sends; answer to the address that asked";
            return Err(Reply::never(550, (7, 1), text));
        }
        match self.0.greylisted(envelope, to, route.org_id).await {
            Ok(None) => Ok(()),
            Ok(Some(seconds)) => {
                let text = format!("Not known yet, please try again in {seconds} seconds");
                Err(Reply::later(451, (7, 1), text))
            }
            Err(error) => Err(reply_for(&error)),
        }
    }

    async fn message(&self, envelope: Envelope, raw: Vec<u8>) -> Reply {
        match self.0.take(envelope, raw.into()).await {
            Ok(reply) => reply,
            Err(error) => reply_for(&error),
        }
    }
}

impl App {
    /// Judges a message that a client hands in, and files it or refuses it.
    async fn take(&self, envelope: Envelope, raw: Bytes) -> Result<Reply> {
        let recipients = self.take_reports(&envelope, &raw).await?;
        if recipients.is_empty() {
            return Ok(Reply::ok(250, (0, 0), "Report accepted"));
        }
        let hostname = &self.settings().hostname;
        let null_sender = envelope.reverse_path.is_none();
        let mut understood = self
            .understand(&raw, null_sender, envelope.received_at)
            .await?;
        if understood.hops > MAX_HOPS {
            return Ok(Reply::never(554, (4, 6), "The message goes in circles"));
        }
        let authors = &understood.parsed.from;
        let is_own = self.is_own_machine(&envelope);
        let (authentication, spam) =
            tokio::join!(self.authenticate_arrival(&envelope, &raw, authors), async {
                if is_own {
                    return None;
                }
                Box::pin(self.spam_signals(&envelope, &raw)).await
            });
        let authentication = authentication?;
        understood.content.spam = spam;
        if let Some(reply) = self.refusal(&authentication) {
            return Ok(reply);
        }
        let field = authenticate::field(&authentication, hostname);
        let trace = trace(&envelope, hostname, field.as_deref().unwrap_or_default());
        understood.attest(authentication, field.as_deref(), hostname);
        let recipients = Box::pin(self.take_decisions(recipients, &understood)).await?;
        if recipients.is_empty() {
            return Ok(Reply::ok(250, (0, 0), "Answer accepted"));
        }
        let arrival = Arrival {
            recipients,
            trace,
            way: Way::Smtp,
            session: Some(session(&envelope)),
            reverse_path: envelope.reverse_path,
            raw: raw.clone(),
            at: envelope.received_at,
        };
        self.file_for_all(arrival, understood).await?;
        self.take_enclosed(null_sender, &raw).await?;
        Ok(Reply::ok(250, (0, 0), "Message accepted"))
    }

    /// The answer to mail that its domain wants refused, where the operator follows it.
    fn refusal(&self, authentication: &Authentication) -> Option<Reply> {
        let wanted = authentication.dmarc.as_ref()?.policy.as_deref() == Some("reject");
        let follows = self.settings().judging.refuse_on_dmarc_reject;
        let refused = follows && wanted && authentication.reason == judged::Reason::DmarcFail;
        refused.then(|| {
            let domain = authentication.from_domain.as_deref().unwrap_or_default();
            let text = format!("Refused as the DMARC policy of {domain} asks for");
            Reply::never(550, (7, 1), text)
        })
    }
}

/// A message and how it came here.
pub(crate) struct Arrival {
    /// Addresses in the form of [`Address::key`].
    pub(crate) recipients: Vec<String>,
    pub(crate) reverse_path: Option<Address>,
    pub(crate) raw: Bytes,
    pub(crate) at: Timestamp,
    /// The fields that record its way, as header lines.
    pub(crate) trace: String,
    pub(crate) way: Way,
    pub(crate) session: Option<Session>,
}

/// What is known of an author before the inbox is asked.
enum AuthorStanding {
    /// It taints nobody.
    Trusted,
    /// The address is proven; the inbox may know it.
    Proven(String),
    /// Anybody may have written it.
    Unproven,
}

/// An inbox, and the recipient that led there.
pub(crate) struct Mailbox {
    pub(crate) route: Route,
    recipient: String,
}

impl App {
    /// Takes responsibility for a message from an inbox of this server. `Ok` means that it is filed,
    /// synced to disk, in every inbox it was meant for.
    ///
    /// # Errors
    /// `not_found` when no recipient is an inbox here; otherwise the sender should try again, and
    /// what was filed already is not filed twice.
    pub(crate) async fn receive(&self, arrival: Arrival) -> Result<()> {
        let null_sender = arrival.reverse_path.is_none();
        let mut understood = self
            .understand(&arrival.raw, null_sender, arrival.at)
            .await?;
        let own = Authentication::without_lookups(judged::Reason::OwnInbox);
        understood.attest(own, None, &self.settings().hostname);
        self.file_for_all(arrival, understood).await
    }

    /// What the bytes of a message that arrived say, worked out before any transaction.
    async fn understand(
        &self,
        raw: &Bytes,
        null_sender: bool,
        at: Timestamp,
    ) -> Result<Understood> {
        let (copy, with, now) = (raw.clone(), Arc::clone(&self.0.screen), self.now());
        let read = move || {
            let parsed = parse(&copy);
            let codes = codes::kept(&parsed, at);
            let mut understood = Understood::read(parsed);
            let (parsed, content) = (&understood.parsed, &mut understood.content);
            content.codes = codes;
            understood.outward =
                mail::facts::without_words(&copy, parsed, &content.headers, null_sender);
            content.facts = facts::kept(&understood.outward, parsed, content);
            understood.screened = Some(screen::screen(&with, understood.text(), now));
            understood
        };
        above(SCREENED_HERE, raw.len(), read).await
    }

    async fn file_for_all(&self, arrival: Arrival, mut understood: Understood) -> Result<()> {
        self.ask_judge(&mut understood).await;
        let understood = Arc::new(understood);
        let routes = self.store().routes(arrival.recipients.clone()).await?;
        let mut by_org: BTreeMap<OrgId, Vec<Mailbox>> = BTreeMap::new();
        for (route, recipient) in routes.into_iter().zip(&arrival.recipients) {
            let Some(route) = route else { continue };
            let inboxes = by_org.entry(route.org_id).or_default();
            // A recipient named twice gets the message once.
            if inboxes
                .iter()
                .all(|known| known.route.inbox_key != route.inbox_key)
            {
                let recipient = recipient.clone();
                inboxes.push(Mailbox { route, recipient });
            }
        }
        if by_org.is_empty() {
            return Err(Error::not_found("Mailbox"));
        }
        for (org_id, mut inboxes) in by_org {
            // Everybody locks inboxes in this order.
            inboxes.sort_by_key(|one| one.route.inbox_key);
            self.file(org_id, inboxes, &arrival, &understood).await?;
        }
        Ok(())
    }

    async fn file(
        &self,
        org_id: OrgId,
        inboxes: Vec<Mailbox>,
        arrival: &Arrival,
        understood: &Arc<Understood>,
    ) -> Result<()> {
        let access = self.store().system(org_id, Reason::Reception);
        let grant: Grant<perm::Authenticated> = access.grant()?;
        let raw = self.store().place(&grant, &arrival.raw).await?;
        let seen = self.seen(&grant, &inboxes, understood).await?;
        let mut alike = None;
        let mut news = Vec::with_capacity(inboxes.len());
        for (inbox, seen) in inboxes.into_iter().zip(seen) {
            let key = inbox.route.inbox_key;
            // What is quoted follows from what the inbox has; mostly it is the same for all.
            let own = self
                .against_earlier(&grant, key, arrival.at, understood)
                .await?;
            let (body, tail) = match (own, &alike) {
                (Some(own), _) => self.pack(&own)?,
                (None, Some(alike)) => Clone::clone(alike),
                (None, None) => alike.insert(self.pack(&understood.content)?).clone(),
            };
            let mut new = self.new_message(inbox, arrival, understood, raw.clone(), body);
            let mode = seen.mode;
            seen.note(&mut new);
            let random = [(); 2].map(|()| self.env().ids.random().as_u128());
            news.push((new, tail, mode, random));
        }
        let authors = authors(arrival, &understood.parsed);
        let standing = self.author_standing(understood);
        let peers = peers(&understood.parsed);
        self.store()
            .write(&grant, move |txn| {
                let mut gone = 0;
                for (new, tail, mode, random) in &news {
                    let (message, thread) = match txn.file_received(new, &authors) {
                        Ok(Received::New(message, thread)) => (message, thread),
                        Ok(Received::Duplicate) => continue,
                        // Deleted since the recipient was accepted: the others still get theirs.
                        Err(error) if error.kind() == Kind::NotFound && gone + 1 < news.len() => {
                            gone += 1;
                            continue;
                        }
                        Err(error) => return Err(error),
                    };
                    moves::tell(txn, &message, random[0]);
                    match &standing {
                        AuthorStanding::Trusted => {}
                        AuthorStanding::Proven(address) => {
                            txn.note_stranger(&message, Some(address))?;
                        }
                        AuthorStanding::Unproven => txn.note_stranger(&message, None)?,
                    }
                    txn.note_arrival(
                        &message.inbox_id.as_str().to_lowercase(),
                        message.thread_id,
                        &peers,
                    )?;
                    // Of what is held its readers hear when somebody releases it.
                    if !armor::holds(&message.labels) {
                        txn.emit(NewEvent {
                            kind: kind_of(&message.labels),
                            pod_id: Some(message.pod_id),
                            inbox_key: Some(message.inbox_key),
                            message_key: Some(message.key),
                            hidden: message.labels.hidden(),
                            payload: render::received_head(&message, &thread)?,
                            tail: Some(tail.clone()),
                            random: random[0],
                        });
                    }
                    if let Some(verdict) = armor::event(&message, *mode, random[1])? {
                        txn.emit(verdict);
                    }
                }
                Ok(())
            })
            .await
    }

    /// Whether the mail of an author taints those who are shown it, as far as that does not depend on
    /// the inbox.
    fn author_standing(&self, understood: &Understood) -> AuthorStanding {
        let tainting = self.settings().gate.tainting;
        let proof = understood.content.authentication.as_ref();
        let reason = proof.map(|proof| proof.reason);
        let is_own = reason == Some(judged::Reason::LocalMachine);
        let screened = understood.screened.as_ref();
        // What could not be screened is no reason to distrust the developer's own mail.
        let suspect = screened.is_some_and(|one| {
            one.is_suspect() && (!is_own || one.verdict() == Some(Verdict::Review))
        });
        if suspect {
            // Whoever wrote it, it should lead nobody.
            return AuthorStanding::Unproven;
        }
        match reason.filter(|reason| reason.is_proof()) {
            // Nobody but the developer can hand in such mail.
            Some(judged::Reason::LocalMachine) => AuthorStanding::Trusted,
            Some(_) if tainting == Tainting::Unproven => AuthorStanding::Trusted,
            Some(_) => match understood
                .parsed
                .from
                .first()
                .and_then(mail::Correspondent::address)
            {
                Some(address) => AuthorStanding::Proven(address.key()),
                None => AuthorStanding::Unproven,
            },
            None => AuthorStanding::Unproven,
        }
    }

    /// Packs the readable part, and the end of the event that shows it.
    pub(crate) fn pack(&self, content: &Content) -> Result<(store::Body, store::EventTail)> {
        let store = self.store();
        match render::received_tail(content)? {
            Some(tail) => store.pack_twice(content, &tail.texts, &tail.rest),
            None => Ok((
                store.pack(content)?,
                store.pack_tail(&render::left_out(content)?)?,
            )),
        }
    }

    fn new_message(
        &self,
        inbox: Mailbox,
        arrival: &Arrival,
        understood: &Understood,
        raw: store::Placed,
        body: store::Body,
    ) -> NewMessage {
        let ids = &self.env().ids;
        let mut labels: Labels = [Label::system("unread")].into_iter().collect();
        let proof = understood.content.authentication.as_ref();
        if !proof.is_some_and(Authentication::is_proven) {
            labels.insert(Label::system("unauthenticated"));
        }
        if understood.content.spam.as_ref().is_some_and(Spam::is_spam) {
            labels.insert(Label::system("spam"));
        }
        let parsed = &understood.parsed;
        let dedup = dedup(parsed, &raw, arrival.reverse_path.as_ref());
        let origin = Origin {
            from: arrival.reverse_path.as_ref().map(ToString::to_string),
            recipient: Some(inbox.recipient),
            session: arrival.session.clone(),
            ..Origin::of(arrival.way)
        };
        let inbox = inbox.route;
        let spare = self.mint_message_id(inbox.inbox_id.as_str());
        NewMessage {
            key: MessageKey::new(ids.ordered(arrival.at)),
            minted: minted(&inbox, dedup).unwrap_or_else(|| spare.clone()),
            spare,
            inbox,
            direction: Direction::Received,
            at: arrival.at,
            labels,
            from: understood.from.clone(),
            people: understood.people.clone(),
            subject: parsed.subject.clone(),
            preview: parsed.preview(),
            message_id: parsed.message_id.clone(),
            in_reply_to: parsed.in_reply_to.first().cloned(),
            references: parsed.references.clone(),
            ancestors: thread_key::ancestors(parsed),
            written_at: parsed.date,
            exchange: Exchange::of(&understood.content.headers, parsed.subject.as_deref()),
            attachments: self.attachments(parsed),
            size: i64::try_from(arrival.raw.len()).unwrap_or(i64::MAX),
            dedup,
            raw,
            body,
            thread: None,
            new_thread: ThreadId::new(ids.ordered(arrival.at)),
            origin: Some(origin),
            screened: understood.screened.clone(),
            identity: None,
            acquaintance: Vec::new(),
            trace: Some(arrival.trace.clone()),
        }
    }

    /// What is shown of the attachments, with fresh ids.
    pub(crate) fn attachments(&self, parsed: &Parsed) -> Vec<Attachment> {
        let describe = |part: &mail::parse::Attachment| Attachment {
            attachment_id: AttachmentId::new(self.env().ids.random()),
            part: part.part,
            filename: part.filename.clone(),
            content_type: part.content_type.clone().filter(|text| is_short(text)),
            content_disposition: part.disposition.map(|kind| kind.as_str().to_owned()),
            content_id: part.content_id.clone().filter(|text| is_short(text)),
            size: i64::try_from(part.size).unwrap_or(i64::MAX),
        };
        parsed.attachments.iter().map(describe).collect()
    }

    /// A Message-ID of our own for a message of the inbox at `address`.
    #[expect(
        clippy::expect_used,
        reason = "hexadecimal digits and a checked domain make an id"
    )]
    pub(crate) fn mint_message_id(&self, address: &str) -> MessageId {
        let domain = address
            .rsplit_once('@')
            .map_or("localhost", |(_, domain)| domain);
        let text = format!("<{}@{domain}>", self.env().ids.random().simple());
        MessageId::parse(&text).expect("a minted id is an id")
    }
}

/// Whom the lists judge: From, or Sender where there is no From, and the reverse path.
fn authors(arrival: &Arrival, parsed: &Parsed) -> Authors {
    let mut named: Vec<&mail::Correspondent> = parsed.from.iter().collect();
    if named.is_empty() {
        named.extend(parsed.sender.as_ref());
    }
    let from: Vec<Address> = named
        .iter()
        .take(Authors::MOST)
        .filter_map(|one| one.address())
        .collect();
    Authors {
        unclear: from.is_empty() || from.len() < named.len(),
        from,
        envelope: arrival.reverse_path.clone(),
    }
}

/// Whoever an answer would go to: the budgets count answers to each.
fn peers(parsed: &Parsed) -> Vec<String> {
    let named = parsed.reply_to.iter().chain(&parsed.from);
    let mut peers: Vec<String> = Vec::new();
    for one in named.take(Authors::MOST) {
        let key = one.address().map(|address| address.key());
        peers.extend(key.filter(|key| !peers.contains(key)));
    }
    peers
}

/// The event of an arrival: what bars it says more than who it may be from.
pub(crate) fn kind_of(labels: &Labels) -> EventKind {
    let hidden = labels.hidden();
    if Hidden::BLOCKED.is_within(hidden) {
        EventKind::MessageReceivedBlocked
    } else if Hidden::SPAM.is_within(hidden) {
        EventKind::MessageReceivedSpam
    } else if Hidden::UNAUTHENTICATED.is_within(hidden) {
        EventKind::MessageReceivedUnauthenticated
    } else {
        EventKind::MessageReceived
    }
}

fn is_short(text: &str) -> bool {
    text.len() <= SHOWN_NAME
}

/// Name and address; the address alone beside a monstrous name.
fn shown_correspondent(one: &mail::Correspondent) -> String {
    let whole = one.to_string();
    if is_short(&whole) {
        return whole;
    }
    let mut address = one.address.clone();
    render::shorten(&mut address, SHOWN_NAME);
    address
}

/// Does work on `size` octets, on a thread for such work if they are many.
///
/// # Errors
/// When the work panics.
pub(crate) async fn elsewhere<T: Send + 'static>(
    size: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    above(LARGE, size, work).await
}

/// The same where `many` octets are many.
async fn above<T: Send + 'static>(
    many: usize,
    size: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    if size < many {
        return Ok(work());
    }
    tokio::task::spawn_blocking(work)
        .await
        .map_err(Error::internal)
}

/// A message as its bytes describe it.
pub(crate) struct Understood {
    pub(crate) parsed: Parsed,
    pub(crate) content: Content,
    pub(crate) from: String,
    pub(crate) people: People,
    /// What the screen says, of mail that arrived.
    pub(crate) screened: Option<Screened>,
    /// What it is whatever its words say, of mail that arrived.
    pub(crate) outward: Vec<mail::facts::Fact>,
    /// How many servers it has passed.
    hops: usize,
}

impl Understood {
    /// What is screened of it.
    pub(crate) fn text(&self) -> screen::Text<'_> {
        let content = &self.content;
        screen::Text {
            subject: self.parsed.subject.as_deref(),
            // What was made from the HTML is looked at there.
            text: content
                .text
                .as_deref()
                .filter(|_| !self.parsed.text_from_html),
            html: content.html.as_deref(),
        }
    }

    /// Adds who sent it. `field` is our header line about that.
    fn attest(&mut self, proof: Authentication, field: Option<&str>, hostname: &str) {
        if let Some(codes) = &mut self.content.codes {
            codes::bind(codes, &self.content.headers, Some(&proof));
        }
        authenticate::show(&mut self.content.headers, field, hostname);
        self.content.authentication = Some(proof);
    }

    /// A message that this server has written itself.
    pub(crate) fn of(raw: &[u8]) -> Self {
        Self::read(parse(raw))
    }

    fn read(mut parsed: Parsed) -> Self {
        // Text that was made from the HTML is made again from what is left of the HTML.
        let text = parsed.text.as_deref().filter(|_| !parsed.text_from_html);
        let visible = reply::visible(text, parsed.html.as_deref());
        let content = Content {
            text: parsed.text.clone(),
            html: parsed.html.take(),
            extracted_text: visible.text,
            extracted_html: visible.html,
            headers: std::mem::take(&mut parsed.headers),
            ..Content::default()
        };
        let hops = mail::facts::hops(&content.headers);
        if let Some(subject) = &mut parsed.subject {
            render::shorten(subject, SHOWN);
        }
        if parsed.references.len() > SHOWN_ANCESTORS {
            // The first names the conversation; of the rest the newest matter most.
            let newest = parsed.references.len() - (SHOWN_ANCESTORS - 1);
            parsed.references.drain(1..newest);
        }
        let shown = |list: &[mail::Correspondent]| {
            list.iter()
                .take(SHOWN_MANY)
                .map(shown_correspondent)
                .collect()
        };
        let from = parsed.from.first().or(parsed.sender.as_ref());
        Self {
            from: from.map(shown_correspondent).unwrap_or_default(),
            screened: None,
            outward: Vec::new(),
            hops,
            people: People {
                to: shown(&parsed.to),
                cc: shown(&parsed.cc),
                bcc: shown(&parsed.bcc),
                reply_to: shown(&parsed.reply_to),
            },
            content,
            parsed,
        }
    }
}

/// The public id of a mail whose own id is taken: the same at every arrival of that mail.
fn minted(inbox: &Route, dedup: Option<[u8; 32]>) -> Option<MessageId> {
    let (_, domain) = inbox.inbox_id.as_str().rsplit_once('@')?;
    let digits = HEXLOWER.encode(dedup.as_ref()?.get(..16)?);
    MessageId::parse(&format!("<{digits}@{domain}>"))
}

/// What makes a second arrival of one mail recognisable. Without a Message-ID there is no telling
/// a repetition from a second mail of equal words.
fn dedup(parsed: &Parsed, raw: &store::Placed, reverse_path: Option<&Address>) -> Option<[u8; 32]> {
    let id = parsed.message_id.as_ref()?;
    let mut hash = blake3::Hasher::new();
    hash.update(id.as_str().as_bytes())
        .update(&[0])
        .update(raw.blob_id().as_bytes());
    hash.update(
        reverse_path
            .map(Address::key)
            .unwrap_or_default()
            .as_bytes(),
    );
    Some(*hash.finalize().as_bytes())
}

fn protocol(envelope: &Envelope) -> &'static str {
    match (envelope.smtputf8, envelope.esmtp, envelope.tls) {
        (true, _, true) => "UTF8SMTPS",
        (true, _, false) => "UTF8SMTP",
        (false, true, true) => "ESMTPS",
        (false, true, false) => "ESMTP",
        (false, false, _) => "SMTP",
    }
}

fn session(envelope: &Envelope) -> Session {
    Session {
        id: envelope.session.to_string(),
        peer: envelope.peer.ip().to_canonical().to_string(),
        helo: envelope.helo.clone(),
        protocol: protocol(envelope).to_owned(),
        tls: envelope.tls_details.clone(),
    }
}

/// The trace fields of RFC 5321 §4.4, newest first, with the line about the sender.
fn trace(envelope: &Envelope, hostname: &str, results: &str) -> String {
    let recipient = match envelope.forward_paths.as_slice() {
        [one] => Some(one),
        _ => None,
    };
    let hop = Hop {
        helo: &envelope.helo,
        peer: Some(envelope.peer.ip()),
        by: hostname,
        protocol: protocol(envelope),
        tls: envelope.tls_details.as_deref(),
        id: &envelope.session.to_string(),
        recipient,
        at: envelope.received_at,
    };
    return_path(envelope.reverse_path.as_ref()) + results + &received(&hop)
}

/// The answer to a client whose message was not taken. It never says more than the client can act
/// on; the log has the rest.
fn reply_for(error: &Error) -> Reply {
    match error.kind() {
        Kind::NotFound => Reply::never(550, (1, 1), "No such mailbox here"),
        Kind::Invalid => Reply::never(554, (6, 0), "The message cannot be taken as it is"),
        Kind::Unauthenticated | Kind::Forbidden | Kind::Refused | Kind::Conflict => {
            Reply::never(550, (7, 1), "Not allowed")
        }
        Kind::TooLarge => Reply::never(552, (3, 4), "The message is too large"),
        Kind::Quota => Reply::later(452, (2, 2), "The mailbox is full"),
        Kind::RateLimited => Reply::later(421, (7, 0), "Too much at once, try again later"),
        Kind::Unavailable | Kind::Internal => {
            tracing::error!(error = ?error, "a message could not be filed");
            Reply::local_error()
        }
    }
}
