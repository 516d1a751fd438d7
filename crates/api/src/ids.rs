//! Ids out of the path, as types.

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;
use mail::MessageId;
use model::domain::DomainName;
use model::list::{Direction, Entry, ListType};
use model::{
    ApiKeyId, ApprovalId, AttachmentId, DeliveryId, DraftId, Error, IdempotencyKey, InboxId, PodId,
    Result, ThreadId, WebhookId,
};

use crate::error::{Refusal, no_route};
use crate::settings::Door;

/// The ids of a route: one, or a tuple of several in any order.
pub(crate) struct At<T>(pub(crate) T);

/// An id that a route's path names.
pub(crate) trait PathId: Sized {
    /// The name between the braces of the path template.
    const NAME: &'static str;

    /// Reads the decoded segment.
    fn read(segment: &str) -> Result<Self>;
}

/// One id or several.
pub(crate) trait PathIds: Sized {
    /// Reads them, each found by its name.
    fn read_all<'a>(find: impl Fn(&str) -> Option<&'a str>) -> Result<Self>;
}

impl<T: PathId> PathIds for T {
    fn read_all<'a>(find: impl Fn(&str) -> Option<&'a str>) -> Result<Self> {
        T::read(find(T::NAME).ok_or_else(no_route)?)
    }
}

impl<A: PathId, B: PathId> PathIds for (A, B) {
    fn read_all<'a>(find: impl Fn(&str) -> Option<&'a str>) -> Result<Self> {
        Ok((A::read_all(&find)?, B::read_all(&find)?))
    }
}

impl<A: PathId, B: PathId, C: PathId> PathIds for (A, B, C) {
    fn read_all<'a>(find: impl Fn(&str) -> Option<&'a str>) -> Result<Self> {
        Ok((
            A::read_all(&find)?,
            B::read_all(&find)?,
            C::read_all(&find)?,
        ))
    }
}

impl<T: PathIds> FromRequestParts<Door> for At<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, door: &Door) -> Result<Self, Refusal> {
        let found = captures(parts, door).await?;
        Ok(Self(T::read_all(|name| capture(&found, name))?))
    }
}

/// The pod and the inbox that a path names.
pub(crate) async fn place(
    parts: &mut Parts,
    door: &Door,
) -> Result<(Option<PodId>, Option<InboxId>)> {
    let found = captures(parts, door).await?;
    let pod = capture(&found, PodId::NAME).map(PodId::read).transpose()?;
    let inbox = capture(&found, InboxId::NAME)
        .map(InboxId::read)
        .transpose()?;
    Ok((pod, inbox))
}

async fn captures(parts: &mut Parts, door: &Door) -> Result<RawPathParams> {
    // The path was decoded once before, so only a route without captures has none.
    let found = RawPathParams::from_request_parts(parts, door).await;
    found.map_err(|problem| no_route().because(problem))
}

fn capture<'a>(found: &'a RawPathParams, name: &str) -> Option<&'a str> {
    let own = found.iter().find(|(key, _)| *key == name);
    own.map(|(_, value)| value)
}

/// What is no address is the id of no inbox, so it is not found rather than wrong: the SDKs declare
/// only 404 for these routes.
impl PathId for InboxId {
    const NAME: &'static str = "inbox_id";

    fn read(segment: &str) -> Result<Self> {
        Self::parse(segment).ok_or_else(|| Error::not_found("Inbox"))
    }
}

impl PathId for MessageId {
    const NAME: &'static str = "message_id";

    fn read(segment: &str) -> Result<Self> {
        Self::parse(segment).ok_or_else(|| Error::not_found("Message"))
    }
}

/// The id of a value that must not leave; the verb reads it.
pub(crate) struct ValueId(pub(crate) String);

impl PathId for ValueId {
    const NAME: &'static str = "value_id";

    fn read(segment: &str) -> Result<Self> {
        Ok(Self(segment.to_owned()))
    }
}

/// The hosted service answers 400 here, and clients know the text.
impl PathId for ThreadId {
    const NAME: &'static str = "thread_id";

    fn read(segment: &str) -> Result<Self> {
        segment
            .parse()
            .map_err(|_| Error::invalid(Self::NAME, "invalid_value", "Invalid UUID"))
    }
}

