//! Reply, reply to all, forward: who gets it, how it reads, where it threads.

use serde_json::{Value, json};

use crate::world::{World, column, each_engine, letter, message_path};

/// A message with several people on it, and the inbox it came to.
async fn round(world: &World) -> String {
    let inbox = world.inbox().await;
    let raw = format!(
        "From: Ann <ann@outside.test>\r\nReply-To: desk@outside.test\r\nTo: {inbox}, Bob <bob@outside.test>\r\n\
         Cc: carol@outside.test, {}\r\nSubject: Re: Lunch\r\nMessage-ID: <m@outside.test>\r\n\
         In-Reply-To: <p@outside.test>\r\nReferences: <o@outside.test> <p@outside.test>\r\n\
         Date: Sun, 22 Nov 2026 10:00:00 +0000\r\n\r\nAt noon?\r\n",
        inbox.to_uppercase()
    );
    world.mail(&inbox, raw).await;
    inbox
}

async fn answer(world: &World, inbox: &str, verb: &str, body: Value) -> Value {
    let sent = world
        .post(
            &format!("{}/{verb}", message_path(inbox, "<m@outside.test>")),
            body,
        )
        .await;
    let message = world
        .message(inbox, sent["message_id"].as_str().unwrap())
        .await;
    assert_eq!(message["thread_id"], sent["thread_id"]);
    message
}

#[tokio::test]
async fn an_answer_goes_to_whom_it_should_and_threads_for_everybody() {
    each_engine(async |world| {
        let inbox = round(world).await;
        let parent = world.message(&inbox, "<m@outside.test>").await;
        let to_desk = json!(["desk@outside.test"]);
        let bob = "Bob <bob@outside.test>";
        for (verb, body, to, cc) in [
            (
                "reply",
                json!({"text": "Yes."}),
                to_desk.clone(),
                Value::Null,
            ),
            (
                "reply",
                json!({"text": "Yes.", "to": "new@outside.test"}),
                json!(["new@outside.test"]),
                Value::Null,
            ),
            (
                "reply",
                json!({"text": "Yes.", "cc": ["new@outside.test"]}),
                Value::Null,
                json!(["new@outside.test"]),
            ),
            (
                "reply",
                json!({"text": "Yes.", "reply_all": true}),
                json!(["desk@outside.test", bob]),
                json!(["carol@outside.test"]),
            ),
            (
                "reply-all",
                json!({"text": "Yes."}),
                json!(["desk@outside.test", bob]),
                json!(["carol@outside.test"]),
            ),
        ] {
            let sent = answer(world, &inbox, verb, body.clone()).await;
            assert_eq!(
                (
                    sent.get("to").unwrap_or(&Value::Null).clone(),
                    sent.get("cc").cloned().unwrap_or(Value::Null)
                ),
                (if to.is_null() { json!([]) } else { to }, cc),
                "{verb} {body}"
            );
            assert_eq!(sent["subject"], "Re: Lunch");
            assert_eq!(sent["thread_id"], parent["thread_id"]);
            assert_eq!(sent["in_reply_to"], "<m@outside.test>");
            assert_eq!(
                sent["references"],
                json!(["<o@outside.test>", "<p@outside.test>", "<m@outside.test>"])
            );
            assert_eq!(sent["extracted_text"].as_str().unwrap().trim(), "Yes.");
            let text = sent["text"].as_str().unwrap();
            assert!(
                text.starts_with("Yes.")
                    && text.contains("> At noon?")
                    && text.contains("ann@outside.test"),
                "{text}"
            );
        }
        let path = format!("{}/reply", message_path(&inbox, "<m@outside.test>"));
        let both = json!({"reply_all": true, "to": "x@outside.test"});
        world
            .refused("POST", &path, both, (400, "validation_error"))
            .await;
        let missing = format!("{}/reply", message_path(&inbox, "<other@outside.test>"));
        world
            .refused("POST", &missing, json!({"text": "x"}), (404, "not_found"))
            .await;
    })
    .await;
}

