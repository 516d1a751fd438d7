//! People decide by mail: what they are asked, which answers decide, and which do not. Real mail both
//! ways: the server delivers to a receiver that the test's name server knows, and checks the signatures of
//! what comes back.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use data_encoding::BASE64;
use mail::dkim::{Algorithm, Claim, Signable};
use mail::parse::Parsed;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use testkit::{DnsZone, MailSink, ZoneRecord};

use crate::departures::{Net, each_net};
use crate::running::soon;
use crate::world::{World, eventually};

/// Who is asked. The same domain has the recipient of what is held, and somebody who was not asked.
const BOSS: &str = "boss@x.test";

/// A server that faces the world.
const PUBLIC: [(&str, &str); 2] = [
    ("MAILROOST_DOMAIN", "mail.agents.dev"),
    // The receiver of the test.
    ("MAILROOST_EGRESS_ALLOW", "127.0.0.0/8"),
];

/// Whoever signs mail of `x.test`.
struct Signer(Ed25519KeyPair);

impl Signer {
    /// With its records in the zone.
    fn new(zone: &DnsZone) -> Self {
        let pair = Ed25519KeyPair::generate().unwrap();
        let key = BASE64.encode(pair.public_key().as_ref());
        let record = ZoneRecord::Txt(format!("v=DKIM1; k=ed25519; p={key}"));
        zone.add("s1._domainkey.x.test", record);
        let policy = ZoneRecord::Txt("v=DMARC1; p=none".to_owned());
        zone.add("_dmarc.x.test", policy);
        Self(pair)
    }

    fn signed(&self, raw: &str) -> String {
        let signable = Signable::of(raw.as_bytes());
        let mut hash = Sha256::new();
        signable.body(|piece| hash.update(piece));
        let body_hash: [u8; 32] = hash.finalize().into();
        let unsigned = signable.sign(&Claim {
            domain: "x.test",
            selector: "s1",
            algorithm: Algorithm::Ed25519,
            at: mail::Timestamp::from_micros(1_795_000_000_000_000),
            body_hash: &body_hash,
        });
        let signature = self.0.sign(&Sha256::digest(unsigned.input()));
        unsigned.finish(signature.as_ref()) + raw
    }
}

/// An answer as a mail program writes it: new words above what is answered.
fn answer(from: &str, to: &str, words: &str, asked: &Mail, more: &str) -> String {
    let text = asked.parsed.text.clone().unwrap_or_default();
    let quoted: String = text.lines().map(|line| format!("> {line}\r\n")).collect();
    let id = asked.parsed.message_id.as_ref().unwrap();
    format!(
        "{more}From: {from}\r\nTo: {to}\r\nSubject: Re: Approval needed\r\nIn-Reply-To: {id}\r\n\
         Message-ID: <{}@x.test>\r\nDate: Sun, 22 Nov 2026 10:00:00 +0000\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\n\
         {words}\r\n\r\nOn Sun, 22 Nov 2026 at 10:00, Mailroost approvals wrote:\r\n{quoted}",
        words.len() + more.len() * 1_000
    )
}

/// Mail that the server delivered.
struct Mail {
    to: Vec<String>,
    parsed: Parsed,
}

impl Mail {
    async fn next(sink: &mut MailSink) -> Self {
        let came = soon(sink.next()).await;
        let parsed = mail::parse::parse(&came.raw);
        Self {
            to: came.to,
            parsed,
        }
    }

    /// The next mail to somebody; what came before it went to somebody else.
    async fn to(sink: &mut MailSink, whom: &str) -> Self {
        loop {
            let mail = Self::next(sink).await;
            if mail.to == [whom] {
                return mail;
            }
        }
    }

    fn from(&self) -> String {
        self.parsed.from[0].address.clone()
    }

    fn text(&self) -> &str {
        self.parsed.text.as_deref().unwrap()
    }
}

/// A key whose mail all waits, and the inbox it sends from.
struct Agent {
    inbox: String,
    key: String,
    key_id: String,
}

async fn agent(world: &World, policy: Value) -> Agent {
    let inbox = world.inbox().await;
    let (key, key_id) = world.key(Some(&inbox), json!({})).await;
    let path = format!("/v0/api-keys/{key_id}/policy");
    world
        .ok("PUT", &path, &json!({"preset": "human_in_the_loop"}))
        .await;
    let (loosener, _) = loosener(world).await;
    let path = format!("/v0/inboxes/{inbox}/policy");
    let set = world.call_as(&loosener, "PUT", &path, &policy).await;
    assert_eq!(set.status, 200, "{set:?}");
    Agent { inbox, key, key_id }
}

