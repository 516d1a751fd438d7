//! `mailroost doctor` through the real binary: beside a running server and without one.

use std::fs;
use std::net::Ipv4Addr;

use serde_json::{Value, json};
use testkit::{DnsZone, ZoneRecord};

use crate::database::{Data, Engine, engines};
use crate::running::{ADMIN_KEY, Ended, Running, mailroost, run, serve};
use crate::world::{World, eventually, well_ended};

async fn doctor(data: &Data, args: &[&str], more: &[(&str, &str)]) -> Ended {
    let mut command = mailroost(&data.folder());
    command.arg("doctor").args(args).envs(more.iter().copied());
    if let Some(url) = data.database_url() {
        command.env("MAILROOST_DATABASE", url);
    }
    run(&mut command).await
}

/// The report, and whether the exit status was 0.
async fn report(data: &Data, more: &[(&str, &str)]) -> (Value, bool) {
    let ended = doctor(data, &["--json"], more).await;
    let report: Value = serde_json::from_str(&ended.stdout.join("\n")).expect("a report");
    let good = ended.status.code() == Some(0);
    assert_eq!(report["status"] == "problem", !good, "{report}");
    (report, good)
}

/// The lines of one check.
fn of<'a>(report: &'a Value, check: &str) -> Vec<&'a Value> {
    let all = report["checks"].as_array().unwrap().iter();
    all.filter(|one| one["check"] == check).collect()
}

fn status(report: &Value, check: &str) -> String {
    let [one] = of(report, check)[..] else {
        panic!("not one line of {check}: {report}");
    };
    one["status"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_laptop_is_well_beside_its_server_and_without_it() {
    for engine in engines() {
        let data = Data::new(engine);
        let world = World {
            server: Running::start(&data).await,
            data,
        };
        let inbox = world.inbox().await;
        let http = world.server.http.to_string();
        let (running, good) = report(&world.data, &[("MAILROOST_HTTP", &http)]).await;
        assert!(good, "{running}");
        for check in [
            "mode",
            "data_folder",
            "master_key",
            "store",
            "queue",
            "clock",
            "server",
        ] {
            assert_eq!(status(&running, check), "ok", "{check}: {running}");
        }
        // Nothing was taken from the server.
        world.mail(&inbox, "Subject: x\r\n\r\ny\r\n").await;
        world.arrived(&inbox, 1).await;
        well_ended(world.server).await;
        let (stopped, good) = report(&world.data, &[("MAILROOST_HTTP", &http)]).await;
        assert!(good, "{stopped}");
        assert_eq!(status(&stopped, "server"), "warning");
        assert_eq!(status(&stopped, "store"), "ok");
        let text = doctor(&world.data, &[], &[]).await;
        assert!(text.stdout[0].starts_with("ok       mode"), "{text:?}");
        assert!(
            text.stdout.last().unwrap().starts_with("0 problems"),
            "{text:?}"
        );
        // Jobs that were given up and entries that are held back are counted.
        world.data.change(
            "update job set state = 'parked', last_error = 'x' where kind = 'sweep_objects/1'",
        );
        let (parked, _) = report(&world.data, &[]).await;
        assert!(
            of(&parked, "jobs")[0]["detail"]
                .as_str()
                .unwrap()
                .contains("sweep_objects/1 1")
        );
        world
            .data
            .change("insert into schema_version (version) values (999)");
        let (newer, good) = report(&world.data, &[]).await;
        assert!(!good && status(&newer, "store") == "problem", "{newer}");
    }
}

#[tokio::test]
async fn what_was_never_started_or_is_damaged_is_a_problem() {
    let data = Data::new(Engine::Sqlite);
    let (nothing, good) = report(&data, &[]).await;
    assert!(!good);
    assert_eq!(status(&nothing, "data_folder"), "problem");
    assert_eq!(status(&nothing, "store"), "problem");
    assert!(!data.folder().exists());
    let world = World {
        server: Running::start(&data).await,
        data,
    };
    for _ in 0..20 {
        world.inbox().await;
    }
    well_ended(world.server).await;
    assert!(report(&world.data, &[]).await.1);
    let file = world.data.folder().join("mailroost.db");
    // What is only in the log would hide the damage.
    world.data.change("pragma wal_checkpoint(truncate)");
    let mut bytes = fs::read(&file).unwrap();
    // Pages in the middle, which hold rows and the nodes of indexes.
    let (from, to) = (bytes.len() / 4, bytes.len() / 4 * 3);
    bytes[from..to].fill(0x5a);
    fs::write(&file, bytes).unwrap();
    let (damaged, good) = report(&world.data, &[]).await;
    assert!(!good, "{damaged}");
}

#[tokio::test]
async fn the_records_of_a_public_server_are_told_with_what_to_set() {
    for engine in engines() {
        let zone = DnsZone::start().await;
        let dns = zone.address().to_string();
        let more = [
            ("MAILROOST_DNS", dns.as_str()),
            ("MAILROOST_DOMAIN", "acme.dev"),
            ("MAILROOST_HOSTNAME", "mx.acme.dev"),
        ];
        let data = Data::new(engine);
        let mut serving = serve(&data);
        serving.env("MAILROOST_API_KEY", ADMIN_KEY).envs(more);
        let server = Running::from(&mut serving).await;
        let world = World { server, data };
        // The doors are on ports of their own, so the one on 25 is not this server's.
        let (before, good) = eventually(async || {
            let (report, good) = report(&world.data, &more).await;
            // The keys are made in the background.
            let text = report.to_string();
            (text.contains("-rsa._domainkey")).then_some((report, good))
        })
        .await;
        assert!(!good);
        assert_eq!(status(&before, "hostname"), "problem");
        let wrong = of(&before, "records");
        assert!(
            wrong.iter().any(|one| one["status"] == "problem"),
            "{before}"
        );
        for one in &wrong {
            let fix = one["fix"].as_str().unwrap();
            let (name, value) = fix
                .strip_prefix("Set ")
                .unwrap()
                .split_once(" to: ")
                .unwrap();
            let (kind, host) = name.split_once(' ').unwrap();
            let value = value.to_owned();
            zone.add(
                host,
                match kind {
                    "TXT" => ZoneRecord::Txt(value),
                    "CNAME" => ZoneRecord::Cname(value),
                    _ => {
                        let (rank, host) = value.split_once(' ').unwrap();
                        ZoneRecord::Mx(rank.parse().unwrap(), host.to_owned())
                    }
                },
            );
        }
        let local = ZoneRecord::Address(Ipv4Addr::LOCALHOST.into());
        zone.add("mx.acme.dev", local);
        let (after, _) = report(&world.data, &more).await;
        assert_eq!(status(&after, "records"), "ok", "{after}");
        assert_eq!(status(&after, "hostname"), "ok", "{after}");
        assert_eq!(status(&after, "dns"), "ok", "{after}");
        assert_eq!(of(&after, "reverse_name").len(), 1, "{after}");
        // The domain of an organisation too, once it was verified.
        world
            .post("/v0/domains", json!({"domain": "other.dev"}))
            .await;
        let (unverified, _) = report(&world.data, &more).await;
        assert_eq!(status(&unverified, "records"), "ok");
        well_ended(world.server).await;
        world
            .data
            .change("update domain set verified_at = 5 where domain = 'other.dev'");
        let (verified, _) = report(&world.data, &more).await;
        let lines = of(&verified, "records");
        let other = |one: &&&Value| one["detail"].as_str().unwrap().contains("other.dev");
        assert!(lines.iter().filter(other).count() > 3, "{verified}");
    }
}
