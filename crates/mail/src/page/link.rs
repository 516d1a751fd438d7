//! Where links lead, and whether their words say so.

/// How the words of a link and its target disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mismatch {
    /// The words are the address of another site than the target's.
    Host,
    /// The words are an address that only stands inside the target: a site in between redirects,
    /// as link counters and link scanners do.
    Redirect,
    /// The words are another mail address than the one written to.
    Mailbox,
    /// A name before an `@` makes the target look like another site.
    User,
    /// The target is a program or a document inside the link, not a place.
    Script,
}

impl Mismatch {
    /// The name in the API, in snake case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Redirect => "redirect",
            Self::Mailbox => "mailbox",
            Self::User => "user",
            Self::Script => "script",
        }
    }
}

/// Hosts under these names belong to different people.
const SHARED: &[&str] = &[
    "amazonaws.com",
    "appspot.com",
    "azurewebsites.net",
    "blogspot.com",
    "cloudfront.net",
    "firebaseapp.com",
    "github.io",
    "gitlab.io",
    "herokuapp.com",
    "myshopify.com",
    "netlify.app",
    "ngrok.io",
    "onrender.com",
    "pages.dev",
    "r2.dev",
    "sharepoint.com",
    "substack.com",
    "vercel.app",
    "web.app",
    "weebly.com",
    "windows.net",
    "wixsite.com",
    "wordpress.com",
    "workers.dev",
    "zendesk.com",
];

/// Second-level names under country codes, as in `co.uk`.
const SECOND: &[&str] = &[
    "ac", "asn", "co", "com", "edu", "go", "gob", "gouv", "gov", "govt", "id", "ltd", "me", "mil",
    "ne", "net", "nhs", "nom", "or", "org", "plc", "sch",
];

/// The scheme of a target in lower case; empty without one. Browsers ignore blanks and controls in
/// front and line breaks inside.
pub(super) fn scheme(target: &str) -> String {
    let mut scheme = String::new();
    for c in target.chars() {
        match c {
            ':' => return scheme,
            c if c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.') => {
                scheme.push(c.to_ascii_lowercase());
            }
            c if c.is_control() || c.is_whitespace() => {}
            _ => return String::new(),
        }
        if scheme.len() > 20 {
            break;
        }
    }
    String::new()
}

/// Whether a link may be written out as one that can be followed.
pub(super) fn is_followable(target: &str) -> bool {
    matches!(
        scheme(target).as_str(),
        "http"
            | "https"
            | "mailto"
            | "tel"
            | "sms"
            | "ftp"
            | "webcal"
            | "xmpp"
            | "geo"
            | "cid"
            | "mid"
    )
}

/// Compares the words of a link with its target.
pub(super) fn mismatch(text: &str, target: &str) -> Option<Mismatch> {
    let scheme = scheme(target);
    match scheme.as_str() {
        "javascript" | "vbscript" | "data" | "file" | "blob" => return Some(Mismatch::Script),
        "mailto" => return mailbox_mismatch(text, target),
        "http" | "https" | "ftp" => {}
        _ => return None,
    }
    let (user, host) = authority(target)?;
    if user.is_some_and(|user| user.contains('.')) {
        return Some(Mismatch::User);
    }
    let shown = shown_host(text)?;
    if is_same_site(&shown, &host) {
        return None;
    }
    let rest = target.to_ascii_lowercase();
    let rest = rest.split_once(&host).map_or("", |(_, rest)| rest);
    if rest.contains(shown.trim_start_matches("www.")) {
        return Some(Mismatch::Redirect);
    }
    Some(Mismatch::Host)
}

fn mailbox_mismatch(text: &str, target: &str) -> Option<Mismatch> {
    let shown = text
        .split(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '(' | ')' | ',' | ';'))
        .find(|word| is_mailbox(word))?;
    let (_, address) = target.split_once(':')?;
    let address = percent_decoded(address).to_ascii_lowercase();
    let shown = shown.trim_end_matches(['.', ':']).to_ascii_lowercase();
    let shown = shown.trim_start_matches("mailto:");
    (!address.contains(shown)).then_some(Mismatch::Mailbox)
}

fn is_mailbox(word: &str) -> bool {
    word.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && domain.contains('.') && !domain.contains('@')
    })
}

/// The host that the words of a link name, if they are an address.
fn shown_host(text: &str) -> Option<String> {
    let text = text
        .trim()
        .trim_matches(['<', '>', '[', ']', '(', ')', '"', '\'']);
    let word = text
        .split_whitespace()
        .find(|word| looks_like_address(word))?;
    if scheme(word).starts_with("http") && word.contains("//") {
        return authority(word).map(|(_, host)| host);
    }
    // A bare domain must be all there is, or it may be the end of a sentence or a file.
    let is_bare = word.to_ascii_lowercase().starts_with("www.");
    if !is_bare && text.split_whitespace().nth(1).is_some() {
        return None;
    }
    let host = word.split(['/', '?', '#', ':']).next().unwrap_or_default();
    Some(host.trim_end_matches(['.', ',']).to_lowercase())
}

