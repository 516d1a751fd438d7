//! What comes back: reports, complaints, and who is not written to any more.

use serde_json::{Value, json};

use testkit::Act;

use crate::departures::each_net;
use crate::listener::Listener;
use crate::permissions::Foreign;
use crate::running::soon;
use crate::world::{World, column, each_engine, escaped, has_label};

/// What the paths of these routes name: the same entry as the lists.
pub async fn things(world: &World, inbox: &str) {
    let (name, _) = inbox.split_once('@').unwrap();
    let entry = format!("{name}@listed.test");
    world
        .post("/v0/suppressions", json!({"entry": entry}))
        .await;
}

/// For the test of every route: a body it takes, and what a key of another inbox is told.
pub fn case(operation: &str) -> Option<(Value, Foreign)> {
    Some(match operation {
        "suppressions.create" => (json!({"entry": "x@listed.test"}), Foreign::Forbidden),
        "suppressions.list" | "suppressions.get" | "suppressions.delete" => {
            (Value::Null, Foreign::Forbidden)
        }
        _ => return None,
    })
}

const ENTRIES: &str = "/v0/lists/send/block";

#[tokio::test]
async fn a_suppressed_address_is_a_read_only_entry_that_outranks_allows_until_it_is_lifted() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let letter = json!({"to": "Ann@Gone.test", "text": "x"});
        let send = format!("/v0/inboxes/{inbox}/messages/send");
        let allow = format!("/v0/inboxes/{inbox}/lists/send/allow");
        world.post(&allow, json!({"entry": "ann@gone.test"})).await;
        world.post(&send, letter.clone()).await;

        let body = json!({"entry": " ANN@gone.test ", "reason": "asked us to stop"});
        let made = world.post("/v0/suppressions", body).await;
        assert_eq!(made["entry"], "ann@gone.test");
        assert_eq!(
            (&made["cause"], &made["entry_type"]),
            (&json!("manual"), &json!("email"))
        );
        assert_eq!(made["reason"], "asked us to stop");
        let again = world
            .post("/v0/suppressions", json!({"entry": "ann@gone.test"}))
            .await;
        assert_eq!(again, made);
        let one = format!("/v0/suppressions/{}", escaped("ann@gone.test"));
        assert_eq!(world.get(&one).await, made);

        let expected = (403, "message_rejected");
        let said = world.refused("POST", &send, letter.clone(), expected).await;
        assert_eq!(
            said["message"],
            "Message rejected: Recipient(s) blocked: Ann@gone.test (suppressed)"
        );

        let entry = format!("{ENTRIES}/{}", escaped("ann@gone.test"));
        let listed = world.get(&entry).await;
        assert_eq!(listed["read_only"], true);
        assert_eq!(listed["reason"], "asked us to stop");
        let kept = (409, "cannot_delete");
        world.refused("DELETE", &entry, Value::Null, kept).await;

        world.delete(&one).await;
        for gone in [&one, &entry] {
            let expected = (404, "not_found");
            world.refused("GET", gone, Value::Null, expected).await;
        }
        world.post(&send, letter).await;
    })
    .await;
}

#[tokio::test]
async fn a_block_entry_of_the_callers_own_outlives_the_suppression() {
    each_engine(async |world| {
        world.post(ENTRIES, json!({"entry": "eve@gone.test"})).await;
        world
            .post("/v0/suppressions", json!({"entry": "eve@gone.test"}))
            .await;
        let entry = format!("{ENTRIES}/{}", escaped("eve@gone.test"));
        assert_eq!(world.get(&entry).await["read_only"], true);
        world.delete("/v0/suppressions/eve%40gone.test").await;
        assert_eq!(world.get(&entry).await["read_only"], false);
        world.delete(&entry).await;
    })
    .await;
}

