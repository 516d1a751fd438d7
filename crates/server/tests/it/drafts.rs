//! Drafts through the doors: their whole life, who may do what, and how they become messages.

use data_encoding::BASE64;
use serde_json::{Value, json};

use crate::once::call_once;
use crate::permissions::Foreign;
use crate::world::{World, column, each_engine, escaped, eventually, has_label, letter};

const INVALID: (u16, &str) = (400, "validation_error");
const MISSING: (u16, &str) = (404, "not_found");

/// What the paths of these routes name, by the name in braces.
pub async fn things(world: &World, inbox: &str) -> Vec<(&'static str, String)> {
    let body = json!({"to": ["bob@outside.test"], "attachments": [{"filename": "f.txt", "content": "Zg=="}]});
    let draft = world
        .post(&format!("/v0/inboxes/{inbox}/drafts"), body)
        .await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (id, file) = (
        text(&draft["draft_id"]),
        text(&draft["attachments"][0]["attachment_id"]),
    );
    let key = format!("things-{id}");
    let send = format!("/v0/inboxes/{inbox}/messages/send");
    let sent = call_once(world, &key, &send, &json!({"to": "bob@outside.test"})).await;
    assert_eq!(sent.status, 200, "{sent:?}");
    let sent = text(&sent.json()["message_id"]);
    world.labelled(inbox, &sent, "delivered-in-sandbox").await;
    vec![
        // The attachment of a draft is not that of a message, which the same name stands for.
        (
            "{draft_id}/attachments/{attachment_id}",
            format!("{id}/attachments/{file}"),
        ),
        ("draft_id", id),
        ("idempotency_key", key),
    ]
}

/// For the test of every route: a body it takes, and what a key of another inbox is told.
pub fn case(operation: &str) -> Option<(Value, Foreign)> {
    let case = match operation {
        "drafts.list" => (Value::Null, Foreign::List("drafts")),
        "drafts.get"
        | "drafts.get_attachment"
        | "pods.drafts.list"
        | "pods.drafts.get"
        | "pods.drafts.get_attachment"
        | "inboxes.drafts.list"
        | "inboxes.drafts.get"
        | "inboxes.drafts.get_attachment"
        | "inboxes.drafts.delete"
        | "inboxes.messages.list_deliveries"
        | "inboxes.messages.get_timeline"
        | "sends.get" => (Value::Null, Foreign::Hidden),
        "inboxes.drafts.create" | "inboxes.drafts.update" => {
            (json!({"subject": "x"}), Foreign::Hidden)
        }
        "inboxes.drafts.send" => (json!({}), Foreign::Hidden),
        _ => return None,
    };
    Some(case)
}

fn drafts(inbox: &str) -> String {
    format!("/v0/inboxes/{inbox}/drafts")
}

fn one(inbox: &str, draft: &Value) -> String {
    format!(
        "/v0/inboxes/{inbox}/drafts/{}",
        draft["draft_id"].as_str().unwrap()
    )
}

async fn gone(world: &World, path: &str) -> bool {
    world.call("GET", path, &Value::Null).await.status == 404
}

