//! What the server adds to mail that leaves and serves for those who get it: who sent it, how to
//! stop it, where mail for unknown names goes, and the policy for coming with TLS.

use serde_json::{Value, json};

use crate::client::{Answer, connect, read_answer};
use crate::domains::{each_engine_with_dns, publish, verify};
use crate::world::{World, each_engine, letter};
use tokio::io::AsyncWriteExt as _;

/// The header of a message, with its fields on one line each.
async fn header(world: &World, inbox: &str, id: &str) -> String {
    let raw = String::from_utf8(world.raw(inbox, id).await).unwrap();
    let (head, _) = raw.split_once("\r\n\r\n").unwrap();
    head.replace("\r\n ", " ")
}

fn field<'a>(header: &'a str, name: &str) -> Vec<&'a str> {
    let fields = header.lines().filter_map(|line| line.split_once(": "));
    let named = fields.filter(|(own, _)| *own == name);
    named.map(|(_, value)| value).collect()
}

#[tokio::test]
async fn one_click_keeps_the_sender_from_writing_again() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let asked = json!({
            "to": "Reader@outside.test", "subject": "News", "text": "x",
            "headers": {"List-Unsubscribe": "one-click"},
        });
        let id = world.send(&inbox, asked.clone()).await;
        let head = header(world, &inbox, &id).await;
        let companion = field(&head, "List-Unsubscribe-Post");
        assert_eq!(companion, ["List-Unsubscribe=One-Click"]);
        let [link] = field(&head, "List-Unsubscribe")[..] else {
            panic!("one link: {head}")
        };
        let link = link.trim_matches(['<', '>']);
        let path = format!("/{}", link.splitn(4, '/').nth(3).unwrap());
        assert!(!link.contains("reader"), "{link}");

        // Opening it changes nothing.
        let page = world.server.request("GET", &path, "", b"").await;
        assert_eq!(page.status, 200, "{page:?}");
        assert!(String::from_utf8_lossy(&page.body).contains("reader@outside.test"));
        world.send(&inbox, asked.clone()).await;
        let (start, end) = path.split_at(path.len() - 9);
        let other = if end.starts_with('A') { 'B' } else { 'A' };
        let damaged = format!("{start}{other}{}", &end[1..]);
        let refused = world.server.request("POST", &damaged, "", b"").await;
        assert_eq!(refused.status, 404, "{refused:?}");

        let form = "Content-Type: application/x-www-form-urlencoded\r\n";
        let body = b"List-Unsubscribe=One-Click";
        for _ in 0..2 {
            let done = world
                .server
                .request_with("POST", &path, "", form, body)
                .await;
            assert_eq!(done.status, 200, "{done:?}");
        }
        let send = format!("/v0/inboxes/{inbox}/messages/send");
        let told = world
            .refused("POST", &send, asked, (403, "message_rejected"))
            .await;
        assert!(told.to_string().contains("(suppressed)"), "{told}");
        let entry = "/v0/lists/send/block/reader@outside.test";
        assert_eq!(world.get(entry).await["read_only"], true);

        let two = json!({
            "to": ["a@outside.test", "b@outside.test"], "text": "x",
            "headers": {"List-Unsubscribe": "one-click"},
        });
        world
            .refused("POST", &send, two, (400, "validation_error"))
            .await;
        // Whoever has a way of their own keeps it.
        let own = "<https://news.example/unsubscribe/0123456789012345678901234567890123456789>";
        let own_way = json!({
            "to": ["a@outside.test", "b@outside.test"], "text": "x",
            "headers": {"List-Unsubscribe": own},
        });
        let id = world.send(&inbox, own_way).await;
        let head = header(world, &inbox, &id).await;
        assert_eq!(field(&head, "List-Unsubscribe"), [own]);
    })
    .await;
}

