//! What may leave: rules that an organisation, a pod, an inbox and a key each may have.
//!
//! Of the rules of all four levels the tightest counts, so a narrower level can only tighten. The one
//! thing that a level can loosen is the server's own default for taint, and only where no other level
//! asks for it.

use mail::Address;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::list::{Entry, covering};
use crate::{ApiKeyId, InboxKey, PodId};

/// Entries of the list of recipients of one policy.
const MAX_RECIPIENTS: usize = 1_000;

/// People who may be asked by mail.
const MAX_APPROVERS: usize = 10;

/// Whose policy it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The organisation's.
    Org,
    /// A pod's.
    Pod(PodId),
    /// An inbox's.
    Inbox(PodId, InboxKey),
    /// A key's.
    Key(ApiKeyId),
}

impl Subject {
    /// Its level.
    #[must_use]
    pub const fn level(self) -> Level {
        match self {
            Self::Org => Level::Organization,
            Self::Pod(_) => Level::Pod,
            Self::Inbox(..) => Level::Inbox,
            Self::Key(_) => Level::Key,
        }
    }
}

/// How far a policy reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Everything of the organisation.
    Organization,
    /// Everything of a pod.
    Pod,
    /// One inbox.
    Inbox,
    /// Whatever one key does.
    Key,
}

impl Level {
    /// The name in the store and on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Organization => "organization",
            Self::Pod => "pod",
            Self::Inbox => "inbox",
            Self::Key => "api_key",
        }
    }

    /// Reads a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Organization, Self::Pod, Self::Inbox, Self::Key]
            .into_iter()
            .find(|level| level.name() == name)
    }
}

/// What a rule does with what it is about. The later is the stricter.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Rule {
    /// Lets it leave.
    #[default]
    Allow,
    /// Holds it until another identity has approved it.
    Hold,
    /// Refuses it.
    Refuse,
}

impl Rule {
    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Hold => "hold",
            Self::Refuse => "refuse",
        }
    }
}

/// The rules of one level. What is left out says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Every departure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send: Option<Rule>,
    /// Addresses and domains that may be written to; all may where there is no list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipients: Option<Vec<String>>,
    /// What happens to a recipient that `recipients` does not cover. Refused if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_recipients: Option<Rule>,
    /// A recipient that the inbox has not written to before and that is not in the thread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_recipients: Option<Rule>,
    /// Files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attachments: Option<Rule>,
    /// Links in the new text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub links: Option<Rule>,
    /// Messages in a minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_minute: Option<u32>,
    /// Messages in an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_hour: Option<u32>,
    /// Messages in a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_day: Option<u32>,
    /// When nothing leaves without approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_hours: Option<QuietHours>,
    /// Turns in one thread in an hour that no person approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turns_per_thread: Option<u32>,
    /// Turns with one address in an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turns_per_peer: Option<u32>,
    /// Turns of two inboxes of one organisation, both counted, in an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turns_per_pair: Option<u32>,
    /// Whether reading mail of strangers narrows what a key may do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taint: Option<Switch>,
    /// Who is asked by mail about what is held, in the form of `Address::key`. Of several lists only
    /// those count who stand in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approvers: Option<Vec<String>>,
}

/// Whether something is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Switch {
    /// It is.
    On,
    /// It is not.
    Off,
}

/// A part of each day, in minutes since midnight. It may go over midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// The first minute, 0 to 1439.
    pub from: u16,
    /// The minute after the last, 0 to 1439.
    pub until: u16,
    /// Minutes that the clock is ahead of UTC.
    #[serde(default)]
    pub utc_offset: i16,
}

impl QuietHours {
    /// Whether an instant, in seconds since 1970, lies in it.
    #[must_use]
    pub fn has(&self, seconds: i64) -> bool {
        let minute = seconds.div_euclid(60) + i64::from(self.utc_offset);
        let minute = minute.rem_euclid(1440);
        let (from, until) = (i64::from(self.from), i64::from(self.until));
        if from <= until {
            (from..until).contains(&minute)
        } else {
            minute >= from || minute < until
        }
    }
}

/// The policies that people ask for by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// Everything leaves, but for taint.
    Open,
    /// Only what the list of recipients covers leaves.
    AllowList,
    /// Everything waits for a person.
    HumanInTheLoop,
    /// Nothing leaves.
    ReadOnly,
}

