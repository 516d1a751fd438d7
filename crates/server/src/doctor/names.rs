//! What the DNS says of this server and its domains.

use std::fs;
use std::net::{IpAddr, SocketAddr, UdpSocket};

use futures_util::future::join_all;
use model::domain::{self, Expected, RecordStatus, Subject, Switches};
use store::Inspection;
use sys::{Answer, Resolver};

use super::{Doctor, Finding};

/// Whether the name servers answer.
pub async fn servers(doctor: &Doctor) -> Vec<Finding> {
    let check = "dns";
    let servers = asked(&doctor.settings.dns);
    let found = match doctor.addresses().await {
        Ok(_) => Finding::ok(check, format!("{servers} answers")),
        Err(error) => Finding::problem(
            check,
            format!("{servers}: {error}"),
            "Name servers that answer: `dns` in the configuration, or /etc/resolv.conf. Without \
             them nothing can be sent or judged.",
        ),
    };
    vec![found]
}

/// The servers that are asked, in words.
fn asked(configured: &[SocketAddr]) -> String {
    let named: Vec<String> = if configured.is_empty() {
        let file = fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
        file.lines()
            .filter_map(|line| line.trim().strip_prefix("nameserver"))
            .map(|address| address.trim().to_owned())
            .collect()
    } else {
        configured.iter().map(ToString::to_string).collect()
    };
    if named.is_empty() {
        return "the name server of the operating system".to_owned();
    }
    named.join(", ")
}

/// Whether the host name leads to this machine.
pub async fn hostname(doctor: &Doctor) -> Vec<Finding> {
    let (check, host) = ("hostname", &doctor.settings.hostname);
    let Ok(answer) = doctor.addresses().await else {
        return vec![unanswered(check, host)];
    };
    let all = answer.records();
    let shown = joined(&all);
    let found = if all.is_empty() {
        Finding::problem(
            check,
            format!("{host} has no address in the DNS"),
            format!("Add an A record for {host} with the public address of this server."),
        )
    } else if all.iter().any(|address| is_own(*address)) {
        Finding::ok(check, format!("{host} is {shown}, of this machine"))
    } else {
        Finding::warning(
            check,
            format!("{host} is {shown}, and no network of this machine has that address"),
            format!(
                "Right where the provider translates addresses (most clouds); otherwise correct \
                 the A record of {host}."
            ),
        )
    };
    vec![found]
}

/// Whether the addresses of the host lead back to its name.
pub async fn reverse(doctor: &Doctor) -> Vec<Finding> {
    let host = &doctor.settings.hostname;
    let Ok(answer) = doctor.addresses().await else {
        return vec![unanswered("reverse_name", host)];
    };
    let all = answer.records().into_iter();
    let found = all.map(|address| reverse_of(&doctor.resolver, host, address));
    join_all(found).await
}

async fn reverse_of(resolver: &Resolver, host: &str, address: IpAddr) -> Finding {
    let check = "reverse_name";
    let fix = format!(
        "Have the provider of the address set its reverse name to {host}. Many servers refuse mail \
         from an address without one."
    );
    match resolver.names(address).await {
        Ok(Answer::Records(names)) if names.iter().any(|name| name == host) => {
            Finding::ok(check, format!("{address} is {host}"))
        }
        Ok(Answer::Records(names)) => Finding::problem(
            check,
            format!("{address} is {}, not {host}", names.join(", ")),
            fix,
        ),
        Ok(_) => Finding::problem(check, format!("{address} has no name"), fix),
        Err(_) => unanswered(check, &address.to_string()),
    }
}

/// The records of the operator's own domain and of every verified one.
pub async fn records(doctor: &Doctor, inspection: &Inspection) -> Vec<Finding> {
    let server = domain::Server {
        hostname: &doctor.settings.hostname,
        web: &doctor.web_host,
        mta_sts: doctor.settings.mta_sts,
    };
    let own = inspection.shared.iter().map(|shared| Subject {
        name: &shared.domain,
        switches: Switches {
            feedback: true,
            inbound: true,
            subdomains: false,
            tracking: false,
        },
        keys: &shared.keys,
        mta_sts: None,
    });
    let others = inspection.domains.iter().map(domain::Domain::subject);
    let subjects: Vec<Subject<'_>> = own.chain(others).collect();
    let looks = subjects.iter().map(|subject| async {
        let wanted = domain::expected(subject, &server);
        records_of(&doctor.resolver, subject.name, &wanted).await
    });
    let mut found = join_all(looks).await.concat();
    if inspection
        .shared
        .as_ref()
        .is_none_or(|own| own.keys.is_empty())
    {
        found.push(Finding::warning(
            "records",
            format!("{} has no signing keys yet", doctor.settings.domain),
            "A server that starts under this domain makes them within a minute; then run this again.",
        ));
    }
    found
}

