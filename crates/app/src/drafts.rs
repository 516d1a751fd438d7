//! Drafts: made, read, changed and thrown away. Sending them is `outbound`'s business, and
//! `jobs::send_draft`'s when their time comes.

mod change;
mod make;
mod show;

use model::draft::{DraftFile, SendStatus};
use model::message::Attachment;
use model::page::{DraftFilter, Page};
use model::{AttachmentId, DraftId, Error, Result, perm};
use store::{Grant, Placed, Position};
use wire::SendAttachment;

use crate::jobs::send_draft::SendDraft;
use crate::messages::folded;
use crate::outbound::{being_sent, request};
use crate::paging::Listing;
use crate::{App, approvals};

/// Files of one draft at most.
const MAX_FILES: usize = 256;

/// Files of a request, stored and ready to be held by a draft.
#[derive(Default)]
struct Files {
    shown: Vec<DraftFile>,
    placed: Vec<Placed>,
}

impl App {
    /// A page of the drafts within reach, last changed first, without their bodies.
    ///
    /// # Errors
    /// `validation_error` for a bad token or label.
    pub async fn drafts(
        &self,
        grant: &Grant<perm::DraftRead>,
        mut filter: DraftFilter,
    ) -> Result<wire::ListDraftsResponse> {
        filter.labels = folded(&filter.labels)?;
        let same = DraftFilter {
            page: Page::default(),
            ..filter.clone()
        };
        let same = format!("{same:?}");
        let list = Listing::new(self, "drafts", grant.access(), &filter.page, &same);
        let (from, fetch, limit) = (list.start(&filter.page)?, list.fetch(), filter.page.limit);
        let found = self
            .store()
            .read(grant, move |view| view.drafts(&filter, from, fetch));
        let mut found = found.await?;
        let next_page_token = list.cut(&mut found, |draft| Position {
            at: draft.updated_at.as_micros(),
            key: *draft.draft_id.as_bytes(),
        });
        let drafts: Vec<_> = found.iter().map(show::item).collect();
        Ok(wire::ListDraftsResponse {
            count: drafts.len(),
            limit,
            next_page_token,
            drafts,
        })
    }

    /// One draft with its bodies.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn draft(&self, grant: &Grant<perm::DraftRead>, id: DraftId) -> Result<wire::Draft> {
        self.show_draft(grant, id).await
    }

    async fn show_draft<P>(&self, grant: &Grant<P>, id: DraftId) -> Result<wire::Draft> {
        let read = self.store().read(grant, move |view| {
            Ok((view.draft(id)?, view.draft_content(id)?))
        });
        let (draft, content) = read.await?;
        Ok(show::draft(&draft, &content))
    }

    /// Throws a draft away, with its schedule.
    ///
    /// # Errors
    /// `not_found`, or `conflict` while it is being sent.
    pub async fn delete_draft(&self, grant: &Grant<perm::DraftDelete>, id: DraftId) -> Result<()> {
        self.store()
            .write(grant, move |txn| {
                let draft = txn.lock_draft(id)?;
                if draft.status == Some(SendStatus::Sending) {
                    return Err(being_sent());
                }
                approvals::withdraw(txn, &draft)?;
                txn.erase_draft(&draft)?;
                txn.cancel_job(SendDraft::KIND, &SendDraft::key(id))
            })
            .await
    }

    /// Where the bytes of a draft's file are.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn draft_attachment(
        &self,
        grant: &Grant<perm::DraftRead>,
        id: DraftId,
        attachment: AttachmentId,
        base: &str,
    ) -> Result<wire::AttachmentResponse> {
        let draft = self.store().read(grant, move |view| view.draft(id)).await?;
        let mut files = draft.files.iter();
        let file = files.find(|file| file.shown.attachment_id == attachment);
        let file = file.ok_or_else(|| Error::not_found("Attachment"))?;
        Ok(self.link_to_draft_file(grant, id, &file.shown, base))
    }

    /// Stores the files of a request. Their bytes are held until a draft links them or the sweeper
    /// takes them away.
    ///
    /// # Errors
    /// `validation_error` naming the file, or `payload_too_large` when they have more octets than
    /// `room`.
    async fn place_files<P>(
        &self,
        grant: &Grant<P>,
        field: &str,
        mut files: Option<Vec<SendAttachment>>,
        room: usize,
    ) -> Result<Files> {
        self.fetch_attachments(grant, &mut files).await?;
        let files = files.unwrap_or_default();
        if files.len() > MAX_FILES {
            return Err(too_many_files(field));
        }
        let mut out = Files::default();
        let mut octets = 0;
        for (index, file) in files.into_iter().enumerate() {
            let part = request::attachment(field, index, file)?;
            octets += part.bytes.len();
            self.fits(octets, room)?;
            let placed = self.store().place(grant, &part.bytes).await?;
            out.shown.push(DraftFile {
                shown: Attachment {
                    attachment_id: AttachmentId::new(self.env().ids.random()),
                    part: 0,
                    filename: part.filename,
                    content_type: Some(part.content_type),
                    content_disposition: Some(part.disposition.as_str().to_owned()),
                    content_id: part.content_id,
                    size: i64::try_from(part.bytes.len()).unwrap_or(i64::MAX),
                },
                blob: placed.blob_id().to_string(),
            });
            out.placed.push(placed);
        }
        Ok(out)
    }

    /// A draft is no larger than what can be sent. How large the message really is shows when it is
    /// composed.
    fn fits(&self, octets: usize, room: usize) -> Result<()> {
        if octets <= room {
            return Ok(());
        }
        let most = self.settings().max_message_bytes;
        let detail = format!("The draft is larger than the {most} octets that can be sent");
        Err(Error::new(model::Code::PayloadTooLarge, detail)
            .fix("Send less, or put large files where the recipient can fetch them."))
    }
}

fn too_many_files(field: &str) -> Error {
    let message = format!("A draft has at most {MAX_FILES} attachments");
    Error::invalid(field, "too_big", message)
}