impl Preset {
    /// Reads a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "open" => Some(Self::Open),
            "allow_list" => Some(Self::AllowList),
            "human_in_the_loop" => Some(Self::HumanInTheLoop),
            "read_only" => Some(Self::ReadOnly),
            _ => None,
        }
    }

    /// Its rules.
    #[must_use]
    pub fn policy(self) -> Policy {
        let empty = Policy::default();
        match self {
            Self::Open => empty,
            Self::AllowList => Policy {
                recipients: Some(Vec::new()),
                other_recipients: Some(Rule::Refuse),
                ..empty
            },
            Self::HumanInTheLoop => Policy {
                send: Some(Rule::Hold),
                ..empty
            },
            Self::ReadOnly => Policy {
                send: Some(Rule::Refuse),
                ..empty
            },
        }
    }
}

impl Policy {
    /// Checks what a caller wrote, and brings the recipients into the spelling that is compared.
    ///
    /// # Errors
    /// `validation_error` naming the field.
    pub fn checked(mut self) -> Result<Self> {
        if let Some(list) = &mut self.recipients {
            if list.len() > MAX_RECIPIENTS {
                let detail = format!("A policy names at most {MAX_RECIPIENTS} recipients");
                return Err(Error::invalid("recipients", "too_big", detail)
                    .fix("Name domains in place of addresses."));
            }
            for entry in list.iter_mut() {
                *entry = Entry::parse(entry)?.as_str().to_owned();
            }
            list.sort_unstable();
            list.dedup();
        }
        for (field, turns) in [
            ("turns_per_thread", self.turns_per_thread),
            ("turns_per_peer", self.turns_per_peer),
            ("turns_per_pair", self.turns_per_pair),
        ] {
            if turns == Some(0) {
                let detail = "A budget has at least one turn";
                return Err(Error::invalid(field, "too_small", detail)
                    .fix("To let nothing leave, set send to refuse."));
            }
        }
        if let Some(list) = &mut self.approvers {
            if list.len() > MAX_APPROVERS {
                let detail = format!("A policy names at most {MAX_APPROVERS} approvers");
                return Err(Error::invalid("approvers", "too_big", detail)
                    .fix("Name fewer people, or one address that reaches several."));
            }
            for one in list.iter_mut() {
                let address = Address::parse(one.trim()).map_err(|error| {
                    let detail = format!("Not an address: {error}");
                    Error::invalid("approvers", "invalid_value", detail)
                        .fix("Write approvers as user@example.com.")
                })?;
                *one = address.key();
            }
            list.sort_unstable();
            list.dedup();
        }
        if let Some(hours) = &self.quiet_hours {
            let sound = hours.from < 1440 && hours.until < 1440 && hours.utc_offset.abs() <= 1440;
            if !sound {
                let detail = "quiet_hours are minutes of a day, from 0 to 1439";
                return Err(Error::invalid("quiet_hours", "invalid_value", detail));
            }
        }
        Ok(self)
    }

    /// Whether the list of recipients covers an address; `None` where there is no list.
    fn covers(&self, address: &Address) -> Option<bool> {
        let list = self.recipients.as_ref()?;
        Some(
            covering(address)
                .iter()
                .any(|entry| list.binary_search(entry).is_ok()),
        )
    }

    /// Whether everything that this lets leave, `before` lets leave too.
    #[must_use]
    pub fn is_no_looser_than(&self, before: &Self) -> bool {
        let strict = |own: Option<Rule>, before: Option<Rule>| {
            own.unwrap_or_default() >= before.unwrap_or_default()
        };
        let few = |own: Option<u32>, before: Option<u32>| {
            before.is_none_or(|before| own.is_some_and(|own| own <= before))
        };
        let listed = match (&self.recipients, &before.recipients) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(own), Some(before)) => {
                own.iter().all(|entry| before.binary_search(entry).is_ok())
            }
        };
        let others = |policy: &Self| policy.other_recipients.unwrap_or(Rule::Refuse);
        let others = before.recipients.is_none() || others(self) >= others(before);
        let quiet = before.quiet_hours.is_none() || self.quiet_hours == before.quiet_hours;
        // Whoever is named may let something leave; a list that is gone named fewer than those above it.
        let approvers = match (&self.approvers, &before.approvers) {
            (None, None) => true,
            (None, Some(_)) => false,
            (Some(own), before) => {
                let before = before.as_deref().unwrap_or_default();
                own.iter().all(|one| before.contains(one))
            }
        };
        let tainted = match (before.taint, self.taint) {
            (Some(Switch::On), own) => own == Some(Switch::On),
            (None, own) => own != Some(Switch::Off),
            (Some(Switch::Off), _) => true,
        };
        strict(self.send, before.send)
            && strict(self.new_recipients, before.new_recipients)
            && strict(self.attachments, before.attachments)
            && strict(self.links, before.links)
            && few(self.per_minute, before.per_minute)
            && few(self.per_hour, before.per_hour)
            && few(self.per_day, before.per_day)
            && few(self.turns_per_thread, before.turns_per_thread)
            && few(self.turns_per_peer, before.turns_per_peer)
            && few(self.turns_per_pair, before.turns_per_pair)
            && approvers
            && listed
            && others
            && quiet
            && tainted
    }
}

