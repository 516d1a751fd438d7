//! Attachments.

use serde::{Deserialize, Serialize};

/// What is known of an attachment without its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Its id, a UUID.
    pub attachment_id: String,
    /// The name it came with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    /// Decoded octets.
    pub size: i64,
    /// Its media type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// `inline` or `attachment`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_disposition: Option<String>,
    /// What `cid:` links call it, without angle brackets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_id: Option<String>,
}

/// `*.get_attachment`: the attachment and where its bytes are. The URL needs no credential until
/// it expires, so it is a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttachmentResponse {
    /// Its id, a UUID.
    pub attachment_id: String,
    /// The name it came with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    /// Decoded octets.
    pub size: i64,
    /// Its media type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// `inline` or `attachment`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_disposition: Option<String>,
    /// What `cid:` links call it, without angle brackets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_id: Option<String>,
    /// Where its bytes are.
    pub download_url: String,
    /// Where its extracted text is, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_url: Option<String>,
    /// Until when the URLs work.
    pub expires_at: String,
}

/// An attachment to send. Exactly one of `content` and `url` must be given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendAttachment {
    /// The name that recipients see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    /// Its media type; guessed when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// `attachment` (when absent) or `inline`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_disposition: Option<String>,
    /// What `cid:` links call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_id: Option<String>,
    /// Its bytes in standard base64 with padding (RFC 4648 §4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Where to fetch it when the message is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}
