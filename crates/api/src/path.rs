//! One canonical form of every path, made before routing.
//!
//! Clients differ in what they escape: the Python SDK puts ids into the path as they are, so that a
//! Message-ID with a `/` arrives as several segments; the TypeScript SDK escapes everything. A base
//! URL that already ends in `/v0` doubles the prefix. After this module the router sees one
//! segment per id and nothing that could be read in two ways.

use axum::extract::Request;
use http::Uri;
use http::uri::PathAndQuery;
use model::{Code, Error, Issue, Result};

use crate::error::{Refusal, no_route};
use crate::percent::{self, Undecodable};

/// The longest segment that is looked at; no id and no token is as long.
const MAX_SEGMENT: usize = 4_096;

/// Puts the canonical path into the request.
pub(crate) async fn canonical(mut request: Request) -> Result<Request, Refusal> {
    let uri = request.uri();
    if let Some(path) = canonical_path(uri.path())? {
        let target = match uri.query() {
            Some(query) => format!("{path}?{query}"),
            None => path,
        };
        let target = PathAndQuery::try_from(target).map_err(|_| no_route())?;
        *request.uri_mut() = Uri::from(target);
    }
    Ok(request)
}

/// The canonical form of `path`, or `None` when it already has it.
///
/// # Errors
/// `validation_error` when a segment cannot be decoded, `not_found` when no route can have it.
fn canonical_path(path: &str) -> Result<Option<String>> {
    let mut segments = Vec::new();
    for raw in path.trim_start_matches('/').split('/') {
        let segment = percent::decode(raw).map_err(undecodable)?;
        if segment.len() > MAX_SEGMENT || segment == "." || segment == ".." {
            return Err(no_route());
        }
        segments.push(segment);
    }
    while segments.len() > 1 && segments.last().is_some_and(String::is_empty) {
        segments.pop();
    }
    let doubled = segments
        .windows(2)
        .take_while(|pair| pair[0] == "v0" && pair[1] == "v0");
    let doubled = doubled.count();
    segments.drain(..doubled);
    join_message_id(&mut segments);
    let mut out = String::with_capacity(path.len());
    for segment in &segments {
        out.push('/');
        percent::encode(segment, &mut out);
    }
    Ok((out != path).then_some(out))
}

/// Makes one segment of a message id that came as several:
/// `/v0/inboxes/{inbox_id}/messages/<a/b@c>/reply`. The id ends with its bracket; without brackets,
/// what follows it is told from the right.
fn join_message_id(segments: &mut Vec<String>) {
    const START: usize = 4;
    let is_message = segments.len() > START
        && segments[0] == "v0"
        && segments[1] == "inboxes"
        && segments[3] == "messages";
    if !is_message {
        return;
    }
    let rest: Vec<&str> = segments[START..].iter().map(String::as_str).collect();
    let end = START + id_length(&rest);
    if end - START > 1 {
        let id = segments[START..end].join("/");
        segments.splice(START..end, [id]);
    }
}

/// How many segments belong to the message id that `rest` begins with.
fn id_length(rest: &[&str]) -> usize {
    if rest.first().is_some_and(|first| first.starts_with('<'))
        && let Some(last) = rest.iter().rposition(|part| part.ends_with('>'))
    {
        return last + 1;
    }
    match rest {
        [_, .., "attachments" | "agent-armor", _] => rest.len() - 2,
        [
            _,
            ..,
            "raw" | "reply" | "reply-all" | "forward" | "deliveries" | "timeline" | "view"
            | "codes" | "extraction" | "page",
        ] => rest.len() - 1,
        _ => rest.len(),
    }
}

