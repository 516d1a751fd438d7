//! What the operator orders on the command line. The same is done by the running server, which takes an
//! order with a mark that only the holder of the master key can make, and without one, on opened data.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use data_encoding::HEXLOWER;
use mail::Timestamp;
use model::{ApiKeyId, Code, Error, InboxId, Kind, OrgId, PodId, Result, perm};
use store::{Access, Grant, Position, Reason};
use subtle::ConstantTimeEq as _;
use wire::{Order, OrderAnswer, OrderPlace, OrderRequest, OrderWish, SendingPause};

use crate::App;

/// What the key of the marks is derived for.
const PURPOSE: &str = "mailroost 2026-11 orders of the operator";

/// How old an order may be, and how long it is remembered.
const FRESH: Duration = Duration::from_secs(60);

/// How many orders are remembered.
const CAPACITY: usize = 10_000;

/// Makes and recognises marks of orders.
#[derive(Clone)]
pub(crate) struct OrderKey {
    key: [u8; 32],
    /// The marks of fresh orders that were carried out.
    seen: Arc<Mutex<HashMap<[u8; 32], Timestamp>>>,
}

impl OrderKey {
    pub(crate) fn new(master_key: &[u8; 32]) -> Self {
        Self {
            key: blake3::derive_key(PURPOSE, master_key),
            seen: Arc::default(),
        }
    }

    fn mark(&self, order: &str) -> [u8; 32] {
        *blake3::keyed_hash(&self.key, order.as_bytes()).as_bytes()
    }

    /// Reads an order that is ours, fresh and was not carried out.
    fn read(&self, request: &OrderRequest, now: Timestamp) -> Option<Order> {
        let mark = HEXLOWER.decode(request.mark.as_bytes()).ok()?;
        let own = self.mark(&request.order);
        if !bool::from(mark.as_slice().ct_eq(own.as_slice())) {
            return None;
        }
        let order: Order = serde_json::from_str(&request.order).ok()?;
        let at = Timestamp::from_micros(order.at);
        if at.minus(FRESH) > now || at.plus(FRESH) < now {
            return None;
        }
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|_, at| at.plus(FRESH) >= now);
        let new = seen.len() < CAPACITY && seen.insert(own, at).is_none();
        new.then_some(order)
    }
}

/// An order with its mark, for the running server.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn marked_order(master_key: &[u8; 32], order: &Order) -> Result<OrderRequest> {
    let order = serde_json::to_string(order).map_err(Error::internal)?;
    let mark = HEXLOWER.encode(&OrderKey::new(master_key).mark(&order));
    Ok(OrderRequest { order, mark })
}

impl App {
    /// Carries out what the command line hands in.
    ///
    /// # Errors
    /// `forbidden` for what is not an order of the operator, is too old, or was carried out; and those of
    /// what is ordered.
    pub async fn take_order(&self, request: &OrderRequest) -> Result<OrderAnswer> {
        let order = self.0.order_key.read(request, self.now()).ok_or_else(|| {
            Error::new(Code::Forbidden, "This is not a fresh order of the operator").fix(
                "Orders are given with the command line, on the machine that has the master key.",
            )
        })?;
        self.carry_out_order(order).await
    }

    /// The same for an order whose giver is known to be the operator.
    ///
    /// # Errors
    /// Those of what is ordered.
    pub async fn carry_out_order(&self, order: Order) -> Result<OrderAnswer> {
        let place = &order.place;
        let mut answer = OrderAnswer::default();
        match order.wish {
            OrderWish::PolicyShow => {
                let (access, key) = self.ordered(place).await?;
                let grant = access.grant()?;
                answer.policy = Some(match key {
                    Some(key) => self.key_policy(&grant, key).await?,
                    None => self.policy(&grant).await?,
                });
            }
            OrderWish::PolicySet { request } => {
                let (access, key) = self.ordered(place).await?;
                answer.policy = Some(match key {
                    Some(key) => self.set_key_policy(&access.grant()?, key, request).await?,
                    None => self.set_policy(&access.grant()?, request).await?,
                });
            }
            OrderWish::PolicyClear => {
                let (access, key) = self.ordered(place).await?;
                answer.policy = Some(match key {
                    Some(key) => self.delete_key_policy(&access.grant()?, key).await?,
                    None => self.delete_policy(&access.grant()?).await?,
                });
            }
            OrderWish::HaltOn { reason } => {
                let access = self.without_key(place).await?;
                let request = wire::PauseSendingRequest { reason };
                let status = self.pause_sending(&access.grant()?, request).await?;
                answer.pauses = Some(status.pauses);
            }
            OrderWish::HaltOff => {
                let access = self.without_key(place).await?;
                let status = self.resume_sending(&access.grant()?).await?;
                answer.pauses = Some(status.pauses);
            }
            OrderWish::HaltList => answer.pauses = Some(self.all_pauses(place).await?),
            OrderWish::HaltReset => answer.pauses = Some(self.reset_breakers(place).await?),
            OrderWish::LeakValueAdd {
                name,
                value,
                action,
            } => {
                let access = self.without_key(place).await?;
                let request = wire::CreateLeakValueRequest {
                    name,
                    canary: Some(value.is_none()),
                    value,
                    action,
                };
                let made = self.create_leak_value(&access.grant()?, request).await;
                answer.leak_value = Some(made?);
            }
            OrderWish::LeakValueList => {
                let access = self.without_key(place).await?;
                answer.leak_values = Some(self.leak_values(&access.grant()?).await?);
            }
            OrderWish::LeakValueRemove { value_id } => {
                let access = self.without_key(place).await?;
                self.delete_leak_value(&access.grant()?, &value_id).await?;
            }
        }
        Ok(answer)
    }

