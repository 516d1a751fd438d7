//! Mail to other servers: a name server and scripted receivers of the test's own, on loopback
//! addresses that the real binary delivers to.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde_json::{Value, json};
use testkit::tls::Authority;
use testkit::{Act, DnsZone, MailSink, Manners, Mood, ZoneRecord, tls};

use crate::database::{Data, engines};
use crate::listener::Listener;
use crate::running::{ADMIN_KEY, Running, serve, soon};
use crate::world::{World, eventually, has_label, message_path, well_ended};

/// A server that delivers to the servers which the zone names.
pub struct Net {
    /// The server.
    pub world: World,
    /// The name server.
    pub zone: DnsZone,
    /// The port of all receivers.
    pub port: u16,
    more: Vec<(&'static str, String)>,
}

impl Net {
    async fn start(data: Data, zone: DnsZone, port: u16, more: &[(&'static str, &str)]) -> Self {
        let mut all = vec![
            ("MAILROOST_DELIVERY", "direct".to_owned()),
            ("MAILROOST_RETRY_AFTER", "1s".to_owned()),
            ("MAILROOST_DELIVERY_PORT", port.to_string()),
            ("MAILROOST_DNS", zone.address().to_string()),
        ];
        for (name, value) in more {
            all.retain(|(known, _)| known != name);
            all.push((name, (*value).to_owned()));
        }
        let server = Self::server(&data, &all).await;
        let world = World { server, data };
        Self {
            world,
            zone,
            port,
            more: all,
        }
    }

    async fn server(data: &Data, more: &[(&'static str, String)]) -> Running {
        let mut command = serve(data);
        command.env("MAILROOST_API_KEY", ADMIN_KEY);
        for (name, value) in more {
            command.env(name, value);
        }
        Running::from(&mut command).await
    }

    /// The same after a stop and a start.
    async fn restarted(self, between: impl AsyncFnOnce()) -> Self {
        well_ended(self.world.server).await;
        between().await;
        let server = Self::server(&self.world.data, &self.more).await;
        let data = self.world.data;
        Self {
            world: World { server, data },
            ..self
        }
    }

    /// A receiver at another address of this machine, with the port of all.
    async fn sink(&self, last: u8) -> MailSink {
        sink_at(last, self.port).await
    }

    /// Makes `host` the server of `domain`, at this address.
    pub fn mx(&self, domain: &str, preference: u16, host: &str, last: u8) {
        let exchanger = ZoneRecord::Mx(preference, host.to_owned());
        self.zone.add(domain, exchanger);
        self.zone.remove(host);
        let address = Ipv4Addr::new(127, 0, 0, last).into();
        self.zone.add(host, ZoneRecord::Address(address));
    }

    /// Sends a message.
    pub async fn send(&self, inbox: &str, to: &[&str]) -> String {
        let body = json!({"to": to, "subject": "Out", "text": "Hello there."});
        self.world.send(inbox, body).await
    }

    /// The deliveries of a message, by their recipients.
    pub async fn deliveries(&self, inbox: &str, id: &str) -> Vec<Value> {
        let path = format!("{}/deliveries", message_path(inbox, id));
        let found = self.world.get(&path).await;
        let mut list = found["deliveries"].as_array().unwrap().clone();
        list.sort_by_key(|one| one["recipient"].as_str().unwrap().to_owned());
        list
    }

    /// The deliveries, once every one is in its state.
    pub async fn settled(&self, inbox: &str, id: &str, states: &[&str]) -> Vec<Value> {
        eventually(async || {
            let list = self.deliveries(inbox, id).await;
            let now: Vec<&str> = list
                .iter()
                .map(|one| one["state"].as_str().unwrap())
                .collect();
            (now == states).then_some(list)
        })
        .await
    }
}

async fn sink_at(last: u8, port: u16) -> MailSink {
    let address = SocketAddr::from((Ipv4Addr::new(127, 0, 0, last), port));
    MailSink::at(address).await.unwrap()
}

/// Runs a test on each engine, with a receiver for `x.test` at 127.0.0.2.
pub async fn each_net(more: &[(&'static str, &str)], test: impl AsyncFn(&Net, &mut MailSink)) {
    for engine in engines() {
        let zone = DnsZone::start().await;
        let mut sink = sink_at(2, 0).await;
        let net = Net::start(Data::new(engine), zone, sink.address().port(), more).await;
        net.mx("x.test", 10, "mx.x.test", 2);
        Box::pin(test(&net, &mut sink)).await;
        well_ended(net.world.server).await;
    }
}

fn detail(delivery: &Value) -> &str {
    delivery["detail"].as_str().unwrap()
}

#[tokio::test]
async fn mail_goes_to_the_server_that_the_dns_names_and_says_so() {
    each_net(&[], async |net, sink| {
        let inbox = net.world.inbox().await;
        let mut listener = Listener::to(&net.world, json!({})).await;
        let id = net.send(&inbox, &["Bob.Smith@x.test", "cat@x.test"]).await;
        let mut came = soon(sink.next()).await;
        came.to.sort();
        assert!(came.from.starts_with("bounce+"), "{}", came.from);
        assert_eq!(came.to, ["Bob.Smith@x.test", "cat@x.test"]);
        assert_eq!(came.raw, net.world.raw(&inbox, &id).await);

        let message = net.world.labelled(&inbox, &id, "delivered").await;
        assert!(!has_label(&message, "delivered-in-sandbox"), "{message}");
        assert_eq!(listener.event().await["event_type"], "message.sent");
        let event = listener.event().await;
        assert_eq!(event["event_type"], "message.delivered");
        assert!(event.get("sandbox").is_none(), "{event}");
        assert_eq!(event["delivery"]["recipients"].as_array().unwrap().len(), 2);

        let list = net.deliveries(&inbox, &id).await;
        for one in &list {
            assert_eq!(
                (&one["state"], &one["attempts"]),
                (&json!("delivered"), &json!(1))
            );
            assert!(one.get("next_attempt_at").is_none(), "{one}");
            let [attempt] = one["history"].as_array().unwrap().as_slice() else {
                panic!("{one}");
            };
            assert_eq!(attempt["way"], "direct");
            assert_eq!(
                (&attempt["host"], &attempt["address"]),
                (&json!("mx.x.test"), &json!("127.0.0.2"))
            );
            assert_eq!(
                (&attempt["stage"], &attempt["code"]),
                (&json!("end_of_data"), &json!(250))
            );
            assert_eq!(attempt["reply"], "250 2.0.0 kept");
        }
        assert_eq!(sink.connections(), 1);
    })
    .await;
}

#[tokio::test]
async fn mail_that_is_greylisted_is_tried_again() {
    each_net(&[], async |net, sink| {
        let inbox = net.world.inbox().await;
        sink.once("RCPT", Act::say("451 4.7.1 greylisted, come back"));
        let id = net.send(&inbox, &["bob@x.test"]).await;
        let waiting = net.settled(&inbox, &id, &["deferred"]).await;
        assert_eq!(detail(&waiting[0]), "451 4.7.1 greylisted, come back");
        assert!(waiting[0]["next_attempt_at"].is_string(), "{waiting:?}");
        let done = net.settled(&inbox, &id, &["delivered"]).await;
        assert_eq!(done[0]["attempts"], 2);
        let stages: Vec<&Value> = done[0]["history"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| &one["stage"])
            .collect();
        assert_eq!(stages, ["rcpt", "end_of_data"]);
        assert_eq!(soon(sink.next()).await.to, ["bob@x.test"]);
        assert!(sink.waiting().is_none());
    })
    .await;
}

#[tokio::test]
async fn each_recipient_has_an_outcome_and_only_those_put_off_are_tried_again() {
    each_net(&[], async |net, sink| {
        let inbox = net.world.inbox().await;
        let mut listener =
            Listener::to(&net.world, json!({"event_types": ["message.bounced"]})).await;
        sink.on(
            "RCPT TO:<bad@",
            Act::say("550-5.1.1 no such\n550 5.1.1 user"),
        );
        sink.once("RCPT TO:<slow@", Act::say("452 4.2.2 over quota"));
        let id = net
            .send(&inbox, &["ann@x.test", "bad@x.test", "slow@x.test"])
            .await;
        let list = net
            .settled(&inbox, &id, &["delivered", "bounced", "delivered"])
            .await;
        assert_eq!(detail(&list[1]), "550 5.1.1 no such / user");
        let tries: Vec<&Value> = list.iter().map(|one| &one["attempts"]).collect();
        assert_eq!(tries, [&json!(1), &json!(1), &json!(2)]);
        assert_eq!(soon(sink.next()).await.to, ["ann@x.test"]);
        assert_eq!(soon(sink.next()).await.to, ["slow@x.test"]);
        assert!(sink.waiting().is_none());

        let event = listener.event().await;
        let bounce = &event["bounce"];
        assert_eq!(
            (&bounce["type"], &bounce["sub_type"]),
            (&json!("Permanent"), &json!("NoEmail"))
        );
        assert_eq!(bounce["recipients"][0]["address"], "bad@x.test");
        assert!(
            bounce["recipients"][0]["status"]
                .as_str()
                .unwrap()
                .starts_with("550 5.1.1")
        );
        let message = net.world.labelled(&inbox, &id, "bounced").await;
        assert!(has_label(&message, "delivered"), "{message}");
    })
    .await;
}

#[tokio::test]
async fn what_the_dns_rules_out_bounces_at_once_and_what_it_does_not_say_waits() {
    each_net(&[], async |net, sink| {
        let inbox = net.world.inbox().await;
        net.zone.add("null.test", ZoneRecord::Mx(0, ".".to_owned()));
        net.zone.add(
            "ours.test",
            ZoneRecord::Mx(0, "mailroost.localhost".to_owned()),
        );
        net.zone
            .add("empty.test", ZoneRecord::Mx(0, "mx.empty.test".to_owned()));
        net.zone.add(
            "private.test",
            ZoneRecord::Mx(0, "mx.private.test".to_owned()),
        );
        net.zone.add(
            "mx.private.test",
            ZoneRecord::Address(Ipv4Addr::new(10, 0, 0, 1).into()),
        );
        for (to, code) in [
            ("a@null.test", "5.1.10"),
            ("a@none.test", "5.1.2"),
            ("a@ours.test", "5.4.6"),
            ("a@empty.test", "5.4.4"),
            ("a@private.test", "5.4.4"),
        ] {
            let id = net.send(&inbox, &[to]).await;
            let list = net.settled(&inbox, &id, &["bounced"]).await;
            assert!(
                detail(&list[0]).contains(code),
                "{to}: {}",
                detail(&list[0])
            );
        }
        // No MX at all: the domain's own address.
        net.zone.add(
            "bare.test",
            ZoneRecord::Address(Ipv4Addr::new(127, 0, 0, 2).into()),
        );
        let id = net.send(&inbox, &["a@bare.test"]).await;
        net.settled(&inbox, &id, &["delivered"]).await;
        assert_eq!(soon(sink.next()).await.to, ["a@bare.test"]);

        net.zone.set_mood(Mood::Failing);
        let id = net.send(&inbox, &["a@later.test"]).await;
        let list = net.settled(&inbox, &id, &["deferred"]).await;
        assert!(detail(&list[0]).starts_with("451 4.4.3"), "{list:?}");
        net.mx("later.test", 10, "mx.x.test", 2);
        net.zone.set_mood(Mood::Answering);
        net.settled(&inbox, &id, &["delivered"]).await;
    })
    .await;
}

#[tokio::test]
async fn the_next_server_is_asked_when_the_best_does_not_take_mail() {
    each_net(&[], async |net, sink| {
        let inbox = net.world.inbox().await;
        net.mx("many.test", 10, "mx1.many.test", 3);
        net.mx("many.test", 20, "mx2.many.test", 4);
        net.mx("many.test", 30, "mx.x.test", 2);
        // Nobody listens at the first; the second wants nothing.
        let second = net.sink(4).await;
        second.on(
            MailSink::CONNECT,
            Act::SayAndClose("554 5.7.1 go away".to_owned()),
        );
        let id = net.send(&inbox, &["a@many.test"]).await;
        let list = net.settled(&inbox, &id, &["delivered"]).await;
        assert_eq!(list[0]["history"][0]["host"], "mx.x.test");
        assert_eq!(soon(sink.next()).await.to, ["a@many.test"]);
        // A server that dies in the middle is no better.
        second.forget();
        second.on("MAIL", Act::Close);
        let id = net.send(&inbox, &["b@many.test"]).await;
        net.settled(&inbox, &id, &["delivered"]).await;
        assert_eq!(soon(sink.next()).await.to, ["b@many.test"]);

        second.forget();
        second.on(
            MailSink::CONNECT,
            Act::SayAndClose("554 5.7.1 you are listed".to_owned()),
        );
        net.mx("refusing.test", 10, "mx2.many.test", 4);
        let id = net.send(&inbox, &["a@refusing.test"]).await;
        let list = net.settled(&inbox, &id, &["bounced"]).await;
        assert!(
            detail(&list[0]).starts_with("554 5.7.1 you are listed"),
            "{list:?}"
        );
        assert_eq!(list[0]["history"][0]["stage"], "greeting");
    })
    .await;
}

#[tokio::test]
async fn a_connection_lost_after_the_final_dot_sends_the_same_bytes_again() {
    each_net(&[], async |net, sink| {
        let inbox = net.world.inbox().await;
        sink.once(MailSink::MESSAGE, Act::KeepAndClose);
        let id = net.send(&inbox, &["bob@x.test"]).await;
        let list = net.settled(&inbox, &id, &["delivered"]).await;
        assert_eq!(list[0]["history"][0]["stage"], "end_of_data");
        assert_eq!(list[0]["history"][0]["state"], "deferred");
        let (first, second) = (soon(sink.next()).await, soon(sink.next()).await);
        assert_eq!(first.raw, second.raw);
    })
    .await;
}

#[tokio::test]
async fn a_destination_that_is_down_or_slow_does_not_keep_others_waiting() {
    each_net(
        &[("MAILROOST_DESTINATION_CONNECTIONS", "2")],
        async |net, sink| {
            let inbox = net.world.inbox().await;
            net.mx("down.test", 10, "mx.down.test", 5);
            net.mx("slow.test", 10, "mx.slow.test", 6);
            let mut slow = net.sink(6).await;
            slow.on(MailSink::MESSAGE, Act::Hang);
            let (mut down, mut slowed) = (Vec::new(), Vec::new());
            for index in 0..40 {
                down.push(net.send(&inbox, &[&format!("a{index}@down.test")]).await);
                slowed.push(net.send(&inbox, &[&format!("a{index}@slow.test")]).await);
            }
            let well = net.send(&inbox, &["bob@x.test"]).await;
            net.settled(&inbox, &well, &["delivered"]).await;
            assert_eq!(soon(sink.next()).await.to, ["bob@x.test"]);
            for id in &down {
                let list = net.settled(&inbox, id, &["deferred"]).await;
                assert!(detail(&list[0]).starts_with("451 4.4.1"), "{list:?}");
            }
            assert!(slow.most() <= 2, "{}", slow.most());
            slow.release();
            for id in &slowed {
                net.settled(&inbox, id, &["delivered"]).await;
            }
            let mut came = 0;
            while slow.waiting().is_some() {
                came += 1;
            }
            assert_eq!(came, 40);
            // Several messages went over one connection.
            assert!(slow.connections() < 20, "{}", slow.connections());
        },
    )
    .await;
}

#[tokio::test]
async fn what_a_slow_destination_has_no_time_for_waits_in_the_store_and_all_of_it_leaves() {
    each_net(
        &[("MAILROOST_DESTINATION_CONNECTIONS", "4")],
        async |net, sink| {
            let inbox = net.world.inbox().await;
            net.mx("y.test", 10, "mx.y.test", 7);
            let mut other = net.sink(7).await;
            sink.on(MailSink::MESSAGE, Act::Hang);
            for index in 0..400 {
                net.send(&inbox, &[&format!("a{index}@x.test")]).await;
            }
            let id = net.send(&inbox, &["bob@y.test"]).await;
            net.settled(&inbox, &id, &["delivered"]).await;
            assert_eq!(soon(other.next()).await.to, ["bob@y.test"]);
            sink.release();
            let mut seen = std::collections::BTreeSet::new();
            for _ in 0..400 {
                let came = soon(sink.next()).await;
                assert!(seen.insert(came.to[0].clone()), "{came:?} came twice");
            }
            assert!(sink.waiting().is_none());
        },
    )
    .await;
}

#[tokio::test]
async fn mail_that_waits_is_labelled_and_given_up_in_the_end() {
    let more = [
        ("MAILROOST_KEEP_TRYING", "4s"),
        ("MAILROOST_DELAY_NOTICE", "1s"),
    ];
    each_net(&more, async |net, sink| {
        let inbox = net.world.inbox().await;
        let mut listener =
            Listener::to(&net.world, json!({"event_types": ["message.bounced"]})).await;
        sink.on("RCPT", Act::say("451 4.3.0 not today"));
        let id = net.send(&inbox, &["bob@x.test"]).await;
        net.world.labelled(&inbox, &id, "delayed").await;
        let event = listener.event().await;
        assert_eq!(
            (&event["bounce"]["type"], &event["bounce"]["sub_type"]),
            (&json!("Transient"), &json!("General"))
        );
        let list = net.settled(&inbox, &id, &["bounced"]).await;
        let told = detail(&list[0]);
        assert!(
            told.contains("4.4.7") && told.ends_with("451 4.3.0 not today"),
            "{told}"
        );
        let message = net.world.message(&inbox, &id).await;
        assert!(
            has_label(&message, "bounced") && !has_label(&message, "delayed"),
            "{message}"
        );
    })
    .await;
}

#[tokio::test]
async fn what_was_put_off_is_tried_again_after_a_restart() {
    for engine in engines() {
        let zone = DnsZone::start().await;
        let mut sink = sink_at(2, 0).await;
        let port = sink.address().port();
        let net = Net::start(
            Data::new(engine),
            zone,
            port,
            &[("MAILROOST_RETRY_AFTER", "2s")],
        )
        .await;
        net.mx("x.test", 10, "mx.x.test", 2);
        let inbox = net.world.inbox().await;
        sink.on("RCPT", Act::say("450 4.2.0 later"));
        let waiting = net.send(&inbox, &["bob@x.test"]).await;
        net.settled(&inbox, &waiting, &["deferred"]).await;
        // One that is being brought while the server stops.
        sink.forget();
        sink.once("MAIL", Act::Hang);
        let cut = net.send(&inbox, &["cat@x.test"]).await;
        eventually(async || {
            sink.heard()
                .iter()
                .filter(|line| line.starts_with("MAIL"))
                .nth(1)
                .map(|_| ())
        })
        .await;
        let net = net.restarted(async || sink.forget()).await;
        for id in [&waiting, &cut] {
            net.settled(&inbox, id, &["delivered"]).await;
        }
        let mut came = vec![soon(sink.next()).await.to, soon(sink.next()).await.to];
        came.sort();
        assert_eq!(came, [["bob@x.test"], ["cat@x.test"]]);
        assert!(sink.waiting().is_none());
        well_ended(net.world.server).await;
    }
}

#[tokio::test]
async fn a_relay_takes_everything_after_a_login_over_tls_with_a_good_certificate() {
    for engine in engines() {
        let authority = Authority::new().unwrap();
        let mut relay = sink_at(8, 0).await;
        // base64 of NUL ann@acme.test NUL secret
        let plain = "AGFubkBhY21lLnRlc3QAc2VjcmV0".to_owned();
        let manners = |tls| Manners {
            tls: Some(tls),
            plain: Some(plain.clone()),
            ..Manners::default()
        };
        relay.manners(manners(authority.good("127.0.0.8").unwrap()));
        let data = Data::new(engine);
        let roots = data.outside().join("roots.pem");
        std::fs::write(&roots, authority.root()).unwrap();
        let url = format!("smtp://ann@acme.test@127.0.0.8:{}", relay.address().port());
        let zone = DnsZone::start().await;
        let more = [
            ("MAILROOST_DELIVERY", "sandbox"),
            ("MAILROOST_DELIVERY_ROUTES", "mailroost.localhost relay"),
            ("MAILROOST_RELAY", url.as_str()),
            ("MAILROOST_RELAY_PASSWORD", "secret"),
            ("MAILROOST_EXTRA_ROOTS", roots.to_str().unwrap()),
        ];
        let net = Net::start(data, zone, 25, &more).await;
        let inbox = net.world.inbox().await;
        let id = net.send(&inbox, &["bob@anywhere.test"]).await;
        let list = net.settled(&inbox, &id, &["delivered"]).await;
        let attempt = &list[0]["history"][0];
        assert_eq!(attempt["way"], "relay relay");
        let tls = attempt["tls"].as_str().unwrap();
        assert!(
            tls.starts_with("TLSv1.") && tls.ends_with("verified"),
            "{tls}"
        );
        let came = soon(relay.next()).await;
        assert!(came.tls && came.to == ["bob@anywhere.test"], "{came:?}");

        // A relay whose certificate is no longer good gets nothing, not even the password.
        relay.manners(manners(authority.expired("127.0.0.8").unwrap()));
        let heard = relay.heard().len();
        let net = net.restarted(async || ()).await;
        let id = net.send(&inbox, &["cat@anywhere.test"]).await;
        let list = net.settled(&inbox, &id, &["deferred"]).await;
        assert!(detail(&list[0]).contains("certificate"), "{list:?}");
        let more = relay.heard().split_off(heard);
        assert!(
            !more
                .iter()
                .any(|line| line.starts_with("AUTH") || line.starts_with("MAIL")),
            "{more:?}"
        );
        relay.manners(manners(authority.good("127.0.0.8").unwrap()));
        net.settled(&inbox, &id, &["delivered"]).await;
        well_ended(net.world.server).await;
    }
}

#[tokio::test]
async fn encryption_is_used_where_it_is_offered_and_bad_certificates_do_not_matter() {
    each_net(&[], async |net, sink| {
        let inbox = net.world.inbox().await;
        let tls = Some(tls::self_signed("other.test").unwrap());
        sink.manners(Manners {
            tls,
            ..Manners::default()
        });
        let id = net.send(&inbox, &["bob@x.test"]).await;
        let list = net.settled(&inbox, &id, &["delivered"]).await;
        let told = list[0]["history"][0]["tls"].as_str().unwrap();
        assert!(
            told.starts_with("TLSv1.") && told.contains("not verified"),
            "{told}"
        );
        assert!(soon(sink.next()).await.tls);
    })
    .await;
}

/// Serves a policy at 127.0.0.9; `None` where this user may not have the port of HTTPS.
async fn policy_server(authority: &Authority, policy: &str) -> Option<MailSink> {
    let address = SocketAddr::from((Ipv4Addr::new(127, 0, 0, 9), 443));
    let Ok(sink) = MailSink::at(address).await else {
        println!("skipped: MTA-STS needs port 443 on 127.0.0.9");
        return None;
    };
    sink.manners(Manners {
        tls: Some(authority.good("mta-sts.x.test").unwrap()),
        implicit: true,
        ..Manners::default()
    });
    sink.on(MailSink::CONNECT, Act::say(""));
    let head = format!(
        "HTTP/1.1 200 OK\nContent-Type: text/plain\nContent-Length: {}\n\n",
        policy.replace('\n', "\r\n").len()
    );
    sink.on(
        "GET /.well-known/mta-sts.txt ",
        Act::say(&format!("{head}{policy}")),
    );
    Some(sink)
}

#[tokio::test]
async fn a_policy_that_is_enforced_wants_named_servers_with_good_certificates() {
    let authority = Authority::new().unwrap();
    let policy = "version: STSv1\nmode: enforce\nmx: *.x.test\nmax_age: 86400";
    let Some(server) = policy_server(&authority, policy).await else {
        return;
    };
    for engine in engines() {
        let (zone, data) = (DnsZone::start().await, Data::new(engine));
        let roots = data.outside().join("roots.pem");
        std::fs::write(&roots, authority.root()).unwrap();
        let mut sink = sink_at(2, 0).await;
        let port = sink.address().port();
        let more = [("MAILROOST_EXTRA_ROOTS", roots.to_str().unwrap())];
        let net = Net::start(data, zone, port, &more).await;
        net.mx("x.test", 10, "mx.x.test", 2);
        net.zone.add(
            "_mta-sts.x.test",
            ZoneRecord::Txt("v=STSv1; id=1;".to_owned()),
        );
        net.zone.add(
            "mta-sts.x.test",
            ZoneRecord::Address(Ipv4Addr::new(127, 0, 0, 9).into()),
        );
        let inbox = net.world.inbox().await;
        // Without TLS, and with a certificate for another name: nothing is sent.
        let id = net.send(&inbox, &["bob@x.test"]).await;
        let list = net.settled(&inbox, &id, &["deferred"]).await;
        assert!(detail(&list[0]).contains("STARTTLS"), "{list:?}");
        let tls = |tls| Manners {
            tls: Some(tls),
            ..Manners::default()
        };
        sink.manners(tls(authority.good("other.test").unwrap()));
        eventually(async || {
            let list = net.deliveries(&inbox, &id).await;
            detail(&list[0]).contains("certificate").then_some(())
        })
        .await;
        assert!(
            !sink.heard().iter().any(|line| line.starts_with("MAIL")),
            "{:?}",
            sink.heard()
        );
        sink.manners(tls(authority.good("mx.x.test").unwrap()));
        let list = net.settled(&inbox, &id, &["delivered"]).await;
        let history = list[0]["history"].as_array().unwrap();
        let told = history.last().unwrap()["tls"].as_str().unwrap();
        assert!(told.contains("verified; MTA-STS enforced"), "{told}");
        assert!(soon(sink.next()).await.tls);

        // A server that the policy does not name gets nothing, although the policy is not to be had
        // any more: it is remembered.
        let net = net.restarted(async || ()).await;
        net.zone.remove("_mta-sts.x.test");
        net.zone.remove("x.test");
        net.mx("x.test", 10, "mx.elsewhere.test", 2);
        let id = net.send(&inbox, &["cat@x.test"]).await;
        let list = net.settled(&inbox, &id, &["deferred"]).await;
        assert!(detail(&list[0]).contains("MTA-STS"), "{list:?}");
        well_ended(net.world.server).await;
    }
    drop(server);
}

#[tokio::test]
async fn a_rate_spaces_what_one_destination_gets() {
    each_net(
        &[("MAILROOST_DESTINATION_RATE", "120")],
        async |net, sink| {
            let inbox = net.world.inbox().await;
            let begun = now();
            for index in 0..4 {
                net.send(&inbox, &[&format!("a{index}@x.test")]).await;
            }
            // Half a second each at this rate. A busy machine can only make them later, and never
            // bring one before its time.
            for index in 0..4 {
                soon(sink.next()).await;
                assert!(begun.elapsed() >= Duration::from_millis(500) * index);
            }
        },
    )
    .await;
}

#[expect(
    clippy::disallowed_methods,
    reason = "the pace of a process on the real clock is measured"
)]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}
