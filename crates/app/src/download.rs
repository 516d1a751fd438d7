//! Links to raw mail, to attachments and to their text that need no credential: signed, and good
//! for an hour.

use std::time::Duration;

use bytes::Bytes;
use data_encoding::BASE64URL_NOPAD;
use documents::{Text, Why};
use mail::{MessageId, Timestamp};
use model::message::Attachment;
use model::{AttachmentId, Code, DraftId, Error, InboxId, MessageKey, OrgId, Result, perm};
use store::{BlobId, DocumentPlace, Grant, Reason};

use crate::documents::Document;
use crate::{App, render};

/// How long a link works.
const LIFETIME: Duration = Duration::from_secs(3600);

/// What a link leads to.
#[derive(Debug)]
pub struct Download {
    /// Its media type.
    pub content_type: String,
    /// The name to save it under.
    pub filename: Option<String>,
    /// The bytes.
    pub bytes: Bytes,
}

impl Download {
    fn of(attachment: Attachment, bytes: Bytes) -> Self {
        let media = attachment.content_type;
        Self {
            content_type: media.unwrap_or_else(|| "application/octet-stream".to_owned()),
            filename: attachment.filename,
            bytes,
        }
    }
}

/// What a link says: everything needed to find the bytes, and until when.
struct Target {
    org_id: OrgId,
    thing: Thing,
    until: Timestamp,
}

/// What a link leads to.
#[derive(Clone, Copy)]
enum Thing {
    /// A whole message.
    Raw(MessageKey),
    /// A part of a message.
    Attachment(MessageKey, AttachmentId),
    /// A file of a draft.
    DraftFile(DraftId, AttachmentId),
    /// What a part of a message says.
    Text(MessageKey, AttachmentId),
    /// What a file of a draft says.
    DraftText(DraftId, AttachmentId),
}

impl Thing {
    /// What a file says.
    const fn as_text(self) -> Self {
        match self {
            Self::Attachment(message, id) => Self::Text(message, id),
            Self::DraftFile(draft, id) => Self::DraftText(draft, id),
            other => other,
        }
    }
}

const SIGNED: usize = 1 + 16 + 16 + 16 + 8;
const SIGNATURE: usize = 32;

impl Target {
    fn to_bytes(&self) -> [u8; SIGNED] {
        let none = [0; 16];
        let (kind, of, part) = match &self.thing {
            Thing::Raw(message) => (0, message.as_bytes(), &none),
            Thing::Attachment(message, id) => (1, message.as_bytes(), id.as_bytes()),
            Thing::DraftFile(draft, id) => (2, draft.as_bytes(), id.as_bytes()),
            Thing::Text(message, id) => (3, message.as_bytes(), id.as_bytes()),
            Thing::DraftText(draft, id) => (4, draft.as_bytes(), id.as_bytes()),
        };
        let mut bytes = [0; SIGNED];
        bytes[0] = kind;
        bytes[1..17].copy_from_slice(self.org_id.as_bytes());
        bytes[17..33].copy_from_slice(of);
        bytes[33..49].copy_from_slice(part);
        bytes[49..].copy_from_slice(&self.until.as_micros().to_be_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8; SIGNED]) -> Option<Self> {
        let until = bytes[49..].try_into().ok()?;
        let part = AttachmentId::from_bytes(&bytes[33..49])?;
        let thing = match bytes[0] {
            0 => Thing::Raw(MessageKey::from_bytes(&bytes[17..33])?),
            1 => Thing::Attachment(MessageKey::from_bytes(&bytes[17..33])?, part),
            2 => Thing::DraftFile(DraftId::from_bytes(&bytes[17..33])?, part),
            3 => Thing::Text(MessageKey::from_bytes(&bytes[17..33])?, part),
            4 => Thing::DraftText(DraftId::from_bytes(&bytes[17..33])?, part),
            _ => return None,
        };
        Some(Self {
            org_id: OrgId::from_bytes(&bytes[1..17])?,
            thing,
            until: Timestamp::from_micros(i64::from_be_bytes(until)),
        })
    }
}

