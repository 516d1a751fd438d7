//! A check on the plans of hot statements: whatever a list, a search or a worker asks often is
//! answered from an index, on both engines, and never by reading a whole table.
//!
//! The product has no statistics on SQLite, so its plans here are those it runs with. PostgreSQL
//! would scan tables as small as these; it is told not to, and does it only where no index serves.

use std::sync::Arc;
use std::time::Duration;

use mail::Timestamp;
use mail::search::Query;
use model::message::Direction;
use model::page::{MessageFilter, Page, ThreadFilter};
use model::{InboxKey, OrgId, Result, ThreadId};
use sys::Ids;
use testkit::TempDb;
use uuid::Uuid;

use crate::access::{Access, Reason};
use crate::blobs::Place;
use crate::codec::Codec;
use crate::db::{Conn, DbResult, RawRow, Row, Value};
use crate::dialect::Dialect;
use crate::messages::Body;
use crate::txn::Txn;
use crate::view::View;
use crate::{BlobId, NewInbox, NewMessage, Placed, Route, SearchFilter, jobs, migrate};

/// Explains every statement before it runs it.
struct Explaining<C> {
    inner: C,
    plans: Vec<(String, Vec<String>)>,
}

trait Explain: Conn {
    fn plan(&mut self, sql: &str, args: &[Value<'_>]) -> Vec<String>;
}

impl<C: Explain> Conn for Explaining<C> {
    fn query(
        &mut self,
        sql: &str,
        args: &[Value<'_>],
        each: &mut dyn FnMut(&Row<'_>) -> DbResult<()>,
    ) -> DbResult<()> {
        let plan = self.inner.plan(sql, args);
        self.plans.push((sql.to_owned(), plan));
        self.inner.query(sql, args, each)
    }

    fn exec(&mut self, sql: &str, args: &[Value<'_>]) -> DbResult<u64> {
        let plan = self.inner.plan(sql, args);
        self.plans.push((sql.to_owned(), plan));
        self.inner.exec(sql, args)
    }

    fn dialect(&self) -> Dialect {
        self.inner.dialect()
    }
}

struct Lite(rusqlite::Connection);

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

impl Explain for Lite {
    fn plan(&mut self, sql: &str, args: &[Value<'_>]) -> Vec<String> {
        let sql = format!("explain query plan {sql}");
        let mut lines = Vec::new();
        self.query(&sql, args, &mut |row| {
            lines.push(row.text(3)?.to_owned());
            Ok(())
        })
        .unwrap();
        lines
    }
}

struct Elephant(postgres::Client);

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

impl Explain for Elephant {
    fn plan(&mut self, sql: &str, args: &[Value<'_>]) -> Vec<String> {
        let mut lines = Vec::new();
        let sql = format!("explain {sql}");
        self.query(&sql, args, &mut |row| {
            lines.push(row.text(0)?.to_owned());
            Ok(())
        })
        .unwrap();
        lines
    }
}

/// Statements that receiving a message may take: to count it, to look for what it belongs to, its
/// bytes, its row and label, its thread with the label, the index's reminder, the event and its number.
const MOST_FOR_A_MESSAGE: usize = 10;

/// The line of a plan that reads a whole table or index.
fn scan(dialect: Dialect, plan: &[String]) -> Option<&String> {
    plan.iter().find(|line| match dialect {
        // What is scanned may also be the rows that an inner query just gave.
        Dialect::Sqlite => {
            line.starts_with("SCAN ") && !line.starts_with("SCAN (") && !line.contains("CONSTANT")
        }
        Dialect::Postgres => line.contains("Seq Scan"),
    })
}

fn filter(labels: &[&str], from: &[&str]) -> MessageFilter {
    MessageFilter {
        page: Page::default(),
        labels: labels.iter().map(|&label| label.to_owned()).collect(),
        from: from.iter().map(|&part| part.to_owned()).collect(),
        ..MessageFilter::default()
    }
}

fn threads(labels: &[&str]) -> ThreadFilter {
    ThreadFilter {
        labels: labels.iter().map(|&label| label.to_owned()).collect(),
        ..ThreadFilter::default()
    }
}

/// What clients and workers ask all the time.
fn ask(view: &mut View<'_>, inbox: InboxKey) -> Result<()> {
    let from = Some(crate::Position {
        at: 5,
        key: [7; 16],
    });
    for labels in [&[][..], &["unread"], &["unread", "vip"], &["received"]] {
        view.messages(inbox, &filter(labels, &[]), from, 20)?;
        view.threads(Some(inbox), &threads(labels), from, 20)?;
        view.threads(None, &threads(labels), from, 20)?;
    }
    view.messages(inbox, &filter(&[], &["ann"]), None, 20)?;
    let route = Route {
        org_id: view.access().org_id(),
        pod_id: view.access().org_id().default_pod(),
        inbox_key: inbox,
        inbox_id: model::InboxId::from_stored("a@eu.example.test".to_owned()),
    };
    view.keys_in_use(&route)?;
    let thread = ThreadId::new(Uuid::from_u128(7));
    view.thread_messages(thread, from, 20)?;
    view.whole_thread(thread, 100)?;
    let missing = [
        view.thread(None, thread).map(|_| ()),
        view.message_of_key(model::MessageKey::new(Uuid::from_u128(7)))
            .map(|_| ()),
        mail::MessageId::parse("<a@b>").map_or(Ok(()), |id| view.message(inbox, &id).map(|_| ())),
    ];
    assert!(missing.iter().all(Result::is_err));
    view.log_after(3, 100)?;
    view.inboxes(from, false, 20)?;
    let search = SearchFilter {
        query: Query::parse("needle \"in the\" haystack"),
        before: None,
        after: None,
    };
    view.search_messages(&search, None, 20)?;
    view.search_threads(&search, None, 20)?;
    view.search_inboxes(&search.query, None, None, 20)?;
    view.unindexed_count(10)?;
    view.unindexed(10)?;
    Ok(())
}

/// Lets the statements that depend on rows run too: an inbox with one message, which is indexed.
fn fill(txn: &mut Txn<'_>, inbox: &Route) -> Result<()> {
    txn.create_org("Plans")?;
    txn.create_inbox(&NewInbox {
        key: inbox.inbox_key,
        pod_id: inbox.pod_id,
        inbox_id: inbox.inbox_id.clone(),
        display_name: None,
        client_id: None,
        status: model::inbox::InboxStatus::Active,
        metadata: None,
    })?;
    let first = message(txn, inbox, 9)?;
    txn.file_message(&first)?;
    let new = txn.unindexed(10)?.unwrap();
    txn.add_segment(Uuid::from_u128(1), &new)
}

fn message(txn: &Txn<'_>, inbox: &Route, number: u128) -> Result<NewMessage> {
    let text = "needle in the haystack";
    let id = |name: &str| mail::MessageId::parse(&format!("<{name}-{number}@d>")).unwrap();
    let content = model::message::Content {
        text: Some(text.to_owned()),
        ..model::message::Content::default()
    };
    let raw = format!("{number}: {text}");
    Ok(NewMessage {
        key: model::MessageKey::new(Uuid::from_u128(number)),
        inbox: inbox.clone(),
        direction: Direction::Received,
        at: txn.now(),
        labels: ["unread"].map(model::Label::system).into_iter().collect(),
        from: "Ann <ann@outside.test>".to_owned(),
        people: model::message::People::default(),
        subject: Some(text.to_owned()),
        preview: None,
        message_id: Some(id("own")),
        minted: id("minted"),
        spare: id("spare"),
        in_reply_to: None,
        references: Vec::new(),
        ancestors: Vec::new(),
        attachments: Vec::new(),
        size: 1,
        raw: Placed {
            blob_id: BlobId::of(raw.as_bytes()),
            size: 1,
            at: Place::Row(txn.codec.pack(raw.as_bytes())),
        },
        body: Body::pack(txn.codec, &content)?,
        dedup: None,
        thread: None,
        new_thread: ThreadId::new(Uuid::from_u128(number)),
        envelope: None,
        trace: None,
    })
}

/// What becomes of mail that arrives, its event included.
fn receive(mut txn: Txn<'_>, inbox: &Route, number: u128) -> Result<()> {
    let new = message(&txn, inbox, number)?;
    txn.file_received(&new, &model::list::Authors::default())?;
    txn.emit(crate::NewEvent {
        kind: model::EventKind::MessageReceived,
        pod_id: Some(inbox.pod_id),
        inbox_key: Some(inbox.inbox_key),
        hidden: model::Hidden::NONE,
        payload: "\"message\":{".to_owned(),
        tail: None,
        random: number,
    });
    txn.close().map(|_| ())
}

fn check<C: Explain>(inner: C) {
    let mut conn = Explaining {
        inner,
        plans: Vec::new(),
    };
    migrate::run(&mut conn.inner).unwrap();
    let ids = Ids::system();
    let (org, inbox) = (OrgId::new(ids.random()), InboxKey::new(ids.random()));
    let access = Access::of_system(org, Reason::Operation);
    let codec = Codec::default();
    let now = Timestamp::from_micros(1_767_225_600_000_000);
    let mut txn = Txn::new(View {
        conn: &mut conn.inner,
        access: &access,
        codec: &codec,
        now,
    });
    let route = Route {
        org_id: org,
        pod_id: org.default_pod(),
        inbox_key: inbox,
        inbox_id: model::InboxId::from_stored("a@example.test".to_owned()),
    };
    fill(&mut txn, &route).unwrap();
    let arrivals = Txn::new(View {
        conn: &mut conn,
        access: &access,
        codec: &codec,
        now,
    });
    receive(arrivals, &route, 10).unwrap();
    // Each is a round trip on PostgreSQL while the inbox and the log are held.
    let cost: Vec<&String> = conn.plans.iter().map(|(sql, _)| sql).collect();
    assert!(cost.len() <= MOST_FOR_A_MESSAGE, "{cost:#?}");
    let pod = model::api_key::Scope::Pod(org.default_pod());
    let own = model::api_key::Scope::Inbox(org.default_pod(), inbox);
    let narrow = [access.narrowed(pod), access.narrowed(own)];
    for access in [&access].into_iter().chain(&narrow) {
        let mut view = View {
            conn: &mut conn,
            access,
            codec: &codec,
            now,
        };
        ask(&mut view, inbox).unwrap();
    }
    for lane in [jobs::Lane::Posts, jobs::Lane::Rest] {
        jobs::claim(
            &mut conn,
            lane,
            now,
            Duration::from_secs(1),
            ids.random(),
            10,
        )
        .unwrap();
        jobs::next_due(&mut conn, lane).unwrap();
    }
    let dialect = conn.dialect();
    // The check itself: this one has no index.
    let bad = conn.inner.plan(
        "select size from message where preview = $1 -- unscoped: never run",
        &["x".into()],
    );
    assert!(scan(dialect, &bad).is_some(), "{bad:?}");
    assert!(
        conn.plans.len() > 80,
        "only {} statements",
        conn.plans.len()
    );
    let searched = conn
        .plans
        .iter()
        .any(|(sql, _)| sql.contains("search_leaf f"));
    assert!(searched, "the search found no segment");
    // Rows named by their keys are not looked for among those of the tenant.
    for key in ["message_key", "thread_id"] {
        let named = format!(".{key} in (");
        let mut named = conn.plans.iter().filter(|(sql, _)| sql.contains(&named));
        let by_key = format!("{key}=?");
        assert!(
            dialect == Dialect::Postgres || named.all(|(_, plan)| plan[0].contains(&by_key)),
            "a list of {key} is read by another index"
        );
    }
    let mut faults: Vec<String> = conn
        .plans
        .iter()
        .filter_map(|(sql, plan)| {
            let line = scan(dialect, plan)?;
            Some(format!("{line}\n    of {sql}\n    in {plan:#?}"))
        })
        .collect();
    faults.sort_unstable();
    faults.dedup();
    assert!(faults.is_empty(), "{dialect:?}: {}", faults.join("\n"));
}

#[test]
fn hot_statements_have_an_index_on_sqlite() {
    let conn = rusqlite::Connection::open_in_memory().unwrap();
    check(Lite(conn));
}

#[test]
fn hot_statements_have_an_index_on_postgres() {
    let Some(db) = TempDb::postgres() else { return };
    let db = Arc::new(db);
    let url = db.url().unwrap();
    let mut client = postgres::Client::connect(&url, postgres::NoTls).unwrap();
    client
        .batch_execute("set enable_seqscan = off; set jit = off")
        .unwrap();
    check(Elephant(client));
}
