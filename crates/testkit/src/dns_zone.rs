//! A name server on loopback whose records tests change while it runs.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::rdata::{A, AAAA, CNAME, MX, NS, PTR, TLSA, TXT};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

/// Octets of one string in a text record (RFC 1035 §3.3.14).
const MAX_STRING: usize = 255;

/// One record, without its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ZoneRecord {
    /// A text, cut into strings of 255 octets.
    Txt(String),
    /// A mail exchanger.
    Mx(u16, String),
    /// An alias.
    Cname(String),
    /// A server of a zone.
    Ns(String),
    /// An address.
    Address(IpAddr),
    /// The name of an address; its own name is one below `in-addr.arpa` or `ip6.arpa`.
    Pointer(String),
    /// A certificate (RFC 6698): usage, selector, matching, and what is compared.
    Tlsa(u8, u8, u8, Vec<u8>),
    /// SERVFAIL, to whatever is asked of the name.
    Failure,
    /// No answer, to whatever is asked of the name.
    Silence,
}

/// How the server behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    /// It answers from its table.
    #[default]
    Answering,
    /// It answers every question with SERVFAIL.
    Failing,
    /// It answers nothing.
    Silent,
}

/// The server. It ends when this is dropped.
pub struct DnsZone {
    address: SocketAddr,
    table: Arc<Mutex<Table>>,
    serving: JoinHandle<()>,
}

#[derive(Default)]
struct Table {
    records: BTreeMap<String, Vec<ZoneRecord>>,
    mood: Mood,
    /// Names whose answers are said to be proven.
    proven: Vec<String>,
    asked: Vec<String>,
}

impl DnsZone {
    /// Starts an empty one.
    #[expect(
        clippy::disallowed_methods,
        reason = "it ends when the zone is dropped, which aborts it"
    )]
    #[expect(clippy::expect_used, reason = "a test cannot go on without it")]
    pub async fn start() -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("loopback has a free port");
        let address = socket.local_addr().expect("a bound socket has an address");
        let table: Arc<Mutex<Table>> = Arc::default();
        let serving = tokio::spawn(serve(socket, Arc::clone(&table)));
        Self {
            address,
            table,
            serving,
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Adds a record. A name may begin with `*.`.
    pub fn add(&self, name: &str, record: ZoneRecord) {
        let mut table = lock(&self.table);
        table.records.entry(key(name)).or_default().push(record);
    }

    /// Removes all records of a name.
    pub fn remove(&self, name: &str) {
        lock(&self.table).records.remove(&key(name));
    }

    /// Says from now on that DNSSEC proves what is answered of a name and all below it, to those who
    /// ask for that.
    pub fn sign(&self, name: &str) {
        lock(&self.table).proven.push(key(name));
    }

    /// Makes the server behave like this from now on.
    pub fn set_mood(&self, mood: Mood) {
        lock(&self.table).mood = mood;
    }

    /// The questions that came, as `NAME TYPE`, in their order.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        lock(&self.table).asked.clone()
    }
}

impl Drop for DnsZone {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn lock(table: &Mutex<Table>) -> MutexGuard<'_, Table> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

fn key(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

async fn serve(socket: UdpSocket, table: Arc<Mutex<Table>>) {
    let mut buffer = [0; 4096];
    while let Ok((length, peer)) = socket.recv_from(&mut buffer).await {
        let reply = Message::from_vec(&buffer[..length])
            .ok()
            .and_then(|question| lock(&table).reply(question));
        if let Some(bytes) = reply.and_then(|reply| reply.to_vec().ok()) {
            // Whoever asked may be gone.
            let _ = socket.send_to(&bytes, peer).await;
        }
    }
}

impl Table {
    fn reply(&mut self, question: Message) -> Option<Message> {
        let query = question.queries.first()?.clone();
        let (name, kind) = (key(&query.name().to_ascii()), query.query_type());
        self.asked.push(format!("{name} {kind}"));
        let wants_proof = question.metadata.authentic_data;
        let mut reply = question.into_response();
        reply.metadata.authentic_data = wants_proof && self.is_proven(&name);
        reply.metadata.recursion_available = true;
        match self.mood {
            Mood::Silent => return None,
            Mood::Failing => {
                reply.metadata.response_code = ResponseCode::ServFail;
                return Some(reply);
            }
            Mood::Answering => {}
        }
        let mut name = name;
        // An alias is followed here, as a resolver would.
        for _ in 0..8 {
            let Some(records) = self.at(&name) else {
                if reply.answers.is_empty() {
                    reply.metadata.response_code = ResponseCode::NXDomain;
                }
                break;
            };
            if records.contains(&ZoneRecord::Silence) {
                return None;
            }
            if records.contains(&ZoneRecord::Failure) {
                reply.metadata.response_code = ResponseCode::ServFail;
                return Some(reply);
            }
            let owner = Name::from_ascii(format!("{name}.")).ok()?;
            let alias = records.iter().find_map(|record| match record {
                ZoneRecord::Cname(target) if kind != RecordType::CNAME => Some(key(target)),
                _ => None,
            });
            let data = records.iter().filter_map(rdata);
            for data in data.filter(|data| {
                data.record_type() == kind
                    || (alias.is_some() && data.record_type() == RecordType::CNAME)
            }) {
                reply.add_answer(Record::from_rdata(owner.clone(), 0, data));
            }
            match alias {
                Some(target) => name = target,
                None => break,
            }
        }
        Some(reply)
    }

    fn is_proven(&self, name: &str) -> bool {
        let mut signed = self.proven.iter();
        signed.any(|apex| {
            let rest = name.strip_suffix(apex.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
    }

    /// The records of a name: its own, or those of the wildcard above it; none where neither it nor
    /// anything below it exists.
    fn at(&self, name: &str) -> Option<&[ZoneRecord]> {
        if let Some(records) = self.records.get(name) {
            return Some(records);
        }
        let below = format!(".{name}");
        if self.records.keys().any(|known| known.ends_with(&below)) {
            return Some(&[]);
        }
        let (_, above) = name.split_once('.')?;
        self.records.get(&format!("*.{above}")).map(Vec::as_slice)
    }
}

fn rdata(record: &ZoneRecord) -> Option<RData> {
    let name = |text: &str| Name::from_ascii(format!("{}.", key(text))).ok();
    Some(match record {
        ZoneRecord::Txt(text) => {
            let strings = text.as_bytes().chunks(MAX_STRING).collect();
            RData::TXT(TXT::from_bytes(strings))
        }
        ZoneRecord::Mx(preference, host) => RData::MX(MX::new(*preference, name(host)?)),
        ZoneRecord::Cname(target) => RData::CNAME(CNAME(name(target)?)),
        ZoneRecord::Ns(host) => RData::NS(NS(name(host)?)),
        ZoneRecord::Address(IpAddr::V4(address)) => RData::A(A(*address)),
        ZoneRecord::Address(IpAddr::V6(address)) => RData::AAAA(AAAA(*address)),
        ZoneRecord::Pointer(host) => RData::PTR(PTR(name(host)?)),
        ZoneRecord::Tlsa(usage, selector, matching, data) => RData::TLSA(TLSA::new(
            (*usage).into(),
            (*selector).into(),
            (*matching).into(),
            data.clone(),
        )),
        ZoneRecord::Failure | ZoneRecord::Silence => return None,
    })
}
