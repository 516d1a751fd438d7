//! Lists of keys in a statement, padded to one length so that few statements need preparing.

use crate::db::Value;

/// Keys in a list.
pub(crate) const SIZE: usize = 32;

/// The places of a list whose first is `$first`.
pub(crate) fn marks(first: usize) -> String {
    let marks: Vec<String> = (first..first + SIZE).map(|n| format!("${n}")).collect();
    marks.join(", ")
}

/// The values of a list of rows, which must not be empty.
pub(crate) fn values<T: Copy + Into<Value<'static>>>(
    keys: &[T],
) -> impl Iterator<Item = Value<'static>> {
    all(keys, |key| (*key).into())
}

/// The values of a list of anything stored as bytes, likewise.
pub(crate) fn bytes<T: AsRef<[u8]>>(keys: &[T]) -> impl Iterator<Item = Value<'_>> {
    all(keys, |key| Value::from(key.as_ref()))
}

fn all<'a, 'v, T>(
    keys: &'a [T],
    value: impl Fn(&'a T) -> Value<'v>,
) -> impl Iterator<Item = Value<'v>> {
    let last = keys.len().saturating_sub(1);
    (0..SIZE).filter_map(move |n| keys.get(n.min(last)).map(&value))
}
