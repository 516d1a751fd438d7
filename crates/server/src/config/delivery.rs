//! The keys about mail to other servers, which depend on each other.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use app::{DaneMode, DeliverySettings, Patience, Relay, RelayTls, Way};
use smtp::client::Credentials;

use super::error::ConfigError;
use super::keys::Name;
use super::layers::Layers;
use super::settings::{domain_name, number, optional, path, required};

/// The name of the relay that has none.
const UNNAMED: &str = "relay";

/// A relay as it is written, without its password.
struct Written {
    name: String,
    user: Option<String>,
    host: String,
    port: u16,
    tls: RelayTls,
}

/// Checks the keys about mail to other servers.
///
/// # Errors
/// The first value that is not of its key's kind, or names what does not exist.
pub(super) fn settings(layers: &Layers) -> Result<DeliverySettings, ConfigError> {
    let relays = relays(layers)?;
    let otherwise = required(layers, Name::Delivery, way)?;
    let routes = optional(layers, Name::DeliveryRoutes, routes)?.unwrap_or_default();
    let named = [(Name::Delivery, &otherwise)]
        .into_iter()
        .chain(routes.values().map(|way| (Name::DeliveryRoutes, way)));
    for (set, way) in named {
        if let Way::Relay(name) = way
            && !relays.contains_key(name)
        {
            let missing = Name::Relay;
            return Err(ConfigError::Alone { set, missing });
        }
    }
    let seconds = |name, most: u64| {
        required(layers, name, |text| {
            time(text).filter(|time| (1..=most).contains(&time.as_secs()))
        })
    };
    const MONTH: u64 = 30 * 86_400;
    Ok(DeliverySettings {
        routes,
        otherwise,
        relays,
        port: required(layers, Name::DeliveryPort, |text| number(text, 1, u16::MAX))?,
        patience: Patience {
            first_pause: seconds(Name::RetryAfter, 7200)?,
            delay_notice: seconds(Name::DelayNotice, MONTH)?,
            keep_trying: seconds(Name::KeepTrying, MONTH)?,
        },
        connections: required(layers, Name::DestinationConnections, |text| {
            number(text, 1, 200)
        })?,
        per_minute: required(layers, Name::DestinationRate, |text| {
            number(text, 0, 1_000_000)
        })?,
        sources: optional(layers, Name::SourceAddresses, addresses)?.unwrap_or_default(),
        dane: required(layers, Name::Dane, dane)?,
        roots: match optional(layers, Name::ExtraRoots, path)? {
            Some(file) => read(&file)?.into_bytes(),
            None => Vec::new(),
        },
    })
}

fn relays(layers: &Layers) -> Result<BTreeMap<String, Relay>, ConfigError> {
    let written = optional(layers, Name::Relay, written)?.unwrap_or_default();
    let mut passwords = match optional(layers, Name::RelayPasswords, path)? {
        Some(file) => match passwords(&read(&file)?) {
            Some(passwords) => passwords,
            None => {
                let value = layers.get(Name::RelayPasswords);
                let wrong = value.map(|value| ConfigError::wrong(Name::RelayPasswords, value));
                return Err(wrong.unwrap_or(ConfigError::Alone {
                    set: Name::RelayPasswords,
                    missing: Name::RelayPasswords,
                }));
            }
        },
        None => BTreeMap::new(),
    };
    if let Some(password) = optional(layers, Name::RelayPassword, |text| Some(text.to_owned()))? {
        passwords.insert(UNNAMED.to_owned(), password);
    }
    let mut relays = BTreeMap::new();
    for one in written {
        let credentials = match (&one.user, passwords.get(&one.name)) {
            (Some(user), Some(password)) => Some(Credentials::new(user, password)),
            (Some(_), None) => {
                return Err(ConfigError::Alone {
                    set: Name::Relay,
                    missing: if one.name == UNNAMED {
                        Name::RelayPassword
                    } else {
                        Name::RelayPasswords
                    },
                });
            }
            (None, _) => None,
        };
        let relay = Relay {
            host: one.host,
            port: one.port,
            tls: one.tls,
            credentials,
        };
        relays.insert(one.name, relay);
    }
    Ok(relays)
}

fn read(file: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(file).map_err(|error| ConfigError::Unreadable {
        path: PathBuf::from(file),
        reason: error.to_string(),
    })
}

fn dane(text: &str) -> Option<DaneMode> {
    match text {
        "off" => Some(DaneMode::Off),
        "report" => Some(DaneMode::Report),
        "enforce" => Some(DaneMode::Enforce),
        _ => None,
    }
}

fn way(text: &str) -> Option<Way> {
    match text {
        "sandbox" => Some(Way::Sandbox),
        "direct" => Some(Way::Direct),
        "relay" => Some(Way::Relay(UNNAMED.to_owned())),
        _ => name(text.strip_prefix("relay:")?).map(Way::Relay),
    }
}