#[tokio::test]
async fn suppressions_are_paged_in_alphabetical_order_and_whole_domains_are_some_of_them() {
    each_engine(async |world| {
        let all = ["*.c.test", "a@a.test", "b.test", "b@a.test", "c@a.test"];
        for entry in all.iter().rev() {
            world
                .post("/v0/suppressions", json!({"entry": entry}))
                .await;
        }
        let (mut seen, mut token) = (Vec::new(), String::new());
        loop {
            let page = world.get(&format!("/v0/suppressions?limit=2{token}")).await;
            let items = page["suppressions"].as_array().unwrap();
            assert_eq!(page["count"], items.len());
            seen.extend(column(items, "entry"));
            match page["next_page_token"].as_str() {
                Some(next) => token = format!("&page_token={next}"),
                None => break,
            }
        }
        assert_eq!(seen, all);
        let inbox = world.inbox().await;
        let send = format!("/v0/inboxes/{inbox}/messages/send");
        for to in ["x@b.test", "x@below.c.test"] {
            let body = json!({"to": to, "text": "x"});
            let expected = (403, "message_rejected");
            world.refused("POST", &send, body, expected).await;
        }
        let bad = json!({"entry": "no address"});
        let expected = (400, "validation_error");
        world
            .refused("POST", "/v0/suppressions", bad, expected)
            .await;
    })
    .await;
}

/// A report of RFC 3464 by `x.test`: action, recipient, status and what the last server said.
pub fn report(groups: &[(&str, &str, &str, &str)]) -> String {
    let mut fields = "Reporting-MTA: dns; mx.x.test\r\n".to_owned();
    for (action, recipient, status, said) in groups {
        fields.push_str(&format!(
            "\r\nFinal-Recipient: rfc822; {recipient}\r\nAction: {action}\r\nStatus: {status}\r\n\
             Diagnostic-Code: smtp; {said}\r\n"
        ));
    }
    format!(
        "From: mailer-daemon@x.test\r\nSubject: Undelivered Mail Returned to Sender\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nIt did not arrive.\r\n\
         --b\r\nContent-Type: message/delivery-status\r\n\r\n{fields}\r\n--b--\r\n"
    )
}

/// A complaint of RFC 5965 that says nothing but the return path of the message.
fn complaint(path: &str) -> String {
    format!(
        "From: fbl@x.test\r\nSubject: complaint\r\nMessage-ID: <c1@x.test>\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=feedback-report; boundary=b\r\n\r\n\
         --b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nUser-Agent: F/1\r\n\
         --b\r\nContent-Type: message/rfc822\r\n\r\nReturn-Path: <{path}>\r\nSubject: s\r\n\r\nx\r\n--b--\r\n"
    )
}

#[tokio::test]
async fn a_report_that_comes_later_turns_a_delivery_and_counts_once() {
    each_net(&[], async |net, sink| {
        let world = &net.world;
        let inbox = world.inbox().await;
        let wanted = json!({"event_types": ["message.bounced"]});
        let mut listener = Listener::to(world, wanted).await;
        let id = net.send(&inbox, &["gone@x.test", "here@x.test"]).await;
        let path = soon(sink.next()).await.from;
        net.settled(&inbox, &id, &["delivered", "delivered"]).await;

        let dead = report(&[
            ("failed", "Gone@x.test", "5.1.1", "550 5.1.1 user unknown"),
            ("delivered", "here@x.test", "2.0.0", "250 ok"),
        ]);
        let full = report(&[("failed", "gone@x.test", "5.2.2", "552 5.2.2 mailbox full")]);
        for raw in [&dead, &dead, &full] {
            let reply = world.hand_in("", &[&path.to_uppercase()], raw).await;
            assert_eq!(reply.code, 250, "{reply}");
        }
        let list = net.settled(&inbox, &id, &["bounced", "delivered"]).await;
        assert_eq!(list[0]["detail"], "550 5.1.1 user unknown");
        let reports = list[0]["reports"].as_array().unwrap();
        assert_eq!(reports.len(), 1, "{reports:?}");
        let told = &reports[0];
        assert_eq!(
            (&told["kind"], &told["before"]),
            (&json!("bounce"), &json!("delivered"))
        );
        assert_eq!(
            (&told["class"], &told["status"]),
            (&json!("invalid_mailbox"), &json!("5.1.1"))
        );
        assert_eq!(
            (&told["source"], &told["reporter"]),
            (&json!("report"), &json!("mx.x.test"))
        );
        assert!(list[1].get("reports").is_none());

        let event = listener.event().await;
        assert_eq!(event["bounce"]["message_id"], id);
        assert_eq!(
            (&event["bounce"]["type"], &event["bounce"]["sub_type"]),
            (&json!("Permanent"), &json!("NoEmail"))
        );
        assert_eq!(event["bounce"]["recipients"][0]["address"], "gone@x.test");
        let message = world.message(&inbox, &id).await;
        assert!(has_label(&message, "bounced") && has_label(&message, "delivered"));

        let one = world.get("/v0/suppressions/gone%40x.test").await;
        assert_eq!(
            (&one["cause"], &one["message_id"]),
            (&json!("bounce"), &json!(id))
        );
        assert_eq!(one["evidence"], "550 5.1.1 user unknown");
        let send = format!("/v0/inboxes/{inbox}/messages/send");
        let body = json!({"to": "gone@x.test", "text": "x"});
        world
            .refused("POST", &send, body, (403, "message_rejected"))
            .await;
        // The reports themselves are nobody's mail.
        assert_eq!(world.messages(&inbox, "?labels=received").await.len(), 0);
        // The next event is of the next message: the further reports were none.
        let second = net.send(&inbox, &["also@x.test"]).await;
        let path = soon(sink.next()).await.from;
        net.settled(&inbox, &second, &["delivered"]).await;
        let raw = report(&[("failed", "elsewhere@y.test", "5.2.2", "552 5.2.2 full")]);
        assert_eq!(world.hand_in("", &[&path], raw).await.code, 250);
        let event = listener.event().await;
        assert_eq!(event["bounce"]["message_id"], second);
        assert_eq!(event["bounce"]["sub_type"], "MailboxFull");
        let refused = (404, "not_found");
        world
            .refused(
                "GET",
                "/v0/suppressions/also%40x.test",
                Value::Null,
                refused,
            )
            .await;
    })
    .await;
}

