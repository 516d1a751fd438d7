//! Who sent arriving mail, and whether it looks unwanted, as a public server tells it.

use serde_json::{Value, json};
use testkit::{ClientReply, DnsZone, HookSink, Mood, Reaction, ZoneRecord};

use crate::database::{Data, engines};
use crate::listener::Listener;
use crate::running::{ADMIN_KEY, Running, serve, soon};
use crate::world::{World, each_engine, eventually, has_label, letter, well_ended};

/// Runs a test on each engine with a public server that asks `zone` and takes this machine for a
/// relay in front of it.
pub async fn each_public(more: &[(&str, &str)], test: impl AsyncFn(&World, &DnsZone)) {
    for engine in engines() {
        let data = Data::new(engine);
        let zone = DnsZone::start().await;
        let mut command = serve(&data);
        command
            .env("MAILROOST_API_KEY", ADMIN_KEY)
            .env("MAILROOST_DOMAIN", "mail.agents.dev")
            .env("MAILROOST_TRUSTED_RELAYS", "127.0.0.1")
            .env("MAILROOST_DNS", zone.address().to_string());
        for (name, value) in more {
            command.env(name, value);
        }
        let server = Running::from(&mut command).await;
        let world = World { server, data };
        Box::pin(test(&world, &zone)).await;
        well_ended(world.server).await;
    }
}

/// Hands a letter in as the client at 198.51.100.7.
pub async fn from_client(world: &World, sender: &str, to: &str, raw: &str) -> ClientReply {
    let mut client = world.smtp().await;
    for line in [
        "XCLIENT ADDR=198.51.100.7 HELO=mx.outside.test",
        "EHLO relay.test",
    ] {
        let reply = soon(client.command(line)).await.unwrap();
        assert!(reply.is_ok(), "{line}: {reply}");
    }
    soon(client.send(sender, &[to], raw.as_bytes()))
        .await
        .unwrap()
}

/// The only message of an inbox with its bodies, hidden or not.
async fn only(world: &World, inbox: &str) -> Value {
    let query = "?include_unauthenticated=true&include_spam=true&include_blocked=true";
    let list = world.messages(inbox, query).await;
    assert_eq!(list.len(), 1, "{list:?}");
    let id = list[0]["message_id"].as_str().unwrap();
    world.message(inbox, id).await
}

/// A zone in which the client is the mail server that it says it is.
pub fn good_client(zone: &DnsZone) {
    let address = "198.51.100.7".parse().unwrap();
    zone.add("mx.outside.test", ZoneRecord::Address(address));
    let name = ZoneRecord::Pointer("mx.outside.test".to_owned());
    zone.add("7.100.51.198.in-addr.arpa", name);
}

fn spf(text: &str) -> ZoneRecord {
    ZoneRecord::Txt(format!("v=spf1 {text}"))
}

#[tokio::test]
async fn a_proven_sender_is_ordinary_mail_and_says_why() {
    each_public(&[], async |world, zone| {
        good_client(zone);
        zone.add("outside.test", spf("ip4:198.51.100.0/24 -all"));
        let inbox = world.inbox().await;
        let mut listener = Listener::to(world, json!({})).await;
        let raw = letter(&inbox, "a@outside.test", "Hi", "Hello.");
        let reply = from_client(world, "ann@outside.test", &inbox, &raw).await;
        assert_eq!(reply.code, 250, "{reply}");
        let event = listener.event().await;
        assert_eq!(event["event_type"], "message.received");
        let message = only(world, &inbox).await;
        let told = &message["authentication"];
        assert_eq!(*told, event["message"]["authentication"]);
        assert_eq!(told["sender_proven"], true);
        assert_eq!(told["reason"], "spf_aligned");
        assert_eq!(told["from_domain"], "outside.test");
        assert_eq!(told["spf"]["result"], "pass");
        assert_eq!(told["dkim"], json!([]));
        assert_eq!(told["dmarc"], json!({"result": "none"}));
        assert_eq!(message["spam"]["score"], 0);
        let field = message["headers"]["Authentication-Results"]
            .as_str()
            .unwrap();
        assert!(field.starts_with("mail.agents.dev; spf=pass smtp.mailfrom=outside.test;"));
        // What readers are shown is not put into the bytes.
        assert_eq!(world.raw(&inbox, "<a@outside.test>").await, raw.as_bytes());
    })
    .await;
}

