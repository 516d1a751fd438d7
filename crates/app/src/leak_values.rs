//! Registering values that must not leave.

use data_encoding::BASE32_NOPAD;
use model::{Error, Result, perm};
use store::{Grant, LeakValue};
use uuid::Uuid;

use crate::App;
use crate::gate::leaks::{LONGEST, LeakAction, SHORTEST};

impl App {
    /// Registers a value, or makes up a canary, for what the path names.
    ///
    /// # Errors
    /// `validation_error` for what cannot be registered, `limit_exceeded`.
    pub async fn create_leak_value(
        &self,
        grant: &Grant<perm::PolicyUpdate>,
        request: wire::CreateLeakValueRequest,
    ) -> Result<wire::LeakValue> {
        let name = crate::keys::name(Some(&request.name), "")?;
        let action = request.action.as_deref().unwrap_or("block");
        let action = LeakAction::parse(action).ok_or_else(|| {
            Error::invalid("action", "invalid_value", "action is block, hold or note")
        })?;
        let is_canary = request.canary == Some(true);
        let canary = is_canary.then(|| self.canary());
        let value = match (&canary, &request.value) {
            (Some(made), None) => made,
            (None, Some(value)) => value,
            _ => {
                let detail = "A value is needed, or canary: true without one";
                return Err(Error::invalid("value", "invalid_value", detail));
            }
        };
        let hashed = self.0.values.hash(value).ok_or_else(|| {
            let detail = format!("A value has {SHORTEST} to {LONGEST} letters and digits");
            Error::invalid("value", "invalid_value", detail)
                .fix("Shorter values stand in ordinary text; of longer ones register a part.")
        })?;
        let new = LeakValue {
            value_id: self.env().ids.random(),
            pod_id: None,
            inbox_key: None,
            name,
            kind: if is_canary { "canary" } else { "value" }.to_owned(),
            action: action.name().to_owned(),
            length: hashed.length,
            roll: hashed.roll,
            digest: hashed.digest,
            created_at: self.now(),
        };
        let made = self
            .store()
            .write(grant, move |txn| txn.put_leak_value(&new))
            .await?;
        Ok(wire::LeakValue {
            value: canary,
            ..shown(&made)
        })
    }

    /// Something that nobody writes by chance and that looks like a reference.
    fn canary(&self) -> String {
        let bits = BASE32_NOPAD.encode(&self.env().ids.bytes::<10>());
        let (a, rest) = bits.split_at(bits.len() / 2);
        format!("REF-{a}-{rest}")
    }

    /// The values of what the path names.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn leak_values(
        &self,
        grant: &Grant<perm::PolicyRead>,
    ) -> Result<wire::ListLeakValuesResponse> {
        let found = self.store().read(grant, |view| {
            let found = view.leak_values()?;
            Ok(found.iter().map(shown).collect::<Vec<_>>())
        });
        let leak_values = found.await?;
        Ok(wire::ListLeakValuesResponse {
            count: leak_values.len(),
            leak_values,
        })
    }

    /// Forgets a value.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn delete_leak_value(
        &self,
        grant: &Grant<perm::PolicyUpdate>,
        id: &str,
    ) -> Result<()> {
        let id = Uuid::parse_str(id).map_err(|_| Error::not_found("Value"))?;
        self.store()
            .write(grant, move |txn| txn.delete_leak_value(id))
            .await
    }
}

fn shown(value: &LeakValue) -> wire::LeakValue {
    wire::LeakValue {
        value_id: value.value_id.to_string(),
        name: value.name.clone(),
        kind: value.kind.clone(),
        action: value.action.clone(),
        value: None,
        created_at: value.created_at.to_string(),
    }
}