#[tokio::test]
async fn a_draft_is_made_read_changed_and_sent() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let body = json!({"to": ["Bob <bob@outside.test>"], "cc": ["carol@outside.test"], "bcc": ["dan@outside.test"],
            "reply_to": ["desk@outside.test"], "subject": "Plan", "text": "Shall we?", "html": "<p>Shall we?</p>",
            "labels": ["Mine"]});
        let made = world.post(&drafts(&inbox), body).await;
        assert_eq!(made["labels"], json!(["draft", "mine"]));
        assert_eq!(made["to"], json!(["Bob <bob@outside.test>"]));
        assert_eq!((&made["preview"], &made["text"]), (&json!("Shall we?"), &json!("Shall we?")));
        for absent in ["send_at", "send_status", "client_id", "in_reply_to", "references", "send_error"] {
            assert!(made.get(absent).is_none(), "{absent}: {made}");
        }
        let path = one(&inbox, &made);
        assert_eq!(world.get(&path).await, made);
        let id = made["draft_id"].as_str().unwrap();
        assert_eq!(world.get(&format!("/v0/drafts/{id}")).await, made);
        let pod = made["pod_id"].as_str().unwrap();
        assert_eq!(world.get(&format!("/v0/pods/{pod}/drafts/{id}")).await, made);
        let list = world.get(&drafts(&inbox)).await;
        assert_eq!(list["count"], 1);
        for left_out in ["text", "html", "reply_to", "created_at"] {
            assert!(list["drafts"][0].get(left_out).is_none(), "{list}");
        }

        let change = json!({"cc": [], "bcc": null, "subject": "Plan B", "html": null,
            "add_labels": ["later", "mine"], "remove_labels": ["mine"]});
        let changed = world.patch(&path, change).await;
        assert!(changed.get("cc").is_none() && changed.get("bcc").is_none() && changed.get("html").is_none(), "{changed}");
        assert_eq!((&changed["subject"], &changed["text"]), (&json!("Plan B"), &json!("Shall we?")));
        assert_eq!(changed["labels"], json!(["draft", "later"]));
        assert_eq!(world.get(&path).await, changed);

        let sent = world.post(&format!("{path}/send"), json!({"add_labels": "hot", "remove_labels": ["later"]})).await;
        let message = world.message(&inbox, sent["message_id"].as_str().unwrap()).await;
        assert_eq!(message["thread_id"], sent["thread_id"]);
        assert_eq!(message["subject"], "Plan B");
        assert_eq!(message["text"].as_str().unwrap().trim(), "Shall we?");
        assert_eq!(message["reply_to"], json!(["desk@outside.test"]));
        assert!(has_label(&message, "sent") && has_label(&message, "hot"), "{message}");
        for label in ["draft", "later", "scheduled"] {
            assert!(!has_label(&message, label), "{message}");
        }
        world.refused("GET", &path, Value::Null, MISSING).await;
        world.refused("POST", &format!("{path}/send"), json!({}), MISSING).await;
        assert_eq!(world.get(&drafts(&inbox)).await["count"], 0);
    })
    .await;
}

#[tokio::test]
async fn a_deleted_draft_and_those_of_a_deleted_inbox_are_gone() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let (a, b) = (
            world.post(&drafts(&inbox), json!({})).await,
            world.post(&drafts(&inbox), json!({})).await,
        );
        world.delete(&one(&inbox, &a)).await;
        world
            .refused("DELETE", &one(&inbox, &a), Value::Null, MISSING)
            .await;
        world.delete(&format!("/v0/inboxes/{inbox}")).await;
        let id = b["draft_id"].as_str().unwrap();
        world
            .refused("GET", &format!("/v0/drafts/{id}"), Value::Null, MISSING)
            .await;
        let all = world.get("/v0/drafts").await;
        assert_eq!(all["count"], 0, "{all}");
    })
    .await;
}

#[tokio::test]
async fn attachments_are_added_fetched_removed_and_sent() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        // Large and incompressible, so that it becomes an object of its own.
        let mut state = 1_u64;
        let large: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state.to_be_bytes()[0]
        })
        .take(300_000)
        .collect();
        let files = json!([{"filename": "large.bin", "content": BASE64.encode(&large)},
            {"filename": "pic.png", "content_type": "image/png", "content_disposition": "inline", "content_id": "<pic>",
             "content": BASE64.encode(b"PNG")}]);
        let body = json!({"to": ["bob@outside.test"], "html": "<img src=cid:pic>", "attachments": files});
        let made = world.post(&drafts(&inbox), body).await;
        let path = one(&inbox, &made);
        let shown = made["attachments"].as_array().unwrap();
        assert_eq!((shown[0]["size"].as_i64(), &shown[1]["content_id"]), (Some(300_000), &json!("pic")));
        let link = |file: &Value| format!("{path}/attachments/{}", file["attachment_id"].as_str().unwrap());
        let found = world.get(&link(&shown[0])).await;
        let answer = world.download(found["download_url"].as_str().unwrap()).await;
        assert_eq!((answer.status, answer.body == large), (200, true));
        assert!(answer.header("content-disposition").unwrap().contains("large.bin"));

        let change = json!({"add_attachments": [{"filename": "new.txt", "content": BASE64.encode(b"new")}],
            "remove_attachments": [shown[0]["attachment_id"]]});
        let changed = world.patch(&path, change).await;
        assert_eq!(column(changed["attachments"].as_array().unwrap(), "filename"), ["pic.png", "new.txt"]);
        world.refused("GET", &link(&shown[0]), Value::Null, MISSING).await;
        let answer = world.download(found["download_url"].as_str().unwrap()).await;
        assert_eq!(answer.status, 404, "a link to a removed file leads nowhere");
        let again = json!({"remove_attachments": [shown[0]["attachment_id"]]});
        world.refused("PATCH", &path, again, MISSING).await;
        let bad = json!({"add_attachments": [{"filename": "x"}]});
        let told = world.refused("PATCH", &path, bad, INVALID).await;
        assert_eq!(told["errors"][0]["path"][0], "add_attachments");

        let sent = world.post(&format!("{path}/send"), json!({})).await;
        let id = sent["message_id"].as_str().unwrap();
        let message = world.message(&inbox, id).await;
        let mut names = column(message["attachments"].as_array().unwrap(), "filename");
        names.sort();
        assert_eq!(names, ["new.txt", "pic.png"]);
        let raw = String::from_utf8(world.raw(&inbox, id).await).unwrap();
        assert!(raw.contains("Content-ID: <pic>") && raw.contains(&BASE64.encode(b"new")), "{raw}");
    })
    .await;
}

