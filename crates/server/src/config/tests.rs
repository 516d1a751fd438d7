use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::Write as _;
use std::time::Duration;

use super::*;

fn read(
    file: Option<&str>,
    variables: &[(&str, &str)],
    flags: &[(Name, &str)],
) -> Result<Settings, String> {
    let mut on_disk = tempfile::NamedTempFile::new().unwrap();
    on_disk
        .write_all(file.unwrap_or_default().as_bytes())
        .unwrap();
    let path = on_disk.path().to_str().unwrap().to_owned();
    let mut all: Vec<(OsString, OsString)> = variables
        .iter()
        .map(|(name, value)| (name.into(), value.into()))
        .collect();
    if file.is_some() {
        all.push(("MAILROOST_CONFIG".into(), path.clone().into()));
    }
    let flags: Vec<_> = flags
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()))
        .collect();
    Layers::read(all, &flags)
        .and_then(|layers| Settings::check(&layers))
        .map_err(|error| error.to_string().replace(&path, "FILE"))
}

#[test]
fn nothing_configured_is_a_laptop() {
    let settings = read(None, &[], &[]).unwrap();
    assert_eq!(settings.http.to_string(), "127.0.0.1:8080");
    assert_eq!(settings.smtp.to_string(), "127.0.0.1:2525");
    assert_eq!(settings.domain, "mailroost.localhost");
    assert_eq!(settings.hostname, "mailroost.localhost");
    assert_eq!(settings.max_message_bytes, 50 << 20);
    assert_eq!(settings.drain, Duration::from_secs(30));
    assert!(!settings.is_public());
    assert!(settings.database.is_none() && settings.tls.is_empty() && settings.api_key.is_none());
}

#[test]
fn flags_win_over_variables_over_the_file_over_defaults() {
    let file = "http = \"127.0.0.1:1\"\nsmtp = \"127.0.0.1:2\"\ndomain = \"file.test\"\n\
                max_recipients = 1_000\n";
    let variables = [
        ("MAILROOST_SMTP", "127.0.0.1:3"),
        ("MAILROOST_DOMAIN", "variable.test"),
    ];
    let flags = [(Name::Domain, "flag.test")];
    let settings = read(Some(file), &variables, &flags).unwrap();
    assert_eq!(settings.http.port(), 1);
    assert_eq!(settings.smtp.port(), 3);
    assert_eq!(settings.domain, "flag.test");
    assert_eq!(settings.max_recipients, 1000);
    assert_eq!(settings.log, "info");
}

#[test]
fn the_file_named_by_the_flag_wins_over_the_one_of_the_variable() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();
    let variables = [("MAILROOST_CONFIG", "/nonexistent/mailroost.toml")];
    assert!(read(None, &variables, &[(Name::Config, path)]).is_ok());
    let error = read(None, &variables, &[]).unwrap_err();
    assert!(error.contains("/nonexistent/mailroost.toml cannot be read"));
}

#[test]
fn mistakes_in_the_file_are_named_with_their_line_and_a_right_example() {
    let wrong_in_file = [
        (
            "\nhttp_port = 1",
            "FILE:2: unknown key \"http_port\"; did you mean http?",
        ),
        ("a\n", "FILE:1: this is not TOML: "),
        (
            "public-url = \"x\"",
            "FILE:1: unknown key \"public-url\"; did you mean public_url?",
        ),
        (
            "zzzz = 1",
            "FILE:1: unknown key \"zzzz\"; `mailroost config explain` lists all",
        ),
        (
            "http = 8080",
            "FILE:1: http: \"8080\" is not an address with a port, for example 127.0.0.1:8080",
        ),
        (
            "http = [1]",
            "FILE:1: http: \"a list, table or date\" is not an address with a port",
        ),
        (
            "config = \"x\"",
            "FILE:1: config cannot be set in the file; use --config",
        ),
        (
            "api_key = \"x\"",
            "FILE:1: api_key is a secret and does not belong in the file; set MAILROOST_API_KEY instead",
        ),
        ("[server]\nhttp = 1", "FILE:1: unknown key \"server\"; "),
    ];
    for (file, message) in wrong_in_file {
        let error = read(Some(file), &[], &[]).unwrap_err();
        assert!(error.starts_with(message), "{file:?} gave {error}");
        assert!(!error.contains('\n'), "{error}");
    }
}

