//! Mail goes in at one door and comes out at the other.

use serde_json::json;

use crate::database::{Data, engines};
use crate::running::Running;

#[tokio::test]
async fn mail_handed_in_by_smtp_is_listed_by_the_api_and_survives_a_restart() {
    for engine in engines() {
        let data = Data::new(engine);
        let server = Running::start(&data).await;
        let inbox = server.post("/v0/inboxes", &json!({})).await.json();
        let inbox = inbox["inbox_id"].as_str().unwrap().to_owned();
        assert!(inbox.ends_with("@mailroost.localhost"), "{inbox}");

        let raw = format!(
            "From: Ann <ann@outside.test>\r\nTo: {inbox}\r\nSubject: Where is it?\r\n\
             Message-ID: <one@outside.test>\r\nDate: Sun, 22 Nov 2026 10:00:00 +0000\r\n\r\nHello."
        );
        let mut smtp = server.smtp().await;
        smtp.send("ann@outside.test", &[&inbox], &raw).await;
        smtp.say("QUIT", "221").await;
        server.stop().await;

        let server = Running::start(&data).await;
        let list = server.get(&format!("/v0/inboxes/{inbox}/messages")).await;
        let list = list.json();
        assert_eq!(list["count"], 1, "{list}");
        assert_eq!(list["messages"][0]["subject"], "Where is it?");
        assert_eq!(list["messages"][0]["message_id"], "<one@outside.test>");
        server.stop().await;
    }
}