#[tokio::test]
async fn an_answer_is_drafted_with_its_people_subject_and_thread() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let raw = format!("From: Ann <ann@outside.test>\r\nTo: {inbox}, bob@outside.test\r\nCc: carol@outside.test\r\n\
            Subject: Order\r\nMessage-ID: <q@outside.test>\r\n\r\nWhere is it?\r\n");
        world.mail(&inbox, raw).await;
        let question = world.message(&inbox, "<q@outside.test>").await;
        let body = json!({"in_reply_to": "<q@outside.test>", "text": "On its way."});
        let reply = world.post(&drafts(&inbox), body).await;
        assert_eq!((&reply["to"], &reply["subject"]), (&json!(["Ann <ann@outside.test>"]), &json!("Re: Order")));
        assert_eq!((&reply["in_reply_to"], &reply["references"]), (&json!("<q@outside.test>"), &json!(["<q@outside.test>"])));
        assert_eq!((&reply["thread_id"], &reply["text"]), (&question["thread_id"], &json!("On its way.")));
        let body = json!({"in_reply_to": "<q@outside.test>", "reply_all": true, "text": "All."});
        let all = world.post(&drafts(&inbox), body).await;
        assert_eq!((&all["to"], &all["cc"]), (&json!(["Ann <ann@outside.test>", "bob@outside.test"]), &json!(["carol@outside.test"])));
        let body = json!({"in_reply_to": "<q@outside.test>", "to": ["eve@outside.test"]});
        let named = world.post(&drafts(&inbox), body).await;
        assert_eq!(named["to"], json!(["eve@outside.test"]));

        let sent = world.post(&format!("{}/send", one(&inbox, &reply)), json!({})).await;
        assert_eq!(sent["thread_id"], question["thread_id"]);
        let message = world.message(&inbox, sent["message_id"].as_str().unwrap()).await;
        assert_eq!(message["in_reply_to"], "<q@outside.test>");
        assert_eq!(message["extracted_text"], "On its way.");
        assert!(message["text"].as_str().unwrap().contains("> Where is it?"), "{message}");
        // What is answered need not be there any more.
        world.delete(&format!("/v0/inboxes/{inbox}/messages/{}", escaped("<q@outside.test>"))).await;
        let sent = world.post(&format!("{}/send", one(&inbox, &all)), json!({})).await;
        assert_eq!(sent["thread_id"], question["thread_id"], "the rest of the thread is there");
        let message = world.message(&inbox, sent["message_id"].as_str().unwrap()).await;
        assert_eq!((&message["in_reply_to"], message["text"].as_str().unwrap().trim()), (&json!("<q@outside.test>"), "All."));
    })
    .await;
}

