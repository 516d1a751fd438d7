//! Mail that nobody would want: refused while it can be refused, kept byte for byte once taken.

use serde_json::json;

use crate::database::{Data, Engine};
use crate::running::{ADMIN_KEY, Running, serve, soon};
use crate::world::{World, column, each_engine, letter};

/// A server that takes messages of at most 1 MB.
pub async fn small() -> World {
    let data = Data::new(Engine::Sqlite);
    let mut command = serve(&data);
    command
        .env("MAILROOST_API_KEY", ADMIN_KEY)
        .env("MAILROOST_MAX_MESSAGE_SIZE", "1000000");
    World {
        server: Running::from(&mut command).await,
        data,
    }
}

#[tokio::test]
async fn an_oversized_message_is_refused_before_or_after_it_came_and_the_session_goes_on() {
    let world = small().await;
    let inbox = world.inbox().await;
    let mut client = world.smtp().await;
    let early = client.command("MAIL FROM:<ann@outside.test> SIZE=1000001");
    let early = soon(early).await.unwrap();
    assert!(early.to_string().starts_with("552 5.3.4"), "{early}");

    let mut raw = letter(&inbox, "large@outside.test", "Large", "").into_bytes();
    raw.resize(1_100_000, b'x');
    let to = [inbox.as_str()];
    let late = soon(client.send("ann@outside.test", &to, &raw));
    let late = late.await.unwrap();
    assert!(late.to_string().starts_with("552 5.3.4"), "{late}");

    let fine = letter(&inbox, "small@outside.test", "Small", "Hello.");
    let fine = client.send("ann@outside.test", &to, fine.as_bytes());
    assert_eq!(soon(fine).await.unwrap().code, 250);
    let list = world.messages(&inbox, "").await;
    assert_eq!(column(&list, "subject"), ["Small"]);
    world.server.stop().await;
}

/// Messages that break every habit but the end of lines.
fn oddities() -> Vec<(&'static str, Vec<u8>)> {
    let mut binary = b"Subject: binary\r\nContent-Type: application/octet-stream\r\n\r\n".to_vec();
    for round in 0..64_u32 {
        binary.extend((0..=255_u8).map(|byte| byte.wrapping_add(round.to_le_bytes()[0])));
        binary.extend(b"\r\n");
    }
    binary.retain(|byte| *byte != b'\r' && *byte != b'\n');
    let binary = [&b"\r\n"[..], &binary, b"\r\n"].concat();
    let long_line = format!(
        "Subject: {}\r\n\r\n{}\r\n",
        "s".repeat(90_000),
        "b".repeat(90_000)
    );
    let fields: String = (0..20_000)
        .map(|n| format!("X-Field-{n}: value\r\n"))
        .collect();
    let parts: String = (0..5_000)
        .map(|n| format!("--b\r\nContent-Disposition: attachment; filename=f{n}\r\n\r\nx\r\n"))
        .collect();
    let people: String = (0..5_000)
        .map(|n| format!("p{n}@outside.test,\r\n "))
        .collect();
    vec![
        ("nothing", Vec::new()),
        ("an empty line", b"\r\n".to_vec()),
        ("no header", b"just some words\r\nand more\r\n".to_vec()),
        ("a header without end", b"Subject: alone\r\n".to_vec()),
        ("no colon", b"Subject\r\n: empty\r\n =?utf-8?q?\r\n\r\nx\r\n".to_vec()),
        ("binary", binary),
        ("long lines", long_line.into_bytes()),
        ("many fields", format!("{fields}\r\nx\r\n").into_bytes()),
        (
            "many parts",
            format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{parts}--b--\r\n").into_bytes(),
        ),
        ("many people", format!("To: {people}x@outside.test\r\n\r\nx\r\n").into_bytes()),
        (
            "an unknown charset",
            b"Content-Type: text/plain; charset=x-klingon\r\n\r\n\xe4\xf6\xfc \xff\r\n".to_vec(),
        ),
        (
            "a charset that lies",
            b"Subject: \xff\xfe raw\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\xc3\x28 \xe2\x82\r\n".to_vec(),
        ),
        (
            "an encoded word that lies",
            b"Subject: =?utf-8?b?////?= =?x?y?z?=\r\nFrom: =?utf-16?q?=D8=00?= <\xff@\xfe>\r\n\r\nx\r\n".to_vec(),
        ),
        (
            "base64 that is none",
            b"Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!\x00\x01====A\r\n".to_vec(),
        ),
        (
            "ids that are none",
            b"Message-ID: <>\r\nIn-Reply-To: <<<@>>>\r\nReferences: <a b> <\x00@x> <../../etc@passwd>\r\n\r\nx\r\n".to_vec(),
        ),
    ]
}

