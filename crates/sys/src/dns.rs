//! Asking the DNS. Answers say apart what does not exist and what could not be found out, because
//! mail treats them differently: the first is final, the second is tried again.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{Name, RData, RecordType};

/// How long one server is waited for. It is asked twice.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// Answers that [`Resolver::remembering`] keeps, and for how long at most: of records, and of there
/// being none.
const REMEMBERED: u64 = 16_384;
const LONGEST: Duration = Duration::from_secs(6 * 60 * 60);
const LONGEST_NONE: Duration = Duration::from_secs(15 * 60);

/// Asks name servers: those it is given, or the machine's. Clones share one.
///
/// Nothing is asked, and no file is read, before the first question. Answers are not cached: who
/// has just corrected a record should not be told of the old one by us as well. For the records of
/// strangers there is [`Resolver::remembering`].
#[derive(Clone)]
pub struct Resolver(Arc<Inner>);

struct Inner {
    servers: Vec<SocketAddr>,
    remembers: bool,
    /// Whether the machine's hosts file answers first.
    reads_hosts: bool,
    /// Made at the first question; made anew after one that got no answer, because a machine that
    /// moved to another network has other servers.
    asking: Mutex<Option<TokioResolver>>,
}

/// What the DNS says of a name and a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer<T> {
    /// The records, at least one.
    Records(Vec<T>),
    /// The name exists and has none of this type.
    NoRecords,
    /// There is no such name.
    NoName,
}

impl<T> Answer<T> {
    /// The records; none whichever way there are none.
    #[must_use]
    pub fn records(self) -> Vec<T> {
        match self {
            Self::Records(records) => records,
            Self::NoRecords | Self::NoName => Vec::new(),
        }
    }
}

/// No answer: no server replied in time, or the one that did could not find out. Nothing follows
/// from it about the name.
#[derive(Debug, thiserror::Error)]
#[error("the DNS gave no answer: {0}")]
pub struct Unanswered(pub(crate) String);

/// A host that takes mail for a name (RFC 5321 §5.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailExchanger {
    /// Lower comes first.
    pub preference: u16,
    /// The host, in lower case and without the final dot; empty for the null MX of RFC 7505.
    pub host: String,
}

impl Resolver {
    /// Asks the servers that the operating system names.
    #[must_use]
    pub fn system() -> Self {
        Self::at(Vec::new())
    }

    /// Asks these servers, over UDP and, for what does not fit, TCP. With none it asks those of the
    /// operating system.
    #[must_use]
    pub fn at(servers: Vec<SocketAddr>) -> Self {
        Self(Arc::new(Inner {
            servers,
            remembers: false,
            reads_hosts: true,
            asking: Mutex::new(None),
        }))
    }

    /// Another one with the same servers that keeps answers for as long as their zone allows, a
    /// bounded number of them.
    #[must_use]
    pub fn remembering(&self) -> Self {
        Self(Arc::new(Inner {
            servers: self.0.servers.clone(),
            remembers: true,
            reads_hosts: self.0.reads_hosts,
            asking: Mutex::new(None),
        }))
    }

    /// Another one with the same servers that shows what others see: the machine's hosts file, which
    /// often has its own name, is not read.
    #[must_use]
    pub fn as_others_see(&self) -> Self {
        Self(Arc::new(Inner {
            servers: self.0.servers.clone(),
            remembers: self.0.remembers,
            reads_hosts: false,
            asking: Mutex::new(None),
        }))
    }

    /// The texts of a name, each with its strings joined (RFC 7208 §3.3). Octets that are not UTF-8
    /// are replaced.
    ///
    /// # Errors
    /// [`Unanswered`].
    pub async fn txt(&self, name: &str) -> Result<Answer<String>, Unanswered> {
        self.ask(name, RecordType::TXT, |data| match data {
            RData::TXT(txt) => Some(String::from_utf8_lossy(&txt.txt_data.concat()).into_owned()),
            _ => None,
        })
        .await
    }

    /// The hosts that take mail for a name, in no particular order.
    ///
    /// # Errors
    /// [`Unanswered`].
    pub async fn mx(&self, name: &str) -> Result<Answer<MailExchanger>, Unanswered> {
        self.ask(name, RecordType::MX, |data| match data {
            RData::MX(mx) => Some(MailExchanger {
                preference: mx.preference,
                host: plain(&mx.exchange),
            }),
            _ => None,
        })
        .await
    }

    /// What a name is an alias of. An alias that itself has records of other types is one all the
    /// same.
    ///
    /// # Errors
    /// [`Unanswered`].
    pub async fn cname(&self, name: &str) -> Result<Answer<String>, Unanswered> {
        self.ask(name, RecordType::CNAME, |data| match data {
            RData::CNAME(alias) => Some(plain(alias)),
            _ => None,
        })
        .await
    }

    /// The servers of a zone.
    ///
    /// # Errors
    /// [`Unanswered`].
    pub async fn ns(&self, name: &str) -> Result<Answer<String>, Unanswered> {
        self.ask(name, RecordType::NS, |data| match data {
            RData::NS(host) => Some(plain(host)),
            _ => None,
        })
        .await
    }

    /// The IPv4 addresses of a host.
    ///
    /// # Errors
    /// [`Unanswered`].
    pub async fn ipv4(&self, name: &str) -> Result<Answer<IpAddr>, Unanswered> {
        self.ask(name, RecordType::A, |data| match data {
            RData::A(address) => Some(IpAddr::V4(address.0)),
            _ => None,
        })
        .await
    }

