//! The clock, held against one that the operator names (SNTP, RFC 4330).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use mail::Timestamp;
use sys::timeout;
use tokio::net::UdpSocket;

use super::{Doctor, Finding};

/// The port of servers that tell the time.
const NTP: u16 = 123;

/// How long the answer is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Seconds from 1900, where NTP begins, to 1970.
const SINCE_1900: i64 = 2_208_988_800;

/// What a clock may differ by before anybody is told, and before it does harm: links, codes and
/// signatures are good for minutes.
const SLIGHT: i64 = 5_000_000;
const HARMFUL: i64 = 60_000_000;

/// How the clock differs from that of the server which the operator names; nothing when none is.
pub async fn compared(doctor: &Doctor) -> Vec<Finding> {
    let check = "clock";
    let Some(server) = &doctor.asked.time_server else {
        return Vec::new();
    };
    let ahead = match asked(doctor, server).await {
        Ok(ahead) => ahead,
        Err(why) => {
            return vec![Finding::warning(
                check,
                format!("{server} does not tell the time: {why}"),
                "Name another server with --time-server, or let this machine ask it (UDP, port 123).",
            )];
        }
    };
    vec![judge(ahead, server)]
}

/// `ahead` is in microseconds; negative when the clock is behind.
fn judge(ahead: i64, server: &str) -> Finding {
    let check = "clock";
    let which = if ahead < 0 { "behind" } else { "ahead of" };
    let apart = ahead.unsigned_abs();
    let seconds = apart / 1_000_000;
    let detail = format!(
        "{seconds}.{:03} seconds {which} {server}",
        apart / 1000 % 1000
    );
    let fix = "Set the clock and keep it right (`timedatectl set-ntp true`): signatures, links and \
               retries depend on it.";
    if ahead.saturating_abs() >= HARMFUL {
        Finding::problem(check, detail, fix)
    } else if ahead.saturating_abs() >= SLIGHT {
        Finding::warning(check, detail, fix)
    } else {
        Finding::ok(check, detail)
    }
}

/// By how many microseconds this clock is ahead of the server's.
async fn asked(doctor: &Doctor, server: &str) -> Result<i64, String> {
    let address = address_of(doctor, server).await?;
    let here: IpAddr = if address.is_ipv4() {
        Ipv4Addr::UNSPECIFIED.into()
    } else {
        Ipv6Addr::UNSPECIFIED.into()
    };
    let exchange = async {
        let socket = UdpSocket::bind(SocketAddr::new(here, 0)).await?;
        socket.connect(address).await?;
        let sent = doctor.clock.now();
        // Version 4, a client, and the time at which it was sent, which comes back.
        let mut question = [0; 48];
        question[0] = 0x23;
        question[40..].copy_from_slice(&to_ntp(sent).to_be_bytes());
        socket.send(&question).await?;
        loop {
            let mut answer = [0; 48];
            let length = socket.recv(&mut answer).await?;
            // Something that is no answer to this may come from anybody.
            if length == 48 && answer[24..32] == question[40..] {
                return Ok::<_, std::io::Error>((sent, doctor.clock.now(), answer));
            }
        }
    };
    let (sent, back, answer) = timeout(&*doctor.clock, PATIENCE, exchange)
        .await
        .map_err(|_| "no answer".to_owned())?
        .map_err(|error| error.to_string())?;
    read(sent, back, &answer).ok_or_else(|| "it does not know the time itself".to_owned())
}

/// RFC 4330 §5: half of what went and came is taken for each way.
fn read(sent: Timestamp, back: Timestamp, answer: &[u8; 48]) -> Option<i64> {
    let time = |at: usize| -> Option<i64> {
        let octets: [u8; 8] = answer.get(at..at + 8)?.try_into().ok()?;
        Some(from_ntp(u64::from_be_bytes(octets)))
    };
    let (leap, mode, stratum) = (answer[0] >> 6, answer[0] & 7, answer[1]);
    let (came, left) = (time(32)?, time(40)?);
    if leap == 3 || mode != 4 || stratum == 0 || stratum > 15 || left <= 0 {
        return None;
    }
    let theirs = (came / 2).checked_add(left / 2)?;
    let ours = sent.as_micros() / 2 + back.as_micros() / 2;
    ours.checked_sub(theirs)
}

