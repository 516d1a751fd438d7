//! Allow and block lists: their entries, and what they say of an address.

use mail::Address;
use model::api_key::Scope;
use model::list::{
    self, Authors, Direction, Entry, Level, ListEntry, ListType, Rule, Verdict, covering,
};
use model::{Code, Error, InboxKey, OrgId, PodId, Result};

use crate::access::Access;
use crate::audit::NewAudit;
use crate::db::{DbError, DbResult, Row, Value, args};
use crate::inboxes::Route;
use crate::txn::Txn;
use crate::view::View;

const COLUMNS: &str =
    "entry, org_id, pod_id, inbox_id, direction, list_type, reason, read_only, created_at";

/// An entry to be made.
#[derive(Clone, Debug)]
pub struct NewListEntry {
    /// The entry.
    pub entry: Entry,
    /// What the list is about.
    pub direction: Direction,
    /// What the list does.
    pub list_type: ListType,
    /// Why.
    pub reason: Option<String>,
    /// Whether the server makes it: callers cannot delete it, and it may stand beside a caller's
    /// entry of the opposite list.
    pub read_only: bool,
}

/// The organisation, the pod and the inbox whose lists govern one inbox.
#[derive(Clone, Copy, Debug)]
pub struct Governed {
    /// The organisation.
    pub org_id: OrgId,
    /// The pod.
    pub pod_id: PodId,
    /// The inbox.
    pub inbox_key: InboxKey,
}

impl From<&Route> for Governed {
    fn from(route: &Route) -> Self {
        Self {
            org_id: route.org_id,
            pod_id: route.pod_id,
            inbox_key: route.inbox_key,
        }
    }
}

/// Whose list it is, as stored.
pub(crate) fn place(level: Level, id: &[u8; 16]) -> Vec<u8> {
    let mark = match level {
        Level::Org => 0,
        Level::Pod => 1,
        Level::Inbox => 2,
    };
    let mut place = vec![mark];
    place.extend_from_slice(id);
    place
}

pub(crate) fn level(place: &[u8]) -> Option<Level> {
    match place.first()? {
        0 => Some(Level::Org),
        1 => Some(Level::Pod),
        2 => Some(Level::Inbox),
        _ => None,
    }
}

/// The lists that belong to exactly what an access reaches.
pub(crate) fn own_place(access: &Access) -> Vec<u8> {
    match access.scope() {
        Scope::Org => place(Level::Org, access.org_bytes()),
        Scope::Pod(pod) => place(Level::Pod, pod.as_bytes()),
        Scope::Inbox(_, inbox) => place(Level::Inbox, inbox.as_bytes()),
    }
}

fn read(row: &Row<'_>) -> DbResult<ListEntry> {
    Ok(ListEntry {
        entry: Entry::from_stored(row.get(0)?),
        org_id: row.get(1)?,
        pod_id: row.get(2)?,
        inbox_key: row.get(3)?,
        direction: Direction::parse(row.text(4)?).ok_or_else(|| DbError::shape(4))?,
        list_type: ListType::parse(row.text(5)?).ok_or_else(|| DbError::shape(5))?,
        reason: row.get(6)?,
        read_only: row.get::<i64>(7)? != 0,
        created_at: row.get(8)?,
    })
}

/// What the lists for one direction say of addresses. Made by [`View::lists_for`].
struct Lists {
    direction: Direction,
    places: [Vec<u8>; 3],
    /// Whether there is any allow entry.
    exclusive: bool,
}

/// Look-ups are padded to one of these lengths, so that few statements need preparing; no domain
/// has more labels than the last has room for.
const LOOKUP_SIZES: [usize; 3] = [4, 12, 130];