#[test]
fn wrong_variables_and_flags_are_named_with_a_right_example() {
    let wrong_variables = [
        (
            "MAILROOST_DOMIAN",
            "x",
            "unknown variable \"MAILROOST_DOMIAN\"; did you mean MAILROOST_DOMAIN?",
        ),
        (
            "MAILROOST_FOO",
            "x",
            "unknown variable \"MAILROOST_FOO\"; `mailroost config explain` lists all",
        ),
        (
            "MAILROOST_DOMAIN",
            "localhost",
            "MAILROOST_DOMAIN: \"localhost\" is not a domain name with at least one dot",
        ),
        (
            "MAILROOST_MAX_MESSAGE_SIZE",
            "1 GiB",
            "MAILROOST_MAX_MESSAGE_SIZE: \"1 GiB\" is not a size from 64 KiB to 200 MiB, for example 50 MiB",
        ),
        (
            "MAILROOST_LOG_FORMAT",
            "xml",
            "MAILROOST_LOG_FORMAT: \"xml\" is not `text` or `json`",
        ),
        (
            "MAILROOST_PUBLIC_URL",
            "https://mail.test/v0",
            "MAILROOST_PUBLIC_URL: \"https://mail.test/v0\" is not an http or https URL without a path",
        ),
    ];
    for (variable, value, message) in wrong_variables {
        let error = read(None, &[(variable, value)], &[]).unwrap_err();
        assert!(
            error.starts_with(message),
            "{variable}={value} gave {error}"
        );
    }
    let error = read(None, &[], &[(Name::Smtp, "25\n")]).unwrap_err();
    assert!(error.starts_with("--smtp: \"25\\n\" is not"), "{error}");
    let error = read(None, &[("MAILROOST_TLS_KEY", "key.pem")], &[]).unwrap_err();
    assert_eq!(
        error,
        "tls_key is set but tls_certificate is not; set both or neither"
    );
    let two = [
        ("MAILROOST_TLS_CERTIFICATE", "a.pem, b.pem"),
        ("MAILROOST_TLS_KEY", "a.key"),
    ];
    assert_eq!(
        read(None, &two, &[]).unwrap_err(),
        "tls_certificate names 2 and tls_key names 1; give as many of each, in the same order"
    );
}

#[test]
fn certificates_are_ordered_for_the_host_name_unless_others_are_named() {
    let acme = |variables: &[(&str, &str)]| read(None, variables, &[]).map(|all| all.acme);
    let hostname = ("MAILROOST_HOSTNAME", "mx.agents.test");
    assert!(acme(&[hostname]).unwrap().is_none());
    let one = acme(&[hostname, ("MAILROOST_ACME", "letsencrypt")]);
    let one = one.unwrap().unwrap();
    assert_eq!(
        one.directory,
        "https://acme-v02.api.letsencrypt.org/directory"
    );
    assert_eq!(
        (one.names, one.contact),
        (vec!["mx.agents.test".to_owned()], None)
    );
    let own = acme(&[
        ("MAILROOST_ACME", "https://ca.internal:9000/acme/dir"),
        (
            "MAILROOST_ACME_NAMES",
            "MX.agents.test, mta-sts.agents.test",
        ),
        ("MAILROOST_ACME_CONTACT", "ann@agents.test"),
    ]);
    let own = own.unwrap().unwrap();
    assert_eq!(own.directory, "https://ca.internal:9000/acme/dir");
    assert_eq!(own.names, ["mx.agents.test", "mta-sts.agents.test"]);
    assert_eq!(own.contact.as_deref(), Some("ann@agents.test"));
    for wrong in [
        "on",
        "http://ca.test/dir",
        "https://u:p@ca.test/dir",
        "https:///dir",
    ] {
        assert!(acme(&[("MAILROOST_ACME", wrong)]).is_err(), "{wrong}");
    }
}