fn name(text: &str) -> Option<String> {
    let good = (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    good.then(|| text.to_owned())
}

fn routes(text: &str) -> Option<BTreeMap<String, Way>> {
    list(text)
        .map(|part| {
            let (domain, to) = part.split_once(char::is_whitespace)?;
            Some((domain_name(domain)?, way(to.trim())?))
        })
        .collect()
}

fn written(text: &str) -> Option<Vec<Written>> {
    let mut all: Vec<Written> = Vec::new();
    for part in list(text) {
        let (own, url) = match part.split_once('=') {
            Some((own, url)) if !own.contains(':') => (name(own.trim())?, url.trim()),
            _ => (UNNAMED.to_owned(), part),
        };
        if all.iter().any(|known| known.name == own) {
            return None;
        }
        all.push(relay(own, url)?);
    }
    Some(all)
}

fn relay(own: String, url: &str) -> Option<Written> {
    let (scheme, rest) = url.split_once("://")?;
    let (rest, query) = match rest.split_once('?') {
        Some((rest, query)) => (rest, Some(query)),
        None => (rest, None),
    };
    let (tls, usual) = match (scheme, query) {
        ("smtp", None | Some("tls=required")) => (RelayTls::Required, 587),
        ("smtp", Some("tls=opportunistic")) => (RelayTls::Opportunistic, 587),
        ("smtp", Some("tls=none")) => (RelayTls::Never, 587),
        ("smtps", None) => (RelayTls::Implicit, 465),
        _ => return None,
    };
    // A user is often an address, so the last @ counts.
    let (user, place) = match rest.rsplit_once('@') {
        Some((user, place)) => (Some(user.to_owned()), place),
        None => (None, rest),
    };
    if user
        .as_ref()
        .is_some_and(|user| user.is_empty() || user.contains(':'))
    {
        return None;
    }
    let place = place.strip_suffix('/').unwrap_or(place);
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, number(port, 1, u16::MAX)?),
        _ => (place, usual),
    };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let host = match bare.parse::<IpAddr>() {
        Ok(address) => address.to_string(),
        Err(_) if host == "localhost" => host.to_owned(),
        Err(_) => domain_name(host)?,
    };
    Some(Written {
        name: own,
        user,
        host,
        port,
        tls,
    })
}

fn passwords(text: &str) -> Option<BTreeMap<String, String>> {
    let lines = text.lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let (own, password) = line.split_once(char::is_whitespace)?;
            Some((name(own)?, password.trim().to_owned()))
        })
        .collect()
}

fn addresses(text: &str) -> Option<Vec<IpAddr>> {
    list(text).map(|part| part.parse().ok()).collect()
}

fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
}

/// A number of seconds, minutes, hours or days: `90s`, `2m`, `4h`, `5d`.
fn time(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (count, unit) = text.split_at_checked(digits)?;
    let factor = match unit.trim() {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    let seconds = count.parse::<u64>().ok()?.checked_mul(factor)?;
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Option<(String, Option<String>, String, u16, RelayTls)> {
        let one = written(text)?.into_iter().next()?;
        Some((one.name, one.user, one.host, one.port, one.tls))
    }

    #[test]
    fn relays_are_urls_with_or_without_names() {
        let relay = |name: &str, user: Option<&str>, host: &str, port, tls| {
            Some((
                name.to_owned(),
                user.map(str::to_owned),
                host.to_owned(),
                port,
                tls,
            ))
        };
        for (text, expected) in [
            (
                "smtp://mail.acme.dev",
                relay("relay", None, "mail.acme.dev", 587, RelayTls::Required),
            ),
            (
                "ses=smtp://AKIA@email.eu.example:2587",
                relay(
                    "ses",
                    Some("AKIA"),
                    "email.eu.example",
                    2587,
                    RelayTls::Required,
                ),
            ),
            (
                "smtps://ann@acme.dev@smtp.acme.dev/",
                relay(
                    "relay",
                    Some("ann@acme.dev"),
                    "smtp.acme.dev",
                    465,
                    RelayTls::Implicit,
                ),
            ),
            (
                "smtp://127.0.0.1:25?tls=none",
                relay("relay", None, "127.0.0.1", 25, RelayTls::Never),
            ),
            (
                "smtp://[::1]?tls=opportunistic",
                relay("relay", None, "::1", 587, RelayTls::Opportunistic),
            ),
        ] {
            assert_eq!(one(text), expected, "{text}");
        }
        for wrong in [
            "mail.acme.dev",
            "http://mail.acme.dev",
            "smtp://ann:secret@mail.acme.dev",
            "smtp://@mail.acme.dev",
            "smtp://mail.acme.dev:0",
            "smtp://mail.acme.dev?tls=maybe",
            "smtps://mail.acme.dev?tls=none",
            "a=smtp://x.dev, a=smtp://y.dev",
            "smtp://nodots",
        ] {
            assert!(written(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn routes_name_a_domain_and_a_way() {
        let routes = routes("acme.dev direct, Other.dev  relay:ses,x.dev sandbox").unwrap();
        let told: Vec<(&str, &Way)> = routes
            .iter()
            .map(|(domain, way)| (&**domain, way))
            .collect();
        assert_eq!(
            told,
            [
                ("acme.dev", &Way::Direct),
                ("other.dev", &Way::Relay("ses".to_owned())),
                ("x.dev", &Way::Sandbox),
            ]
        );
        for wrong in [
            "acme.dev",
            "acme.dev nowhere",
            "* direct",
            "acme.dev relay:",
        ] {
            assert!(super::routes(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn times_have_a_unit() {
        let seconds = |text| time(text).map(|time| time.as_secs());
        assert_eq!(seconds("90s"), Some(90));
        assert_eq!(seconds("2m"), Some(120));
        assert_eq!(seconds("4 h"), Some(14_400));
        assert_eq!(seconds("5d"), Some(432_000));
        for wrong in ["", "5", "d", "-1s", "1w", "1.5h", "99999999999999999999d"] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn passwords_stand_behind_names() {
        let found = passwords("# relays\nses  a b c\n\nrelay x\n").unwrap();
        assert_eq!(found["ses"], "a b c");
        assert_eq!(found["relay"], "x");
        assert!(passwords("lonely").is_none());
    }
}