    /// The IPv6 addresses of a host.
    ///
    /// # Errors
    /// [`Unanswered`].
    pub async fn ipv6(&self, name: &str) -> Result<Answer<IpAddr>, Unanswered> {
        self.ask(name, RecordType::AAAA, |data| match data {
            RData::AAAA(address) => Some(IpAddr::V6(address.0)),
            _ => None,
        })
        .await
    }

    /// The names that an address is said to have (RFC 1035 §3.5, RFC 3596 §2.5). Whoever has the
    /// address writes them: ask the names for their addresses before believing one.
    ///
    /// # Errors
    /// [`Unanswered`].
    pub async fn names(&self, address: IpAddr) -> Result<Answer<String>, Unanswered> {
        let reverse = Name::from(address).to_ascii();
        self.ask(&reverse, RecordType::PTR, |data| match data {
            RData::PTR(name) => Some(plain(name)),
            _ => None,
        })
        .await
    }

    /// The addresses of a host, those of IPv6 last.
    ///
    /// # Errors
    /// [`Unanswered`] when neither kind could be asked for, or when one could not and the other has
    /// none.
    pub async fn addresses(&self, name: &str) -> Result<Answer<IpAddr>, Unanswered> {
        let (four, six) = (self.ipv4(name), self.ipv6(name));
        match tokio::join!(four, six) {
            (Ok(Answer::Records(mut all)), six) => {
                all.extend(six.map(Answer::records).unwrap_or_default());
                Ok(Answer::Records(all))
            }
            (_, Ok(Answer::Records(all))) => Ok(Answer::Records(all)),
            (Err(error), _) | (_, Err(error)) => Err(error),
            (Ok(Answer::NoName), Ok(_)) => Ok(Answer::NoName),
            (Ok(_), Ok(_)) => Ok(Answer::NoRecords),
        }
    }

    async fn ask<T>(
        &self,
        name: &str,
        kind: RecordType,
        read: impl Fn(&RData) -> Option<T>,
    ) -> Result<Answer<T>, Unanswered> {
        // Of its labels, so that no search list is tried and no character means anything: macros of
        // SPF make names with all kinds of them.
        let labels = name.trim_end_matches('.').split('.').map(str::as_bytes);
        let Ok(name) = Name::from_labels(labels) else {
            return Ok(Answer::NoName);
        };
        let resolver = self.asking()?;
        match resolver.lookup(name, kind).await {
            Ok(found) => {
                let records: Vec<T> = found
                    .answers()
                    .iter()
                    .filter_map(|record| read(&record.data))
                    .collect();
                Ok(if records.is_empty() {
                    Answer::NoRecords
                } else {
                    Answer::Records(records)
                })
            }
            Err(NetError::Dns(DnsError::NoRecordsFound(none))) => match none.response_code {
                ResponseCode::NoError => Ok(Answer::NoRecords),
                ResponseCode::NXDomain => Ok(Answer::NoName),
                // The server is there; it could not find out.
                other => Err(Unanswered(other.to_string())),
            },
            Err(NetError::Dns(error)) => Err(Unanswered(error.to_string())),
            Err(error) => Err(self.unanswered(error.to_string())),
        }
    }

    fn asking(&self) -> Result<TokioResolver, Unanswered> {
        let mut asking = self.0.asking.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(resolver) = &*asking {
            return Ok(resolver.clone());
        }
        let resolver = build(&self.0).map_err(|error| Unanswered(error.to_string()))?;
        *asking = Some(resolver.clone());
        Ok(resolver)
    }

    /// The name servers that are asked: those it was given, or the machine's.
    pub(crate) fn servers(&self) -> Result<Vec<SocketAddr>, Unanswered> {
        if !self.0.servers.is_empty() {
            return Ok(self.0.servers.clone());
        }
        let (config, _) = hickory_resolver::system_conf::read_system_conf()
            .map_err(|error| Unanswered(error.to_string()))?;
        let servers = config.name_servers.iter().filter_map(|server| {
            let port = server.connections.first().map(|one| one.port)?;
            Some(SocketAddr::new(server.ip, port))
        });
        Ok(servers.collect())
    }

    fn unanswered(&self, why: String) -> Unanswered {
        if self.0.servers.is_empty() {
            let mut asking = self.0.asking.lock().unwrap_or_else(PoisonError::into_inner);
            *asking = None;
        }
        Unanswered(why)
    }
}

fn build(inner: &Inner) -> Result<TokioResolver, NetError> {
    let servers = &inner.servers;
    let mut builder = if servers.is_empty() {
        TokioResolver::builder_tokio()?
    } else {
        let servers = servers.iter().map(|server| {
            let mut config = NameServerConfig::udp_and_tcp(server.ip());
            for connection in &mut config.connections {
                connection.port = server.port();
            }
            config
        });
        let config = ResolverConfig::from_parts(None, Vec::new(), servers.collect());
        TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
    };
    patient(builder.options_mut(), inner.remembers);
    if !inner.reads_hosts {
        builder.options_mut().use_hosts_file = ResolveHosts::Never;
    }
    builder.build()
}

fn patient(options: &mut ResolverOpts, remembers: bool) {
    options.timeout = PATIENCE;
    options.attempts = 1;
    let (size, records, none) = if remembers {
        (REMEMBERED, LONGEST, LONGEST_NONE)
    } else {
        (0, Duration::ZERO, Duration::ZERO)
    };
    options.cache_size = size;
    options.positive_max_ttl = Some(records);
    options.negative_max_ttl = Some(none);
}

/// A name as mail writes it, no character escaped.
fn plain(name: &Name) -> String {
    let labels: Vec<String> = name
        .iter()
        .map(|label| String::from_utf8_lossy(label).to_ascii_lowercase())
        .collect();
    labels.join(".")
}
