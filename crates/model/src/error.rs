//! The only error that crosses crates upward: a code from a closed public list, each of one kind.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use crate::gate::{Finding, Held};

/// The result of anything that can be refused.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What a caller inside the server decides by; SMTP replies and retries are matches over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The request can never be right as it stands.
    Invalid,
    /// Nobody we know.
    Unauthenticated,
    /// Known, but not allowed.
    Forbidden,
    /// Not there, or not there for this caller.
    NotFound,
    /// In the way of something else; nothing was changed.
    Conflict,
    /// A rule of the operator or the state of the object says no.
    Refused,
    /// More bytes than are taken.
    TooLarge,
    /// A cap on how many there may be.
    Quota,
    /// Too often; it will be taken later.
    RateLimited,
    /// Nothing is wrong with the request; try again.
    Unavailable,
    /// A fault of ours.
    Internal,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $status:literal, $name:literal, $kind:ident;)*) => {
        /// Every error code the public API can answer with. Clients branch on it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[$doc])* #[doc = concat!("`", $code, "`, HTTP ", stringify!($status))] $variant,)*
        }

        impl Code {
            /// All codes.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable machine code (`not_found`).
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The HTTP status. It belongs to the code, not the kind, because compatibility puts
            /// some conflicts at 403.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }

            /// The class name older clients show (`NotFoundError`).
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What the rest of the server decides by.
            #[must_use]
            pub const fn kind(self) -> Kind {
                match self { $(Self::$variant => Kind::$kind,)* }
            }
        }
    };
}

codes! {
    ValidationError = "validation_error", 400, "ValidationError", Invalid;
    QueryRangeTooWide = "query_range_too_wide", 400, "ValidationError", Invalid;
    Unprocessable = "unprocessable", 422, "UnprocessableError", Invalid;
    MissingAuthorization = "missing_authorization", 401, "UnauthorizedError", Unauthenticated;
    UnknownApiKey = "unknown_api_key", 401, "UnauthorizedError", Unauthenticated;
    Forbidden = "forbidden", 403, "ForbiddenError", Forbidden;
    MissingPermission = "missing_permission", 403, "ForbiddenError", Forbidden;
    PermissionEscalation = "permission_escalation", 403, "ForbiddenError", Forbidden;
    UnrestrictedKeyRequired = "unrestricted_key_required", 403, "ForbiddenError", Forbidden;
    NotEnabled = "not_enabled", 403, "ForbiddenError", Refused;
    NotFound = "not_found", 404, "NotFoundError", NotFound;
    MethodNotAllowed = "method_not_allowed", 405, "MethodNotAllowedError", Invalid;
    Conflict = "conflict", 409, "ConflictError", Conflict;
    RaceCondition = "race_condition", 409, "ConflictError", Conflict;
    CannotDelete = "cannot_delete", 409, "CannotDeleteError", Conflict;
    ResourceDeleting = "resource_deleting", 409, "ConflictError", Conflict;
    AlreadyExists = "already_exists", 403, "AlreadyExistsError", Conflict;
    ResourceTaken = "resource_taken", 403, "IsTakenError", Conflict;
    MessageRejected = "message_rejected", 403, "MessageRejectedError", Refused;
    ApprovalRequired = "approval_required", 403, "ApprovalRequiredError", Refused;
    InboxPaused = "inbox_paused", 403, "ForbiddenError", Refused;
    AutomaticMail = "automatic_mail", 403, "MessageRejectedError", Refused;
    LoopDetected = "loop_detected", 403, "MessageRejectedError", Refused;
    ThreadPaused = "thread_paused", 429, "RateLimitError", RateLimited;
    SendingPaused = "sending_paused", 403, "ForbiddenError", RateLimited;
    DomainNotVerified = "domain_not_verified", 403, "DomainNotVerifiedError", Refused;
    PayloadTooLarge = "payload_too_large", 413, "PayloadTooLargeError", TooLarge;
    LimitExceeded = "limit_exceeded", 403, "LimitExceededError", Quota;
    RateLimitExceeded = "rate_limit_exceeded", 429, "RateLimitError", RateLimited;
    ServiceUnavailable = "service_unavailable", 503, "ServiceUnavailableError", Unavailable;
    InternalError = "internal_error", 500, "InternalServerError", Internal;
}

