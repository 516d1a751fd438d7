//! Every conversation in `tests/dialogs`, over a real socket.

use std::path::Path;

use testkit::Dialog;

#[tokio::test]
async fn every_dialog_goes_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dialogs");
    let dialogs = Dialog::load_all(&folder).unwrap();
    assert!(!dialogs.is_empty());
    let mut failures = Vec::new();
    for dialog in &dialogs {
        if let Err(failure) = dialog.run().await {
            failures.push(failure.to_string());
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
