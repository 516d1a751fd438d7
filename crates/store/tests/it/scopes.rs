//! What a caller cannot reach is not there, for every method of a view and of a transaction.

use mail::MessageId;
use model::api_key::Scope;
use model::label::Labels;
use model::message::Message;
use model::page::{MessageFilter, ThreadFilter};
use model::{ApiKeyId, Hidden, InboxId, InboxKey, OrgId, PermissionSet, PodId};
use store::{
    Access, ClaimedJob, Credential, DeliveryState, Finish, InboxChange, NewInbox, NewJob, NewKey,
    NewMessage, Txn, View,
};
use uuid::Uuid;

use crate::world::{Mail, World, grant, labels};

on_both_engines![
    nobody_reads_beyond_their_scope,
    nobody_changes_what_is_beyond_their_scope,
    hidden_mail_is_not_there_without_the_right,
    attachments_of_hidden_mail_are_not_shown,
];

/// What the tests try to reach: an inbox with a message, its delivery, a bound key and a job.
struct Target {
    org: OrgId,
    pod: PodId,
    inbox: InboxKey,
    inbox_id: InboxId,
    message: Message,
    id: MessageId,
    delivery: Uuid,
    key: ApiKeyId,
    job: ClaimedJob,
    new: NewMessage,
    new_inbox: NewInbox,
    fresh: Uuid,
}

impl Target {
    async fn new(world: &World) -> Self {
        let inbox = world.inbox("target@example.test").await;
        let mail = Mail {
            id: Some("<target@x>"),
            parent: Some("<unknown@x>"),
            labels: &["work"],
            subject: Some("target"),
            attachments: 1,
            ..Mail::default()
        };
        let new = world.mail(&inbox, mail.clone()).await;
        let message = world.file_new(new.clone()).await.unwrap();
        let delivery = world.ids.random();
        let event = world.event(Some(&inbox), Hidden::NONE, "target");
        let job = NewJob {
            job_id: world.ids.random(),
            kind: "test/1",
            key: Some("target".to_owned()),
            run_at: world.now(),
            payload: "{}".to_owned(),
        };
        let write = world.write(move |txn| {
            txn.enqueue(&job)?;
            txn.emit(event.clone());
            txn.open_delivery(&new, delivery, "x@one.test", "one.test")
        });
        write.await.unwrap();
        let bound = Scope::Inbox(inbox.pod_id, inbox.inbox_key);
        world.key(world.org, bound, None).await;
        let key = world
            .read(|view| view.api_keys(None, true, 1))
            .await
            .unwrap();
        let lease = std::time::Duration::from_secs(60);
        Self {
            org: world.org,
            pod: inbox.pod_id,
            inbox: inbox.inbox_key,
            inbox_id: inbox.inbox_id.clone(),
            id: message.message_id.clone(),
            message,
            delivery,
            key: key[0].api_key_id,
            job: world
                .store
                .claim_jobs(store::Lane::Rest, lease, 1)
                .await
                .unwrap()
                .remove(0),
            new: world
                .mail(
                    &inbox,
                    Mail {
                        id: Some("<second@x>"),
                        ..mail
                    },
                )
                .await,
            new_inbox: world.new_inbox(inbox.pod_id, "second@example.test"),
            fresh: world.ids.random(),
        }
    }
}

/// Whoever must not reach the target: another organisation, another pod, another inbox.
async fn strangers(world: &World) -> Vec<(&'static str, Access)> {
    let other_org = OrgId::new(world.ids.random());
    world.bootstrap(other_org).await;
    let other_pod = world.pod(None).await;
    let beside = world.inbox("beside@example.test").await;
    let in_other_pod = world
        .inbox_in(world.org, other_pod, "pod@example.test")
        .await;
    let key = |org, scope| world.key(org, scope, None);
    vec![
        ("another organisation", key(other_org, Scope::Org).await),
        (
            "another organisation's pod",
            key(other_org, Scope::Pod(world.org.default_pod())).await,
        ),
        ("another pod", key(world.org, Scope::Pod(other_pod)).await),
        (
            "an inbox of another pod",
            key(world.org, Scope::Inbox(other_pod, in_other_pod.inbox_key)).await,
        ),
        (
            "another inbox",
            key(world.org, Scope::Inbox(beside.pod_id, beside.inbox_key)).await,
        ),
    ]
}