#[tokio::test]
async fn a_forward_takes_the_original_along_when_it_is_sent() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let raw = "From: ann@outside.test\r\nSubject: Bill\r\nMessage-ID: <b@outside.test>\r\nMIME-Version: 1.0\r\n\
            Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nPlease pay.\r\n--x\r\nContent-Type: application/pdf\r\n\
            Content-Disposition: attachment; filename=bill.pdf\r\n\r\nPDF\r\n--x--\r\n";
        world.mail(&inbox, raw).await;
        let body = json!({"forward_of": "b@outside.test", "text": "FYI"});
        let made = world.post(&drafts(&inbox), body).await;
        assert_eq!((&made["forward_of"], &made["subject"]), (&json!("<b@outside.test>"), &json!("Fwd: Bill")));
        assert!(made.get("to").is_none() && made.get("attachments").is_none() && made.get("in_reply_to").is_none(), "{made}");
        let path = one(&inbox, &made);
        world.refused("POST", &format!("{path}/send"), json!({}), INVALID).await;
        world.patch(&path, json!({"to": ["boss@outside.test"]})).await;
        let sent = world.post(&format!("{path}/send"), json!({})).await;
        let message = world.message(&inbox, sent["message_id"].as_str().unwrap()).await;
        assert!(message["text"].as_str().unwrap().contains("Please pay."), "{message}");
        assert_eq!(message["attachments"][0]["filename"], "bill.pdf");
        assert_eq!(message["thread_id"], made["thread_id"]);

        let body = json!({"forward_of": "b@outside.test", "to": ["boss@outside.test"]});
        let made = world.post(&drafts(&inbox), body).await;
        world.delete(&format!("/v0/inboxes/{inbox}/messages/{}", escaped("<b@outside.test>"))).await;
        world.refused("POST", &format!("{}/send", one(&inbox, &made)), json!({}), MISSING).await;
        assert!(!gone(world, &one(&inbox, &made)).await, "a draft that could not be sent stays");
    })
    .await;
}

#[tokio::test]
async fn what_contradicts_itself_is_refused() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        world
            .mail(&inbox, letter(&inbox, "m@outside.test", "S", "x"))
            .await;
        let all = drafts(&inbox);
        for body in [
            json!({"in_reply_to": "<m@outside.test>", "forward_of": "<m@outside.test>"}),
            json!({"reply_all": true}),
            json!({"reply_all": true, "forward_of": "<m@outside.test>"}),
            json!({"reply_all": true, "in_reply_to": "<m@outside.test>", "to": ["a@b.test"]}),
            json!({"to": ["nonsense"]}),
            json!({"labels": ["scheduled"]}),
            json!({"client_id": "a@b"}),
            json!({"send_at": "tomorrow", "to": ["a@b.test"]}),
            json!({"send_at": "2030-01-01T00:00:00Z"}),
            json!({"to": vec!["a@b.test"; 51]}),
        ] {
            world.refused("POST", &all, body, INVALID).await;
        }
        for body in [
            json!({"in_reply_to": "<none@x>"}),
            json!({"forward_of": "not an id"}),
        ] {
            world.refused("POST", &all, body, MISSING).await;
        }
        let made = world
            .post(
                &all,
                json!({"to": ["a@b.test"], "send_at": "2031-01-01T00:00:00+01:00"}),
            )
            .await;
        assert_eq!(made["send_at"], "2030-12-31T23:00:00.000Z");
        let path = one(&inbox, &made);
        for body in [
            json!({}),
            json!({"to": []}),
            json!({"remove_labels": ["draft"]}),
            json!({"add_labels": ["sent"]}),
            json!({"send_at": "x"}),
        ] {
            world.refused("PATCH", &path, body, INVALID).await;
        }
        assert_eq!(world.get(&path).await, made, "nothing was changed");
        assert_eq!(world.get(&all).await["count"], 1);
    })
    .await;
}

#[tokio::test]
async fn a_client_id_makes_a_draft_once_even_at_once() {
    each_engine(async |world| {
        let (inbox, other) = (world.inbox().await, world.inbox().await);
        let all = drafts(&inbox);
        let body = json!({"client_id": "draft-1", "subject": "First"});
        let made =
            futures_util::future::join_all((0..8).map(|_| world.post(&all, body.clone()))).await;
        let ids: std::collections::BTreeSet<String> =
            column(&made, "draft_id").into_iter().collect();
        assert_eq!(ids.len(), 1, "{made:?}");
        let again = world
            .post(
                &all,
                json!({"client_id": "draft-1", "subject": "Second", "to": ["not an address"]}),
            )
            .await;
        assert_eq!(
            again, made[0],
            "the first draft, whatever else the request says"
        );
        let elsewhere = world.post(&drafts(&other), body.clone()).await;
        assert_ne!(elsewhere["draft_id"], again["draft_id"]);
        world.delete(&one(&inbox, &again)).await;
        let fresh = world.post(&all, body).await;
        assert_ne!(fresh["draft_id"], again["draft_id"]);
    })
    .await;
}

