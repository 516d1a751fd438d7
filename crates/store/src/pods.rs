//! Pods.

use model::api_key::Scope;
use model::org::Pod;
use model::{Code, Error, PodId, Result};

use crate::audit::NewAudit;
use crate::db::{DbResult, Row, args};
use crate::messages::Position;
use crate::txn::Txn;
use crate::view::View;

const COLUMNS: &str = "p.pod_id, p.name, p.client_id, p.created_at, p.updated_at";

/// A pod to be made.
#[derive(Clone, Debug)]
pub struct NewPod {
    /// Its id.
    pub pod_id: PodId,
    /// What people call it.
    pub name: String,
    /// The caller's own id for it.
    pub client_id: Option<String>,
}

/// What keeps a pod from being deleted: the table and what to call its rows. Whatever else a pod
/// has goes with it.
const HOLDERS: [(&str, &str); 5] = [
    ("inbox", "inboxes"),
    ("api_key", "API keys"),
    ("domain", "domains"),
    ("webhook", "webhooks"),
    ("polling_webhook", "polling webhooks"),
];

fn read(row: &Row<'_>) -> DbResult<Pod> {
    Ok(Pod {
        pod_id: row.get(0)?,
        name: row.get(1)?,
        client_id: row.get(2)?,
        created_at: row.get(3)?,
        updated_at: row.get(4)?,
    })
}

impl View<'_> {
    /// A pod.
    ///
    /// # Errors
    /// `not_found` when there is none within reach.
    pub fn pod(&mut self, pod_id: PodId) -> Result<Pod> {
        let sql = format!("select {COLUMNS} from pod p where {{scope:pod p}} and p.pod_id = $1");
        let found = self.first(&sql, args![pod_id], read)?;
        found.ok_or_else(|| Error::not_found("Pod"))
    }

    /// A page of the pods within reach by age, newest first unless `ascending`, beginning after
    /// `from`.
    ///
    /// # Errors
    /// When the store fails.
    pub fn pods(
        &mut self,
        from: Option<Position>,
        ascending: bool,
        limit: usize,
    ) -> Result<Vec<Pod>> {
        let (side, order) = if ascending {
            (">", "asc")
        } else {
            ("<", "desc")
        };
        let from = from.unwrap_or_else(|| Position::edge(ascending));
        // One pod has no order, and asking for it would hide from PostgreSQL that it is one row.
        let order = match self.access.scope() {
            Scope::Org => format!("order by p.created_at {order}, p.pod_id {order}"),
            Scope::Pod(_) | Scope::Inbox(..) => String::new(),
        };
        let sql = format!(
            "select {COLUMNS} from pod p where {{scope:pod p}} and (p.created_at, p.pod_id) {side} ($1, $2) \
             {order} limit $3"
        );
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        Ok(self.all(&sql, args![from.at, from.key.as_slice(), limit], read)?)
    }

    fn pod_of_client(&mut self, client_id: &str) -> Result<Option<Pod>> {
        let sql = format!("select {COLUMNS} from pod p where {{scope:pod p}} and p.client_id = $1");
        Ok(self.first(&sql, args![client_id], read)?)
    }
}

impl Txn<'_> {
    /// Makes a pod, once for each `client_id`.
    ///
    /// # Errors
    /// When the store fails.
    pub fn create_pod(&mut self, new: &NewPod) -> Result<Pod> {
        let (org_id, now) = (self.access.org_id(), self.now);
        let made = self.exec(
            "insert into pod (org_id, pod_id, name, client_id, created_at, updated_at) \
             values ($1, $2, $3, $4, $5, $5) on conflict do nothing \
             -- unscoped: the row names its organisation",
            args![org_id, new.pod_id, &new.name, new.client_id.as_deref(), now],
        )?;
        if made > 0 {
            let state = serde_json::json!({"name": new.name});
            self.audit(NewAudit::new("pod.create", new.pod_id.to_string()).after(&state));
            return self.pod(new.pod_id);
        }
        // A null client_id is in nobody's way, so there is one.
        let known = self.pod_of_client(new.client_id.as_deref().unwrap_or_default())?;
        known.ok_or_else(|| Error::new(Code::RaceCondition, "The pod is just being deleted"))
    }

    /// Keeps a pod from being deleted until the commit, so that what is made in it cannot be left
    /// behind. Does not keep others from making things in it at the same time.
    ///
    /// # Errors
    /// `not_found` when it is gone or not within reach.
    pub fn hold_pod(&mut self, pod_id: PodId) -> Result<()> {
        let found = self.first(
            "select 1 from pod where {scope:pod} and pod_id = $1 {share}",
            args![pod_id],
            |row| row.get::<i64>(0),
        )?;
        found.map(|_| ()).ok_or_else(|| Error::not_found("Pod"))
    }

    /// Removes a pod that nothing is in. Its `client_id` is free at once.
    ///
    /// # Errors
    /// `not_found`, or `cannot_delete` for the default pod and while something is in it.
    pub fn delete_pod(&mut self, pod_id: PodId) -> Result<()> {
        let found = self.first(
            "select 1 from pod where {scope:pod} and pod_id = $1 {lock}",
            args![pod_id],
            |row| row.get::<i64>(0),
        )?;
        if found.is_none() {
            return Err(Error::not_found("Pod"));
        }
        if pod_id == self.access.org_id().default_pod() {
            return Err(
                Error::new(Code::CannotDelete, "The default pod cannot be deleted")
                    .fix("Leave it empty instead; every organization keeps its default pod."),
            );
        }
        for (table, plural) in HOLDERS {
            let sql = format!("select 1 from {table} where {{scope:pod}} and pod_id = $1 limit 1");
            let holder = self.first(&sql, args![pod_id], |row| row.get::<i64>(0))?;
            if holder.is_some() {
                return Err(
                    Error::new(Code::CannotDelete, format!("The pod still has {plural}")).fix(
                        "Delete the inboxes, API keys, domains and webhooks of the pod, then the pod.",
                    ),
                );
            }
        }
        self.audit(NewAudit::new("pod.delete", pod_id.to_string()));
        self.purge_pod_lists(pod_id)?;
        self.exec(
            "delete from screen_mode where {scope:pod} and pod_id = $1",
            args![pod_id],
        )?;
        self.exec(
            "delete from pod where {scope:pod} and pod_id = $1",
            args![pod_id],
        )?;
        self.exec(
            "delete from halt where {scope:pod} and pod_id = $1",
            args![pod_id],
        )?;
        self.exec(
            "delete from leak_value where {scope:pod} and pod_id = $1",
            args![pod_id],
        )?;
        self.exec(
            "delete from polling_webhook where {scope:pod} and pod_id = $1",
            args![pod_id],
        )?;
        Ok(())
    }
}
