//! The public JSON, exactly as the AgentMail SDKs send and expect it: one file per resource, field
//! names as on the wire, times already rendered as text.
//!
//! Requests tolerate unknown fields and treat `null` as absent, except where [`Patch`] keeps the
//! two apart. Responses leave absent optional fields out and never write `null` for them, because
//! the TypeScript SDK warns about it. Nothing here checks more than the shape: what a value may be
//! is decided where it is used.

mod agent_armor;
mod api_key;
mod approval;
mod attachment;
mod audit;
mod authentication;
mod batch;
mod codes;
mod domain;
mod draft;
mod error;
mod event;
mod extraction;
mod fact;
mod identity;
mod inbox;
mod json;
mod leak_value;
mod list;
mod log;
mod message;
mod metric;
mod onboarding;
mod operator;
mod page;
mod pause;
mod pod;
mod policy;
mod polling;
mod search;
mod send;
mod shape;
mod socket;
mod suppression;
mod thread;
mod timeline;
mod view;
mod webhook;

pub use agent_armor::{
    AgentArmorActor, AgentArmorComplete, AgentArmorFeedback, AgentArmorManualOverride,
    AgentArmorResult, AgentArmorSettings, CreateAgentArmorFeedbackRequest, HiddenText, LookAlike,
    ReleaseAgentArmorMessageRequest, ReleaseAgentArmorMessageResponse, Screen, ScreenFinding,
    SenderIdentity, UpdateAgentArmorRequest,
};
pub use api_key::{
    ApiKey, ApiKeyPermissions, CreateApiKeyRequest, CreateApiKeyResponse, ListApiKeysResponse,
    UpdateApiKeyRequest,
};
pub use approval::{
    Approval, ApprovalLink, ApproveRequest, Decision, DeclineRequest, ListApprovalsResponse,
};
pub use attachment::{Attachment, AttachmentResponse, SendAttachment};
pub use audit::{AuditEntry, ListAuditResponse};
pub use authentication::{Arc, Authentication, Dkim, Dmarc, Spf};
pub use batch::{
    BatchGetMessagesRequest, BatchGetMessagesResponse, BatchUpdateMessagesRequest,
    BatchUpdateMessagesResponse,
};
pub use codes::{ActionLink, Codes, MessageCodes, OneTimeCode, WaitResponse};
pub use domain::{
    CreateDomainRequest, Domain, DomainItem, GetSetupLinkResponse, ListDomainsResponse,
    UpdateDomainRequest, VerificationRecord,
};
pub use draft::{CreateDraftRequest, Draft, DraftItem, ListDraftsResponse, UpdateDraftRequest};
pub use error::{ErrorResponse, Finding, ValidationIssue};
pub use event::{MessageReceivedEvent, MessageSentEvent, SendEvent};
pub use extraction::{Extraction, ForwardedMessage, TextSpan};
pub use fact::{Absence, Fact, Invitation, Moment};
pub use identity::{Identity, Organization, OrganizationLabs};
pub use inbox::{
    CreateInboxRequest, Inbox, ListInboxesResponse, Metadata, MetadataPatch, MetadataValue,
    UpdateInboxRequest,
};
pub use json::{Malformed, from_slice};
pub use leak_value::{CreateLeakValueRequest, LeakValue, ListLeakValuesResponse};
pub use list::{CreateListEntryRequest, ListEntry, ListListEntriesResponse};
pub use log::{InboxEvent, ListEventsResponse, ListInboxEventsResponse};
pub use message::{
    ListMessagesResponse, Message, MessageBody, MessageItem, RawMessageResponse,
    ReplyAllMessageRequest, ReplyToMessageRequest, SendMessageRequest, SendMessageResponse, Signal,
    Spam, UpdateMessageRequest, UpdateMessageResponse,
};
pub use metric::{
    MetricBucket, QueryMetricsResponse, QueryRatesResponse, QueryUsageResponse, RatePoint,
    UsagePoint,
};
pub use onboarding::{
    AgentAttachHumanRequest, AgentAttachHumanResponse, AgentSignupRequest, AgentSignupResponse,
    AgentVerifyRequest, AgentVerifyResponse,
};
pub use operator::{Order, OrderAnswer, OrderPlace, OrderRequest, OrderWish};
pub use page::{MessagePage, PageHidden, PageImage, PageLink};
pub use pause::{PauseSendingRequest, SendingPause, SendingStatus, ThreadPause};
pub use pod::{CreatePodRequest, ListPodsResponse, Pod};
pub use policy::{EffectivePolicy, Policy, PolicyResponse, QuietHours, SetPolicyRequest};
pub use polling::{
    CreatePollingWebhookRequest, CreatePollingWebhookResponse, ListPollingWebhooksResponse,
    PollResponse, PollingWebhook,
};
pub use search::{
    SearchHighlights, SearchInboxesResponse, SearchMessageItem, SearchMessagesResponse,
    SearchThreadItem, SearchThreadsResponse,
};
pub use send::{Delivery, DeliveryAttempt, DeliveryReport, ListDeliveriesResponse, Send};
pub use shape::{Headers, OneOrMany, Patch};
pub use socket::{
    ErrorFrame, Frame, SocketTicket, Subscribe, Subscribed, Unknown, Unsubscribe, Unsubscribed,
};
pub use suppression::{CreateSuppressionRequest, ListSuppressionsResponse, Suppression};
pub use thread::{
    ListThreadsResponse, Thread, ThreadItem, UpdateThreadRequest, UpdateThreadResponse,
};
pub use timeline::{
    MessageOrigin, MessageTimeline, TimelineEntry, TimelineEvent, TimelineLabel, TimelineWebhook,
    Trace, Traces,
};

pub use view::{
    HiddenParts, MessageView, ThreadView, ViewedAttachment, ViewedMessage, ViewedSender,
};
pub use webhook::{
    CreateWebhookRequest, ListWebhookDeliveriesResponse, ListWebhooksResponse,
    ReplayWebhookRequest, ReplayWebhookResponse, UpdateWebhookHeadersRequest, UpdateWebhookRequest,
    Webhook, WebhookAttempt, WebhookDelivery, WebhookHeaderNamesResponse,
};

#[cfg(test)]
mod tests;
