//! Pods, keys and their walls.

use serde_json::{Value, json};

use crate::database::{Data, Engine};
use crate::listener::Listener;
use crate::permissions::Foreign;
use crate::running::{Running, mailroost, run};
use crate::world::{World, column, each_engine, letter, organization};

/// What the paths of these routes name, by the name in braces.
pub async fn things(world: &World, inbox: &str) -> Vec<(&'static str, String)> {
    let inbox = world.get(&format!("/v0/inboxes/{inbox}")).await;
    let pod = inbox["pod_id"].as_str().unwrap().to_owned();
    let unknown = "0192f0c1-2b3a-7c4d-8e5f-60718293a4b5".to_owned();
    vec![
        ("pod_id", pod),
        ("event_id", unknown.clone()),
        ("file_id", unknown.clone()),
        ("app_id", unknown.clone()),
        ("provider_id", unknown.clone()),
        ("account_id", unknown),
    ]
}

/// For the test of every route: a body it takes, and what a key of another inbox is told.
pub fn case(operation: &str) -> Option<(Value, Foreign)> {
    let case = match operation {
        "pods.list" => (Value::Null, Foreign::Forbidden),
        "pods.create" => (json!({}), Foreign::Forbidden),
        "pods.get"
        | "pods.delete"
        | "pods.inboxes.list"
        | "pods.inboxes.get"
        | "pods.inboxes.delete"
        | "pods.threads.list"
        | "pods.threads.get"
        | "pods.threads.delete"
        | "pods.threads.get_attachment"
        | "pods.api_keys.list"
        | "pods.api_keys.delete" => (Value::Null, Foreign::Hidden),
        "pods.inboxes.create" | "pods.api_keys.create" => (json!({}), Foreign::Hidden),
        "pods.inboxes.update" => (json!({"display_name": "x"}), Foreign::Hidden),
        "pods.threads.update" => (json!({"add_labels": ["x"]}), Foreign::Hidden),
        "pods.api_keys.update" => (json!({"name": "x"}), Foreign::Hidden),
        _ => return None,
    };
    Some(case)
}

/// A pod with an inbox that has a mail, and a key of the pod.
struct Tenant {
    pod: String,
    inbox: String,
    thread: String,
    key: String,
}

impl Tenant {
    async fn new(world: &World, name: &str) -> Self {
        let pod = world.post("/v0/pods", json!({"name": name})).await;
        let pod = pod["pod_id"].as_str().unwrap().to_owned();
        let keys = format!("/v0/pods/{pod}/api-keys");
        let key = world.post(&keys, json!({})).await["api_key"]
            .as_str()
            .unwrap()
            .to_owned();
        let inboxes = format!("/v0/pods/{pod}/inboxes");
        let inbox = world.post(&inboxes, json!({"username": name})).await;
        let inbox = inbox["inbox_id"].as_str().unwrap().to_owned();
        world
            .mail(&inbox, letter(&inbox, &format!("{name}@x"), name, "Hello"))
            .await;
        let threads = world.get(&format!("/v0/pods/{pod}/threads")).await;
        assert_eq!(threads["count"], 1, "{threads}");
        let thread = threads["threads"][0]["thread_id"].as_str().unwrap();
        Self {
            thread: thread.to_owned(),
            pod,
            inbox,
            key,
        }
    }

    async fn ask(&self, world: &World, method: &str, path: &str, body: Value) -> (u16, Value) {
        let answer = world.call_as(&self.key, method, path, &body).await;
        let body = if answer.body.is_empty() {
            Value::Null
        } else {
            answer.json()
        };
        (answer.status, body)
    }
}

