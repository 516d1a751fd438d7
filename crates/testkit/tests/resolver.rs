//! `sys::Resolver` against a name server of this machine.

use std::net::IpAddr;

use sys::{Answer, MailExchanger, Resolver};
use testkit::{DnsZone, Mood, ZoneRecord};

async fn zone() -> (DnsZone, Resolver) {
    let zone = DnsZone::start().await;
    let resolver = Resolver::at(vec![zone.address()]);
    (zone, resolver)
}

#[tokio::test]
async fn every_kind_of_record_is_read() {
    let (zone, resolver) = zone().await;
    let long = "x".repeat(600);
    zone.add("acme.dev", ZoneRecord::Txt(long.clone()));
    zone.add("acme.dev", ZoneRecord::Mx(10, "MX.acme.dev".to_owned()));
    zone.add("acme.dev", ZoneRecord::Ns("ns1.acme.dev".to_owned()));
    zone.add("link.acme.dev", ZoneRecord::Cname("acme.dev".to_owned()));
    let four: IpAddr = "192.0.2.1".parse().unwrap();
    let six: IpAddr = "2001:db8::1".parse().unwrap();
    zone.add("mx.acme.dev", ZoneRecord::Address(six));
    zone.add("mx.acme.dev", ZoneRecord::Address(four));
    zone.add("*.acme.dev", ZoneRecord::Mx(10, "mx.acme.dev".to_owned()));

    let exchanger = vec![MailExchanger {
        preference: 10,
        host: "mx.acme.dev".to_owned(),
    }];
    assert_eq!(
        resolver.txt("acme.dev").await.unwrap().records(),
        std::slice::from_ref(&long)
    );
    assert_eq!(resolver.mx("Acme.DEV.").await.unwrap().records(), exchanger);
    assert_eq!(
        resolver.mx("*.acme.dev").await.unwrap().records(),
        exchanger
    );
    assert_eq!(
        resolver.mx("bot.acme.dev").await.unwrap().records(),
        exchanger
    );
    assert_eq!(
        resolver.ns("acme.dev").await.unwrap().records(),
        ["ns1.acme.dev"]
    );
    assert_eq!(
        resolver.cname("link.acme.dev").await.unwrap().records(),
        ["acme.dev"]
    );
    assert_eq!(
        resolver.txt("link.acme.dev").await.unwrap().records(),
        [long]
    );
    assert_eq!(
        resolver.addresses("mx.acme.dev").await.unwrap().records(),
        [four, six]
    );
}

#[tokio::test]
async fn what_is_not_there_and_what_cannot_be_found_out_are_told_apart() {
    let (zone, resolver) = zone().await;
    zone.add("acme.dev", ZoneRecord::Txt("here".to_owned()));
    assert_eq!(resolver.mx("acme.dev").await.unwrap(), Answer::NoRecords);
    assert_eq!(resolver.mx("nobody.dev").await.unwrap(), Answer::NoName);
    assert_eq!(resolver.mx("not a name").await.unwrap(), Answer::NoName);
    assert_eq!(
        resolver.addresses("nobody.dev").await.unwrap(),
        Answer::NoName
    );
    for mood in [Mood::Failing, Mood::Silent] {
        zone.set_mood(mood);
        assert!(resolver.txt("acme.dev").await.is_err(), "{mood:?}");
    }
    zone.set_mood(Mood::Answering);
    assert_eq!(resolver.txt("acme.dev").await.unwrap().records(), ["here"]);
}

#[tokio::test]
async fn a_record_that_was_corrected_is_seen_at_once() {
    let (zone, resolver) = zone().await;
    assert_eq!(resolver.txt("acme.dev").await.unwrap(), Answer::NoName);
    zone.add("acme.dev", ZoneRecord::Txt("one".to_owned()));
    assert_eq!(resolver.txt("acme.dev").await.unwrap().records(), ["one"]);
    zone.remove("acme.dev");
    zone.add("acme.dev", ZoneRecord::Txt("two".to_owned()));
    assert_eq!(resolver.txt("acme.dev").await.unwrap().records(), ["two"]);
}
