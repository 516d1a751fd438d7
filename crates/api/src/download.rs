//! The bytes of attachments and raw messages, by signed link.
//!
//! What is served here was written by strangers and comes from the origin of the API, so no browser
//! may show it as a page of that origin.

use app::App;
use axum::extract::{RawPathParams, State};
use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};

use crate::error::{Refusal, no_route};
use crate::percent::encode_parameter;
use crate::quota::Admitted;

const BINARY: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// `GET /v0/downloads/{token}`: needs no credential, the token is one.
pub(crate) async fn get(
    _: Admitted,
    State(app): State<App>,
    params: RawPathParams,
) -> Result<Response, Refusal> {
    let token = params.iter().find(|(name, _)| *name == "token");
    let (_, token) = token.ok_or_else(no_route)?;
    Ok(file(app.download(token).await?))
}

/// What a link that was just made leads to, for clients that expect the bytes in its place.
///
/// # Errors
/// As those of the link.
pub(crate) async fn follow(app: &App, link: &str) -> Result<Response, Refusal> {
    let (_, token) = link.rsplit_once('/').ok_or_else(no_route)?;
    Ok(file(app.download(token).await?))
}

fn file(file: app::Download) -> Response {
    let head = [
        (CONTENT_TYPE, content_type(&file.content_type)),
        (CONTENT_DISPOSITION, disposition(file.filename.as_deref())),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (
            CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("sandbox; default-src 'none'"),
        ),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (
            CACHE_CONTROL,
            HeaderValue::from_static("private, no-transform"),
        ),
    ];
    (head, file.bytes).into_response()
}

/// The type the sender claims, when it has the form of one (RFC 9110 §8.3.1).
fn content_type(claimed: &str) -> HeaderValue {
    let essence = claimed.split(';').next().unwrap_or_default().trim();
    let is_token = |part: &str| {
        let is_char = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        !part.is_empty() && part.bytes().all(is_char)
    };
    let has_form = essence
        .split_once('/')
        .is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype));
    if !has_form {
        return BINARY;
    }
    HeaderValue::try_from(claimed).unwrap_or(BINARY)
}

/// To be saved, never shown (RFC 6266 §4). The plain name is for clients that do not know the
/// extended one.
fn disposition(filename: Option<&str>) -> HeaderValue {
    let attachment = HeaderValue::from_static("attachment");
    let Some(name) = filename else {
        return attachment;
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || " .-_()+@,".contains(c);
    let safe: String = name
        .chars()
        .map(|c| {
            if c.is_control() || "/\\".contains(c) {
                '_'
            } else {
                c
            }
        })
        .take(200)
        .collect();
    let plain: String = safe
        .chars()
        .map(|c| if is_plain(c) { c } else { '_' })
        .collect();
    let extended = encode_parameter(&safe);
    let field = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{extended}");
    HeaderValue::try_from(field).unwrap_or(attachment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_senders_type_is_kept_when_it_is_one() {
        for (claimed, sent) in [
            ("text/plain; charset=utf-8", "text/plain; charset=utf-8"),
            ("image/png", "image/png"),
            ("", "application/octet-stream"),
            ("text", "application/octet-stream"),
            ("text/", "application/octet-stream"),
            ("text/html\r\nX-A: 1", "application/octet-stream"),
            ("text/plain; x=\r\nX-A: 1", "application/octet-stream"),
            ("te xt/plain", "application/octet-stream"),
        ] {
            assert_eq!(content_type(claimed), sent, "{claimed:?}");
        }
    }

    #[test]
    fn a_name_cannot_leave_its_parameter() {
        for (name, field) in [
            (
                "a b.txt",
                "attachment; filename=\"a b.txt\"; filename*=UTF-8''a%20b.txt",
            ),
            (
                "é\".exe",
                "attachment; filename=\"__.exe\"; filename*=UTF-8''%C3%A9%22.exe",
            ),
            (
                "../a\r\nb\\c",
                "attachment; filename=\".._a__b_c\"; filename*=UTF-8''.._a__b_c",
            ),
        ] {
            assert_eq!(disposition(Some(name)), field);
        }
        assert_eq!(disposition(None), "attachment");
        assert!(disposition(Some(&"é".repeat(10_000))).len() < 2_000);
    }
}
