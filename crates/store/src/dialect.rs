//! Everything the two engines say differently, and the expansion of the tokens in statements.
//!
//! | token | meaning |
//! |---|---|
//! | `{scope x}` | the tenant predicate on `x.org_id`, `x.pod_id`, `x.inbox_id` |
//! | `{scope:org x}` | the same on `x.org_id` alone, for rows that belong to no pod |
//! | `{scope:pod x}` | the same on `x.org_id` and `x.pod_id` |
//! | `{scope:row x}` | as `{scope x}`, for rows named by a list of keys: the tenant must not be read instead |
//! | `{seen x}` | rows whose `x.hidden` reasons the reader may see |
//! | `{lock}` | holds the selected rows until the commit |
//! | `{share}` | keeps the selected rows from being deleted until the commit |
//! | `{skip locked}` | takes rows nobody else holds |
//! | `{contains a in b}` | whether text `b` contains text `a` |
//! | `{by x}` | after a table: by the index `x`, where the engine would choose another |
//! | `{int}` `{text}` `{bytes}` | column types |
//! | `{inline x}` | keeps the values of `x` in their rows as long as those fit a page; a statement of its own |
//! | `{strict}` `{strict index}` | table suffixes: a heap of rows, or a table that is its key |

use std::borrow::Cow;
use std::fmt::Write as _;

use model::api_key::Scope;

use crate::access::Access;
use crate::db::Value;

/// Which engine a statement is meant for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

/// A statement as the engine takes it, and the values it needs beyond the caller's.
pub(crate) struct Expanded<'a> {
    pub(crate) sql: String,
    pub(crate) extra: Vec<Value<'a>>,
}

impl Dialect {
    /// Expands a statement that names no tenant.
    pub(crate) fn plain(self, sql: &str) -> String {
        self.expand(sql, 0, None).sql
    }

    /// Expands a statement of `access`, whose own values come after the caller's `given`.
    pub(crate) fn scoped<'a>(self, sql: &str, given: usize, access: &'a Access) -> Expanded<'a> {
        self.expand(sql, given, Some(access))
    }

    fn expand<'a>(self, sql: &str, given: usize, access: Option<&'a Access>) -> Expanded<'a> {
        let mut out = Expanded {
            sql: String::with_capacity(sql.len() + 96),
            extra: Vec::new(),
        };
        let mut rest = sql;
        while let Some(open) = rest.find('{') {
            self.copy(&mut out.sql, &rest[..open]);
            let Some(close) = rest[open..].find('}') else {
                break;
            };
            self.token(&mut out, &rest[open + 1..open + close], given, access);
            rest = &rest[open + close + 1..];
        }
        self.copy(&mut out.sql, rest);
        out
    }

    /// Copies statement text; SQLite counts `$1` by first appearance but `?1` by its number.
    fn copy(self, out: &mut String, text: &str) {
        match self {
            Self::Postgres => out.push_str(text),
            Self::Sqlite => {
                for (index, part) in text.split('$').enumerate() {
                    if index > 0 {
                        out.push('?');
                    }
                    out.push_str(part);
                }
            }
        }
    }

    fn token<'a>(
        self,
        out: &mut Expanded<'a>,
        token: &str,
        given: usize,
        access: Option<&'a Access>,
    ) {
        let (name, argument) = token.split_once(' ').unwrap_or((token, ""));
        let text = match (name, self) {
            ("scope" | "scope:org" | "scope:pod" | "scope:row", _) => {
                return self.scope(out, name, argument, given, access);
            }
            ("seen", _) => return seen(out, argument, access),
            ("contains", _) => {
                let (part, whole) = argument.split_once(" in ").unwrap_or((argument, "''"));
                let text = match self {
                    Self::Sqlite => format!("instr({whole}, {part}) > 0"),
                    Self::Postgres => format!("strpos({whole}, {part}) > 0"),
                };
                return self.copy(&mut out.sql, &text);
            }
            ("inline", Self::Postgres) => {
                let _ = write!(
                    out.sql,
                    "alter table {argument} set (toast_tuple_target = 8160)"
                );
                return;
            }
            // Without statistics it takes any index that a time is looked up in from both ends for
            // as good as one that has the pod or the inbox before the time.
            ("by", Self::Sqlite) => {
                out.sql.push_str("indexed by ");
                argument
            }
            ("int", Self::Sqlite) => "integer",
            ("int", Self::Postgres) => "bigint",
            ("text", Self::Sqlite) => "text",
            ("text", Self::Postgres) => "text collate \"C\"",
            ("bytes", Self::Sqlite) => "blob",
            ("bytes", Self::Postgres) => "bytea",
            ("strict", Self::Sqlite) if argument == "index" => "strict, without rowid",
            ("strict", Self::Sqlite) => "strict",
            ("lock", Self::Postgres) => "for update",
            ("share", Self::Postgres) => "for key share",
            ("skip", Self::Postgres) => "for update skip locked",
            _ => "",
        };
        out.sql.push_str(text);
    }

    fn scope<'a>(
        self,
        out: &mut Expanded<'a>,
        name: &str,
        table: &str,
        given: usize,
        access: Option<&'a Access>,
    ) {
        let Some(access) = access else {
            // A scoped statement without an access must match nothing.
            out.sql.push_str("1 = 0");
            return;
        };
        let dot = if table.is_empty() { "" } else { "." };
        let mark = if self == Self::Sqlite { '?' } else { '$' };
        let mut parts: Vec<(&str, &'a [u8; 16])> = vec![("org_id", access.org_bytes())];
        match access.scope() {
            Scope::Pod(pod) if name != "scope:org" => parts.push(("pod_id", pod.as_bytes())),
            Scope::Inbox(pod, inbox) if name != "scope:org" => {
                parts.push(("pod_id", pod.as_bytes()));
                if name == "scope" || name == "scope:row" {
                    parts.push(("inbox_id", inbox.as_bytes()));
                }
            }
            Scope::Org | Scope::Pod(_) | Scope::Inbox(..) => {}
        }
        for (index, (column, value)) in parts.into_iter().enumerate() {
            let and = if index == 0 { "" } else { " and " };
            // A term that is not the bare column is no reason to choose an index. Without it SQLite, and
            // PostgreSQL when it plans for any values, take an index on the tenant for better than
            // thirty look-ups by key.
            let (before, after) = match (name, self) {
                ("scope:row", Self::Sqlite) => ("+", ""),
                ("scope:row", Self::Postgres) => ("", " || ''::bytea"),
                _ => ("", ""),
            };
            out.extra.push(Value::Bytes(Cow::Borrowed(value)));
            let number = given + out.extra.len();
            let _ = write!(
                out.sql,
                "{and}{before}{table}{dot}{column}{after} = {mark}{number}"
            );
        }
    }
}

/// Rows hidden for a reason the reader has no right to see are not there for that reader.
fn seen(out: &mut Expanded<'_>, table: &str, access: Option<&Access>) {
    let unseen = access.map_or(model::Hidden::EVERY.bits(), Access::unseen);
    if unseen == 0 {
        out.sql.push_str("1 = 1");
    } else {
        let dot = if table.is_empty() { "" } else { "." };
        let _ = write!(out.sql, "({table}{dot}hidden & {unseen}) = 0");
    }
}

impl Dialect {
    /// Keeps two processes from migrating one database at once; SQLite has one process.
    pub(crate) const fn migration_lock(self) -> Option<&'static str> {
        match self {
            Self::Sqlite => None,
            // Any fixed number serves; this one is the ASCII of "mailroos".
            Self::Postgres => Some("select pg_advisory_xact_lock(7881696738541302643)::text"),
        }
    }
}
