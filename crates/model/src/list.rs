//! Allow and block lists: what an entry is, which addresses it covers, and who wins.
//!
//! The rules, in the order in which they decide:
//!
//! 1. An entry that the server made itself (`read_only`) and that blocks sending blocks, whatever
//!    else there is: nobody asked to be written to again.
//! 2. The narrowest scope with an entry that covers the address decides: inbox, then pod, then
//!    organisation.
//! 3. Within a scope the most exact entry decides: the address, then its domain, then a wildcard
//!    over the longest part of the domain. Of two equally exact ones, block wins.
//! 4. What no entry covers is admitted, unless there is any allow entry for the direction at any of
//!    the three scopes: then only what is allowed is.

use std::cmp::Reverse;

use mail::{Address, Timestamp};

use crate::error::{Error, Result};
use crate::{InboxKey, OrgId, PodId};

/// What a list is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Whom an inbox may write to.
    Send,
    /// Who may begin a conversation with an inbox.
    Receive,
    /// Who may answer what an inbox sent.
    Reply,
}

impl Direction {
    /// The name in paths, on the wire and in the store.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Receive => "receive",
            Self::Reply => "reply",
        }
    }

    /// Reads a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Send, Self::Receive, Self::Reply]
            .into_iter()
            .find(|direction| direction.name() == name)
    }
}

/// What a list does with those who are on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ListType {
    /// Lets them, and for want of an entry nobody else.
    Allow,
    /// Keeps them out.
    Block,
}

impl ListType {
    /// The name in paths, on the wire and in the store.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Block => "block",
        }
    }

    /// Reads a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Allow, Self::Block]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

/// An address, a domain, or every domain below one, in the one spelling that is stored and compared:
/// lower case, with domains in A-labels.
///
/// A domain covers the addresses of exactly that domain. Whoever means its subdomains says so with
/// `*.example.com` (or `.example.com`), which in turn does not cover `example.com` itself: allowing
/// a domain must not allow whoever can get a name below it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entry(String);

impl Entry {
    /// Reads an entry as a caller wrote it.
    ///
    /// # Errors
    /// `validation_error` when it is neither an address nor a domain.
    pub fn parse(text: &str) -> Result<Self> {
        let problem = |why: String| {
            Error::invalid("entry", "invalid_value", why).fix(
                "Write an address (ann@example.com), a domain (example.com), or *.example.com for \
                 all its subdomains.",
            )
        };
        let text = text.trim();
        if text.contains('@') {
            let address = Address::parse(text);
            return address
                .map(|address| Self(address.key()))
                .map_err(|error| problem(format!("Not an address: {error}")));
        }
        let below = text.strip_prefix("*.").or_else(|| text.strip_prefix('.'));
        let domain = below.unwrap_or(text);
        let domain = domain.strip_suffix('.').unwrap_or(domain);
        let probe = Address::parse(&format!("x@{domain}"));
        let domain = probe.map_err(|_| problem("Neither an address nor a domain".to_owned()))?;
        let domain = domain.domain();
        match below {
            Some(_) if domain.starts_with('[') => {
                Err(problem("An address literal has no subdomains".to_owned()))
            }
            Some(_) => Ok(Self(format!("*.{domain}"))),
            None => Ok(Self(domain.to_owned())),
        }
    }

    /// The stored form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `email` or `domain`.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        if self.0.contains('@') {
            "email"
        } else {
            "domain"
        }
    }

    /// Takes what the store holds.
    #[must_use]
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }
}

/// Every entry that would cover `address`, the most exact first.
#[must_use]
pub fn covering(address: &Address) -> Vec<String> {
    let domain = address.domain();
    let mut entries = vec![address.key(), domain.to_owned()];
    if !domain.starts_with('[') {
        let dots = domain.match_indices('.');
        entries.extend(dots.map(|(at, _)| format!("*{}", &domain[at..])));
    }
    entries
}

