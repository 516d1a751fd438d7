//! Drafts.

use serde::{Deserialize, Serialize};

use crate::{Attachment, OneOrMany, Patch, SendAttachment};

/// A draft with its bodies, as `get`, `create` and `update` give it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The organisation; sent by the hosted service though the SDKs do not declare it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<String>,
    /// The pod, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_id: Option<String>,
    /// The inbox.
    pub inbox_id: String,
    /// Its id, a UUID.
    pub draft_id: String,
    /// The caller's own id for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Its labels.
    pub labels: Vec<String>,
    /// Where replies go.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reply_to: Vec<String>,
    /// To
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<String>,
    /// Cc
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cc: Vec<String>,
    /// Bcc
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bcc: Vec<String>,
    /// The subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The start of the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<String>,
    /// The text, without what sending adds below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The HTML, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// What it carries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// The message it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_reply_to: Option<String>,
    /// The message it sends on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forward_of: Option<String>,
    /// The Message-IDs of its ancestors, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
    /// The thread of the message it answers or sends on; declared by older SDKs only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<String>,
    /// `scheduled`, `sending` or `failed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_status: Option<String>,
    /// When it goes by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_at: Option<String>,
    /// Why it could not be sent. The hosted service does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_error: Option<String>,
    /// When it was last changed.
    pub updated_at: String,
    /// When it was made.
    pub created_at: String,
}

/// A draft without its bodies, as lists give it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftItem {
    /// The organisation; sent by the hosted service though the SDKs do not declare it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<String>,
    /// The pod, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_id: Option<String>,
    /// The inbox.
    pub inbox_id: String,
    /// Its id, a UUID.
    pub draft_id: String,
    /// Its labels.
    pub labels: Vec<String>,
    /// To
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<String>,
    /// Cc
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cc: Vec<String>,
    /// Bcc
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bcc: Vec<String>,
    /// The subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The start of the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<String>,
    /// What it carries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// The message it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_reply_to: Option<String>,
    /// The message it sends on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forward_of: Option<String>,
    /// `scheduled`, `sending` or `failed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_status: Option<String>,
    /// When it goes by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_at: Option<String>,
    /// Why it could not be sent. The hosted service does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_error: Option<String>,
    /// When it was last changed.
    pub updated_at: String,
}

/// `drafts.list`, `pods.drafts.list` and `inboxes.drafts.list`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListDraftsResponse {
    /// How many items this page has.
    pub count: usize,
    /// The page size that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// The next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
    /// The page.
    pub drafts: Vec<DraftItem>,
}

/// `inboxes.drafts.create`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateDraftRequest {
    /// Labels for the draft and for the message it becomes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<OneOrMany>,
    /// Where replies go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<OneOrMany>,
    /// To
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<OneOrMany>,
    /// Cc
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cc: Option<OneOrMany>,
    /// Bcc
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bcc: Option<OneOrMany>,
    /// The subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The HTML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// What it carries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attachments: Option<Vec<SendAttachment>>,
    /// The message it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_reply_to: Option<String>,
    /// The message it sends on; not together with `in_reply_to`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forward_of: Option<String>,
    /// Whether an answer goes to everybody on the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_all: Option<bool>,
    /// When it shall go by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_at: Option<String>,
    /// The caller's own id: the same id again gives the first draft of the inbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
}

/// `inboxes.drafts.update`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateDraftRequest {
    /// Where replies go.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub reply_to: Patch<OneOrMany>,
    /// To
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub to: Patch<OneOrMany>,
    /// Cc
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub cc: Patch<OneOrMany>,
    /// Bcc
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub bcc: Patch<OneOrMany>,
    /// The subject.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub subject: Patch<String>,
    /// The text.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub text: Patch<String>,
    /// The HTML.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub html: Patch<String>,
    /// Files to add.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub add_attachments: Option<Vec<SendAttachment>>,
    /// Ids of files to take away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remove_attachments: Option<OneOrMany>,
    /// Labels to add.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub add_labels: Option<OneOrMany>,
    /// Labels to take away; wins over `add_labels`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remove_labels: Option<OneOrMany>,
    /// When it shall go by itself; `null` takes that back.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub send_at: Patch<String>,
}
