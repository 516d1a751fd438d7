//! Errors as clients see them: one body shape, a status per code, and always a sentence that says
//! what to do.

use std::sync::Arc;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use model::{Code, Error, Finding, Issue, Kind};
use wire::{ErrorFrame, ErrorResponse, ValidationIssue};

use crate::answer::JSON;

/// The page of [`crate::docs`], on the server that answered. Relative, so that it is right under any
/// name the server is reached by.
pub(crate) const DOCS: &str = "/docs/errors";

/// An error on its way to the client.
pub(crate) struct Refusal(pub(crate) Error);

/// The error behind a response, for the log line of the request.
#[derive(Clone)]
pub(crate) struct Cause(pub(crate) Arc<Error>);

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self(error) = self;
        let code = error.code();
        let status =
            StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        // A body of strings always has a JSON form.
        let body = serde_json::to_vec(&body(&error)).unwrap_or_default();
        let mut response = (status, [(CONTENT_TYPE, JSON)], body).into_response();
        let headers = response.headers_mut();
        if let Some(wait) = error.wait() {
            headers.insert(RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
        }
        if error.kind() == Kind::Unauthenticated {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(Cause(Arc::new(error)));
        response
    }
}

/// The body of a refusal.
pub(crate) fn body(error: &Error) -> ErrorResponse {
    let code = error.code();
    ErrorResponse {
        name: code.name().to_owned(),
        code: code.code().to_owned(),
        message: error.detail().to_owned(),
        fix: Some(fix(error)),
        docs: format!("{DOCS}#{}", code.code()),
        errors: (code == Code::ValidationError).then(|| issues(error.issues())),
        suggestions: error.alternatives().to_vec(),
        findings: error.found().iter().map(finding).collect(),
        draft_id: error.hold().map(|held| held.draft_id.to_string()),
        approval_id: error.hold().map(|held| held.approval_id.to_string()),
    }
}

fn finding(finding: &Finding) -> wire::Finding {
    wire::Finding {
        rule: finding.rule.clone().into_owned(),
        detail: finding.detail.clone(),
        fix: finding.fix.clone(),
    }
}

/// The frame of a refusal on the WebSocket.
pub(crate) fn frame(error: &Error) -> ErrorFrame {
    ErrorFrame {
        name: error.code().name().to_owned(),
        code: error.code().code().to_owned(),
        message: error.detail().to_owned(),
        fix: Some(fix(error)),
        errors: issues(error.issues()),
    }
}

/// The answer to a path or method that is in no row of the table.
pub(crate) fn no_route() -> Error {
    Error::not_found("Route")
        .fix("Check the method and the path; every path of the API begins with /v0.")
}

/// A body or frame that could not be read, as an error.
pub(crate) fn malformed(problem: wire::Malformed) -> Error {
    let detail = problem.to_string();
    Error::new(Code::ValidationError, detail).issue(Issue {
        path: problem.path,
        code: problem.code,
        message: problem.message,
    })
}

fn issues(issues: &[Issue]) -> Vec<ValidationIssue> {
    let issue = |issue: &Issue| ValidationIssue {
        code: issue.code.to_owned(),
        path: issue.path.clone(),
        message: issue.message.clone(),
    };
    issues.iter().map(issue).collect()
}

/// `Retry-After` counts whole seconds, and both SDKs ignore zero.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_millis()
        .div_ceil(1_000)
        .clamp(1, 86_400)
        .try_into()
        .unwrap_or(1)
}

fn fix(error: &Error) -> String {
    error
        .remedy()
        .unwrap_or_else(|| default_fix(error.code()))
        .to_owned()
}

