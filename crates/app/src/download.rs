//! Links to raw mail and attachments that need no credential: signed, and good for an hour.

use std::time::Duration;

use bytes::Bytes;
use data_encoding::BASE64URL_NOPAD;
use mail::{MessageId, Timestamp};
use model::message::Attachment;
use model::{AttachmentId, DraftId, Error, InboxId, MessageKey, OrgId, Result, perm};
use store::{BlobId, Grant, Reason};

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
        wire::AttachmentResponse {
            attachment_id: shown.attachment_id,
            filename: shown.filename,
            size: shown.size,
            content_type: shown.content_type,
            content_disposition: shown.content_disposition,
            content_id: shown.content_id,
            download_url,
            text_url: None,
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
    /// `not_found` when it was forged, has expired, or its message was removed.
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
            Thing::DraftFile(draft, id) => self.draft_file(&access.grant()?, draft, id).await,
        }
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
    ) -> Result<Download> {
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
        Ok(Download::of(file.shown, bytes))
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