#[tokio::test]
async fn nobody_else_can_report_and_what_is_no_report_goes_to_the_inbox() {
    each_net(&[], async |net, sink| {
        let world = &net.world;
        let inbox = world.inbox().await;
        let id = net.send(&inbox, &["ann@x.test"]).await;
        let path = soon(sink.next()).await.from;
        net.settled(&inbox, &id, &["delivered"]).await;
        let dead = report(&[("failed", "ann@x.test", "5.1.1", "550 5.1.1 user unknown")]);

        let (local, domain) = path.split_once('@').unwrap();
        let last = if local.ends_with('a') { 'b' } else { 'a' };
        let forged = format!("{}{last}@{domain}", &local[..local.len() - 1]);
        let reply = world.hand_in("", &[&forged], &dead).await;
        assert_eq!(reply.code, 550, "{reply}");
        // A person's address is not one that reports come from.
        let reply = world.hand_in("eve@x.test", &[&path], &dead).await;
        assert_eq!(reply.code, 250, "{reply}");
        let absence = "From: ann@x.test\r\nSubject: Automatic reply: Out\r\nAuto-Submitted: auto-replied\r\n\r\n\
            I am away until Monday.\r\n";
        let reply = world.hand_in("", &[&path], absence).await;
        assert_eq!(reply.code, 250, "{reply}");
        let waits = report(&[("delayed", "ann@x.test", "4.4.1", "connection timed out")]);
        assert_eq!(world.hand_in("", &[&path], &waits).await.code, 250);

        let mut subjects = column(&world.messages(&inbox, "?labels=received").await, "subject");
        subjects.sort();
        let expected = ["Automatic reply: Out", "Undelivered Mail Returned to Sender"];
        assert_eq!(subjects, expected);
        let list = net.settled(&inbox, &id, &["delivered"]).await;
        assert_eq!(list[0]["reports"][0]["kind"], "delay");
        let message = world.labelled(&inbox, &id, "delayed").await;
        assert!(!has_label(&message, "bounced"), "{message}");
        assert_eq!(world.get("/v0/suppressions").await["count"], 0);
    })
    .await;
}

#[tokio::test]
async fn a_complaint_is_known_by_the_return_path_it_encloses_wherever_it_comes() {
    each_net(&[], async |net, sink| {
        let world = &net.world;
        let inbox = world.inbox().await;
        let wanted = json!({"event_types": ["message.complained"]});
        let mut listener = Listener::to(world, wanted).await;
        let id = net.send(&inbox, &["ann@x.test"]).await;
        let path = soon(sink.next()).await.from;
        net.settled(&inbox, &id, &["delivered"]).await;
        let abuse = world.inbox().await;
        world.mail(&abuse, complaint("bounce+nobody@x.test")).await;
        world
            .mail(&abuse, complaint(&path).replace("c1@", "c2@"))
            .await;
        let event = listener.event().await;
        assert_eq!(event["event_type"], "message.complained");
        assert_eq!(event["complaint"]["message_id"], id);
        assert_eq!(event["complaint"]["type"], "abuse");
        assert_eq!(event["complaint"]["recipients"], json!(["ann@x.test"]));
        world.labelled(&inbox, &id, "complained").await;
        assert_eq!(world.messages(&abuse, "").await.len(), 2);
        let one = world.get("/v0/suppressions/ann%40x.test").await;
        assert_eq!(one["cause"], "complaint");
        let list = net.deliveries(&inbox, &id).await;
        assert_eq!(list[0]["state"], "delivered");
        assert_eq!(list[0]["reports"][0]["kind"], "complaint");
    })
    .await;
}

