//! What the store says: its shape, its file, the queue.

use std::time::Duration;

use mail::Timestamp;
use store::{BackupError, Inspection};

use super::Finding;

/// An entry that waits for longer is told of.
const LONG: Duration = Duration::from_secs(86_400);

pub fn shape(looked: &Result<Inspection, BackupError>, engine: &str) -> Finding {
    let check = "store";
    match looked {
        Err(error) => Finding::problem(
            check,
            format!("{engine}: {error}"),
            "Start the server once if it never ran; otherwise correct `data` or `database`, or run \
             this as the user that the server runs as.",
        ),
        Ok(inspection) => match inspection.schema {
            (has, knows) if has > knows => Finding::problem(
                check,
                format!(
                    "{engine}: written by a newer version (schema {has}, this one knows {knows})"
                ),
                "Use the newer version, or restore a backup that this one can read.",
            ),
            (has, knows) if has < knows => Finding::warning(
                check,
                format!("{engine}: schema {has}, and this version brings it to {knows} at a start"),
                "Make a backup, then start this version.",
            ),
            (has, _) => Finding::ok(check, format!("{engine}, schema {has}")),
        },
    }
}

pub fn integrity(found: &Result<Vec<String>, BackupError>) -> Option<Finding> {
    let check = "integrity";
    Some(match found {
        // The line about the store tells why.
        Err(_) => return None,
        Ok(faults) if faults.is_empty() => {
            Finding::ok(check, "no fault found in the database file")
        }
        Ok(faults) => Finding::problem(
            check,
            faults.join("; "),
            "The file is damaged: stop the server, keep the folder, restore the last good backup \
             into another one, and check the disk.",
        ),
    })
}

pub fn queue(inspection: &Inspection, now: Timestamp) -> Vec<Finding> {
    let check = "queue";
    let queue = &inspection.queue;
    let mut detail = format!("{} waiting to leave", queue.waiting);
    if let Some(oldest) = queue.oldest {
        detail.push_str(&format!(", the oldest since {oldest}"));
    }
    if !queue.deferred.is_empty() {
        let lanes = queue.deferred.iter();
        let lanes: Vec<String> = lanes
            .map(|(lane, count)| format!("{lane} {count}"))
            .collect();
        detail.push_str(&format!("; tried before: {}", lanes.join(", ")));
    }
    let is_old = queue.oldest.is_some_and(|oldest| now.since(oldest) > LONG);
    let mut found = vec![if is_old {
        Finding::warning(
            check,
            detail,
            "The deliveries of a message say what the other server answered: GET \
             /v0/inboxes/{inbox_id}/messages/{message_id}/deliveries",
        )
    } else {
        Finding::ok(check, detail)
    }];
    if queue.held_back > 0 {
        found.push(Finding::warning(
            check,
            format!("{} entries are held back since a restore", queue.held_back),
            "mailroost queue release lets them go.",
        ));
    }
    if !queue.parked.is_empty() {
        let kinds = queue.parked.iter();
        let kinds: Vec<String> = kinds
            .map(|(kind, count)| format!("{kind} {count}"))
            .collect();
        found.push(Finding::warning(
            "jobs",
            format!("given up: {}", kinds.join(", ")),
            "The log says why, at \"a job failed\".",
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use store::QueueState;

    use super::super::Status;
    use super::*;

    fn inspection(queue: QueueState) -> Inspection {
        Inspection {
            schema: (1, 1),
            queue,
            newest_event: None,
            shared: None,
            domains: Vec::new(),
            orders: Vec::new(),
        }
    }

    #[test]
    fn a_queue_that_does_not_move_is_told() {
        let now = Timestamp::from_micros(1_800_000_000_000_000);
        let told = |queue| -> Vec<(Status, String)> {
            let found = queue_of(queue, now);
            found
                .into_iter()
                .map(|one| (one.status, one.detail))
                .collect()
        };
        fn queue_of(state: QueueState, now: Timestamp) -> Vec<Finding> {
            queue(&inspection(state), now)
        }
        let moving = QueueState {
            waiting: 3,
            oldest: Some(now.minus(LONG / 2)),
            deferred: vec![("a.test".to_owned(), 2)],
            ..QueueState::default()
        };
        let [(status, text)] = &told(moving)[..] else {
            panic!("one line");
        };
        assert_eq!(*status, Status::Ok);
        assert!(text.starts_with("3 waiting") && text.ends_with("tried before: a.test 2"));
        let stuck = QueueState {
            waiting: 1,
            oldest: Some(now.minus(LONG * 2)),
            held_back: 4,
            parked: vec![("purge_hook/1".to_owned(), 1)],
            ..QueueState::default()
        };
        let stuck: Vec<Status> = told(stuck).into_iter().map(|(status, _)| status).collect();
        assert_eq!(stuck, [Status::Warning; 3]);
    }

    #[test]
    fn a_store_of_another_version_is_told() {
        let status = |has, knows| {
            let mut looked = inspection(QueueState::default());
            looked.schema = (has, knows);
            shape(&Ok(looked), "SQLite").status
        };
        assert_eq!(status(5, 5), Status::Ok);
        assert_eq!(status(4, 5), Status::Warning);
        assert_eq!(status(6, 5), Status::Problem);
    }

    #[test]
    fn a_damaged_file_is_told() {
        assert_eq!(integrity(&Ok(Vec::new())).unwrap().status, Status::Ok);
        let damaged = Ok(vec!["Tree 4 page 7: bad".to_owned()]);
        assert_eq!(integrity(&damaged).unwrap().status, Status::Problem);
    }
}
