//! Domains as names: whose they are, who sees them, and how they are listed.

use serde_json::{Value, json};

use crate::world::{World, column, each_engine};

#[tokio::test]
async fn a_name_has_one_owner_and_some_have_none() {
    each_engine(async |world| {
        let add = |name: &str| json!({"domain": name});
        world
            .post(
                "/v0/domains",
                json!({"domain": "acme.test", "client_id": "c1"}),
            )
            .await;
        let again = world
            .post(
                "/v0/domains",
                json!({"domain": "other.test", "client_id": "c1"}),
            )
            .await;
        assert_eq!(again["domain_id"], "acme.test");
        for (name, expected) in [
            ("acme.test", (403, "already_exists")),
            ("ACME.test.", (403, "already_exists")),
            ("mailroost.localhost", (403, "resource_taken")),
            ("x.mailroost.localhost", (403, "resource_taken")),
            ("co.uk", (422, "unprocessable")),
            ("dev", (400, "validation_error")),
            ("", (400, "validation_error")),
            ("[127.0.0.1]", (400, "validation_error")),
            ("a b.dev", (400, "validation_error")),
        ] {
            world
                .refused("POST", "/v0/domains", add(name), expected)
                .await;
        }
        world
            .refused("POST", "/v0/domains", json!({}), (400, "validation_error"))
            .await;
        world
            .refused(
                "POST",
                "/v0/inboxes",
                json!({"domain": "nobody.dev"}),
                (404, "not_found"),
            )
            .await;
        world
            .refused(
                "GET",
                "/v0/domains/not%20a%20name",
                Value::Null,
                (404, "not_found"),
            )
            .await;
        world
            .refused(
                "POST",
                "/v0/domains/nobody.dev/verify",
                Value::Null,
                (404, "not_found"),
            )
            .await;

        // The same name from many callers at once goes to one of them.
        let name = add("race.test");
        let tries = (0..6).map(|_| world.call("POST", "/v0/domains", &name));
        let answers = futures_util::future::join_all(tries).await;
        let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 403, 403, 403, 403, 403]);
    })
    .await;
}

#[tokio::test]
async fn a_pods_domain_is_there_for_its_own_inboxes_alone() {
    each_engine(async |world| {
        let pods = [
            world.post("/v0/pods", json!({"name": "one"})).await,
            world.post("/v0/pods", json!({"name": "two"})).await,
        ];
        let [one, two] = pods.each_ref().map(|pod| pod["pod_id"].as_str().unwrap());
        let path = |pod: &str, rest: &str| format!("/v0/pods/{pod}/{rest}");
        let made = world
            .post(&path(one, "domains"), json!({"domain": "one.test"}))
            .await;
        assert_eq!(made["pod_id"], one);
        world
            .post("/v0/domains", json!({"domain": "all.test"}))
            .await;

        assert_eq!(
            column(
                list(world, &path(one, "domains")).await.as_slice(),
                "domain"
            ),
            ["one.test"]
        );
        assert!(list(world, &path(two, "domains")).await.is_empty());
        let all = list(world, "/v0/domains?ascending=true").await;
        assert_eq!(column(&all, "domain"), ["one.test", "all.test"]);
        assert!(all[0].get("records").is_none() && all[0].get("status").is_none());
        for pod in [one, two] {
            world
                .post(&path(pod, "inboxes"), json!({"domain": "all.test"}))
                .await;
        }
        world
            .post(&path(one, "inboxes"), json!({"domain": "one.test"}))
            .await;
        let foreign = json!({"domain": "one.test"});
        let gone = (404, "not_found");
        world
            .refused("POST", &path(two, "inboxes"), foreign.clone(), gone)
            .await;
        world.refused("POST", "/v0/inboxes", foreign, gone).await;
        world
            .refused("GET", &path(two, "domains/one.test"), Value::Null, gone)
            .await;
        let full = (409, "cannot_delete");
        world
            .refused("DELETE", &path(one, ""), Value::Null, full)
            .await;
    })
    .await;
}

async fn list(world: &World, path: &str) -> Vec<Value> {
    world.get(path).await["domains"].as_array().unwrap().clone()
}

#[tokio::test]
async fn pages_of_domains_cover_each_once() {
    each_engine(async |world| {
        for n in 0..5 {
            world
                .post("/v0/domains", json!({"domain": format!("d{n}.test")}))
                .await;
        }
        let (mut found, mut token) = (Vec::new(), String::new());
        loop {
            let page = world.get(&format!("/v0/domains?limit=2{token}")).await;
            assert_eq!(page["limit"], 2);
            found.extend(column(page["domains"].as_array().unwrap(), "domain_id"));
            let Some(next) = page["next_page_token"].as_str() else {
                break;
            };
            token = format!("&page_token={next}");
        }
        assert_eq!(
            found,
            ["d4.test", "d3.test", "d2.test", "d1.test", "d0.test"]
        );
    })
    .await;
}

#[tokio::test]
async fn the_zone_file_is_bytes_with_every_record() {
    each_engine(async |world| {
        let on = json!({"domain": "bots.acme.test", "subdomains_enabled": true, "tracking_enabled": true});
        let made = world.post("/v0/domains", on).await;
        let answer = world.call("GET", "/v0/domains/bots.acme.test/zone-file", &Value::Null).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some("application/octet-stream"));
        let text = String::from_utf8(answer.body).unwrap();
        assert!(text.contains("$ORIGIN acme.test."), "{text}");
        for record in made["records"].as_array().unwrap() {
            let name = record["name"].as_str().unwrap();
            let kind = record["type"].as_str().unwrap();
            let line = text.lines().find(|line| line.starts_with(&format!("{name} IN {kind} ")));
            let line = line.unwrap_or_else(|| panic!("{name} {kind} is not in {text}"));
            let value: String = line.split('"').skip(1).step_by(2).collect();
            match kind {
                "TXT" => assert_eq!(value, record["value"]),
                _ => assert!(line.ends_with(&format!("{}.", record["value"].as_str().unwrap()))),
            }
        }
        let link = world.get("/v0/domains/bots.acme.test/setup-link").await;
        assert_eq!(link, json!({"supported": false}));
    })
    .await;
}
