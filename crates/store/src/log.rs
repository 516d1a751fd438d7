//! The event log as a reader goes through it: from a place, in bounded steps, up to its end.
//!
//! Positions rise but may have holes where events were deleted. What is deleted by age is always
//! the beginning of the log. A restore leaves a gap (`log_gap`), so that no number is given out twice.

use std::sync::Arc;
use std::time::Duration;

use mail::Timestamp;
use model::{EventId, EventKind, Result};

use crate::db::{Value, args};
use crate::events::{LogEntry, MAX_BODY};
use crate::txn::Txn;
use crate::view::View;

/// Positions looked at in one step. A reader of little of a large log passes over the rest of it
/// in steps, without their bodies.
const WINDOW: i64 = 4096;

/// Octets of bodies after which a step ends.
const MAX_STEP: usize = 8 << 20;

/// Bodies of one statement.
const AT_ONCE: usize = 16;

/// The cursors of the server's own readers, by organisation: webhooks and metrics. One without a
/// row has nothing to read yet.
const READERS: [&str; 2] = ["webhook_cursor", "metric_cursor"];

/// How far the times of transactions that overlap may be from the order of their places.
const OVERLAP: Duration = Duration::from_secs(60);

/// One step through the log.
#[derive(Clone, Debug)]
pub struct LogSlice {
    /// What was found, in order.
    pub entries: Vec<LogEntry>,
    /// A reader that goes on from here misses nothing.
    pub read_to: i64,
    /// Where the log ends.
    pub end: i64,
}

/// Where in the log a reader's position is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogPlace {
    /// After this position; nothing that follows it was deleted.
    After(i64),
    /// Before events that were deleted since, or among numbers that were given out after the backup
    /// from which this log was restored.
    Gone,
    /// Nowhere: it is not of this log, or not of this reader.
    Unknown,
}

/// Numbers that a restore has passed over: those between the two.
struct Gap {
    after: i64,
    upto: i64,
}

