//! The cases of `tests/border`: what strangers write to the SMTP door, and what callers write into
//! the fields of the send API, played through the running server.

use std::net::{Ipv4Addr, SocketAddr};

use serde_json::{Value, json};
use testkit::{DnsZone, MailSink, ZoneRecord};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::database::{Data, engines};
use crate::running::{ADMIN_KEY, Running, serve, soon};
use crate::world::{World, column, eventually, message_path, well_ended};

const SMTP: &str = include_str!("../border/smtp_cases.json");
const INJECTION: &str = include_str!("../border/header_injection_cases.json");
const AGENT: &str = "agent@inbox.example";

fn cases(text: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(text).unwrap();
    all["cases"].as_array().unwrap().clone()
}

/// A server for `inbox.example` with the inbox `agent`, from which mail to `partner.example` and
/// `other.example` reaches one receiver.
struct Border {
    world: World,
    sink: MailSink,
    _zone: DnsZone,
}

async fn each_engine(test: impl AsyncFn(&mut Border)) {
    for engine in engines() {
        let zone = DnsZone::start().await;
        let sink = MailSink::start().await.unwrap();
        for domain in ["partner.example", "other.example"] {
            zone.add(domain, ZoneRecord::Mx(10, "mx.example".to_owned()));
        }
        let here = Ipv4Addr::LOCALHOST.into();
        zone.add("mx.example", ZoneRecord::Address(here));
        let data = Data::new(engine);
        let mut command = serve(&data);
        command
            .args(["--domain", "inbox.example"])
            .env("MAILROOST_API_KEY", ADMIN_KEY)
            .env("MAILROOST_DELIVERY", "direct")
            // The key reads the mail of strangers and then writes to whom a case names.
            .env("MAILROOST_GATE_TAINT", "off")
            .env("MAILROOST_DELIVERY_PORT", sink.address().port().to_string())
            .env("MAILROOST_DNS", zone.address().to_string());
        let world = World {
            server: Running::from(&mut command).await,
            data,
        };
        world
            .post("/v0/inboxes", json!({"username": "agent"}))
            .await;
        let mut border = Border {
            world,
            sink,
            _zone: zone,
        };
        Box::pin(test(&mut border)).await;
        well_ended(border.world.server).await;
    }
}

/// A connection on which a case is played. Octets are those of Latin-1, as the cases write them.
struct Dialog {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Dialog {
    #[expect(clippy::disallowed_methods, reason = "a server of the test's own")]
    async fn to(server: SocketAddr) -> Self {
        let stream = soon(TcpStream::connect(server)).await.unwrap();
        let mut dialog = Self {
            stream,
            read: Vec::new(),
        };
        assert!(dialog.reply().await.unwrap().starts_with("220"));
        dialog
    }

    async fn write(&mut self, text: &str) {
        let octets: Vec<u8> = text.chars().map(|c| u8::try_from(c).unwrap()).collect();
        // A server that has closed takes no more; its replies are still there to be read.
        let _ = soon(self.stream.write_all(&octets)).await;
    }

    /// The last line of the next reply; `None` at the end.
    async fn reply(&mut self) -> Option<String> {
        loop {
            while let Some(end) = self.read.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.read.drain(..=end).collect();
                let line = String::from_utf8(line).unwrap();
                if line.as_bytes().get(3) == Some(&b' ') {
                    return Some(line.trim_end().to_owned());
                }
            }
            let read = soon(self.stream.read_buf(&mut self.read)).await;
            if read.is_err() || read.is_ok_and(|read| read == 0) {
                return None;
            }
        }
    }

    /// Plays all of `send`; gives every reply to its last part. After that the client leaves.
    async fn play(&mut self, send: &str) -> Vec<String> {
        let parts: Vec<&str> = send.split('|').collect();
        let (last, before) = parts.split_last().unwrap();
        for part in before {
            self.write(part).await;
            self.reply().await;
        }
        self.write(last).await;
        let _ = self.stream.shutdown().await;
        let mut replies = Vec::new();
        while let Some(reply) = self.reply().await {
            replies.push(reply);
        }
        replies
    }
}