#[tokio::test]
async fn odd_mail_is_taken_listed_read_and_kept_byte_for_byte() {
    each_engine(async |world| {
        for (name, raw) in oddities() {
            let inbox = world.inbox().await;
            world.mail(&inbox, &raw).await;
            let list = world.messages(&inbox, "").await;
            assert_eq!(list.len(), 1, "{name}");
            let id = list[0]["message_id"].as_str().unwrap();
            world.message(&inbox, id).await;
            let thread = list[0]["thread_id"].as_str().unwrap();
            world.get(&format!("/v0/threads/{thread}")).await;
            assert!(world.raw(&inbox, id).await == raw, "{name} has changed");
        }
    })
    .await;
}

/// A multipart in a multipart, `depth` times, around a text.
fn nested(depth: usize) -> String {
    let mut raw =
        "Message-ID: <deep@outside.test>\r\nSubject: Deep\r\nMIME-Version: 1.0\r\n".to_owned();
    for level in 0..depth {
        raw += &format!("Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n");
    }
    raw + "Content-Type: text/plain\r\n\r\nAt the bottom.\r\n"
}

#[tokio::test]
async fn deeply_nested_mail_costs_neither_the_stack_nor_the_server() {
    each_engine(async |world| {
        for depth in [1_000, 100_000] {
            let inbox = world.inbox().await;
            let raw = nested(depth);
            world.mail(&inbox, &raw).await;
            let message = world.message(&inbox, "<deep@outside.test>").await;
            assert_eq!(message["subject"], "Deep", "{depth}");
            let kept = world.raw(&inbox, "<deep@outside.test>").await;
            assert!(kept == raw.as_bytes(), "{depth} levels have changed");
        }
    })
    .await;
}

#[tokio::test]
async fn a_message_of_25_mb_goes_through_with_its_attachment_byte_for_byte() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        // Base64 of a pattern with no short period; lines as mail programs write them.
        let line = |n: usize| format!("{:076}\r\n", (n * 7_919) % 999_983);
        let encoded: String = (0..25_000_000 / 78).map(line).collect();
        let raw = format!(
            "From: ann@outside.test\r\nMessage-ID: <25mb@outside.test>\r\nMIME-Version: 1.0\r\n\
             Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nSee the file.\r\n--b\r\n\
             Content-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n\
             Content-Disposition: attachment; filename=big.zip\r\n\r\n{encoded}\r\n--b--\r\n"
        );
        world.mail(&inbox, &raw).await;
        let message = world.message(&inbox, "<25mb@outside.test>").await;
        assert_eq!(message["size"], raw.len());
        assert_eq!(message["text"].as_str().unwrap().trim(), "See the file.");
        let part = &message["attachments"][0];
        assert_eq!(part["filename"], "big.zip");
        let path = format!(
            "/v0/inboxes/{inbox}/messages/25mb@outside.test/attachments/{}",
            part["attachment_id"].as_str().unwrap()
        );
        let link = world.get(&path).await;
        let file = world.download(link["download_url"].as_str().unwrap()).await;
        let plain: String = encoded.split_whitespace().collect();
        let wanted = data_encoding::BASE64.decode(plain.as_bytes()).unwrap();
        assert_eq!(file.header("content-type"), Some("application/zip"));
        assert_eq!(part["size"], wanted.len());
        assert!(file.body == wanted, "the attachment has changed");
        let kept = world.raw(&inbox, "<25mb@outside.test>").await;
        assert!(kept == raw.as_bytes(), "the message has changed");
    })
    .await;
}