async fn loosener(world: &World) -> (String, String) {
    let rights = ["inbox_read", "inbox_update", "policy_read", "policy_update"];
    let rights: serde_json::Map<_, _> = rights
        .into_iter()
        .map(|name| (name.to_owned(), json!(true)))
        .collect();
    world.key(None, json!({"permissions": rights})).await
}

impl Agent {
    /// Sends something, which waits; gives the path of the approval and the id of the draft.
    async fn held(&self, world: &World, body: Value) -> (String, String) {
        let path = format!("/v0/inboxes/{}/messages/send", self.inbox);
        let told = world.call_as(&self.key, "POST", &path, &body).await;
        assert_eq!(told.status, 403, "{told:?}");
        let told = told.json();
        let text = |name: &str| told[name].as_str().unwrap().to_owned();
        (
            format!("/v0/approvals/{}", text("approval_id")),
            text("draft_id"),
        )
    }
}

fn approvers(names: &[&str]) -> Value {
    json!({"policy": {"approvers": names}})
}

fn offer() -> Value {
    json!({
        "to": "Bob <bob@x.test>", "subject": "Offer",
        "text": "As agreed, see https://shop.example.com/offer?id=7.\n\napprove\n",
        "attachments": [{"filename": "offer.txt", "content": "Zg=="}],
    })
}

async fn hand_in(net: &Net, from: &str, to: &str, raw: &str) {
    let reply = net.world.hand_in(from, &[to], raw).await;
    assert_eq!(reply.code, 250, "{reply}");
}

