//! `mailroost backup` and `mailroost restore` through the real binary: what was answered before a
//! backup began is in it, whatever arrives meanwhile, and can be restored on either engine.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use rustix::process::Signal;
use serde_json::{Value, json};
use sys::{Clock as _, SystemClock};
use testkit::SmtpClient;

use crate::database::{Data, Engine, engines};
use crate::running::{ADMIN_KEY, Ended, Running, mailroost, run, serve};
use crate::world::{World, column, eventually, letter, well_ended};

const MASTER_KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

async fn started(engine: Engine) -> World {
    let data = Data::new(engine);
    World {
        server: Running::start(&data).await,
        data,
    }
}

/// `mailroost` with the data folder and the database of `data`.
async fn command(data: &Data, args: &[&str], more: &[(&str, &str)]) -> Ended {
    let mut command = mailroost(&data.folder());
    command.args(args).envs(more.iter().copied());
    if let Some(url) = data.database_url() {
        command.env("MAILROOST_DATABASE", url);
    }
    run(&mut command).await
}

async fn back_up(data: &Data, to: &Path) {
    let ended = command(data, &["backup", to.to_str().unwrap()], &[]).await;
    assert!(ended.status.success(), "{ended:?}");
    assert!(ended.stdout[0].starts_with("Backed up to "), "{ended:?}");
}

async fn restore(from: &Path, data: &Data, args: &[&str]) -> Ended {
    let mut all = vec!["restore", from.to_str().unwrap()];
    all.extend(args);
    command(data, &all, &[]).await
}

async fn restored(from: &Path, engine: Engine) -> World {
    let data = Data::new(engine);
    let ended = restore(from, &data, &[]).await;
    assert!(ended.status.success(), "{ended:?}");
    World {
        server: Running::start(&data).await,
        data,
    }
}

/// Text that does not compress, so that it is no row of the database.
fn large(seed: u64, length: usize) -> String {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut text = String::with_capacity(length + length / 60);
    for n in 0..length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        if n % 76 == 75 {
            text.push_str("\r\n");
        }
        text.push(char::from(b'A' + u8::try_from(state % 57).unwrap()));
    }
    text
}

/// Hands in mail, every seventh large, until told to stop; notes what was answered with 250.
async fn hand_in(
    world: &World,
    inbox: &str,
    session: u64,
    taken: &Mutex<BTreeSet<String>>,
    stop: &AtomicBool,
) {
    let mut client = SmtpClient::connect(world.server.smtp).await.unwrap();
    client.ehlo("client.test").await.unwrap();
    for n in 0.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let id = format!("{session}.{n}@outside.test");
        let text = if n % 7 == 3 {
            large(session * 1000 + n, 300_000)
        } else {
            format!("text {n}")
        };
        let raw = letter(inbox, &id, "S", &text);
        let to = [inbox];
        let reply = client.send("ann@outside.test", &to, raw.as_bytes());
        if reply.await.unwrap().code == 250 {
            taken.lock().unwrap().insert(format!("<{id}>"));
        }
    }
}

async fn all_messages(world: &World, inbox: &str) -> Vec<Value> {
    let (mut all, mut token) = (Vec::new(), String::new());
    loop {
        let path = format!("/v0/inboxes/{inbox}/messages?limit=100{token}");
        let page = world.get(&path).await;
        all.extend(page["messages"].as_array().unwrap().clone());
        match page["next_page_token"].as_str() {
            Some(next) => token = format!("&page_token={next}"),
            None => return all,
        }
    }
}

/// Everything the API shows of what [`fill`] made.
async fn shown(world: &World, filled: &Filled) -> Vec<Value> {
    let (inbox, hook) = (&filled.inbox, &filled.webhook);
    let mut shown = Vec::new();
    for path in [
        "/v0/organizations".to_owned(),
        "/v0/inboxes".to_owned(),
        format!("/v0/inboxes/{inbox}/threads"),
        format!("/v0/inboxes/{inbox}/drafts"),
        format!("/v0/inboxes/{inbox}/messages"),
        format!("/v0/webhooks/{hook}"),
        "/v0/pods".to_owned(),
        "/v0/domains".to_owned(),
        format!("/v0/inboxes/{inbox}/messages/search?q=remembered"),
        "/v0/events?limit=100".to_owned(),
    ] {
        shown.push(world.get(&path).await);
    }
    for message in all_messages(world, inbox).await {
        let id = message["message_id"].as_str().unwrap().to_owned();
        shown.push(world.message(inbox, &id).await);
        let raw = world.raw(inbox, &id).await;
        shown.push(json!(String::from_utf8(raw).unwrap()));
    }
    shown
}

