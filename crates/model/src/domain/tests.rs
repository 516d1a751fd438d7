use super::*;

const SERVER: Server<'static> = Server {
    hostname: "mx.mail.dev",
    web: "api.mail.dev",
    mta_sts: MtaSts::Testing,
};

fn key(algorithm: mail::dkim::Algorithm, seen_at: Option<Timestamp>) -> SigningKey {
    SigningKey {
        key_id: crate::SigningKeyId::new(uuid::Uuid::nil()),
        algorithm,
        selector: format!("mr-{}", algorithm.key_type()),
        public: "A".repeat(392),
        created_at: Timestamp::from_micros(0),
        seen_at,
        replaced_at: None,
    }
}

fn wanted(domain: &Domain) -> Vec<Expected> {
    expected(&domain.subject(), &SERVER)
}

fn domain(name: &str, switches: Switches) -> Domain {
    let now = Timestamp::from_micros(0);
    Domain {
        key: DomainKey::new(uuid::Uuid::nil()),
        org_id: OrgId::new(uuid::Uuid::nil()),
        pod_id: None,
        domain: DomainName::parse(name).unwrap(),
        client_id: None,
        switches,
        status: VerificationStatus::NotStarted,
        reason: None,
        keys: vec![key(mail::dkim::Algorithm::Rsa, Some(now))],
        mta_sts: None,
        catch_all: None,
        checks: Vec::new(),
        checked_at: None,
        check_until: now,
        started_at: None,
        verified_at: None,
        usable_at: None,
        created_at: now,
        updated_at: now,
    }
}

const PLAIN: Switches = Switches {
    feedback: true,
    inbound: true,
    subdomains: false,
    tracking: false,
};

const ALL: Switches = Switches {
    subdomains: true,
    tracking: true,
    ..PLAIN
};

fn of(purpose: Purpose) -> Expected {
    let all = wanted(&domain("acme.dev", ALL));
    all.into_iter().find(|one| one.purpose == purpose).unwrap()
}

fn texts(purpose: Purpose, texts: &[&str]) -> (RecordStatus, Option<String>) {
    let found = texts.iter().map(|text| (*text).to_owned()).collect();
    let check = of(purpose).judge(&Found::Texts(found));
    (check.status, check.reason)
}

#[test]
fn names_are_folded_and_what_is_no_mail_domain_is_refused() {
    for (text, name) in [
        ("Acme.DEV.", "acme.dev"),
        (" mail.acme.dev ", "mail.acme.dev"),
        ("bücher.example", "xn--bcher-kva.example"),
    ] {
        assert_eq!(DomainName::parse(text).unwrap().as_str(), name);
    }
    for text in [
        "",
        "dev",
        ".",
        "a..b",
        "1.2.3.4",
        "[1.2.3.4]",
        "a b.dev",
        "-a.dev",
        "a@b.dev",
        "*.a.dev",
    ] {
        assert!(DomainName::parse(text).is_none(), "{text}");
    }
    assert!(DomainName::parse(&format!("{}dev", "a.".repeat(120))).is_none());
}

#[test]
fn public_suffixes_cannot_be_registered_and_zones_begin_below_them() {
    for name in ["co.uk", "com.au", "co.jp", "home.arpa"] {
        assert!(is_public_suffix(name), "{name}");
        assert_eq!(
            registrable(name).unwrap_err().code(),
            crate::Code::Unprocessable
        );
    }
    for (name, apex) in [
        ("acme.dev", "acme.dev"),
        ("mail.acme.dev", "acme.dev"),
        ("a.b.acme.co.uk", "acme.co.uk"),
        ("acme.co.uk", "acme.co.uk"),
        ("co.de", "co.de"),
    ] {
        assert!(!is_public_suffix(name), "{name}");
        assert_eq!(zone_apex(name), apex);
    }
    assert!(is_reserved("a.test") && is_reserved("example.com") && !is_reserved("atest"));
}

#[test]
fn the_records_of_a_domain_follow_its_switches() {
    let names = |name: &str, switches| -> Vec<String> {
        let all = wanted(&domain(name, switches));
        all.iter()
            .filter(|one| !one.recommended)
            .map(|one| format!("{} {}", one.kind.name(), one.name))
            .collect()
    };
    let base = [
        "TXT mr-rsa._domainkey",
        "MX @",
        "MX mail",
        "TXT mail",
        "TXT _dmarc",
    ];
    assert_eq!(names("acme.dev", PLAIN), base);
    let send_only = Switches {
        inbound: false,
        ..PLAIN
    };
    assert!(!names("acme.dev", send_only).contains(&"MX @".to_owned()));
    assert_eq!(
        names("bots.acme.co.uk", ALL),
        [
            "TXT mr-rsa._domainkey.bots",
            "MX bots",
            "MX mail.bots",
            "TXT mail.bots",
            "TXT _dmarc.bots",
            "MX *.bots",
            "CNAME link.bots"
        ]
    );
    let hosts: Vec<String> = wanted(&domain("bots.acme.dev", PLAIN))
        .into_iter()
        .map(|one| one.host)
        .collect();
    assert_eq!(hosts[0], "mr-rsa._domainkey.bots.acme.dev");
    assert_eq!(hosts[1], "bots.acme.dev");
}

