//! The description against what is served, and both against what the SDKs call.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Every route has its line and every line its route, and what the text says is whole: each name is
/// there and used once.
#[test]
fn what_is_described_is_what_is_served() {
    let (_, faults) = api::describe(&api::routes());
    assert!(faults.is_empty(), "see crates/api/src/openapi: {faults:#?}");
}

#[test]
fn every_operation_of_the_sdks_is_where_they_look_for_it() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/endpoints.txt");
    let text = fs::read_to_string(path).unwrap();
    let called: BTreeMap<_, _> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let words: Vec<_> = line.split_whitespace().collect();
            (words[2], (words[0], words[1]))
        })
        .collect();
    assert_eq!(called.len(), 186);
    let routes = api::routes();
    let served: BTreeMap<_, _> = routes
        .iter()
        .map(|row| (row.operation, (row.method.as_str(), row.path)))
        .collect();
    for (operation, place) in called {
        assert_eq!(served.get(operation), Some(&place), "{operation}");
    }
}