#[tokio::test]
async fn mail_that_fails_is_kept_labelled_and_has_an_event_of_its_own() {
    each_public(&[], async |world, zone| {
        good_client(zone);
        zone.add("outside.test", spf("-all exp=why.outside.test"));
        zone.add(
            "why.outside.test",
            ZoneRecord::Txt("%{i} is not ours".to_owned()),
        );
        let policy = ZoneRecord::Txt("v=DMARC1; p=reject".to_owned());
        zone.add("_dmarc.outside.test", policy);
        let inbox = world.inbox().await;
        let mut listener = Listener::to(world, json!({})).await;
        let raw = letter(&inbox, "a@outside.test", "Hi", "Hello.");
        let reply = from_client(world, "ann@outside.test", &inbox, &raw).await;
        assert_eq!(reply.code, 250, "{reply}");
        let event = listener.event().await;
        assert_eq!(event["event_type"], "message.received.unauthenticated");
        assert_eq!(world.messages(&inbox, "").await.len(), 0);
        let message = only(world, &inbox).await;
        assert!(has_label(&message, "unauthenticated"), "{message}");
        let told = &message["authentication"];
        assert_eq!(told["reason"], "dmarc_fail");
        assert_eq!(told["dmarc"]["policy"], "reject");
        assert_eq!(told["spf"]["explanation"], "198.51.100.7 is not ours");
    })
    .await;
}

#[tokio::test]
async fn the_operator_may_have_it_refused_instead() {
    let refuse = [("MAILROOST_ON_DMARC_REJECT", "refuse")];
    each_public(&refuse, async |world, zone| {
        let policy = ZoneRecord::Txt("v=DMARC1; p=reject".to_owned());
        zone.add("_dmarc.outside.test", policy);
        let inbox = world.inbox().await;
        let raw = letter(&inbox, "a@outside.test", "Hi", "Hello.");
        let reply = from_client(world, "ann@outside.test", &inbox, &raw).await;
        assert!(reply.to_string().starts_with("550 5.7.1"), "{reply}");
        // No answer about the policy is no reason to refuse.
        zone.set_mood(Mood::Failing);
        let reply = from_client(world, "ann@outside.test", &inbox, &raw).await;
        assert_eq!(reply.code, 250, "{reply}");
        let told = only(world, &inbox).await;
        assert_eq!(told["authentication"]["reason"], "lookup_failed");
    })
    .await;
}

#[tokio::test]
async fn a_laptop_asks_nobody_about_its_own_mail() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        world
            .mail(&inbox, letter(&inbox, "a@outside.test", "Hi", "x"))
            .await;
        let message = only(world, &inbox).await;
        let known = json!({"sender_proven": true, "reason": "local_machine"});
        assert_eq!(message["authentication"], known);
        assert_eq!(message.get("spam"), None);
        let other = world.inbox().await;
        world
            .send(&inbox, json!({"to": other, "subject": "x", "text": "x"}))
            .await;
        world.arrived(&other, 1).await;
        let message = only(world, &other).await;
        let known = json!({"sender_proven": true, "reason": "own_inbox"});
        assert_eq!(message["authentication"], known);
    })
    .await;
}

#[tokio::test]
async fn enough_signals_make_a_message_spam() {
    let lists = [("MAILROOST_DNSBL", "list.test=6, other.test=5")];
    each_public(&lists, async |world, zone| {
        zone.add("outside.test", spf("+all"));
        let listed = ZoneRecord::Address("127.0.0.2".parse().unwrap());
        zone.add("7.100.51.198.list.test", listed);
        // How a list says that it does not answer this asker.
        let unwilling = ZoneRecord::Address("127.255.255.254".parse().unwrap());
        zone.add("7.100.51.198.other.test", unwilling);
        let inbox = world.inbox().await;
        let mut listener = Listener::to(world, json!({})).await;
        let raw = letter(&inbox, "a@outside.test", "Hi", "Hello.");
        from_client(world, "ann@outside.test", &inbox, &raw).await;
        let event = listener.event().await;
        assert_eq!(event["event_type"], "message.received.spam");
        let message = only(world, &inbox).await;
        assert!(has_label(&message, "spam"), "{message}");
        assert!(!has_label(&message, "unauthenticated"), "{message}");
        assert_eq!(message["spam"]["score"], 10);
        let signals = message["spam"]["signals"].as_array().unwrap();
        let codes: Vec<&Value> = signals.iter().map(|signal| &signal["code"]).collect();
        assert_eq!(codes, ["no_reverse_name", "listed"]);
    })
    .await;
}