struct Filled {
    inbox: String,
    webhook: String,
    key: String,
}

/// One of many things that have rows: mail of both kinds, a reply, a draft, a webhook with a sealed
/// secret, a domain with sealed keys, a key.
async fn fill(world: &World) -> Filled {
    let (inbox, other) = (world.inbox().await, world.inbox().await);
    let small = letter(&inbox, "small@outside.test", "Small", "to be remembered");
    world.mail(&inbox, small).await;
    let text = large(1, 400_000);
    let big = letter(&inbox, "large@outside.test", "Large", &text);
    world.mail(&inbox, big).await;
    let body = json!({"to": other, "subject": "Out", "text": "x"});
    let sent = world.send(&inbox, body).await;
    world.arrived(&other, 1).await;
    world.labelled(&inbox, &sent, "delivered").await;
    let draft = json!({"to": [other], "subject": "Later", "text": "y"});
    world
        .post(&format!("/v0/inboxes/{inbox}/drafts"), draft)
        .await;
    let hook = json!({"url": "http://127.0.0.1:9/", "event_types": ["message.bounced"]});
    let hook = world.post("/v0/webhooks", hook).await;
    world
        .post("/v0/domains", json!({"domain": "acme.dev"}))
        .await;
    let (key, _) = world.key(None, json!({"name": "k"})).await;
    // Found by the index, which follows behind.
    let search = format!("/v0/inboxes/{inbox}/messages/search?q=remembered");
    eventually(async || (world.get(&search).await["count"] == 1).then_some(())).await;
    Filled {
        inbox,
        webhook: hook["webhook_id"].as_str().unwrap().to_owned(),
        key,
    }
}

#[tokio::test]
async fn what_was_answered_before_a_backup_is_in_it_while_mail_arrives() {
    for engine in engines() {
        let mut world = started(engine).await;
        let inbox = world.inbox().await;
        let to = world.data.outside().join("backup");
        let (taken, stop) = (Mutex::new(BTreeSet::new()), AtomicBool::new(false));
        let sessions =
            join_all((0..4).map(|n| Box::pin(hand_in(&world, &inbox, n, &taken, &stop))));
        let backing_up = async {
            let count = || taken.lock().unwrap().len();
            eventually(async || (count() >= 60).then_some(())).await;
            let before = taken.lock().unwrap().clone();
            back_up(&world.data, &to).await;
            let at_end = count();
            // Reception went on beside it.
            eventually(async || (count() > at_end).then_some(())).await;
            stop.store(true, Ordering::Relaxed);
            before
        };
        let (_, before) = tokio::join!(sessions, backing_up);
        world.server.signal(Signal::KILL);
        world.server.ended().await;

        world = restored(&to, engine).await;
        let there = all_messages(&world, &inbox).await;
        let ids: BTreeSet<String> = column(&there, "message_id").into_iter().collect();
        assert_eq!(ids.len(), there.len(), "filed twice");
        let lost: Vec<_> = before.difference(&ids).collect();
        assert!(lost.is_empty(), "lost {lost:?}");
        // Whatever is there is whole, also what came while the backup was made.
        for id in &ids {
            let (session, n) = id.trim_matches(['<', '>']).split_once('.').unwrap();
            let n: u64 = n.split('@').next().unwrap().parse().unwrap();
            let raw = String::from_utf8(world.raw(&inbox, id).await).unwrap();
            let seed = session.parse::<u64>().unwrap() * 1000 + n;
            let text = if n % 7 == 3 {
                large(seed, 300_000)
            } else {
                format!("text {n}")
            };
            assert!(raw.ends_with(&format!("{text}\r\n")), "{id}");
        }
        let late = letter(&inbox, "after@outside.test", "Late", "x");
        world.mail(&inbox, late).await;
        let late = world.message(&inbox, "<after@outside.test>").await;
        assert_eq!(late["subject"], "Late");
        well_ended(world.server).await;
    }
}

#[tokio::test]
async fn a_restored_server_shows_the_same_on_either_engine() {
    for engine in engines() {
        let world = started(engine).await;
        let filled = fill(&world).await;
        let before = shown(&world, &filled).await;
        let to = world.data.outside().join("backup");
        back_up(&world.data, &to).await;
        // A stopped server is backed up as well, and one that was killed.
        world.server.signal(Signal::KILL);
        world.server.ended().await;
        let again = world.data.outside().join("again");
        back_up(&world.data, &again).await;
        for target in engines() {
            for from in [&to, &again] {
                let world = restored(from, target).await;
                let after = shown(&world, &filled).await;
                for (before, after) in before.iter().zip(&after) {
                    assert_eq!(without_links(before), without_links(after));
                }
                assert_eq!(before.len(), after.len());
                let who = world.call_as(&filled.key, "GET", "/v0/inboxes", &Value::Null);
                assert_eq!(who.await.status, 200);
                well_ended(world.server).await;
            }
        }
    }
}

