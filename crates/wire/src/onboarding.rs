//! Agents that sign up by themselves.

use std::fmt;

use serde::{Deserialize, Serialize};

/// `agent.sign_up`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentSignupRequest {
    /// Whom the agent works for; without it the inbox only receives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub human_email: Option<String>,
    /// The local part of the inbox that is made.
    pub username: String,
    /// The software that signs up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Where it heard of this server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referrer: Option<String>,
}

/// The answer to a sign-up. It shows a secret, so `Debug` does not.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentSignupResponse {
    /// The organisation.
    pub organization_id: String,
    /// The address that was made.
    pub inbox_id: String,
    /// The address once more; sent by the hosted service though the SDKs do not declare it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The secret.
    pub api_key: String,
    /// What to do next, in plain words; likewise undeclared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instructions: Option<String>,
}

impl fmt::Debug for AgentSignupResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentSignupResponse")
            .field("organization_id", &self.organization_id)
            .field("inbox_id", &self.inbox_id)
            .finish_non_exhaustive()
    }
}

/// `agent.verify`. It carries a code, so `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentVerifyRequest {
    /// The six digits from the mail.
    pub otp_code: String,
}

impl fmt::Debug for AgentVerifyRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AgentVerifyRequest")
    }
}

/// The answer to `agent.verify`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentVerifyResponse {
    /// Whether the human is confirmed.
    pub verified: bool,
}

/// `agent.attach_human`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentAttachHumanRequest {
    /// Whom the agent works for.
    pub human_email: String,
}

/// The answer to `agent.attach_human`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentAttachHumanResponse {
    /// Whom the agent works for.
    pub human_email: String,
    /// What to do next, in plain words.
    pub instructions: String,
}