#[tokio::test]
async fn a_filter_may_call_a_message_spam_and_costs_none_when_it_is_down() {
    let mut sink = HookSink::start().await.unwrap();
    let url = sink.url("/");
    let spam = r#"{"action":"reject","score":20.5,"symbols":{"GTUBE":{"score":20.5}}}"#;
    for engine in engines() {
        let data = Data::new(engine);
        let zone = DnsZone::start().await;
        good_client(&zone);
        let mut command = serve(&data);
        command
            .env("MAILROOST_API_KEY", ADMIN_KEY)
            .env("MAILROOST_DOMAIN", "mail.agents.dev")
            .env("MAILROOST_TRUSTED_RELAYS", "127.0.0.1")
            .env("MAILROOST_DNS", zone.address().to_string())
            .env("MAILROOST_RSPAMD", &url);
        let server = Running::from(&mut command).await;
        let world = World { server, data };
        for (reaction, is_spam) in [
            (Reaction::answer(200, "", spam), true),
            (
                Reaction::answer(200, "", r#"{"action":"no action"}"#),
                false,
            ),
            (Reaction::answer(200, "", "not JSON"), false),
            (Reaction::status(500), false),
            (Reaction::Reset, false),
        ] {
            sink.then([reaction]);
            let inbox = world.inbox().await;
            let raw = letter(&inbox, "a@outside.test", "Hi", "Hello.");
            let reply = from_client(&world, "ann@outside.test", &inbox, &raw).await;
            assert_eq!(reply.code, 250, "{reply}");
            let asked = soon(sink.next()).await;
            assert_eq!(asked.line, "POST /checkv2 HTTP/1.1");
            assert_eq!(asked.header("ip"), "198.51.100.7");
            assert_eq!(asked.header("helo"), "mx.outside.test");
            assert_eq!(asked.header("rcpt"), inbox);
            assert_eq!(asked.body, raw.as_bytes());
            let message = only(&world, &inbox).await;
            assert_eq!(has_label(&message, "spam"), is_spam, "{message}");
        }
        well_ended(world.server).await;
    }
}

#[tokio::test]
async fn a_message_says_what_kind_it_is_and_one_that_goes_in_circles_is_refused() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let note = letter(&inbox, "a@outside.test", "Away", "Back on Monday.");
        world
            .mail(&inbox, format!("Auto-Submitted: auto-replied\r\n{note}"))
            .await;
        let message = only(world, &inbox).await;
        let fact = json!({"kind": "auto_reply", "evidence": "Auto-Submitted: auto-replied"});
        assert_eq!(message["facts"][0], fact);
        let hop = "Received: from a by b; Sun, 22 Nov 2026 10:00:00 +0000\r\n";
        let looping = hop.repeat(101) + &letter(&inbox, "b@outside.test", "Again", "x");
        let reply = world.hand_in("ann@outside.test", &[&inbox], looping).await;
        assert!(reply.to_string().starts_with("554 5.4.6"), "{reply}");
    })
    .await;
}

#[tokio::test]
async fn an_unknown_client_is_put_off_once_if_the_operator_wants_that() {
    each_public(&[("MAILROOST_GREYLIST", "1")], async |world, zone| {
        good_client(zone);
        let inbox = world.inbox().await;
        let raw = letter(&inbox, "a@outside.test", "Hi", "Hello.");
        let first = rcpt(world, "ann@outside.test", &inbox).await;
        assert!(first.to_string().starts_with("451 4.7.1"), "{first}");
        eventually(async || {
            let reply = rcpt(world, "ann@outside.test", &inbox).await;
            reply.is_ok().then_some(())
        })
        .await;
        let known = from_client(world, "ann@outside.test", &inbox, &raw).await;
        assert_eq!(known.code, 250, "{known}");
        let other = rcpt(world, "bob@outside.test", &inbox).await;
        assert_eq!(other.code, 451, "{other}");
    })
    .await;
}

/// The answer to naming a recipient, as the client at 198.51.100.7.
async fn rcpt(world: &World, sender: &str, to: &str) -> ClientReply {
    let mut client = world.smtp().await;
    let mut last = None;
    for line in [
        "XCLIENT ADDR=198.51.100.7 HELO=mx.outside.test".to_owned(),
        "EHLO relay.test".to_owned(),
        format!("MAIL FROM:<{sender}>"),
        format!("RCPT TO:<{to}>"),
    ] {
        last = Some(soon(client.command(&line)).await.unwrap());
    }
    last.unwrap()
}