/// What to do about a code when the error itself does not know better.
pub(crate) const fn default_fix(code: Code) -> &'static str {
    match code {
        Code::ValidationError => {
            "Correct the field that `errors` names and send the request again."
        }
        Code::Unprocessable => {
            "The request is well formed but cannot be done; change what it asks."
        }
        Code::MissingAuthorization => {
            "Send the header `Authorization: Bearer <api key>`, with a key that has no spaces."
        }
        Code::UnknownApiKey => {
            "Check the key for typing errors, or create a new one; a deleted key stops at once."
        }
        Code::Forbidden => "Use a key whose scope covers this object.",
        Code::MissingPermission => {
            "Use a key that has this permission, or create one with it in `permissions`."
        }
        Code::PermissionEscalation => {
            "Ask only for permissions, a scope and an expiry that the creating key has itself."
        }
        Code::NotEnabled => "This server does not offer it; ask the operator to enable it.",
        Code::NotFound => {
            "Check the id, and that the key's scope covers it; list the objects to see what there is."
        }
        Code::MethodNotAllowed => "Use one of the methods that the `Allow` header names.",
        Code::Conflict => "Read the object again and decide anew; nothing was changed.",
        Code::RaceCondition => "Somebody else wrote at the same time; send the request again.",
        Code::QueryRangeTooWide => "Ask for a shorter time, or for a longer period.",
        Code::UnrestrictedKeyRequired => "Use a key without a list of permissions of its own.",
        Code::ResourceDeleting => "It is being deleted; wait until it is gone.",
        Code::AlreadyExists => "Use the one that is there.",
        Code::CannotDelete => "Delete first what depends on it.",
        Code::ResourceTaken => {
            "Choose another name; `suggestions` has free ones, if there are any."
        }
        Code::MessageRejected => "Change the recipients or the content; the message was not sent.",
        Code::ApprovalRequired => {
            "Wait until somebody else has approved it; sending it again changes nothing."
        }
        Code::InboxPaused => "Set the inbox's status to `active` and send again.",
        Code::AutomaticMail => {
            "Do not answer what a machine sent; a key that has `loop_override` can with `force`."
        }
        Code::LoopDetected => "Let a person decide whether this conversation goes on.",
        Code::ThreadPaused => "Wait, or have a person resume the thread.",
        Code::SendingPaused => "Wait until whoever stopped departures lets them go on.",
        Code::DomainNotVerified => "Verify the domain first, or use another one.",
        Code::PayloadTooLarge => "Send less in one request, for example fewer attachments.",
        Code::LimitExceeded => "Delete what is no longer needed, or ask the operator for more.",
        Code::RateLimitExceeded => "Wait as long as the `Retry-After` header says.",
        Code::ServiceUnavailable => "Try again after the time in the `Retry-After` header.",
        Code::InternalError => "Try again; if it stays, tell the operator the `x-request-id`.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_status_a_remedy_and_a_docs_anchor() {
        for code in Code::ALL {
            let response = Refusal(Error::new(*code, "what")).into_response();
            assert_eq!(response.status().as_u16(), code.status());
            assert_eq!(response.headers()[CONTENT_TYPE], "application/json");
            let body = body(&Error::new(*code, "what"));
            assert!(body.fix.is_some_and(|fix| fix.ends_with('.')));
            assert_eq!(body.docs, format!("/docs/errors#{}", code.code()));
            assert_eq!(body.errors.is_some(), *code == Code::ValidationError);
        }
    }

    #[test]
    fn a_validation_error_lists_its_issues_as_the_sdks_declare() {
        let error = Error::invalid("metadata.a", "invalid_type", "Expected a string").fix("Do it.");
        assert_eq!(
            serde_json::to_value(body(&error)).unwrap(),
            serde_json::json!({
                "name": "ValidationError",
                "code": "validation_error",
                "message": "Expected a string",
                "fix": "Do it.",
                "docs": "/docs/errors#validation_error",
                "errors": [{
                    "code": "invalid_type",
                    "path": ["metadata", "a"],
                    "message": "Expected a string",
                }],
            })
        );
    }

    #[test]
    fn the_source_stays_in_the_log() {
        let error = Error::internal("the secret path /var/lib");
        assert!(
            !serde_json::to_string(&body(&error))
                .unwrap()
                .contains("/var/lib")
        );
        let response = Refusal(error).into_response();
        let cause = response.extensions().get::<Cause>().unwrap();
        assert!(format!("{:?}", cause.0).contains("/var/lib"));
    }

    #[test]
    fn waits_are_told_in_whole_seconds_and_never_as_zero() {
        for (wait, seconds) in [(0, "1"), (1, "1"), (1_000, "1"), (1_001, "2")] {
            let error = Error::new(Code::RateLimitExceeded, "slow down")
                .retry_after(Duration::from_millis(wait));
            assert_eq!(
                Refusal(error).into_response().headers()[RETRY_AFTER],
                seconds
            );
        }
        let refused = Refusal(Error::new(Code::UnknownApiKey, "no")).into_response();
        assert_eq!(refused.headers()[WWW_AUTHENTICATE], "Bearer");
    }
}