fn undecodable(problem: Undecodable) -> Error {
    let message = match problem {
        Undecodable::Escape => "The path has a % that two hexadecimal digits do not follow",
        Undecodable::Utf8 => "The path is not UTF-8",
        Undecodable::Control => "The path has a control character",
    };
    Error::new(Code::ValidationError, message)
        .issue(Issue {
            path: vec!["path".to_owned()],
            code: "invalid_value",
            message: message.to_owned(),
        })
        .fix("Encode each id in the path as one URL component.")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn canon(path: &str) -> String {
        canonical_path(path)
            .unwrap()
            .unwrap_or_else(|| path.to_owned())
    }

    #[test]
    fn every_spelling_of_a_path_has_one_form() {
        for (path, form) in [
            ("/v0", "/v0"),
            ("/v0/v0", "/v0"),
            ("/v0/v0/inboxes", "/v0/inboxes"),
            ("/v0/inboxes/", "/v0/inboxes"),
            ("//v0/inboxes", "/v0/inboxes"),
            ("/", "/"),
            ("/v0/inboxes/Bot%40Mail.Test", "/v0/inboxes/Bot@Mail.Test"),
            ("/v0/inboxes/a+b@c", "/v0/inboxes/a%2Bb@c"),
            ("/v0/inboxes/a@b/messages", "/v0/inboxes/a@b/messages"),
            (
                "/v0/inboxes/a@b/messages/send",
                "/v0/inboxes/a@b/messages/send",
            ),
            ("/v0/inboxes/v0/v0", "/v0/inboxes/v0/v0"),
            ("/v0//inboxes", "/v0//inboxes"),
        ] {
            assert_eq!(canon(path), form, "{path}");
        }
    }

    #[test]
    fn a_message_id_is_one_segment_however_it_was_written() {
        let tails = [
            "",
            "/raw",
            "/reply",
            "/reply-all",
            "/forward",
            "/deliveries",
            "/timeline",
            "/view",
            "/codes",
            "/extraction",
            "/page",
            "/attachments/x",
            "/agent-armor/release",
        ];
        for tail in tails {
            for (written, form) in [
                ("%3Ca%40b%3E", "%3Ca@b%3E"),
                ("a@b", "a@b"),
                ("%3Ca/b%2Bc=@d%3E", "%3Ca%2Fb%2Bc%3D@d%3E"),
                ("%3Ca%2Fb%2Bc%3D%40d%3E", "%3Ca%2Fb%2Bc%3D@d%3E"),
                ("<raw/reply@d>", "%3Craw%2Freply@d%3E"),
                ("<a//b@d>", "%3Ca%2F%2Fb@d%3E"),
                ("<a/attachments/b@d>", "%3Ca%2Fattachments%2Fb@d%3E"),
            ] {
                let path = format!("/v0/inboxes/i@d/messages/{written}{tail}");
                let form = format!("/v0/inboxes/i@d/messages/{form}{tail}");
                assert_eq!(canon(&path), form, "{path}");
            }
        }
    }

    #[test]
    fn a_path_that_cannot_be_meant_is_refused_cleanly() {
        let long = "a".repeat(10_000);
        for (path, code) in [
            ("/v0/inboxes/%", Code::ValidationError),
            ("/v0/inboxes/%4", Code::ValidationError),
            ("/v0/inboxes/%zz", Code::ValidationError),
            ("/v0/inboxes/%ff", Code::ValidationError),
            ("/v0/inboxes/%00", Code::ValidationError),
            ("/v0/inboxes/a%0d%0ab", Code::ValidationError),
            ("/v0/inboxes/../x", Code::NotFound),
            ("/v0/inboxes/%2e%2E/x", Code::NotFound),
            ("/v0/inboxes/i@d/messages/a/../b", Code::NotFound),
            (&format!("/v0/inboxes/{long}"), Code::NotFound),
        ] {
            assert_eq!(canonical_path(path).unwrap_err().code(), code, "{path:.40}");
        }
    }

    proptest! {
        #[test]
        fn any_path_is_refused_or_has_a_form_that_stays(path in "[ -~é]{0,60}") {
            if let Ok(form) = canonical_path(&path) {
                let form = form.unwrap_or(path);
                prop_assert_eq!(canonical_path(&form).unwrap(), None);
                prop_assert!(PathAndQuery::try_from(form.as_str()).is_ok());
            }
        }

        #[test]
        fn any_message_id_comes_through(id in "[!-~]{1,40}", tail in "(|/raw|/reply)") {
            prop_assume!(!id.split('/').any(|part| part == "." || part == ".."));
            let mut path = "/v0/inboxes/i@d/messages/".to_owned();
            percent::encode(&id, &mut path);
            let form = canon(&format!("{path}{tail}"));
            prop_assert_eq!(form, format!("{path}{tail}"));
        }
    }
}
