"""Lists: every filter, both directions, pages that show each item exactly once."""
import datetime

import pytest
from agentmail.core.api_error import ApiError

TOTAL = 25


@pytest.fixture
def mailbox(client, inbox, ada, grace):
    """25 received messages, oldest first: every fifth from Grace, the rest from Ada."""
    for number in range(TOTAL):
        sender = grace if number % 5 == 0 else ada
        sender.send(sender.write(inbox.inbox_id, f"Report {number:02} {'urgent' if number % 3 == 0 else 'normal'}", text=f"No. {number}"))
    return inbox.inbox_id


def pages(list_call, items, **options):
    """All pages of a list; checks what every page promises."""
    found, token = [], None
    while True:
        page = list_call(page_token=token, **options)
        entries = getattr(page, items)
        assert page.count == len(entries) <= options.get("limit", 100)
        if "limit" in options:
            assert page.limit == options["limit"]
        found += entries
        token = page.next_page_token
        if not token:
            return found
        assert len(found) < 1000, "the pages do not end"


def numbers(messages):
    return [int(message.subject.split()[1]) for message in messages]


def listing(client, inbox_id):
    return lambda **options: client.inboxes.messages.list(inbox_id, **options)


def test_pages_cover_the_mailbox_once_in_both_directions(client, mailbox):
    newest_first = pages(listing(client, mailbox), "messages", limit=7)
    assert numbers(newest_first) == list(reversed(range(TOTAL)))
    assert numbers(pages(listing(client, mailbox), "messages", limit=10, ascending=True)) == list(range(TOTAL))
    assert numbers(pages(listing(client, mailbox), "messages", limit=1)) == list(reversed(range(TOTAL)))
    exact = client.inboxes.messages.list(mailbox, limit=TOTAL)
    assert exact.count == TOTAL and exact.next_page_token is None


def test_a_page_is_not_disturbed_by_new_mail(client, mailbox, ada):
    first = client.inboxes.messages.list(mailbox, limit=10)
    ada.send(ada.write(mailbox, "Report 99 late", text="x"))
    second = client.inboxes.messages.list(mailbox, limit=10, page_token=first.next_page_token)
    assert numbers(second.messages) == list(range(14, 4, -1))


def test_before_is_exclusive_and_after_inclusive(client, mailbox):
    everything = client.inboxes.messages.list(mailbox, limit=100).messages
    times = sorted(message.timestamp for message in everything)
    middle = times[12]
    after = client.inboxes.messages.list(mailbox, after=middle).messages
    before = client.inboxes.messages.list(mailbox, before=middle).messages
    assert len(after) == sum(1 for time in times if time >= middle)
    assert len(before) == sum(1 for time in times if time < middle)
    offset = middle.astimezone(datetime.timezone(datetime.timedelta(hours=-5)))
    assert client.inboxes.messages.list(mailbox, after=offset).count == len(after)
    nothing = client.inboxes.messages.list(mailbox, after=datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1))
    assert nothing.count == 0 and nothing.messages == [] and nothing.next_page_token is None


def test_filters_by_sender_recipient_and_subject(client, mailbox, ada, grace):
    by_grace = [number for number in range(TOTAL) if number % 5 == 0]
    for sender in (grace.address, "GRACE@partner", "Hopper"):
        assert sorted(numbers(client.inboxes.messages.list(mailbox, from_=[sender]).messages)) == by_grace, sender
    assert len(pages(listing(client, mailbox), "messages", to=[mailbox.upper()], limit=20)) == TOTAL
    urgent = [number for number in range(TOTAL) if number % 3 == 0]
    assert sorted(numbers(client.inboxes.messages.list(mailbox, subject=["URGENT"]).messages)) == urgent
    both = client.inboxes.messages.list(mailbox, subject=["urgent", "report"], from_=[grace.address])
    assert sorted(numbers(both.messages)) == [number for number in range(TOTAL) if number % 15 == 0]
    assert client.inboxes.messages.list(mailbox, from_=[grace.address, ada.address]).count == 0
    paged = pages(listing(client, mailbox), "messages", subject=["urgent"], limit=4, ascending=True)
    assert numbers(paged) == urgent
    assert client.inboxes.messages.list(mailbox, subject=["100%"]).count == 0
    assert client.inboxes.messages.list(mailbox, subject=["report_"]).count == 0, "a filter is text, not a pattern"
    assert client.inboxes.messages.list(mailbox, from_=["12345"]).count == 0


