//! Rows for PostgreSQL to count: without them its plans would be those of an empty database.

use std::fmt::Write as _;

use model::{InboxKey, OrgId};

use super::engines::Elephant;

/// Tables of which nobody has many.
const FEW: [&str; 3] = ["search_segment", "org", "agent"];

/// Rows of every other table.
const MANY: usize = 20_000;

/// A tenant that has a good part of every table: an eighth of all rows is in its inbox.
#[derive(Clone, Copy, Debug)]
pub(super) struct Crowd {
    pub(super) org: OrgId,
    pub(super) inbox: InboxKey,
}

fn bytes(id: &[u8]) -> String {
    let mut text = String::from("'\\x");
    for byte in id {
        let _ = write!(text, "{byte:02x}");
    }
    text + "'::bytea"
}

impl Crowd {
    /// The value of a column in row `g`.
    fn value(&self, table: &str, column: &str, kind: &str) -> String {
        let (org, pod, inbox) = (
            bytes(self.org.as_bytes()),
            bytes(self.org.default_pod().as_bytes()),
            bytes(self.inbox.as_bytes()),
        );
        let random = format!("decode(md5('{table}{column}' || g), 'hex')");
        // A row of the tenant's inbox is of its pod and of its organisation too.
        let of = |own: &str, each: usize, others: usize| {
            format!(
                "case when g % {each} = 0 then {own} else decode(md5('{column}' || g % {others}), 'hex') end"
            )
        };
        let key = |of_table: &str| table == of_table;
        match (column, kind) {
            ("org_id", _) if key("org") || key("agent") => random,
            ("org_id", _) if table.ends_with("_cursor") => random,
            ("pod_id", _) if key("pod") => random,
            ("inbox_id", _) if key("inbox") => random,
            ("org_id", _) => of(&org, 2, 40),
            ("pod_id", _) => of(&pod, 4, 400),
            ("inbox_id", _) => of(&inbox, 8, 2_000),
            ("place", _) if key("list_entry") => format!(
                "case g % 3 when 0 then '\\x00'::bytea || {org} when 1 then '\\x01'::bytea || {pod} \
                 else '\\x02'::bytea || {random} end"
            ),
            ("holder", _) => {
                format!("case g % 40 when 0 then {org} when 1 then {pod} else {random} end")
            }
            ("place", _) => {
                format!("case g % 3 when 0 then {org} when 1 then {pod} else {random} end")
            }
            ("webhook_id", _) if table.starts_with("webhook_") => {
                "decode(md5('webhook' || g % 100), 'hex')".to_owned()
            }
            ("thread_id", _) if key("message") => {
                "decode(md5('thread' || g / 5), 'hex')".to_owned()
            }
            ("level", _) if table.starts_with("metric") => {
                "case g % 40 when 0 then 0 when 1 then 1 else 2 end".to_owned()
            }
            ("level", _) => "g % 3".to_owned(),
            ("grain", _) => "case g % 2 when 0 then 1 else 60 end".to_owned(),
            ("hidden" | "epoch" | "gone" | "attempt" | "revision" | "read_only", _) => {
                "0".to_owned()
            }
            ("lease_until", _) => "case g % 1000 when 0 then g else 0 end".to_owned(),
            ("due_at", _) => "case g % 100 when 0 then g end".to_owned(),
            ("object", _) if key("blob") => {
                "case g % 1000 when 0 then decode(md5('o' || g), 'hex') end".to_owned()
            }
            ("state", "bigint") | ("enabled", _) => "1".to_owned(),
            ("state", _) => "'ready'".to_owned(),
            ("kind", _) if key("job") => {
                "case g % 2 when 0 then 'post_hook/1' else 'deliver_mail/1' end".to_owned()
            }
            ("kind", _) if table.starts_with("metric_usage") => "'message_count'".to_owned(),
            ("kind", _) => "'message.received'".to_owned(),
            ("label", _) => {
                "case g % 3 when 0 then 'unread' when 1 then 'vip' else 'l' || g % 50 end"
                    .to_owned()
            }
            ("direction", "text") => "case g % 2 when 0 then 'receive' else 'send' end".to_owned(),
            ("list_type", _) => "case g % 5 when 0 then 'allow' else 'block' end".to_owned(),
            ("direction", _) => "g % 2".to_owned(),
            ("at", _) if key("metric_count") => "1767225600 - g".to_owned(),
            ("at", _) if key("metric_usage") => "1767225600000000 - g * 60000000".to_owned(),
            (_, "bytea") => random,
            (_, "bigint") => "1767225600000000 + g * 1000".to_owned(),
            _ => "'x' || g".to_owned(),
        }
    }
}

/// Fills every table of the product and lets PostgreSQL count. Gives the ids of an organisation, a
/// pod, an inbox and a webhook that have many rows.
pub(super) fn add(elephant: &mut Elephant, crowd: Crowd) -> Vec<[u8; 16]> {
    let columns = elephant
        .0
        .query(
            "select table_name::text, column_name::text, data_type::text from information_schema.columns \
             where table_schema = 'public' order by table_name, ordinal_position",
            &[],
        )
        .unwrap();
    let mut tables: Vec<(String, Vec<(String, String)>)> = Vec::new();
    for row in &columns {
        let (table, column, kind): (String, String, String) = (row.get(0), row.get(1), row.get(2));
        if !matches!(tables.last(), Some((last, _)) if *last == table) {
            tables.push((table.clone(), Vec::new()));
        }
        let value = crowd.value(&table, &column, &kind);
        if let Some((_, columns)) = tables.last_mut() {
            columns.push((column, value));
        }
    }
    assert!(tables.len() > 30, "only {} tables", tables.len());
    for (table, columns) in tables.iter().filter(|(table, _)| table != "schema_version") {
        let (names, values): (Vec<&str>, Vec<&str>) = columns
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .unzip();
        let rows = if FEW.contains(&table.as_str()) {
            300
        } else {
            MANY
        };
        let sql = format!(
            "insert into {table} ({}) select {} from generate_series(1::bigint, {rows}) g on conflict do nothing",
            names.join(", "),
            values.join(", ")
        );
        elephant
            .0
            .batch_execute(&sql)
            .unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }
    elephant.0.batch_execute("vacuum analyze").unwrap();
    let webhook: Vec<u8> = elephant
        .0
        .query_one("select webhook_id from webhook_delivery limit 1", &[])
        .unwrap()
        .get(0);
    vec![
        *crowd.org.as_bytes(),
        *crowd.org.default_pod().as_bytes(),
        *crowd.inbox.as_bytes(),
        webhook.try_into().unwrap(),
    ]
}