/// Whether it ends every line with CRLF and has no other CR or LF.
fn has_clean_lines(raw: &[u8]) -> bool {
    let text = raw.escape_ascii().to_string().replace("\\r\\n", "");
    raw.ends_with(b"\r\n") && !text.contains("\\r") && !text.contains("\\n")
}

#[tokio::test]
async fn the_cases_at_the_smtp_door() {
    each_engine(async |border| {
        for case in cases(SMTP) {
            let (name, expect) = (case["name"].as_str().unwrap(), &case["expect"]);
            match (name, case["send"].as_str()) {
                (name, Some(send)) if !send.starts_with('<') && name != "bare_cr_header" => {
                    play(border, name, send, expect).await;
                }
                (name, None) if case["send"]["api"] == "send" => {
                    outbound(border, name, case["send"]["text"].as_str().unwrap()).await;
                }
                ("no_newline", _) => no_newline(border, &case["send"]["repeat"]).await,
                ("dot_stuffing", _) => {
                    let stored = stored(border, "..a\r\n.b\r\n...c\r\n").await;
                    assert_eq!(stored, b".a\r\nb\r\n..c\r\n");
                }
                ("eight_bit_no_8bitmime", _) => {
                    assert_eq!(stored(border, "gr\u{fc}n\r\n").await, b"gr\xfcn\r\n");
                }
                ("bare_cr_header", _) => bare_cr_header(border).await,
                ("connection_flood", _) => connection_flood(border).await,
                (name, _) => panic!("nobody knows how to play {name}"),
            }
        }
    })
    .await;
}

async fn play(border: &Border, name: &str, send: &str, expect: &Value) {
    let world = &border.world;
    let before = world.messages(AGENT, "?limit=100").await.len();
    let mut dialog = Dialog::to(world.server.smtp).await;
    let replies = dialog.play(send).await;
    let list = world.messages(AGENT, "?limit=100").await;
    let new = list.len() - before;
    for (rule, wanted) in expect.as_object().unwrap() {
        let good = match rule.as_str() {
            "messages" => new <= 1,
            "no_message_from" => {
                let from = wanted.as_str().unwrap();
                column(&list, "from")
                    .iter()
                    .all(|author| !author.contains(from))
            }
            "reply_any_of" => {
                let codes = wanted.as_array().unwrap();
                let first = replies.first().map_or("", |reply| &reply[..3]);
                codes.iter().any(|code| code == first)
            }
            "reply_contains" => {
                let code = wanted.as_str().unwrap();
                let allowed = replies
                    .iter()
                    .filter(|reply| reply.starts_with("250"))
                    .count();
                allowed >= 100 && replies.iter().any(|reply| reply.starts_with(code))
            }
            "closed" => replies.len() < 100 && replies.last().unwrap().starts_with("421"),
            // What came in the clear behind STARTTLS ends the session: there is no login.
            "after_tls" => replies.iter().all(|reply| !reply.starts_with("235")),
            // RFC 2920: the text was sent before it was asked for.
            "ok" => new == 0 || new == 1 && replies.iter().any(|reply| reply.starts_with("354")),
            rule => panic!("{name} has the unknown rule {rule}"),
        };
        assert!(good, "{name}: {rule} {wanted}: {new} new, {replies:?}");
    }
}

async fn no_newline(border: &Border, repeat: &Value) {
    let (text, times) = (repeat[0].as_str().unwrap(), repeat[1].as_u64().unwrap());
    let mut dialog = Dialog::to(border.world.server.smtp).await;
    let text = text.repeat(usize::try_from(times).unwrap());
    dialog.write(&text).await;
    // The reply, or a reset because so much was not read; in any case the end.
    while dialog.reply().await.is_some() {}
}