#[tokio::test]
async fn answering_what_the_inbox_sent_goes_on_with_its_recipients() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let body = json!({"to": "bob@outside.test", "cc": "carol@outside.test", "subject": "Offer", "text": "One."});
        let first = world.send(&inbox, body).await;
        for verb in ["reply", "reply-all"] {
            let path = format!("{}/{verb}", message_path(&inbox, &first));
            let sent = world.post(&path, json!({"text": "Two."})).await;
            let message = world.message(&inbox, sent["message_id"].as_str().unwrap()).await;
            assert_eq!(message["to"], json!(["bob@outside.test"]), "{verb}");
            assert_eq!(message["subject"], "Re: Offer");
            assert_eq!(message["in_reply_to"], first.as_str());
        }
    })
    .await;
}

#[tokio::test]
async fn mail_that_names_no_author_can_be_answered_only_by_name() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        world
            .mail(
                &inbox,
                "From: undisclosed\r\nMessage-ID: <m@outside.test>\r\n\r\nx\r\n",
            )
            .await;
        let path = format!("{}/reply", message_path(&inbox, "<m@outside.test>"));
        let told = world
            .refused(
                "POST",
                &path,
                json!({"text": "x"}),
                (400, "validation_error"),
            )
            .await;
        assert!(told["fix"].as_str().unwrap().contains("to"), "{told}");
        let sent = answer(
            world,
            &inbox,
            "reply",
            json!({"text": "x", "to": "a@outside.test"}),
        )
        .await;
        assert_eq!(sent["to"], json!(["a@outside.test"]));
    })
    .await;
}

#[tokio::test]
async fn after_60_answers_the_references_still_name_the_first_and_the_last() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let mut parent = "<0@outside.test>".to_owned();
        world.mail(&inbox, letter(&inbox, "0@outside.test", "Long", "0")).await;
        let thread = world.message(&inbox, &parent).await["thread_id"].clone();
        for n in 1..=60 {
            let path = format!("{}/reply", message_path(&inbox, &parent));
            let sent = world.post(&path, json!({"text": format!("{n}"), "to": "ann@outside.test"})).await;
            assert_eq!(sent["thread_id"], thread);
            parent = sent["message_id"].as_str().unwrap().to_owned();
        }
        let last = world.message(&inbox, &parent).await;
        let references = last["references"].as_array().unwrap();
        assert!(references.len() <= 50, "{}", references.len());
        assert_eq!(references[0], "<0@outside.test>");
        assert_eq!(references.last(), Some(&last["in_reply_to"]));
        let raw = String::from_utf8(world.raw(&inbox, &parent).await).unwrap();
        assert!(raw.lines().all(|line| line.len() <= 998), "{raw}");
        // The correspondent answers the last one, and names nothing else.
        let reply = format!(
            "From: ann@outside.test\r\nIn-Reply-To: {parent}\r\nMessage-ID: <back@outside.test>\r\n\r\nx\r\n"
        );
        world.mail(&inbox, reply).await;
        assert_eq!(world.message(&inbox, "<back@outside.test>").await["thread_id"], thread);
    })
    .await;
}

#[tokio::test]
async fn a_forward_takes_everything_along() {
    each_engine(async |world| {
        let (inbox, other) = (world.inbox().await, world.inbox().await);
        let raw = format!(
            "From: Ann <ann@outside.test>\r\nTo: {inbox}\r\nSubject: Report\r\nMessage-ID: <m@outside.test>\r\n\
             MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\
             Content-Type: text/html\r\n\r\n<p>See <b>this</b>.</p>\r\n--b\r\n\
             Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"r.pdf\"\r\n\
             Content-Transfer-Encoding: base64\r\n\r\nAAECAwQFBgcICQoLDA0ODw==\r\n--b\r\n\
             Content-Type: image/png; name=l.png\r\nContent-Disposition: inline\r\nContent-ID: <logo@x>\r\n\r\nPNG\r\n--b--\r\n"
        );
        world.mail(&inbox, raw).await;
        let parent = world.message(&inbox, "<m@outside.test>").await;
        let sent = answer(world, &inbox, "forward", json!({"to": other, "text": "FYI."})).await;
        assert_eq!(sent["subject"], "Fwd: Report");
        assert_eq!(sent["thread_id"], parent["thread_id"]);
        let text = sent["text"].as_str().unwrap();
        assert!(text.starts_with("FYI.") && text.contains("See this."), "{text}");
        assert!(sent["html"].as_str().unwrap().contains("<b>this</b>"), "{sent}");
        world.arrived(&other, 1).await;
        let there = world.message(&other, sent["message_id"].as_str().unwrap()).await;
        let parts = there["attachments"].as_array().unwrap();
        assert_eq!(parts.len(), 2, "{there}");
        for part in parts {
            let path = format!("{}/attachments/{}", message_path(&other, there["message_id"].as_str().unwrap()),
                part["attachment_id"].as_str().unwrap());
            let link = world.get(&path).await;
            let file = world.download(link["download_url"].as_str().unwrap()).await;
            if part["filename"] == "r.pdf" {
                assert_eq!(file.body, (0..16).collect::<Vec<u8>>());
            } else {
                assert_eq!(part["content_id"], "logo@x", "{part}");
                assert_eq!(file.body, b"PNG");
            }
        }
        let own = answer(world, &inbox, "forward", json!({"to": other, "subject": "Look"})).await;
        assert_eq!(own["subject"], "Look");
        let path = format!("{}/forward", message_path(&inbox, "<m@outside.test>"));
        world.refused("POST", &path, json!({"text": "x"}), (400, "validation_error")).await;
        let list = world.messages(&inbox, "?labels=sent").await;
        assert_eq!(column(&list, "subject"), ["Look", "Fwd: Report"]);
    })
    .await;
}