#[tokio::test]
async fn mail_says_that_no_person_sent_it_unless_somebody_knows_better() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let said = async |id: &str| {
            let head = header(world, &inbox, id).await;
            field(&head, "Auto-Submitted").join(",")
        };
        let plain = json!({"to": "bob@outside.test", "text": "x"});
        let id = world.send(&inbox, plain.clone()).await;
        assert_eq!(said(&id).await, "auto-generated");
        world
            .mail(&inbox, letter(&inbox, "q@outside.test", "Hi", "x"))
            .await;
        let reply = format!(
            "/v0/inboxes/{inbox}/messages/{}/reply",
            crate::world::escaped("<q@outside.test>")
        );
        let answer = world.post(&reply, json!({"text": "x"})).await;
        assert_eq!(
            said(answer["message_id"].as_str().unwrap()).await,
            "auto-replied"
        );
        let own = json!({
            "to": "bob@outside.test", "text": "x", "headers": {"Auto-Submitted": "no"},
        });
        let id = world.send(&inbox, own).await;
        assert_eq!(said(&id).await, "no");

        // A draft is there for a person to look at.
        let draft = async || {
            let drafts = format!("/v0/inboxes/{inbox}/drafts");
            let made = json!({"to": ["bob@outside.test"], "text": "x"});
            let made = world.post(&drafts, made).await;
            let id = made["draft_id"].as_str().unwrap();
            let sent = world.post(&format!("{drafts}/{id}/send"), json!({})).await;
            sent["message_id"].as_str().unwrap().to_owned()
        };
        assert_eq!(said(&draft().await).await, "");
        let path = format!("/v0/inboxes/{inbox}");
        let chosen = world
            .patch(&path, json!({"auto_submitted": "always"}))
            .await;
        assert_eq!(chosen["auto_submitted"], "always");
        assert_eq!(said(&draft().await).await, "auto-generated");
        world.patch(&path, json!({"auto_submitted": "never"})).await;
        let id = world.send(&inbox, plain.clone()).await;
        assert_eq!(said(&id).await, "");
        let wrong = json!({"auto_submitted": "sometimes"});
        world
            .refused("PATCH", &path, wrong, (400, "validation_error"))
            .await;
        let back = world.patch(&path, json!({"auto_submitted": null})).await;
        assert_eq!(back.get("auto_submitted"), None);
        let id = world.send(&inbox, plain).await;
        assert_eq!(said(&id).await, "auto-generated");
    })
    .await;
}

#[tokio::test]
async fn a_domain_may_give_the_mail_of_unknown_names_to_one_inbox() {
    each_engine(async |world| {
        world
            .post("/v0/domains", json!({"domain": "acme.test"}))
            .await;
        let open = async |name: &str| {
            let inbox = json!({"username": name, "domain": "acme.test"});
            world.post("/v0/inboxes", inbox).await;
        };
        open("desk").await;
        let stranger = "anybody@acme.test";
        let mail = async |id: &str| {
            let raw = letter(stranger, id, "Hi", "x");
            let reply = world.hand_in("ann@outside.test", &[stranger], raw).await;
            reply.code
        };
        assert_eq!(mail("1@outside.test").await, 550);
        let path = "/v0/domains/acme.test";
        let wrong = json!({"catch_all_inbox_id": "nobody@acme.test"});
        world
            .refused("PATCH", path, wrong, (400, "validation_error"))
            .await;
        let caught = json!({"catch_all_inbox_id": "desk@acme.test"});
        let changed = world.patch(path, caught).await;
        assert_eq!(changed["catch_all_inbox_id"], "desk@acme.test");
        assert_eq!(mail("2@outside.test").await, 250);
        assert_eq!(world.messages("desk@acme.test", "").await.len(), 1);
        // The address is nobody's inbox for all that.
        let none = (404, "not_found");
        let inbox = format!("/v0/inboxes/{stranger}/messages");
        world.refused("GET", &inbox, Value::Null, none).await;
        let elsewhere = letter("x@other.test", "3@outside.test", "Hi", "x");
        let reply = world
            .hand_in("ann@outside.test", &["x@other.test"], elsewhere)
            .await;
        assert_eq!(reply.code, 550, "{reply}");

        open("anybody").await;
        assert_eq!(mail("4@outside.test").await, 250);
        assert_eq!(world.messages(stranger, "").await.len(), 1);
        world.delete(&format!("/v0/inboxes/{stranger}")).await;
        assert_eq!(mail("5@outside.test").await, 250);
        assert_eq!(world.messages("desk@acme.test", "").await.len(), 2);

        let off = world.patch(path, json!({"catch_all_inbox_id": null})).await;
        assert_eq!(off.get("catch_all_inbox_id"), None);
        assert_eq!(mail("6@outside.test").await, 550);
        world
            .patch(path, json!({"catch_all_inbox_id": "desk@acme.test"}))
            .await;
        world.delete("/v0/inboxes/desk@acme.test").await;
        assert_eq!(mail("7@outside.test").await, 550);
    })
    .await;
}

