//! Making a draft: plain, as an answer, or to send a message on.

use mail::{MessageId, Timestamp};
use model::api_key::Scope;
use model::draft::{Draft, Purpose, SendStatus, Source};
use model::inbox::{self, Inbox};
use model::label::Label;
use model::message::{Content, People};
use model::{DraftId, Error, InboxKey, Labels, Result, perm};
use store::{Access, Grant, NewDraftOutcome};
use wire::CreateDraftRequest;

use super::change::{checked_people, fits_labels, instant, may_schedule, names, ready_to_go};
use super::{Files, show};
use crate::App;
use crate::gate;
use crate::jobs::send_draft::SendDraft;
use crate::messages::settable;
use crate::outbound::parent::{self, Parent, Recipients};

/// What a draft shall do with which message.
struct Wanted {
    purpose: Purpose,
    message_id: MessageId,
    reply_all: bool,
}

impl App {
    /// Makes a draft in the inbox that the caller's path names. The same `client_id` again gives
    /// the first draft, whatever else the request says.
    ///
    /// # Errors
    /// `validation_error`, `not_found` for the message it answers or forwards,
    /// `missing_permission` when the key may not read that message or not send what it schedules,
    /// or `payload_too_large`.
    pub async fn create_draft(
        &self,
        grant: &Grant<perm::DraftCreate>,
        mut request: CreateDraftRequest,
    ) -> Result<wire::Draft> {
        let inbox_key = inbox_of(grant.access())?;
        let client_id = request.client_id.as_deref().map(inbox::client_id);
        let client_id = client_id.transpose()?;
        if let Some(known) = self
            .known_draft(grant, inbox_key, client_id.clone())
            .await?
        {
            return Ok(known);
        }
        let labels = own_labels(&mut request)?;
        let wanted = wanted(&request)?;
        let send_at = request.send_at.as_deref().map(instant).transpose()?;
        if send_at.is_some() {
            may_schedule(grant.access())?;
        }
        let (inbox, parent) = self.source(grant, inbox_key, wanted.as_ref()).await?;
        let people = people(&request, &inbox, wanted.as_ref(), parent.as_ref())?;
        let subject = request.subject.take().or_else(|| {
            let (wanted, parent) = (wanted.as_ref()?, parent.as_ref()?);
            Some(derived_subject(wanted.purpose, parent))
        });
        let content = Content {
            text: request.text.take(),
            html: request.html.take(),
            ..Content::default()
        };
        let room = self.room(&content)?;
        let attached = request.attachments.take();
        let files = self.place_files(grant, "attachments", attached, room);
        let Files { shown, placed } = files.await?;
        let now = self.now();
        let mut draft = Draft {
            draft_id: DraftId::new(self.env().ids.random()),
            org_id: grant.access().org_id(),
            pod_id: inbox.pod_id,
            inbox_key,
            inbox_id: inbox.inbox_id,
            client_id,
            labels,
            people,
            subject,
            preview: content.text.as_deref().and_then(mail::parse::preview),
            files: shown,
            source: source(wanted, parent),
            send_at,
            status: send_at.map(|_| SendStatus::Scheduled),
            send_error: None,
            version: 0,
            created_at: now,
            updated_at: now,
        };
        if send_at.is_some() {
            draft.labels.insert(Label::system("scheduled"));
        }
        fits_labels(&draft)?;
        ready_to_go(&draft)?;
        let body = self.store().pack(&content)?;
        let job = self.schedule(&draft)?;
        let made = self.store().write(grant, move |txn| {
            let outcome = txn.create_draft(&draft, &body, &placed)?;
            if let NewDraftOutcome::Made(draft) = &outcome {
                gate::note_author(txn, draft)?;
                if let Some(job) = &job {
                    txn.enqueue(job)?;
                }
            }
            Ok(outcome)
        });
        match made.await? {
            NewDraftOutcome::Made(draft) => Ok(show::draft(&draft, &content)),
            // The same first request came twice at once; the other one was faster.
            NewDraftOutcome::Known(draft) => self.show_draft(grant, draft.draft_id).await,
        }
    }

    async fn known_draft(
        &self,
        grant: &Grant<perm::DraftCreate>,
        inbox: InboxKey,
        client_id: Option<String>,
    ) -> Result<Option<wire::Draft>> {
        let Some(client_id) = client_id else {
            return Ok(None);
        };
        let read = self.store().read(grant, move |view| {
            let Some(draft) = view.draft_of_client(inbox, &client_id)? else {
                return Ok(None);
            };
            let content = view.draft_content(draft.draft_id)?;
            Ok(Some((draft, content)))
        });
        let found = read.await?;
        Ok(found.map(|(draft, content)| show::draft(&draft, &content)))
    }

