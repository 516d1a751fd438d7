//! Links in what is about to leave.

use std::collections::BTreeSet;

use url::Url;

use super::Facts;

/// Links of one text that are looked at.
const MOST: usize = 1_000;

/// Characters of one part of a link from which it can carry something.
const LONG: usize = 24;

/// The links in the new words of a message, each once.
pub(super) fn in_new_words(facts: &Facts<'_>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for text in [facts.new_text, facts.new_html].into_iter().flatten() {
        collect(text, &mut found);
    }
    found
}

/// The hosts of links that carry data to somebody who is not on the message: with a query, a
/// fragment, a password or a long part of a path or name, to a host that is neither that of the
/// sender nor that of a recipient.
pub(super) fn that_carry(facts: &Facts<'_>) -> BTreeSet<String> {
    let near: Vec<&str> = facts
        .recipients
        .iter()
        .map(|to| to.address.domain())
        .chain(
            facts
                .inbox
                .inbox_id
                .as_str()
                .rsplit_once('@')
                .map(|(_, domain)| domain),
        )
        .collect();
    let links = in_new_words(facts);
    let urls = links.iter().filter_map(|link| Url::parse(link).ok());
    urls.filter(carries)
        .filter_map(|url| url.host_str().map(str::to_owned))
        .filter(|host| !near.iter().any(|domain| is_within(host, domain)))
        .collect()
}

fn carries(url: &Url) -> bool {
    let long = |part: &str| part.chars().count() >= LONG;
    let query = url.query().is_some_and(|query| query.len() >= 8);
    query
        || url.fragment().is_some_and(long)
        || !url.username().is_empty()
        || url.password().is_some()
        || url.path_segments().is_some_and(|mut parts| parts.any(long))
        || url.host_str().is_some_and(|host| host.split('.').any(long))
}

fn is_within(host: &str, domain: &str) -> bool {
    let below = host.strip_suffix(domain);
    below.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Everything that begins like a link, up to what cannot be in one. In one pass.
fn collect(text: &str, found: &mut BTreeSet<String>) {
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let scheme = &rest.as_bytes()[..at];
        let letters = scheme.iter().rev().take(5);
        let letters = letters
            .take_while(|byte| byte.is_ascii_alphabetic())
            .count();
        let scheme = rest[at - letters..at].to_ascii_lowercase();
        let after = &rest[at + 3..];
        let end = after
            .find(|c: char| c.is_whitespace() || c.is_control() || "<>\"\'`{}|\\^".contains(c));
        let (link, next) = after.split_at(end.unwrap_or(after.len()));
        if scheme.ends_with("https") || scheme.ends_with("http") {
            let link = link.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']']);
            // In HTML the parts of a query are divided by an entity.
            found.insert(format!(
                "{}://{}",
                if scheme.ends_with('s') {
                    "https"
                } else {
                    "http"
                },
                link.replace("&amp;", "&")
            ));
        }
        if found.len() >= MOST {
            return;
        }
        rest = next;
    }
}
