//! What the client's own names say, and who has listed its address.

use std::net::IpAddr;

use futures_util::future::join_all;
use mail::Timestamp;
use model::message::Signal;
use smtp::Envelope;
use sys::{Answer, Clock, Resolver};

use super::signal;

/// Names of an address that are looked at.
const MOST_NAMES: usize = 5;

/// Asks everything at once; what has no answer by `until` counts nothing.
pub(super) async fn signals(
    resolver: &Resolver,
    envelope: &Envelope,
    ours: &[&String],
    lists: &[(String, u32)],
    until: Timestamp,
    clock: &dyn Clock,
) -> Vec<Signal> {
    let ip = envelope.peer.ip().to_canonical();
    let name = async {
        let found = sys::timeout_at(clock, until, reverse_name(resolver, ip)).await;
        found.ok().flatten()
    };
    let listed = join_all(lists.iter().map(async |(zone, points)| {
        let asking = listed(resolver, ip, zone, *points);
        sys::timeout_at(clock, until, asking).await.ok().flatten()
    }));
    let (name, listed) = tokio::join!(name, listed);
    let mut signals = Vec::new();
    signals.extend(greeting(&envelope.helo, ip, ours));
    signals.extend(name);
    signals.extend(listed.into_iter().flatten());
    signals
}

/// The name given in EHLO (RFC 5321 §4.1.1.1): a host name, or the client's address in brackets.
fn greeting(helo: &str, ip: IpAddr, ours: &[&String]) -> Option<Signal> {
    let name = helo.trim_end_matches('.');
    if ours.iter().any(|own| own.eq_ignore_ascii_case(name)) {
        return Some(signal(
            "helo_is_ours",
            8,
            format!("the client calls itself {name}"),
        ));
    }
    if let Some(literal) = name.strip_prefix('[') {
        let literal = literal.trim_end_matches(']');
        let literal = literal.strip_prefix("IPv6:").unwrap_or(literal);
        let own = literal
            .parse::<IpAddr>()
            .is_ok_and(|stated| stated.to_canonical() == ip);
        return (!own).then(|| {
            signal(
                "helo_is_wrong",
                4,
                format!("{name} is not the client's address"),
            )
        });
    }
    let is_name = name.contains('.') && !name.contains('?') && name.parse::<IpAddr>().is_err();
    (!is_name).then(|| signal("helo_is_no_name", 3, format!("{name} is no host name")))
}

/// A client that is a mail server has a name, and the name has its address.
async fn reverse_name(resolver: &Resolver, ip: IpAddr) -> Option<Signal> {
    let names = match resolver.names(ip).await {
        Ok(Answer::Records(names)) => names,
        Ok(Answer::NoRecords | Answer::NoName) => {
            return Some(signal("no_reverse_name", 4, format!("{ip} has no name")));
        }
        Err(_) => return None,
    };
    let mut answered = false;
    for name in names.iter().take(MOST_NAMES) {
        match resolver.addresses(name).await {
            Ok(found) if found.clone().records().contains(&ip) => return None,
            Ok(_) => answered = true,
            Err(_) => {}
        }
    }
    let name = names.first()?;
    answered.then(|| {
        let detail = format!("{name} is said to be the name of {ip}, but has another address");
        signal("reverse_name_not_confirmed", 3, detail)
    })
}

/// Whether a list has the address (RFC 5782 §2). Answers outside 127.0.0.0/8, and those by which
/// lists complain about the asker (127.255.255.0/24), mean nothing.
async fn listed(resolver: &Resolver, ip: IpAddr, zone: &str, points: u32) -> Option<Signal> {
    let name = format!("{}.{zone}", reversed(ip));
    let found = resolver.ipv4(&name).await.ok()?.records();
    let code = found.iter().find_map(|address| match address {
        IpAddr::V4(four) => match four.octets() {
            [127, 255, 255, _] => None,
            [127, ..] => Some(four),
            _ => None,
        },
        IpAddr::V6(_) => None,
    })?;
    Some(signal(
        "listed",
        points,
        format!("{ip} is listed by {zone} ({code})"),
    ))
}

/// The labels by which block lists are asked for an address (RFC 5782 §2.1, §2.4).
#[must_use]
pub fn reversed(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(four) => {
            let [a, b, c, d] = four.octets();
            format!("{d}.{c}.{b}.{a}")
        }
        IpAddr::V6(six) => {
            let octets = six.octets();
            let digits = octets
                .iter()
                .rev()
                .flat_map(|octet| [octet & 15, octet >> 4]);
            let digits: Vec<String> = digits.map(|digit| format!("{digit:x}")).collect();
            digits.join(".")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_greeting_should_be_the_clients_own_name() {
        let ours = ["mx.here.example".to_owned(), "here.example".to_owned()];
        let ours: Vec<&String> = ours.iter().collect();
        for (helo, ip, code) in [
            ("mx.there.example", "192.0.2.1", None),
            ("[192.0.2.1]", "192.0.2.1", None),
            ("[IPv6:2001:db8::1]", "2001:db8::1", None),
            ("[192.0.2.2]", "192.0.2.1", Some("helo_is_wrong")),
            ("192.0.2.1", "192.0.2.1", Some("helo_is_no_name")),
            ("localhost", "192.0.2.1", Some("helo_is_no_name")),
            ("a?b.example", "192.0.2.1", Some("helo_is_no_name")),
            ("MX.here.example", "192.0.2.1", Some("helo_is_ours")),
            ("here.example.", "192.0.2.1", Some("helo_is_ours")),
        ] {
            let found = greeting(helo, ip.parse().unwrap(), &ours);
            assert_eq!(found.map(|signal| signal.code).as_deref(), code, "{helo}");
        }
    }

    #[test]
    fn lists_are_asked_by_the_reversed_address() {
        assert_eq!(reversed("192.0.2.99".parse().unwrap()), "99.2.0.192");
        let six = reversed("2001:db8:1:2:3:4:567:89ab".parse().unwrap());
        assert_eq!(
            six,
            "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2"
        );
    }
}
