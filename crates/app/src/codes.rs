//! One-time codes and links: found when a message arrives, and looked for again in messages that
//! came before this server could.

use std::time::Duration;

use mail::parse::{Parsed, parse};
use mail::{MessageId, Timestamp};
use model::authentication::{Authentication, Verdict};
use model::message::{ActionLink, Codes, Content, Message, OneTimeCode};
use model::{InboxId, Result, perm};
use store::Grant;

use crate::inbound::elsewhere;
use crate::{App, render};

/// The longest link that is kept with a message and told in events, in octets. The rare longer ones
/// are looked for again when somebody asks.
const LONGEST_LINK: usize = 4_096;
/// The longest code and the longest name of its site.
const LONGEST_CODE: usize = 256;

/// A Date field that is older than this says nothing about when a code was made.
const ON_THE_WAY: Duration = Duration::from_hours(24);

impl App {
    /// The codes and links of a message.
    ///
    /// # Errors
    /// `not_found`, also for a message hidden from this key.
    pub async fn message_codes(
        &self,
        grant: &Grant<perm::MessageRead>,
        inbox: &InboxId,
        id: &MessageId,
    ) -> Result<wire::MessageCodes> {
        let (inbox, id) = (inbox.clone(), id.clone());
        let found = self.store().read(grant, move |view| {
            let key = view.inbox(&inbox)?.key;
            let message = view.message(key, &id)?;
            let content = view.content(message.key)?;
            let shown = view.strangers_in(&[message.thread_id])?;
            Ok((message, content, shown))
        });
        let (message, content, shown) = found.await?;
        self.taint(grant, shown).await?;
        let codes = self.codes_of(grant, &message, &content).await?;
        let known = content.authentication.as_ref();
        Ok(wire::MessageCodes {
            codes: render::codes(&codes, &content),
            authentication: known.map(render::authentication),
            inbox_id: message.inbox_id.to_string(),
            thread_id: message.thread_id.to_string(),
            message_id: message.message_id.to_string(),
            timestamp: message.at.to_string(),
            from: message.from,
            subject: message.subject,
        })
    }

    /// What was found when the message arrived, or what is found now if nobody looked then.
    pub(crate) async fn codes_of(
        &self,
        grant: &Grant<perm::MessageRead>,
        message: &Message,
        content: &Content,
    ) -> Result<Codes> {
        if let Some(known) = &content.codes {
            return Ok(known.clone());
        }
        let raw = self.store().raw(grant, message.key).await?;
        let (at, proof) = (message.at, content.authentication.clone());
        elsewhere(raw.len(), move || {
            let parsed = parse(&raw);
            let mut codes = found(&parsed, at);
            bind(&mut codes, &parsed.headers, proof.as_ref());
            codes
        })
        .await
    }
}

/// What a message that arrived at `at` offers, if it is small enough to be kept.
pub(crate) fn kept(parsed: &Parsed, at: Timestamp) -> Option<Codes> {
    let codes = found(parsed, at);
    let code = codes.code.as_ref();
    let origin = code.and_then(|code| code.origin.as_ref());
    let fits = code.is_none_or(|code| code.value.len() <= LONGEST_CODE)
        && origin.is_none_or(|origin| origin.len() <= LONGEST_CODE)
        && codes
            .link
            .as_ref()
            .is_none_or(|link| link.url.len() <= LONGEST_LINK);
    fits.then_some(codes)
}

fn found(parsed: &Parsed, at: Timestamp) -> Codes {
    let found = mail::codes::find(parsed);
    let sent = parsed.date.filter(|date| *date <= at);
    let sent = sent.filter(|date| at.since(*date) <= ON_THE_WAY);
    let expires_at = found.valid_for.map(|time| sent.unwrap_or(at).plus(time));
    Codes {
        code: found.code.map(|code| OneTimeCode {
            value: code.value,
            place: code.place.name().to_owned(),
            confidence: code.confidence,
            origin: code.origin,
            origin_proven: false,
        }),
        link: found.link.map(|link| ActionLink {
            url: link.url,
            kind: link.kind.name().to_owned(),
            confidence: link.confidence,
        }),
        expires_at: expires_at.map(Timestamp::as_micros),
    }
}

/// Believes the site that a code names for itself if a good signature of that site's domain covers
/// the `OTP-Token` field (draft-goto-otp-token).
pub(crate) fn bind(
    codes: &mut Codes,
    headers: &[(String, String)],
    proof: Option<&Authentication>,
) {
    let Some(code) = codes.code.as_mut().filter(|code| code.place == "header") else {
        return;
    };
    let Some((origin, proof)) = code.origin.as_deref().zip(proof) else {
        return;
    };
    let host = host(origin);
    let mut good = proof
        .dkim
        .iter()
        .filter(|one| one.result == Verdict::Pass)
        .filter_map(|one| one.domain.as_deref().zip(one.selector.as_deref()));
    code.origin_proven = is_single(headers)
        && good.any(|(domain, selector)| {
            is_within(&host, domain) && covers_token(headers, domain, selector)
        });
}

/// `https://site.example:443` or `site.example` to the name.
fn host(origin: &str) -> String {
    let rest = origin.split_once("://").map_or(origin, |(_, rest)| rest);
    let name = rest.split(['/', ':']).next().unwrap_or_default();
    name.trim().to_ascii_lowercase()
}

