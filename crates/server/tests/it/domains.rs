//! Domains, from adding one to mail under it, against a name server of the test's own.

use serde_json::{Value, json};
use testkit::{DnsZone, Mood, ZoneRecord};

use crate::database::{Data, engines};
use crate::listener::Listener;
use crate::permissions::Foreign;
use crate::running::{ADMIN_KEY, Running, serve};
use crate::world::{World, each_engine, eventually, letter};

/// What the paths of these routes name, by the name in braces.
pub async fn things(world: &World, inbox: &str) -> Vec<(&'static str, String)> {
    let inbox = world.get(&format!("/v0/inboxes/{inbox}")).await;
    let pod = inbox["pod_id"].as_str().unwrap();
    let name = fresh(inbox["inbox_id"].as_str().unwrap());
    // Of the pod, so that both kinds of path find it.
    let path = format!("/v0/pods/{pod}/domains");
    world.post(&path, json!({"domain": name})).await;
    vec![("domain_id", name)]
}

/// For the test of every route: a body it takes, and what a key of another inbox is told.
pub fn case(operation: &str) -> Option<(Value, Foreign)> {
    let case = match operation {
        "domains.list" => (Value::Null, Foreign::Forbidden),
        "domains.create" => (json!({"domain": "made.case.test"}), Foreign::Forbidden),
        "pods.domains.create" => (json!({"domain": "made.pod-case.test"}), Foreign::Hidden),
        "domains.update" | "pods.domains.update" => {
            (json!({"tracking_enabled": true}), Foreign::Hidden)
        }
        "domains.get"
        | "domains.delete"
        | "domains.verify"
        | "domains.rotate_keys"
        | "domains.get_zone_file"
        | "domains.get_setup_link"
        | "pods.domains.list"
        | "pods.domains.get"
        | "pods.domains.delete"
        | "pods.domains.verify"
        | "pods.domains.rotate_keys"
        | "pods.domains.get_zone_file" => (Value::Null, Foreign::Hidden),
        "metrics.query"
        | "metrics.query_events"
        | "metrics.query_rates"
        | "metrics.query_usage" => (Value::Null, Foreign::Own),
        "inboxes.metrics.query"
        | "inboxes.metrics.query_events"
        | "inboxes.metrics.query_rates"
        | "inboxes.metrics.query_usage"
        | "pods.metrics.query"
        | "pods.metrics.query_events"
        | "pods.metrics.query_rates"
        | "pods.metrics.query_usage" => (Value::Null, Foreign::Hidden),
        _ => return None,
    };
    Some(case)
}

/// A name nobody else uses, out of an address nobody else has.
fn fresh(inbox: &str) -> String {
    let (local, _) = inbox.split_once('@').unwrap();
    format!("{local}.domains.test")
}

/// Runs a test on each engine, with a name server that the server asks and more configuration.
pub async fn each_engine_with_dns(more: &[(&str, &str)], test: impl AsyncFn(&World, &DnsZone)) {
    for engine in engines() {
        let data = Data::new(engine);
        let zone = DnsZone::start().await;
        let mut command = serve(&data);
        command
            .env("MAILROOST_API_KEY", ADMIN_KEY)
            .env("MAILROOST_DNS", zone.address().to_string());
        for (name, value) in more {
            command.env(name, value);
        }
        let server = Running::from(&mut command).await;
        let world = World { server, data };
        Box::pin(test(&world, &zone)).await;
        let ended = world.server.stop().await;
        for line in &ended.stderr {
            let fault = line.contains("ERROR") || line.contains("panicked");
            assert!(!fault, "{line}");
        }
    }
}

/// Sets the records of a domain as the API shows them.
pub fn publish(zone: &DnsZone, domain: &Value, apex: &str) {
    for record in domain["records"].as_array().unwrap() {
        zone.add(&host(record, apex), zone_record(record));
    }
}

fn host(record: &Value, apex: &str) -> String {
    match record["name"].as_str().unwrap() {
        "@" => apex.to_owned(),
        name => format!("{name}.{apex}"),
    }
}

