//! The audit log: who changed what.

use serde_json::{Value, json};

use crate::database::{Data, engines};
use crate::permissions::Foreign;
use crate::running::{ADMIN_KEY, Running, mailroost, run};
use crate::world::{World, each_engine, well_ended};

/// For the test of every route: a body it takes, and what a key of another inbox is told.
pub fn case(operation: &str) -> Option<(Value, Foreign)> {
    needs_a_name(operation).then_some((Value::Null, Foreign::Forbidden))
}

/// Whether a route takes a right that no key has which did not ask for it by name.
pub fn needs_a_name(operation: &str) -> bool {
    ["audit.list", "audit.export"].contains(&operation)
}

async fn auditor(world: &World) -> String {
    let rights = json!({"permissions": {"audit_read": true}});
    world.key(None, rights).await.0
}

#[tokio::test]
async fn what_changes_who_may_do_what_is_entered_with_its_request_and_without_secrets() {
    each_engine(async |world| {
        let auditor = auditor(world).await;
        let made = world
            .call("POST", "/v0/api-keys", &json!({"name": "Mine"}))
            .await;
        let request = made.header("x-request-id").unwrap().to_owned();
        let made = made.json();
        let id = made["api_key_id"].as_str().unwrap();
        let path = format!("/v0/api-keys/{id}");
        world
            .patch(&path, json!({"permissions": {"inbox_read": true}}))
            .await;
        world.delete(&path).await;
        let inbox = world.inbox().await;
        world
            .post("/v0/lists/send/block", json!({"entry": "x@outside.test"}))
            .await;
        world
            .post(
                &format!("/v0/inboxes/{inbox}/pause"),
                json!({"reason": "Look"}),
            )
            .await;
        // Mail is not entered.
        let letter = crate::world::letter(&inbox, "a@outside.test", "Hi", "x");
        world.mail(&inbox, letter).await;
        world.arrived(&inbox, 1).await;

        let list = world
            .call_as(&auditor, "GET", "/v0/audit?limit=6", &Value::Null)
            .await;
        assert_eq!(list.status, 200, "{list:?}");
        let list = list.json();
        let entries = list["entries"].as_array().unwrap().clone();
        let actions: Vec<&str> = entries
            .iter()
            .map(|one| one["action"].as_str().unwrap())
            .collect();
        assert_eq!(
            actions,
            [
                "sending.pause",
                "list_entry.create",
                "inbox.create",
                "api_key.delete",
                "api_key.update",
                "api_key.create"
            ]
        );
        assert_eq!(entries[5]["request_id"], request.as_str());
        assert_eq!(entries[5]["target"], id);
        assert!(
            entries[5]["actor"].as_str().unwrap().starts_with("key:"),
            "{entries:?}"
        );
        assert_eq!(entries[4]["before"]["permissions"], Value::Null);
        assert_eq!(entries[4]["after"]["permissions"], json!(["inbox_read"]));
        assert!(list["next_page_token"].is_string(), "{list}");

        let first = "/v0/audit?ascending=true&limit=1";
        let first = world
            .call_as(&auditor, "GET", first, &Value::Null)
            .await
            .json();
        assert_eq!(first["entries"][0]["seq"], 1);
        let export = "/v0/audit/export?after=0";
        let export = world.call_as(&auditor, "GET", export, &Value::Null).await;
        assert_eq!(export.header("content-type"), Some("application/x-ndjson"));
        let text = String::from_utf8(export.body).unwrap();
        let newest = entries[0]["seq"].as_u64().unwrap();
        assert_eq!(u64::try_from(text.lines().count()), Ok(newest));
        for secret in [made["api_key"].as_str().unwrap(), &auditor, ADMIN_KEY] {
            assert!(!text.contains(secret));
        }
        for line in text.lines() {
            let entry: Value = serde_json::from_str(line).unwrap();
            assert_eq!(entry["hash"].as_str().unwrap().len(), 64);
        }
    })
    .await;
}

#[tokio::test]
async fn the_log_is_for_keys_of_the_organization_that_asked_for_it() {
    each_engine(async |world| {
        world
            .refused("GET", "/v0/audit", Value::Null, (403, "missing_permission"))
            .await;
        let inbox = world.inbox().await;
        let rights = json!({"permissions": {"audit_read": true}});
        let (key, _) = world.key(Some(&inbox), rights).await;
        for path in ["/v0/audit", "/v0/audit/export"] {
            let answer = world.call_as(&key, "GET", path, &Value::Null).await;
            assert_eq!(answer.json()["code"], "forbidden", "{path}");
        }
        let auditor = auditor(world).await;
        for query in ["?after=x", "?after=-1"] {
            let path = format!("/v0/audit/export{query}");
            let answer = world.call_as(&auditor, "GET", &path, &Value::Null).await;
            assert_eq!(answer.json()["code"], "validation_error", "{query}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_operator_checks_the_chain_while_the_server_runs() {
    for engine in engines() {
        let data = Data::new(engine);
        let world = World {
            server: Running::start(&data).await,
            data,
        };
        world.inbox().await;
        let mut command = mailroost(&world.data.folder());
        command.args(["audit", "verify"]);
        if let Some(url) = world.data.database_url() {
            command.env("MAILROOST_DATABASE", url);
        }
        let checked = run(&mut command).await;
        assert!(checked.status.success(), "{checked:?}");
        let [line] = &checked.stdout[..] else {
            panic!("not one line: {checked:?}");
        };
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, count, "entries", head, "ok"] = words[..] else {
            panic!("{line}");
        };
        let auditor = auditor(&world).await;
        let path = format!(
            "/v0/audit/export?after={}",
            count.parse::<i64>().unwrap() - 1
        );
        let last = world.call_as(&auditor, "GET", &path, &Value::Null).await;
        let last = String::from_utf8(last.body).unwrap();
        let last: Value = serde_json::from_str(last.lines().next().unwrap()).unwrap();
        assert_eq!(last["hash"], head);
        well_ended(world.server).await;
    }
}
