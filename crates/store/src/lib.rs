//! All data at rest: SQL, the event log, jobs and blobs. The only crate that sees a database.
//!
//! A caller opens a transaction with a [`Grant`], which comes from an authenticated [`Access`];
//! every statement carries the tenant predicate of that access. A transaction is a synchronous
//! closure run on the store's own threads, so it cannot wait for the network, and dropping the
//! caller's future cannot stop it half-way. `Ok` means committed and synced to disk.

mod access;
mod agents;
mod approval_mails;
mod approvals;
mod audit;
mod authenticate;
mod backup;
mod blobs;
mod budgets;
mod certificates;
mod claims;
mod codec;
mod db;
mod deliveries;
mod departures;
mod dialect;
mod document_texts;
mod domains;
mod drafts;
mod engine;
mod events;
mod gate;
mod greylist;
mod halts;
mod idempotency;
mod inboxes;
mod inspect;
mod jobs;
mod keys;
mod label_changes;
mod leak_values;
mod lists;
mod log;
mod messages;
mod metrics;
mod migrate;
mod mta_sts;
mod open;
mod orgs;
mod padded;
#[cfg(test)]
mod plans;
mod pods;
mod polling;
mod reports;
mod routing;
mod screening;
mod search;
mod sends;
mod signing;
#[cfg(test)]
mod statements;
mod suppressions;
mod taint;
mod threads;
mod tickets;
mod timeline;
mod txn;
mod view;
mod webhooks;

pub use access::{Access, Actor, Credential, Grant, Reason};
pub use agents::{Agent, NewAgent};
pub use approval_mails::ApprovalMail;
pub use approvals::ApprovalEnd;
pub use audit::{AuditEntry, NO_HASH, NewAudit};
pub use backup::{
    BackupError, Contents, ObjectFiles, Restored, TableFile, back_up, key_mark, restore, verify,
};
pub use blobs::{BlobId, Placed};
pub use budgets::{TURN_WINDOW, ThreadPause, TurnCount, TurnOf};
pub use certificates::{CertificateOrder, CertificateTries, StoredCertificate};
pub use deliveries::{Attempt, Delivery, DeliveryState, Settled};
pub use departures::{DELIVER_MAIL, Departure};
pub use document_texts::{DocumentPlace, DocumentText};
pub use domains::{Checked, DomainChange, NewDomain, NewDomainOutcome, Standing};
pub use drafts::{DraftChange, NewDraftOutcome};
pub use events::{EventTail, LogEntry, NewEvent};
pub use gate::{DraftAuthor, Known, OnMessage, Shown};
pub use halts::{Halt, HaltCause, NewHalt};
pub use idempotency::{Answer, NewAnswer};
pub use inboxes::{InboxChange, NewInbox, NewInboxOutcome, Route};
pub use inspect::{Inspection, OrderState, QueueState, check_integrity, inspect};
pub use jobs::{ClaimedJob, Finish, JobId, Lane, NewJob, POST_HOOK};
pub use keys::NewKey;
pub use label_changes::LabelChange;
pub use leak_values::LeakValue;
pub use lists::{Governed, NewListEntry};
pub use log::{LogPlace, LogSlice};
pub use messages::{Body, Filed, NewMessage, Position, Received, ThreadMove, WithoutBodies};
pub use metrics::{Counted, Uncounted, UsageHistory};
pub use mta_sts::StoredPolicy;
pub use open::{Engine, OpenError, Store};
pub use pods::NewPod;
pub use polling::NewPollingWebhook;
pub use reports::{DeliveryReport, ReportKind, Reported};
pub use screening::{MOST_TRAITS, Modes, is_held};
pub use search::{
    Merge, MessageHit, NewSegment, SearchFilter, SearchPage, SegmentId, TAIL, ThreadHit,
};
pub use signing::{KeyInUse, NewSigningKey, SharedDomain};
pub use suppressions::{Suppression, SuppressionReason};
pub use timeline::MessageEvent;
pub use txn::Txn;
pub use view::View;
pub use webhooks::{
    AttemptEnd, DueHook, FannedOut, Gathered, NewWebhook, WebhookChange, WebhookRow, delivery_id,
};