#[tokio::test]
async fn people_with_difficult_names_are_answered_too() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let raw = format!(
            "From: \"Doe, John \\\"JD\\\" <boss>\" <john@outside.test>\r\n\
             To: =?utf-8?q?=C3=84rger=2C_Ann?= <ann@outside.test>, team: bob@outside.test, {inbox};\r\n\
             Cc: \"x@evil.test\" <carol@outside.test>, =?utf-8?q?a=40b=2C_c?= <dan@outside.test>,\r\n\
             \x20=?utf-8?q?Bcc=3A=0D=0Ax=40evil.test?= <eve@outside.test>, (comment) fred@outside.test (Fred)\r\n\
             Subject: =?utf-8?q?Re=3A_a=0D=0AX-Evil=3A_1?=\r\nMessage-ID: <m@outside.test>\r\n\r\nx\r\n"
        );
        world.mail(&inbox, raw).await;
        let sent = answer(world, &inbox, "reply-all", json!({"text": "Yes."})).await;
        let addresses = |field: &str| -> Vec<String> {
            let list = sent[field].as_array().unwrap().iter();
            let text = list.map(|one| one.as_str().unwrap().trim_end_matches('>'));
            text.map(|one| one.rsplit(['<', ' ']).next().unwrap().to_owned()).collect()
        };
        assert_eq!(addresses("to"), ["john@outside.test", "ann@outside.test", "bob@outside.test"], "{sent}");
        let copies = ["carol@outside.test", "dan@outside.test", "eve@outside.test", "fred@outside.test"];
        assert_eq!(addresses("cc"), copies, "{sent}");
        let raw = world.raw(&inbox, sent["message_id"].as_str().unwrap()).await;
        let raw = String::from_utf8(raw).unwrap();
        for line in raw.lines() {
            assert!(!line.starts_with("X-Evil") && !line.to_lowercase().starts_with("bcc"), "{raw}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_forward_of_a_thousand_files_and_a_large_one_does_not_hold_up_the_others() {
    each_engine(async |world| {
        let (inbox, other) = (world.inbox().await, world.inbox().await);
        let small: String = (0..900)
            .map(|n| format!("--b\r\nContent-Disposition: attachment; filename=f{n}\r\n\r\n{n}\r\n"))
            .collect();
        let large = "0123456789abcdef\r\n".repeat(500_000);
        let raw = format!(
            "Message-ID: <m@outside.test>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
             {small}--b\r\nContent-Disposition: attachment; filename=large\r\n\r\n{large}--b--\r\n"
        );
        world.mail(&inbox, raw).await;
        let sent = answer(world, &inbox, "forward", json!({"to": other})).await;
        assert_eq!(sent["attachments"].as_array().unwrap().len(), 901);
        let there = world.arrived(&other, 1).await;
        assert_eq!(there[0]["attachments"].as_array().unwrap().len(), 901);
        assert_eq!(there[0]["attachments"][900]["size"], large.len() - 2);
    })
    .await;
}
