//! Signatures on what leaves: with which keys, from when on, and how one key follows another.
//! Whether they verify is asked of another implementation, in `conformance/python`.

use serde_json::{Value, json};
use testkit::{DnsZone, ZoneRecord};

use crate::database::{Data, engines};
use crate::domains::{each_engine_with_dns, publish, verify};
use crate::running::{ADMIN_KEY, Running, mailroost, run, serve};
use crate::world::{World, eventually};

/// The signatures on a message that an inbox sends: algorithm, domain and selector of each.
async fn signatures(world: &World, inbox: &str) -> Vec<[String; 3]> {
    let id = world
        .send(inbox, json!({"to": "bob@outside.dev", "text": "x"}))
        .await;
    let raw = String::from_utf8(world.raw(inbox, &id).await).unwrap();
    let (head, _) = raw.split_once("\r\n\r\n").unwrap();
    let head = head.replace("\r\n ", " ");
    let fields = head
        .lines()
        .filter(|line| line.starts_with("DKIM-Signature:"));
    let tag = |field: &str, name: &str| {
        let mut tags = field
            .split(';')
            .filter_map(|tag| tag.trim().split_once('='));
        tags.find(|(own, _)| *own == name).unwrap().1.to_owned()
    };
    fields
        .map(|field| {
            let field = field.replacen("DKIM-Signature: ", "", 1);
            ["a", "d", "s"].map(|name| tag(&field, name))
        })
        .collect()
}

/// The records of a domain's keys: selector and stage, those of one type.
fn keys(domain: &Value, kind: &str) -> Vec<(String, String)> {
    let records = domain["records"].as_array().unwrap().iter();
    records
        .filter(|one| one["purpose"] == "dkim")
        .filter(|one| {
            one["value"]
                .as_str()
                .unwrap()
                .contains(&format!("k={kind};"))
        })
        .map(|one| {
            let (selector, _) = one["name"].as_str().unwrap().split_once('.').unwrap();
            let stage = one["key_stage"].as_str().unwrap();
            (selector.to_owned(), stage.to_owned())
        })
        .collect()
}

/// The records that are needed, or those that are only recommended.
fn records(domain: &Value, recommended: bool) -> Value {
    let records = domain["records"].as_array().unwrap().iter();
    let chosen = records.filter(|one| (one["recommended"] == true) == recommended);
    json!({"records": chosen.collect::<Vec<_>>()})
}