type Look = fn(&mut View<'_>, &Target) -> bool;

/// Every way to read something of one inbox; true if the target was seen.
const LOOKS: [(&str, Look); 21] = [
    ("inbox", |view, t| view.inbox(&t.inbox_id).is_ok()),
    ("inbox_of_key", |view, t| view.inbox_of_key(t.inbox).is_ok()),
    ("inboxes", |view, t| {
        let page = view.inboxes(None, false, 100).unwrap();
        page.iter().any(|inbox| inbox.key == t.inbox)
    }),
    ("message", |view, t| view.message(t.inbox, &t.id).is_ok()),
    ("message_of_key", |view, t| {
        view.message_of_key(t.message.key).is_ok()
    }),
    ("content", |view, t| view.content(t.message.key).is_ok()),
    ("trace", |view, t| {
        !view.trace(t.message.key).unwrap().is_empty()
    }),
    ("messages", |view, t| {
        !view
            .messages(t.inbox, &MessageFilter::default(), None, 10)
            .unwrap()
            .is_empty()
    }),
    ("messages by label", |view, t| {
        let filter = MessageFilter {
            labels: vec!["work".to_owned()],
            ..MessageFilter::default()
        };
        !view
            .messages(t.inbox, &filter, None, 10)
            .unwrap()
            .is_empty()
    }),
    ("thread", |view, t| {
        view.thread(None, t.message.thread_id).is_ok()
    }),
    ("thread of inbox", |view, t| {
        view.thread(Some(t.inbox), t.message.thread_id).is_ok()
    }),
    ("inbox_of_thread", |view, t| {
        view.inbox_of_thread(t.message.thread_id).is_ok()
    }),
    ("threads", |view, t| saw_thread(view, None, &[], t)),
    ("threads of inbox", |view, t| {
        saw_thread(view, Some(t.inbox), &[], t)
    }),
    ("threads by label", |view, t| {
        saw_thread(view, None, &["work"], t)
    }),
    ("thread_messages", |view, t| {
        !view
            .thread_messages(t.message.thread_id, None, 10)
            .unwrap()
            .is_empty()
    }),
    ("deliveries", |view, t| {
        !view.deliveries(t.message.key, None).unwrap().is_empty()
    }),
    ("api_key", |view, t| {
        let listed = view.api_keys(None, false, 100).unwrap();
        let listed = listed.iter().any(|key| key.api_key_id == t.key);
        assert_eq!(listed, view.api_key(t.key).is_ok());
        listed
    }),
    ("log_after", |view, _| {
        let (page, _) = view.log_after(0, 10).unwrap();
        page.iter().any(|entry| entry.body.contains("target"))
    }),
    ("log_slice", |view, _| {
        let step = view.log_slice(0, 10, |_| true).unwrap();
        let mut entries = step.entries.iter();
        entries.any(|entry| entry.body.contains("target"))
    }),
    ("messages_named", |view, t| {
        let found = view.messages_named(t.inbox, std::slice::from_ref(&t.id));
        !found.unwrap().is_empty()
    }),
];

fn saw_thread(view: &mut View<'_>, inbox: Option<InboxKey>, labels: &[&str], t: &Target) -> bool {
    let filter = ThreadFilter {
        labels: labels.iter().map(|&label| label.to_owned()).collect(),
        ..ThreadFilter::default()
    };
    let page = view.threads(inbox, &filter, None, 10).unwrap();
    page.iter()
        .any(|(thread, _)| thread.thread_id == t.message.thread_id)
}

async fn looks(
    world: &World,
    access: &Access,
    target: &std::sync::Arc<Target>,
) -> Vec<&'static str> {
    let (target, key) = (std::sync::Arc::clone(target), target.message.key);
    let grant = grant(access);
    let read = world.store.read(&grant, move |view| {
        let seen = LOOKS.iter().filter(|(_, look)| look(view, &target));
        Ok(seen.map(|(name, _)| *name).collect())
    });
    let mut seen: Vec<&str> = read.await.unwrap();
    if world.store.raw(&grant, key).await.is_ok() {
        seen.push("raw");
    }
    seen
}

async fn nobody_reads_beyond_their_scope(world: World) {
    let target = std::sync::Arc::new(Target::new(&world).await);
    for (who, access) in strangers(&world).await {
        assert_eq!(looks(&world, &access, &target).await, [""; 0], "{who}");
        let (org, pod) = (target.org, target.pod);
        let (own, sees_pod) = world
            .store
            .read(&grant(&access), move |view| {
                Ok((view.org()?.org_id, view.pod(pod).is_ok()))
            })
            .await
            .unwrap();
        assert_eq!(own == org, !who.contains("organisation"), "{who}");
        assert_eq!(sees_pod, who == "another inbox", "{who}");
        let grant = grant(&access);
        let counts = world.store.read(&grant, |view| view.job_counts());
        assert_eq!(
            counts.await.unwrap().0 == 0,
            who.contains("organisation"),
            "{who}"
        );
    }
    let friends = [
        world.store.system(world.org, store::Reason::Operation),
        world.key(world.org, Scope::Org, None).await,
        world.key(world.org, Scope::Pod(target.pod), None).await,
        world
            .key(world.org, Scope::Inbox(target.pod, target.inbox), None)
            .await,
    ];
    for access in friends {
        assert_eq!(
            looks(&world, &access, &target).await.len(),
            LOOKS.len() + 1,
            "{access:?}"
        );
    }
}