fn is_within(host: &str, domain: &str) -> bool {
    let domain = domain.to_ascii_lowercase();
    let above = host.strip_suffix(&domain);
    above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
}

/// A second field could stand above the one that is signed.
fn is_single(headers: &[(String, String)]) -> bool {
    let tokens = headers.iter().filter(|(name, _)| is_token(name));
    tokens.count() == 1
}

fn is_token(name: &str) -> bool {
    name.trim().eq_ignore_ascii_case("OTP-Token")
}

/// Whether every signature of this domain and selector covers the field: which of several was the
/// good one is not known here.
fn covers_token(headers: &[(String, String)], domain: &str, selector: &str) -> bool {
    let mut named = headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("DKIM-Signature"))
        .filter(|(_, value)| is_tag(value, "d", domain) && is_tag(value, "s", selector))
        .peekable();
    named.peek().is_some()
        && named.all(|(_, value)| tag(value, "h").is_some_and(|list| list.split(':').any(is_token)))
}

fn is_tag(signature: &str, name: &str, wanted: &str) -> bool {
    tag(signature, name).is_some_and(|value| value.eq_ignore_ascii_case(wanted))
}

/// The value of a tag of a DKIM signature (RFC 6376 §3.2), white space taken out.
fn tag(signature: &str, wanted: &str) -> Option<String> {
    let tags = signature.split(';').filter_map(|tag| tag.split_once('='));
    let mut own = tags.filter(|(name, _)| name.trim() == wanted);
    let (_, value) = own.next()?;
    Some(value.split_whitespace().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::authentication::{Dkim, Reason};

    fn proof(domain: &str, result: Verdict) -> Authentication {
        let mut proof = Authentication::without_lookups(Reason::DmarcPass);
        proof.dkim.push(Dkim {
            result,
            domain: Some(domain.to_owned()),
            selector: Some("s1".to_owned()),
            algorithm: None,
            aligned: true,
            detail: None,
        });
        proof
    }

    fn proven(token: &str, signed: &str, proof: &Authentication) -> bool {
        let raw = format!(
            "{token}DKIM-Signature: v=1; a=rsa-sha256; d=site.example; s=s1;\r\n\th=from:to:\r\n {signed}; b=x\r\n\
             From: a@site.example\r\n\r\nx\r\n"
        );
        let parsed = parse(raw.as_bytes());
        let mut codes = found(&parsed, Timestamp::from_micros(0));
        assert_eq!(
            codes.code.as_ref().map(|code| code.value.as_str()),
            Some("123456")
        );
        bind(&mut codes, &parsed.headers, Some(proof));
        codes.code.is_some_and(|code| code.origin_proven)
    }

    #[test]
    fn a_site_is_believed_only_with_a_good_signature_of_its_own_over_the_field() {
        const TOKEN: &str = "OTP-Token: \"123456\"; origin=\"https://login.site.example\"\r\n";
        let good = proof("site.example", Verdict::Pass);
        assert!(proven(TOKEN, "otp-token : subject", &good));
        assert!(!proven(TOKEN, "subject", &good));
        assert!(!proven(
            TOKEN,
            "otp-token",
            &proof("site.example", Verdict::Fail)
        ));
        assert!(!proven(
            TOKEN,
            "otp-token",
            &proof("other.example", Verdict::Pass)
        ));
        let twice = TOKEN.repeat(2);
        assert!(!proven(&twice, "otp-token", &good));
        let other = "OTP-Token: \"123456\"; origin=\"https://notsite.example\"\r\n";
        assert!(!proven(other, "otp-token", &good));
        let anywhere = "OTP-Token: \"123456\"\r\n";
        assert!(!proven(anywhere, "otp-token", &good));
    }

    #[test]
    fn a_code_expires_counted_from_when_it_was_sent() {
        let at = Timestamp::parse_rfc3339("2026-11-22T10:05:00Z").unwrap();
        for (date, expires) in [
            (
                "Sun, 22 Nov 2026 10:00:00 +0000",
                "2026-11-22T10:10:00.000Z",
            ),
            (
                "Sun, 22 Nov 2026 11:00:00 +0000",
                "2026-11-22T10:15:00.000Z",
            ),
            ("Sun, 1 Nov 2026 11:00:00 +0000", "2026-11-22T10:15:00.000Z"),
        ] {
            let raw =
                format!("Date: {date}\r\n\r\nYour code is 482913. It expires in 10 minutes.\r\n");
            let codes = kept(&parse(raw.as_bytes()), at).unwrap();
            let expires_at = Timestamp::from_micros(codes.expires_at.unwrap());
            assert_eq!(expires_at.to_string(), expires, "{date}");
        }
    }

    #[test]
    fn a_monstrous_link_is_not_kept_and_found_again() {
        let url = format!(
            "https://site.example/verify?token={}",
            "a".repeat(LONGEST_LINK)
        );
        let raw = format!("Subject: Verify your address\r\n\r\nConfirm your address:\r\n{url}\r\n");
        let parsed = parse(raw.as_bytes());
        let at = Timestamp::from_micros(0);
        assert_eq!(kept(&parsed, at), None);
        assert_eq!(found(&parsed, at).link.map(|link| link.url), Some(url));
    }
}
