//! The text of attached documents, read by a process of its own.

use serde_json::{Value, json};

use crate::world::{World, each_engine, message_path};

const LETTER: &[u8] = include_bytes!("../../../documents/tests/fixtures/letter.docx");
const LOCKED: &[u8] = include_bytes!("../../../documents/tests/fixtures/locked.pdf");

/// Bytes as base64 (RFC 4648 §4).
fn base64(bytes: &[u8]) -> String {
    data_encoding::BASE64.encode(bytes)
}

/// A PDF with one line, whose letters nobody sees in its bytes.
fn pdf(line: &str) -> Vec<u8> {
    let hex: String = line.bytes().map(|byte| format!("{byte:02X}")).collect();
    let page = format!("BT /F1 12 Tf 72 700 Td <{hex}> Tj ET");
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned(),
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 5 0 R\
         /Resources<</Font<</F1 4 0 R>>>>>>"
            .to_owned(),
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>".to_owned(),
        format!("<</Length {}>>stream\n{page}\nendstream", page.len()),
    ];
    let (mut file, mut table) = (String::from("%PDF-1.4\n"), String::new());
    for (index, object) in objects.iter().enumerate() {
        table.push_str(&format!("{:010} 00000 n \n", file.len()));
        file.push_str(&format!("{} 0 obj\n{object}\nendobj\n", index + 1));
    }
    let start = file.len();
    file.push_str(&format!(
        "xref\n0 6\n0000000000 65535 f \n{table}trailer<</Size 6/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n"
    ));
    file.into_bytes()
}

/// Mail with files: name, media type, bytes.
fn mail(to: &str, id: &str, files: &[(&str, &str, &[u8])]) -> String {
    let mut raw = format!(
        "From: Ann <ann@outside.test>\r\nTo: {to}\r\nSubject: Files\r\nMessage-ID: <{id}>\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nSee.\r\n"
    );
    for (name, kind, bytes) in files {
        raw.push_str(&format!(
            "--b\r\nContent-Type: {kind}\r\nContent-Disposition: attachment; filename=\"{name}\"\r\n\
             Content-Transfer-Encoding: base64\r\n\r\n"
        ));
        for line in base64(bytes).as_bytes().chunks(76) {
            raw.push_str(&String::from_utf8_lossy(line));
            raw.push_str("\r\n");
        }
    }
    raw + "--b--\r\n"
}

/// The links to the files of a message, in order.
async fn links(world: &World, inbox: &str, id: &str) -> Vec<Value> {
    let message = world.message(inbox, id).await;
    let mut links = Vec::new();
    for file in message["attachments"].as_array().unwrap() {
        let file = file["attachment_id"].as_str().unwrap();
        let path = format!("{}/attachments/{file}", message_path(inbox, id));
        links.push(world.get(&path).await);
    }
    links
}

fn text_url(link: &Value) -> &str {
    link["text_url"].as_str().unwrap()
}

#[tokio::test]
async fn the_text_of_a_document_is_behind_a_link_that_needs_no_credential() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let line = pdf("Invoice 4711 of Ann");
        let word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
        let files = [
            ("letter.docx", word, LETTER),
            ("r.pdf", "application/octet-stream", &line[..]),
            ("photo.png", "image/png", b"\x89PNG\r\n\x1a\n\0"),
        ];
        world
            .mail(&inbox, mail(&inbox, "m@outside.test", &files))
            .await;
        let found = links(world, &inbox, "<m@outside.test>").await;
        assert!(found[2].get("text_url").is_none(), "{:?}", found[2]);
        // Twice: what is read first is kept, and the second time taken from there.
        for _ in 0..2 {
            let letter = world.download(text_url(&found[0])).await;
            assert_eq!(letter.status, 200, "{letter:?}");
            assert_eq!(
                letter.header("content-type"),
                Some("text/plain; charset=utf-8")
            );
            let disposition = letter.header("content-disposition").unwrap_or_default();
            assert!(disposition.contains("letter.docx.txt"), "{disposition}");
            let letter = String::from_utf8(letter.body).unwrap();
            assert!(letter.starts_with("Offer for Köln\n"), "{letter}");
            let line = world.download(text_url(&found[1])).await;
            assert_eq!(line.body, b"Invoice 4711 of Ann");
        }
        // The same document in another message is not read again; whether or not, it says the same.
        let again = mail(&inbox, "n@outside.test", &files[..1]);
        world.mail(&inbox, again).await;
        let again = links(world, &inbox, "<n@outside.test>").await;
        let letter = world.download(text_url(&again[0])).await;
        assert!(letter.body.starts_with("Offer for Köln\n".as_bytes()));
        // Text goes with its message.
        world
            .delete(&message_path(&inbox, "<m@outside.test>"))
            .await;
        let gone = world.download(text_url(&found[0])).await;
        assert_eq!(gone.status, 404, "{gone:?}");
        let kept = world.download(text_url(&again[0])).await;
        assert_eq!(kept.status, 200, "{kept:?}");
    })
    .await;
}