#[test]
fn secrets_are_not_shown_when_they_are_wrong_or_debugged() {
    for variable in [
        "MAILROOST_DATABASE",
        "MAILROOST_API_KEY",
        "MAILROOST_MASTER_KEY",
    ] {
        let error = read(None, &[(variable, "mysql://hunter2")], &[]).unwrap_err();
        assert!(
            error.starts_with(&format!("{variable}: its value is not")),
            "{error}"
        );
        assert!(!error.contains("hunter2"));
    }
    let key = format!("am_us_{}", "a1".repeat(20));
    let settings = read(None, &[("MAILROOST_API_KEY", &key)], &[]).unwrap();
    assert_eq!(settings.api_key.as_ref().unwrap().0, key);
    assert!(!format!("{settings:?}").contains(&key));
}

#[test]
fn variables_of_others_are_left_alone() {
    let variables = [
        ("MAILROOST_SERVICE_HOST", "10.0.0.1"),
        ("MAILROOST_SERVICE_PORT_HTTP", "80"),
        ("MAILROOST_PORT", "tcp://10.0.0.1:80"),
        ("MAILROOST_PORT_80_TCP_ADDR", "10.0.0.1"),
        ("MAILROOST_TEST_POSTGRES", "postgres://x"),
        ("MAILROOST_URL", "http://127.0.0.1:8080"),
        ("MAIL", "/var/mail/root"),
    ];
    assert!(read(None, &variables, &[]).is_ok());
}

#[test]
fn reserved_domains_keep_the_laptop_mode() {
    let is_public = |domain| {
        read(None, &[], &[(Name::Domain, domain)])
            .unwrap()
            .is_public()
    };
    for domain in [
        "a.localhost",
        "b.c.test",
        "agents.example",
        "x.invalid",
        "printer.local",
        "corp.internal",
        "example.com",
        "Mail.Example.ORG",
    ] {
        assert!(!is_public(domain), "{domain}");
    }
    for domain in [
        "agents.dev",
        "notexample.com",
        "localhost.net",
        "mytest.io",
        "xn--bcher-kva.ch",
    ] {
        assert!(is_public(domain), "{domain}");
    }
}

#[test]
fn values_are_read_in_the_forms_people_write() {
    let http = |text| read(None, &[], &[(Name::Http, text)]).map(|s| s.http.to_string());
    assert_eq!(http("localhost:0").unwrap(), "127.0.0.1:0");
    assert_eq!(http(" [::1]:80 ").unwrap(), "[::1]:80");
    assert!(http(":80").is_err() && http("localhost").is_err() && http("1.2.3.4:99999").is_err());

    let size = |text| read(None, &[], &[(Name::MaxMessageSize, text)]).map(|s| s.max_message_bytes);
    assert_eq!(size("1048576").unwrap(), 1 << 20);
    assert_eq!(size("25MB").unwrap(), 25_000_000);
    assert_eq!(size("64 KiB").unwrap(), 64 << 10);
    assert!(size("MiB").is_err() && size("99999999999999999999").is_err() && size("ä").is_err());

    let url = |text| read(None, &[], &[(Name::PublicUrl, text)]).map(|s| s.public_url.unwrap());
    assert_eq!(url("https://mail.test/").unwrap(), "https://mail.test");
    assert_eq!(
        url("http://127.0.0.1:8080").unwrap(),
        "http://127.0.0.1:8080"
    );
    assert!(url("mail.test").is_err() && url("https://a@b").is_err() && url("ftp://x").is_err());

    let domain = |text| read(None, &[], &[(Name::Domain, text)]).map(|s| s.domain);
    assert_eq!(domain("Agents.TEST").unwrap(), "agents.test");
    for bad in [
        "",
        "a..b",
        "-a.b",
        "a b.c",
        "a.b.",
        "ü.ch",
        "127.0.0.1",
        "a@b.c",
    ] {
        assert!(domain(bad).is_err(), "{bad}");
    }
}

