//! Query parameters in every encoding that AgentMail clients use. Unknown ones are ignored.
//!
//! A list arrives as a JSON array (both SDKs), a bare value (curl), a comma list (the CLI) or a
//! repeated key (most HTTP libraries); a time with any offset; a `+` often as a space.

use axum::extract::FromRequestParts;
use http::request::Parts;
use mail::Timestamp;
use model::page::{DraftFilter, MAX_LIMIT, MessageFilter, Page, Search, ThreadFilter};
use model::{Error, Hidden, Result};
use serde_json::Value;

use crate::error::Refusal;
use crate::percent::decode_form;
use crate::settings::Door;

/// The most values a list may have: each is one more condition on a query.
const MAX_VALUES: usize = 100;

/// The parameters of a request, decoded, in their order.
pub(crate) struct Params(Vec<(String, String)>);

impl FromRequestParts<Door> for Params {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &Door) -> Result<Self, Refusal> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default()))
    }
}

impl Params {
    /// Reads a query string. Nothing is wrong with any: what cannot be decoded matches nothing.
    pub(crate) fn parse(query: &str) -> Self {
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode_form(name), decode_form(value))
        };
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        Self(pairs.map(pair).collect())
    }

    /// The last value of a parameter, unless it is empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let own = self.0.iter().rev().find(|(key, _)| key == name);
        own.map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// Every value of a list.
    ///
    /// # Errors
    /// `validation_error` when an array is malformed or has more than 100 values.
    pub(crate) fn list(&self, name: &str) -> Result<Vec<String>> {
        let mut values = Vec::new();
        let own = |key: &str| key == name || key.strip_suffix("[]") == Some(name);
        for (_, text) in self.0.iter().filter(|(key, _)| own(key)) {
            match json_array(name, text)? {
                Some(items) => values.extend(items),
                None => values.extend(text.split(',').map(|part| part.trim().to_owned())),
            }
        }
        values.retain(|value| !value.is_empty());
        if values.len() > MAX_VALUES {
            let message = format!("{name} takes at most {MAX_VALUES} values");
            return Err(Error::invalid(name, "too_big", message));
        }
        Ok(values)
    }

    /// A boolean.
    ///
    /// # Errors
    /// `validation_error` when it is anything but true or false.
    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        match text.to_ascii_lowercase().as_str() {
            "true" | "1" => Ok(Some(true)),
            "false" | "0" => Ok(Some(false)),
            _ => {
                let message = format!("{name} must be true or false");
                Err(Error::invalid(name, "invalid_type", message))
            }
        }
    }

    /// An instant.
    ///
    /// # Errors
    /// `validation_error` when it is no RFC 3339 instant with an offset.
    pub(crate) fn instant(&self, name: &str) -> Result<Option<Timestamp>> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let parsed = Timestamp::parse_rfc3339(text).or_else(|| {
            // An unescaped `+` of an offset has become a space.
            let (time, offset) = text.rsplit_once(' ')?;
            Timestamp::parse_rfc3339(&format!("{time}+{offset}"))
        });
        let problem = || {
            let message = format!("{name} must be a date and time with an offset");
            Error::invalid(name, "invalid_value", message)
                .fix("Write it as in RFC 3339, for example 2026-01-02T03:04:05Z.")
        };
        parsed.map(Some).ok_or_else(problem)
    }

    /// The page that is asked for.
    ///
    /// # Errors
    /// `validation_error` for a limit that is no number or below 1, or a bad `ascending`.
    pub(crate) fn page(&self) -> Result<Page> {
        Ok(Page {
            limit: self.text("limit").map(limit).transpose()?,
            token: self.text("page_token").map(str::to_owned),
            ascending: self.flag("ascending")?.unwrap_or(false),
        })
    }

    /// The messages that are asked for.
    ///
    /// # Errors
    /// `validation_error` naming the parameter.
    pub(crate) fn messages(&self) -> Result<MessageFilter> {
        let filter = MessageFilter {
            page: self.page()?,
            labels: self.list("labels")?,
            before: self.instant("before")?,
            after: self.instant("after")?,
            include: self.include()?,
            from: self.list("from")?,
            to: self.list("to")?,
            subject: self.list("subject")?,
        };
        let filters = [&filter.labels, &filter.from, &filter.to, &filter.subject];
        bounded(&filter.page, &filters)?;
        Ok(filter)
    }

    /// The threads that are asked for.
    ///
    /// # Errors
    /// `validation_error` naming the parameter.
    pub(crate) fn threads(&self) -> Result<ThreadFilter> {
        let filter = ThreadFilter {
            page: self.page()?,
            labels: self.list("labels")?,
            before: self.instant("before")?,
            after: self.instant("after")?,
            include: self.include()?,
            senders: self.list("senders")?,
            recipients: self.list("recipients")?,
            subject: self.list("subject")?,
        };
        let ThreadFilter {
            labels,
            senders,
            recipients,
            subject,
            ..
        } = &filter;
        bounded(&filter.page, &[labels, senders, recipients, subject])?;
        Ok(filter)
    }

    /// The search that is asked for.
    ///
    /// # Errors
    /// `validation_error` naming the parameter; `q` is required.
    pub(crate) fn search(&self) -> Result<Search> {
        let q = self.text("q").ok_or_else(|| {
            Error::invalid("q", "invalid_type", "q is required")
                .fix("Send the words to search for as the query parameter q.")
        })?;
        let search = Search {
            page: Page {
                ascending: false,
                ..self.page()?
            },
            q: q.to_owned(),
            before: self.instant("before")?,
            after: self.instant("after")?,
        };
        bounded(&search.page, &[&vec![search.q.clone()]])?;
        Ok(search)
    }

    /// The drafts that are asked for.
    ///
    /// # Errors
    /// `validation_error` naming the parameter.
    pub(crate) fn drafts(&self) -> Result<DraftFilter> {
        let filter = DraftFilter {
            page: self.page()?,
            labels: self.list("labels")?,
            before: self.instant("before")?,
            after: self.instant("after")?,
        };
        bounded(&filter.page, &[&filter.labels])?;
        Ok(filter)
    }

    /// The reasons to hide mail that the caller passes over.
    ///
    /// # Errors
    /// `validation_error` for what is neither true nor false.
    pub(crate) fn include(&self) -> Result<Hidden> {
        let mut include = Hidden::NONE;
        for (label, reason, _) in Hidden::ALL {
            if self.flag(&format!("include_{label}"))? == Some(true) {
                include = include.with(reason);
            }
        }
        Ok(include)
    }
}

