//! A check on the plans of hot statements: whatever a list, a search or a worker asks often is
//! answered from the index that is meant for it, on both engines, and never by reading a whole
//! table or a whole index.
//!
//! The product has no statistics on SQLite, so its plans here are those it runs with. PostgreSQL
//! counts rows, so there are some, and tells what it would do for these values and for any.

mod engines;
mod hot;
mod rows;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use mail::Timestamp;
use model::api_key::Scope;
use model::message::Direction;
use model::{EventKind, Hidden, InboxKey, OrgId, Result, ThreadId, WebhookId};
use sys::Ids;
use testkit::TempDb;
use uuid::Uuid;

use crate::access::{Access, Reason};
use crate::blobs::Place;
use crate::codec::Codec;
use crate::engine::PLANNING;
use crate::messages::Body;
use crate::search::SegmentCache;
use crate::txn::Txn;
use crate::view::View;
use crate::{BlobId, NewEvent, NewInbox, NewMessage, NewWebhook, Placed, Route, jobs, migrate};
use engines::{Elephant, Explain, Explaining, Lite, Plan, Seek};
use hot::{Hot, Known};
use rows::Crowd;

/// Lets the statements that depend on rows run too: an inbox with one message, which is indexed.
fn fill(txn: &mut Txn<'_>, inbox: &Route) -> Result<WebhookId> {
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
    txn.add_segment(Uuid::from_u128(1), &new)?;
    let made = txn.create_webhook(
        &NewWebhook {
            webhook_id: WebhookId::new(Uuid::from_u128(10)),
            url: "https://hook.test/".to_owned(),
            client_id: None,
            kinds: None,
            pods: Vec::new(),
            inboxes: Vec::new(),
            unseen: Hidden::NONE,
            gather: None,
            secret: vec![1],
            headers: None,
        },
        1,
    )?;
    Ok(made.webhook.webhook_id)
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
        written_at: None,
        exchange: None,
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
        origin: None,
        screened: None,
        identity: None,
        acquaintance: Vec::new(),
        trace: None,
    })
}

/// What becomes of mail that arrives, its event included.
fn receive(mut txn: Txn<'_>, inbox: &Route, number: u128) -> Result<()> {
    let new = message(&txn, inbox, number)?;
    txn.file_received(&new, &model::list::Authors::default())?;
    txn.emit(NewEvent {
        kind: EventKind::MessageReceived,
        pod_id: Some(inbox.pod_id),
        inbox_key: Some(inbox.inbox_key),
        message_key: Some(new.key),
        hidden: Hidden::NONE,
        payload: "\"message\":{".to_owned(),
        tail: None,
        random: number,
    });
    txn.close().map(|_| ())
}

/// Statements that receiving a message may take: to count it, to look for what it belongs to, its
/// bytes, its row and label, its thread with the label and the hint of its subject, the index's reminder,
/// the event and its number.
const MOST_FOR_A_MESSAGE: usize = 11;

/// What is wrong with the plans of one question.
fn faults(plans: &[Plan], served: &str, sorts: bool) -> BTreeSet<String> {
    let mut faults = BTreeSet::new();
    let mut add = |what: &str, plan: &Plan| {
        let mut text = format!("{what}\n    of {}", plan.sql);
        for line in plan.lines.iter().take(14) {
            let _ = write!(text, "\n      {line}");
        }
        faults.insert(text);
    };
    for plan in plans {
        for line in &plan.scans {
            add(&format!("reads all of a table: {line}"), plan);
        }
        // That one has leased jobs only, which are few.
        let whole = |seek: &&Seek| seek.columns.is_empty() && seek.index != "job_leased";
        for seek in plan.seeks.iter().filter(whole) {
            add(&format!("reads all of the index {}", seek.index), plan);
        }
        if plan.sorts && !sorts {
            add("puts rows in order after reading them", plan);
        }
    }
    for served in served.split('&') {
        // Both plans of each statement, where it is this one.
        let is_it = |plan: &&Plan| {
            let same = |other: &Plan| other.sql == plan.sql && serves(other, served);
            plans.iter().any(same)
        };
        let main: Vec<&Plan> = plans.iter().filter(is_it).collect();
        if main.is_empty() {
            for plan in plans {
                add(&format!("not served by {served}"), plan);
            }
        }
        for plan in main.into_iter().filter(|plan| !serves(plan, served)) {
            add(&format!("not always served by {served}"), plan);
        }
    }
    faults
}

/// Whether a plan looks into the index that is meant, or one of those, between the columns that are.
fn serves(plan: &Plan, served: &str) -> bool {
    served.split('|').any(|one| {
        let split = one.find(" pk ").map_or_else(
            || one.find(' ').unwrap_or(one.len()),
            |place| place + " pk".len(),
        );
        let (index, columns) = one.split_at(split);
        plan.seeks.iter().any(|seek| {
            let bound = |column: &str| seek.columns.iter().any(|own| own == column);
            seek.index == index && columns.split_whitespace().all(bound)
        })
    })
}