#[test]
fn a_key_is_right_however_it_is_spaced_and_two_keys_are_wrong() {
    let key = "A".repeat(392);
    let right = format!("v=DKIM1; k=rsa; p={key}");
    let spaced = format!("k=rsa;p={} {}", &key[..100], &key[100..]);
    let mismatch = Some("value_mismatch".to_owned());
    assert_eq!(texts(Purpose::Dkim, &[&right]), (RecordStatus::Valid, None));
    assert_eq!(
        texts(Purpose::Dkim, &[&spaced]),
        (RecordStatus::Valid, None)
    );
    assert_eq!(texts(Purpose::Dkim, &[]), (RecordStatus::Missing, None));
    assert_eq!(
        texts(Purpose::Dkim, &["v=DKIM1; p=BBBB"]),
        (RecordStatus::Invalid, mismatch)
    );
    let reason = |text: &str| texts(Purpose::Dkim, &[text]).1.unwrap();
    assert_eq!(reason("v=DKIM1; p="), "key_revoked");
    assert_eq!(reason(&right[..200]), "value_truncated");
    assert_eq!(reason(&right.replace("rsa", "ed25519")), "value_mismatch");
    let both = texts(Purpose::Dkim, &[&right, "v=DKIM1; p=AAAA"]);
    assert_eq!(
        both,
        (RecordStatus::Invalid, Some("duplicate_records".to_owned()))
    );
}

#[test]
fn senders_and_policies_may_say_more_than_we_ask_for() {
    for (purpose, found, status) in [
        (
            Purpose::Spf,
            &["v=spf1 a:mx.mail.dev -all"][..],
            RecordStatus::Valid,
        ),
        (
            Purpose::Spf,
            &["v=spf1 ip4:192.0.2.1 +A:MX.mail.dev ~all", "other=1"],
            RecordStatus::Valid,
        ),
        (Purpose::Spf, &["v=spf1 mx -all"], RecordStatus::Valid),
        (
            Purpose::Spf,
            &["v=spf1 include:_spf.google.com -all"],
            RecordStatus::Invalid,
        ),
        (
            Purpose::Spf,
            &["v=spf1 -a:mx.mail.dev"],
            RecordStatus::Invalid,
        ),
        (
            Purpose::Spf,
            &["v=spf1 mx -all", "v=spf1 a:mx.mail.dev -all"],
            RecordStatus::Invalid,
        ),
        (
            Purpose::Spf,
            &["google-site-verification=1"],
            RecordStatus::Missing,
        ),
        (
            Purpose::Dmarc,
            &["v=DMARC1; p=none; rua=mailto:x@y.dev"],
            RecordStatus::Valid,
        ),
        (
            Purpose::Dmarc,
            &["v = DMARC1;p=none;rua=mailto:x@y.dev;"],
            RecordStatus::Valid,
        ),
        (Purpose::Dmarc, &["v=DMARC1; p=none"], RecordStatus::Invalid),
        (
            Purpose::Dmarc,
            &["p=none; rua=mailto:x@y.dev"],
            RecordStatus::Missing,
        ),
    ] {
        assert_eq!(texts(purpose, found).0, status, "{found:?}");
    }
}

#[test]
fn exchangers_and_aliases_must_lead_here_alone() {
    let mx = |all: &[(u16, &str)]| {
        let all = all.iter().map(|(rank, host)| (*rank, (*host).to_owned()));
        of(Purpose::Inbound).judge(&Found::Exchangers(all.collect()))
    };
    assert_eq!(mx(&[(5, "mx.mail.dev")]).status, RecordStatus::Valid);
    assert_eq!(mx(&[]).status, RecordStatus::Missing);
    let elsewhere = mx(&[(10, "mx.google.com")]);
    assert_eq!(elsewhere.reason.as_deref(), Some("value_mismatch"));
    assert_eq!(elsewhere.found, ["10 mx.google.com"]);
    let shared = mx(&[(10, "mx.mail.dev"), (20, "mx.google.com")]);
    assert_eq!(shared.reason.as_deref(), Some("duplicate_records"));
    let link = of(Purpose::Tracking);
    let alias = |to: &str| link.judge(&Found::Aliases(vec![to.to_owned()])).status;
    assert_eq!(alias("mx.mail.dev"), RecordStatus::Valid);
    assert_eq!(alias("elsewhere.dev"), RecordStatus::Invalid);
}

#[test]
fn what_was_found_is_shown_only_in_part() {
    let flood: Vec<String> = (0..100)
        .map(|n| format!("v=spf1 {n} {}", "é".repeat(9_000)))
        .collect();
    let check = of(Purpose::Spf).judge(&Found::Texts(flood));
    assert_eq!(check.found.len(), 5);
    assert!(check.found.iter().all(|text| text.chars().count() <= 512));
}

