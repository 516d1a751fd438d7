//! The configuration once it is known to be good.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use app::{AutoSubmitted, MtaSts};
use sys::dial::{Allowed, Net};

use super::delivery;
use super::error::ConfigError;
use super::keys::Name;
use super::layers::Layers;

/// Everything the server is told, checked.
#[derive(Debug)]
pub struct Settings {
    /// The data folder.
    pub data: PathBuf,
    /// Where the API listens.
    pub http: SocketAddr,
    /// Where the API listens with TLS, if at all.
    pub https: Option<SocketAddr>,
    /// Where mail is received.
    pub smtp: SocketAddr,
    /// Where mail is handed in with STARTTLS, if at all.
    pub submission: Option<SocketAddr>,
    /// Where mail is handed in over TLS, if at all.
    pub submissions: Option<SocketAddr>,
    /// The domain of new inboxes, in lower case.
    pub domain: String,
    /// The name the SMTP door greets with.
    pub hostname: String,
    /// The address of the API, without a slash at its end, if it is fixed.
    pub public_url: Option<String>,
    /// The name servers; those of the operating system when there are none.
    pub dns: Vec<SocketAddr>,
    /// The PostgreSQL URL; SQLite without it.
    pub database: Option<Secret<String>>,
    /// The admin key, if the operator chose it.
    pub api_key: Option<Secret<String>>,
    /// The master key, if the operator holds it.
    pub master_key: Option<Secret<[u8; 32]>>,
    /// The certificates, the first for clients that name nobody; a self-made one without any.
    pub tls: Vec<Tls>,
    /// Where certificates are ordered, if at all.
    pub acme: Option<app::AcmeSettings>,
    /// Where the authority is answered.
    pub acme_http: SocketAddr,
    /// The largest message in bytes.
    pub max_message_bytes: usize,
    /// The most recipients of one SMTP transaction.
    pub max_recipients: usize,
    /// The most HTTP connections at once.
    pub max_http_connections: u32,
    /// The most SMTP connections at once.
    pub max_smtp_connections: u32,
    /// How often callers may come, and how much an inbox may send.
    pub limits: app::Limits,
    /// How often machines may answer one another.
    pub loop_limits: app::LoopLimits,
    /// What is done about secrets in departures.
    pub leaks: app::LeakRules,
    /// The proxies that tell the client address.
    pub trusted_proxies: Vec<Net>,
    /// How arriving mail is judged.
    pub judging: app::Judging,
    /// How unwanted mail is known.
    pub filtering: app::Filtering,
    /// Where requests of the server's own may go beyond the public internet.
    pub egress_allow: Vec<Allowed>,
    /// What others do when a connection does not fit the MTA-STS policy.
    pub mta_sts: MtaSts,
    /// Which mail says that no person sent it.
    pub auto_submitted: AutoSubmitted,
    /// Whether a repeated message is sent only once.
    pub suppress_repeats: bool,
    /// What the gate does.
    pub gate: app::GateSettings,
    /// How mail to other servers leaves.
    pub delivery: app::DeliverySettings,
    /// How many agents one network address may sign up in an hour; none at all by default.
    pub agent_sign_ups: u32,
    /// How long events are kept; for ever without it.
    pub keep_events: Option<Duration>,
    /// How long a stop may take.
    pub drain: Duration,
    /// The log filter, known to parse.
    pub log: String,
    /// How log lines look.
    pub log_format: LogFormat,
}

/// The files of a certificate.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The chain, in PEM.
    pub certificate: PathBuf,
    /// The private key, in PEM.
    pub key: PathBuf,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For collectors, one JSON object a line.
    Json,
}

/// A value that is never printed.
#[derive(Clone)]
pub struct Secret<T>(pub T);

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