#[tokio::test]
async fn a_pod_is_made_once_for_a_client_id_listed_and_deleted_when_it_is_empty() {
    each_engine(async |world| {
        let organization = world.get("/v0/organizations").await;
        let organization = organization["organization_id"].as_str().unwrap();
        let default = world.get(&format!("/v0/pods/{organization}")).await;
        assert_eq!(default["pod_id"], organization);
        world
            .refused(
                "DELETE",
                &format!("/v0/pods/{organization}"),
                Value::Null,
                (409, "cannot_delete"),
            )
            .await;

        let plain = world.post("/v0/pods", json!({})).await;
        assert_eq!(plain["name"], "My Pod");
        assert!(plain.get("client_id").is_none(), "{plain}");
        let body = json!({"name": "Acme", "client_id": "customer-1"});
        let pod = world.post("/v0/pods", body).await;
        let again = json!({"name": "Other", "client_id": "customer-1"});
        assert_eq!(world.post("/v0/pods", again).await, pod);
        let id = pod["pod_id"].as_str().unwrap().to_owned();
        assert_eq!(world.get(&format!("/v0/pods/{id}")).await, pod);
        for body in [
            json!({"name": ""}),
            json!({"name": "a\nb"}),
            json!({"client_id": "a@b"}),
        ] {
            world
                .refused("POST", "/v0/pods", body, (400, "validation_error"))
                .await;
        }

        let first = world.get("/v0/pods?limit=2").await;
        assert_eq!((&first["count"], &first["limit"]), (&json!(2), &json!(2)));
        let token = first["next_page_token"].as_str().unwrap();
        let rest = world
            .get(&format!("/v0/pods?limit=2&page_token={token}"))
            .await;
        let listed = [&first, &rest].map(|page| page["pods"].as_array().unwrap().clone());
        let expected = [&pod, &plain, &default].map(|pod| pod["pod_id"].clone());
        assert_eq!(
            column(&listed.concat(), "pod_id"),
            expected.map(|id| id.as_str().unwrap().to_owned())
        );
        let oldest = world.get("/v0/pods?ascending=true").await;
        assert_eq!(oldest["pods"][0]["pod_id"], organization);

        // What is in it must go first.
        let path = format!("/v0/pods/{id}");
        let inbox = world.post(&format!("{path}/inboxes"), json!({})).await;
        let inbox = inbox["inbox_id"].as_str().unwrap().to_owned();
        let key = world.post(&format!("{path}/api-keys"), json!({})).await;
        let key = key["api_key_id"].as_str().unwrap().to_owned();
        for gone in [
            format!("{path}/inboxes/{inbox}"),
            format!("{path}/api-keys/{key}"),
        ] {
            world
                .refused("DELETE", &path, Value::Null, (409, "cannot_delete"))
                .await;
            world.delete(&gone).await;
        }
        world.delete(&path).await;
        world
            .refused("GET", &path, Value::Null, (404, "not_found"))
            .await;
        let anew = world
            .post("/v0/pods", json!({"client_id": "customer-1"}))
            .await;
        assert_ne!(anew["pod_id"], pod["pod_id"]);
    })
    .await;
}

