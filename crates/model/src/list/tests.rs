use super::*;

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

#[test]
fn an_entry_has_one_spelling() {
    for (written, stored, kind) in [
        ("Ann@Example.COM", "ann@example.com", "email"),
        ("  ann@example.com ", "ann@example.com", "email"),
        ("\"ann\"@example.com", "ann@example.com", "email"),
        ("jo@BÜCHER.example", "jo@xn--bcher-kva.example", "email"),
        ("Example.COM", "example.com", "domain"),
        ("example.com.", "example.com", "domain"),
        ("bücher.example", "xn--bcher-kva.example", "domain"),
        ("localhost", "localhost", "domain"),
        ("*.Example.com", "*.example.com", "domain"),
        (".example.com", "*.example.com", "domain"),
        ("[192.0.2.1]", "[192.0.2.1]", "domain"),
    ] {
        let entry = Entry::parse(written).unwrap();
        assert_eq!(
            (entry.as_str(), entry.type_name()),
            (stored, kind),
            "{written}"
        );
        assert_eq!(Entry::parse(stored).unwrap(), entry, "{stored}");
    }
    for bad in [
        "",
        " ",
        "@",
        "@example.com",
        "ann@",
        "a b",
        "Ann <ann@example.com>",
        "*",
        "*.",
        "..",
        "*.*.com",
        "a..b",
        "ex*mple.com",
        "*.[192.0.2.1]",
        "a\0b.com",
        "x@a\n.com",
        &"a".repeat(300),
    ] {
        let error = Entry::parse(bad).unwrap_err();
        assert_eq!(error.issues()[0].path, ["entry"], "{bad:?}");
    }
}

#[test]
fn an_address_is_covered_by_itself_its_domain_and_the_wildcards_above() {
    assert_eq!(
        covering(&address("Ann@mail.a.example")),
        [
            "ann@mail.a.example",
            "mail.a.example",
            "*.a.example",
            "*.example"
        ]
    );
    assert_eq!(
        covering(&address("a@localhost")),
        ["a@localhost", "localhost"]
    );
    assert_eq!(
        covering(&address("a@[192.0.2.1]")),
        ["a@[192.0.2.1]", "[192.0.2.1]"]
    );
}

/// `inbox+ann@a.example` is an entry of the inbox's allow list, `org-a.example` one of the
/// organisation's block list, and `org!x` one that the server made.
fn rule(text: &str) -> Rule {
    let at = text.find(['+', '-', '!']).unwrap();
    let mark = &text[at..=at];
    Rule {
        level: match &text[..at] {
            "org" => Level::Org,
            "pod" => Level::Pod,
            "inbox" => Level::Inbox,
            other => panic!("{other}"),
        },
        list_type: if mark == "+" {
            ListType::Allow
        } else {
            ListType::Block
        },
        entry: text[at + 1..].to_owned(),
        read_only: mark == "!",
    }
}

#[test]
fn the_narrowest_scope_then_the_most_exact_entry_then_block_decides() {
    use Verdict::{Allowed, Blocked, NotAllowed, Open, Suppressed};
    let table: &[(&[&str], Verdict)] = &[
        (&[], Open),
        (&["org+ann@mail.a.example"], Allowed),
        (&["org-ann@mail.a.example"], Blocked),
        (&["org+mail.a.example"], Allowed),
        (&["org-*.a.example"], Blocked),
        (&["org+a.example"], NotAllowed),
        (&["org-a.example"], Open),
        (&["org+other@mail.a.example"], NotAllowed),
        // Exactness within a scope.
        (&["org-mail.a.example", "org+ann@mail.a.example"], Allowed),
        (&["org+mail.a.example", "org-ann@mail.a.example"], Blocked),
        (&["org+*.a.example", "org-mail.a.example"], Blocked),
        (&["org-*.example", "org+*.a.example"], Allowed),
        (&["org+mail.a.example", "org-mail.a.example"], Blocked),
        (&["org-mail.a.example", "org+mail.a.example"], Blocked),
        // A scope before any exactness.
        (&["org-ann@mail.a.example", "inbox+*.example"], Allowed),
        (&["org-ann@mail.a.example", "pod+mail.a.example"], Allowed),
        (&["pod-mail.a.example", "inbox+mail.a.example"], Allowed),
        (&["pod+ann@mail.a.example", "inbox-*.a.example"], Blocked),
        (&["org+ann@mail.a.example", "pod-*.example"], Blocked),
        // An allow entry anywhere is exclusive everywhere.
        (&["inbox-b.example", "org+b.example"], NotAllowed),
        // What the server made itself.
        (
            &["org!ann@mail.a.example", "inbox+ann@mail.a.example"],
            Suppressed,
        ),
        (&["org!other@mail.a.example"], Open),
    ];
    let covering = covering(&address("ann@mail.a.example"));
    for (entries, verdict) in table {
        let rules: Vec<Rule> = entries.iter().map(|text| rule(text)).collect();
        let exclusive = rules.iter().any(|rule| rule.list_type == ListType::Allow);
        assert_eq!(judge(&covering, &rules, exclusive), *verdict, "{entries:?}");
    }
}

#[test]
fn every_author_must_be_admitted_and_the_envelope_not_blocked() {
    let verdict = |text: &Address| {
        Ok(match text.local() {
            "allowed" => Verdict::Allowed,
            "blocked" => Verdict::Blocked,
            "stranger" => Verdict::NotAllowed,
            _ => Verdict::Open,
        })
    };
    let exclusive = |authors: &Authors| authors.admitted(true, verdict).unwrap();
    let authors = |from: &[&str], envelope: Option<&str>| Authors {
        from: from
            .iter()
            .map(|name| address(&format!("{name}@x.example")))
            .collect(),
        unclear: from.is_empty(),
        envelope: envelope.map(|name| address(&format!("{name}@y.example"))),
    };
    assert!(exclusive(&authors(&["allowed"], None)));
    assert!(exclusive(&authors(&["allowed"], Some("stranger"))));
    assert!(!exclusive(&authors(&["allowed"], Some("blocked"))));
    assert!(!exclusive(&authors(&["blocked"], Some("allowed"))));
    assert!(!exclusive(&authors(&["stranger"], Some("allowed"))));
    assert!(!exclusive(&authors(&["allowed", "stranger"], None)));
    assert!(!exclusive(&authors(&[], Some("allowed"))));
    assert!(authors(&[], Some("open")).admitted(false, verdict).unwrap());
    assert!(
        !authors(&[], Some("blocked"))
            .admitted(false, verdict)
            .unwrap()
    );
}