impl PathId for ApprovalId {
    const NAME: &'static str = "approval_id";

    fn read(segment: &str) -> Result<Self> {
        segment.parse().map_err(|_| Error::not_found("Approval"))
    }
}

impl PathId for AttachmentId {
    const NAME: &'static str = "attachment_id";

    fn read(segment: &str) -> Result<Self> {
        segment.parse().map_err(|_| Error::not_found("Attachment"))
    }
}

impl PathId for PodId {
    const NAME: &'static str = "pod_id";

    fn read(segment: &str) -> Result<Self> {
        segment.parse().map_err(|_| Error::not_found("Pod"))
    }
}

impl PathId for DomainName {
    const NAME: &'static str = "domain_id";

    fn read(segment: &str) -> Result<Self> {
        Self::parse(segment).ok_or_else(|| Error::not_found("Domain"))
    }
}

impl PathId for WebhookId {
    const NAME: &'static str = "webhook_id";

    fn read(segment: &str) -> Result<Self> {
        segment.parse().map_err(|_| Error::not_found("Webhook"))
    }
}

impl PathId for DeliveryId {
    const NAME: &'static str = "delivery_id";

    fn read(segment: &str) -> Result<Self> {
        segment.parse().map_err(|_| Error::not_found("Delivery"))
    }
}

impl PathId for ApiKeyId {
    const NAME: &'static str = "api_key_id";

    fn read(segment: &str) -> Result<Self> {
        segment.parse().map_err(|_| Error::not_found("API key"))
    }
}

impl PathId for Direction {
    const NAME: &'static str = "direction";

    fn read(segment: &str) -> Result<Self> {
        let message = "direction is send, receive or reply";
        Self::parse(segment)
            .ok_or_else(|| Error::invalid(<Self as PathId>::NAME, "invalid_value", message))
    }
}

impl PathId for ListType {
    const NAME: &'static str = "type";

    fn read(segment: &str) -> Result<Self> {
        let message = "type is allow or block";
        Self::parse(segment)
            .ok_or_else(|| Error::invalid(<Self as PathId>::NAME, "invalid_value", message))
    }
}

/// What cannot be an entry is on no list.
impl PathId for Entry {
    const NAME: &'static str = "entry";

    fn read(segment: &str) -> Result<Self> {
        Self::parse(segment).map_err(|_| Error::not_found("List entry"))
    }
}

impl PathId for DraftId {
    const NAME: &'static str = "draft_id";

    fn read(segment: &str) -> Result<Self> {
        segment.parse().map_err(|_| Error::not_found("Draft"))
    }
}

/// What cannot be a key has nothing sent under it.
impl PathId for IdempotencyKey {
    const NAME: &'static str = "idempotency_key";

    fn read(segment: &str) -> Result<Self> {
        Self::parse(segment).map_err(|_| Error::not_found("Send"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_by_name_and_folded() {
        let find = |name: &str| match name {
            "inbox_id" => Some("Bot@Mail.TEST"),
            "message_id" => Some("a@b"),
            _ => None,
        };
        let (message, inbox) = <(MessageId, InboxId)>::read_all(find).unwrap();
        assert_eq!(
            (message.as_str(), inbox.as_str()),
            ("<a@b>", "bot@mail.test")
        );
        let bracketed = |_: &str| Some("<a@b>");
        assert_eq!(MessageId::read_all(bracketed).unwrap(), message);
    }

    #[test]
    fn what_cannot_be_an_id_names_what_is_missing() {
        let detail = |error: Error| error.detail().to_owned();
        assert_eq!(
            detail(InboxId::read("nobody").unwrap_err()),
            "Inbox not found"
        );
        assert_eq!(
            detail(MessageId::read("a b").unwrap_err()),
            "Message not found"
        );
        assert_eq!(detail(ThreadId::read("1").unwrap_err()), "Invalid UUID");
        assert_eq!(
            detail(AttachmentId::read("1").unwrap_err()),
            "Attachment not found"
        );
        assert_eq!(
            detail(ApiKeyId::read("1").unwrap_err()),
            "API key not found"
        );
    }
}
