//! Checks what a caller wants sent, field by field, before anything else happens.

use data_encoding::BASE64;
use mail::Mailbox;
use mail::compose::{ExtraHeader, Part};
use mail::parse::Disposition;
use model::{Error, Result};
use wire::{
    Headers, OneOrMany, ReplyAllMessageRequest, ReplyToMessageRequest, SendAttachment,
    SendMessageRequest,
};

use super::Letter;
use super::parent::Recipients;
use crate::messages::settable;

/// A new message, or the recipients and new words of a forwarded one.
pub(super) fn send(request: SendMessageRequest) -> Result<Letter> {
    let people = Recipients {
        to: mailboxes("to", request.to.as_ref())?,
        cc: mailboxes("cc", request.cc.as_ref())?,
        bcc: mailboxes("bcc", request.bcc.as_ref())?,
    };
    let mut letter = words(Words {
        labels: request.labels,
        reply_to: request.reply_to,
        subject: request.subject,
        text: request.text,
        html: request.html,
        attachments: request.attachments,
        headers: request.headers,
        track_opens: request.track_opens,
    })?;
    letter.to = people.to;
    letter.cc = people.cc;
    letter.bcc = people.bcc;
    Ok(letter)
}

/// The recipients an answer names itself, if it names any.
pub(super) fn reply_recipients(request: &ReplyToMessageRequest) -> Result<Option<Recipients>> {
    let people = Recipients {
        to: mailboxes("to", request.to.as_ref())?,
        cc: mailboxes("cc", request.cc.as_ref())?,
        bcc: mailboxes("bcc", request.bcc.as_ref())?,
    };
    let named = !(people.to.is_empty() && people.cc.is_empty() && people.bcc.is_empty());
    if named && request.reply_all == Some(true) {
        return Err(Error::invalid(
            "reply_all",
            "invalid_value",
            "reply_all takes its recipients from the message; leave out to, cc and bcc",
        ));
    }
    Ok(named.then_some(people))
}

/// The new words of an answer.
pub(super) fn reply(request: ReplyToMessageRequest) -> Result<Letter> {
    words(Words {
        labels: request.labels,
        reply_to: request.reply_to,
        subject: request.subject,
        text: request.text,
        html: request.html,
        attachments: request.attachments,
        headers: request.headers,
        track_opens: request.track_opens,
    })
}

/// The new words of an answer to everybody.
pub(super) fn reply_all(request: ReplyAllMessageRequest) -> Result<Letter> {
    words(Words {
        labels: request.labels,
        reply_to: request.reply_to,
        subject: request.subject,
        text: request.text,
        html: request.html,
        attachments: request.attachments,
        headers: request.headers,
        track_opens: request.track_opens,
    })
}

/// What every kind of departure has in common.
struct Words {
    labels: Option<OneOrMany>,
    reply_to: Option<OneOrMany>,
    subject: Option<String>,
    text: Option<String>,
    html: Option<String>,
    attachments: Option<Vec<SendAttachment>>,
    headers: Option<Headers>,
    track_opens: Option<bool>,
}

fn words(words: Words) -> Result<Letter> {
    if words.track_opens == Some(true) {
        return Err(Error::invalid(
            "track_opens",
            "invalid_value",
            "track_opens needs a domain with tracking, which this server does not have",
        )
        .fix("Leave track_opens out."));
    }
    let attachments = words.attachments.unwrap_or_default();
    let own_files = attachments.len();
    let attachments = attachments
        .into_iter()
        .enumerate()
        .map(|(index, part)| attachment("attachments", index, part));
    let headers = words.headers.unwrap_or_default();
    Ok(Letter {
        from: None,
        reply_to: mailboxes("reply_to", words.reply_to.as_ref())?,
        to: Vec::new(),
        cc: Vec::new(),
        bcc: Vec::new(),
        subject: words.subject,
        text: words.text.clone(),
        html: words.html.clone(),
        new_text: words.text,
        new_html: words.html,
        attachments: attachments.collect::<Result<_>>()?,
        headers: headers.0.iter().map(header).collect::<Result<_>>()?,
        labels: settable(words.labels)?,
        in_reply_to: None,
        references: Vec::new(),
        thread: None,
        source: None,
        own_files: Some(own_files),
        own_headers: headers.0.clone(),
        preceding: None,
    })
}