fn to_ntp(at: Timestamp) -> u64 {
    let micros = at.as_micros();
    let seconds = micros.div_euclid(1_000_000) + SINCE_1900;
    let part = (micros.rem_euclid(1_000_000) << 32) / 1_000_000;
    // Seconds begin again in 2036; whoever answers says them likewise.
    (seconds.cast_unsigned() << 32) | part.cast_unsigned()
}

fn from_ntp(time: u64) -> i64 {
    let (seconds, part) = (time >> 32, time & 0xffff_ffff);
    // Those before 1968 are of the era that begins in 2036 (RFC 4330 §3).
    let era = if seconds & 0x8000_0000 == 0 {
        1 << 32
    } else {
        0
    };
    let seconds = (seconds + era).cast_signed() - SINCE_1900;
    seconds * 1_000_000 + ((part * 1_000_000) >> 32).cast_signed()
}

async fn address_of(doctor: &Doctor, server: &str) -> Result<SocketAddr, String> {
    if let Ok(address) = server.parse() {
        return Ok(address);
    }
    if let Ok(ip) = server.parse() {
        return Ok(SocketAddr::new(ip, NTP));
    }
    let (host, port) = match server.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().map_err(|_| "not a host and port")?),
        None => (server, NTP),
    };
    let found = doctor.inside.addresses(host).await;
    let found = found.map_err(|error| error.to_string())?.records();
    let ip = found.first().ok_or("it has no address in the DNS")?;
    Ok(SocketAddr::new(*ip, port))
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::*;

    #[test]
    fn times_of_ntp_are_read_in_both_eras() {
        for text in [
            "2026-11-23T04:05:06.789Z",
            "2036-02-07T06:28:15.500Z",
            "2036-02-07T06:28:17.250Z",
            "2100-01-01T00:00:00.000Z",
        ] {
            let at = Timestamp::parse_rfc3339(text).unwrap();
            let apart = from_ntp(to_ntp(at)) - at.as_micros();
            assert!(apart.abs() <= 1, "{text}: {apart}");
        }
    }

    #[test]
    fn a_clock_that_is_ahead_or_behind_is_told() {
        let now = Timestamp::parse_rfc3339("2026-11-23T04:05:06Z").unwrap();
        let minute = Duration::from_secs(60);
        let answer = |theirs: Timestamp, first: u8, stratum: u8| {
            let mut answer = [0; 48];
            (answer[0], answer[1]) = (first, stratum);
            for at in [32, 40] {
                answer[at..at + 8].copy_from_slice(&to_ntp(theirs).to_be_bytes());
            }
            answer
        };
        for (theirs, status, words) in [
            (now, Status::Ok, "0.00"),
            (
                now.minus(minute * 2),
                Status::Problem,
                "120.000 seconds ahead of",
            ),
            (
                now.plus(minute * 2),
                Status::Problem,
                "120.000 seconds behind",
            ),
            (
                now.plus(minute / 6),
                Status::Warning,
                "10.000 seconds behind",
            ),
        ] {
            let ahead = read(now, now, &answer(theirs, 0x24, 2)).unwrap();
            let found = judge(ahead, "time.test");
            assert_eq!(found.status, status, "{found:?}");
            // A microsecond may be lost on the way through NTP's fractions.
            let near = found.detail.contains(words) || found.detail.contains("9.999 ");
            assert!(near, "{found:?}");
        }
        // Servers that do not know it themselves, and what is no answer of a server.
        for (first, stratum) in [(0xe4, 2), (0x24, 0), (0x24, 16), (0x23, 2)] {
            assert_eq!(read(now, now, &answer(now, first, stratum)), None);
        }
    }
}
