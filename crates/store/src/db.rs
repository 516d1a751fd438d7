//! The driver: one statement text for two engines, three kinds of value, no more.

use std::borrow::Cow;

use mail::{MessageId, Timestamp};
use model::{
    ApiKeyId, ApprovalId, AttachmentId, Code, DeliveryId, DomainKey, DraftId, Error, EventId,
    Hidden, InboxId, InboxKey, Labels, MessageKey, OrgId, PodId, SigningKeyId, ThreadId, WebhookId,
};

/// A value on its way into a statement.
#[derive(Clone, Debug)]
pub(crate) enum Value<'a> {
    Null,
    Int(i64),
    Text(Cow<'a, str>),
    Bytes(Cow<'a, [u8]>),
}

impl Value<'_> {
    /// The same value, with nothing borrowed.
    pub(crate) fn to_static(&self) -> Value<'static> {
        match self {
            Self::Null => Value::Null,
            Self::Int(value) => Value::Int(*value),
            Self::Text(text) => Value::Text(Cow::Owned(text.as_ref().to_owned())),
            Self::Bytes(bytes) => Value::Bytes(Cow::Owned(bytes.as_ref().to_owned())),
        }
    }
}

/// A list of values for a statement: `args![inbox.key, at, label]`.
macro_rules! args {
    ($($value:expr),* $(,)?) => { &[$($crate::db::Value::from($value)),*] };
}
pub(crate) use args;

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<bool> for Value<'_> {
    fn from(value: bool) -> Self {
        Self::Int(i64::from(value))
    }
}

impl From<Timestamp> for Value<'_> {
    fn from(value: Timestamp) -> Self {
        Self::Int(value.as_micros())
    }
}

impl From<Hidden> for Value<'_> {
    fn from(value: Hidden) -> Self {
        Self::Int(value.bits())
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(Cow::Borrowed(value))
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(value: &'a String) -> Self {
        Self::Text(Cow::Borrowed(value))
    }
}

impl From<String> for Value<'_> {
    fn from(value: String) -> Self {
        Self::Text(Cow::Owned(value))
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(value: &'a [u8]) -> Self {
        Self::Bytes(Cow::Borrowed(value))
    }
}

impl From<Vec<u8>> for Value<'_> {
    fn from(value: Vec<u8>) -> Self {
        Self::Bytes(Cow::Owned(value))
    }
}

impl<'a> From<&'a Vec<u8>> for Value<'a> {
    fn from(value: &'a Vec<u8>) -> Self {
        Self::Bytes(Cow::Borrowed(value))
    }
}

impl<'a> From<&'a MessageId> for Value<'a> {
    fn from(value: &'a MessageId) -> Self {
        Self::Text(Cow::Borrowed(value.as_str()))
    }
}

impl<'a> From<&'a InboxId> for Value<'a> {
    fn from(value: &'a InboxId) -> Self {
        Self::Text(Cow::Borrowed(value.as_str()))
    }
}

impl From<&Labels> for Value<'_> {
    fn from(value: &Labels) -> Self {
        Self::Text(Cow::Owned(value.to_stored()))
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

macro_rules! id_columns {
    ($($id:ty),*) => {$(
        impl From<$id> for Value<'_> {
            fn from(value: $id) -> Self {
                Self::Bytes(Cow::Owned(value.as_bytes().to_vec()))
            }
        }

        impl Column for $id {
            fn read(row: &Row<'_>, index: usize) -> DbResult<Self> {
                let bytes = row.0.bytes(index)?.ok_or_else(|| DbError::shape(index))?;
                Self::from_bytes(bytes).ok_or_else(|| DbError::shape(index))
            }
        }
    )*};
}

id_columns!(
    OrgId,
    PodId,
    InboxKey,
    ThreadId,
    MessageKey,
    AttachmentId,
    ApiKeyId,
    ApprovalId,
    DomainKey,
    SigningKeyId,
    DraftId,
    EventId,
    WebhookId,
    DeliveryId
);

/// A row of either engine, while the statement stands on it.
pub(crate) struct Row<'a>(pub(crate) &'a dyn RawRow);

/// What an engine gives for one row. `None` is SQL's null.
pub(crate) trait RawRow {
    fn int(&self, index: usize) -> DbResult<Option<i64>>;
    fn text(&self, index: usize) -> DbResult<Option<&str>>;
    fn bytes(&self, index: usize) -> DbResult<Option<&[u8]>>;
    fn is_null(&self, index: usize) -> DbResult<bool>;
}