/// The addresses of a field.
///
/// # Errors
/// `validation_error` naming the one that is none.
pub(crate) fn mailboxes(field: &str, texts: Option<&OneOrMany>) -> Result<Vec<Mailbox>> {
    let texts = texts.map_or(&[][..], |texts| texts.as_slice());
    texts
        .iter()
        .enumerate()
        .map(|(index, text)| {
            Mailbox::parse(text).map_err(|error| {
                Error::invalid(
                    &format!("{field}.{index}"),
                    "invalid_value",
                    format!("Not an address: {error}"),
                )
                .fix("Write addresses as user@example.com or Name <user@example.com>.")
            })
        })
        .collect()
}

fn header((name, value): &(String, String)) -> Result<ExtraHeader> {
    ExtraHeader::new(name, value).map_err(|error| {
        let short: String = name.chars().take(64).collect();
        Error::invalid(
            &format!("headers.{short}"),
            "invalid_value",
            error.to_string(),
        )
        .fix("Set this field through its own parameter, or leave it out.")
    })
}

/// A file of a request; `field` names the list it stands in.
///
/// # Errors
/// `validation_error` naming what is wrong with it.
pub(crate) fn attachment(field: &str, index: usize, part: SendAttachment) -> Result<Part> {
    let path = |part: &str| format!("{field}.{index}.{part}");
    let bytes = match (part.content, part.url) {
        (Some(content), None) => decode(&content).ok_or_else(|| {
            Error::invalid(
                &path("content"),
                "invalid_value",
                "content is not standard base64",
            )
        })?,
        _ => {
            return Err(Error::invalid(
                &path("content"),
                "invalid_value",
                "An attachment needs exactly one of content and url",
            ));
        }
    };
    let disposition = match part.content_disposition.as_deref() {
        None | Some("attachment") => Disposition::Attachment,
        Some("inline") => Disposition::Inline,
        Some(_) => {
            return Err(Error::invalid(
                &path("content_disposition"),
                "invalid_value",
                "content_disposition is either attachment or inline",
            ));
        }
    };
    let guessed = || media_type(part.filename.as_deref().unwrap_or_default());
    Ok(Part {
        content_type: part.content_type.clone().unwrap_or_else(guessed),
        disposition,
        content_id: part
            .content_id
            .map(|id| id.trim_matches(['<', '>']).to_owned()),
        filename: part.filename,
        bytes,
    })
}

/// Base64 as clients write it: with line breaks or without, padded or not.
fn decode(text: &str) -> Option<Vec<u8>> {
    let mut compact: Vec<u8> = text
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    while !compact.len().is_multiple_of(4) {
        compact.push(b'=');
    }
    BASE64.decode(&compact).ok()
}

/// The media type that a file name suggests, for the kinds people send.
fn media_type(filename: &str) -> String {
    let ending = filename
        .rsplit_once('.')
        .map_or("", |(_, ending)| ending)
        .to_ascii_lowercase();
    let known = match ending.as_str() {
        "txt" | "log" => "text/plain",
        "md" => "text/markdown",
        "csv" => "text/csv",
        "html" | "htm" => "text/html",
        "ics" => "text/calendar",
        "json" => "application/json",
        "xml" => "application/xml",
        "pdf" => "application/pdf",
        "zip" => "application/zip",
        "gz" => "application/gzip",
        "doc" => "application/msword",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xls" => "application/vnd.ms-excel",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "ppt" => "application/vnd.ms-powerpoint",
        "pptx" => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "svg" => "image/svg+xml",
        "mp3" => "audio/mpeg",
        "wav" => "audio/wav",
        "mp4" => "video/mp4",
        "eml" => "message/rfc822",
        _ => "application/octet-stream",
    };
    known.to_owned()
}
