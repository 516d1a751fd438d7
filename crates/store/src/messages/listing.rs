//! Pages of messages.

use model::message::Message;
use model::page::MessageFilter;
use model::{Hidden, InboxKey, Result, ThreadId};

use super::{COLUMNS, fold, read, stored_direction};
use crate::db::{Value, args};
use crate::view::View;

/// A place in a list ordered by time: where one page ended and the next begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The time of the last item, in microseconds.
    pub at: i64,
    /// Its row, for items of one instant.
    pub key: [u8; 16],
}

impl Position {
    /// Before the first item.
    pub(crate) const fn edge(ascending: bool) -> Self {
        if ascending {
            Self {
                at: i64::MIN,
                key: [0; 16],
            }
        } else {
            Self {
                at: i64::MAX,
                key: [0xFF; 16],
            }
        }
    }
}

/// Builds the conditions of a list and numbers their values.
pub(crate) struct Conditions<'a> {
    pub(crate) sql: String,
    pub(crate) values: Vec<Value<'a>>,
}

impl<'a> Conditions<'a> {
    pub(crate) fn new(start: &str) -> Self {
        Self {
            sql: start.to_owned(),
            values: Vec::new(),
        }
    }

    /// Adds ` and condition`, with each `#` in it standing for the next value.
    pub(crate) fn and(&mut self, condition: &str, values: impl IntoIterator<Item = Value<'a>>) {
        let mut values = values.into_iter();
        self.sql.push_str(" and ");
        for c in condition.chars() {
            match (c, c == '#') {
                (_, true) => {
                    self.values.extend(values.next());
                    self.sql.push('$');
                    self.sql.push_str(&self.values.len().to_string());
                }
                (c, false) => self.sql.push(c),
            }
        }
    }
}

/// Items with a label that are counted before a list is read.
const FEW: i64 = 300;

impl View<'_> {
    /// Puts a label first that few items have: a list walks through the items of its first label, to
    /// the end where they never have the others. `place` says which items, with a `#` for each value.
    pub(crate) fn rarest_first<'l>(
        &mut self,
        table: &str,
        (place, values): (&str, &[Value<'static>]),
        labels: Vec<&'l str>,
    ) -> Result<Vec<&'l str>> {
        if labels.len() < 2 {
            return Ok(labels);
        }
        let mut counted = Vec::with_capacity(labels.len());
        for label in labels {
            let mut few = Conditions::new("1 = 1");
            few.and(place, values.iter().cloned());
            few.and("l.label = #", [Value::from(label)]);
            few.values.push(Value::from(FEW));
            let sql = format!(
                "select count(*) from (select 1 from {table} l where {} limit ${}) few \
                 -- unscoped: only their number is used, and the list names its tenant",
                few.sql,
                few.values.len()
            );
            let count = self.first(&sql, &few.values, |row| row.get::<i64>(0))?;
            counted.push((count, label));
        }
        // Those that many have stay in their order.
        counted.sort_by_key(|(count, _)| *count);
        Ok(counted.into_iter().map(|(_, label)| label).collect())
    }

    /// A page of an inbox's messages, newest first unless ascending, beginning after `from`.
    ///
    /// # Errors
    /// When the store fails.
    pub fn messages(
        &mut self,
        inbox: InboxKey,
        filter: &MessageFilter,
        from: Option<Position>,
        limit: usize,
    ) -> Result<Vec<Message>> {
        let ascending = filter.page.ascending;
        let (labels, direction) = split_labels(&filter.labels);
        let place = ("l.inbox_id = #", &[Value::from(inbox)][..]);
        let labels = self.rarest_first("message_label", place, labels)?;
        let lead = labels.split_first();
        let (source, at, key) = match lead {
            // The rarest way in: the index of the first label, in the order of the list.
            Some(_) => (
                "message_label l join message m on m.message_key = l.message_key",
                "l.at",
                "l.message_key",
            ),
            None => ("message m", "m.at", "m.message_key"),
        };
        let mut list = Conditions::new("{scope m} and {seen m}");
        list.and("m.inbox_id = #", [Value::from(inbox)]);
        if let Some((first, others)) = lead {
            list.and(
                "l.inbox_id = # and l.label = #",
                [inbox.into(), (*first).into()],
            );
            for label in others {
                list.and(
                    "exists (select 1 from message_label o where o.inbox_id = l.inbox_id \
                     and o.label = # and o.at = l.at and o.message_key = l.message_key)",
                    [Value::from(*label)],
                );
            }
        }
        for label in direction {
            list.and("m.direction = #", [Value::from(label)]);
        }
        let include = filter.include.asked_for(&filter.labels);
        shown(&mut list, "m", include);
        if let Some(before) = filter.before {
            list.and(&format!("{at} < #"), [Value::from(before)]);
        }
        if let Some(after) = filter.after {
            list.and(&format!("{at} >= #"), [Value::from(after)]);
        }
        contains(&mut list, "m.sender_fold", &filter.from);
        contains(&mut list, "m.people_fold", &filter.to);
        contains(&mut list, "m.subject_fold", &filter.subject);
        let order = page(&mut list, at, key, from, ascending, limit);
        let sql = format!(
            "select {COLUMNS} from {source} join inbox i on i.inbox_id = m.inbox_id where {}{order}",
            list.sql
        );
        Ok(self.all(&sql, &list.values, read)?)
    }

    /// A slice of a thread: the newest `limit` messages before `from`, in ascending order. Hidden
    /// messages are left out of a thread that has others; they are in the inbox's list.
    ///
    /// # Errors
    /// When the store fails.
    pub fn thread_messages(
        &mut self,
        thread: ThreadId,
        from: Option<Position>,
        limit: usize,
    ) -> Result<Vec<Message>> {
        let from = from.unwrap_or_else(|| Position::edge(false));
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let sql = format!(
            "select {COLUMNS} from message m join inbox i on i.inbox_id = m.inbox_id \
             join thread t on t.thread_id = m.thread_id \
             where {{scope m}} and {{seen m}} and m.thread_id = $1 and (m.hidden = 0 or t.hidden <> 0) \
             and (m.at, m.message_key) < ($2, $3) order by m.at desc, m.message_key desc limit $4"
        );
        let mut found = self.all(
            &sql,
            args![thread, from.at, from.key.as_slice(), limit],
            read,
        )?;
        found.reverse();
        Ok(found)
    }

    /// Up to `limit` messages of a thread, hidden ones too as far as the reader may see them.
    ///
    /// # Errors
    /// When the store fails.
    pub fn whole_thread(&mut self, thread: ThreadId, limit: usize) -> Result<Vec<Message>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let sql = format!(
            "select {COLUMNS} from message m join inbox i on i.inbox_id = m.inbox_id \
             where {{scope m}} and {{seen m}} and m.thread_id = $1 order by m.at, m.message_key limit $2"
        );
        Ok(self.all(&sql, args![thread, limit], read)?)
    }
}

