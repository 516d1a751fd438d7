//! What clients and workers ask all the time, and the index that must serve each.

use std::time::Duration;

use mail::Timestamp;
use mail::search::Query;
use model::list::{Direction, ListType};
use model::metric::Usage;
use model::page::{DraftFilter, MessageFilter, Page, ThreadFilter};
use model::{
    ApiKeyId, DeliveryId, DraftId, EventId, EventKind, Hidden, InboxId, InboxKey, MessageKey,
    Result, ThreadId, WebhookId,
};
use uuid::Uuid;

use crate::messages::ThreadMove;
use crate::txn::Txn;
use crate::{Position, Route, SearchFilter, Shown};

/// Ids that the statements are asked with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub(super) inbox: InboxKey,
    pub(super) webhook: WebhookId,
}

/// A question, and at each level that has it what must serve it: an index and the columns that
/// bound what is read of it. `|` is between two that serve as well, `&` between those of several
/// statements. An empty text: this level does not have it.
pub(super) struct Hot {
    pub(super) what: &'static str,
    /// Organisation, pod and inbox.
    pub(super) served: [&'static str; 3],
    /// Whether what was read may be put in order afterwards.
    pub(super) sorts: bool,
    pub(super) ask: Ask,
}

type Ask = fn(&mut Txn<'_>, &Known) -> Result<()>;

fn each_level(what: &'static str, served: [&'static str; 3], ask: Ask) -> Hot {
    Hot {
        what,
        served,
        sorts: false,
        ask,
    }
}

fn in_inbox(what: &'static str, served: &'static str, ask: Ask) -> Hot {
    each_level(what, ["", "", served], ask)
}

fn in_org(what: &'static str, served: &'static str, ask: Ask) -> Hot {
    each_level(what, [served, "", ""], ask)
}

fn at_any(what: &'static str, served: &'static str, ask: Ask) -> Hot {
    each_level(what, [served; 3], ask)
}

const FROM: Option<Position> = Some(Position {
    at: 1_767_225_605_000_000,
    key: [7; 16],
});

const fn time(micros: i64) -> Option<Timestamp> {
    Some(Timestamp::from_micros(1_767_225_600_000_000 + micros))
}

fn named(labels: &[&str]) -> Vec<String> {
    labels.iter().map(|&label| label.to_owned()).collect()
}

fn page(ascending: bool) -> Page {
    Page {
        ascending,
        ..Page::default()
    }
}

fn messages(labels: &[&str], ascending: bool) -> MessageFilter {
    MessageFilter {
        page: page(ascending),
        labels: named(labels),
        ..MessageFilter::default()
    }
}

fn threads(labels: &[&str], ascending: bool) -> ThreadFilter {
    ThreadFilter {
        page: page(ascending),
        labels: named(labels),
        ..ThreadFilter::default()
    }
}

fn drafts(labels: &[&str], ascending: bool) -> DraftFilter {
    DraftFilter {
        page: page(ascending),
        labels: named(labels),
        before: None,
        after: None,
    }
}

const fn thread() -> ThreadId {
    ThreadId::new(Uuid::from_u128(7))
}

fn route(txn: &Txn<'_>, known: &Known) -> Route {
    Route {
        org_id: txn.access().org_id(),
        pod_id: txn.access().org_id().default_pod(),
        inbox_key: known.inbox,
        inbox_id: InboxId::from_stored("a@eu.example.test".to_owned()),
    }
}

fn shown(txn: &Txn<'_>, known: &Known) -> Shown {
    Shown {
        thread_id: thread(),
        pod_id: txn.access().org_id().default_pod(),
        inbox_key: known.inbox,
    }
}

/// What is asked for by its id, which may not be there.
fn maybe<T>(found: Result<T>) -> Result<()> {
    match found {
        Err(error) if error.code() != model::Code::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Lists of mail and of drafts.
#[expect(clippy::too_many_lines, reason = "a table, one entry for each list")]
pub(super) fn of_mail() -> Vec<Hot> {
    const THREADS: [&str; 3] = [
        "thread_org org_id listed_at",
        "thread_pod org_id pod_id listed_at",
        "thread_inbox org_id pod_id inbox_id listed_at",
    ];
    const THREAD_LABELS: [&str; 3] = [
        "thread_label_org org_id label listed_at",
        "thread_label_pod org_id pod_id label listed_at",
        "thread_label pk inbox_id label listed_at",
    ];
    const DRAFTS: [&str; 3] = [
        "draft_org org_id updated_at",
        "draft_pod org_id pod_id updated_at",
        "draft_inbox org_id pod_id inbox_id updated_at",
    ];
    const DRAFT_LABELS: [&str; 3] = [
        "draft_label_org org_id label at",
        "draft_label_pod org_id pod_id label at",
        "draft_label pk org_id pod_id inbox_id label at",
    ];
    vec![
        in_inbox("messages", "message_list inbox_id", |txn, known| {
            txn.messages(known.inbox, &messages(&[], false), None, 20)
                .map(drop)
        }),
        in_inbox(
            "messages of a later page",
            "message_list inbox_id at",
            |txn, known| {
                txn.messages(known.inbox, &messages(&[], false), FROM, 20)
                    .map(drop)
            },
        ),
        in_inbox(
            "messages, ascending",
            "message_list inbox_id at",
            |txn, known| {
                txn.messages(known.inbox, &messages(&[], true), FROM, 20)
                    .map(drop)
            },
        ),
        in_inbox(
            "messages received",
            "message_list inbox_id at",
            |txn, known| {
                txn.messages(known.inbox, &messages(&["received"], false), FROM, 20)
                    .map(drop)
            },
        ),
        in_inbox(
            "messages of a time",
            "message_list inbox_id at",
            |txn, known| {
                let filter = MessageFilter {
                    before: time(9_000),
                    after: time(10),
                    ..messages(&[], false)
                };
                txn.messages(known.inbox, &filter, None, 20).map(drop)
            },
        ),
        in_inbox(
            "messages from somebody",
            "message_list inbox_id",
            |txn, known| {
                let filter = MessageFilter {
                    from: named(&["ann"]),
                    ..messages(&[], false)
                };
                txn.messages(known.inbox, &filter, None, 20).map(drop)
            },
        ),
        in_inbox(
            "messages with a label",
            "message_label pk inbox_id label at",
            |txn, known| {
                txn.messages(known.inbox, &messages(&["unread"], false), FROM, 20)
                    .map(drop)
            },
        ),
        in_inbox(
            "messages with two labels",
            "message_label pk inbox_id label at",
            |txn, known| {
                let filter = messages(&["unread", "vip"], true);
                txn.messages(known.inbox, &filter, FROM, 20).map(drop)
            },
        ),
        in_inbox(
            "messages with a label, of a time",
            "message_label pk inbox_id label at",
            |txn, known| {
                let filter = MessageFilter {
                    before: time(9_000),
                    ..messages(&["unread"], false)
                };
                txn.messages(known.inbox, &filter, None, 20).map(drop)
            },
        ),
        in_inbox(
            "a message by its id",
            "message_public inbox_id message_id",
            |txn, known| {
                let id =
                    mail::MessageId::parse("<a@b>").ok_or_else(|| model::Error::internal("id"))?;
                maybe(txn.message(known.inbox, &id))
            },
        ),
        at_any(
            "a message by its row",
            "message pk message_key",
            |txn, _| maybe(txn.message_of_key(MessageKey::new(Uuid::from_u128(7)))),
        ),
        each_level("threads", THREADS, |txn, _| {
            txn.threads(None, &threads(&[], false), FROM, 20).map(drop)
        }),
        each_level("threads, ascending", THREADS, |txn, _| {
            txn.threads(None, &threads(&[], true), FROM, 20).map(drop)
        }),
        each_level("threads of a time", THREADS, |txn, _| {
            let filter = ThreadFilter {
                before: time(9_000),
                after: time(10),
                ..threads(&["received"], false)
            };
            txn.threads(None, &filter, None, 20).map(drop)
        }),
        each_level("threads with a label", THREAD_LABELS, |txn, _| {
            txn.threads(None, &threads(&["unread"], false), FROM, 20)
                .map(drop)
        }),
        each_level("threads with two labels", THREAD_LABELS, |txn, _| {
            txn.threads(None, &threads(&["unread", "vip"], true), FROM, 20)
                .map(drop)
        }),
        at_any("a thread", "thread pk thread_id", |txn, _| {
            maybe(txn.thread(None, thread()))
        }),
        at_any(
            "a page of a thread",
            "message_thread thread_id at",
            |txn, _| txn.thread_messages(thread(), FROM, 20).map(drop),
        ),
        at_any("a whole thread", "message_thread thread_id", |txn, _| {
            txn.whole_thread(thread(), 100).map(drop)
        }),
        each_level("drafts", DRAFTS, |txn, _| {
            txn.drafts(&drafts(&[], false), FROM, 20).map(drop)
        }),
        each_level("drafts, ascending", DRAFTS, |txn, _| {
            txn.drafts(&drafts(&["draft"], true), FROM, 20).map(drop)
        }),
        each_level("drafts of a time", DRAFTS, |txn, _| {
            let filter = DraftFilter {
                before: time(9_000),
                after: time(10),
                ..drafts(&[], false)
            };
            txn.drafts(&filter, None, 20).map(drop)
        }),
        each_level("drafts with a label", DRAFT_LABELS, |txn, _| {
            txn.drafts(&drafts(&["vip"], false), FROM, 20).map(drop)
        }),
        each_level("drafts with two labels", DRAFT_LABELS, |txn, _| {
            txn.drafts(&drafts(&["unread", "vip"], true), FROM, 20)
                .map(drop)
        }),
        at_any("a draft", "draft pk draft_id", |txn, _| {
            maybe(txn.draft(DraftId::new(Uuid::from_u128(7))))
        }),
        at_any(
            "changes of the labels of a message",
            "label_change_message message_key",
            |txn, _| {
                txn.label_changes_of(MessageKey::new(Uuid::from_u128(9)), 20)
                    .map(drop)
            },
        ),
        in_inbox(
            "what the messages say that a message names",
            "message_public inbox_id message_id",
            |txn, known| {
                let ids = ["<a@b>", "<c@d>"].map(mail::MessageId::parse);
                let ids: Vec<_> = ids.into_iter().flatten().collect();
                txn.earlier_texts(known.inbox, &ids, Timestamp::from_micros(i64::MAX))
                    .map(drop)
            },
        ),
        in_inbox(
            "threads with a subject",
            "thread_hint pk inbox_id hint",
            |txn, known| txn.hinted(known.inbox, &[7; 16]).map(drop),
        ),
        at_any(
            "the messages of threads that are measured",
            "message_thread thread_id",
            |txn, _| txn.members(&[thread()]).map(drop),
        ),
        in_inbox(
            "what leads to a thread, for another one",
            "thread_ref_thread thread_id&thread_hint_thread thread_id",
            |txn, known| {
                let route = route(txn, known);
                txn.share_traces(&route, thread(), ThreadId::new(Uuid::from_u128(8)))
            },
        ),
        in_inbox(
            "the turns of a thread, for another one",
            "turn_count pk org_id subject&thread_pause pk thread_id",
            |txn, _| {
                txn.share_turns(&ThreadMove {
                    from: thread(),
                    to: ThreadId::new(Uuid::from_u128(8)),
                    is_gone: true,
                    message_ids: Vec::new(),
                    hidden: Hidden::NONE,
                })
            },
        ),
        in_inbox(
            "the turns of a thread that is gone",
            "turn_count pk org_id subject&turn_count_thread org_id thread_id&thread_pause pk thread_id",
            |txn, _| txn.end_turns(thread(), ThreadId::new(Uuid::from_u128(8))),
        ),
        in_inbox(
            "changes of labels",
            "label_change pk inbox_id seq",
            |txn, known| txn.label_changes(known.inbox, FROM, false, 20).map(drop),
        ),
    ]
}

/// Lists of everything else.
#[expect(clippy::too_many_lines, reason = "a table, one entry for each list")]
pub(super) fn of_the_rest() -> Vec<Hot> {
    const INBOXES: [&str; 3] = [
        "inbox_list org_id created_at",
        "inbox_pod org_id pod_id created_at",
        "inbox pk inbox_id",
    ];
    const KEYS: [&str; 3] = [
        "api_key_list org_id created_at",
        "api_key_pod org_id pod_id created_at",
        "api_key_own org_id pod_id inbox_id created_at",
    ];
    // An organisation has 50 webhooks at most, so what serves all of them serves each level.
    const HOOKS: [&str; 3] = [
        "webhook_list org_id created_at",
        "webhook_list org_id created_at|webhook_pod pod_id",
        "webhook_list org_id created_at|webhook_inbox inbox_id",
    ];
    // Two indexes go on with the columns of the table's own key.
    const ENTRIES: [&str; 3] = [
        "list_entry pk org_id place direction list_type entry",
        "list_entry pk org_id place direction list_type entry|list_entry_pod pod_id place direction list_type entry",
        "list_entry pk org_id place direction list_type entry|list_entry_inbox inbox_id place direction list_type entry",
    ];
    const WORDS: [&str; 3] = [
        "inbox_word pk org_id word",
        "inbox_word pk org_id word",
        "inbox_word pk org_id word|inbox_word_inbox inbox_id word",
    ];
    const DOMAINS: [&str; 3] = [
        "domain_list org_id created_at",
        "domain_pod org_id pod_id created_at",
        "",
    ];
    vec![
        each_level("inboxes", INBOXES, |txn, _| {
            txn.inboxes(FROM, false, 20).map(drop)
        }),
        each_level("inboxes, ascending", INBOXES, |txn, _| {
            txn.inboxes(FROM, true, 20).map(drop)
        }),
        each_level(
            "pods",
            ["pod_list org_id created_at", "pod pk pod_id", ""],
            |txn, _| txn.pods(FROM, false, 20).map(drop),
        ),
        each_level("API keys", KEYS, |txn, _| {
            txn.api_keys(FROM, false, 20).map(drop)
        }),
        each_level("API keys, ascending", KEYS, |txn, _| {
            txn.api_keys(FROM, true, 20).map(drop)
        }),
        each_level("domains", DOMAINS, |txn, _| {
            txn.domains(FROM, false, 20).map(drop)
        }),
        each_level("domains, ascending", DOMAINS, |txn, _| {
            txn.domains(FROM, true, 20).map(drop)
        }),
        each_level("entries of a list", ENTRIES, |txn, _| {
            txn.list_entries(Direction::Send, ListType::Block, "a", 20)
                .map(drop)
        }),
        each_level("webhooks", HOOKS, |txn, _| {
            txn.webhooks(FROM, false, 20).map(drop)
        }),
        each_level("webhooks, ascending", HOOKS, |txn, _| {
            txn.webhooks(FROM, true, 20).map(drop)
        }),
        in_org(
            "deliveries of a webhook",
            "webhook_delivery_list webhook_id created_at",
            |txn, known| {
                let hook = txn.webhook(known.webhook)?;
                txn.hook_deliveries(&hook, FROM, false, 20).map(drop)
            },
        ),
        in_org(
            "what a webhook is due",
            "webhook_delivery_due webhook_id epoch due_at",
            |txn, known| {
                let hook = txn.webhook(known.webhook)?;
                txn.due_hooks(&hook, 4).map(drop)
            },
        ),
        in_org(
            "when a webhook is due",
            "webhook_delivery_due webhook_id epoch",
            |txn, known| {
                let hook = txn.webhook(known.webhook)?;
                txn.next_hook_due(&hook).map(drop)
            },
        ),
        in_org(
            "what a webhook is no longer to gather",
            "webhook_delivery_due webhook_id epoch due_at",
            |txn, known| {
                let hook = txn.webhook(known.webhook)?;
                txn.close_gathering(&hook)
            },
        ),
        in_org(
            "what a delivery tells of beside its event",
            "webhook_delivery_gathered gathered_in",
            |txn, _| txn.gathered(DeliveryId::new(Uuid::from_u128(7))).map(drop),
        ),
        Hot {
            // Those of mail that is there and of mail that is gone are put together.
            sorts: true,
            ..at_any(
                "mail of strangers that events tell of",
                "event pk org_id seq",
                |txn, _| txn.strangers_in_events(&[3, 5]).map(drop),
            )
        },
        // A path narrows what is asked for, and not what the key reaches, so only one level is asked here.
        in_org(
            "what taints whoever reaches an inbox",
            "unkeyed_taint_org org_id until_at",
            |txn, _| txn.handed_taint().map(drop),
        ),
        at_any(
            "what taints a key",
            "taint_until org_id api_key_id until_at",
            |txn, _| txn.shown_taint(ApiKeyId::new(Uuid::from_u128(7))).map(drop),
        ),
        in_org(
            "a taint that is written down",
            "taint pk org_id api_key_id thread_id|taint_until org_id api_key_id until_at",
            |txn, known| {
                let (key, end) = (ApiKeyId::new(Uuid::from_u128(7)), Timestamp::from_micros(9));
                txn.taint(key, &[shown(txn, known)], end, end)
            },
        ),
        in_org(
            "a taint of whoever reaches an inbox",
            "unkeyed_taint pk org_id thread_id|unkeyed_taint_org org_id until_at",
            |txn, known| {
                let end = Timestamp::from_micros(9);
                txn.taint_readers(&[shown(txn, known)], end, end)
            },
        ),
        in_org(
            "deliveries that grew old",
            "webhook_delivery_age org_id updated_at",
            |txn, _| txn.expire_hooks(Timestamp::from_micros(1), 64).map(drop),
        ),
        at_any(
            "polling webhooks",
            "polling_webhook_list place level created_at",
            |txn, _| txn.polling_webhooks(FROM, false, 20).map(drop),
        ),
        at_any("a page of the log", "event pk org_id seq", |txn, _| {
            txn.log_slice(3, 100, |_| true).map(drop)
        }),
        at_any(
            "what follows in the log",
            "event pk org_id seq",
            |txn, _| txn.log_after(3, 100).map(drop),
        ),
        at_any(
            "events about a message",
            "event_message message_key",
            |txn, _| {
                txn.events_about(MessageKey::new(Uuid::from_u128(9)), 20)
                    .map(drop)
            },
        ),
        at_any(
            "deliveries of an event to webhooks",
            "webhook_delivery_event org_id seq&webhook pk webhook_id",
            |txn, _| txn.hook_deliveries_of(3, 20).map(drop),
        ),
        at_any("the place of an event", "event pk org_id seq", |txn, _| {
            txn.log_place_of(EventId::at(1, 7)).map(drop)
        }),
        in_org("the beginning of the log", "event pk org_id", |txn, _| {
            txn.log_floor().map(drop)
        }),
        in_org("old events", "event pk org_id seq", |txn, _| {
            txn.trim_log(Timestamp::from_micros(1), 64).map(drop)
        }),
        in_org(
            "old changes of labels",
            "label_change_age org_id at",
            |txn, _| {
                txn.trim_label_changes(Timestamp::from_micros(1), 64)
                    .map(drop)
            },
        ),
        in_org(
            "a slice of the log for webhooks",
            "event pk org_id seq",
            |txn, _| txn.fan_out(64, 64).map(drop),
        ),
        in_org(
            "a slice of the log to be counted",
            "event pk org_id seq",
            |txn, _| txn.count_events(64).map(drop),
        ),
        Hot {
            // Counts of a period are summed, which is not the order of a list.
            sorts: true,
            ..at_any(
                "counts of events",
                "metric_count pk org_id level holder grain kind at",
                |txn, _| {
                    let now = txn.now().as_secs();
                    let kind = EventKind::MessageReceived;
                    txn.event_counts(kind, now - 3_600, now, 60).map(drop)
                },
            )
        },
        at_any(
            "usage over time",
            "metric_usage pk org_id level holder kind at",
            |txn, _| {
                let end = Timestamp::from_micros(txn.now().as_micros() - 172_800_000_000);
                let start = Timestamp::from_micros(end.as_micros() - 86_400_000_000);
                txn.usage_history(Usage::MessageCount, start, end).map(drop)
            },
        ),
        at_any(
            "events that are not counted",
            "event pk org_id seq",
            |txn, _| txn.uncounted().map(drop),
        ),
        each_level("inboxes with a word", WORDS, |txn, _| {
            txn.search_inboxes(&Query::parse("example"), None, None, 20)
                .map(drop)
        }),
        at_any(
            "messages with words",
            "search_leaf pk org_id segment leaf&message pk message_key",
            |txn, _| txn.search_messages(&search(), None, 20).map(drop),
        ),
        at_any(
            "threads with words",
            "search_leaf pk org_id segment leaf&message pk message_key&thread pk thread_id",
            |txn, _| txn.search_threads(&search(), None, 20).map(drop),
        ),
        in_org(
            "whether anything is to be indexed",
            "search_pending pk org_id",
            |txn, _| txn.unindexed_count(10).map(drop),
        ),
        in_org(
            "what is to be indexed",
            "search_pending pk org_id",
            |txn, _| txn.unindexed(10).map(drop),
        ),
        at_any("keys that sign", "domain pk domain", |txn, known| {
            let route = route(txn, known);
            txn.keys_in_use(&route).map(drop)
        }),
        in_org(
            "an answer that is remembered",
            "send_answer pk org_id answer_key",
            |txn, _| maybe(txn.answer("key")),
        ),
    ]
}

fn search() -> SearchFilter {
    SearchFilter {
        query: Query::parse("needle \"in the\" haystack"),
        before: None,
        after: None,
    }
}

/// How long a claimed job is somebody's.
pub(super) const LEASE: Duration = Duration::from_secs(1);