impl View<'_> {
    /// The position before the oldest event that is kept.
    ///
    /// # Errors
    /// When the store fails.
    pub fn log_floor(&mut self) -> Result<i64> {
        let oldest = self.first(
            "select seq from event where {scope:org} order by seq limit 1",
            &[],
            |row| row.get::<i64>(0),
        )?;
        match oldest {
            Some(seq) => Ok(seq - 1),
            None => self.log_end(),
        }
    }

    /// The place of a position that this server gave out.
    ///
    /// # Errors
    /// When the store fails.
    pub fn log_place(&mut self, seq: i64) -> Result<LogPlace> {
        let (floor, end) = (self.log_floor()?, self.log_end()?);
        Ok(if seq > end {
            LogPlace::Unknown
        } else if seq < floor || self.log_gap(seq)?.is_some_and(|gap| gap.after < seq) {
            LogPlace::Gone
        } else {
            LogPlace::After(seq)
        })
    }

    /// Where a step of up to `width` positions from `after` ends: not beyond the end of the log, and
    /// never among numbers that a restore has passed over.
    ///
    /// # Errors
    /// When the store fails.
    pub fn log_step(&mut self, after: i64, width: i64) -> Result<i64> {
        let end = self.log_end()?;
        self.step_before(after, width, end)
    }

    fn step_before(&mut self, after: i64, width: i64, end: i64) -> Result<i64> {
        let until = after.saturating_add(width);
        if until >= end {
            return Ok(end);
        }
        Ok(match self.log_gap(until)? {
            Some(gap) if after < gap.after => gap.after,
            Some(gap) => gap.upto,
            None => until,
        })
    }

    /// The numbers passed over that this position is one of, or before the first of.
    fn log_gap(&mut self, seq: i64) -> Result<Option<Gap>> {
        let last = self.first(
            "select after_seq, upto_seq from log_gap where {scope:org} and after_seq <= $1 \
             order by after_seq desc limit 1",
            args![seq],
            |row| {
                Ok(Gap {
                    after: row.get(0)?,
                    upto: row.get(1)?,
                })
            },
        )?;
        Ok(last.filter(|gap| seq < gap.upto))
    }

    /// The place of an event that a reader names. It must be one that the reader may see, unless
    /// it is the last that was deleted.
    ///
    /// # Errors
    /// When the store fails.
    pub fn log_place_of(&mut self, id: EventId) -> Result<LogPlace> {
        let seq = id.seq();
        match self.log_place(seq)? {
            LogPlace::After(seq) if seq > self.log_floor()? => {
                let own = self.first(
                    "select 1 from event where {scope} and {seen} and seq = $1 and event_id = $2",
                    args![seq, id],
                    |row| row.get::<i64>(0),
                )?;
                Ok(own.map_or(LogPlace::Unknown, |_| LogPlace::After(seq)))
            }
            place => Ok(place),
        }
    }

    /// One step through what this access may see of the log after `after`: the first `limit`
    /// entries that are `wanted`, or fewer when they are large or far apart. `wanted` sees entries
    /// without their bodies.
    ///
    /// # Errors
    /// When the store fails.
    pub fn log_slice(
        &mut self,
        after: i64,
        limit: usize,
        wanted: impl Fn(&LogEntry) -> bool,
    ) -> Result<LogSlice> {
        let end = self.log_end()?;
        let window = self.step_before(after, WINDOW, end)?;
        let mut found = self.all(
            "select seq, event_id, kind, pod_id, inbox_id, hidden from event \
             where {scope} and {seen} and seq > $1 and seq <= $2 order by seq",
            args![after, window],
            |row| {
                Ok(LogEntry {
                    seq: row.get(0)?,
                    event_id: row.get(1)?,
                    kind: EventKind::parse(row.text(2)?),
                    pod_id: row.get(3)?,
                    inbox_key: row.get(4)?,
                    hidden: row.get(5)?,
                    body: Arc::from(""),
                })
            },
        )?;
        found.retain(|entry| wanted(entry));
        let all = found.len();
        found.truncate(limit.max(1));
        let (mut read, mut octets) = (0, 0);
        while read < found.len() && octets < MAX_STEP {
            let part = (read + AT_ONCE).min(found.len());
            octets += self.fill(&mut found[read..part])?;
            read = part;
        }
        found.truncate(read);
        let read_to = match found.last() {
            Some(last) if found.len() < all => last.seq,
            _ => window.max(after),
        };
        Ok(LogSlice {
            entries: found,
            read_to,
            end,
        })
    }

    /// Reads the bodies of these entries; how large they are together.
    fn fill(&mut self, entries: &mut [LogEntry]) -> Result<usize> {
        let Some(last) = entries.len().checked_sub(1) else {
            return Ok(0);
        };
        let marks: Vec<String> = (1..=AT_ONCE).map(|n| format!("${n}")).collect();
        let marks = marks.join(", ");
        let sql = format!(
            "select seq, head, codec, tail from event where {{scope}} and seq in ({marks})"
        );
        let values: Vec<Value<'_>> = (0..AT_ONCE)
            .map(|n| Value::from(entries[n.min(last)].seq))
            .collect();
        let rows = self.all(&sql, &values, |row| {
            let tail: Option<Vec<u8>> = row.get(3)?;
            Ok((
                row.get::<i64>(0)?,
                row.get::<String>(1)?,
                row.get::<Option<i64>>(2)?.zip(tail),
            ))
        })?;
        let mut octets = 0;
        for (seq, mut body, tail) in rows {
            if let Some((codec, packed)) = tail {
                let tail = self.codec.unpack(codec, &packed, MAX_BODY)?;
                body.push_str(str::from_utf8(&tail).map_err(model::Error::internal)?);
                body.push('}');
            }
            octets += body.len();
            if let Some(entry) = entries.iter_mut().find(|entry| entry.seq == seq) {
                entry.body = body.into();
            }
        }
        Ok(octets)
    }
}

impl Txn<'_> {
    /// Deletes up to `slice` of the organisation's oldest events from before `end`, from the
    /// beginning of the log on and never one that a reader of the server's own has still to read;
    /// how many there were.
    ///
    /// # Errors
    /// When the store fails.
    pub fn trim_log(&mut self, end: Timestamp, slice: usize) -> Result<u64> {
        let mut most = self.log_end()?;
        for table in READERS {
            let sql = format!("select seq from {table} where {{scope:org}}");
            let cursor = self.first(&sql, &[], |row| row.get::<i64>(0))?;
            most = most.min(cursor.unwrap_or(most));
        }
        let limit = i64::try_from(slice).unwrap_or(i64::MAX);
        let oldest = self.all(
            "select seq, at from event where {scope:org} and seq <= $1 order by seq limit $2",
            args![most, limit],
            |row| Ok((row.get::<i64>(0)?, row.get::<Timestamp>(1)?)),
        )?;
        let old = oldest.iter().take_while(|(_, at)| *at < end);
        let Some((last, _)) = old.last() else {
            self.trim_gone_strangers(end)?;
            return Ok(0);
        };
        Ok(self.exec(
            "delete from event where {scope:org} and seq <= $1",
            args![*last],
        )?)
    }

    /// Forgets deleted mail of strangers of which no event from before `end` is left.
    fn trim_gone_strangers(&mut self, end: Timestamp) -> Result<()> {
        let oldest = self.first(
            "select at from event where {scope:org} order by seq limit 1",
            &[],
            |row| row.get::<Timestamp>(0),
        )?;
        // A message came before it was deleted.
        let end = oldest.map_or(end, |oldest| oldest.min(end)).minus(OVERLAP);
        self.exec(
            "delete from gone_stranger where {scope:org} and gone_at < $1",
            args![end],
        )?;
        Ok(())
    }
}