impl Settings {
    /// Checks every value.
    ///
    /// # Errors
    /// The first value that is not of its key's kind.
    pub fn check(layers: &Layers) -> Result<Self, ConfigError> {
        let domain = required(layers, Name::Domain, domain_name)?;
        let hostname =
            optional(layers, Name::Hostname, domain_name)?.unwrap_or_else(|| domain.clone());
        let connections = (
            required(layers, Name::MaxHttpConnections, |t| number(t, 1, 100_000))?,
            required(layers, Name::MaxSmtpConnections, |t| number(t, 1, 100_000))?,
        );
        Ok(Self {
            data: required(layers, Name::Data, path)?,
            http: required(layers, Name::Http, socket_address)?,
            https: optional(layers, Name::Https, socket_address)?,
            smtp: required(layers, Name::Smtp, socket_address)?,
            submission: optional(layers, Name::Submission, socket_address)?,
            submissions: optional(layers, Name::Submissions, socket_address)?,
            acme: acme(layers, &hostname)?,
            acme_http: required(layers, Name::AcmeHttp, socket_address)?,
            hostname,
            limits: limits(layers, !is_reserved(&domain))?,
            loop_limits: loop_limits(layers)?,
            leaks: optional(layers, Name::LeakActions, app::LeakRules::parse)?.unwrap_or_default(),
            domain,
            public_url: optional(layers, Name::PublicUrl, public_url)?,
            dns: optional(layers, Name::Dns, name_servers)?.unwrap_or_default(),
            database: optional(layers, Name::Database, postgres_url)?.map(Secret),
            api_key: optional(layers, Name::ApiKey, api_key)?.map(Secret),
            master_key: optional(layers, Name::MasterKey, master_key)?.map(Secret),
            tls: tls(layers)?,
            max_message_bytes: required(layers, Name::MaxMessageSize, message_size)?,
            max_recipients: required(layers, Name::MaxRecipients, |text| {
                number(text, 100, 10_000)
            })?,
            max_http_connections: connections.0,
            max_smtp_connections: connections.1,
            trusted_proxies: optional(layers, Name::TrustedProxies, ranges)?.unwrap_or_default(),
            judging: judging(layers)?,
            filtering: app::Filtering {
                threshold: required(layers, Name::SpamThreshold, |t| number(t, 0, 1_000))?,
                block_lists: optional(layers, Name::BlockLists, block_lists)?.unwrap_or_default(),
                rspamd: optional(layers, Name::Rspamd, |text| public_url(text)?.parse().ok())?,
                judge: optional(layers, Name::ScreenJudge, |text| {
                    service_url(text)?.parse().ok()
                })?,
                greylist: required(layers, Name::Greylist, |text| number(text, 0, 86_400))
                    .map(Duration::from_secs)?,
                ..app::Filtering::default()
            },
            egress_allow: optional(layers, Name::EgressAllow, egress_allow)?.unwrap_or_default(),
            mta_sts: required(layers, Name::MtaSts, MtaSts::parse)?,
            auto_submitted: required(layers, Name::AutoSubmitted, AutoSubmitted::parse)?,
            suppress_repeats: required(layers, Name::SuppressRepeats, switch)?,
            gate: gate(layers)?,
            delivery: delivery::settings(layers)?,
            agent_sign_ups: required(layers, Name::AgentSignUps, |t| number(t, 0, 1_000))?,
            keep_events: required(layers, Name::KeepEvents, days)?,
            drain: required(layers, Name::Drain, |text| number(text, 0, 600))
                .map(Duration::from_secs)?,
            log: required(layers, Name::Log, log_filter)?,
            log_format: required(layers, Name::LogFormat, log_format)?,
        })
    }

    /// Whether mail may leave the machine: the domain is one that others can reach.
    pub fn is_public(&self) -> bool {
        !is_reserved(&self.domain)
    }
}