#[tokio::test]
async fn a_document_without_text_says_why_and_a_hostile_one_hurts_nobody() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        // Brackets deeper than any stack.
        let mut deep = b"%PDF-1.4\n1 0 obj\n".to_vec();
        deep.extend(b"[".repeat(2_000_000));
        let files = [
            ("locked.pdf", "application/pdf", LOCKED),
            ("broken.docx", "", b"PK\x03\x04 nothing more"),
            ("deep.pdf", "application/pdf", &deep[..]),
        ];
        world
            .mail(&inbox, mail(&inbox, "m@outside.test", &files))
            .await;
        let found = links(world, &inbox, "<m@outside.test>").await;
        for (link, reason) in found.iter().zip(["encrypted", "damaged", ""]) {
            for _ in 0..2 {
                let told = world.download(text_url(link)).await;
                assert_eq!(told.status, 422, "{told:?}");
                let told = told.json();
                assert_eq!(told["code"], "unprocessable");
                let message = told["message"].as_str().unwrap();
                assert!(message.contains(reason), "{message}");
            }
        }
        let file = world
            .download(found[0]["download_url"].as_str().unwrap())
            .await;
        assert_eq!(file.body, LOCKED);
    })
    .await;
}

#[tokio::test]
async fn a_file_of_a_draft_has_a_text_too() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let file = json!({"filename": "r.pdf", "content": base64(&pdf("Offer for Bob"))});
        let body = json!({"to": "bob@outside.test", "attachments": [file]});
        let draft = world
            .post(&format!("/v0/inboxes/{inbox}/drafts"), body)
            .await;
        let path = format!(
            "/v0/inboxes/{inbox}/drafts/{}/attachments/{}",
            draft["draft_id"].as_str().unwrap(),
            draft["attachments"][0]["attachment_id"].as_str().unwrap()
        );
        let link = world.get(&path).await;
        let text = world.download(text_url(&link)).await;
        assert_eq!(text.body, b"Offer for Bob");
    })
    .await;
}

#[tokio::test]
async fn a_secret_inside_a_document_does_not_leave_and_what_cannot_be_read_does() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let (key, _) = world.key(None, json!({})).await;
        let body = |name: &str, bytes: &[u8]| {
            let file = json!({"filename": name, "content": base64(bytes)});
            json!({"to": "bob@outside.test", "text": "See the file.", "attachments": [file]})
        };
        let path = format!("/v0/inboxes/{inbox}/messages/send");
        for name in ["notes.pdf", "picture.png"] {
            let secret = body(name, &pdf(&format!("The key is {key}")));
            let told = world
                .refused("POST", &path, secret, (403, "message_rejected"))
                .await;
            assert!(told.to_string().contains("attachment"), "{told}");
            assert!(!told.to_string().contains(&key), "{told}");
        }
        world
            .send(&inbox, body("plan.pdf", &pdf("Nothing to hide")))
            .await;
        world.send(&inbox, body("locked.pdf", LOCKED)).await;
    })
    .await;
}