#[test]
fn the_worst_record_decides_for_the_domain() {
    let wanted = wanted(&domain("acme.dev", PLAIN));
    let all = |status| -> Vec<Check> {
        wanted
            .iter()
            .filter(|one| !one.recommended)
            .map(|one| Check {
                purpose: one.purpose,
                host: one.host.clone(),
                status,
                reason: None,
                found: Vec::new(),
            })
            .collect()
    };
    let mut checks = all(RecordStatus::Valid);
    assert_eq!(
        verdict(&wanted, &checks),
        (VerificationStatus::Verified, None)
    );
    checks.pop();
    assert_eq!(
        verdict(&wanted, &checks),
        (VerificationStatus::Pending, Some("dns_records_missing"))
    );
    checks[0].status = RecordStatus::Invalid;
    assert_eq!(
        verdict(&wanted, &checks),
        (VerificationStatus::Invalid, Some("dns_records_invalid"))
    );
    // A record that is no longer asked for does not matter.
    let mut checks = all(RecordStatus::Valid);
    checks.push(Check {
        purpose: Purpose::Tracking,
        host: String::new(),
        status: RecordStatus::Invalid,
        reason: None,
        found: Vec::new(),
    });
    assert_eq!(verdict(&wanted, &checks).0, VerificationStatus::Verified);
}

#[test]
fn a_zone_file_has_every_record_in_strings_that_fit() {
    let domain = domain("bots.acme.dev", ALL);
    let records = wanted(&domain);
    let file = zone_file("bots.acme.dev", &records);
    assert!(file.contains("$ORIGIN acme.dev.\n"));
    assert!(file.contains("\n*.bots IN MX 10 mx.mail.dev.\n"));
    assert!(file.contains("\nlink.bots IN CNAME mx.mail.dev.\n"));
    let key = file
        .lines()
        .find(|line| line.contains("_domainkey"))
        .unwrap();
    let strings: Vec<&str> = key.split('"').skip(1).step_by(2).collect();
    assert_eq!(strings.concat(), records[0].value);
    assert!(strings.len() == 2 && strings.iter().all(|text| text.len() <= 255));
}

#[test]
fn what_is_recommended_comes_last_and_keeps_no_domain_from_being_verified() {
    let mut domain = domain("acme.dev", PLAIN);
    domain.keys.push(key(mail::dkim::Algorithm::Ed25519, None));
    let all = wanted(&domain);
    let names: Vec<String> = all
        .iter()
        .skip_while(|one| !one.recommended)
        .map(|one| format!("{} {} {}", one.kind.name(), one.name, one.value))
        .collect();
    let ed25519 = format!("v=DKIM1; k=ed25519; p={}", "A".repeat(392));
    let id = MtaSts::Testing.id("mx.mail.dev");
    assert_eq!(
        names,
        [
            format!("TXT mr-ed25519._domainkey {ed25519}"),
            format!("TXT _mta-sts v=STSv1; id={id}"),
            "CNAME mta-sts api.mail.dev".to_owned(),
            "TXT _smtp._tls v=TLSRPTv1; rua=mailto:tls-reports@acme.dev".to_owned(),
        ]
    );
    let checks: Vec<Check> = all
        .iter()
        .map(|one| Check {
            purpose: one.purpose,
            host: one.host.clone(),
            status: if one.recommended {
                RecordStatus::Invalid
            } else {
                RecordStatus::Valid
            },
            reason: None,
            found: Vec::new(),
        })
        .collect();
    assert_eq!(verdict(&all, &checks).0, VerificationStatus::Verified);
    domain.switches.inbound = false;
    assert!(
        wanted(&domain)
            .iter()
            .all(|one| one.purpose != Purpose::MtaSts)
    );
}

#[test]
fn a_policy_has_an_id_and_a_host_that_may_be_an_alias_or_have_our_addresses() {
    let id = format!("v=STSv1; id={};", MtaSts::Testing.id("mx.mail.dev"));
    assert_eq!(texts(Purpose::MtaSts, &[&id]).0, RecordStatus::Valid);
    assert_eq!(
        texts(Purpose::MtaSts, &["v=STSv1; id=old;"]).0,
        RecordStatus::Invalid
    );
    let host = of(Purpose::MtaStsHost);
    let judge = |right, all: &[&str]| {
        let all = all.iter().map(|one| (*one).to_owned()).collect();
        host.judge(&Found::Addresses { all, right }).status
    };
    assert_eq!(judge(true, &["192.0.2.1"]), RecordStatus::Valid);
    assert_eq!(judge(false, &["192.0.2.1"]), RecordStatus::Invalid);
    assert_eq!(judge(false, &[]), RecordStatus::Missing);
    assert_eq!(host.doubled(), "mta-sts.acme.dev.acme.dev");
}