/// What is stored of a message with this body.
async fn stored(border: &Border, body: &str) -> Vec<u8> {
    let world = &border.world;
    let before = world.messages(AGENT, "?limit=100").await.len();
    let send = format!(
        "EHLO c.example\r\n|MAIL FROM:<a@c.example>\r\n|RCPT TO:<{AGENT}>\r\n|DATA\r\n|\
         From: a@c.example\r\n\r\n{body}.\r\n"
    );
    let replies = Dialog::to(world.server.smtp).await.play(&send).await;
    assert!(replies[0].starts_with("250"), "{replies:?}");
    let list = world.arrived(AGENT, before + 1).await;
    let raw = world
        .raw(AGENT, list[0]["message_id"].as_str().unwrap())
        .await;
    raw.strip_prefix(b"From: a@c.example\r\n\r\n")
        .unwrap()
        .to_vec()
}

async fn bare_cr_header(border: &Border) {
    let world = &border.world;
    let before = world.messages(AGENT, "?limit=100").await.len();
    let send = format!(
        "EHLO c.example\r\n|MAIL FROM:<a@c.example>\r\n|RCPT TO:<{AGENT}>\r\n|DATA\r\n|\
         From: a@c.example\r\nSubject: a\rBcc: x@y.example\r\n\r\nx\r\n.\r\n"
    );
    let replies = Dialog::to(world.server.smtp).await.play(&send).await;
    assert!(replies[0].starts_with("554"), "{replies:?}");
    assert_eq!(world.messages(AGENT, "?limit=100").await.len(), before);
}

/// More than one address may have; another address is served meanwhile.
async fn connection_flood(border: &Border) {
    let server = border.world.server.smtp;
    let mut idle = Vec::new();
    let turned_away = loop {
        #[expect(clippy::disallowed_methods, reason = "a server of the test's own")]
        let mut stream = soon(TcpStream::connect(server)).await.unwrap();
        let mut greeting = [0; 3];
        soon(stream.read_exact(&mut greeting)).await.unwrap();
        if &greeting == b"421" {
            break idle.len();
        }
        idle.push(stream);
        assert!(
            idle.len() < 2_000,
            "an address may have any number of connections"
        );
    };
    assert!(turned_away >= 10);
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 9], 0).into()).unwrap();
    let mut other = soon(socket.connect(server)).await.unwrap();
    let mut greeting = [0; 3];
    soon(other.read_exact(&mut greeting)).await.unwrap();
    assert_eq!(&greeting, b"220");
    drop(idle);
    // The others of this test come from the same address.
    eventually(async || {
        #[expect(clippy::disallowed_methods, reason = "a server of the test's own")]
        let mut stream = TcpStream::connect(server).await.ok()?;
        let mut greeting = [0; 3];
        stream.read_exact(&mut greeting).await.ok()?;
        (&greeting == b"220").then_some(())
    })
    .await;
}

/// What we send has no end of data inside for even the sloppiest receiver.
async fn outbound(border: &mut Border, name: &str, text: &str) {
    let body = json!({"to": "v@partner.example", "subject": name, "text": text});
    let path = format!("/v0/inboxes/{AGENT}/messages/send");
    let answer = border.world.call("POST", &path, &body).await;
    if answer.status == 400 {
        return;
    }
    assert_eq!(answer.status, 200, "{name}: {answer:?}");
    let got = soon(border.sink.next()).await;
    assert!(
        has_clean_lines(&got.raw),
        "{name}: {}",
        got.raw.escape_ascii()
    );
    assert_eq!(got.to, ["v@partner.example"], "{name}");
    // The receiver takes one dot off every line that begins with one: what it has is what is here.
    let id = answer.json()["message_id"].as_str().unwrap().to_owned();
    assert!(border.world.raw(AGENT, &id).await == got.raw, "{name}");
    assert!(border.sink.waiting().is_none(), "{name}");
}