fn gate(layers: &Layers) -> Result<app::GateSettings, ConfigError> {
    let minutes = |name| {
        let minutes = required(layers, name, |text| number::<u64>(text, 1, 525_600))?;
        Ok(Duration::from_secs(minutes * 60))
    };
    let hours = required(layers, Name::ApprovalExpiry, |text| {
        number::<u64>(text, 1, 8_760)
    })?;
    Ok(app::GateSettings {
        tainting: required(layers, Name::GateTaint, |text| match text {
            "strangers" => Some(app::Tainting::Strangers),
            "unproven" => Some(app::Tainting::Unproven),
            "off" => Some(app::Tainting::Off),
            _ => None,
        })?,
        taint_unkeyed: required(layers, Name::GateTaintUnkeyed, |text| match text {
            "readers" => Some(true),
            "off" => Some(false),
            _ => None,
        })?,
        taint_thread: minutes(Name::GateTaintThread)?,
        taint_key: minutes(Name::GateTaintKey)?,
        approval_expiry: Duration::from_secs(hours * 3_600),
    })
}

pub(super) fn optional<T>(
    layers: &Layers,
    name: Name,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, ConfigError> {
    let Some(value) = layers.get(name) else {
        return Ok(None);
    };
    match read(value.text.trim()) {
        Some(read) => Ok(Some(read)),
        None => Err(ConfigError::wrong(name, value)),
    }
}

/// For keys with a default in the table.
pub(super) fn required<T>(
    layers: &Layers,
    name: Name,
    read: impl Fn(&str) -> Option<T>,
) -> Result<T, ConfigError> {
    optional(layers, name, read)?.ok_or(ConfigError::Alone {
        set: Name::Config,
        missing: name,
    })
}

fn tls(layers: &Layers) -> Result<Vec<Tls>, ConfigError> {
    let certificates = optional(layers, Name::TlsCertificate, paths)?;
    let keys = optional(layers, Name::TlsKey, paths)?;
    let alone = |set, missing| Err(ConfigError::Alone { set, missing });
    match (certificates, keys) {
        (Some(certificates), Some(keys)) if certificates.len() == keys.len() => {
            let pairs = certificates.into_iter().zip(keys);
            Ok(pairs
                .map(|(certificate, key)| Tls { certificate, key })
                .collect())
        }
        (Some(certificates), Some(keys)) => Err(ConfigError::Uneven {
            one: (Name::TlsCertificate, certificates.len()),
            other: (Name::TlsKey, keys.len()),
        }),
        (None, None) => Ok(Vec::new()),
        (Some(_), None) => alone(Name::TlsCertificate, Name::TlsKey),
        (None, Some(_)) => alone(Name::TlsKey, Name::TlsCertificate),
    }
}

fn acme(layers: &Layers, hostname: &str) -> Result<Option<app::AcmeSettings>, ConfigError> {
    let names = optional(layers, Name::AcmeNames, |text| {
        domain_names(text).filter(|names| (1..=100).contains(&names.len()))
    })?;
    let contact = optional(layers, Name::AcmeContact, |text| {
        let address = mail::Address::parse(text).ok()?;
        Some(address.to_string())
    })?;
    let directory = optional(layers, Name::Acme, directory)?;
    Ok(directory.map(|directory| app::AcmeSettings {
        directory,
        contact,
        names: names.unwrap_or_else(|| vec![hostname.to_owned()]),
    }))
}

fn directory(text: &str) -> Option<String> {
    match text {
        "letsencrypt" => Some("https://acme-v02.api.letsencrypt.org/directory".to_owned()),
        "letsencrypt-staging" => {
            Some("https://acme-staging-v02.api.letsencrypt.org/directory".to_owned())
        }
        _ => {
            let url: http::Uri = text.parse().ok()?;
            let authority = url.authority()?;
            let good = url.scheme_str() == Some("https")
                && !authority.as_str().contains('@')
                && !authority.host().is_empty();
            good.then(|| text.to_owned())
        }
    }
}

fn paths(text: &str) -> Option<Vec<PathBuf>> {
    text.split(',').map(|part| path(part.trim())).collect()
}

/// A laptop has no limits but those that are asked for.
fn limits(layers: &Layers, is_public: bool) -> Result<app::Limits, ConfigError> {
    let rate = |rate, burst, usual| {
        let usual = if is_public { usual } else { 0 };
        let per_second: u32 =
            optional(layers, rate, |text| number(text, 0, 1_000_000))?.unwrap_or(usual);
        let burst = optional(layers, burst, |text| number(text, 1, 1_000_000))?;
        Ok(app::Rate {
            per_second,
            burst: burst.unwrap_or_else(|| per_second.saturating_mul(10).max(1)),
        })
    };
    Ok(app::Limits {
        per_key: rate(Name::RequestsPerKey, Name::BurstPerKey, 200)?,
        per_address: rate(Name::RequestsPerAddress, Name::BurstPerAddress, 500)?,
        sends_per_hour: required(layers, Name::SendsPerInbox, |text| number(text, 0, 10_000))?,
    })
}

fn loop_limits(layers: &Layers) -> Result<app::LoopLimits, ConfigError> {
    let count = |name| required(layers, name, |text| number(text, 0, 10_000));
    Ok(app::LoopLimits {
        per_thread: count(Name::TurnsPerThread)?,
        per_peer: count(Name::TurnsPerPeer)?,
        per_pair: count(Name::TurnsPerPair)?,
        in_a_row: count(Name::AnswersInARow)?,
    })
}

fn judging(layers: &Layers) -> Result<app::Judging, ConfigError> {
    let word = |one: &'static str, other: &'static str| {
        move |text: &str| match text {
            text if text == one => Some(false),
            text if text == other => Some(true),
            _ => None,
        }
    };
    Ok(app::Judging {
        check_local: required(layers, Name::CheckSenders, word("auto", "all"))?,
        trusted_sealers: optional(layers, Name::TrustedSealers, domain_names)?.unwrap_or_default(),
        trusted_relays: optional(layers, Name::TrustedRelays, ranges)?.unwrap_or_default(),
        refuse_on_dmarc_reject: required(layers, Name::OnDmarcReject, word("label", "refuse"))?,
        ..app::Judging::default()
    })
}

pub(super) fn path(text: &str) -> Option<PathBuf> {
    (!text.is_empty() && !text.contains('\0')).then(|| PathBuf::from(text))
}

fn socket_address(text: &str) -> Option<SocketAddr> {
    if let Some(port) = text.strip_prefix("localhost:") {
        return Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port.parse().ok()?)));
    }
    text.parse().ok()
}

