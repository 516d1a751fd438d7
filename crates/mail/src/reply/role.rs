//! What the elements of mail clients mean: quotations, attributions, signatures.

use html5gum::emitters::default::StartTag;

use crate::html::{is_unshown, is_void};

/// What an element means for the lines in it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Plain,
    /// Its lines are quoted, by the author or by a client.
    Quote,
    /// Its lines are quoted by a client: they are history.
    ClientQuote,
    Attribution,
    /// From its first line on all is history.
    History,
    Forward,
    /// Holds the author's signature.
    Signature,
    Unshown,
}

/// What `tag` means, by its name, classes, id and style.
pub(super) fn role(tag: &StartTag<usize>) -> Role {
    let name = tag.name.as_slice();
    if is_unshown(name) && !is_void(name) {
        return Role::Unshown;
    }
    if tag.attributes.is_empty() {
        return if name == b"blockquote" {
            Role::Quote
        } else {
            Role::Plain
        };
    }
    let marks = Marks::of(tag);
    if marks.named(ATTRIBUTION_NAMES) {
        return Role::Attribution;
    }
    if marks.named(&[b"moz-forward-container"]) {
        return Role::Forward;
    }
    if marks.named(HISTORY_NAMES) || marks.data_marker_is(HISTORY_MARKERS) {
        return Role::History;
    }
    if marks.named(SIGNATURE_NAMES) || marks.data_marker_is(SIGNATURE_MARKERS) {
        return Role::Signature;
    }
    if name == b"blockquote" {
        let client = marks.named(QUOTE_NAMES) || tag.attributes.contains_key(b"type".as_slice());
        return match client {
            true => Role::ClientQuote,
            // Gmail's indentation is a blockquote too.
            false if marks.styled(b"border:none") => Role::Plain,
            false => Role::Quote,
        };
    }
    let client = (name != b"div" || !marks.named(&[b"gmail_quote"])) && marks.named(QUOTE_NAMES)
        || marks.is_yahoo_quote()
        || marks.data_marker_is(&[b"__quoted_text__"])
        || (name == b"div" && QUOTE_ELEMENT_NAMES.contains(&marks.name.as_slice()));
    if client {
        return Role::ClientQuote;
    }
    if name == b"div" && marks.draws_line_above() {
        return Role::History;
    }
    Role::Plain
}

/// Classes and ids of elements that hold an attribution.
const ATTRIBUTION_NAMES: &[&[u8]] = &[
    b"gmail_attr",
    b"gmail_quote_attribution",
    b"moz-cite-prefix",
    b"reply-intro",
    b"replyintro",
    b"mail-citation-caption",
    b"airmail_on",
    b"tutanota_quote_attribution",
    b"mail-quote-header",
    b"mailru-blockquote-header",
];

/// Classes and ids of elements at which the old message begins.
const HISTORY_NAMES: &[&[u8]] = &[
    b"divrplyfwdmsg",
    b"appendonsend",
    b"outlookmessageheader",
    b"stopspelling",
    b"zwchr",
    b"mail-editor-reference-message-container",
    b"replysplit",
    b"zmail_extra_hr",
    b"qtdseparatebr",
    b"__pbconvhr",
    b"mailbirdreplyheader",
    b"lotus-reply-header",
    b"ms-outlook-mobile-body-separator-line",
];

/// Zimbra's marks on the elements at which the old message begins.
const HISTORY_MARKERS: &[&[u8]] = &[b"__divider__", b"__headers__"];

/// Classes and ids of elements that hold the old message.
const QUOTE_NAMES: &[&[u8]] = &[
    b"gmail_quote",
    b"protonmail_quote",
    b"zmail_extra",
    b"blockquote_zmail",
    b"tutanota_quote",
    b"olk_src_body_section",
    b"ms-outlook-mobile-reference-message",
    b"isreplycontent",
    b"ntes-mailmaster-quote",
    b"ntes-pcmac-quote",
    b"yahoo_quoted",
    b"qtdsepr",
    b"hmquote",
    b"mailspring-quote",
    b"nylas-quote",
    b"front-quote",
    b"front-blockquote",
    b"sh-quoted-content",
    b"cm_quote",
    b"history_container",
    b"clean_bq",
    b"aol_quote",
    b"aoloriginalcontents",
    b"appleoriginalcontents",
    b"applemailquote",
    b"quoted-message",
    b"quoted_text",
    b"qmbox-quote",
    b"mailru-blockquote",
    b"wrapper-quote",
    b"ymail_quote",
    b"replyforwardmessage",
    b"freshdesk_quote",
    b"zd-quoted",
    b"intercom-quote",
    b"helpscout-quote",
    b"hs_reply",
];

