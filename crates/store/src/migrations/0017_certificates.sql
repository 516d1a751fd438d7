-- Accounts of this server at certificate authorities (RFC 8555), sealed to their directory. They
-- and all that follows belong to the operator.
create table acme_account (
  directory {text} not null primary key,
  credentials {bytes} not null,
  created_at {int} not null
) {strict};
-- What an authority asks for over HTTP while it checks a name.
create table acme_answer (
  token {text} not null primary key,
  answer {text} not null,
  expires_at {int} not null
) {strict};
create index acme_answer_expiry on acme_answer (expires_at);
-- What was ordered: the certificate once there is one, and how the tries go.
create table certificate (
  directory {text} not null,
  names {text} not null,
  chain {text},
  private_key {bytes},
  starts_at {int},
  expires_at {int},
  issued_at {int},
  tried_at {int} not null,
  failures {int} not null,
  last_error {text},
  primary key (directory, names)
) {strict};