/// Addresses with the port of the DNS where none is given.
fn name_servers(text: &str) -> Option<Vec<SocketAddr>> {
    const PORT: u16 = 53;
    let server = |part: &str| {
        let part = part.trim();
        let bare = part.trim_start_matches('[').trim_end_matches(']');
        part.parse()
            .ok()
            .or_else(|| Some(SocketAddr::new(bare.parse::<IpAddr>().ok()?, PORT)))
    };
    text.split(',').map(server).collect()
}

/// A host name of at least two labels (RFC 1123 §2.1, RFC 1035 §2.3.4), in lower case.
pub(super) fn domain_name(text: &str) -> Option<String> {
    let name = text.to_ascii_lowercase();
    let label_is_good = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let looks_like_address = name
        .rsplit('.')
        .next()
        .is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    (name.len() <= 253
        && name.contains('.')
        && !looks_like_address
        && name.split('.').all(label_is_good))
    .then_some(name)
}

/// Zones with the points of an address they list.
fn block_lists(text: &str) -> Option<Vec<(String, u32)>> {
    let parts = text.split(',').map(str::trim);
    let list = |part: &str| {
        let (zone, points) = part.split_once('=')?;
        Some((domain_name(zone.trim())?, number(points.trim(), 1, 1_000)?))
    };
    parts.filter(|part| !part.is_empty()).map(list).collect()
}

fn domain_names(text: &str) -> Option<Vec<String>> {
    let parts = text.split(',').map(str::trim);
    parts
        .filter(|part| !part.is_empty())
        .map(domain_name)
        .collect()
}