#[tokio::test]
async fn pods_are_walls_for_their_keys_and_for_paths() {
    each_engine(async |world| {
        let [a, b] = [
            Tenant::new(world, "alpha").await,
            Tenant::new(world, "beta").await,
        ];
        let (_, me) = a.ask(world, "GET", "/v0/auth/me", Value::Null).await;
        assert_eq!(
            (&me["scope_type"], &me["scope_id"]),
            (&json!("pod"), &json!(a.pod))
        );
        // The unprefixed lists and those of its own pod are the same, and have nothing of the other.
        for (list, items, field) in [
            ("inboxes", "inboxes", "pod_id"),
            ("threads", "threads", "pod_id"),
            ("api-keys", "api_keys", "pod_id"),
            ("pods", "pods", "pod_id"),
        ] {
            let (status, all) = a
                .ask(world, "GET", &format!("/v0/{list}"), Value::Null)
                .await;
            assert_eq!(status, 200, "{all}");
            assert_eq!(
                column(all[items].as_array().unwrap(), field),
                [a.pod.as_str()],
                "{all}"
            );
            if list != "pods" {
                let own = format!("/v0/pods/{}/{list}", a.pod);
                assert_eq!(
                    a.ask(world, "GET", &own, Value::Null).await.1[items],
                    all[items]
                );
                assert_eq!(world.get(&own).await[items][0]["pod_id"], a.pod.as_str());
            }
        }
        let (status, _) = a.ask(world, "GET", "/v0/organizations", Value::Null).await;
        assert_eq!(status, 403);
        let (status, _) = a.ask(world, "POST", "/v0/pods", json!({})).await;
        assert_eq!(status, 403);

        // What is the other's is not there: under its own name, under the pod, under the wrong pod.
        let (pod, other) = (&a.pod, &b.pod);
        for path in [
            format!("/v0/pods/{other}"),
            format!("/v0/pods/{other}/inboxes"),
            format!("/v0/pods/{other}/threads"),
            format!("/v0/inboxes/{}", b.inbox),
            format!("/v0/inboxes/{}/messages", b.inbox),
            format!("/v0/threads/{}", b.thread),
            format!("/v0/pods/{pod}/inboxes/{}", b.inbox),
            format!("/v0/pods/{pod}/threads/{}", b.thread),
        ] {
            let (status, told) = a.ask(world, "GET", &path, Value::Null).await;
            assert_eq!(
                (status, &told["code"]),
                (404, &json!("not_found")),
                "{path}"
            );
        }
        // Not even the organization finds a thing under the wrong pod.
        for path in [
            format!("/v0/pods/{pod}/inboxes/{}", b.inbox),
            format!("/v0/pods/{pod}/threads/{}", b.thread),
        ] {
            world
                .refused("GET", &path, Value::Null, (404, "not_found"))
                .await;
            world
                .refused("DELETE", &path, Value::Null, (404, "not_found"))
                .await;
        }
        let page = world.get(&format!("/v0/pods/{pod}/inboxes?limit=1")).await;
        assert!(page.get("next_page_token").is_none(), "{page}");
    })
    .await;
}

#[tokio::test]
async fn a_client_id_belongs_to_its_pod_and_mail_goes_between_pods() {
    each_engine(async |world| {
        let [a, b] = [
            Tenant::new(world, "alpha").await,
            Tenant::new(world, "beta").await,
        ];
        let (pod, other) = (&a.pod, &b.pod);
        // It says nothing of other pods.
        let body = json!({"client_id": "same"});
        let (_, mine) = a.ask(world, "POST", "/v0/inboxes", body.clone()).await;
        let (_, theirs) = b.ask(world, "POST", "/v0/inboxes", body.clone()).await;
        assert_ne!(mine["inbox_id"], theirs["inbox_id"]);
        assert_eq!(
            (&mine["pod_id"], &theirs["pod_id"]),
            (&json!(pod), &json!(other))
        );
        assert_eq!(a.ask(world, "POST", "/v0/inboxes", body).await.1, mine);

        // Pods are walls for data, not for mail.
        let send = format!("/v0/inboxes/{}/messages/send", a.inbox);
        let (status, _) = a
            .ask(world, "POST", &send, json!({"to": b.inbox, "text": "Hi"}))
            .await;
        assert_eq!(status, 200);
        world.arrived(&b.inbox, 2).await;
    })
    .await;
}

#[tokio::test]
async fn a_pod_has_inboxes_and_threads_like_the_organization() {
    each_engine(async |world| {
        let tenant = Tenant::new(world, "gamma").await;
        let inboxes = format!("/v0/pods/{}/inboxes", tenant.pod);
        let made = world
            .post(
                &inboxes,
                json!({"username": "second", "display_name": "Two"}),
            )
            .await;
        assert_eq!(made["pod_id"], tenant.pod.as_str());
        let one = format!("{inboxes}/second@mailroost.localhost");
        assert_eq!(world.get(&one).await, made);
        let changed = world.patch(&one, json!({"display_name": "Three"})).await;
        assert_eq!(changed["display_name"], "Three");
        let first = world.get(&format!("{inboxes}?limit=1")).await;
        let token = first["next_page_token"].as_str().unwrap();
        let rest = world
            .get(&format!("{inboxes}?limit=1&page_token={token}"))
            .await;
        assert_eq!(rest["inboxes"][0]["inbox_id"], tenant.inbox.as_str());
        let elsewhere = format!("/v0/inboxes?limit=1&page_token={token}");
        world
            .refused("GET", &elsewhere, Value::Null, (400, "validation_error"))
            .await;
        world.delete(&one).await;

        let thread = format!("/v0/pods/{}/threads/{}", tenant.pod, tenant.thread);
        assert_eq!(world.get(&thread).await["subject"], "gamma");
        let labelled = world
            .patch(&thread, json!({"add_labels": ["seen-by-pod"]}))
            .await;
        assert!(labelled["labels"].to_string().contains("seen-by-pod"));
        let list = format!("/v0/pods/{}/threads?labels=seen-by-pod", tenant.pod);
        assert_eq!(world.get(&list).await["count"], 1);
        world.delete(&thread).await;
        world
            .refused("GET", &thread, Value::Null, (404, "not_found"))
            .await;
    })
    .await;
}

