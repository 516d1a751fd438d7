//! Links to raw mail and attachments that need no credential: signed, and good for an hour.

use std::time::Duration;

use bytes::Bytes;
use data_encoding::BASE64URL_NOPAD;
use mail::{MessageId, Timestamp};
use model::message::Attachment;
use model::{AttachmentId, Error, InboxId, MessageKey, OrgId, Result, perm};
use store::{Grant, Reason};

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

/// What a link says: everything needed to find the bytes, and until when.
struct Target {
    org_id: OrgId,
    message: MessageKey,
    /// A part of the message, or the whole.
    attachment: Option<AttachmentId>,
    until: Timestamp,
}

const SIGNED: usize = 16 + 16 + 16 + 8;
const SIGNATURE: usize = 32;

impl Target {
    fn to_bytes(&self) -> [u8; SIGNED] {
        let mut bytes = [0; SIGNED];
        bytes[..16].copy_from_slice(self.org_id.as_bytes());
        bytes[16..32].copy_from_slice(self.message.as_bytes());
        if let Some(id) = &self.attachment {
            bytes[32..48].copy_from_slice(id.as_bytes());
        }
        bytes[48..].copy_from_slice(&self.until.as_micros().to_be_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8; SIGNED]) -> Option<Self> {
        let until = bytes[48..].try_into().ok()?;
        Some(Self {
            org_id: OrgId::from_bytes(&bytes[..16])?,
            message: MessageKey::from_bytes(&bytes[16..32])?,
            attachment: AttachmentId::from_bytes(&bytes[32..48])
                .filter(|id| !id.as_uuid().is_nil()),
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
        let shown = render::attachment(attachment);
        let id = Some(attachment.attachment_id);
        let (download_url, until) = self.link(grant.access().org_id(), message, id, base);
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
        let (download_url, until) = self.link(grant.access().org_id(), message.key, None, base);
        Ok(wire::RawMessageResponse {
            message_id: message.message_id.to_string(),
            size: message.size,
            download_url,
            expires_at: until.to_string(),
        })
    }

    fn link(
        &self,
        org_id: OrgId,
        message: MessageKey,
        attachment: Option<AttachmentId>,
        base: &str,
    ) -> (String, Timestamp) {
        let until = self.now().plus(LIFETIME);
        let signed = Target {
            org_id,
            message,
            attachment,
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
        let grant: Grant<perm::MessageRead> = access.grant()?;
        let key = target.message;
        let message = self
            .store()
            .read(&grant, move |view| view.message_of_key(key))
            .await?;
        let raw = self.store().raw(&grant, key).await?;
        let Some(id) = target.attachment else {
            return Ok(Download {
                content_type: "message/rfc822".to_owned(),
                filename: Some("message.eml".to_owned()),
                bytes: raw,
            });
        };
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
        Ok(Download {
            content_type: attachment
                .content_type
                .unwrap_or_else(|| "application/octet-stream".to_owned()),
            filename: attachment.filename,
            bytes: bytes.ok_or_else(|| Error::not_found("Attachment"))?.into(),
        })
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
