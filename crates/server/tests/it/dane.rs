//! DANE: servers whose certificate the DNS names, and those that show another one.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use testkit::tls::Authority;
use testkit::{MailSink, Manners, ZoneRecord};

use crate::departures::{Net, each_net};
use crate::running::soon;
use crate::world::message_path;

/// Makes the sink show a new certificate, and gives the record that names it.
fn shows(sink: &MailSink) -> ZoneRecord {
    let (config, chain) = Authority::new()
        .unwrap()
        .chain("somebody.test", true)
        .unwrap();
    sink.manners(Manners {
        tls: Some(config),
        ..Manners::default()
    });
    ZoneRecord::Tlsa(3, 0, 1, Sha256::digest(&chain[0]).to_vec())
}

/// The name of the records for the server of a domain, which is the sink. Each domain has a host of
/// its own, so that no connection is kept from one to the next.
fn host_of(net: &Net, domain: &str) -> String {
    let host = format!("mx.{domain}");
    net.mx(domain, 10, &host, 2);
    format!("_{}._tcp.{host}", net.port)
}

fn last(deliveries: &[Value]) -> &Value {
    deliveries[0]["history"].as_array().unwrap().last().unwrap()
}

fn words(attempt: &Value) -> &str {
    attempt["tls"].as_str().unwrap()
}

#[tokio::test]
async fn by_default_what_the_records_say_is_told_and_nobody_is_refused() {
    each_net(&[], async |net, sink| {
        let inbox = net.world.inbox().await;
        let (wrong, right) = (shows(sink), shows(sink));
        for (domain, signed, record, dane, said) in [
            ("a.test", true, None, "none", "TLS"),
            (
                "b.test",
                false,
                Some(&right),
                "unvalidated",
                "TLSA 3 0 1 names",
            ),
            ("c.test", true, Some(&right), "valid", "TLSA 3 0 1 names"),
            (
                "d.test",
                true,
                Some(&wrong),
                "mismatch",
                "no TLSA record names",
            ),
            (
                "e.test",
                false,
                Some(&wrong),
                "unvalidated",
                "no TLSA record names",
            ),
        ] {
            let name = host_of(net, domain);
            if let Some(record) = record {
                net.zone.add(&name, record.clone());
            }
            if signed {
                net.zone.sign(domain);
            }
            let id = net.send(&inbox, &[&format!("ann@{domain}")]).await;
            let told = net.settled(&inbox, &id, &["delivered"]).await;
            let attempt = last(&told);
            assert_eq!(attempt["dane"], dane, "{domain}: {attempt}");
            assert!(words(attempt).contains(said), "{domain}: {attempt}");
            assert!(soon(sink.next()).await.tls);
            let timeline = format!("{}/timeline", message_path(&inbox, &id));
            let timeline = net.world.get(&timeline).await.to_string();
            let told = format!("\"dane\":\"{dane}\"");
            assert!(timeline.contains(&told), "{domain}: {timeline}");
        }
        // A server that does not encrypt.
        let name = host_of(net, "f.test");
        net.zone.add(&name, right);
        net.zone.sign("f.test");
        sink.manners(Manners::default());
        let id = net.send(&inbox, &["ann@f.test"]).await;
        let told = net.settled(&inbox, &id, &["delivered"]).await;
        assert_eq!(last(&told)["dane"], "mismatch", "{told:?}");
        assert!(words(last(&told)).contains("no encryption"), "{told:?}");
    })
    .await;
}

#[tokio::test]
async fn enforced_a_server_that_shows_another_certificate_gets_no_mail() {
    let more = [("MAILROOST_DANE", "enforce")];
    each_net(&more, async |net, sink| {
        let inbox = net.world.inbox().await;
        let (wrong, right) = (shows(sink), shows(sink));
        // Without proof it is told, and that is all.
        net.zone.add(&host_of(net, "a.test"), wrong.clone());
        let id = net.send(&inbox, &["ann@a.test"]).await;
        let told = net.settled(&inbox, &id, &["delivered"]).await;
        assert_eq!(last(&told)["dane"], "unvalidated");
        soon(sink.next()).await;

        let name = host_of(net, "b.test");
        net.zone.add(&name, wrong);
        net.zone.sign("b.test");
        let id = net.send(&inbox, &["ann@b.test"]).await;
        let told = net.settled(&inbox, &id, &["deferred"]).await;
        let attempt = last(&told);
        assert_eq!(
            (&attempt["dane"], &attempt["stage"]),
            (&json!("mismatch"), &json!("starttls"))
        );
        let detail = told[0]["detail"].as_str().unwrap();
        assert!(
            detail.starts_with("451 4.7.5") && detail.contains("(DANE)"),
            "{detail}"
        );
        assert!(sink.waiting().is_none());
        // One record that fits is enough, and is looked for at every try.
        net.zone.add(&name, right.clone());
        let told = net.settled(&inbox, &id, &["delivered"]).await;
        assert_eq!(last(&told)["dane"], "valid");
        assert!(soon(sink.next()).await.tls);

        // Nor does one whose records are kept from us, or one that does not encrypt.
        net.zone.add(&host_of(net, "c.test"), ZoneRecord::Failure);
        net.zone.sign("c.test");
        let id = net.send(&inbox, &["ann@c.test"]).await;
        let told = net.settled(&inbox, &id, &["deferred"]).await;
        let detail = told[0]["detail"].as_str().unwrap();
        assert!(
            detail.contains("4.4.3") && detail.contains("TLSA"),
            "{detail}"
        );
        net.zone.add(&host_of(net, "d.test"), right);
        net.zone.sign("d.test");
        sink.manners(Manners::default());
        let id = net.send(&inbox, &["ann@d.test"]).await;
        let told = net.settled(&inbox, &id, &["deferred"]).await;
        assert_eq!(last(&told)["stage"], "starttls", "{told:?}");
        assert!(sink.waiting().is_none());
        // Where nothing is signed, an error says nothing about anybody.
        net.zone.add(&host_of(net, "e.test"), ZoneRecord::Failure);
        let id = net.send(&inbox, &["ann@e.test"]).await;
        let told = net.settled(&inbox, &id, &["delivered"]).await;
        assert!(last(&told).get("dane").is_none(), "{told:?}");
    })
    .await;
}
