//! Many messages at once, by their public ids.

use mail::MessageId;
use model::authentication::Authentication;
use model::fact::Fact;
use model::message::{Codes, Content, Message, Spam};
use model::{InboxKey, Result};
use serde::Deserialize;

use super::{Body, COLUMNS, read};
use crate::db::Value;
use crate::view::View;

/// Ids of one statement. Their bodies are in memory at once, packed.
const AT_ONCE: usize = 16;

/// A message and what a list does not show of it, without its bodies.
#[derive(Clone, Debug)]
pub struct WithoutBodies {
    /// The message.
    pub message: Message,
    /// The readable part but for texts and HTML.
    pub content: Content,
}

/// Of the readable part of a message, only this: bodies are passed over unread.
#[derive(Deserialize)]
struct Rest {
    #[serde(default)]
    headers: Vec<(String, String)>,
    #[serde(default)]
    authentication: Option<Authentication>,
    #[serde(default)]
    facts: Vec<Fact>,
    #[serde(default)]
    spam: Option<Spam>,
    #[serde(default)]
    codes: Option<Codes>,
}

impl From<Rest> for Content {
    fn from(rest: Rest) -> Self {
        Self {
            headers: rest.headers,
            authentication: rest.authentication,
            facts: rest.facts,
            spam: rest.spam,
            codes: rest.codes,
            ..Self::default()
        }
    }
}

impl View<'_> {
    /// The messages with these public ids, each with its header fields, in no order. What is not
    /// within reach is left out.
    ///
    /// # Errors
    /// When the store fails.
    pub fn messages_named(
        &mut self,
        inbox: InboxKey,
        ids: &[MessageId],
    ) -> Result<Vec<WithoutBodies>> {
        let marks: Vec<String> = (2..AT_ONCE + 2).map(|n| format!("${n}")).collect();
        let marks = marks.join(", ");
        let sql = format!(
            "select {COLUMNS}, m.content from message m join inbox i on i.inbox_id = m.inbox_id \
             where {{scope m}} and {{seen m}} and m.inbox_id = $1 and m.message_id in ({marks})"
        );
        let mut found = Vec::with_capacity(ids.len());
        for part in ids.chunks(AT_ONCE) {
            let mut values = vec![Value::from(inbox)];
            // The last one again where there are fewer, so that there is one statement to prepare.
            values.extend((0..AT_ONCE).map(|n| Value::from(&part[n.min(part.len() - 1)])));
            let rows = self.all(&sql, &values, |row| {
                Ok((read(row)?, row.get::<Vec<u8>>(21)?))
            })?;
            for (message, packed) in rows {
                let rest: Rest = Body::unpack(self.codec, &packed)?;
                found.push(WithoutBodies {
                    message,
                    content: rest.into(),
                });
            }
        }
        Ok(found)
    }
}