impl App {
    /// Where the bytes of an attachment are.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn attachment(
        &self,
        grant: &Grant<perm::MessageRead>,
        inbox: &InboxId,
        id: &MessageId,
        attachment: &AttachmentId,
        base: &str,
    ) -> Result<wire::AttachmentResponse> {
        let message = self.find_message(grant, inbox, id).await?;
        let found = message
            .attachments
            .iter()
            .find(|part| part.attachment_id == *attachment);
        let found = found.ok_or_else(|| Error::not_found("Attachment"))?;
        Ok(self.link_to_attachment(grant, message.key, found, base))
    }

    pub(crate) fn link_to_attachment(
        &self,
        grant: &Grant<perm::MessageRead>,
        message: MessageKey,
        attachment: &Attachment,
        base: &str,
    ) -> wire::AttachmentResponse {
        let thing = Thing::Attachment(message, attachment.attachment_id);
        self.linked(grant.access().org_id(), thing, attachment, base)
    }

    pub(crate) fn link_to_draft_file(
        &self,
        grant: &Grant<perm::DraftRead>,
        draft: DraftId,
        file: &Attachment,
        base: &str,
    ) -> wire::AttachmentResponse {
        let thing = Thing::DraftFile(draft, file.attachment_id);
        self.linked(grant.access().org_id(), thing, file, base)
    }

    fn linked(
        &self,
        org_id: OrgId,
        thing: Thing,
        attachment: &Attachment,
        base: &str,
    ) -> wire::AttachmentResponse {
        let shown = render::attachment(attachment);
        let (download_url, until) = self.link(org_id, thing, base);
        let (declared, name) = (shown.content_type.as_deref(), shown.filename.as_deref());
        let text_url = Document::is_promising(declared, name, shown.size)
            .then(|| self.link(org_id, thing.as_text(), base).0);
        wire::AttachmentResponse {
            attachment_id: shown.attachment_id,
            filename: shown.filename,
            size: shown.size,
            content_type: shown.content_type,
            content_disposition: shown.content_disposition,
            content_id: shown.content_id,
            download_url,
            text_url,
            expires_at: until.to_string(),
        }
    }

    /// Where the raw bytes of a message are.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn raw(
        &self,
        grant: &Grant<perm::MessageRead>,
        inbox: &InboxId,
        id: &MessageId,
        base: &str,
    ) -> Result<wire::RawMessageResponse> {
        let message = self.find_message(grant, inbox, id).await?;
        let (download_url, until) =
            self.link(grant.access().org_id(), Thing::Raw(message.key), base);
        Ok(wire::RawMessageResponse {
            message_id: message.message_id.to_string(),
            size: message.size,
            download_url,
            expires_at: until.to_string(),
        })
    }

    fn link(&self, org_id: OrgId, thing: Thing, base: &str) -> (String, Timestamp) {
        let until = self.now().plus(LIFETIME);
        let signed = Target {
            org_id,
            thing,
            until,
        }
        .to_bytes();
        let mut token = signed.to_vec();
        token.extend(self.sign(&signed).as_bytes());
        let base = base.trim_end_matches('/');
        (
            format!("{base}/v0/downloads/{}", BASE64URL_NOPAD.encode(&token)),
            until,
        )
    }

    fn sign(&self, signed: &[u8; SIGNED]) -> blake3::Hash {
        blake3::keyed_hash(&self.0.link_key, signed)
    }

    /// What a link leads to. Needs no credential: the link is one.
    ///
    /// # Errors
    /// `not_found` when it was forged, has expired, or its message was removed; `unprocessable` for
    /// the text of a document that has none.
    pub async fn download(&self, token: &str) -> Result<Download> {
        let target = self.open(token).ok_or_else(|| {
            Error::not_found("Download")
                .fix("The link is damaged or older than an hour; ask for a new one.")
        })?;
        let access = self.store().system(target.org_id, Reason::Download);
        let reader: Grant<perm::MessageRead> = access.grant()?;
        match target.thing {
            Thing::Raw(key) => Ok(Download {
                content_type: "message/rfc822".to_owned(),
                filename: Some("message.eml".to_owned()),
                bytes: self.store().raw(&reader, key).await?,
            }),
            Thing::Attachment(key, id) => self.part_of(&reader, key, id).await,
            Thing::DraftFile(draft, id) => {
                let file = self.draft_file(&access.grant()?, draft, id).await?;
                Ok(Download::of(file.0, file.2))
            }
            Thing::Text(key, id) => self.text_of_part(&reader, key, id).await,
            Thing::DraftText(draft, id) => {
                let (shown, blob_id, bytes) = self.draft_file(&access.grant()?, draft, id).await?;
                let place = DocumentPlace { blob_id, part: 0 };
                self.text_in(target.org_id, place, shown, bytes).await
            }
        }
    }

    /// What a part of a message says, without its bytes where they have been read before.
    async fn text_of_part(
        &self,
        grant: &Grant<perm::MessageRead>,
        key: MessageKey,
        id: AttachmentId,
    ) -> Result<Download> {
        let found = self.store().read(grant, move |view| {
            let mut files = view.message_of_key(key)?.attachments.into_iter();
            let file = files.find(|file| file.attachment_id == id);
            let file = file.ok_or_else(|| Error::not_found("Attachment"))?;
            Ok((file, view.blob_of(key)?))
        });
        let (file, blob_id) = found.await?;
        let (org_id, part) = (grant.access().org_id(), file.part);
        let place = DocumentPlace { blob_id, part };
        if let Some(kept) = self.kept_text(org_id, place).await? {
            return text(kept, file);
        }
        let bytes = self.part_of(grant, key, id).await?.bytes;
        self.text_in(org_id, place, file, bytes).await
    }

    async fn text_in(
        &self,
        org_id: OrgId,
        place: DocumentPlace,
        file: Attachment,
        bytes: Bytes,
    ) -> Result<Download> {
        let document = Document {
            declared: file.content_type.clone(),
            name: file.filename.clone(),
            bytes,
        };
        let read = self.text_of_document(org_id, Some(place), document).await?;
        text(read, file)
    }

    async fn part_of(
        &self,
        grant: &Grant<perm::MessageRead>,
        key: MessageKey,
        id: AttachmentId,
    ) -> Result<Download> {
        let message = self
            .store()
            .read(grant, move |view| view.message_of_key(key))
            .await?;
        let raw = self.store().raw(grant, key).await?;
        let attachment = message
            .attachments
            .into_iter()
            .find(|part| part.attachment_id == id);
        let attachment = attachment.ok_or_else(|| Error::not_found("Attachment"))?;
        let part = attachment.part;
        let decode = move || mail::parse::attachment(&raw, part);
        let bytes = tokio::task::spawn_blocking(decode)
            .await
            .map_err(Error::internal)?;
        let bytes = bytes.ok_or_else(|| Error::not_found("Attachment"))?;
        Ok(Download::of(attachment, bytes.into()))
    }

    async fn draft_file(
        &self,
        grant: &Grant<perm::DraftRead>,
        draft: DraftId,
        id: AttachmentId,
    ) -> Result<(Attachment, BlobId, Bytes)> {
        let draft = self
            .store()
            .read(grant, move |view| view.draft(draft))
            .await?;
        let mut files = draft.files.into_iter();
        let file = files.find(|file| file.shown.attachment_id == id);
        let file = file.ok_or_else(|| Error::not_found("Attachment"))?;
        let blob = BlobId::parse(&file.blob);
        let blob = blob.ok_or_else(|| Error::internal("the file of a draft is damaged"))?;
        let bytes = self.store().raw_of_blob(grant, blob).await?;
        Ok((file.shown, blob, bytes))
    }

    fn open(&self, token: &str) -> Option<Target> {
        let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).ok()?;
        let bytes: &[u8; SIGNED + SIGNATURE] = bytes.as_slice().try_into().ok()?;
        let (signed, signature) = bytes.split_first_chunk::<SIGNED>()?;
        let signature: [u8; SIGNATURE] = signature.try_into().ok()?;
        // blake3's comparison of hashes takes constant time.
        let genuine = self.sign(signed) == blake3::Hash::from_bytes(signature);
        let target = Target::from_bytes(signed)?;
        (genuine && target.until > self.now()).then_some(target)
    }
}

/// The text of a document as a file.
fn text(read: std::result::Result<Text, Why>, file: Attachment) -> Result<Download> {
    let text = read.map_err(|why| {
        Error::new(Code::Unprocessable, format!("{why} ({})", why.name()))
            .fix("Take the file itself, from download_url.")
    })?;
    Ok(Download {
        content_type: "text/plain; charset=utf-8".to_owned(),
        filename: file.filename.map(|name| format!("{name}.txt")),
        bytes: text.text.into(),
    })
}