/// One thing wrong with a request, in the shape of the SDKs' validation errors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// Where: the path of keys and indexes into the body or the query.
    pub path: Vec<String>,
    /// What kind (`invalid_type`, `invalid_value`, `too_big` …).
    pub code: &'static str,
    /// In words.
    pub message: String,
}

/// A refusal or a failure, as its caller and its operator see it.
///
/// `detail` and `fix` are shown to the caller and must hold no secret and nothing of other
/// tenants; `source` goes to the log only.
pub struct Error(Box<Inner>);

struct Inner {
    code: Code,
    detail: Cow<'static, str>,
    fix: Option<Cow<'static, str>>,
    issues: Vec<Issue>,
    suggestions: Vec<String>,
    findings: Vec<Finding>,
    held: Option<Held>,
    retry_after: Option<Duration>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error with this code and a sentence for the caller.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            code,
            detail: detail.into(),
            fix: None,
            issues: Vec::new(),
            suggestions: Vec::new(),
            findings: Vec::new(),
            held: None,
            retry_after: None,
            source: None,
        }))
    }

    /// A malformed field of a request.
    #[must_use]
    pub fn invalid(path: &str, code: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        let path = path.split('.').map(str::to_owned).collect();
        Self::new(Code::ValidationError, message.clone()).issue(Issue {
            path,
            code,
            message,
        })
    }

    /// `what` is not there, or not for this caller: "Inbox not found".
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, format!("{what} not found"))
    }

    /// A fault of ours. The caller only learns that it was not theirs.
    #[must_use]
    pub fn internal(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(Code::InternalError, "The server made a mistake")
            .because(source)
            .fix("Try again; if it stays, the server's log has the cause under this time.")
    }

    /// Not now.
    #[must_use]
    pub fn unavailable(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::ServiceUnavailable, detail).retry_after(Duration::from_secs(1))
    }

    /// Adds what the caller should do next.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<Cow<'static, str>>) -> Self {
        self.0.fix = Some(fix.into());
        self
    }

    /// Adds one thing that is wrong with the request.
    #[must_use]
    pub fn issue(mut self, issue: Issue) -> Self {
        self.0.issues.push(issue);
        self
    }

    /// Adds alternatives to a name that is taken.
    #[must_use]
    pub fn suggestions(mut self, names: Vec<String>) -> Self {
        self.0.suggestions = names;
        self
    }

    /// Adds what the gate found.
    #[must_use]
    pub fn findings(mut self, findings: Vec<Finding>) -> Self {
        self.0.findings = findings;
        self
    }

    /// Adds what a held departure became.
    #[must_use]
    pub fn held(mut self, held: Held) -> Self {
        self.0.held = Some(held);
        self
    }

    /// Adds when to try again.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    /// Adds the cause, for the log.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The public code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The kind of the code.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.0.code.kind()
    }

    /// The sentence for the caller.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// What the caller should do next.
    #[must_use]
    pub fn remedy(&self) -> Option<&str> {
        self.0.fix.as_deref()
    }

    /// What is wrong with the request, field by field.
    #[must_use]
    pub fn issues(&self) -> &[Issue] {
        &self.0.issues
    }

    /// Names that are free instead.
    #[must_use]
    pub fn alternatives(&self) -> &[String] {
        &self.0.suggestions
    }

    /// What the gate found.
    #[must_use]
    pub fn found(&self) -> &[Finding] {
        &self.0.findings
    }

    /// What the departure became, if it is held.
    #[must_use]
    pub fn hold(&self) -> Option<&Held> {
        self.0.held.as_ref()
    }

    /// When to try again.
    #[must_use]
    pub fn wait(&self) -> Option<Duration> {
        self.0.retry_after
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code.code(), self.0.detail)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        let mut cause = self.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0
            .source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}
