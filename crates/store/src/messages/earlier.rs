//! What the messages say that a message names: proof of what it quotes.

use mail::{MessageId, Timestamp};
use model::{InboxKey, Result};
use serde::Deserialize;

use super::Body;
use crate::db::{Value, args};
use crate::view::View;

/// Ancestors that are looked for: the nearest, of which each mostly quotes those before it.
const ANCESTORS: usize = 8;
/// Bodies that are read.
const MOST: i64 = 4;
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
        let mut values = args![inbox, before, LARGEST, MOST].to_vec();
        // The last one again where there are fewer, so that there is one statement to prepare.
        values.extend((0..ANCESTORS).map(|n| Value::from(nearest.get(n).unwrap_or(last))));
        let packed = self.all(
            "select content from message where {scope} and inbox_id = $1 and at <= $2 and size <= $3 \
             and hidden = 0 and message_id in ($5, $6, $7, $8, $9, $10, $11, $12) \
             order by at desc, message_key desc limit $4",
            &values,
            |row| row.get::<Vec<u8>>(0),
        )?;
        let mut texts = Vec::with_capacity(packed.len());
        for bytes in packed {
            let said: Said = Body::unpack(self.codec, &bytes)?;
            texts.extend(said.text);
        }
        Ok(texts)
    }
}
