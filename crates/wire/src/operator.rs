//! What the command line asks the running server for, and is told. No client speaks this: an order is
//! good only with a mark made from the master key.

use serde::{Deserialize, Serialize};

use crate::{LeakValue, ListLeakValuesResponse, PolicyResponse, SendingPause, SetPolicyRequest};

/// What an order is about. Without any name it is the operator's own organization.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderPlace {
    /// The organization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<String>,
    /// A pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_id: Option<String>,
    /// An inbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbox_id: Option<String>,
    /// A key, which only policies are about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key_id: Option<String>,
}

/// What is to be done.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do")]
pub enum OrderWish {
    /// Show a policy.
    PolicyShow,
    /// Set one.
    PolicySet {
        /// To what.
        request: SetPolicyRequest,
    },
    /// Take one away.
    PolicyClear,
    /// Stop departures.
    HaltOn {
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Let them go on.
    HaltOff,
    /// What is stopped.
    HaltList,
    /// Let the inboxes go on that stopped by themselves.
    HaltReset,
    /// Register a value that must not leave, or make up a canary.
    LeakValueAdd {
        /// What people call it.
        name: String,
        /// The value; none for a canary.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        value: Option<String>,
        /// `block`, `hold` or `note`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        action: Option<String>,
    },
    /// The names of the registered values.
    LeakValueList,
    /// Forget one.
    LeakValueRemove {
        /// Its id.
        value_id: String,
    },
}

/// An order as it is marked.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// When it was given, in microseconds since 1970.
    pub at: i64,
    /// Something that no other order has.
    pub nonce: String,
    /// What it is about.
    #[serde(default)]
    pub place: OrderPlace,
    /// What is to be done.
    pub wish: OrderWish,
}

/// `operator.order`
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRequest {
    /// The order as JSON.
    pub order: String,
    /// Its mark, in hexadecimal digits.
    pub mark: String,
}

/// What came of an order: the part that it asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderAnswer {
    /// A policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyResponse>,
    /// What is stopped, in every organization or in the one that was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pauses: Option<Vec<SendingPause>>,
    /// The registered values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leak_values: Option<ListLeakValuesResponse>,
    /// The value that was registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leak_value: Option<LeakValue>,
}
