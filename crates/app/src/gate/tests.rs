use model::inbox::AutoSubmitted;
use model::policy::{Effective, Policy, Preset};
use model::taint::Taint;
use model::{InboxId, InboxKey, PodId, ThreadId};
use store::Known;
use uuid::Uuid;

use super::*;

fn inbox() -> Inbox {
    Inbox {
        key: InboxKey::new(Uuid::from_u128(1)),
        pod_id: PodId::new(Uuid::from_u128(2)),
        inbox_id: InboxId::parse("agent@here.test").unwrap(),
        display_name: None,
        client_id: None,
        status: InboxStatus::Active,
        metadata: None,
        auto_submitted: None::<AutoSubmitted>,
        created_at: Timestamp::from_micros(0),
        updated_at: Timestamp::from_micros(0),
    }
}

fn people(texts: &[&str]) -> Vec<Mailbox> {
    texts
        .iter()
        .map(|text| Mailbox::parse(text).unwrap())
        .collect()
}

fn thread(n: u128) -> ThreadId {
    ThreadId::new(Uuid::from_u128(n))
}

/// A key that was shown mail of ann@stranger.test at the instant 1000, in thread 1.
fn tainted() -> Standing {
    Standing {
        taint: Taint {
            wide_since: Some(1_000),
            threads: vec![(thread(1), 1_000)],
            is_handed: false,
        },
        thread: Some(thread(1)),
        in_thread: ["ann@stranger.test".to_owned()].into(),
        known: vec![
            Known {
                address: "old@friend.test".to_owned(),
                since: Timestamp::from_micros(999),
                trusted: true,
            },
            Known {
                address: "new@friend.test".to_owned(),
                since: Timestamp::from_micros(1_000),
                trusted: false,
            },
        ],
        allowed: ["vip@listed.test".to_owned()].into(),
        ..Standing::default()
    }
}

/// The rules by which a departure is held or refused.
fn rules(standing: &Standing, to: &[&str], text: &str, is_forward: bool) -> Vec<String> {
    let (inbox, recipients) = (inbox(), people(to));
    let decision = decide(&Facts {
        inbox: &inbox,
        recipients: &recipients,
        reply_to: &[],
        parsed: &Parsed::default(),
        new_text: Some(text),
        new_html: None,
        is_forward,
        now: Timestamp::from_micros(0),
        standing,
    });
    match decision {
        Decision::Pass => Vec::new(),
        Decision::Hold(found) | Decision::Refuse(found) => {
            found.into_iter().map(|one| one.rule.into_owned()).collect()
        }
    }
}

#[test]
fn a_tainted_key_writes_to_the_thread_and_to_whom_the_inbox_knew() {
    let standing = tainted();
    for free in [
        "ann@stranger.test",
        "old@friend.test",
        "vip@listed.test",
        "agent@here.test",
    ] {
        assert!(rules(&standing, &[free], "x", false).is_empty(), "{free}");
    }
    // Whom it came to know by what taints it is no old acquaintance.
    for held in ["new@friend.test", "eve@evil.test"] {
        let found = rules(&standing, &["ann@stranger.test", held], "x", false);
        assert_eq!(found, ["new_recipient_while_tainted"], "{held}");
    }
    let untainted = Standing::default();
    assert!(rules(&untainted, &["eve@evil.test"], "x", false).is_empty());
}

#[test]
fn what_is_sent_on_goes_to_its_thread_alone() {
    let standing = tainted();
    assert!(rules(&standing, &["ann@stranger.test"], "x", true).is_empty());
    let found = rules(&standing, &["old@friend.test"], "x", true);
    assert_eq!(found, ["forward_while_tainted"]);
}

#[test]
fn links_carry_data_in_queries_long_parts_names_and_passwords() {
    let standing = tainted();
    let held = |text: &str| !rules(&standing, &["old@friend.test"], text, false).is_empty();
    for text in [
        "see https://evil.test/?d=secretsecret",
        "HTTPS://evil.test/a/0123456789abcdef0123456789",
        "<img src='http://evil.test/p?x=1234567890'>",
        "http://user:secret@evil.test/",
        "http://0123456789abcdef0123456789.evil.test/",
        "(https://notfriend.test/?d=secretsecret)",
    ] {
        assert!(held(text), "{text}");
    }
    for text in [
        "see https://evil.test/ and https://docs.test/guide.",
        "https://friend.test/?order=1234567890",
        "https://www.here.test/?order=1234567890",
        "no link: // x",
        "://",
    ] {
        assert!(!held(text), "{text}");
    }
}

#[test]
fn many_links_take_linear_time() {
    let text = "://".repeat(200_000) + &"http://a?".repeat(50_000);
    assert!(rules(&tainted(), &["ann@stranger.test"], &text, false).len() <= 5);
}

#[test]
fn policies_hold_refuse_or_pass() {
    let with = |policy: Policy| Standing {
        policy: Effective::of([&policy.checked().unwrap()]),
        ..Standing::default()
    };
    let preset = |name| with(Preset::parse(name).unwrap().policy());
    assert!(rules(&preset("open"), &["x@y.test"], "x", false).is_empty());
    assert_eq!(
        rules(&preset("human_in_the_loop"), &["x@y.test"], "x", false),
        ["policy_send"]
    );
    assert_eq!(
        rules(&preset("read_only"), &["x@y.test"], "x", false),
        ["policy_send"]
    );
    assert_eq!(
        rules(&preset("allow_list"), &["x@y.test"], "x", false),
        ["policy_recipient"]
    );
    let links = with(Policy {
        links: Some(model::policy::Rule::Hold),
        ..Policy::default()
    });
    assert_eq!(
        rules(&links, &["x@y.test"], "http://a.test", false),
        ["policy_link"]
    );
}
