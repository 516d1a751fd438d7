//! What changes when a server is not a laptop, and what a caller can know about itself.

use serde_json::{Value, json};
use testkit::DnsZone;

use crate::database::{Data, engines};
use crate::listener::Listener;
use crate::running::{ADMIN_KEY, Running, serve};
use crate::world::{World, column, each_engine, has_label, letter};

#[tokio::test]
async fn with_a_public_domain_mail_is_not_trusted_for_coming_from_this_machine() {
    for engine in engines() {
        let data = Data::new(engine);
        let zone = DnsZone::start().await;
        let mut command = serve(&data);
        command
            .env("MAILROOST_API_KEY", ADMIN_KEY)
            .env("MAILROOST_DNS", zone.address().to_string())
            .env("MAILROOST_DOMAIN", "mail.agents.dev")
            // The key is shown the mail of a stranger and writes to a new inbox then.
            .env("MAILROOST_GATE_TAINT", "off");
        let world = World {
            server: Running::from(&mut command).await,
            data,
        };
        let inbox = world.inbox().await;
        assert!(inbox.ends_with("@mail.agents.dev"), "{inbox}");
        let mut listener = Listener::to(&world, json!({})).await;
        world
            .mail(&inbox, letter(&inbox, "a@outside.test", "Who?", "x"))
            .await;
        let event = listener.event().await;
        assert_eq!(event["event_type"], "message.received.unauthenticated");
        assert_eq!(world.messages(&inbox, "").await.len(), 0);
        assert_eq!(world.get("/v0/threads").await["count"], 0);
        let list = world
            .messages(&inbox, "?include_unauthenticated=true")
            .await;
        assert_eq!(column(&list, "subject"), ["Who?"]);
        assert!(has_label(&list[0], "unauthenticated"), "{list:?}");
        // Mail between inboxes of this server is vouched for by the key that sent it.
        let other = world.inbox().await;
        world
            .send(&other, json!({"to": inbox, "subject": "Me", "text": "x"}))
            .await;
        assert_eq!(column(&world.arrived(&inbox, 1).await, "subject"), ["Me"]);
        world.server.stop().await;
    }
}

#[tokio::test]
async fn a_caller_learns_who_it_is_and_what_its_organization_has() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let me = world.get("/v0/auth/me").await;
        assert_eq!(me["scope_type"], "organization");
        assert_eq!(me["scope_id"], me["organization_id"]);
        let organization = world.get("/v0/organizations").await;
        assert_eq!(organization["organization_id"], me["organization_id"]);
        assert_eq!(organization["inbox_count"], 1, "{organization}");
        let of_inbox = world.get(&format!("/v0/inboxes/{inbox}")).await;
        // The default pod has the id of its organization.
        assert_eq!(of_inbox["pod_id"], me["organization_id"]);
        let answer = world.call_as("", "GET", "/healthz", &Value::Null).await;
        assert_eq!(answer.status, 200);
        for path in [
            "/v0/nothing",
            "/nothing",
            "/v1/inboxes",
            "/v0/inboxes/a@b.test/nothing",
        ] {
            let told = world
                .refused("GET", path, Value::Null, (404, "not_found"))
                .await;
            assert_eq!(told["message"], "Route not found", "{path}");
        }
        let told = world
            .refused(
                "PUT",
                "/v0/inboxes",
                Value::Null,
                (405, "method_not_allowed"),
            )
            .await;
        assert!(told["fix"].is_string());
    })
    .await;
}
