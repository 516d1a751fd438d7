use super::*;

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
        selector: SELECTOR.to_owned(),
        public_key: "A".repeat(392),
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
    let all = expected(&domain("acme.dev", ALL), "mx.mail.dev");
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
        let all = expected(&domain(name, switches), "mx.mail.dev");
        all.iter()
            .map(|one| format!("{} {}", one.kind.name(), one.name))
            .collect()
    };
    let base = [
        "TXT mailroost._domainkey",
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
            "TXT mailroost._domainkey.bots",
            "MX bots",
            "MX mail.bots",
            "TXT mail.bots",
            "TXT _dmarc.bots",
            "MX *.bots",
            "CNAME link.bots"
        ]
    );
    let hosts: Vec<String> = expected(&domain("bots.acme.dev", PLAIN), "mx.mail.dev")
        .into_iter()
        .map(|one| one.host)
        .collect();
    assert_eq!(hosts[0], "mailroost._domainkey.bots.acme.dev");
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
        texts(Purpose::Dkim, &["v=DKIM1; p=AAAA"]),
        (RecordStatus::Invalid, mismatch)
    );
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
    let wanted = expected(&domain("acme.dev", PLAIN), "mx.mail.dev");
    let all = |status| -> Vec<Check> {
        wanted
            .iter()
            .map(|one| Check {
                purpose: one.purpose,
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
        status: RecordStatus::Invalid,
        reason: None,
        found: Vec::new(),
    });
    assert_eq!(verdict(&wanted, &checks).0, VerificationStatus::Verified);
}

#[test]
fn a_zone_file_has_every_record_in_strings_that_fit() {
    let domain = domain("bots.acme.dev", ALL);
    let records = expected(&domain, "mx.mail.dev");
    let file = zone_file(&domain, &records);
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
