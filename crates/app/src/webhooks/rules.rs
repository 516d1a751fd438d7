//! What a webhook may be: its address, its kinds of events and its header fields.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use http::{HeaderName, HeaderValue};
use model::{Code, Error, EventKind, Permission, Result};
use store::Access;
use sys::dial::Dialer;
use url::Url;

/// Pods and inboxes a webhook may be narrowed to, together.
const MAX_NARROWED: usize = 10;

/// Header fields of a webhook, and octets of all of them.
const MAX_HEADERS: usize = 20;
const MAX_HEADER_OCTETS: usize = 8 << 10;

/// Seconds for which arrivals in a thread may be gathered: nobody should have to wait longer for an
/// answer because somebody else might write too.
const GATHERED: RangeInclusive<u32> = 1..=300;

/// Header fields by their names.
pub(crate) type Fields = BTreeMap<String, String>;

/// Checks an address as far as that is possible without asking for it, and gives its normal form.
pub(crate) fn address(dialer: &Dialer, text: Option<&str>) -> Result<Url> {
    let invalid = |message: String| {
        Error::invalid("url", "invalid_value", message).fix(
            "Give an https URL of a server on the public internet. Private addresses have to be \
             allowed by the operator with egress_allow.",
        )
    };
    let text = text.unwrap_or_default();
    if text.len() > 2048 {
        return Err(Error::invalid(
            "url",
            "too_big",
            "url has at most 2048 characters",
        ));
    }
    let mut url = Url::parse(text).map_err(|_| invalid("url is not a URL".to_owned()))?;
    url.set_fragment(None);
    match dialer.check(&url) {
        Ok(()) => Ok(url),
        Err(error) => Err(invalid(error.to_string())),
    }
}

/// The kinds that are asked for: `None` for all. Whoever may not read mail may not have it sent
/// elsewhere either.
pub(crate) fn kinds(access: &Access, names: Option<&[String]>) -> Result<Option<Vec<EventKind>>> {
    let names = names.unwrap_or_default();
    if names.is_empty() {
        allow(access, Permission::MessageRead)?;
        return Ok(None);
    }
    let mut kinds = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let kind = EventKind::parse(name).ok_or_else(|| {
            let path = format!("event_types.{index}");
            Error::invalid(
                &path,
                "invalid_value",
                "There is no event type of this name",
            )
        })?;
        if kind.name().starts_with("message.") {
            allow(access, Permission::MessageRead)?;
        }
        if let Some(right) = kind.extra_permission() {
            allow(access, right)?;
        }
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    Ok(Some(kinds))
}

fn allow(access: &Access, right: Permission) -> Result<()> {
    if access.permissions().has(right) {
        return Ok(());
    }
    let name = right.name();
    Err(
        Error::new(Code::MissingPermission, format!("`{name}` is forbidden"))
            .fix("Use a key that has this permission, or leave the event type out."),
    )
}

/// Refuses a filter that names too much.
pub(crate) fn narrowed(pods: usize, inboxes: usize) -> Result<()> {
    if pods + inboxes <= MAX_NARROWED {
        return Ok(());
    }
    let detail = format!("A webhook has at most {MAX_NARROWED} pods and inboxes together");
    Err(Error::new(Code::LimitExceeded, detail)
        .fix("Make several webhooks, or one of a whole pod."))
}

/// Checks for how many seconds arrivals are to be gathered.
///
/// # Errors
/// `validation_error`.
pub(crate) fn gather(seconds: i64) -> Result<u32> {
    let known = u32::try_from(seconds).ok();
    known.filter(|seconds| GATHERED.contains(seconds)).ok_or_else(|| {
        let (least, most) = (GATHERED.start(), GATHERED.end());
        let code = if seconds < i64::from(*least) { "too_small" } else { "too_big" };
        let detail = format!("gather is a number of seconds from {least} to {most}");
        Error::invalid("gather", code, detail).fix(format!(
            "Give {least} to {most} seconds; leave it out, or change it to null, to have each message posted at once."
        ))
    })
}

/// Checks header fields that are to go with every request.
pub(crate) fn fields(fields: &Fields) -> Result<()> {
    let octets = fields.iter().map(|(name, value)| name.len() + value.len());
    if fields.len() > MAX_HEADERS || octets.sum::<usize>() > MAX_HEADER_OCTETS {
        let detail =
            format!("A webhook has at most {MAX_HEADERS} headers with {MAX_HEADER_OCTETS} octets");
        return Err(Error::invalid("headers", "too_big", detail));
    }
    let mut seen = Vec::new();
    for (name, value) in fields {
        let short: String = name.chars().take(64).collect();
        let invalid =
            |message: &str| Error::invalid(&format!("headers.{short}"), "invalid_value", message);
        let parsed = name.parse::<HeaderName>();
        let parsed = parsed.map_err(|_| invalid("This is not the name of a header"))?;
        if is_ours(parsed.as_str()) {
            return Err(invalid("This header is set by the server")
                .fix("Leave it out, or choose a name of your own such as X-Token."));
        }
        if seen.contains(&parsed) {
            return Err(invalid("The header is there twice"));
        }
        seen.push(parsed);
        let plain = value
            .bytes()
            .all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte));
        if !plain || HeaderValue::from_str(value).is_err() {
            return Err(invalid("A header's value has visible ASCII only"));
        }
    }
    Ok(())
}

/// Fields that frame a request (RFC 9110 §7.6.1), say what the body is, or carry the signature.
fn is_ours(name: &str) -> bool {
    const FRAMING: [&str; 10] = [
        "connection",
        "expect",
        "host",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ];
    FRAMING.contains(&name)
        || ["content-", "svix-", "webhook-"]
            .iter()
            .any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &str, value: &str) -> Result<()> {
        fields(&Fields::from([(name.to_owned(), value.to_owned())]))
    }

    #[test]
    fn fields_of_the_request_itself_are_refused() {
        for name in ["Authorization", "X-Token", "User-Agent", "Cookie"] {
            assert!(one(name, "Bearer x").is_ok(), "{name}");
        }
        for name in [
            "Host",
            "connection",
            "Content-Length",
            "Content-Type",
            "content-encoding",
            "Transfer-Encoding",
            "TE",
            "Svix-Id",
            "webhook-signature",
            "Upgrade",
            "",
            "a b",
            "a:b",
            "naïve",
        ] {
            assert!(one(name, "x").is_err(), "{name}");
        }
        for value in ["a\r\nX: y", "a\n", "\0", "ü", "\u{7f}"] {
            assert!(one("X-Token", value).is_err(), "{value:?}");
        }
    }

    #[test]
    fn arrivals_are_gathered_for_five_minutes_at_most() {
        assert_eq!((gather(1).unwrap(), gather(300).unwrap()), (1, 300));
        for seconds in [0, -1, 301, i64::MIN, i64::MAX] {
            assert!(gather(seconds).is_err(), "{seconds}");
        }
    }

    #[test]
    fn too_many_and_doubled_fields_are_refused() {
        let many = |n: usize| (0..n).map(|i| (format!("X-{i}"), "v".to_owned())).collect();
        assert!(fields(&many(20)).is_ok());
        assert!(fields(&many(21)).is_err());
        assert!(one("X-Long", &"v".repeat(9000)).is_err());
        let twice = [("X-A", "1"), ("x-a", "2")];
        let twice = twice.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert!(fields(&Fields::from(twice)).is_err());
    }
}