fn zone_record(record: &Value) -> ZoneRecord {
    let value = record["value"].as_str().unwrap().to_owned();
    match record["type"].as_str().unwrap() {
        "TXT" => ZoneRecord::Txt(value),
        "MX" => ZoneRecord::Mx(10, value),
        _ => ZoneRecord::Cname(value),
    }
}

/// The status and reason of a domain, and those of its record of this type and name.
fn states(domain: &Value, kind: &str, name: &str) -> [Value; 4] {
    let records = domain["records"].as_array().unwrap();
    let record = records
        .iter()
        .find(|one| one["type"] == kind && one["name"] == name);
    let record = record.unwrap();
    [
        domain["status"].clone(),
        domain["reason"].clone(),
        record["status"].clone(),
        record["reason"].clone(),
    ]
}

pub async fn verify(world: &World, name: &str) -> Value {
    world
        .post(&format!("/v0/domains/{name}/verify"), Value::Null)
        .await;
    world.get(&format!("/v0/domains/{name}")).await
}

#[tokio::test]
async fn a_domain_goes_from_nothing_to_verified_and_its_inboxes_work() {
    each_engine_with_dns(&[], async |world, zone| {
        let made = world
            .post("/v0/domains", json!({"domain": "Acme.DEV"}))
            .await;
        assert_eq!(made["domain_id"], "acme.dev");
        assert_eq!(made["status"], "NOT_STARTED");
        let inbox = json!({"username": "bot", "domain": "acme.dev"});
        world
            .refused(
                "POST",
                "/v0/inboxes",
                inbox.clone(),
                (403, "domain_not_verified"),
            )
            .await;
        world.get("/v0/domains/acme.dev").await;
        assert_eq!(
            zone.asked(),
            Vec::<String>::new(),
            "nobody wanted a verification yet"
        );

        let domain = verify(world, "acme.dev").await;
        let missing = [
            json!("PENDING"),
            json!("dns_records_missing"),
            json!("MISSING"),
            Value::Null,
        ];
        assert_eq!(states(&domain, "MX", "@"), missing);
        let mut listener = Listener::to(world, json!({"event_types": ["domain.verified"]})).await;
        publish(zone, &made, "acme.dev");
        let domain = verify(world, "acme.dev").await;
        let valid = [json!("VERIFIED"), Value::Null, json!("VALID"), Value::Null];
        let key = domain["records"][0]["name"].as_str().unwrap();
        assert!(
            key.starts_with("mr20") && key.ends_with("-rsa._domainkey"),
            "{key}"
        );
        assert_eq!(states(&domain, "TXT", key), valid);
        let event = listener.event().await;
        assert_eq!(event["event_type"], "domain.verified");
        assert_eq!(event["domain"]["domain_id"], "acme.dev");
        assert_eq!(event["domain"]["status"], "VERIFIED");

        let inbox = world.post("/v0/inboxes", inbox).await;
        let inbox = inbox["inbox_id"].as_str().unwrap();
        assert_eq!(inbox, "bot@acme.dev");
        world
            .mail(inbox, letter(inbox, "1@outside.test", "Hi", "x"))
            .await;
        let own = world.inbox().await;
        let id = world.send(inbox, json!({"to": own, "text": "x"})).await;
        world.labelled(inbox, &id, "delivered").await;
    })
    .await;
}

#[tokio::test]
async fn a_wrong_record_is_named_with_what_is_there_instead() {
    each_engine_with_dns(&[], async |world, zone| {
        let made = world
            .post("/v0/domains", json!({"domain": "acme.dev"}))
            .await;
        publish(zone, &made, "acme.dev");
        zone.remove("acme.dev");
        zone.add("acme.dev", ZoneRecord::Mx(1, "mx.elsewhere.dev".to_owned()));
        zone.add("mail.acme.dev", ZoneRecord::Txt("v=spf1 -all".to_owned()));
        let domain = verify(world, "acme.dev").await;
        let invalid = json!("dns_records_invalid");
        let mismatch = [
            json!("INVALID"),
            invalid.clone(),
            json!("INVALID"),
            json!("value_mismatch"),
        ];
        assert_eq!(states(&domain, "MX", "@"), mismatch);
        let duplicate = [
            json!("INVALID"),
            invalid,
            json!("INVALID"),
            json!("duplicate_records"),
        ];
        assert_eq!(states(&domain, "TXT", "mail"), duplicate);
        let records = domain["records"].as_array().unwrap();
        let apex = records.iter().find(|one| one["name"] == "@").unwrap();
        assert_eq!(apex["found"], json!(["1 mx.elsewhere.dev"]));
    })
    .await;
}