#[tokio::test]
async fn what_a_session_refuses_suppresses_and_what_waited_for_the_address_is_rejected() {
    each_net(&[], async |net, sink| {
        let world = &net.world;
        let inbox = world.inbox().await;
        let wanted = json!({"event_types": ["message.bounced", "message.rejected"]});
        let mut listener = Listener::to(world, wanted).await;
        sink.on("RCPT TO:<gone@", Act::say("550 5.1.1 user unknown"));
        sink.on(
            "RCPT TO:<spam@",
            Act::say("550 5.7.1 blocked using zen.spamhaus.test"),
        );
        let id = net.send(&inbox, &["gone@x.test", "spam@x.test"]).await;
        let list = net.settled(&inbox, &id, &["bounced", "bounced"]).await;
        assert_eq!(list[0]["reports"][0]["source"], "session");
        assert_eq!(list[1]["reports"][0]["class"], "spam_block");
        let mut kinds = Vec::new();
        for _ in 0..2 {
            let event = listener.event().await;
            kinds.push(event["bounce"]["type"].as_str().unwrap().to_owned());
        }
        kinds.sort();
        assert_eq!(kinds, ["Permanent", "Transient"]);
        let all = world.get("/v0/suppressions").await;
        assert_eq!(
            column(all["suppressions"].as_array().unwrap(), "entry"),
            ["gone@x.test"]
        );

        sink.once("RCPT TO:<late@", Act::say("451 4.3.0 later"));
        let waits = net.send(&inbox, &["late@x.test"]).await;
        net.settled(&inbox, &waits, &["deferred"]).await;
        world
            .post("/v0/suppressions", json!({"entry": "late@x.test"}))
            .await;
        let event = listener.event().await;
        assert_eq!(event["event_type"], "message.rejected");
        assert_eq!(event["reject"]["message_id"], waits);
        assert_eq!(
            event["reject"]["reason"],
            "Recipient(s) suppressed: late@x.test"
        );
        let message = world.labelled(&inbox, &waits, "rejected").await;
        assert!(!has_label(&message, "bounced"), "{message}");
        assert!(sink.waiting().is_none());
    })
    .await;
}

#[tokio::test]
async fn the_owner_of_a_domain_may_have_notices_as_mail() {
    each_net(&[], async |net, sink| {
        let world = &net.world;
        let body = json!({"domain": "notices.example", "feedback_enabled": true});
        world.post("/v0/domains", body).await;
        let body = json!({"username": "bot", "domain": "notices.example"});
        let inbox = world.post("/v0/inboxes", body).await;
        let inbox = inbox["inbox_id"].as_str().unwrap();
        sink.on("RCPT TO:<gone@", Act::say("550 5.1.1 user unknown"));
        let id = net.send(inbox, &["gone@x.test"]).await;
        net.settled(inbox, &id, &["bounced"]).await;
        let notice = world.arrived(inbox, 2).await;
        let notice = notice
            .iter()
            .find(|one| has_label(one, "received"))
            .unwrap();
        assert_eq!(notice["subject"], "Undelivered mail returned to sender");
        assert_eq!(notice["in_reply_to"], id);
        let raw = world
            .raw(inbox, notice["message_id"].as_str().unwrap())
            .await;
        let raw = String::from_utf8(raw).unwrap();
        for wanted in [
            "Auto-Submitted: auto-replied\r\n",
            "Final-Recipient: rfc822; gone@x.test\r\n",
            "Status: 5.1.1\r\n",
            "Diagnostic-Code: smtp; 550 5.1.1 user unknown\r\n",
            "There is no such mailbox.",
        ] {
            assert!(raw.contains(wanted), "{wanted} in {raw}");
        }
        assert!(!raw.contains("Hello there."), "{raw}");
    })
    .await;
}