/// The `name` of elements that hold the old message: GMX, Spark.
const QUOTE_ELEMENT_NAMES: &[&[u8]] = &[b"quote", b"messagereplysection"];

/// Classes and ids of elements that hold the author's signature.
const SIGNATURE_NAMES: &[&[u8]] = &[
    b"gmail_signature",
    b"gmail_signature_prefix",
    b"moz-signature",
    b"signature",
    b"mobile_signature",
    b"ms-outlook-mobile-signature",
    b"ms-outlook-ios-signature",
    b"applemailsignature",
    b"applemailsignatureblock",
    b"protonmail_signature_block",
    b"protonmail_signature_block-user",
    b"protonmail_signature_block-proton",
    b"tutanota_signature",
    b"mailspring-signature",
    b"sh-signature",
    b"bloop_sign",
    b"zmail_signature_below",
    b"yahoo-signature",
    b"ymail_android_signature",
    b"email-signature",
    b"front-signature",
    b"spark-signature",
    b"_mcntsignature",
];

/// Zimbra's marks on the elements that hold the author's signature.
const SIGNATURE_MARKERS: &[&[u8]] = &[b"__sig_pre__", b"__sig_post__"];

/// The attributes of an element that tell what it is for, in lower case.
struct Marks {
    class: Vec<u8>,
    id: Vec<u8>,
    name: Vec<u8>,
    data_marker: Vec<u8>,
    /// Without white space.
    style: Vec<u8>,
}

impl Marks {
    fn of(tag: &StartTag<usize>) -> Self {
        let lower = |name: &[u8]| {
            tag.attributes
                .get(name)
                .map(|value| value.to_ascii_lowercase())
                .unwrap_or_default()
        };
        let mut style = lower(b"style");
        style.retain(|b| !b.is_ascii_whitespace());
        Self {
            class: lower(b"class"),
            id: lower(b"id"),
            name: lower(b"name"),
            data_marker: lower(b"data-marker"),
            style,
        }
    }

    /// Whether a class or the id is one of `wanted`. Outlook on the web puts `x_` before the
    /// names it finds in a message.
    fn named(&self, wanted: &[&[u8]]) -> bool {
        self.class
            .split(u8::is_ascii_whitespace)
            .chain(std::iter::once(self.id.as_slice()))
            .any(|word| wanted.contains(&strip_x(word)))
    }

    fn data_marker_is(&self, wanted: &[&[u8]]) -> bool {
        wanted.contains(&self.data_marker.as_slice())
    }

    /// Yahoo puts a number before or after the name.
    fn is_yahoo_quote(&self) -> bool {
        self.class
            .split(u8::is_ascii_whitespace)
            .any(|word| word.ends_with(b"yahoo_quoted"))
            || strip_x(&self.id).starts_with(b"yahoo_quoted")
    }

    /// The line Outlook for Windows and Windows Mail draw above the old message's headers.
    fn draws_line_above(&self) -> bool {
        let desktop = self.styled(b"border:none;border-top:solid") && self.styled(b"padding:3");
        let modern = self.styled(b"border-top-style:solid")
            && self.styled(b"border-top-width:1px")
            && self.styled(b"padding-top:5px");
        let short = self.styled(b"border-top:1pxsolid") && self.styled(b"padding-top:5px");
        desktop || modern || short
    }

    fn styled(&self, wanted: &[u8]) -> bool {
        memchr::memmem::find(&self.style, wanted).is_some()
    }
}

fn strip_x(word: &[u8]) -> &[u8] {
    let mut word = word;
    while let Some(inner) = word.strip_prefix(b"x_") {
        word = inner;
    }
    word
}