fn check<C: Explain>(inner: C, crowd: impl FnOnce(&mut C) -> Vec<[u8; 16]>) {
    let mut conn = Explaining {
        inner,
        plans: Vec::new(),
        stand_ins: Vec::new(),
    };
    migrate::run(&mut conn.inner).unwrap();
    let ids = Ids::system();
    let (org, inbox) = (OrgId::new(ids.random()), InboxKey::new(ids.random()));
    let access = Access::of_system(org, Reason::Operation);
    let (codec, segments) = (Codec::default(), SegmentCache::default());
    let now = Timestamp::from_micros(1_767_225_600_000_000);
    let mut txn = Txn::new(View {
        conn: &mut conn.inner,
        access: &access,
        codec: &codec,
        segments: &segments,
        now,
    });
    let route = Route {
        org_id: org,
        pod_id: org.default_pod(),
        inbox_key: inbox,
        inbox_id: model::InboxId::from_stored("a@example.test".to_owned()),
    };
    let webhook = fill(&mut txn, &route).unwrap();
    drop(txn);
    let known = Known { inbox, webhook };
    let crowd = crowd(&mut conn.inner);
    let own = [
        *org.as_bytes(),
        *org.default_pod().as_bytes(),
        *inbox.as_bytes(),
        *webhook.as_bytes(),
    ];
    conn.stand_ins = own.into_iter().zip(crowd).collect();
    let pod = Scope::Pod(org.default_pod());
    let own = Scope::Inbox(org.default_pod(), inbox);
    let levels = [access.clone(), access.narrowed(pod), access.narrowed(own)];
    let arrivals = Txn::new(View {
        conn: &mut conn,
        access: &access,
        codec: &codec,
        segments: &segments,
        now,
    });
    receive(arrivals, &route, 10).unwrap();
    // Each is a round trip on PostgreSQL while the inbox and the log are held.
    let cost: BTreeSet<&String> = conn.plans.iter().map(|plan| &plan.sql).collect();
    assert!(cost.len() <= MOST_FOR_A_MESSAGE, "{cost:#?}");
    let plans = std::mem::take(&mut conn.plans);
    let found = faults(&plans, "message_public inbox_id message_id", false);
    let mut wrong: Vec<String> = found.into_iter().collect();
    wrong.extend(lists(&mut conn, &levels, &known, now));
    wrong.extend(work(&mut conn, now));
    assert!(
        wrong.is_empty(),
        "{:?}, {} faults:\n{}",
        crate::db::Conn::dialect(&conn),
        wrong.len(),
        wrong.join("\n")
    );
    // The check itself: this statement has no index.
    let bad = conn.inner.plans(
        "select size from message where preview = $1 -- unscoped: never run",
        &["x".into()],
    );
    assert!(
        !faults(&bad, "message_list inbox_id", false).is_empty(),
        "{bad:?}"
    );
}

/// What every list asks for, at each level it is read at.
fn lists<C: Explain>(
    conn: &mut Explaining<C>,
    levels: &[Access],
    known: &Known,
    now: Timestamp,
) -> Vec<String> {
    let codec = Codec::default();
    let mut wrong = Vec::new();
    let mut asked = 0;
    for hot in hot::of_mail().into_iter().chain(hot::of_the_rest()) {
        let Hot {
            what,
            served,
            sorts,
            ask,
        } = hot;
        for (access, served) in levels
            .iter()
            .zip(served)
            .filter(|(_, served)| !served.is_empty())
        {
            // What one search has read the next one must read again.
            let segments = SegmentCache::default();
            let mut txn = Txn::new(View {
                conn,
                access,
                codec: &codec,
                segments: &segments,
                now,
            });
            ask(&mut txn, known).unwrap();
            drop(txn);
            let plans = std::mem::take(&mut conn.plans);
            for fault in faults(&plans, served, sorts) {
                wrong.push(format!("{what} of {:?}: {fault}", access.scope()));
            }
            asked += 1;
        }
    }
    assert!(asked > 100, "only {asked} questions");
    wrong
}

/// What the server's own workers ask, for every organisation at once.
fn work<C: Explain>(conn: &mut Explaining<C>, now: Timestamp) -> Vec<String> {
    let ids = Ids::system();
    let mut wrong = Vec::new();
    let lanes = [
        (jobs::Lane::Posts, "job_post state run_at", "job_post state"),
        (jobs::Lane::Rest, "job_rest state run_at", "job_rest state"),
    ];
    for (lane, claimed, next) in lanes {
        jobs::claim(conn, lane, now, hot::LEASE, ids.random(), 10).unwrap();
        let plans = std::mem::take(&mut conn.plans);
        let found = faults(&plans, claimed, false);
        wrong.extend(
            found
                .into_iter()
                .map(|fault| format!("claim of {lane:?}: {fault}")),
        );
        jobs::next_due(conn, lane).unwrap();
        let plans = std::mem::take(&mut conn.plans);
        // Those with a lease are put in order.
        let found = faults(&plans, next, true);
        wrong.extend(
            found
                .into_iter()
                .map(|fault| format!("next of {lane:?}: {fault}")),
        );
    }
    wrong
}

#[test]
fn hot_statements_have_an_index_on_sqlite() {
    let conn = rusqlite::Connection::open_in_memory().unwrap();
    check(Lite(conn), |_| Vec::new());
}

#[test]
fn hot_statements_have_an_index_on_postgres() {
    let Some(db) = TempDb::postgres() else { return };
    let url = db.url().unwrap();
    let mut client = postgres::Client::connect(&url, postgres::NoTls).unwrap();
    // As the product's connections; the prepared statements here are those for any values.
    client.batch_execute(PLANNING).unwrap();
    client
        .batch_execute("set plan_cache_mode = force_generic_plan")
        .unwrap();
    check(Elephant(client), |elephant| {
        let ids = Ids::system();
        let (org, inbox) = (OrgId::new(ids.random()), InboxKey::new(ids.random()));
        rows::add(elephant, Crowd { org, inbox })
    });
}