impl Row<'_> {
    /// The column at `index`, counted from zero.
    pub(crate) fn get<T: Column>(&self, index: usize) -> DbResult<T> {
        T::read(self, index)
    }

    /// The bytes at `index` without a copy.
    pub(crate) fn bytes(&self, index: usize) -> DbResult<&[u8]> {
        self.0.bytes(index)?.ok_or_else(|| DbError::shape(index))
    }

    /// The text at `index` without a copy.
    pub(crate) fn text(&self, index: usize) -> DbResult<&str> {
        self.0.text(index)?.ok_or_else(|| DbError::shape(index))
    }
}

/// A type that a column can be read as.
pub(crate) trait Column: Sized {
    fn read(row: &Row<'_>, index: usize) -> DbResult<Self>;
}

impl Column for i64 {
    fn read(row: &Row<'_>, index: usize) -> DbResult<Self> {
        row.0.int(index)?.ok_or_else(|| DbError::shape(index))
    }
}

impl Column for String {
    fn read(row: &Row<'_>, index: usize) -> DbResult<Self> {
        row.text(index).map(str::to_owned)
    }
}

impl Column for Vec<u8> {
    fn read(row: &Row<'_>, index: usize) -> DbResult<Self> {
        row.bytes(index).map(<[u8]>::to_vec)
    }
}

impl Column for Timestamp {
    fn read(row: &Row<'_>, index: usize) -> DbResult<Self> {
        i64::read(row, index).map(Self::from_micros)
    }
}

impl Column for Labels {
    fn read(row: &Row<'_>, index: usize) -> DbResult<Self> {
        row.text(index).map(Self::from_stored)
    }
}

impl Column for Hidden {
    fn read(row: &Row<'_>, index: usize) -> DbResult<Self> {
        i64::read(row, index).map(Self::from_bits)
    }
}

impl Column for InboxId {
    fn read(row: &Row<'_>, index: usize) -> DbResult<Self> {
        String::read(row, index).map(Self::from_stored)
    }
}

impl Column for MessageId {
    fn read(row: &Row<'_>, index: usize) -> DbResult<Self> {
        Self::parse(row.text(index)?).ok_or_else(|| DbError::shape(index))
    }
}

impl<T: Column> Column for Option<T> {
    fn read(row: &Row<'_>, index: usize) -> DbResult<Self> {
        if row.0.is_null(index)? {
            Ok(None)
        } else {
            T::read(row, index).map(Some)
        }
    }
}

/// One connection inside a transaction.
pub(crate) trait Conn {
    /// Runs a statement and hands every row to `each`.
    fn query(
        &mut self,
        sql: &str,
        args: &[Value<'_>],
        each: &mut dyn FnMut(&Row<'_>) -> DbResult<()>,
    ) -> DbResult<()>;

    /// Runs a statement that gives no rows; the number of rows it changed.
    fn exec(&mut self, sql: &str, args: &[Value<'_>]) -> DbResult<u64>;

    /// Runs a statement whose effect is all that counts. It may run later, but before whatever comes
    /// after it that is not put; an error may be told by that, or by the commit.
    fn put(&mut self, sql: &str, args: &[Value<'_>]) -> DbResult<()> {
        self.exec(sql, args).map(|_| ())
    }

    /// What this engine says differently.
    fn dialect(&self) -> crate::dialect::Dialect;
}

pub(crate) type DbResult<T> = Result<T, DbError>;

/// What went wrong, by the engine's code and never by its text.
#[derive(Debug, thiserror::Error)]
#[error("the database failed: {class:?}")]
pub(crate) struct DbError {
    pub(crate) class: Class,
    #[source]
    pub(crate) source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The classes of failure that are treated differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// A unique constraint stood in the way.
    Unique,
    /// Another transaction stood in the way; the same work may succeed now.
    Retry,
    /// The engine cannot be reached, or has no room.
    Unavailable,
    /// A column did not hold what the code expects.
    Shape { column: usize },
    /// A fault in a statement or in the engine.
    Other,
}

impl DbError {
    pub(crate) fn new(
        class: Class,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self {
            class,
            source: Some(source.into()),
        }
    }

    pub(crate) fn shape(column: usize) -> Self {
        Self {
            class: Class::Shape { column },
            source: None,
        }
    }
}

impl From<DbError> for Error {
    fn from(error: DbError) -> Self {
        match error.class {
            Class::Unique => Self::new(Code::RaceCondition, "Somebody else was faster")
                .fix("Read the object and try again.")
                .because(error),
            Class::Retry | Class::Unavailable => {
                Self::unavailable("The store is not available right now")
                    .fix("Try again in a moment; nothing was changed.")
                    .because(error)
            }
            Class::Shape { .. } | Class::Other => Self::internal(error),
        }
    }
}