#[tokio::test]
async fn a_domain_of_a_pod_is_caught_by_an_inbox_of_that_pod_alone() {
    each_engine(async |world| {
        let pod = world.post("/v0/pods", json!({})).await;
        let pod = pod["pod_id"].as_str().unwrap();
        let outside = world.inbox().await;
        let domains = format!("/v0/pods/{pod}/domains");
        let made = json!({"domain": "acme.test", "catch_all_inbox_id": outside});
        world
            .refused("POST", &domains, made, (400, "validation_error"))
            .await;
        let inside = world
            .post(&format!("/v0/pods/{pod}/inboxes"), json!({}))
            .await;
        let inside = inside["inbox_id"].as_str().unwrap();
        let made = json!({"domain": "acme.test", "catch_all_inbox_id": inside});
        world.post(&domains, made).await;
        world
            .mail(
                "x@acme.test",
                letter("x@acme.test", "1@outside.test", "Hi", "x"),
            )
            .await;
        assert_eq!(world.messages(inside, "").await.len(), 1);
        let path = "/v0/domains/acme.test";
        let walled = json!({"catch_all_inbox_id": outside});
        world
            .refused("PATCH", path, walled, (400, "validation_error"))
            .await;
    })
    .await;
}

/// Asks for the policy as a mail server that came to `host`.
async fn policy(world: &World, host: &str) -> Answer {
    let mut stream = connect(world.server.http).await;
    let request = format!(
        "GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    read_answer(&mut stream).await
}

#[tokio::test]
async fn the_policy_of_a_verified_domain_is_served_under_its_host() {
    each_engine_with_dns(&[], async |world, zone| {
        let made = world
            .post("/v0/domains", json!({"domain": "acme.dev"}))
            .await;
        assert_eq!(policy(world, "mta-sts.acme.dev").await.status, 404);
        publish(zone, &made, "acme.dev");
        verify(world, "acme.dev").await;
        let text = async |host: &str| {
            let answer = policy(world, host).await;
            assert_eq!(answer.status, 200, "{host}: {answer:?}");
            assert_eq!(answer.header("content-type"), Some("text/plain"));
            String::from_utf8(answer.body).unwrap()
        };
        let served = text("MTA-STS.acme.dev:443").await;
        assert!(
            served.starts_with("version: STSv1\r\nmode: testing\r\nmx: mailroost.localhost\r\n")
        );
        for host in [
            "acme.dev",
            "mta-sts.other.dev",
            "mta-sts.eu.acme.dev",
            "localhost",
        ] {
            assert_eq!(policy(world, host).await.status, 404, "{host}");
        }

        // Another policy has another id, which the owner sets next.
        let enforced = json!({"mta_sts_mode": "enforce"});
        let domain = world.patch("/v0/domains/acme.dev", enforced).await;
        assert_eq!(domain["status"], "VERIFIED");
        assert!(text("mta-sts.acme.dev").await.contains("mode: enforce\r\n"));
        let domain = verify(world, "acme.dev").await;
        let records = domain["records"].as_array().unwrap();
        let id = records
            .iter()
            .find(|one| one["purpose"] == "mta_sts")
            .unwrap();
        assert_eq!(id["status"], "INVALID");
        assert_eq!(domain["status"], "VERIFIED", "it is only recommended");
        let wrong = json!({"mta_sts_mode": "strict"});
        world
            .refused(
                "PATCH",
                "/v0/domains/acme.dev",
                wrong,
                (400, "validation_error"),
            )
            .await;
    })
    .await;
}

#[tokio::test]
async fn a_record_under_a_doubled_name_is_told_as_such() {
    each_engine_with_dns(&[], async |world, zone| {
        let made = world
            .post("/v0/domains", json!({"domain": "acme.dev"}))
            .await;
        let dmarc = json!({"records": [
            {"type": "TXT", "name": "_dmarc.acme.dev", "value": "v=DMARC1; p=none; rua=mailto:a@acme.dev"},
        ]});
        publish(zone, &made, "acme.dev");
        zone.remove("_dmarc.acme.dev");
        publish(zone, &dmarc, "acme.dev");
        let domain = verify(world, "acme.dev").await;
        let records = domain["records"].as_array().unwrap();
        let wrong = records.iter().find(|one| one["purpose"] == "dmarc").unwrap();
        assert_eq!(wrong["reason"], "name_doubled");
        assert_eq!(wrong["status"], "MISSING");
        assert_eq!(wrong["found"], json!(["_dmarc.acme.dev.acme.dev"]));
    })
    .await;
}