impl View<'_> {
    /// A page of the entries of one list of exactly the caller's scope, in alphabetical order,
    /// beginning after `after`.
    ///
    /// # Errors
    /// When the store fails.
    pub fn list_entries(
        &mut self,
        direction: Direction,
        list_type: ListType,
        after: &str,
        limit: usize,
    ) -> Result<Vec<ListEntry>> {
        let place = own_place(self.access);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let sql = format!(
            "select {COLUMNS} from list_entry where {{scope}} and place = $1 and direction = $2 \
             and list_type = $3 and entry > $4 order by entry limit $5"
        );
        let values = args![&place, direction.name(), list_type.name(), after, limit];
        Ok(self.all(&sql, values, read)?)
    }

    /// An entry of a list of exactly the caller's scope.
    ///
    /// # Errors
    /// `not_found`.
    pub fn list_entry(
        &mut self,
        direction: Direction,
        list_type: ListType,
        entry: &Entry,
    ) -> Result<ListEntry> {
        let found = self.both_sides(direction, entry)?;
        let mut found = found.into_iter();
        let found = found.find(|one| one.list_type == list_type);
        found.ok_or_else(|| Error::not_found("List entry"))
    }

    /// The entry on the allow list and on the block list, where it is.
    fn both_sides(&mut self, direction: Direction, entry: &Entry) -> Result<Vec<ListEntry>> {
        let place = own_place(self.access);
        let sql = format!(
            "select {COLUMNS} from list_entry where {{scope}} and place = $1 and direction = $2 \
             and list_type in ('allow', 'block') and entry = $3"
        );
        let values = args![&place, direction.name(), entry.as_str()];
        Ok(self.all(&sql, values, read)?)
    }

    /// The addresses that an inbox may not write to, with the reason.
    ///
    /// # Errors
    /// When the store fails.
    pub fn barred_recipients(
        &mut self,
        inbox: Governed,
        recipients: &[Address],
    ) -> Result<Vec<(Address, Verdict)>> {
        let Some(lists) = self.lists_for(inbox, Direction::Send)? else {
            return Ok(Vec::new());
        };
        let mut barred = Vec::new();
        for recipient in recipients {
            let verdict = self.verdict(&lists, recipient)?;
            if !verdict.admits() {
                barred.push((recipient.clone(), verdict));
            }
        }
        Ok(barred)
    }

    /// Those of these recipients, in the form of `Address::key`, that an allow entry covers.
    ///
    /// # Errors
    /// When the store fails.
    pub fn allowed_recipients(
        &mut self,
        inbox: Governed,
        recipients: &[Address],
    ) -> Result<Vec<String>> {
        let Some(lists) = self.lists_for(inbox, Direction::Send)? else {
            return Ok(Vec::new());
        };
        let mut allowed = Vec::new();
        for recipient in recipients {
            if self.verdict(&lists, recipient)? == Verdict::Allowed {
                allowed.push(recipient.key());
            }
        }
        Ok(allowed)
    }

    /// Whether an inbox takes mail from these authors, into its list of messages.
    pub(crate) fn admits(
        &mut self,
        inbox: Governed,
        direction: Direction,
        authors: &Authors,
    ) -> Result<bool> {
        match self.lists_for(inbox, direction)? {
            Some(lists) => {
                authors.admitted(lists.exclusive, |address| self.verdict(&lists, address))
            }
            None => Ok(true),
        }
    }

    /// The lists for a direction, or `None` when they are all empty, which one look at the index
    /// tells.
    fn lists_for(&mut self, inbox: Governed, direction: Direction) -> Result<Option<Lists>> {
        let places = [
            place(Level::Org, inbox.org_id.as_bytes()),
            place(Level::Pod, inbox.pod_id.as_bytes()),
            place(Level::Inbox, inbox.inbox_key.as_bytes()),
        ];
        // An inbox's access must see what its pod and its organisation decided.
        let kinds = self.all(
            "select 'allow' where exists (select 1 from list_entry where {scope:org} \
             and place in ($1, $2, $3) and direction = $4 and list_type = 'allow') \
             union all select 'block' where exists (select 1 from list_entry where {scope:org} \
             and place in ($1, $2, $3) and direction = $4 and list_type = 'block')",
            args![&places[0], &places[1], &places[2], direction.name()],
            |row| Ok(ListType::parse(row.text(0)?)),
        )?;
        Ok((!kinds.is_empty()).then(|| Lists {
            direction,
            places,
            exclusive: kinds.contains(&Some(ListType::Allow)),
        }))
    }

    fn verdict(&mut self, lists: &Lists, address: &Address) -> Result<Verdict> {
        let covering = covering(address);
        let size = LOOKUP_SIZES
            .into_iter()
            .find(|size| *size >= covering.len());
        let size = size.ok_or_else(|| Error::internal("a domain has too many labels"))?;
        let marks: Vec<String> = (5..size + 5).map(|n| format!("${n}")).collect();
        let marks = marks.join(", ");
        let sql = format!(
            "select place, list_type, entry, read_only from list_entry where {{scope:org}} \
             and place in ($1, $2, $3) and direction = $4 and list_type in ('allow', 'block') \
             and entry in ({marks})"
        );
        let [org, pod, inbox] = &lists.places;
        let mut values: Vec<Value<'_>> = vec![
            org.into(),
            pod.into(),
            inbox.into(),
            lists.direction.name().into(),
        ];
        values.extend((0..size).map(|n| Value::from(&covering[n.min(covering.len() - 1)])));
        let rules = self.all(&sql, &values, |row| {
            Ok(Rule {
                level: level(row.bytes(0)?).ok_or_else(|| DbError::shape(0))?,
                list_type: ListType::parse(row.text(1)?).ok_or_else(|| DbError::shape(1))?,
                entry: row.get(2)?,
                read_only: row.get::<i64>(3)? != 0,
            })
        })?;
        Ok(list::judge(&covering, &rules, lists.exclusive))
    }
}