    /// What is stopped in the organisation that is named, or in every one.
    async fn all_pauses(&self, place: &OrderPlace) -> Result<Vec<SendingPause>> {
        let mut pauses = Vec::new();
        for access in self.places(place).await? {
            pauses.extend(self.sending_status(&access.grant()?).await?.pauses);
        }
        Ok(pauses)
    }

    /// Lets the inboxes go on there whose circuit breaker has stopped them; gives what is still stopped.
    async fn reset_breakers(&self, place: &OrderPlace) -> Result<Vec<SendingPause>> {
        for access in self.places(place).await? {
            let stopped = self.sending_status(&access.grant()?).await?.pauses;
            let broken = stopped.iter().filter(|one| one.cause == "bounces");
            for inbox in broken.filter_map(|one| InboxId::parse(one.inbox_id.as_deref()?)) {
                let access = self.narrowed(&access, None, Some(&inbox)).await?;
                let grant: Grant<perm::SendingResume> = access.grant()?;
                match self.resume_sending(&grant).await {
                    // Its time was over meanwhile.
                    Err(error) if error.kind() == Kind::Conflict => {}
                    done => done.map(|_| ())?,
                }
            }
        }
        self.all_pauses(place).await
    }

    /// What is named, or every organisation where nothing is.
    async fn places(&self, place: &OrderPlace) -> Result<Vec<Access>> {
        if *place != OrderPlace::default() {
            return Ok(vec![self.without_key(place).await?]);
        }
        let orgs = self.all_orgs().await?.into_iter();
        Ok(orgs.map(|org| self.operator_access(org)).collect())
    }

    async fn without_key(&self, place: &OrderPlace) -> Result<Access> {
        match self.ordered(place).await? {
            (access, None) => Ok(access),
            (_, Some(_)) => Err(Error::invalid(
                "api_key_id",
                "invalid_value",
                "Only a policy can be about a key",
            )),
        }
    }

    /// What an order is about, and the key if it is one.
    async fn ordered(&self, place: &OrderPlace) -> Result<(Access, Option<ApiKeyId>)> {
        let orgs = match &place.organization_id {
            Some(id) => {
                let id = id.parse().ok();
                let known = self.all_orgs().await?.into_iter();
                known.filter(|org| Some(*org) == id).collect()
            }
            None if place.pod_id.is_some()
                || place.inbox_id.is_some()
                || place.api_key_id.is_some() =>
            {
                self.all_orgs().await?
            }
            None => self.store().first_org().await?.into_iter().collect(),
        };
        for org in orgs {
            match self.within(self.operator_access(org), place).await {
                Err(error) if error.kind() == Kind::NotFound => {}
                found => return found,
            }
        }
        let what = match place {
            OrderPlace {
                inbox_id: Some(_), ..
            } => "Inbox",
            OrderPlace {
                pod_id: Some(_), ..
            } => "Pod",
            OrderPlace {
                api_key_id: Some(_),
                ..
            } => "API key",
            _ => "Organization",
        };
        Err(Error::not_found(what))
    }

    async fn within(
        &self,
        access: Access,
        place: &OrderPlace,
    ) -> Result<(Access, Option<ApiKeyId>)> {
        let pod = place.pod_id.as_deref().map(str::parse::<PodId>);
        let pod = pod.transpose().map_err(|_| Error::not_found("Pod"))?;
        let inbox = match place.inbox_id.as_deref() {
            Some(text) => Some(InboxId::parse(text).ok_or_else(|| Error::not_found("Inbox"))?),
            None => None,
        };
        let access = self.narrowed(&access, pod, inbox.as_ref()).await?;
        let Some(key) = place.api_key_id.as_deref() else {
            return Ok((access, None));
        };
        let key: ApiKeyId = key.parse().map_err(|_| Error::not_found("API key"))?;
        let grant: Grant<perm::ApiKeyRead> = access.grant()?;
        self.store()
            .read(&grant, move |view| view.api_key(key).map(|_| ()))
            .await?;
        Ok((access, Some(key)))
    }

    fn operator_access(&self, org: OrgId) -> Access {
        self.store().system(org, Reason::Operation)
    }

    async fn all_orgs(&self) -> Result<Vec<OrgId>> {
        const SLICE: usize = 100;
        let (mut all, mut from) = (Vec::new(), None);
        loop {
            let slice = self.store().organizations(from, SLICE).await?;
            all.extend(slice.iter().map(|org| org.org_id));
            from = slice.last().map(|org| Position {
                at: org.created_at.as_micros(),
                key: *org.org_id.as_bytes(),
            });
            if slice.len() < SLICE {
                return Ok(all);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_taken_once_while_it_is_fresh_and_only_with_its_own_mark() {
        let key = OrderKey::new(&[7; 32]);
        let at = Timestamp::from_micros(1_000_000_000_000);
        let order = Order {
            at: at.as_micros(),
            nonce: "n".to_owned(),
            place: OrderPlace::default(),
            wish: OrderWish::HaltOff,
        };
        let request = marked_order(&[7; 32], &order).unwrap();
        assert!(OrderKey::new(&[8; 32]).read(&request, at).is_none());
        let mut other = request.clone();
        other.order = other.order.replace("halt_off", "halt_on");
        assert!(key.read(&other, at).is_none());
        assert!(key.read(&request, at.plus(FRESH * 2)).is_none());
        assert!(key.read(&request, at.minus(FRESH * 2)).is_none());
        assert!(key.read(&request, at.plus(FRESH / 2)).is_some());
        assert!(key.read(&request, at.plus(FRESH / 2)).is_none(), "once");
    }
}
