//! The product's nouns: organisations, pods, inboxes, threads, messages, keys, permissions and the
//! closed list of public errors. No I/O and no time of its own.

pub mod api_key;
pub mod approval;
pub mod armor;
pub mod authentication;
pub mod domain;
pub mod draft;
pub mod error;
pub mod event;
pub mod fact;
pub mod gate;
pub mod id;
pub mod idempotency;
pub mod identity;
pub mod inbox;
pub mod label;
pub mod list;
pub mod message;
pub mod metric;
pub mod org;
pub mod page;
pub mod permission;
pub mod policy;
pub mod polling;
pub mod preset;
pub mod screened;
pub mod taint;
pub mod thread;
pub mod webhook;

pub use error::{Code, Error, Issue, Kind, Result};
pub use event::{EventFilter, EventKind};
pub use gate::{Decision, Finding};
pub use id::{
    ApiKeyId, ApprovalId, AttachmentId, DomainKey, DraftId, EventId, InboxId, InboxKey, MessageKey,
    OrgId, PodId, SigningKeyId, ThreadId,
};
pub use idempotency::IdempotencyKey;
pub use label::{Hidden, Label, Labels};
pub use permission::{Need, Permission, PermissionSet, perm};
pub use webhook::{DeliveryId, WebhookId};
