//! What the messages say that a message names: proof of what it quotes.

use std::cmp::Reverse;

use mail::{MessageId, Timestamp};
use model::{InboxKey, MessageKey, Result};
use serde::Deserialize;

use super::Body;
use crate::db::{Value, args};
use crate::view::View;

/// Ancestors that are looked for: the nearest, of which each mostly quotes those before it.
const ANCESTORS: usize = 8;
/// Texts that are given.
const MOST: usize = 4;
/// Octets of the largest message that is read: what people write by hand, and quote, is smaller.
const LARGEST: i64 = 256 << 10;

/// Of the readable part of a message only its text.
#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    text: Option<String>,
}

impl View<'_> {
    /// The texts of those of the nearest `ancestors` that are in the inbox, came before `before` and
    /// are shown to everybody, the newest first: at most four of at most 256 KiB.
    ///
    /// # Errors
    /// When the store fails.
    pub fn earlier_texts(
        &mut self,
        inbox: InboxKey,
        ancestors: &[MessageId],
        before: Timestamp,
    ) -> Result<Vec<String>> {
        let nearest = ancestors.get(..ancestors.len().min(ANCESTORS));
        let nearest = nearest.unwrap_or_default();
        let Some(last) = nearest.last() else {
            return Ok(Vec::new());
        };
        let mut values = args![inbox, before, LARGEST].to_vec();
        // The last one again where there are fewer, so that there is one statement to prepare.
        values.extend((0..ANCESTORS).map(|n| Value::from(nearest.get(n).unwrap_or(last))));
        // An order or a bound of time would have an engine read the inbox in that order instead of
        // looking up the ids.
        let found = self.all(
            "select at, message_key, case when at <= $2 and size <= $3 and hidden = 0 then content end \
             from message where {scope} and inbox_id = $1 \
             and message_id in ($4, $5, $6, $7, $8, $9, $10, $11)",
            &values,
            |row| {
                let (at, key): (Timestamp, MessageKey) = (row.get(0)?, row.get(1)?);
                Ok((at, key, row.get::<Option<Vec<u8>>>(2)?))
            },
        )?;
        let shown = found.into_iter();
        let mut shown: Vec<_> = shown
            .filter_map(|(at, key, packed)| packed.map(|packed| (Reverse((at, key)), packed)))
            .collect();
        shown.sort_unstable_by_key(|(newest, _)| *newest);
        let mut texts = Vec::with_capacity(MOST);
        for (_, bytes) in shown.iter().take(MOST) {
            let said: Said = Body::unpack(self.codec, bytes)?;
            texts.extend(said.text);
        }
        Ok(texts)
    }
}