/// An entry of a list, as stored.
#[derive(Clone, Debug)]
pub struct ListEntry {
    /// The entry.
    pub entry: Entry,
    /// The organisation.
    pub org_id: OrgId,
    /// The pod it is for, if it is not for the whole organisation.
    pub pod_id: Option<PodId>,
    /// The inbox it is for, if it is for one.
    pub inbox_key: Option<InboxKey>,
    /// What the list is about.
    pub direction: Direction,
    /// What the list does.
    pub list_type: ListType,
    /// Why, in the words of whoever made it.
    pub reason: Option<String>,
    /// Whether the server made it, and callers cannot delete it.
    pub read_only: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// How much a list is for; the narrower scope is the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The organisation.
    Org,
    /// A pod.
    Pod,
    /// An inbox.
    Inbox,
}

/// An entry that covers an address, as the decision needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Whose list.
    pub level: Level,
    /// What the list does.
    pub list_type: ListType,
    /// The entry.
    pub entry: String,
    /// Whether the server made it.
    pub read_only: bool,
}

/// What the lists say of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// An allow entry covers it.
    Allowed,
    /// No entry covers it and nothing is exclusive.
    Open,
    /// No entry covers it, and there are allow entries.
    NotAllowed,
    /// A block entry covers it.
    Blocked,
    /// The server itself blocks it, because an earlier mail to it failed or was unwanted.
    Suppressed,
}

impl Verdict {
    /// Whether mail may pass.
    #[must_use]
    pub const fn admits(self) -> bool {
        matches!(self, Self::Allowed | Self::Open)
    }

    /// Why mail may not pass, for people.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Allowed | Self::Open => "allowed",
            Self::NotAllowed => "not in allow list",
            Self::Blocked => "in block list",
            Self::Suppressed => "suppressed",
        }
    }
}

/// Decides about an address. `covering` are the entries that would cover it, most exact first;
/// `rules` are those of them that exist for a direction, at any of the three scopes; `exclusive` is
/// whether there is any allow entry for the direction at any of them.
#[must_use]
pub fn judge(covering: &[String], rules: &[Rule], exclusive: bool) -> Verdict {
    let blocks = |rule: &Rule| rule.list_type == ListType::Block;
    let mut best = None;
    for rule in rules {
        let Some(exactness) = covering.iter().position(|entry| *entry == rule.entry) else {
            continue;
        };
        if rule.read_only && blocks(rule) {
            return Verdict::Suppressed;
        }
        best = best.max(Some((rule.level, Reverse(exactness), blocks(rule))));
    }
    match best {
        Some((_, _, true)) => Verdict::Blocked,
        Some((_, _, false)) => Verdict::Allowed,
        None if exclusive => Verdict::NotAllowed,
        None => Verdict::Open,
    }
}

/// Who an arriving mail says it is from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Authors {
    /// The addresses of the From field, as far as they are addresses; of Sender without one.
    pub from: Vec<Address>,
    /// Whether From has something that is no address, has too many, or is missing.
    pub unclear: bool,
    /// The reverse path of the envelope.
    pub envelope: Option<Address>,
}

impl Authors {
    /// The addresses of a From field that are looked at; real mail has one.
    pub const MOST: usize = 8;

    /// Whether a mail passes lists that say `of` each address: every author must be admitted, and
    /// the envelope's sender must not be blocked. Only From can be allowed, because only From is
    /// shown. An unclear From is covered by no allow entry.
    ///
    /// # Errors
    /// Those of `of`.
    pub fn admitted(
        &self,
        exclusive: bool,
        mut of: impl FnMut(&Address) -> Result<Verdict>,
    ) -> Result<bool> {
        if self.unclear && exclusive {
            return Ok(false);
        }
        for author in &self.from {
            if !of(author)?.admits() {
                return Ok(false);
            }
        }
        match &self.envelope {
            Some(sender) if !self.from.contains(sender) => Ok(!matches!(
                of(sender)?,
                Verdict::Blocked | Verdict::Suppressed
            )),
            _ => Ok(true),
        }
    }
}

#[cfg(test)]
mod tests;