    /// The inbox, and the message that is answered or sent on.
    async fn source(
        &self,
        grant: &Grant<perm::DraftCreate>,
        inbox: InboxKey,
        wanted: Option<&Wanted>,
    ) -> Result<(Inbox, Option<Parent>)> {
        let found = self
            .store()
            .read(grant, move |view| view.inbox_of_key(inbox));
        let inbox = found.await?;
        let Some(wanted) = wanted else {
            return Ok((inbox, None));
        };
        let reader: Grant<perm::MessageRead> = grant.access().grant()?;
        let (inbox, parent) = self
            .parent(&reader, &inbox.inbox_id, &wanted.message_id)
            .await?;
        Ok((inbox, Some(parent)))
    }

    /// How many octets of files fit beside the bodies.
    pub(super) fn room(&self, content: &Content) -> Result<usize> {
        let most = self.settings().max_message_bytes;
        let texts = [&content.text, &content.html];
        let octets = texts.into_iter().flatten().map(String::len).sum();
        self.fits(octets, most)?;
        Ok(most - octets)
    }

    /// The job that sends a draft at its time.
    pub(super) fn schedule(&self, draft: &Draft) -> Result<Option<store::NewJob>> {
        let scheduled = draft.status == Some(SendStatus::Scheduled);
        let at: Option<Timestamp> = draft.send_at.filter(|_| scheduled);
        at.map(|at| {
            let job_id = self.env().ids.ordered(self.now());
            SendDraft::job(job_id, draft.draft_id, at)
        })
        .transpose()
    }
}

/// The one inbox that a path names.
fn inbox_of(access: &Access) -> Result<InboxKey> {
    match access.scope() {
        Scope::Inbox(_, inbox) => Ok(*inbox),
        Scope::Org | Scope::Pod(_) => Err(Error::not_found("Inbox")),
    }
}

fn own_labels(request: &mut CreateDraftRequest) -> Result<Labels> {
    let mut labels = settable(request.labels.take())?;
    labels.insert(Label::system("draft"));
    Ok(labels)
}

fn wanted(request: &CreateDraftRequest) -> Result<Option<Wanted>> {
    let reply_all = request.reply_all == Some(true);
    let (purpose, id) = match (&request.in_reply_to, &request.forward_of) {
        (Some(_), Some(_)) => {
            return Err(Error::invalid(
                "forward_of",
                "invalid_value",
                "A draft answers a message or forwards one: in_reply_to and forward_of exclude each other",
            ));
        }
        (Some(id), None) => (Purpose::Reply, id),
        (None, Some(id)) => (Purpose::Forward, id),
        (None, None) if reply_all => return Err(needs_parent()),
        (None, None) => return Ok(None),
    };
    if reply_all && purpose == Purpose::Forward {
        return Err(needs_parent());
    }
    if reply_all
        && [&request.to, &request.cc, &request.bcc]
            .into_iter()
            .any(Option::is_some)
    {
        return Err(Error::invalid(
            "reply_all",
            "invalid_value",
            "reply_all takes its recipients from the message; leave out to, cc and bcc",
        ));
    }
    Ok(Some(Wanted {
        purpose,
        message_id: MessageId::parse(id).ok_or_else(|| Error::not_found("Message"))?,
        reply_all,
    }))
}

fn needs_parent() -> Error {
    Error::invalid(
        "reply_all",
        "invalid_value",
        "reply_all needs in_reply_to, the message whose people are answered",
    )
}

/// Whom the draft goes to: those it names, or, when an answer names nobody, those of the message.
fn people(
    request: &CreateDraftRequest,
    inbox: &Inbox,
    wanted: Option<&Wanted>,
    parent: Option<&Parent>,
) -> Result<People> {
    let mut people = checked_people([
        ("to", request.to.as_ref()),
        ("cc", request.cc.as_ref()),
        ("bcc", request.bcc.as_ref()),
        ("reply_to", request.reply_to.as_ref()),
    ])?;
    if people.recipients().next().is_some() {
        return Ok(people);
    }
    let (Some(wanted), Some(parent)) = (wanted, parent) else {
        return Ok(people);
    };
    if wanted.purpose == Purpose::Reply {
        let derived: Recipients = if wanted.reply_all {
            parent::everybody(inbox, &parent.message)?
        } else {
            parent::author(&parent.message)?
        };
        people.to = names(&derived.to);
        people.cc = names(&derived.cc);
        people.bcc = names(&derived.bcc);
    }
    Ok(people)
}

fn derived_subject(purpose: Purpose, parent: &Parent) -> String {
    let subject = parent.message.subject.as_deref();
    match purpose {
        Purpose::Reply => mail::quote::reply_subject(subject),
        Purpose::Forward => mail::quote::forward_subject(subject),
    }
}

fn source(wanted: Option<Wanted>, parent: Option<Parent>) -> Option<Source> {
    let (wanted, parent) = (wanted?, parent?);
    Some(parent.as_source(wanted.purpose))
}
