//! The table of routes against its golden file: a change of either is seen in review.
//! `BLESS=1 cargo test -p api --test routes` writes the file anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

#[test]
fn the_table_is_the_golden_file() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/routes.txt");
    let mut rows: Vec<String> = api::routes().iter().map(ToString::to_string).collect();
    rows.sort_by(|a, b| {
        a.split_whitespace()
            .nth(1)
            .cmp(&b.split_whitespace().nth(1))
            .then(a.cmp(b))
    });
    let table = rows.join("\n") + "\n";
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &table).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap();
    assert_eq!(
        table, golden,
        "bless the change with BLESS=1 if it is meant"
    );
}

#[test]
fn no_row_and_no_operation_is_there_twice() {
    let rows = api::routes();
    let places: BTreeSet<_> = rows
        .iter()
        .map(|row| (row.method.as_str(), row.path))
        .collect();
    let operations: BTreeSet<_> = rows.iter().map(|row| row.operation).collect();
    assert_eq!((places.len(), operations.len()), (rows.len(), rows.len()));
}

#[test]
fn only_secrets_of_their_own_and_what_says_nothing_of_tenants_replace_a_key() {
    let mut open: Vec<_> = api::routes()
        .into_iter()
        .filter(|row| row.permission.is_none())
        .map(|row| row.operation)
        .collect();
    open.sort_unstable();
    assert_eq!(
        open,
        [
            "agent.sign_up",
            "decide.approve",
            "decide.decline",
            "decide.show",
            "docs.errors",
            "docs.openapi",
            "domains.mta_sts_policy",
            "downloads.get",
            "health.get",
            "operator.order",
            "unsubscribe.confirm",
            "unsubscribe.show",
            "webhooks.polling.events"
        ]
    );
}