/// Labels that have an index, and directions that stand for the other two.
pub(crate) fn split_labels(labels: &[String]) -> (Vec<&str>, Vec<i64>) {
    use model::message::Direction::{Received, Sent};
    let mut indexed = Vec::new();
    let mut directions = Vec::new();
    for label in labels {
        match [Received, Sent]
            .into_iter()
            .find(|way| way.label() == label)
        {
            Some(way) => directions.push(stored_direction(way)),
            None => indexed.push(label.as_str()),
        }
    }
    (indexed, directions)
}

/// Leaves out what is hidden for a reason that was not asked for.
pub(crate) fn shown(list: &mut Conditions<'_>, table: &str, include: Hidden) {
    const EVERY: i64 = Hidden::EVERY.bits();
    match EVERY & !include.bits() {
        EVERY => list.and(&format!("{table}.hidden = 0"), []),
        0 => {}
        left_out => list.and(&format!("({table}.hidden & {left_out}) = 0"), []),
    }
}

pub(crate) fn contains(list: &mut Conditions<'_>, column: &str, parts: &[String]) {
    for part in parts {
        list.and(
            &format!("{{contains # in {column}}}"),
            [Value::from(fold(part))],
        );
    }
}

/// Adds where the page begins, and gives its order and length.
pub(crate) fn page(
    list: &mut Conditions<'_>,
    at: &str,
    key: &str,
    from: Option<Position>,
    ascending: bool,
    limit: usize,
) -> String {
    let (side, order) = if ascending {
        (">", "asc")
    } else {
        ("<", "desc")
    };
    if let Some(from) = from {
        let position = [Value::from(from.at), Value::from(from.key.to_vec())];
        list.and(&format!("({at}, {key}) {side} (#, #)"), position);
    }
    list.values
        .push(Value::from(i64::try_from(limit).unwrap_or(i64::MAX)));
    format!(
        " order by {at} {order}, {key} {order} limit ${}",
        list.values.len()
    )
}