/// A line for each record that is not right, or one that says that all are.
async fn records_of(resolver: &Resolver, name: &str, wanted: &[Expected]) -> Vec<Finding> {
    let looks = wanted.iter().map(|record| record_of(resolver, record));
    let wrong: Vec<Finding> = join_all(looks).await.into_iter().flatten().collect();
    if wrong.is_empty() {
        let detail = format!("{name}: all {} records are right", wanted.len());
        return vec![Finding::ok("records", detail)];
    }
    wrong
}

async fn record_of(resolver: &Resolver, record: &Expected) -> Option<Finding> {
    let check = "records";
    let kind = record.kind.name();
    let named = format!("{kind} {} ({})", record.host, record.purpose.name());
    let Ok(found) = app::look_up(resolver, record).await else {
        return Some(unanswered(check, &named));
    };
    if found.status == RecordStatus::Valid {
        return None;
    }
    let mut detail = match &found.reason {
        Some(reason) => format!("{named}: {reason}"),
        None => format!("{named}: missing"),
    };
    if !found.found.is_empty() {
        detail.push_str(&format!("; found {}", found.found.join(" | ")));
    }
    let rank = record.priority.map(|rank| format!("{rank} "));
    let fix = format!(
        "Set {kind} {} to: {}{}",
        record.host,
        rank.unwrap_or_default(),
        record.value
    );
    Some(if record.recommended {
        Finding::warning(check, detail, fix)
    } else {
        Finding::problem(check, detail, fix)
    })
}

/// Whether the configured block lists answer, and whether they list this server.
pub async fn block_lists(doctor: &Doctor) -> Vec<Finding> {
    let lists = &doctor.settings.filtering.block_lists;
    let addresses = match doctor.addresses().await {
        Ok(answer) => answer.records(),
        Err(_) => Vec::new(),
    };
    let found = lists
        .iter()
        .map(|(zone, _)| block_list(&doctor.resolver, zone, &addresses));
    join_all(found).await
}

async fn block_list(resolver: &Resolver, zone: &str, addresses: &[IpAddr]) -> Finding {
    let check = "block_lists";
    // Every list of addresses lists this one, for tests (RFC 5782 §5).
    if !matches!(
        is_listed(resolver, zone, IpAddr::from([127, 0, 0, 2])).await,
        Some(true)
    ) {
        return Finding::warning(
            check,
            format!("{zone} does not answer these name servers"),
            "Ask it from a name server of your own: many lists refuse public ones. Or take it out \
             of `dnsbl`.",
        );
    }
    for address in addresses {
        if is_listed(resolver, zone, *address).await == Some(true) {
            return Finding::problem(
                check,
                format!("{address} is listed by {zone}"),
                format!("Find out why, end it, and ask {zone} to take the address out."),
            );
        }
    }
    Finding::ok(check, format!("{zone} does not list {}", joined(addresses)))
}

/// `None` without an answer. Answers by which lists complain about the asker mean nothing.
async fn is_listed(resolver: &Resolver, zone: &str, address: IpAddr) -> Option<bool> {
    let name = format!("{}.{zone}", app::reversed(address));
    let found = resolver.ipv4(&name).await.ok()?.records();
    Some(found.iter().any(|answer| match answer {
        IpAddr::V4(four) => {
            let [first, second, third, _] = four.octets();
            first == 127 && (second, third) != (255, 255)
        }
        IpAddr::V6(_) => false,
    }))
}

fn unanswered(check: &'static str, what: &str) -> Finding {
    Finding::warning(
        check,
        format!("{what}: no answer from the DNS"),
        "Try again; if it stays so, look at the line `dns`.",
    )
}

/// Whether a network of this machine has the address: nothing else can be bound.
pub fn is_own(address: IpAddr) -> bool {
    UdpSocket::bind((address, 0)).is_ok()
}

fn joined(addresses: &[IpAddr]) -> String {
    let shown: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    shown.join(", ")
}
