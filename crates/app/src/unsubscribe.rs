//! One click and no more mail: `List-Unsubscribe` with a link of ours (RFC 2369, RFC 8058).
//!
//! Mail asks for it with a field `List-Unsubscribe: one-click`, which any client of the API can
//! send. The link says whom it is for, sealed, so that it can neither be read nor made up; it works
//! for ever, as the law of many countries wants, and for whoever has it, because the provider that
//! shows the button sends the request, not the reader.

use data_encoding::BASE64URL_NOPAD;
use mail::compose::ExtraHeader;
use mail::{Address, Mailbox};
use model::list::Entry;
use model::{Error, OrgId, Result, perm};
use store::{Grant, Reason, Suppression, SuppressionReason};

use crate::App;

/// The field, what asks for it, and its companion.
const FIELD: &str = "List-Unsubscribe";
const ASKED: &str = "one-click";
const COMPANION: (&str, &str) = ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click");

/// What links are sealed as.
const PLACE: &[u8] = b"unsubscribe";

/// Octets of an organisation's id in front of the address.
const ORG: usize = 16;

/// Whom a link is for.
struct Reader {
    org_id: OrgId,
    address: String,
}

impl App {
    /// Gives mail that asks for it its link. One message has one link, so it has one recipient.
    ///
    /// # Errors
    /// `validation_error` for several recipients.
    pub(crate) fn one_click(
        &self,
        headers: &mut Vec<ExtraHeader>,
        org_id: OrgId,
        recipients: &[Mailbox],
    ) -> Result<()> {
        let asks = |header: &ExtraHeader| {
            header.name().eq_ignore_ascii_case(FIELD) && header.value().eq_ignore_ascii_case(ASKED)
        };
        let Some(at) = headers.iter().position(asks) else {
            return Ok(());
        };
        let [only] = recipients else {
            let detail = "One-click unsubscription needs exactly one recipient";
            return Err(
                Error::invalid("headers.List-Unsubscribe", "invalid_value", detail).fix(
                    "Send the message to each recipient separately: the link names who clicks it.",
                ),
            );
        };
        let link = format!("<{}>", self.unsubscribe_link(org_id, &only.address)?);
        let ours = |header: &ExtraHeader| {
            let name = header.name();
            name.eq_ignore_ascii_case(FIELD) || name.eq_ignore_ascii_case(COMPANION.0)
        };
        headers.retain(|header| !ours(header));
        let at = at.min(headers.len());
        for (name, value) in [COMPANION, (FIELD, &link)] {
            let header = ExtraHeader::new(name, value).map_err(Error::internal)?;
            headers.insert(at, header);
        }
        Ok(())
    }

    fn unsubscribe_link(&self, org_id: OrgId, to: &Address) -> Result<String> {
        let mut plain = org_id.as_bytes().to_vec();
        plain.extend_from_slice(to.key().as_bytes());
        // The same link for the same person: repeated mail stays recognisable. What is sealed under
        // one nonce is always the same text.
        let hash = blake3::keyed_hash(&self.0.link_key, &plain);
        let mut nonce = [0; 24];
        nonce.copy_from_slice(&hash.as_bytes()[..24]);
        let sealed = self.0.seal.seal(nonce, PLACE, &plain)?;
        let base = self.settings().public_url.trim_end_matches('/');
        Ok(format!(
            "{base}/v0/unsubscribe/{}",
            BASE64URL_NOPAD.encode(&sealed)
        ))
    }

    /// The address that a link is for.
    ///
    /// # Errors
    /// `not_found` for a link that is not ours.
    pub fn unsubscribe_address(&self, token: &str) -> Result<String> {
        self.reader(token).map(|reader| reader.address)
    }

    /// Keeps the organisation that sent a link from writing to whom it is for again. Doing it twice
    /// is doing it once.
    ///
    /// # Errors
    /// `not_found` for a link that is not ours.
    pub async fn unsubscribe(&self, token: &str) -> Result<()> {
        let reader = self.reader(token)?;
        let new = Suppression {
            entry: Entry::parse(&reader.address)?,
            reason: SuppressionReason::Unsubscribe,
            class: None,
            note: Some("unsubscribed".to_owned()),
            evidence: None,
            message_id: None,
            inbox: None,
            created_at: self.now(),
        };
        let access = self.store().system(reader.org_id, Reason::Download);
        let grant: Grant<perm::ListEntryCreate> = access.grant()?;
        self.store()
            .write(&grant, move |txn| txn.suppress(&new).map(|_| ()))
            .await
    }

    fn reader(&self, token: &str) -> Result<Reader> {
        let read = || {
            let sealed = BASE64URL_NOPAD.decode(token.as_bytes()).ok()?;
            let plain = self.0.seal.open(PLACE, &sealed).ok()?;
            let (org, address) = plain.split_at_checked(ORG)?;
            Some(Reader {
                org_id: OrgId::from_bytes(org)?,
                address: String::from_utf8(address.to_vec()).ok()?,
            })
        };
        read().ok_or_else(|| {
            Error::not_found("Link").fix("The link is damaged; copy it from the message again.")
        })
    }
}