#[tokio::test]
async fn the_same_mail_again_is_filed_once_and_another_mail_with_its_id_is_filed_too() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let first = letter(&inbox, "same@outside.test", "First", "One.");
        // The client did not hear the 250 and tries again; then somebody else uses the same id.
        for _ in 0..3 {
            world.mail(&inbox, &first).await;
        }
        let list = world.messages(&inbox, "").await;
        assert_eq!(column(&list, "message_id"), ["<same@outside.test>"]);

        let second = letter(&inbox, "same@outside.test", "Second", "Two.");
        world.mail(&inbox, &second).await;
        world.mail(&inbox, &second).await;
        let list = world.messages(&inbox, "").await;
        assert_eq!(column(&list, "subject"), ["Second", "First"]);
        let minted = list[0]["message_id"].as_str().unwrap();
        assert_ne!(minted, "<same@outside.test>");
        assert_ne!(list[0]["thread_id"], list[1]["thread_id"]);
        for (id, raw) in [("<same@outside.test>", &first), (minted, &second)] {
            assert!(world.raw(&inbox, id).await == raw.as_bytes(), "{id}");
        }
        // Answering the second one refers to it by the id its author knows.
        let path = format!("{}/reply", crate::world::message_path(&inbox, minted));
        let answer = world.post(&path, json!({"text": "Thanks."})).await;
        let answer = world
            .message(&inbox, answer["message_id"].as_str().unwrap())
            .await;
        assert_eq!(answer["in_reply_to"], "<same@outside.test>");
        assert_eq!(answer["thread_id"], list[0]["thread_id"]);

        // Without an id there is no telling a repetition from a second mail of equal words.
        for _ in 0..2 {
            world.mail(&inbox, "Subject: no id\r\n\r\nAgain.\r\n").await;
        }
        let list = world.messages(&inbox, "?subject=no+id").await;
        assert_eq!(list.len(), 2);
        assert_ne!(list[0]["message_id"], list[1]["message_id"]);
    })
    .await;
}

#[tokio::test]
async fn a_hostile_file_name_or_type_stays_a_download() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let names = [
            "=?utf-8?q?a=0D=0ASet-Cookie=3A_x=3D1?=",
            "..\\\\..\\\\windows\\\\win.ini",
            "../../etc/passwd",
            "a\\\"; filename=\\\"evil.html",
            "=?utf-8?q?=E2=80=AEgpj.exe?=",
            "=?utf-8?q?=00?=",
            "%0d%0aX-Evil: 1",
            "",
        ];
        let parts: String = names
            .iter()
            .map(|name| {
                format!(
                    "--b\r\nContent-Type: text/html\r\nContent-Disposition: attachment; filename=\"{name}\"\r\n\r\n\
                     <script>alert(1)</script>\r\n"
                )
            })
            .collect();
        let raw = format!(
            "Message-ID: <m@outside.test>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n{parts}--b--\r\n"
        );
        world.mail(&inbox, raw).await;
        let message = world.message(&inbox, "<m@outside.test>").await;
        let files = message["attachments"].as_array().unwrap();
        assert_eq!(files.len(), names.len(), "{message}");
        for file in files {
            let name = file["filename"].as_str().unwrap_or_default();
            assert!(!name.contains(['/', '\\', '\r', '\n', '\0']), "{name:?}");
            let id = file["attachment_id"].as_str().unwrap();
            let path = format!("/v0/inboxes/{inbox}/messages/m@outside.test/attachments/{id}");
            let link = world.get(&path).await;
            let answer = world.download(link["download_url"].as_str().unwrap()).await;
            assert_eq!(answer.status, 200, "{name:?}");
            assert_eq!(answer.body, b"<script>alert(1)</script>");
            let disposition = answer.header("content-disposition").unwrap();
            assert!(disposition.starts_with("attachment"), "{disposition}");
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
            assert!(answer.header("content-security-policy").unwrap().contains("sandbox"));
            for header in ["set-cookie", "x-evil"] {
                assert_eq!(answer.header(header), None, "{name:?}");
            }
        }
    })
    .await;
}