/// Without what names the server's port, the time of asking, or the end of the log, which is further
/// on after a restore.
fn without_links(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .filter(|(name, _)| {
                !name.ends_with("_url") && !["status_at", "next_after"].contains(&name.as_str())
            })
            .map(|(name, value)| (name.clone(), without_links(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Array(items) => items.iter().map(without_links).collect(),
        other => other.clone(),
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[tokio::test]
async fn a_backup_is_private_and_never_half() {
    let world = started(Engine::Sqlite).await;
    fill(&world).await;
    let to = world.data.outside().join("backup");
    back_up(&world.data, &to).await;
    for file in files_below(&to) {
        let mode = fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.display());
    }
    assert_eq!(
        fs::metadata(&to).unwrap().permissions().mode() & 0o777,
        0o700
    );
    let told = async |to: &Path| {
        let ended = command(&world.data, &["backup", to.to_str().unwrap()], &[]).await;
        assert_eq!(ended.status.code(), Some(1), "{ended:?}");
        ended.stderr.join("\n")
    };
    assert!(told(&to).await.contains("exists"));
    let cut = world.data.outside().join("cut");
    fs::create_dir(cut.with_file_name("cut.partial")).unwrap();
    assert!(told(&cut).await.contains("cut.partial exists"));
    // An object that is gone makes no backup, and leaves none.
    let object = files_below(&world.data.folder().join("blobs")).remove(0);
    fs::rename(&object, world.data.outside().join("object")).unwrap();
    let none = world.data.outside().join("none");
    let why = told(&none).await;
    assert!(
        why.contains(object.file_name().unwrap().to_str().unwrap()),
        "{why}"
    );
    assert!(!none.exists() && !none.with_file_name("none.partial").exists());
    fs::rename(world.data.outside().join("object"), &object).unwrap();
    well_ended(world.server).await;

    let nothing = Data::new(Engine::Sqlite);
    let target = nothing.outside().join("b");
    let ended = command(&nothing, &["backup", target.to_str().unwrap()], &[]).await;
    assert!(
        ended
            .stderr
            .join("\n")
            .contains("there is no Mailroost data in"),
        "{ended:?}"
    );
    assert!(!nothing.folder().exists() && !target.exists());
}

#[tokio::test]
async fn a_damaged_backup_is_refused_before_anything_is_written() {
    for engine in engines() {
        let world = started(engine).await;
        fill(&world).await;
        let to = world.data.outside().join("backup");
        back_up(&world.data, &to).await;
        well_ended(world.server).await;
        let target = Data::new(engine);
        let refused = async |wanted: &str| {
            let ended = restore(&to, &target, &[]).await;
            assert_eq!(ended.status.code(), Some(1), "{ended:?}");
            let why = ended.stderr.join("\n");
            assert!(why.contains(wanted), "{wanted}: {why}");
            assert!(!target.folder().exists(), "{wanted}");
        };
        for file in files_below(&to) {
            let good = fs::read(&file).unwrap();
            let mut bad = good.clone();
            // Of the manifest, a digit of a hash; of others, any octet.
            let at = if file.ends_with("manifest.json") {
                let text = String::from_utf8(good.clone()).unwrap();
                text.rfind("blake3\": \"").unwrap() + 10
            } else {
                good.len() / 2
            };
            bad[at] = if bad[at] == b'0' { b'1' } else { b'0' };
            fs::write(&file, &bad).unwrap();
            let wanted = if file.ends_with("master.key") {
                "is not the key of this backup"
            } else {
                "not as it was written"
            };
            refused(wanted).await;
            fs::remove_file(&file).unwrap();
            refused(file.file_name().unwrap().to_str().unwrap()).await;
            fs::write(&file, &good).unwrap();
        }
        let manifest = fs::read_to_string(to.join("manifest.json")).unwrap();
        let newer = manifest.replacen("\"schema\": ", "\"schema\": 9", 1);
        fs::write(to.join("manifest.json"), newer).unwrap();
        refused("made by a newer server").await;
        let other = manifest.replacen("\"format\": 1", "\"format\": 2", 1);
        fs::write(to.join("manifest.json"), other).unwrap();
        refused("another format").await;
        fs::write(to.join("manifest.json"), manifest).unwrap();
        let ended = restore(&to, &target, &[]).await;
        assert!(ended.status.success(), "{ended:?}");
    }
}

#[tokio::test]
async fn a_target_in_use_is_left_as_it_is() {
    for engine in engines() {
        let world = started(engine).await;
        let filled = fill(&world).await;
        let to = world.data.outside().join("backup");
        back_up(&world.data, &to).await;
        let ended = restore(&to, &world.data, &[]).await;
        assert_eq!(ended.status.code(), Some(1));
        assert!(
            ended.stderr.join("\n").contains("is not empty"),
            "{ended:?}"
        );
        if let Some(url) = world.data.database_url() {
            // An empty folder beside a database that is not.
            let empty = Data::new(Engine::Sqlite);
            let mut restore = mailroost(&empty.folder());
            restore
                .args(["restore", to.to_str().unwrap()])
                .env("MAILROOST_DATABASE", url);
            let ended = run(&mut restore).await;
            assert_eq!(ended.status.code(), Some(1));
            let why = ended.stderr.join("\n");
            assert!(why.contains("has Mailroost's tables already"), "{why}");
            assert!(!empty.folder().exists());
        }
        assert_eq!(all_messages(&world, &filled.inbox).await.len(), 3);
        well_ended(world.server).await;
        // What a restore that was cut leaves keeps servers and restores away.
        let cut = Data::new(engine);
        fs::create_dir_all(cut.folder().join(".restoring")).unwrap();
        for args in [vec!["serve"], vec!["restore", to.to_str().unwrap()]] {
            let ended = command(&cut, &args, &[]).await;
            assert_eq!(ended.status.code(), Some(1));
            let why = ended.stderr.join("\n");
            assert!(why.contains("did not come to its end"), "{args:?}: {why}");
        }
    }
}

#[tokio::test]
async fn a_master_key_that_is_kept_elsewhere_is_not_in_the_backup_and_must_be_the_same() {
    let data = Data::new(Engine::Sqlite);
    let mut serving = serve(&data);
    serving
        .env("MAILROOST_API_KEY", ADMIN_KEY)
        .env("MAILROOST_MASTER_KEY", MASTER_KEY);
    let server = Running::from(&mut serving).await;
    let to = data.outside().join("backup");
    let args = ["backup", to.to_str().unwrap()];
    let ended = command(&data, &args, &[("MAILROOST_MASTER_KEY", MASTER_KEY)]).await;
    assert!(ended.status.success(), "{ended:?}");
    server.stop().await;
    for file in files_below(&to) {
        let bytes = fs::read(&file).unwrap();
        let found = bytes.windows(64).any(|part| part == MASTER_KEY.as_bytes());
        assert!(
            !found && !file.ends_with("master.key"),
            "{}",
            file.display()
        );
    }
    let target = Data::new(Engine::Sqlite);
    let args = ["restore", to.to_str().unwrap()];
    let wrong = MASTER_KEY.replace('0', "1");
    for (more, wanted) in [
        (vec![], "made without its master key"),
        (
            vec![("MAILROOST_MASTER_KEY", wrong.as_str())],
            "is not the key of this backup",
        ),
    ] {
        let ended = command(&target, &args, &more).await;
        assert_eq!(ended.status.code(), Some(1));
        assert!(ended.stderr.join("\n").contains(wanted), "{ended:?}");
        assert!(!target.folder().exists());
    }
    let ended = command(&target, &args, &[("MAILROOST_MASTER_KEY", MASTER_KEY)]).await;
    assert!(ended.status.success(), "{ended:?}");
    assert!(!target.folder().join("master.key").exists());
}

#[tokio::test]
async fn mail_that_waited_is_held_back_until_it_is_released() {
    for engine in engines() {
        let world = started(engine).await;
        let (inbox, other) = (world.inbox().await, world.inbox().await);
        let later = |seconds| {
            let at = SystemClock
                .now()
                .plus(Duration::from_secs(seconds))
                .to_string();
            json!({"to": [other], "subject": "Old", "text": "x", "send_at": at})
        };
        let drafts = format!("/v0/inboxes/{inbox}/drafts");
        world.post(&drafts, later(60)).await;
        let to = world.data.outside().join("backup");
        back_up(&world.data, &to).await;
        well_ended(world.server).await;

        let data = Data::new(engine);
        let ended = restore(&to, &data, &["--hold-outbound"]).await;
        assert!(ended.stdout[1].starts_with("1 entries"), "{ended:?}");
        // Its time passes.
        data.change("update job set run_at = 1 where kind = 'send_draft/1'");
        data.change("update draft set send_at = 1");
        let server = Running::start(&data).await;
        let mut world = World { server, data };
        let mut now = later(0);
        now["subject"] = json!("New");
        world.post(&drafts, now).await;
        let arrived = world.arrived(&other, 1).await;
        assert_eq!(column(&arrived, "subject"), ["New"]);
        well_ended(world.server).await;

        let released = command(&world.data, &["queue", "release"], &[]).await;
        assert_eq!(released.stdout, ["1"], "{released:?}");
        world.server = Running::start(&world.data).await;
        let arrived = world.arrived(&other, 2).await;
        assert_eq!(column(&arrived, "subject"), ["Old", "New"]);
        well_ended(world.server).await;
        let released = command(&world.data, &["queue", "release"], &[]).await;
        assert_eq!(released.stdout, ["0"], "{released:?}");
    }
}

#[tokio::test]
async fn who_read_beyond_a_backup_is_told_so_after_its_restore() {
    for engine in engines() {
        let world = started(engine).await;
        let inbox = world.inbox().await;
        let request = json!({"client_id": "r", "event_types": ["message.received"]});
        let webhook = world.post("/v0/webhooks/polling", request).await;
        let token = webhook["token"].as_str().unwrap().to_owned();
        let path = webhook["url"].as_str().unwrap();
        let path = format!("/{}", path.splitn(4, '/').nth(3).unwrap());
        let poll = async |world: &World, iterator: &str| {
            let path = format!("{path}?iterator={iterator}");
            world.call_as(&token, "GET", &path, &Value::Null).await
        };
        let received = async |world: &World, id: &str| {
            let id = format!("{id}@outside.test");
            world.mail(&inbox, letter(&inbox, &id, "S", "x")).await;
        };
        let begun = world
            .call_as(&token, "GET", &path, &Value::Null)
            .await
            .json();
        received(&world, "before").await;
        let read = async |world: &World, after: &str| {
            let path = format!("/v0/events?event_types=message.received&after={after}");
            world.call("GET", &path, &Value::Null).await
        };
        let before = read(&world, "start").await.json();
        let first = before["events"][0]["event_id"].as_str().unwrap().to_owned();
        let at_backup = before["next_after"].as_str().unwrap().to_owned();
        let polled = poll(&world, begun["iterator"].as_str().unwrap()).await;
        let polled_at_backup = polled.json()["iterator"].as_str().unwrap().to_owned();
        let to = world.data.outside().join("backup");
        back_up(&world.data, &to).await;
        received(&world, "lost").await;
        let lost = read(&world, &at_backup).await.json();
        let lost_id = lost["events"][0]["event_id"].as_str().unwrap().to_owned();
        let beyond = lost["next_after"].as_str().unwrap().to_owned();
        let polled = poll(&world, &polled_at_backup).await.json();
        let polled_beyond = polled["iterator"].as_str().unwrap().to_owned();
        assert_eq!(polled["data"].as_array().unwrap().len(), 1, "{polled}");
        well_ended(world.server).await;

        let world = restored(&to, engine).await;
        // More than was lost, so that without a gap the numbers would be those of other events.
        for n in 0..5 {
            received(&world, &format!("new{n}")).await;
        }
        for after in [&lost_id, &beyond] {
            let told = read(&world, after).await;
            assert_eq!(told.status, 400, "{told:?}");
            assert_eq!(told.json()["errors"][0]["code"], "expired", "{told:?}");
        }
        let told = poll(&world, &polled_beyond).await;
        assert_eq!(told.status, 400, "{told:?}");
        assert_eq!(told.json()["errors"][0]["code"], "expired", "{told:?}");
        // Who was no further than the backup misses nothing, and what is read now is good again.
        for after in [&first, &at_backup] {
            let (mut after, mut found) = (after.clone(), 0);
            for _ in 0..4 {
                let page = read(&world, &after).await.json();
                found += page["count"].as_u64().unwrap();
                after = page["next_after"].as_str().unwrap().to_owned();
            }
            assert_eq!(found, 5);
            let page = read(&world, &after).await;
            assert_eq!(page.json()["count"], 0, "{page:?}");
        }
        let polled = poll(&world, &polled_at_backup).await.json();
        assert!(polled["data"].as_array().unwrap().len() >= 5, "{polled}");
        // A second restore leaves a second gap, and what the first passed over stays so.
        let again = world.data.outside().join("again");
        back_up(&world.data, &again).await;
        received(&world, "lost-again").await;
        well_ended(world.server).await;
        let world = restored(&again, engine).await;
        let told = read(&world, &beyond).await;
        assert_eq!(told.json()["errors"][0]["code"], "expired", "{told:?}");
        received(&world, "newest").await;
        well_ended(world.server).await;
    }
}
