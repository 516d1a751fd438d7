-- Pods, keys and sign-up.

create index org_list on org (created_at, org_id);
create index pod_list on pod (org_id, created_at, pod_id);

-- Lists of one pod, which may be a small part of its organisation.
create index inbox_pod on inbox (org_id, pod_id, created_at, inbox_id);
create index api_key_pod on api_key (org_id, pod_id, created_at, api_key_id);
create index thread_pod on thread (org_id, pod_id, listed_at, thread_id);
