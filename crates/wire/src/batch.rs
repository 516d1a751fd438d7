//! Many messages in one request.

use serde::{Deserialize, Serialize};

use crate::{Message, OneOrMany, UpdateMessageResponse};

/// `inboxes.messages.batch_get`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchGetMessagesRequest {
    /// 1 to 500 Message-IDs.
    pub message_ids: Vec<String>,
}

/// What `batch_get` gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchGetMessagesResponse {
    /// How many were asked for.
    pub limit: usize,
    /// How many were found.
    pub count: usize,
    /// Those, in the order of the request and without their bodies.
    pub messages: Vec<Message>,
}

/// `inboxes.messages.batch_update`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchUpdateMessagesRequest {
    /// 1 to 50 different Message-IDs.
    pub message_ids: Vec<String>,
    /// Labels to add to each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub add_labels: Option<OneOrMany>,
    /// Labels to take away from each; wins over `add_labels`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remove_labels: Option<OneOrMany>,
}

/// What `batch_update` gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchUpdateMessagesResponse {
    /// How many were asked for.
    pub limit: usize,
    /// How many were found.
    pub count: usize,
    /// Those, in the order of the request.
    pub updates: Vec<UpdateMessageResponse>,
}
