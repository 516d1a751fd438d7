//! Questions whose answer may have been proven by DNSSEC.
//!
//! The proof is made by the name server: a validating one says so in its answer (the AD bit of
//! RFC 4035 §3.2.3) when it is asked to (RFC 6840 §5.7). The library that asks everything else cannot
//! ask that, so these questions are asked here. Whoever stands between us and the name server could
//! set the bit too: it is believed of one on this machine alone (RFC 7672 §1.1 asks for a secure way).

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use hickory_resolver::proto::op::{Edns, Message, MessageType, Query, ResponseCode};
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};

use crate::dane::Tlsa;
use crate::dns::{Answer, PATIENCE, Resolver, Unanswered};
use crate::{SystemClock, timeout};

/// Octets of an answer that are taken over UDP: what passes everywhere without being cut up. What is
/// longer is asked for over TCP.
const PAYLOAD: u16 = 1232;

/// Name servers that are asked, one after the other.
const SERVERS: usize = 3;

/// An answer, and whether it is proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validated<T> {
    /// The answer.
    pub answer: Answer<T>,
    /// Whether a validating name server on this machine says that DNSSEC proves it, also where it
    /// says that there is nothing.
    pub proven: bool,
}

impl Resolver {
    /// The TLSA records of a name (RFC 6698 §3), which begins with port and protocol:
    /// `_25._tcp.mx.example.com`.
    ///
    /// # Errors
    /// [`Unanswered`]; so does a validating name server answer whose proof is broken.
    pub async fn tlsa(&self, name: &str) -> Result<Validated<Tlsa>, Unanswered> {
        self.ask_for_proof(name, RecordType::TLSA, |data| match data {
            RData::TLSA(tlsa) => Some(Tlsa {
                usage: tlsa.cert_usage.into(),
                selector: tlsa.selector.into(),
                matching: tlsa.matching.into(),
                data: tlsa.cert_data.clone(),
            }),
            _ => None,
        })
        .await
    }

    /// Whether what the DNS says of a host's IPv4 addresses is proven: whether its zone is signed.
    ///
    /// # Errors
    /// [`Unanswered`].
    pub async fn is_proven(&self, host: &str) -> Result<bool, Unanswered> {
        let found = self.ask_for_proof(host, RecordType::A, |_| None::<()>);
        Ok(found.await?.proven)
    }

    async fn ask_for_proof<T>(
        &self,
        name: &str,
        kind: RecordType,
        read: impl Fn(&RData) -> Option<T>,
    ) -> Result<Validated<T>, Unanswered> {
        let labels = name.trim_end_matches('.').split('.').map(str::as_bytes);
        let Ok(mut name) = Name::from_labels(labels) else {
            let answer = Answer::NoName;
            return Ok(Validated {
                answer,
                proven: false,
            });
        };
        name.set_fqdn(true);
        let query = Query::query(name, kind);
        let mut last = Unanswered("no name server is known".to_owned());
        for server in self.servers()?.into_iter().take(SERVERS) {
            let asked = timeout(&SystemClock, PATIENCE, ask(server, &query)).await;
            let reply = match asked {
                Ok(Ok(reply)) => reply,
                Ok(Err(error)) => {
                    last = Unanswered(format!("{server}: {error}"));
                    continue;
                }
                Err(_) => {
                    last = Unanswered(format!("{server}: it took too long"));
                    continue;
                }
            };
            let records: Vec<T> = reply
                .answers
                .iter()
                .filter_map(|record| read(&record.data))
                .collect();
            let answer = match reply.metadata.response_code {
                ResponseCode::NoError if records.is_empty() => Answer::NoRecords,
                ResponseCode::NoError => Answer::Records(records),
                ResponseCode::NXDomain => Answer::NoName,
                other => {
                    last = Unanswered(format!("{server}: {other}"));
                    continue;
                }
            };
            return Ok(Validated {
                answer,
                proven: reply.metadata.authentic_data && server.ip().is_loopback(),
            });
        }
        Err(last)
    }
}

/// Asks one name server, over UDP and, where the answer does not fit, TCP.
async fn ask(server: SocketAddr, query: &Query) -> std::io::Result<Message> {
    let mut question = Message::query();
    question.metadata.recursion_desired = true;
    question.metadata.authentic_data = true;
    question.add_query(query.clone());
    let mut edns = Edns::new();
    edns.set_max_payload(PAYLOAD).set_dnssec_ok(true);
    question.set_edns(edns);
    let bytes = question.to_vec().map_err(std::io::Error::other)?;
    let here: SocketAddr = if server.is_ipv4() {
        (Ipv4Addr::UNSPECIFIED, 0).into()
    } else {
        (Ipv6Addr::UNSPECIFIED, 0).into()
    };
    let socket = UdpSocket::bind(here).await?;
    socket.connect(server).await?;
    socket.send(&bytes).await?;
    let mut buffer = [0; PAYLOAD as usize];
    loop {
        let length = socket.recv(&mut buffer).await?;
        // Something that is not the answer may come from anybody.
        let Some(reply) = reply_to(&question, query, &buffer[..length]) else {
            continue;
        };
        if !reply.metadata.truncation {
            return Ok(reply);
        }
        let whole = over_tcp(server, &bytes).await?;
        let reply = reply_to(&question, query, &whole);
        return reply.ok_or_else(|| std::io::Error::other("the answer is to something else"));
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "name servers are the operator's, and not dialled for a tenant"
)]
async fn over_tcp(server: SocketAddr, question: &[u8]) -> std::io::Result<Vec<u8>> {
    let length = u16::try_from(question.len()).map_err(std::io::Error::other)?;
    let mut stream = TcpStream::connect(server).await?;
    stream.write_all(&length.to_be_bytes()).await?;
    stream.write_all(question).await?;
    let length = stream.read_u16().await?;
    let mut reply = vec![0; usize::from(length)];
    stream.read_exact(&mut reply).await?;
    Ok(reply)
}

/// The message, if it answers this question.
fn reply_to(question: &Message, query: &Query, bytes: &[u8]) -> Option<Message> {
    let reply = Message::from_vec(bytes).ok()?;
    let fits = reply.metadata.id == question.metadata.id
        && reply.metadata.message_type == MessageType::Response
        && reply.queries.first().is_some_and(|asked| {
            asked.query_type() == query.query_type() && asked.name() == query.name()
        });
    fits.then_some(reply)
}
