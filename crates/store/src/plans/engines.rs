//! The two engines with their way of explaining a statement.

use std::borrow::Cow;

use crate::db::{Conn, DbResult, RawRow, Row, Value};
use crate::dialect::Dialect;

/// One look into an index, as a plan has it.
#[derive(Clone, Debug)]
pub(super) struct Seek {
    /// The index, or `T pk` for the primary key of table `T`.
    pub(super) index: String,
    /// The columns that bound what is read of it. None: all of it is read.
    pub(super) columns: Vec<String>,
}

/// A statement as an engine is going to run it.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    pub(super) sql: String,
    pub(super) lines: Vec<String>,
    pub(super) seeks: Vec<Seek>,
    /// Whole tables that are read.
    pub(super) scans: Vec<String>,
    /// Whether rows are put in order after they were read.
    pub(super) sorts: bool,
}

/// An engine that tells its plans.
pub(super) trait Explain: Conn {
    /// Every plan the engine may choose for a statement.
    fn plans(&mut self, sql: &str, args: &[Value<'_>]) -> Vec<Plan>;
}

/// Explains every statement before it runs it.
pub(super) struct Explaining<C> {
    pub(super) inner: C,
    pub(super) plans: Vec<Plan>,
    /// What stands in the values of a statement, and what is explained in its place.
    pub(super) stand_ins: Vec<([u8; 16], [u8; 16])>,
}

impl<C: Explain> Explaining<C> {
    fn note(&mut self, sql: &str, args: &[Value<'_>]) {
        let args: Vec<Value<'_>> = args.iter().map(|value| self.stand_in(value)).collect();
        let plans = self.inner.plans(sql, &args);
        self.plans.extend(plans);
    }

    fn stand_in<'a>(&self, value: &Value<'a>) -> Value<'a> {
        let Value::Bytes(bytes) = value else {
            return value.clone();
        };
        for (own, other) in &self.stand_ins {
            // The place of a list has an octet before the id.
            if let Some(head) = bytes.strip_suffix(own.as_slice()) {
                return Value::Bytes(Cow::Owned([head, other.as_slice()].concat()));
            }
        }
        value.clone()
    }
}

impl<C: Explain> Conn for Explaining<C> {
    fn query(
        &mut self,
        sql: &str,
        args: &[Value<'_>],
        each: &mut dyn FnMut(&Row<'_>) -> DbResult<()>,
    ) -> DbResult<()> {
        self.note(sql, args);
        self.inner.query(sql, args, each)
    }

    fn exec(&mut self, sql: &str, args: &[Value<'_>]) -> DbResult<u64> {
        self.note(sql, args);
        self.inner.exec(sql, args)
    }

    fn dialect(&self) -> Dialect {
        self.inner.dialect()
    }
}

pub(super) struct Lite(pub(super) rusqlite::Connection);

impl Conn for Lite {
    fn query(
        &mut self,
        sql: &str,
        args: &[Value<'_>],
        each: &mut dyn FnMut(&Row<'_>) -> DbResult<()>,
    ) -> DbResult<()> {
        let mut statement = self.0.prepare_cached(sql)?;
        let mut rows = statement.query(rusqlite::params_from_iter(args))?;
        while let Some(row) = rows.next()? {
            each(&Row(row))?;
        }
        Ok(())
    }

    fn exec(&mut self, sql: &str, args: &[Value<'_>]) -> DbResult<u64> {
        let mut statement = self.0.prepare_cached(sql)?;
        let changed = statement.execute(rusqlite::params_from_iter(args))?;
        Ok(u64::try_from(changed).unwrap())
    }

    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }
}

/// The names in a condition.
fn columns(condition: &str) -> Vec<String> {
    condition
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The table that a statement calls `alias`.
fn table_of<'a>(sql: &'a str, alias: &'a str) -> &'a str {
    let words: Vec<&str> = sql.split_whitespace().collect();
    let named = words.windows(3).find(|words| {
        ["from", "join", "update", "into"].contains(&words[0])
            && words[2].trim_end_matches(')') == alias
    });
    named.map_or(alias, |words| words[1])
}

impl Explain for Lite {
    fn plans(&mut self, sql: &str, args: &[Value<'_>]) -> Vec<Plan> {
        let mut plan = Plan {
            sql: sql.to_owned(),
            ..Plan::default()
        };
        self.query(&format!("explain query plan {sql}"), args, &mut |row| {
            plan.lines.push(row.text(3)?.to_owned());
            Ok(())
        })
        .unwrap();
        for line in &plan.lines {
            let words: Vec<&str> = line.split(' ').collect();
            // What is scanned may also be the rows that an inner query just gave.
            let name = words.get(1).copied().unwrap_or_default();
            let inner = [format!("CO-ROUTINE {name}"), format!("MATERIALIZE {name}")];
            let is_inner = line.starts_with("SCAN (")
                || line.contains("CONSTANT")
                || plan.lines.iter().any(|other| inner.contains(other));
            if line.starts_with("SCAN ") && !is_inner {
                plan.scans.push(line.clone());
            }
            plan.sorts |= line.starts_with("USE TEMP B-TREE");
            let Some((_, using)) = line.split_once(" USING ") else {
                continue;
            };
            let table = table_of(sql, words.get(1).copied().unwrap_or_default());
            let name = using
                .split(' ')
                .find(|word| !["COVERING", "INDEX", "AUTOMATIC"].contains(word))
                .unwrap_or_default();
            let index = if name == "PRIMARY" || name == format!("sqlite_autoindex_{table}_1") {
                format!("{table} pk")
            } else if line.contains("AUTOMATIC") {
                plan.scans.push(line.clone());
                continue;
            } else {
                name.to_owned()
            };
            let bounds = using.split_once('(').map_or("", |(_, bounds)| bounds);
            plan.seeks.push(Seek {
                index,
                columns: columns(bounds),
            });
        }
        vec![plan]
    }
}

pub(super) struct Elephant(pub(super) postgres::Client);

impl Conn for Elephant {
    fn query(
        &mut self,
        sql: &str,
        args: &[Value<'_>],
        each: &mut dyn FnMut(&Row<'_>) -> DbResult<()>,
    ) -> DbResult<()> {
        let args: Vec<&(dyn postgres::types::ToSql + Sync)> =
            args.iter().map(|value| value as _).collect();
        for row in self.0.query(sql, &args)? {
            each(&Row(&row as &dyn RawRow))?;
        }
        Ok(())
    }

    fn exec(&mut self, sql: &str, args: &[Value<'_>]) -> DbResult<u64> {
        if args.is_empty() {
            self.0.batch_execute(sql)?;
            return Ok(0);
        }
        let args: Vec<&(dyn postgres::types::ToSql + Sync)> =
            args.iter().map(|value| value as _).collect();
        Ok(self.0.execute(sql, &args)?)
    }

    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }
}

/// Reads what PostgreSQL says of a statement.
fn of_postgres(sql: &str, lines: Vec<String>) -> Plan {
    let mut plan = Plan {
        sql: sql.to_owned(),
        ..Plan::default()
    };
    for (place, line) in lines.iter().enumerate() {
        if line.contains("Seq Scan") {
            plan.scans.push(line.clone());
        }
        let node = line.trim_start_matches([' ', '-', '>']);
        plan.sorts |= node.starts_with("Sort ") || node.starts_with("Incremental Sort ");
        let name = line
            .split_once(" using ")
            .or_else(|| line.split_once("Bitmap Index Scan on "));
        let Some((_, name)) = name.filter(|_| line.contains(" Scan")) else {
            continue;
        };
        let name = name.split(' ').next().unwrap_or_default();
        let index = match name.strip_suffix("_pkey") {
            Some(table) => format!("{table} pk"),
            None => name.to_owned(),
        };
        let next = lines.get(place + 1).map_or("", |line| line.trim());
        let condition = next.strip_prefix("Index Cond: ").unwrap_or_default();
        plan.seeks.push(Seek {
            index,
            columns: columns(condition),
        });
    }
    plan.lines = lines;
    plan
}

impl Explain for Elephant {
    /// The plan for these values, and the one for any: a prepared statement that was run some
    /// times may get that.
    fn plans(&mut self, sql: &str, args: &[Value<'_>]) -> Vec<Plan> {
        let mut own = Vec::new();
        self.query(&format!("explain {sql}"), args, &mut |row| {
            own.push(row.text(0)?.to_owned());
            Ok(())
        })
        .unwrap();
        let nulls = vec!["null"; args.len()].join(", ");
        let values = if nulls.is_empty() {
            String::new()
        } else {
            format!("({nulls})")
        };
        self.0
            .batch_execute(&format!("prepare hot as {sql}"))
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
        let any = self
            .0
            .query(&format!("explain execute hot{values}"), &[])
            .unwrap();
        self.0.batch_execute("deallocate hot").unwrap();
        let any = any.iter().map(|row| row.get(0)).collect();
        vec![of_postgres(sql, own), of_postgres(sql, any)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_read_with_its_indexes_and_their_bounds() {
        let lines = [
            "Limit  (cost=0.56..1.20 rows=20 width=10)",
            "  ->  Nested Loop  (cost=0.56..1.20 rows=20 width=10)",
            "        ->  Index Scan Backward using message_list on message m  (cost=0.4..2 rows=9 width=9)",
            "              Index Cond: ((inbox_id = '\\x07'::bytea) AND (ROW(at, message_key) < ROW('5'::bigint, $2)))",
            "              Filter: (hidden = 0)",
            "        ->  Index Only Scan using inbox_pkey on inbox i  (cost=0.4..2 rows=9 width=9)",
        ];
        let plan = of_postgres("", lines.map(str::to_owned).to_vec());
        let [first, second] = plan.seeks.as_slice() else {
            panic!("{plan:?}")
        };
        assert_eq!(first.index, "message_list");
        assert!(
            ["inbox_id", "at"]
                .map(str::to_owned)
                .iter()
                .all(|c| first.columns.contains(c))
        );
        assert!(!first.columns.iter().any(|column| column == "hidden"));
        assert_eq!(
            (second.index.as_str(), second.columns.len()),
            ("inbox pk", 0)
        );
        assert!(!plan.sorts && plan.scans.is_empty());
    }
}