/// The body of a request with `value` in `field`, and the inbox it is sent from.
async fn request(world: &World, field: &str, value: &str) -> Option<(String, Value)> {
    let mut inbox = AGENT.to_owned();
    let mut body = json!({"to": ["v@partner.example"], "subject": "x", "text": "x"});
    match field.split_once('.') {
        Some(("headers", name)) => body["headers"] = json!({ name: value }),
        Some(("attachment", part)) => {
            let mut file =
                json!({"filename": "a.txt", "content_type": "text/plain", "content": "eA=="});
            file[part] = json!(value);
            body["attachments"] = json!([file]);
        }
        _ => match field {
            "subject" => body["subject"] = json!(value),
            "to" => body["to"] = json!(["v@partner.example", value]),
            "cc" | "bcc" | "reply_to" => body[field] = json!([value]),
            // The name beside an address is the inbox's.
            "from_name" => {
                let made = world
                    .call("POST", "/v0/inboxes", &json!({"display_name": value}))
                    .await;
                if made.status == 400 {
                    return None;
                }
                inbox = made.json()["inbox_id"].as_str().unwrap().to_owned();
            }
            "in_reply_to" => body["headers"] = json!({"In-Reply-To": value}),
            "references" => body["headers"] = json!({"References": value}),
            field => panic!("nobody knows the field {field}"),
        },
    }
    Some((inbox, body))
}

#[tokio::test]
async fn no_value_of_the_send_api_becomes_a_field_or_a_recipient() {
    each_engine(async |border| {
        // The fields of a message that carries nothing special, with and without a file.
        let mut sent = 0;
        for case in cases(INJECTION) {
            let (field, value) = (
                case["field"].as_str().unwrap(),
                case["value"].as_str().unwrap(),
            );
            let about = format!("{field} {value:?}");
            let Some((inbox, body)) = request(&border.world, field, value).await else {
                continue;
            };
            let path = format!("/v0/inboxes/{inbox}/messages/send");
            let answer = border.world.call("POST", &path, &body).await;
            if answer.status == 400 {
                continue;
            }
            assert_eq!(answer.status, 200, "{about}: {answer:?}");
            sent += 1;
            let got = soon(border.sink.next()).await;
            assert_eq!(got.to, ["v@partner.example"], "{about}");
            assert!(
                has_clean_lines(&got.raw),
                "{about}: {}",
                got.raw.escape_ascii()
            );
            let text = String::from_utf8_lossy(&got.raw).into_owned();
            let (header, content) = text.split_once("\r\n\r\n").unwrap();
            let named: Vec<&str> = header
                .split("\r\n")
                .filter(|line| !line.starts_with([' ', '\t']))
                .map(|line| line.split_once(':').unwrap().0)
                .collect();
            let known = [
                "From",
                "To",
                "Cc",
                "Reply-To",
                "Subject",
                "Date",
                "Message-ID",
                "MIME-Version",
                "Content-Type",
                "Content-Transfer-Encoding",
                "Auto-Submitted",
                "Mailroost-Loop",
                "X-Custom",
                "In-Reply-To",
                "References",
                "DKIM-Signature",
                "Received",
            ];
            assert!(
                named.iter().all(|name| known.contains(name)),
                "{about}: {named:?}"
            );
            for once in ["From", "To", "Subject", "Message-ID", "MIME-Version"] {
                let times = named.iter().filter(|name| **name == once).count();
                assert!(times <= 1, "{about}: {named:?}");
            }
            assert!(!text.contains("evil.example"), "{about}: {text}");
            // It may stand inside the quotes of a file name, and begin no line.
            let mut lines = content.lines();
            assert!(
                lines.all(|line| !line.starts_with("<b>")),
                "{about}: {text}"
            );
            let id = answer.json()["message_id"].as_str().unwrap().to_owned();
            let shown = border.world.get(&message_path(&inbox, &id)).await;
            assert!(shown.get("bcc").is_none(), "{about}: {shown}");
        }
        let recipients = border.sink.heard();
        let recipients = recipients.iter().filter(|line| line.starts_with("RCPT"));
        assert!(
            recipients
                .clone()
                .all(|line| line.contains("<v@partner.example>"))
        );
        assert_eq!(recipients.count(), sent);
        assert!(sent > 0);
    })
    .await;
}
