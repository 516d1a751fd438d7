//! Rules about what may leave. These routes are this server's own.

use serde::{Deserialize, Serialize};

/// The rules of one level. What is left out says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// `allow`, `hold` or `refuse` every departure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send: Option<String>,
    /// Addresses and domains that may be written to; all may where there is no list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipients: Option<Vec<String>>,
    /// What happens to a recipient that `recipients` does not cover: `refuse` if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_recipients: Option<String>,
    /// What happens to a recipient that the inbox has not written to and that is not in the thread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_recipients: Option<String>,
    /// What happens to a message with files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attachments: Option<String>,
    /// What happens to a message with links in its new text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub links: Option<String>,
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
    /// Turns of two inboxes of one organization, both counted, in an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turns_per_pair: Option<u32>,
    /// `on` or `off`: whether reading mail of strangers narrows what a key may do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taint: Option<String>,
    /// Who is asked by mail about what is held. Of several levels those count whom all of them name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approvers: Option<Vec<String>>,
}

/// A part of each day, in minutes since midnight.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// The first minute.
    pub from: u16,
    /// The minute after the last.
    pub until: u16,
    /// Minutes that the clock is ahead of UTC.
    #[serde(default)]
    pub utc_offset: i16,
}

/// `policy.set`: a preset, rules of one's own, or a preset with rules in place of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetPolicyRequest {
    /// `open`, `allow_list`, `human_in_the_loop` or `read_only`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preset: Option<String>,
    /// The rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
}

/// `policy.get`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyResponse {
    /// `organization`, `pod`, `inbox` or `api_key`.
    pub level: String,
    /// The rules of this level; absent where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
    /// What holds together with the levels above.
    pub effective: EffectivePolicy,
}

/// What several levels say together: the tightest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EffectivePolicy {
    /// Every departure.
    pub send: String,
    /// What may be written to; absent where nothing is listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipients: Option<Vec<String>>,
    /// Recipients that are new.
    pub new_recipients: String,
    /// Files.
    pub attachments: String,
    /// Links.
    pub links: String,
    /// Messages in a minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_minute: Option<u32>,
    /// Messages in an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_hour: Option<u32>,
    /// Messages in a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_day: Option<u32>,
    /// Turns in one thread in an hour; absent where neither a policy nor the server limits them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turns_per_thread: Option<u32>,
    /// Turns with one address in an hour, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turns_per_peer: Option<u32>,
    /// Turns of two inboxes of one organization in an hour, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turns_per_pair: Option<u32>,
    /// Who is asked by mail about what is held; absent where nobody is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approvers: Option<Vec<String>>,
    /// When nothing leaves without approval.
    pub quiet_hours: Vec<QuietHours>,
    /// `on` or `off`.
    pub taint: String,
}