/// The items of a JSON array, or `None` when the text is not meant as one: a subject may begin
/// with a bracket.
fn json_array(name: &str, text: &str) -> Result<Option<Vec<String>>> {
    let text = text.trim();
    if !text.starts_with('[') {
        return Ok(None);
    }
    let malformed = || {
        let message = format!("{name} must be an array of strings");
        Error::invalid(name, "invalid_type", message)
    };
    match serde_json::from_str::<Vec<Value>>(text) {
        Ok(items) => {
            let items: Option<Vec<String>> = items.iter().map(scalar).collect();
            items.map(Some).ok_or_else(malformed)
        }
        Err(_) if text[1..].trim_start().starts_with('"') => Err(malformed()),
        Err(_) => Ok(None),
    }
}

fn scalar(item: &Value) -> Option<String> {
    match item {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn limit(text: &str) -> Result<usize> {
    let text = text.trim();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        let message = match text.parse::<f64>() {
            Ok(number) if number < 1.0 => "limit must be at least 1",
            _ => "limit must be a number",
        };
        return Err(Error::invalid("limit", "invalid_type", message));
    }
    // It is echoed, and clients read it into 64 bits with a sign.
    let read = text.parse::<i64>().ok().map(usize::try_from);
    match read {
        Some(Ok(0)) => Err(Error::invalid(
            "limit",
            "too_small",
            "limit must be at least 1",
        )),
        Some(Ok(limit)) => Ok(limit),
        Some(Err(_)) | None => Err(Error::invalid("limit", "too_big", "limit is too large")),
    }
}

/// Pages of filtered lists are bounded aloud, as on the hosted service; others are cut to the
/// bound by [`Page::size`].
fn bounded(page: &Page, filters: &[&Vec<String>]) -> Result<()> {
    let is_filtered = filters.iter().any(|values| !values.is_empty());
    if is_filtered && page.limit.is_some_and(|limit| limit > MAX_LIMIT) {
        let message = format!("limit cannot exceed {MAX_LIMIT} for filtered queries");
        return Err(Error::invalid("limit", "too_big", message));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
