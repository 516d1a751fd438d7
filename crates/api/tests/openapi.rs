//! The description against what is served, and both against what the SDKs call.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Every route is described, and what the text says is whole: each name is there and used once.
#[test]
fn every_route_is_described() {
    let (_, faults) = api::describe(&api::routes());
    // What later slices of the API bring is described already.
    let faults: Vec<_> = faults
        .iter()
        .filter(|fault| !fault.ends_with("is not served"))
        .collect();
    assert!(faults.is_empty(), "see crates/api/src/openapi: {faults:#?}");
}

#[test]
fn each_operation_is_where_the_sdks_look_for_it() {
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
    for row in api::routes() {
        if let Some(place) = called.get(row.operation) {
            assert_eq!(*place, (row.method.as_str(), row.path), "{}", row.operation);
        }
    }
}