#[tokio::test]
async fn mail_is_signed_with_each_key_from_when_its_record_was_seen() {
    each_engine_with_dns(&[], async |world, zone| {
        let made = json!({"domain": "acme.dev", "subdomains_enabled": true});
        let made = world.post("/v0/domains", made).await;
        publish(zone, &records(&made, false), "acme.dev");
        let domain = verify(world, "acme.dev").await;
        assert_eq!(domain["status"], "VERIFIED", "{domain}");
        let bot = json!({"username": "bot", "domain": "acme.dev"});
        world.post("/v0/inboxes", bot).await;
        let below = json!({"username": "bot", "domain": "eu.acme.dev"});
        world.post("/v0/inboxes", below).await;

        let rsa = keys(&made, "rsa")[0].0.clone();
        let by_rsa = ["rsa-sha256".to_owned(), "acme.dev".to_owned(), rsa];
        assert_eq!(
            signatures(world, "bot@acme.dev").await,
            std::slice::from_ref(&by_rsa)
        );

        publish(zone, &records(&made, true), "acme.dev");
        let domain = verify(world, "acme.dev").await;
        let all = domain["records"].as_array().unwrap();
        assert!(all.iter().all(|one| one["status"] == "VALID"), "{domain}");
        let ed25519 = keys(&made, "ed25519")[0].0.clone();
        let by_ed25519 = ["ed25519-sha256".to_owned(), "acme.dev".to_owned(), ed25519];
        // The domain above answers for what is below it.
        let both = [by_rsa, by_ed25519];
        assert_eq!(signatures(world, "bot@eu.acme.dev").await, both);

        // Somebody else's domain, and what has no record anywhere, signs nothing.
        let other = world.inbox().await;
        assert!(signatures(world, &other).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn new_keys_take_over_when_their_records_are_seen_and_old_ones_stay_listed() {
    each_engine_with_dns(&[], async |world, zone| {
        let made = world
            .post("/v0/domains", json!({"domain": "acme.dev"}))
            .await;
        publish(zone, &made, "acme.dev");
        verify(world, "acme.dev").await;
        let bot = json!({"username": "bot", "domain": "acme.dev"});
        world.post("/v0/inboxes", bot).await;
        let before = signatures(world, "bot@acme.dev").await;
        assert_eq!(before.len(), 2);

        let path = "/v0/domains/acme.dev/rotate-keys";
        let first = world.post(path, Value::Null).await;
        let rotated = world.post(path, Value::Null).await;
        assert_ne!(
            keys(&first, "rsa"),
            keys(&rotated, "rsa"),
            "given up unused"
        );
        assert_eq!(rotated["status"], "VERIFIED");
        let [old, new] = &keys(&rotated, "rsa")[..] else {
            panic!("two keys: {rotated}")
        };
        assert_eq!([&*old.1, &*new.1], ["in_use", "waiting"]);
        assert_ne!(old.0, new.0);
        verify(world, "acme.dev").await;
        assert_eq!(
            signatures(world, "bot@acme.dev").await,
            before,
            "not seen yet"
        );

        let all = rotated["records"].as_array().unwrap().iter();
        let new_ones = all.filter(|one| one["key_stage"] == "waiting");
        let new_ones = json!({"records": new_ones.collect::<Vec<_>>()});
        publish(zone, &new_ones, "acme.dev");
        zone.remove(&format!("{}._domainkey.acme.dev", old.0));
        let domain = verify(world, "acme.dev").await;
        assert_eq!(domain["status"], "VERIFIED", "{domain}");
        let stages = keys(&domain, "rsa");
        let wanted = [(new.0.clone(), "in_use"), (old.0.clone(), "leaving")];
        assert_eq!(stages, wanted.map(|(name, stage)| (name, stage.to_owned())));
        let all = domain["records"].as_array().unwrap();
        let leaving = all
            .iter()
            .find(|one| one["key_stage"] == "leaving")
            .unwrap();
        assert!(leaving["remove_after"].is_string(), "{leaving}");
        let after = signatures(world, "bot@acme.dev").await;
        assert_eq!(after[0][2], new.0);
        assert_eq!(after.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn the_operators_domain_has_records_and_signs_once_they_are_seen() {
    for engine in engines() {
        let data = Data::new(engine);
        let zone = DnsZone::start().await;
        let settings = [
            ("MAILROOST_DOMAIN", "agents.mailroost.dev".to_owned()),
            ("MAILROOST_HOSTNAME", "mx.mailroost.dev".to_owned()),
            ("MAILROOST_DNS", zone.address().to_string()),
        ];
        let start = async || {
            let mut command = serve(&data);
            command
                .env("MAILROOST_API_KEY", ADMIN_KEY)
                .envs(settings.clone());
            Running::from(&mut command).await
        };
        start().await.stop().await;
        let print = async |words: &[&str]| {
            let mut command = mailroost(&data.folder());
            command.args(words).envs(settings.clone());
            if let Some(url) = data.database_url() {
                command.env("MAILROOST_DATABASE", url);
            }
            let done = run(&mut command).await;
            assert!(done.status.success(), "{done:?}");
            done.stdout
        };
        let file = print(&["domain", "records"]).await;
        assert_eq!(file, print(&["domain", "records"]).await);
        let key = file.iter().find(|line| line.contains("k=rsa")).unwrap();
        let (name, value) = key.split_once(" IN TXT ").unwrap();
        let text: String = value.split('"').skip(1).step_by(2).collect();
        zone.add(&format!("{name}.mailroost.dev"), ZoneRecord::Txt(text));

        let world = World {
            server: start().await,
            data,
        };
        let inbox = world.inbox().await;
        let found = eventually(async || {
            let found = signatures(&world, &inbox).await;
            (!found.is_empty()).then_some(found)
        })
        .await;
        let (selector, _) = name.split_once('.').unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0][1..], ["agents.mailroost.dev", selector]);
        let World { server, data } = world;
        server.stop().await;

        let mut command = mailroost(&data.folder());
        command
            .args(["domain", "rotate-keys"])
            .envs(settings.clone());
        if let Some(url) = data.database_url() {
            command.env("MAILROOST_DATABASE", url);
        }
        let done = run(&mut command).await;
        assert!(done.status.success(), "{done:?}");
        let rsa = done.stdout.iter().filter(|line| line.contains("k=rsa"));
        assert_eq!(rsa.count(), 2, "{done:?}");
    }
}
