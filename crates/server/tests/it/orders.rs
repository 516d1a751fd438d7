//! What the operator orders on the command line: policies, stops and registered values, beside the server
//! and without one.

use serde_json::{Value, json};

use crate::database::{Data, engines};
use crate::running::{Ended, Running, mailroost, run_with};
use crate::world::{World, each_engine, well_ended};

/// Runs a command beside the server; `input` goes to its standard input.
async fn command(world: &World, words: &[&str], input: &str) -> Ended {
    let mut command = mailroost(&world.data.folder());
    command.args(words);
    command.args(["--http", &world.server.http.to_string()]);
    if let Some(url) = world.data.database_url() {
        command.env("MAILROOST_DATABASE", url);
    }
    run_with(&mut command, input).await
}

fn told(ran: &Ended) -> Value {
    assert!(ran.status.success(), "{ran:?}");
    serde_json::from_str(&ran.stdout.join("\n")).unwrap()
}

#[tokio::test]
async fn the_operator_sets_policies_on_the_command_line_beside_the_server() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let (_, key_id) = world.key(Some(&inbox), json!({})).await;
        let rules = r#"{"approvers": ["Boss@x.test"], "turns_per_thread": 3}"#;
        let words = [
            "policy",
            "set",
            "--inbox",
            &inbox,
            "--preset",
            "human_in_the_loop",
            "--rules",
            "-",
            "--json",
        ];
        let set = told(&command(world, &words, rules).await);
        assert_eq!(set["policy"]["level"], "inbox");
        let shown = world.get(&format!("/v0/inboxes/{inbox}/policy")).await;
        assert_eq!(shown, set["policy"]);
        assert_eq!(shown["policy"]["approvers"], json!(["boss@x.test"]));
        assert_eq!(shown["effective"]["turns_per_thread"], 3);
        assert_eq!(shown["effective"]["turns_per_peer"], 10);
        let words = [
            "policy",
            "set",
            "--key",
            &key_id,
            "--rules",
            r#"{"taint": "off"}"#,
        ];
        let lines = command(world, &words, "").await;
        assert!(
            lines.status.success() && lines.stdout[0].starts_with("api_key: "),
            "{lines:?}"
        );
        let key = told(&command(world, &["policy", "show", "--key", &key_id, "--json"], "").await);
        assert_eq!(key["policy"]["policy"], json!({"taint": "off"}));
        let cleared =
            told(&command(world, &["policy", "clear", "--inbox", &inbox, "--json"], "").await);
        assert_eq!(cleared["policy"].get("policy"), None);
        for (words, why) in [
            (
                &[
                    "policy",
                    "set",
                    "--inbox",
                    &inbox,
                    "--rules",
                    "{\"send\": \"x\"}",
                ][..],
                "Not a policy",
            ),
            (&["policy", "set", "--preset", "x"], "preset is"),
            (
                &["policy", "show", "--inbox", "nobody@nowhere.test"],
                "Inbox",
            ),
            (&["policy", "show", "--pod", "x"], "Pod"),
            (&["halt", "off"], "not paused here"),
        ] {
            let ran = command(world, words, "").await;
            let says = ran.stderr.iter().any(|line| line.contains(why));
            assert!(!ran.status.success() && says, "{words:?}: {ran:?}");
        }
        let (reader, _) = world
            .key(None, json!({"permissions": {"audit_read": true}}))
            .await;
        let audit = world
            .call_as(&reader, "GET", "/v0/audit", &Value::Null)
            .await
            .json();
        let mut entries = audit["entries"].as_array().unwrap().iter();
        let entry = entries.find(|one| one["action"] == "policy.set").unwrap();
        assert_eq!(entry["actor"], "operator");
    })
    .await;
}

#[tokio::test]
async fn the_operator_stops_departures_and_registers_values_on_the_command_line() {
    each_engine(async |world| {
        let inbox = world.inbox().await;
        let send = format!("/v0/inboxes/{inbox}/messages/send");
        let body = json!({"to": "bob@outside.test", "text": "Project Nightingale, again."});
        let on = told(&command(world, &["halt", "on", "--reason", "A drill", "--json"], "").await);
        assert_eq!(on["pauses"][0]["scope"], "organization");
        world
            .refused("POST", &send, body.clone(), (403, "sending_paused"))
            .await;
        let listed = command(world, &["halt", "list"], "").await;
        assert!(listed.stdout[0].contains("A drill"), "{listed:?}");
        assert!(
            command(world, &["halt", "reset"], "")
                .await
                .status
                .success()
        );
        world
            .refused("POST", &send, body.clone(), (403, "sending_paused"))
            .await;
        let off = command(world, &["halt", "off"], "").await;
        assert_eq!(off.stdout, ["nothing is stopped"], "{off:?}");

        let words = ["leak-values", "add", "Plan", "--inbox", &inbox, "--json"];
        let added = told(&command(world, &words, "Project Nightingale\n").await);
        let id = added["leak_value"]["value_id"].as_str().unwrap().to_owned();
        world
            .refused("POST", &send, body.clone(), (403, "message_rejected"))
            .await;
        let list = command(world, &["leak-values", "list", "--inbox", &inbox], "").await;
        assert!(
            list.stdout[0].contains("Plan") && !format!("{list:?}").contains("Nightingale"),
            "{list:?}"
        );
        let empty = command(world, &["leak-values", "add", "Nothing"], "").await;
        assert!(!empty.status.success(), "{empty:?}");
        let canary = told(
            &command(
                world,
                &["leak-values", "add", "Trap", "--canary", "--json"],
                "",
            )
            .await,
        );
        assert!(
            canary["leak_value"]["value"]
                .as_str()
                .unwrap()
                .starts_with("REF-")
        );
        let gone = command(
            world,
            &["leak-values", "remove", "--inbox", &inbox, &id],
            "",
        )
        .await;
        assert_eq!(gone.stdout, ["done"], "{gone:?}");
        world.send(&inbox, body).await;

        // Nobody else gives orders.
        let forged =
            json!({"order": r#"{"at":0,"nonce":"","wish":{"do":"halt_off"}}"#, "mark": "00"});
        let path = "/v0/operator";
        world
            .refused("POST", path, forged, (403, "forbidden"))
            .await;
    })
    .await;
}

#[tokio::test]
async fn orders_are_carried_out_on_the_data_where_no_server_runs() {
    for engine in engines() {
        let data = Data::new(engine);
        Running::start(&data).await.stop().await;
        let ran = async |words: &[&str]| {
            let mut command = mailroost(&data.folder());
            // Nothing listens on the port of nobody.
            command.args(words).args(["--http", "127.0.0.1:9"]);
            if let Some(url) = data.database_url() {
                command.env("MAILROOST_DATABASE", url);
            }
            run_with(&mut command, "").await
        };
        let set = told(&ran(&["policy", "set", "--preset", "read_only", "--json"]).await);
        assert_eq!(set["policy"]["effective"]["send"], "refuse");
        assert!(ran(&["halt", "on"]).await.status.success());
        let world = World {
            server: Running::start(&data).await,
            data,
        };
        assert_eq!(world.get("/v0/policy").await["policy"]["send"], "refuse");
        assert_eq!(world.get("/v0/pause").await["paused"], true);
        well_ended(world.server).await;
    }
}