impl Txn<'_> {
    /// Puts an entry on a list of exactly the caller's scope; one that is there already stays as
    /// it is and is given.
    ///
    /// # Errors
    /// `conflict` when it is on the opposite list, or `not_found` when the inbox is gone.
    pub fn add_list_entry(&mut self, new: &NewListEntry) -> Result<ListEntry> {
        let (pod_id, inbox_key) = match *self.access.scope() {
            Scope::Org => (None, None),
            Scope::Pod(pod) => (Some(pod), None),
            Scope::Inbox(pod, inbox) => {
                // It cannot be deleted between here and the commit, which would leave the entry.
                self.lock_inbox(inbox)?;
                (Some(pod), Some(inbox))
            }
        };
        if let Some(known) = self.known_entry(new)? {
            return Ok(known);
        }
        let (org_id, now, place) = (self.access.org_id(), self.now, own_place(self.access));
        self.exec(
            "insert into list_entry (org_id, pod_id, inbox_id, place, direction, list_type, entry, \
             read_only, reason, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
             on conflict do nothing -- unscoped: the row names its tenant",
            args![
                org_id,
                pod_id,
                inbox_key,
                place,
                new.direction.name(),
                new.list_type.name(),
                new.entry.as_str(),
                new.read_only,
                new.reason.as_deref(),
                now,
            ],
        )?;
        let list = format!("{} {}", new.direction.name(), new.list_type.name());
        let state = serde_json::json!({"list": list, "read_only": new.read_only});
        self.audit(NewAudit::new("list_entry.create", new.entry.as_str()).after(&state));
        // If somebody else was faster, theirs is found here, on whichever list it is.
        let made = self.known_entry(new)?;
        made.ok_or_else(|| Error::internal("a list entry was neither made nor found"))
    }

    fn known_entry(&mut self, new: &NewListEntry) -> Result<Option<ListEntry>> {
        let known = self.both_sides(new.direction, &new.entry)?;
        let same = known.iter().find(|one| one.list_type == new.list_type);
        match (same, known.first()) {
            (Some(same), _) if new.read_only && !same.read_only => {
                let place = own_place(self.access);
                self.exec(
                    "update list_entry set read_only = 1 where {scope} and place = $1 \
                     and direction = $2 and list_type = $3 and entry = $4",
                    args![
                        place,
                        new.direction.name(),
                        new.list_type.name(),
                        new.entry.as_str()
                    ],
                )?;
                Ok(Some(ListEntry {
                    read_only: true,
                    ..same.clone()
                }))
            }
            (Some(same), _) => Ok(Some(same.clone())),
            (None, Some(opposite)) if !new.read_only => {
                let detail = format!(
                    "{} is on the {} {} list",
                    new.entry.as_str(),
                    opposite.direction.name(),
                    opposite.list_type.name()
                );
                Err(Error::new(Code::Conflict, detail)
                    .fix("Delete it from that list first; an entry is on one of the two."))
            }
            (None, _) => Ok(None),
        }
    }

    /// Takes an entry off a list of exactly the caller's scope.
    ///
    /// # Errors
    /// `not_found`, or `cannot_delete` for an entry that the server made.
    pub fn delete_list_entry(
        &mut self,
        direction: Direction,
        list_type: ListType,
        entry: &Entry,
    ) -> Result<()> {
        let place = own_place(self.access);
        let values = args![place, direction.name(), list_type.name(), entry.as_str()];
        let gone = self.exec(
            "delete from list_entry where {scope} and place = $1 and direction = $2 \
             and list_type = $3 and entry = $4 and read_only = 0",
            values,
        )?;
        if gone > 0 {
            let list = format!("{} {}", direction.name(), list_type.name());
            let state = serde_json::json!({"list": list});
            self.audit(NewAudit::new("list_entry.delete", entry.as_str()).before(&state));
            return Ok(());
        }
        self.list_entry(direction, list_type, entry)?;
        let suppressed = direction == Direction::Send && list_type == ListType::Block;
        let fix = if suppressed {
            "It protects your reputation as a sender. DELETE /v0/suppressions/{entry} lets the \
             address be written to again."
        } else {
            "Only the server takes it away again."
        };
        Err(Error::new(Code::CannotDelete, "The server made this entry itself").fix(fix))
    }

    /// Takes away what the server had put on a list of exactly the caller's scope, or with `keep`
    /// makes it the caller's own.
    pub(crate) fn release_list_entry(
        &mut self,
        direction: Direction,
        list_type: ListType,
        entry: &Entry,
        keep: bool,
    ) -> Result<()> {
        let place = own_place(self.access);
        let values = args![place, direction.name(), list_type.name(), entry.as_str()];
        let sql = if keep {
            "update list_entry set read_only = 0 where {scope} and place = $1 and direction = $2 \
             and list_type = $3 and entry = $4"
        } else {
            "delete from list_entry where {scope} and place = $1 and direction = $2 \
             and list_type = $3 and entry = $4 and read_only = 1"
        };
        self.exec(sql, values)?;
        Ok(())
    }

    /// Removes the lists of a pod that is on its way out, and of inboxes it had.
    ///
    /// # Errors
    /// When the store fails.
    pub fn purge_pod_lists(&mut self, pod: PodId) -> Result<()> {
        self.exec(
            "delete from list_entry where {scope:pod} and pod_id = $1",
            args![pod],
        )?;
        Ok(())
    }
}