#[tokio::test]
async fn a_verified_domain_keeps_working_when_its_records_break_and_heals_when_it_is_read() {
    each_engine_with_dns(&[], async |world, zone| {
        let made = world
            .post("/v0/domains", json!({"domain": "acme.dev"}))
            .await;
        publish(zone, &made, "acme.dev");
        assert_eq!(verify(world, "acme.dev").await["status"], "VERIFIED");
        let inbox = json!({"username": "bot", "domain": "acme.dev"});
        world.post("/v0/inboxes", inbox).await;

        // A name server that is down takes nothing back.
        zone.set_mood(Mood::Failing);
        assert_eq!(verify(world, "acme.dev").await["status"], "VERIFIED");
        zone.set_mood(Mood::Answering);
        zone.remove("acme.dev");
        assert_eq!(verify(world, "acme.dev").await["status"], "PENDING");
        world
            .mail(
                "bot@acme.dev",
                letter("bot@acme.dev", "1@outside.test", "Hi", "x"),
            )
            .await;

        publish(
            zone,
            &json!({"records": [{"type": "MX", "name": "@", "value": "mailroost.localhost"}]}),
            "acme.dev",
        );
        eventually(async || {
            let domain = world.get("/v0/domains/acme.dev").await;
            (domain["status"] == "VERIFIED").then_some(())
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn what_is_switched_on_later_waits_for_its_record_without_stopping_mail() {
    each_engine_with_dns(&[], async |world, zone| {
        let made = world
            .post("/v0/domains", json!({"domain": "acme.dev"}))
            .await;
        publish(zone, &made, "acme.dev");
        verify(world, "acme.dev").await;
        let below = json!({"username": "bot", "domain": "eu.acme.dev"});
        world
            .refused("POST", "/v0/inboxes", below.clone(), (422, "unprocessable"))
            .await;
        world
            .refused(
                "PATCH",
                "/v0/domains/acme.dev",
                json!({}),
                (400, "validation_error"),
            )
            .await;

        let on = json!({"subdomains_enabled": true, "tracking_enabled": true});
        let domain = world.patch("/v0/domains/acme.dev", on).await;
        assert_eq!(domain["status"], "PENDING");
        let records = domain["records"].as_array().unwrap();
        let asked: Vec<String> = records
            .iter()
            .filter(|one| one["status"] == "MISSING" && one["recommended"] != true)
            .map(|one| {
                format!(
                    "{} {}",
                    one["type"].as_str().unwrap(),
                    one["name"].as_str().unwrap()
                )
            })
            .collect();
        assert_eq!(asked, ["MX *", "CNAME link"]);
        let inbox = world.post("/v0/inboxes", below).await["inbox_id"].clone();
        assert_eq!(inbox, "bot@eu.acme.dev");
        world
            .mail(
                "bot@eu.acme.dev",
                letter("bot@eu.acme.dev", "1@outside.test", "Hi", "x"),
            )
            .await;

        let asked = records
            .iter()
            .filter(|one| one["status"] == "MISSING" && one["recommended"] != true);
        let rest = json!({"records": asked.collect::<Vec<_>>()});
        publish(zone, &rest, "acme.dev");
        assert_eq!(verify(world, "acme.dev").await["status"], "VERIFIED");

        // A domain that only sends leaves its mail to others.
        world
            .patch("/v0/domains/acme.dev", json!({"inbound_enabled": false}))
            .await;
        let refused = world
            .hand_in(
                "ann@outside.test",
                &["bot@eu.acme.dev"],
                letter("x", "2@outside.test", "Hi", "x"),
            )
            .await;
        assert_eq!(refused.code, 550, "{refused}");
    })
    .await;
}

#[tokio::test]
async fn inboxes_of_a_deleted_domain_stop_but_keep_what_they_hold() {
    each_engine(async |world| {
        world
            .post("/v0/domains", json!({"domain": "acme.test"}))
            .await;
        let inbox = json!({"username": "bot", "domain": "acme.test"});
        world.post("/v0/inboxes", inbox).await;
        let bot = "bot@acme.test";
        world
            .mail(bot, letter(bot, "1@outside.test", "Hi", "x"))
            .await;

        world.delete("/v0/domains/acme.test").await;
        let gone = (404, "not_found");
        world
            .refused("GET", "/v0/domains/acme.test", Value::Null, gone)
            .await;
        let refused = world
            .hand_in(
                "ann@outside.test",
                &[bot],
                letter(bot, "2@outside.test", "Hi", "x"),
            )
            .await;
        assert_eq!(refused.code, 550, "{refused}");
        let send = format!("/v0/inboxes/{bot}/messages/send");
        let message = json!({"to": "bob@outside.test", "text": "x"});
        world
            .refused("POST", &send, message.clone(), (403, "domain_not_verified"))
            .await;
        assert_eq!(world.messages(bot, "").await.len(), 1);

        world
            .post("/v0/domains", json!({"domain": "acme.test"}))
            .await;
        world
            .mail(bot, letter(bot, "3@outside.test", "Hi", "x"))
            .await;
        world.send(bot, message).await;
    })
    .await;
}

#[tokio::test]
async fn a_public_server_refuses_reserved_names_and_the_mail_of_large_providers() {
    let public = [
        ("MAILROOST_DOMAIN", "agents.mailroost.dev"),
        ("MAILROOST_HOSTNAME", "mx.mailroost.dev"),
    ];
    each_engine_with_dns(&public, async |world, zone| {
        let wrong = (422, "unprocessable");
        world
            .refused("POST", "/v0/domains", json!({"domain": "acme.test"}), wrong)
            .await;
        zone.add(
            "acme.dev",
            ZoneRecord::Mx(1, "aspmx.l.google.com".to_owned()),
        );
        let told = world
            .refused("POST", "/v0/domains", json!({"domain": "acme.dev"}), wrong)
            .await;
        assert!(
            told["message"]
                .as_str()
                .unwrap()
                .contains("Google Workspace"),
            "{told}"
        );
        let send_only = json!({"domain": "acme.dev", "inbound_enabled": false});
        world.post("/v0/domains", send_only).await;
        world.delete("/v0/domains/acme.dev").await;
        let meant = json!({"domain": "acme.dev", "allow_conflicting_provider": true});
        let made = world.post("/v0/domains", meant).await;
        assert_eq!(made["records"][1]["value"], "mx.mailroost.dev");

        // Reading shows the records as they are even before somebody asks for a verification.
        zone.remove("acme.dev");
        publish(zone, &made, "acme.dev");
        let read = world.get("/v0/domains/acme.dev").await;
        let valid = [
            json!("NOT_STARTED"),
            Value::Null,
            json!("VALID"),
            Value::Null,
        ];
        assert_eq!(states(&read, "MX", "@"), valid);

        // Without an answer nobody is refused.
        zone.set_mood(Mood::Failing);
        world
            .post("/v0/domains", json!({"domain": "other.dev"}))
            .await;
    })
    .await;
}

#[tokio::test]
async fn two_verifications_at_once_are_one() {
    each_engine_with_dns(&[], async |world, zone| {
        world
            .post("/v0/domains", json!({"domain": "acme.dev"}))
            .await;
        zone.set_mood(Mood::Silent);
        let path = "/v0/domains/acme.dev/verify";
        let (first, second) = tokio::join!(
            world.call("POST", path, &Value::Null),
            world.call("POST", path, &Value::Null)
        );
        let mut statuses = [first.status, second.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 409]);
        let domain = world.get("/v0/domains/acme.dev").await;
        let unanswered = [
            json!("PENDING"),
            json!("dns_lookup_failed"),
            json!("MISSING"),
            json!("lookup_failed"),
        ];
        assert_eq!(states(&domain, "MX", "@"), unanswered);
    })
    .await;
}