type Change = fn(&mut Txn<'_>, &Target) -> model::Result<()>;

/// Every way to change something of one inbox.
const CHANGES: [(&str, Change); 20] = [
    ("create_inbox", |txn, t| {
        txn.create_inbox(&t.new_inbox).map(|_| ())
    }),
    ("change_inbox", |txn, t| {
        let change = InboxChange {
            display_name: Some(Some("mine".to_owned())),
            ..InboxChange::default()
        };
        txn.change_inbox(&t.inbox_id, &change).map(|_| ())
    }),
    ("change_api_key", |txn, t| {
        txn.change_api_key(t.key, Some("mine"), Some(None))
            .map(|_| ())
    }),
    ("hold_pod", |txn, t| txn.hold_pod(t.pod)),
    ("delete_pod", |txn, t| txn.delete_pod(t.pod)),
    ("lock_inbox", |txn, t| txn.lock_inbox(t.inbox)),
    ("delete_inbox", |txn, t| {
        txn.delete_inbox(&t.inbox_id).map(|_| ())
    }),
    ("purge_inbox", |txn, t| {
        txn.purge_inbox(t.inbox, 10).map(|_| ())
    }),
    ("file_message", |txn, t| {
        txn.file_message(&t.new).map(|_| ())
    }),
    ("relabel", |txn, t| {
        txn.relabel(&t.message, &labels(&["mine"]), &Labels::default())
            .map(|_| ())
    }),
    ("delete_message", |txn, t| txn.delete_message(&t.message)),
    ("delete_thread", |txn, t| {
        txn.delete_thread(t.inbox, t.message.thread_id)
    }),
    ("open_delivery", |txn, t| {
        txn.open_delivery(&t.new, t.fresh, "a@b.test", "b.test")
    }),
    ("settle_delivery", |txn, t| {
        txn.settle_delivery(t.delivery, DeliveryState::Bounced, "mine")
    }),
    ("create_api_key", |txn, t| {
        let key = NewKey {
            api_key_id: ApiKeyId::new(t.fresh),
            credential: Credential::new("mine"),
            prefix: String::new(),
            name: "mine".to_owned(),
            scope: Scope::Inbox(t.pod, t.inbox),
            permissions: None,
            expires_at: None,
        };
        txn.create_api_key(&key).map(|_| ())
    }),
    ("delete_api_key", |txn, t| txn.delete_api_key(t.key)),
    ("delete_api_keys_named", |txn, _| {
        txn.delete_api_keys_named("key")
    }),
    ("touch_api_key", |txn, t| txn.touch_api_key(t.key)),
    ("finish_job", |txn, t| txn.finish_job(&t.job, &Finish::Done)),
    ("enqueue", |txn, t| {
        txn.enqueue(&NewJob {
            job_id: t.fresh,
            kind: "test/1",
            key: Some("target".to_owned()),
            run_at: mail::Timestamp::from_micros(0),
            payload: "mine".to_owned(),
        })
    }),
];

/// Everything of the target in one text.
async fn everything(world: &World, target: &std::sync::Arc<Target>) -> String {
    let t = std::sync::Arc::clone(target);
    let read = world.read(move |view| {
        let message = view.message_of_key(t.message.key)?;
        let thread = view.thread(None, message.thread_id)?;
        let key = (view.api_key(t.key)?, view.pod(t.pod)?);
        Ok(format!(
            "{:?} {message:?} {thread:?} {:?} {key:?} {:?} {:?}",
            view.inbox_of_key(t.inbox)?,
            view.deliveries(t.message.key, None)?,
            view.job_counts()?,
            view.content(t.message.key)?,
        ))
    });
    let text = read.await.unwrap();
    let payload = world.number("select count(*) from job where payload = '{}'");
    format!("{text} {payload}")
}

async fn nobody_changes_what_is_beyond_their_scope(world: World) {
    let target = std::sync::Arc::new(Target::new(&world).await);
    let org_key = world.key(world.org, Scope::Org, None).await;
    let before = everything(&world, &target).await;
    for (who, access) in strangers(&world).await {
        for (name, change) in CHANGES {
            // Jobs belong to the organisation; keys never reach them through the API.
            if ["finish_job", "enqueue"].contains(&name) && !who.contains("organisation") {
                continue;
            }
            let t = std::sync::Arc::clone(&target);
            let grant = grant(&access);
            let _ = world.store.write(&grant, move |txn| change(txn, &t)).await;
            assert_eq!(everything(&world, &target).await, before, "{who}: {name}");
        }
        assert_eq!(world.number("select count(*) from delivery"), 1, "{who}");
        assert_eq!(world.number("select count(*) from message"), 1, "{who}");
    }
    // A key of less than the organisation cannot make one for more.
    for (scope, wider) in [
        (Scope::Pod(target.pod), Scope::Org),
        (Scope::Inbox(target.pod, target.inbox), Scope::Org),
        (
            Scope::Inbox(target.pod, target.inbox),
            Scope::Pod(target.pod),
        ),
    ] {
        let access = world.key(world.org, scope, None).await;
        let secret = world.ids.random().to_string();
        let key = NewKey {
            api_key_id: ApiKeyId::new(world.ids.random()),
            credential: Credential::new(&secret),
            prefix: String::new(),
            name: "wider".to_owned(),
            scope: wider,
            permissions: None,
            expires_at: None,
        };
        let made = world
            .store
            .write(&grant(&access), move |txn| txn.create_api_key(&key))
            .await;
        assert!(made.is_err(), "{scope:?} made {wider:?}");
        assert!(
            world
                .store
                .authenticate(Credential::new(&secret))
                .await
                .is_err()
        );
    }
    assert!(matches!(org_key.scope(), Scope::Org));
}

async fn hidden_mail_is_not_there_without_the_right(world: World) {
    let inbox = world.inbox("a@example.test").await;
    for (label, reason, right) in Hidden::ALL {
        let mail = Mail {
            labels: &[label],
            attachments: 1,
            ..Mail::default()
        };
        let message = world.file(&inbox, mail).await.unwrap();
        let without: PermissionSet = PermissionSet::unrestricted()
            .iter()
            .filter(|own| *own != right)
            .collect();
        for (permissions, sees) in [(None, true), (Some(without), false)] {
            let access = world.key(world.org, Scope::Org, permissions).await;
            let (message, inbox) = (message.clone(), inbox.inbox_key);
            let key = message.key;
            let grant = grant(&access);
            let read = world.store.read(&grant, move |view| {
                let page = |include| MessageFilter {
                    include,
                    ..MessageFilter::default()
                };
                let threads = |include, labels: &[&str]| ThreadFilter {
                    include,
                    labels: labels.iter().map(|&label| label.to_owned()).collect(),
                    ..ThreadFilter::default()
                };
                let shows = |list: &[Message]| list.iter().any(|found| found.key == key);
                let shows_thread = |list: &[(model::thread::Thread, store::Position)]| {
                    list.iter()
                        .any(|(found, _)| found.thread_id == message.thread_id)
                };
                // Nobody sees it without asking.
                assert!(!shows(&view.messages(
                    inbox,
                    &page(Hidden::NONE),
                    None,
                    100
                )?));
                assert!(!shows_thread(&view.threads(
                    None,
                    &threads(Hidden::NONE, &[]),
                    None,
                    100
                )?));
                let by_label = MessageFilter {
                    labels: vec![label.to_owned()],
                    ..page(reason)
                };
                Ok(vec![
                    view.message_of_key(key).is_ok(),
                    view.message(inbox, &message.message_id).is_ok(),
                    view.content(key).is_ok(),
                    !view.trace(key)?.is_empty(),
                    view.thread(None, message.thread_id).is_ok(),
                    view.inbox_of_thread(message.thread_id).is_ok(),
                    !view
                        .thread_messages(message.thread_id, None, 10)?
                        .is_empty(),
                    shows(&view.messages(inbox, &page(reason), None, 100)?),
                    shows(&view.messages(inbox, &by_label, None, 100)?),
                    shows_thread(&view.threads(None, &threads(reason, &[]), None, 100)?),
                    shows_thread(&view.threads(
                        Some(inbox),
                        &threads(reason, &[label]),
                        None,
                        100,
                    )?),
                ])
            });
            assert_eq!(read.await.unwrap(), vec![sees; 11], "{label}");
            assert_eq!(world.store.raw(&grant, key).await.is_ok(), sees, "{label}");
        }
    }
}

async fn attachments_of_hidden_mail_are_not_shown(world: World) {
    let inbox = world.inbox("a@example.test").await;
    let open = Mail {
        id: Some("<1@x>"),
        ..Mail::default()
    };
    let thread = world.file(&inbox, open).await.unwrap().thread_id;
    let spam = Mail {
        parent: Some("<1@x>"),
        labels: &["spam"],
        attachments: 3,
        ..Mail::default()
    };
    assert_eq!(world.file(&inbox, spam).await.unwrap().thread_id, thread);
    let few: PermissionSet = [model::Permission::MessageRead].into_iter().collect();
    let access = world.key(world.org, Scope::Org, Some(few)).await;
    let grant = grant(&access);
    let read = world
        .store
        .read(&grant, move |view| view.thread(None, thread));
    assert!(read.await.unwrap().attachments.is_empty());
}