fn looks_like_address(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    if lower.starts_with("http://") || lower.starts_with("https://") {
        return true;
    }
    if word.contains('@') {
        return false;
    }
    let host = lower.split(['/', '?', '#', ':']).next().unwrap_or_default();
    let host = host.trim_end_matches(['.', ',']);
    let mut labels = host.rsplit('.');
    let top = labels.next().unwrap_or_default();
    if host.starts_with("www.") {
        return true;
    }
    host.contains('.')
        && is_top_level(top)
        && labels.all(|label| !label.is_empty() && !label.contains('_'))
}

/// Names at the top that words of links end in: common ones, and two letters of a country that
/// are no usual ending of a file.
fn is_top_level(name: &str) -> bool {
    const COMMON: &[&str] = &[
        "com", "org", "net", "edu", "gov", "int", "mil", "info", "biz", "app", "dev", "shop",
        "online", "site", "xyz", "cloud", "store", "tech", "bank", "email", "example", "page",
    ];
    const FILES: &[&str] = &[
        "gz", "js", "md", "pl", "ps", "py", "rs", "sh", "ts", "vb", "so",
    ];
    let is_country =
        name.len() == 2 && name.bytes().all(|b| b.is_ascii_lowercase()) && !FILES.contains(&name);
    is_country || COMMON.contains(&name)
}

/// User part and host of an address, the host in lower case and without port.
fn authority(target: &str) -> Option<(Option<&str>, String)> {
    let (_, rest) = target.split_once(':')?;
    let rest = rest.trim_start_matches(['/', '\\']);
    let end = rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len());
    let authority = rest.get(..end)?;
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, authority),
    };
    let host = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    Some((user, host.trim_end_matches('.').to_lowercase()))
}

/// The host of an address, if it has one.
pub(super) fn host(target: &str) -> Option<String> {
    matches!(scheme(target).as_str(), "http" | "https" | "ftp")
        .then(|| authority(target).map(|(_, host)| host))?
        .filter(|host| !host.is_empty())
}

/// Whether two hosts belong to one owner, as far as names tell.
fn is_same_site(a: &str, b: &str) -> bool {
    a == b || site(a) == site(b)
}

/// The part of a host that somebody registered.
fn site(host: &str) -> &str {
    let dots: Vec<usize> = host.rmatch_indices('.').map(|(at, _)| at).take(3).collect();
    let labels = |count: usize| match dots.get(count - 1) {
        Some(dot) => host.get(dot + 1..).unwrap_or(host),
        None => host,
    };
    let two = labels(2);
    let (second, top) = two.split_once('.').unwrap_or((two, ""));
    if SHARED.contains(&two) || top.len() == 2 && SECOND.contains(&second) {
        labels(3)
    } else {
        two
    }
}

/// Resolves `%40` and the like; what is not UTF-8 is replaced.
pub(super) fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let code = text
            .get(at + 1..at + 3)
            .filter(|_| *byte == b'%')
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        out.push(code.unwrap_or(*byte));
        at += if code.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_targets_are_compared() {
        for (text, target, want) in [
            ("Sign in", "https://a.example/x", None),
            ("https://a.example/x", "https://a.example/y", None),
            ("www.a.example", "https://shop.a.example/", None),
            (
                "bank.example",
                "https://evil.example.com/",
                Some(Mismatch::Host),
            ),
            (
                "https://bank.com",
                "http://bank.com.evil.net",
                Some(Mismatch::Host),
            ),
            (
                "www.shop.com",
                "https://click.mailer.net/?u=https%3A%2F%2Fwww.shop.com",
                Some(Mismatch::Redirect),
            ),
            (
                "one.github.io",
                "https://two.github.io",
                Some(Mismatch::Host),
            ),
            ("a.co.uk", "https://b.co.uk", Some(Mismatch::Host)),
            ("Pay", "https://bank.com@evil.net/", Some(Mismatch::User)),
            ("Pay", "java\nscript:alert(1)", Some(Mismatch::Script)),
            ("a@b.example", "mailto:a@b.example?subject=x", None),
            ("a@b.example", "mailto:c@d.example", Some(Mismatch::Mailbox)),
            ("report.pdf", "https://files.example/1", None),
            ("Node.js", "https://a.example", None),
            ("See a.example for more", "https://b.example.org", None),
            ("version 1.2", "https://a.example", None),
        ] {
            assert_eq!(mismatch(text, target), want, "{text} {target}");
        }
    }
}