#[tokio::test]
async fn a_listener_with_a_pods_key_hears_its_pod_only() {
    each_engine(async |world| {
        let [a, b] = [
            Tenant::new(world, "delta").await,
            Tenant::new(world, "omega").await,
        ];
        let mut listener = Listener::connect(world, &a.key).await.ok().unwrap();
        listener.subscribe(json!({})).await;
        world
            .mail(&b.inbox, letter(&b.inbox, "b2@x", "theirs", "x"))
            .await;
        world
            .mail(&a.inbox, letter(&a.inbox, "a2@x", "mine", "x"))
            .await;
        let event = listener.event().await;
        assert_eq!(event["message"]["subject"], "mine", "{event}");
    })
    .await;
}

#[tokio::test]
async fn an_organization_knows_what_it_has() {
    each_engine(async |world| {
        let before = world.get("/v0/organizations").await;
        assert_eq!(
            (&before["inbox_count"], &before["domain_count"]),
            (&json!(0), &json!(0))
        );
        let tenant = Tenant::new(world, "counted").await;
        world.inbox().await;
        let after = world.get("/v0/organizations").await;
        assert_eq!(after["inbox_count"], 2);
        world.delete(&format!("/v0/inboxes/{}", tenant.inbox)).await;
        assert_eq!(world.get("/v0/organizations").await["inbox_count"], 1);
        let labs = world.get("/v0/organizations/labs").await;
        assert_eq!(
            labs,
            json!({"enabled": false, "enabled_at": null, "available": false})
        );
        world
            .refused(
                "POST",
                "/v0/organizations/labs",
                Value::Null,
                (403, "not_enabled"),
            )
            .await;
    })
    .await;
}

#[tokio::test]
async fn the_operator_makes_organizations_and_lists_them() {
    let data = Data::new(Engine::Sqlite);
    let ask = async |args: &[&str]| run(mailroost(&data.folder()).args(args)).await;
    let nowhere = ask(&["organizations", "create", "Early"]).await;
    assert_eq!(nowhere.status.code(), Some(1), "{nowhere:?}");

    let server = Running::start(&data).await;
    let busy = ask(&["organizations", "list"]).await;
    assert_eq!(busy.status.code(), Some(1), "{busy:?}");
    server.stop().await;
    let key = organization(&data, "Acme").await;
    let wrong = ask(&["organizations", "create", " "]).await;
    assert_eq!(wrong.status.code(), Some(1), "{wrong:?}");
    let listed = ask(&["organizations", "list"]).await.stdout;
    let [first, second] = &listed[..] else {
        panic!("not two: {listed:?}");
    };
    assert!(first.ends_with("  Default Organization"), "{first}");
    assert!(second.ends_with("  Acme"), "{second}");

    let server = Running::start(&data).await;
    let answer = server.request("GET", "/v0/organizations", &key, b"").await;
    let shown = answer.json();
    assert_eq!(shown["name"], "Acme", "{shown}");
    assert!(second.starts_with(shown["organization_id"].as_str().unwrap()));
    let made = server.request("POST", "/v0/inboxes", &key, b"").await;
    assert_eq!(made.status, 200, "{made:?}");
    // The operator's own organization is still the first.
    let own = server.get("/v0/organizations").await.json();
    assert_eq!(own["name"], "Default Organization");
    assert_eq!(own["inbox_count"], 0);
    server.stop().await;
}