#[tokio::test]
async fn an_approver_lets_it_leave_by_answering_with_one_word_once() {
    each_net(&PUBLIC, async |net, sink| {
        let (world, signer) = (&net.world, Signer::new(&net.zone));
        let agent = agent(world, approvers(&[BOSS])).await;
        let (approval, _) = agent.held(world, offer()).await;
        let asked = Mail::next(sink).await;
        assert_eq!(asked.to, [BOSS]);
        let address = asked.from();
        assert!(
            address.starts_with("approvals+") && address.ends_with("@mail.agents.dev"),
            "{address}"
        );
        let text = asked.text();
        for wanted in [
            "bob@x.test",
            "Subject: Offer",
            "offer[.]txt",
            "Why it waits",
            "https[:]//shop[.]example[.]com/offer?id=7.",
            "\n| approve\n",
            "https://mail.agents.dev/v0/decide/",
        ] {
            assert!(text.contains(wanted), "{wanted} in {text}");
        }
        assert_eq!(text.matches("://").count(), 1, "{text}");
        let generated = asked
            .parsed
            .headers
            .iter()
            .any(|(name, value)| name == "Auto-Submitted" && value == "auto-generated");
        assert!(generated, "{:?}", asked.parsed.headers);

        let raw = answer(BOSS, &address, "Approve.\r\n\r\nFine with me.", &asked, "");
        let raw = signer.signed(&raw);
        hand_in(net, BOSS, &address, &raw).await;
        let mut came = [Mail::next(sink).await, Mail::next(sink).await];
        came.sort_by_key(|mail| mail.to.clone());
        assert_eq!(came[0].to, ["bob@x.test"]);
        assert_eq!(came[0].parsed.subject.as_deref(), Some("Offer"));
        assert!(came[1].text().starts_with("Approved"), "{}", came[1].text());

        let shown = world.get(&approval).await;
        assert_eq!(shown["state"], "approved");
        assert_eq!(shown["decided_by"], "mail:boss@x.test");
        assert_eq!(shown["reason"], "Fine with me.");
        let events = world.get("/v0/events?event_types=approval.approved").await;
        assert_eq!(
            events["events"][0]["approval"]["decided_by"],
            "mail:boss@x.test"
        );
        let (reader, _) = world
            .key(None, json!({"permissions": {"audit_read": true}}))
            .await;
        let audit = world
            .call_as(&reader, "GET", "/v0/audit", &Value::Null)
            .await
            .json();
        let mut entries = audit["entries"].as_array().unwrap().iter();
        let entry = entries
            .find(|one| one["action"] == "approval.decide")
            .unwrap();
        assert_eq!(entry["actor"], "mail:boss@x.test", "{entry}");

        // The same words again decide nothing, and neither does the link in the mail.
        hand_in(net, BOSS, &address, &raw).await;
        let told = Mail::next(sink).await;
        assert!(
            told.text().contains("it was approved before"),
            "{}",
            told.text()
        );
        let link = text.split("https://mail.agents.dev").nth(1).unwrap();
        let link = link.split_whitespace().next().unwrap();
        let answer = world
            .server
            .request("POST", &format!("{link}/decline"), "", b"")
            .await;
        assert_eq!(answer.status, 409, "{answer:?}");
        assert_eq!(world.messages(&agent.inbox, "").await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn only_the_approvers_own_proven_new_words_decide() {
    each_net(&PUBLIC, async |net, sink| {
        let (world, signer) = (&net.world, Signer::new(&net.zone));
        let agent = agent(world, approvers(&[BOSS])).await;
        let (approval, _) = agent.held(world, offer()).await;
        let asked = Mail::next(sink).await;
        let address = asked.from();
        let pending = async || {
            let state = world.get(&approval).await["state"].clone();
            assert_eq!(state, "pending");
        };

        // Machines are told nothing: the next mail is about the answer after these.
        let machine = answer(
            BOSS,
            &address,
            "approve",
            &asked,
            "Auto-Submitted: auto-replied\r\n",
        );
        hand_in(net, BOSS, &address, &signer.signed(&machine)).await;
        let bounce = answer(BOSS, &address, "approve", &asked, "X-One: 1\r\n");
        hand_in(net, "", &address, &signer.signed(&bounce)).await;
        let list = answer(
            BOSS,
            &address,
            "approve",
            &asked,
            "List-Id: <all.x.test>\r\n",
        );
        hand_in(net, BOSS, &address, &signer.signed(&list)).await;
        pending().await;

        let plain = answer(BOSS, &address, "approve", &asked, "");
        let eve = answer("eve@x.test", &address, "approve", &asked, "");
        let elsewhere = answer(BOSS, "approvals@mail.agents.dev", "approve", &asked, "");
        let hello = answer(BOSS, &address, "Who is Bob?", &asked, "");
        for (raw, why) in [
            // Anybody can write the name of the boss into From.
            (plain.clone(), "nothing proves that you wrote it"),
            (
                signer
                    .signed(&plain)
                    .replacen("approve\r\n", "approve \r\nyes\r\n", 1),
                "nothing proves",
            ),
            (signer.signed(&eve), "from another address"),
            (signer.signed(&elsewhere), "does not name the address"),
        ] {
            hand_in(net, BOSS, &address, &raw).await;
            let told = Mail::next(sink).await;
            assert_eq!(told.to, [BOSS]);
            assert!(told.text().contains(why), "{why} in {}", told.text());
            pending().await;
        }
        // What is quoted says "approve" too. Often enough told is told no more.
        hand_in(net, BOSS, &address, &signer.signed(&hello)).await;
        let told = Mail::next(sink).await;
        assert!(
            told.text().contains("not one clear word"),
            "{}",
            told.text()
        );
        let quote = answer(BOSS, &address, "", &asked, "");
        hand_in(net, BOSS, &address, &signer.signed(&quote)).await;
        pending().await;

        // Nobody can guess an address, and the sender of the mail is not one.
        for to in [
            "approvals+aaaaaaaaaaaaaaaaaaaaaaaaaa@mail.agents.dev",
            "approvals@mail.agents.dev",
        ] {
            let reply = world.hand_in(BOSS, &[to], signer.signed(&plain)).await;
            assert_eq!(reply.code, 550, "{to}: {reply}");
        }

        let no = answer(BOSS, &address, "Ablehnen", &asked, "");
        hand_in(net, BOSS, &address, &signer.signed(&no)).await;
        let shown = world.get(&approval).await;
        assert_eq!(shown["state"], "declined");
        assert_eq!(shown["decided_by"], "mail:boss@x.test");
        assert!(world.messages(&agent.inbox, "").await.is_empty());
        assert!(sink.waiting().is_none());
    })
    .await;
}

#[tokio::test]
async fn what_was_changed_since_is_asked_about_anew() {
    each_net(&PUBLIC, async |net, sink| {
        let (world, signer) = (&net.world, Signer::new(&net.zone));
        let agent = agent(world, approvers(&[BOSS])).await;
        let (approval, draft) = agent.held(world, offer()).await;
        let first = Mail::next(sink).await;
        let path = format!("/v0/inboxes/{}/drafts/{draft}", agent.inbox);
        world
            .patch(&path, json!({"to": "eve@x.test", "text": "Other words."}))
            .await;
        let raw = answer(BOSS, &first.from(), "yes", &first, "");
        hand_in(net, BOSS, &first.from(), &signer.signed(&raw)).await;
        assert_eq!(world.get(&approval).await["state"], "pending");
        let mut came = [Mail::next(sink).await, Mail::next(sink).await];
        came.sort_by_key(|mail| mail.text().starts_with("Your answer"));
        let [second, told] = came;
        assert!(
            told.text().contains("was changed after you were asked"),
            "{}",
            told.text()
        );
        assert!(
            second.text().contains("To: eve@x.test"),
            "{}",
            second.text()
        );
        assert_ne!(first.from(), second.from());
        let raw = answer(BOSS, &second.from(), "はい", &second, "");
        hand_in(net, BOSS, &second.from(), &signer.signed(&raw)).await;
        let sent = Mail::to(sink, "eve@x.test").await;
        assert!(sent.text().starts_with("Other words."), "{}", sent.text());
        assert_eq!(world.get(&approval).await["state"], "approved");
    })
    .await;
}

#[tokio::test]
async fn a_narrower_level_only_leaves_approvers_out_and_no_inbox_of_the_server_is_asked() {
    each_net(&PUBLIC, async |net, sink| {
        let (world, signer) = (&net.world, Signer::new(&net.zone));
        let inside = world.inbox().await;
        let agent = agent(world, approvers(&[BOSS, "cfo@x.test", &inside])).await;
        // A key cannot name anybody, and can leave somebody out.
        let own = format!("/v0/inboxes/{}/policy", agent.inbox);
        let more = approvers(&[BOSS, "cfo@x.test", &inside, "eve@x.test"]);
        let refused = world.call_as(&agent.key, "PUT", &own, &more).await;
        assert_eq!(
            (refused.status, refused.json()["code"].as_str()),
            (403, Some("missing_permission"))
        );
        let shown = world.get(&own).await;
        assert_eq!(
            shown["effective"]["approvers"].as_array().unwrap().len(),
            3,
            "{shown}"
        );
        let (loosener, _) = loosener(world).await;
        let fewer = approvers(&[BOSS, &inside, "eve@x.test"]);
        let set = world.call_as(&loosener, "PUT", "/v0/policy", &fewer).await;
        assert_eq!(set.status, 200, "{set:?}");
        let (approval, _) = agent.held(world, offer()).await;
        let asked = Mail::next(sink).await;
        assert_eq!(asked.to, [BOSS]);
        assert!(world.messages(&inside, "").await.is_empty());

        // Whoever is named no more decides no more, also about what was asked before.
        let nobody = world
            .call_as(&loosener, "PUT", "/v0/policy", &approvers(&[]))
            .await;
        assert_eq!(nobody.status, 200, "{nobody:?}");
        let raw = answer(BOSS, &asked.from(), "approve", &asked, "");
        hand_in(net, BOSS, &asked.from(), &signer.signed(&raw)).await;
        let told = Mail::next(sink).await;
        assert!(
            told.text().contains("not named any more"),
            "{}",
            told.text()
        );
        assert_eq!(world.get(&approval).await["state"], "pending");
        assert_eq!(world.get(&approval).await["asked_by"], json!(agent.key_id));
    })
    .await;
}

#[tokio::test]
async fn what_may_hold_a_secret_is_asked_about_without_its_words() {
    each_net(&PUBLIC, async |net, sink| {
        let (world, _) = (&net.world, Signer::new(&net.zone));
        let agent = agent(world, approvers(&[BOSS])).await;
        // Made up; in two pieces, so that no scanner takes this file for a leak.
        let token = format!("ghp_{}", "n8Qw3Zt6Lk1Xc9Vb2Ms5Rf7Hd4Jy0Gp3Ta8U");
        let text = format!("token: {token}");
        let body = json!({"to": "bob@x.test", "subject": "Token", "text": text});
        agent.held(world, body).await;
        let asked = Mail::next(sink).await;
        assert_eq!(asked.to, [BOSS]);
        let text = asked.text();
        assert!(
            text.contains("not shown here") && !text.contains(&token),
            "{text}"
        );
        let waiting = eventually(async || {
            let list = world.get("/v0/approvals").await;
            (list["count"] == 1).then_some(list)
        });
        assert_eq!(waiting.await["approvals"][0]["state"], "pending");
    })
    .await;
}
