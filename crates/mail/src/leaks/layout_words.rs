//! The literals by which secrets of a known layout are found, in lower case.

/// What stands before a private key.
pub(super) const BLOCKS: &[&str] = &["private key"];

/// Beginnings of addresses that let anyone post.
pub(super) const HOOKS: &[&str] = &[
    "hooks.slack.com/services/",
    "hooks.slack.com/workflows/",
    "hooks.slack.com/triggers/",
    "discord.com/api/webhooks/",
    "discordapp.com/api/webhooks/",
    "webhook.office.com/webhookb2/",
    "outlook.office.com/webhook/",
    "hooks.zapier.com/hooks/catch/",
    "hook.make.com/",
    "chat.googleapis.com/v1/spaces/",
    "api.telegram.org/bot",
];

/// What stands before the value of a header.
pub(super) const HEADERS: &[&str] = &["bearer ", "basic ", "authorization: "];

/// Names of fields of connection strings.
pub(super) const FIELDS: &[&str] = &[
    "accountkey=",
    "sharedaccesskey=",
    "sharedaccesssignature",
    "&sig=",
    "x-amz-signature=",
    "x-goog-signature=",
    "password=",
];

/// Marks inside tokens and addresses, in lower case.
pub(super) const MARKS: &[&str] = &["eyj", "://", "t3blbkfj", "-us", ":aa"];
pub(super) const WEB_TOKEN: usize = 0;
pub(super) const SCHEME_END: usize = 1;
pub(super) const OPENAI: usize = 2;
pub(super) const MAILCHIMP: usize = 3;
pub(super) const TELEGRAM: usize = 4;

/// Beginnings of hashes of passwords, which can be guessed at home.
pub(super) const HASHES: &[&str] = &[
    "$2a$",
    "$2b$",
    "$2y$",
    "$6$",
    "$5$",
    "$argon2id$",
    "$argon2i$",
    "$apr1$",
    "$y$",
];
