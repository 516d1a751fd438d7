//! TLSA records: which certificates they vouch for, and whether a name server has proven them.
#![expect(
    clippy::unwrap_used,
    reason = "an expectation that fails is a test that fails"
)]

use aws_lc_rs::digest;
use rustls::pki_types::CertificateDer;
use rustls::server::ParsedCertificate;
use sys::dane::{Tlsa, vouching};
use sys::{Answer, Resolver};
use testkit::tls::Authority;
use testkit::{DnsZone, Mood, ZoneRecord};

const HOST: &str = "mx.x.test";

/// The record that names a certificate.
fn naming(usage: u8, selector: u8, matching: u8, certificate: &[u8]) -> Tlsa {
    let der = CertificateDer::from(certificate);
    let parsed = ParsedCertificate::try_from(&der).unwrap();
    let key = parsed.subject_public_key_info();
    let selected = if selector == 0 { certificate } else { &*key };
    let hash = |algorithm| digest::digest(algorithm, selected).as_ref().to_vec();
    let data = match matching {
        1 => hash(&digest::SHA256),
        2 => hash(&digest::SHA512),
        _ => selected.to_vec(),
    };
    Tlsa {
        usage,
        selector,
        matching,
        data,
    }
}

#[test]
fn records_vouch_for_the_certificates_that_they_name() {
    let (authority, other) = (Authority::new().unwrap(), Authority::new().unwrap());
    let chain = |authority: &Authority, name, good| authority.chain(name, good).unwrap().1;
    let good = chain(&authority, HOST, true);
    let expired = chain(&authority, HOST, false);
    let misnamed = chain(&authority, "other.test", true);
    let strange = chain(&other, HOST, true);
    // The root of somebody else behind a certificate that it did not sign.
    let spliced = vec![strange[0].clone(), good[1].clone()];
    for (usage, selector, matching) in [
        (3, 1, 1),
        (3, 0, 1),
        (3, 1, 2),
        (3, 0, 0),
        (3, 1, 0),
        (2, 0, 1),
        (2, 1, 1),
        (2, 1, 2),
    ] {
        let own = usage == 3;
        let of = |chain: &[Vec<u8>]| {
            let named = if own { &chain[0] } else { &chain[1] };
            naming(usage, selector, matching, named)
        };
        let vouches = |record: &Tlsa, chain: &[Vec<u8>]| {
            vouching(std::slice::from_ref(record), chain, HOST).is_some()
        };
        let record = of(&good);
        assert!(record.is_usable());
        assert!(vouches(&record, &good), "{record}");
        assert!(!vouches(&record, &strange), "{record}");
        assert!(!vouches(&record, &spliced), "{record}");
        assert!(!vouches(&record, &[]), "{record}");
        // What the record says stands for name and dates, if it is about the certificate itself.
        for wrong in [&expired, &misnamed] {
            assert_eq!(vouches(&of(wrong), wrong), own, "{record}");
        }
        // The first that fits is told, whatever stands before it.
        let records = [of(&strange), naming(1, 1, 1, &good[0]), record.clone()];
        assert_eq!(vouching(&records, &good, HOST), Some(&record));
    }
}

#[test]
fn records_that_mean_nothing_for_mail_are_no_records() {
    let authority = Authority::new().unwrap();
    let (_, good) = authority.chain(HOST, true).unwrap();
    let whole = naming(3, 1, 1, &good[0]);
    let changed = |change: &dyn Fn(&mut Tlsa)| {
        let mut record = whole.clone();
        change(&mut record);
        record
    };
    for record in [
        changed(&|one| one.usage = 0),
        changed(&|one| one.usage = 1),
        changed(&|one| one.usage = 255),
        changed(&|one| one.selector = 2),
        changed(&|one| one.matching = 3),
        changed(&|one| one.matching = 2),
        changed(&|one| one.data.truncate(31)),
        changed(&|one| {
            one.matching = 0;
            one.data.clear();
        }),
    ] {
        assert!(!record.is_usable(), "{record:?}");
        assert_eq!(vouching(&[record], &good, HOST), None);
    }
}

#[tokio::test]
async fn an_answer_is_proven_when_the_name_server_says_so() {
    let zone = DnsZone::start().await;
    let resolver = Resolver::at(vec![zone.address()]);
    let name = "_25._tcp.mx.x.test";
    zone.add(name, ZoneRecord::Tlsa(3, 1, 1, vec![7; 32]));
    zone.add("_25._tcp.mx.y.test", ZoneRecord::Tlsa(2, 0, 2, vec![8; 64]));
    zone.sign("x.test");
    let found = resolver.tlsa(name).await.unwrap();
    let record = Tlsa {
        usage: 3,
        selector: 1,
        matching: 1,
        data: vec![7; 32],
    };
    assert_eq!(
        (found.answer, found.proven),
        (Answer::Records(vec![record]), true)
    );
    let found = resolver.tlsa("_25._tcp.mx.y.test").await.unwrap();
    assert!(matches!(found.answer, Answer::Records(_)) && !found.proven);
    let found = resolver.tlsa("_25._tcp.none.x.test").await.unwrap();
    assert_eq!((found.answer, found.proven), (Answer::NoName, true));
    assert!(resolver.is_proven("mx.x.test").await.unwrap());
    assert!(!resolver.is_proven("mx.y.test").await.unwrap());

    zone.set_mood(Mood::Failing);
    let told = resolver.tlsa(name).await.unwrap_err().to_string();
    assert!(
        told.contains("Server Failure") || told.contains("SERVFAIL"),
        "{told}"
    );
}
