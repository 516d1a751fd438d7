-- Lists of one pod or one inbox that had to walk those of the whole organisation.
create index thread_label_pod on thread_label (org_id, pod_id, label, listed_at, thread_id);
create index domain_pod on domain (org_id, pod_id, created_at, domain_key);
create index api_key_own on api_key (org_id, pod_id, inbox_id, created_at, api_key_id);
-- Of two indexes that look equally good to it PostgreSQL takes the newer one, so that of the inbox
-- comes after that of the pod.
drop index thread_inbox;
create index thread_inbox on thread (org_id, pod_id, inbox_id, listed_at, thread_id);
drop index draft_inbox;
create index draft_inbox on draft (org_id, pod_id, inbox_id, updated_at, draft_id);