/// What the policies of all levels say together.
#[derive(Clone, Debug, Default)]
pub struct Effective {
    /// Every departure.
    pub send: Rule,
    /// A recipient that is new to the inbox.
    pub new_recipients: Rule,
    /// Files.
    pub attachments: Rule,
    /// Links.
    pub links: Rule,
    /// Messages in a minute.
    pub per_minute: Option<u32>,
    /// Messages in an hour.
    pub per_hour: Option<u32>,
    /// Messages in a day.
    pub per_day: Option<u32>,
    /// Turns in one thread in an hour.
    pub turns_per_thread: Option<u32>,
    /// Turns with one address in an hour.
    pub turns_per_peer: Option<u32>,
    /// Turns of two inboxes of one organisation in an hour.
    pub turns_per_pair: Option<u32>,
    /// Who is asked by mail about what is held; absent where no level names anybody.
    pub approvers: Option<Vec<String>>,
    /// When nothing leaves without approval; any of them counts.
    pub quiet_hours: Vec<QuietHours>,
    /// Whether the taint of keys counts, if any level says so.
    pub taint: Option<Switch>,
    /// The policies that have a list of recipients.
    lists: Vec<Policy>,
}

impl Effective {
    /// The tightest of all.
    #[must_use]
    pub fn of<'a>(policies: impl IntoIterator<Item = &'a Policy>) -> Self {
        policies.into_iter().fold(Self::default(), |mut own, more| {
            let strict = |own: Rule, more: Option<Rule>| own.max(more.unwrap_or_default());
            own.send = strict(own.send, more.send);
            own.new_recipients = strict(own.new_recipients, more.new_recipients);
            own.attachments = strict(own.attachments, more.attachments);
            own.links = strict(own.links, more.links);
            own.per_minute = fewest(own.per_minute, more.per_minute);
            own.per_hour = fewest(own.per_hour, more.per_hour);
            own.per_day = fewest(own.per_day, more.per_day);
            own.turns_per_thread = fewest(own.turns_per_thread, more.turns_per_thread);
            own.turns_per_peer = fewest(own.turns_per_peer, more.turns_per_peer);
            own.turns_per_pair = fewest(own.turns_per_pair, more.turns_per_pair);
            own.approvers = common(own.approvers, more.approvers.as_deref());
            own.quiet_hours.extend(more.quiet_hours);
            own.taint = match (own.taint, more.taint) {
                (Some(Switch::On), _) | (_, Some(Switch::On)) => Some(Switch::On),
                (own, more) => own.or(more),
            };
            if more.recipients.is_some() {
                own.lists.push(more.clone());
            }
            own
        })
    }

    /// What the lists of recipients say about an address.
    #[must_use]
    pub fn recipient(&self, address: &Address) -> Rule {
        let each = self
            .lists
            .iter()
            .map(|policy| match policy.covers(address) {
                Some(false) => policy.other_recipients.unwrap_or(Rule::Refuse),
                Some(true) | None => Rule::Allow,
            });
        each.max().unwrap_or_default()
    }

    /// Whether a list names an address, and none keeps it out: somebody with the right to loosen has
    /// thought of this recipient.
    #[must_use]
    pub fn names(&self, address: &Address) -> bool {
        let listed = |policy: &Policy| policy.covers(address) == Some(true);
        self.lists.iter().any(listed) && self.recipient(address) == Rule::Allow
    }

    /// All lists together, for those who look at it: who may be written to.
    #[must_use]
    pub fn recipients(&self) -> Option<Vec<&str>> {
        let (first, others) = self.lists.split_first()?;
        let common = first.recipients.iter().flatten().filter(|entry| {
            let has = |policy: &Policy| policy.recipients.iter().flatten().any(|own| own == *entry);
            others.iter().all(has)
        });
        Some(common.map(String::as_str).collect())
    }
}

fn fewest(own: Option<u32>, more: Option<u32>) -> Option<u32> {
    match (own, more) {
        (Some(own), Some(more)) => Some(own.min(more)),
        (own, more) => own.or(more),
    }
}

/// Those who stand in both lists, where there are two.
fn common(own: Option<Vec<String>>, more: Option<&[String]>) -> Option<Vec<String>> {
    match (own, more) {
        (Some(mut own), Some(more)) => {
            own.retain(|one| more.contains(one));
            Some(own)
        }
        (own, more) => own.or_else(|| more.map(<[String]>::to_vec)),
    }
}

#[cfg(test)]
mod tests;
