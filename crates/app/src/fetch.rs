//! Attachments that a caller names by URL, fetched before anything else happens.

use bytes::Bytes;
use data_encoding::BASE64;
use http::header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_TYPE, LOCATION, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method};
use model::{Code, Error, Result};
use std::time::Duration;
use store::Grant;
use sys::dial::{Answer, BodyEnd, Limits, Request};
use url::Url;
use wire::SendAttachment;

use crate::App;

/// Octets of all files of one message that are fetched.
const MOST: usize = 30 << 20;

/// Redirects that are followed for one file, each checked as the URL itself was.
const MAX_REDIRECTS: usize = 3;

/// How long all files of a message may take.
const TOTAL: Duration = Duration::from_secs(30);

/// How long one connection may take to stand.
const CONNECT: Duration = Duration::from_secs(10);

/// Files by URL in one message.
const MAX_FILES: usize = 20;

/// How our requests name themselves.
pub(crate) const AGENT: HeaderValue =
    HeaderValue::from_static(concat!("Mailroost/", env!("CARGO_PKG_VERSION")));

impl App {
    /// Puts the bytes in place of every URL, so that what follows sees attachments with content
    /// only. Without a credential and without cookies.
    ///
    /// # Errors
    /// `validation_error` for what is no URL, or `message_rejected` naming the host that did not
    /// give the file.
    pub(crate) async fn fetch_attachments<P>(
        &self,
        grant: &Grant<P>,
        attachments: &mut Option<Vec<SendAttachment>>,
    ) -> Result<()> {
        let files = attachments.iter_mut().flatten().enumerate();
        let mut named: Vec<(usize, &mut SendAttachment)> = files
            // With both or neither the request is wrong, which is told later.
            .filter(|(_, file)| file.url.is_some() && file.content.is_none())
            .collect();
        if named.len() > MAX_FILES {
            let detail = format!("A message has at most {MAX_FILES} attachments by URL");
            return Err(Error::invalid("attachments", "too_big", detail));
        }
        if !named.is_empty() {
            // Whoever runs the server behind a URL learns all that stands in it.
            self.untainted(
                grant,
                "fetch_while_tainted",
                "a file cannot be fetched by its URL",
            )
            .await?;
        }
        let (mut room, end) = (MOST, self.now().plus(TOTAL));
        for (index, file) in &mut named {
            let text = file.url.take().unwrap_or_default();
            let url = Url::parse(&text).map_err(|_| {
                let path = format!("attachments.{index}.url");
                Error::invalid(&path, "invalid_value", "url is not a URL")
            })?;
            let left = end.since(self.now());
            let (answer, url) = self.follow_to_file(url, room, left).await?;
            room -= answer.body.len();
            describe(file, &url, &answer.headers);
            file.content = Some(BASE64.encode(&answer.body));
        }
        Ok(())
    }

    async fn follow_to_file(
        &self,
        mut url: Url,
        room: usize,
        total: Duration,
    ) -> Result<(Answer, Url)> {
        let end = self.now().plus(total);
        for _ in 0..=MAX_REDIRECTS {
            let mut headers = HeaderMap::new();
            headers.insert(USER_AGENT, AGENT);
            headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
            let request = Request {
                method: Method::GET,
                url: &url,
                headers,
                body: Bytes::new(),
                limits: Limits {
                    connect: CONNECT,
                    total: end.since(self.now()),
                    body: room,
                },
            };
            let answer = self.0.dialer.send(request).await;
            let answer =
                answer.map_err(|error| rejected(&url, &error.to_string()).because(error))?;
            let place = answer.headers.get(LOCATION).and_then(|at| at.to_str().ok());
            match (answer.status, place) {
                (200..=299, _) => return whole(answer, url),
                (301 | 302 | 303 | 307 | 308, Some(place)) => {
                    let next = url.join(place);
                    url = next.map_err(|_| rejected(&url, "it redirects to what is no URL"))?;
                }
                (status, _) => return Err(rejected(&url, &format!("the status was {status}"))),
            }
        }
        Err(rejected(&url, "it redirects too often"))
    }
}

fn whole(answer: Answer, url: Url) -> Result<(Answer, Url)> {
    let problem = match answer.end {
        BodyEnd::Whole => return Ok((answer, url)),
        BodyEnd::Limit => "the files of a message by URL have more than 30 MiB together",
        BodyEnd::Late => "the file did not arrive in time",
        BodyEnd::Broken => "the connection broke before the file was whole",
    };
    Err(rejected(&url, problem))
}

fn rejected(url: &Url, problem: &str) -> Error {
    // The path and the query may hold a secret.
    let host = url.host_str().unwrap_or("?");
    Error::new(
        Code::MessageRejected,
        format!("An attachment could not be fetched from {host}: {problem}"),
    )
    .fix(
        "Check that the URL gives the file to anybody on the public internet without a redirect to \
         a sign-in; or send the bytes as base64 in content.",
    )
}

/// Fills in what the caller left out, from the answer and the URL's last segment.
fn describe(file: &mut SendAttachment, url: &Url, headers: &HeaderMap) {
    let text = |name| {
        headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    if file.content_type.is_none() {
        let media = text(CONTENT_TYPE).and_then(|value| value.split(';').next());
        let media = media.map(str::trim).filter(|media| is_media_type(media));
        file.content_type = media.map(str::to_owned);
    }
    if file.filename.is_none() {
        let quoted = text(CONTENT_DISPOSITION).and_then(|value| value.split_once("filename=\""));
        let quoted = quoted.and_then(|(_, rest)| rest.split('"').next());
        let last = url.path_segments().and_then(|mut parts| parts.next_back());
        file.filename = [quoted, last].into_iter().flatten().find_map(plain_name);
    }
}

fn is_media_type(text: &str) -> bool {
    let word = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    let parts = text.split_once('/');
    text.len() <= 127 && parts.is_some_and(|(kind, sub)| word(kind) && word(sub))
}

/// A name without anything that could be a path.
fn plain_name(text: &str) -> Option<String> {
    let name = text.rsplit(['/', '\\']).next().unwrap_or_default();
    let usable = !name.trim_matches('.').is_empty() && !name.chars().any(char::is_control);
    usable.then(|| name.chars().take(255).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(url: &str, headers: &[(&'static str, &'static str)]) -> SendAttachment {
        let mut file = SendAttachment::default();
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)))
            .collect();
        describe(&mut file, &Url::parse(url).unwrap(), &headers);
        file
    }

    #[test]
    fn name_and_type_come_from_the_answer_and_the_url() {
        for (url, headers, name, media) in [
            (
                "https://x.test/a/report.pdf?t=1",
                &[][..],
                Some("report.pdf"),
                None,
            ),
            ("https://x.test/", &[], None, None),
            (
                "https://x.test/get",
                &[
                    ("content-type", "text/csv; charset=utf-8"),
                    ("content-disposition", "attachment; filename=\"a b.csv\""),
                ],
                Some("a b.csv"),
                Some("text/csv"),
            ),
            (
                "https://x.test/f.bin",
                &[
                    ("content-type", "nonsense"),
                    (
                        "content-disposition",
                        "attachment; filename=\"../../etc/passwd\"",
                    ),
                ],
                Some("passwd"),
                None,
            ),
        ] {
            let file = described(url, headers);
            assert_eq!(file.filename.as_deref(), name, "{url}");
            assert_eq!(file.content_type.as_deref(), media, "{url}");
        }
    }
}