#[tokio::test]
async fn drafts_are_listed_by_their_last_change() {
    each_engine(async |world| {
        let (inbox, other) = (world.inbox().await, world.inbox().await);
        let mut made = Vec::new();
        for n in 0..5 {
            let labels = if n % 2 == 0 {
                json!(["even", "all"])
            } else {
                json!(["all"])
            };
            made.push(
                world
                    .post(
                        &drafts(&inbox),
                        json!({"subject": n.to_string(), "labels": labels}),
                    )
                    .await,
            );
        }
        world
            .post(
                &drafts(&other),
                json!({"subject": "other", "labels": ["even"]}),
            )
            .await;
        let touched = world
            .patch(&one(&inbox, &made[0]), json!({"text": "x"}))
            .await;
        let subjects = async |path: String| -> Vec<String> {
            let list = world.get(&path).await;
            column(list["drafts"].as_array().unwrap(), "subject")
        };
        let all = drafts(&inbox);
        assert_eq!(subjects(all.clone()).await, ["0", "4", "3", "2", "1"]);
        assert_eq!(
            subjects(format!("{all}?ascending=true")).await,
            ["1", "2", "3", "4", "0"]
        );
        assert_eq!(
            subjects("/v0/drafts".to_owned()).await,
            ["0", "other", "4", "3", "2", "1"]
        );
        let pod = made[0]["pod_id"].as_str().unwrap();
        assert_eq!(
            subjects(format!("/v0/pods/{pod}/drafts?labels=even")).await,
            ["0", "other", "4", "2"]
        );
        assert_eq!(
            subjects("/v0/drafts?labels=even&labels=all".to_owned()).await,
            ["0", "4", "2"]
        );
        assert_eq!(
            subjects(format!("{all}?labels=draft,EVEN")).await,
            ["0", "4", "2"]
        );
        let cut = touched["updated_at"].as_str().unwrap();
        assert_eq!(
            subjects(format!("{all}?before={cut}")).await,
            ["4", "3", "2", "1"]
        );
        assert_eq!(subjects(format!("{all}?after={cut}")).await, ["0"]);

        let (mut seen, mut token) = (Vec::new(), String::new());
        loop {
            let page = world.get(&format!("{all}?limit=2&labels=all{token}")).await;
            seen.extend(column(page["drafts"].as_array().unwrap(), "subject"));
            let Some(next) = page["next_page_token"].as_str() else {
                break;
            };
            token = format!("&page_token={next}");
        }
        assert_eq!(seen, ["0", "4", "3", "2", "1"]);
        world
            .refused(
                "GET",
                &format!("/v0/drafts?limit=2{token}"),
                Value::Null,
                INVALID,
            )
            .await;
    })
    .await;
}

#[tokio::test]
async fn a_key_that_may_not_read_or_send_cannot_get_there_by_way_of_a_draft() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        world
            .mail(&inbox, letter(&inbox, "m@outside.test", "S", "secret"))
            .await;
        let rights = json!({"draft_create": true, "draft_read": true, "draft_update": true});
        let (key, _) = world
            .key(Some(&inbox), json!({"permissions": rights}))
            .await;
        let all = drafts(&inbox);
        let denied = async |method: &str, path: &str, body: Value| {
            let answer = world.call_as(&key, method, path, &body).await;
            assert_eq!(
                (answer.status, &answer.json()["code"]),
                (403, &json!("missing_permission")),
                "{body}"
            );
        };
        denied("POST", &all, json!({"in_reply_to": "<m@outside.test>"})).await;
        denied("POST", &all, json!({"forward_of": "<m@outside.test>"})).await;
        denied(
            "POST",
            &all,
            json!({"to": ["a@b.test"], "send_at": "2031-01-01T00:00:00Z"}),
        )
        .await;
        let answer = world
            .call_as(
                &key,
                "POST",
                &all,
                &json!({"to": ["a@b.test"], "text": "please approve"}),
            )
            .await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let path = one(&inbox, &answer.json());
        denied("PATCH", &path, json!({"send_at": "2020-01-01T00:00:00Z"})).await;
        denied("POST", &format!("{path}/send"), json!({})).await;
        // Once a person has scheduled it, what goes out is theirs; taking it back is anybody's.
        world
            .patch(&path, json!({"send_at": "2031-01-01T00:00:00Z"}))
            .await;
        denied("PATCH", &path, json!({"text": "something else"})).await;
        let taken_back = world
            .call_as(
                &key,
                "PATCH",
                &path,
                &json!({"send_at": null, "text": "something else"}),
            )
            .await;
        assert_eq!(taken_back.status, 200, "{taken_back:?}");
        world.post(&format!("{path}/send"), json!({})).await;
        eventually(async || gone(world, &path).await.then_some(())).await;
    })
    .await;
}