/// Names that no mail from outside can reach: RFC 2606 §2 and §3, RFC 6761 §6, RFC 6762 §3,
/// RFC 8375, and `.internal`, which ICANN keeps for private use.
fn is_reserved(domain: &str) -> bool {
    [
        "localhost",
        "test",
        "example",
        "invalid",
        "local",
        "internal",
        "home.arpa",
        "example.com",
        "example.net",
        "example.org",
    ]
    .iter()
    .any(|suffix| {
        domain
            .strip_suffix(suffix)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    })
}

fn public_url(text: &str) -> Option<String> {
    let url: http::Uri = text.parse().ok()?;
    let scheme = url.scheme_str()?;
    let authority = url.authority()?;
    ((scheme == "http" || scheme == "https")
        && !authority.as_str().contains('@')
        && !authority.host().is_empty()
        && matches!(url.path(), "" | "/")
        && url.query().is_none())
    .then(|| format!("{scheme}://{authority}"))
}

/// A service of the operator's own, at a path of their choice.
fn service_url(text: &str) -> Option<&str> {
    let url: http::Uri = text.parse().ok()?;
    let authority = url.authority()?;
    let plain = !authority.as_str().contains('@') && !authority.host().is_empty();
    (matches!(url.scheme_str(), Some("http" | "https")) && plain).then_some(text)
}

fn postgres_url(text: &str) -> Option<String> {
    let rest = text
        .strip_prefix("postgres://")
        .or_else(|| text.strip_prefix("postgresql://"))?;
    (!rest.is_empty() && !text.contains(char::is_whitespace)).then(|| text.to_owned())
}

fn api_key(text: &str) -> Option<String> {
    let rest = text.strip_prefix("am_us_")?;
    let good = (20..=200).contains(&rest.len())
        && rest
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    good.then(|| text.to_owned())
}

fn master_key(text: &str) -> Option<[u8; 32]> {
    data_encoding::HEXLOWER_PERMISSIVE
        .decode(text.as_bytes())
        .ok()?
        .try_into()
        .ok()
}

fn message_size(text: &str) -> Option<usize> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (count, unit) = text.split_at_checked(digits)?;
    let factor: usize = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1_000,
        "kib" | "k" => 1 << 10,
        "mb" => 1_000_000,
        "mib" | "m" => 1 << 20,
        _ => return None,
    };
    let bytes = count.parse::<usize>().ok()?.checked_mul(factor)?;
    // RFC 5321 §4.5.3.1.7 asks for at least 64 KiB; messages are held in memory while they arrive.
    (64 << 10..=200 << 20).contains(&bytes).then_some(bytes)
}

pub(super) fn number<T: std::str::FromStr + PartialOrd>(
    text: &str,
    least: T,
    most: T,
) -> Option<T> {
    let number = text.replace('_', "").parse().ok()?;
    (least..=most).contains(&number).then_some(number)
}

fn ranges(text: &str) -> Option<Vec<Net>> {
    let parts = text.split(',').map(str::trim);
    parts
        .filter(|part| !part.is_empty())
        .map(|part| part.parse().ok())
        .collect()
}

fn egress_allow(text: &str) -> Option<Vec<Allowed>> {
    let parts = text.split(',').map(str::trim);
    parts
        .filter(|part| !part.is_empty())
        .map(|part| part.parse().ok())
        .collect()
}

/// Zero days mean for ever. One day is no choice: webhooks are tried again for longer.
fn days(text: &str) -> Option<Option<Duration>> {
    let days: u64 = number(text, 0, 36_500)?;
    (days != 1).then(|| (days > 0).then(|| Duration::from_secs(days * 86_400)))
}

fn log_filter(text: &str) -> Option<String> {
    let good = !text.is_empty() && tracing_subscriber::EnvFilter::try_new(text).is_ok();
    good.then(|| text.to_owned())
}

fn switch(text: &str) -> Option<bool> {
    text.parse().ok()
}

fn log_format(text: &str) -> Option<LogFormat> {
    match text {
        "text" => Some(LogFormat::Text),
        "json" => Some(LogFormat::Json),
        _ => None,
    }
}