#[test]
fn the_table_is_consistent_and_its_defaults_work() {
    let mut names = BTreeSet::new();
    for (place, key) in TABLE.iter().enumerate() {
        assert_eq!(key.id as usize, place);
        assert!(names.insert(key.name), "{} twice", key.name);
        assert_eq!(
            key.variable,
            format!("MAILROOST_{}", key.name.to_uppercase())
        );
        if key.places == Places::OnlyVariable {
            assert_eq!(key.flag, "");
        } else {
            assert_eq!(key.flag, key.name.replace('_', "-"));
        }
        assert!(!key.doc.is_empty() && !key.example.is_empty() && !key.wanted.is_empty());
        let explained = explain();
        for part in [key.name, key.variable, key.flag, key.default] {
            assert!(explained.contains(part), "{part}");
        }
    }
    assert!(explain().lines().all(|line| line.chars().count() <= 100));
}

#[test]
fn name_servers_are_addresses_with_or_without_a_port() {
    let servers = |text| read(None, &[("MAILROOST_DNS", text)], &[]).map(|all| all.dns);
    let found = servers("192.0.2.53, [2001:db8::53]:5353,2001:db8::1,[::1]").unwrap();
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    let expected = [
        "192.0.2.53:53",
        "[2001:db8::53]:5353",
        "[2001:db8::1]:53",
        "[::1]:53",
    ];
    assert_eq!(found, expected);
    for bad in ["dns.example", "192.0.2.53,", "192.0.2.53:99999"] {
        assert!(servers(bad).is_err(), "{bad}");
    }
}

#[test]
fn limits_are_for_servers_and_for_whoever_asks_for_them() {
    let limits = |variables: &[(&str, &str)]| read(None, variables, &[]).map(|all| all.limits);
    assert_eq!(limits(&[]).unwrap(), app::Limits::OFF);
    let public = limits(&[("MAILROOST_DOMAIN", "agents.dev")]).unwrap();
    let rate = |per_second, burst| app::Rate { per_second, burst };
    assert_eq!(public.per_key, rate(200, 2_000));
    assert_eq!(public.per_address, rate(500, 5_000));
    assert_eq!(public.sends_per_hour, 0);
    let chosen = limits(&[
        ("MAILROOST_REQUESTS_PER_KEY", "7"),
        ("MAILROOST_REQUESTS_PER_ADDRESS", "0"),
        ("MAILROOST_BURST_PER_KEY", "9"),
        ("MAILROOST_SENDS_PER_INBOX", "100"),
    ])
    .unwrap();
    assert_eq!((chosen.per_key, chosen.sends_per_hour), (rate(7, 9), 100));
    assert_eq!(chosen.per_address.per_second, 0);
    for (variable, bad) in [
        ("MAILROOST_REQUESTS_PER_KEY", "1000001"),
        ("MAILROOST_BURST_PER_KEY", "0"),
        ("MAILROOST_SENDS_PER_INBOX", "-1"),
        ("MAILROOST_TRUSTED_PROXIES", "proxy.internal"),
    ] {
        assert!(limits(&[(variable, bad)]).is_err(), "{variable}");
    }
    let proxies = [("MAILROOST_TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8")];
    let proxies = read(None, &proxies, &[]).unwrap().trusted_proxies;
    assert_eq!(proxies.len(), 2);
}

#[test]
fn the_readme_lists_every_key() {
    let readme = include_str!("../../../../README.md");
    for key in TABLE {
        let cell = format!("| `{}` |", key.variable);
        let row = readme.lines().find(|line| line.contains(&cell));
        let row = row.unwrap_or_else(|| panic!("no row for {}", key.name));
        assert!(row.contains(key.default), "{row}");
    }
}