def test_filters_by_label(client, mailbox):
    items = client.inboxes.messages.list(mailbox, limit=100).messages
    for item in items[:4]:
        client.inboxes.messages.update(mailbox, item.message_id, add_labels=["todo", "a, b"], remove_labels="unread")
    for item in items[2:6]:
        client.inboxes.messages.update(mailbox, item.message_id, add_labels="later")
    assert client.inboxes.messages.list(mailbox, labels=["todo"]).count == 4
    assert client.inboxes.messages.list(mailbox, labels=["todo", "later"]).count == 2
    assert client.inboxes.messages.list(mailbox, labels=["a, b"]).count == 4, "a label may hold a comma"
    assert len(pages(listing(client, mailbox), "messages", labels=["unread"], limit=5)) == TOTAL - 4


@pytest.mark.parametrize("label, option", [("trash", "include_trash"), ("spam", "include_spam")])
def test_hidden_mail_shows_only_when_included(client, mailbox, label, option):
    hidden = client.inboxes.messages.list(mailbox, limit=3).messages
    for item in hidden:
        client.inboxes.messages.update(mailbox, item.message_id, add_labels=[label])
    ids = {item.message_id for item in hidden}
    shown = pages(listing(client, mailbox), "messages", limit=100)
    assert len(shown) == TOTAL - 3 and not ids & {item.message_id for item in shown}
    assert len(pages(listing(client, mailbox), "messages", limit=100, **{option: True})) == TOTAL
    threads = client.inboxes.threads.list(mailbox, limit=100)
    assert not ids & {thread.last_message_id for thread in threads.threads}
    assert ids <= {thread.last_message_id for thread in client.inboxes.threads.list(mailbox, limit=100, **{option: True}).threads}


def test_threads_page_like_messages(client, mailbox):
    newest_first = pages(lambda **options: client.inboxes.threads.list(mailbox, **options), "threads", limit=6)
    assert numbers(newest_first) == list(reversed(range(TOTAL)))
    oldest_first = pages(lambda **options: client.inboxes.threads.list(mailbox, **options), "threads", limit=6, ascending=True)
    assert numbers(oldest_first) == list(range(TOTAL))
    middle = sorted(thread.timestamp for thread in newest_first)[12]
    assert client.inboxes.threads.list(mailbox, limit=100, after=middle).count + \
        client.inboxes.threads.list(mailbox, limit=100, before=middle).count == TOTAL


def test_inboxes_page_and_are_found_again(client, unique):
    from agentmail.inboxes import CreateInboxRequest

    made = [client.inboxes.create(request=CreateInboxRequest(username=f"{unique}-{n}")).inbox_id for n in range(5)]
    listed = [inbox.inbox_id for inbox in pages(client.inboxes.list, "inboxes", limit=50)]
    assert [inbox_id for inbox_id in listed if unique in inbox_id] == list(reversed(made))
    ascending = [inbox.inbox_id for inbox in pages(client.inboxes.list, "inboxes", limit=50, ascending=True)]
    assert ascending == list(reversed(listed))
    assert len(set(listed)) == len(listed)


@pytest.mark.parametrize("options", [
    {"limit": 0}, {"limit": -1}, {"page_token": "nonsense"}, {"page_token": "e30"}, {"limit": 101, "labels": ["x"]},
], ids=str)
def test_wrong_list_parameters_are_refused_with_a_fix(client, inbox, options):
    with pytest.raises(ApiError) as refused:
        client.inboxes.messages.list(inbox.inbox_id, **options)
    assert refused.value.status_code == 400
    assert refused.value.body["name"] == "ValidationError"
    assert refused.value.body["code"] == "validation_error"
    assert refused.value.body["fix"]


def test_a_page_token_fits_its_own_list_only(client, mailbox):
    token = client.inboxes.messages.list(mailbox, limit=5).next_page_token
    with pytest.raises(ApiError) as refused:
        client.inboxes.list(page_token=token)
    assert refused.value.status_code == 400
    other = client.inboxes.create()
    with pytest.raises(ApiError) as refused:
        client.inboxes.messages.list(other.inbox_id, page_token=token)
    assert refused.value.status_code == 400
