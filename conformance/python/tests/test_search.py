"""Search: words, phrases, parts and other scripts find mail; ranking, highlights, pages and walls."""
import asyncio

import pytest
from agentmail import ValidationError
from agentmail.inboxes.types import CreateInboxRequest


@pytest.fixture
def mailbox(client, inbox, unique, ada, grace):
    """Mail that shares a word which no other test uses."""
    to = inbox.inbox_id
    ada.send(ada.write(to, "Lunch", text=f"Shall we meet? {unique} is mentioned once. 東京都庁で会いましょう"))
    grace.send(grace.write(to, f"Invoice {unique} INV-2024-0012", text="The Café sends 1.299,00 EUR for order 4711-0815."))
    ada.send(ada.write(to, "Often", text=f"{unique} {unique} and {unique}"))
    ada.send(ada.write(to, "Nothing", text="There is nothing here."))
    return to


def subjects(page, items="messages"):
    found = getattr(page, items)
    assert page.count == len(found)
    return [item.subject for item in found]


def test_messages_are_found_best_first(client, mailbox, unique):
    found = client.inboxes.messages.search(mailbox, q=unique)
    assert subjects(found) == [f"Invoice {unique} INV-2024-0012", "Often", "Lunch"]
    hit = found.messages[0]
    assert hit.highlights.subject == [f"Invoice **{unique}** INV-2024-0012"]
    assert found.messages[2].highlights.text[0].startswith(f"Shall we meet? **{unique}** is mentioned once.")
    item = client.inboxes.messages.list(mailbox, subject=["INV-2024"]).messages[0]
    assert (hit.message_id, hit.thread_id, hit.from_, hit.timestamp, hit.preview) == (
        item.message_id, item.thread_id, item.from_, item.timestamp, item.preview)


@pytest.mark.parametrize("words", [
    "inv-2024-0012", "0012", "cafe", "CAFÉ", "1.299,00", "4711-0815", "grace", "hopper invoice", "grace@partner.example",
    "partner.example", '"order 4711"', "ord", "nvoic", "grace@partner",
])
def test_one_mail_is_found_by_whatever_is_remembered(client, mailbox, unique, words):
    assert subjects(client.inboxes.messages.search(mailbox, q=words)) == [f"Invoice {unique} INV-2024-0012"]


@pytest.mark.parametrize("words", ["東京", "都庁", "京", "東京都庁", "lunch ada"])
def test_writing_without_spaces_is_found(client, mailbox, words):
    found = client.inboxes.messages.search(mailbox, q=words)
    assert subjects(found) == ["Lunch"]
    assert "**" in str(found.messages[0].highlights)


@pytest.mark.parametrize("words", ["nothing grace", '"here nothing"', "0012-2024", "***", "NEAR(x, y)"])
def test_what_does_not_match_is_not_found(client, mailbox, words):
    assert subjects(client.inboxes.messages.search(mailbox, q=words)) == []


def test_hidden_and_deleted_mail_is_not_found_and_pages_cover_the_rest(client, mailbox, unique):
    first = client.inboxes.messages.search(mailbox, q=unique, limit=2)
    assert first.limit == 2 and first.next_page_token
    second = client.inboxes.messages.search(mailbox, q=unique, limit=2, page_token=first.next_page_token)
    assert subjects(first) + subjects(second) == [f"Invoice {unique} INV-2024-0012", "Often", "Lunch"]
    assert second.next_page_token is None
    middle = client.inboxes.messages.search(mailbox, q=unique).messages[1]
    before = client.inboxes.messages.search(mailbox, q=unique, before=middle.timestamp)
    assert subjects(before) == [f"Invoice {unique} INV-2024-0012", "Lunch"]
    after = client.inboxes.messages.search(mailbox, q=unique, after=middle.timestamp)
    assert subjects(after) == ["Often"]
    client.inboxes.messages.update(mailbox, middle.message_id, add_labels=["trash"])
    client.inboxes.messages.delete(mailbox, first.messages[0].message_id)
    assert subjects(client.inboxes.messages.search(mailbox, q=unique)) == ["Lunch"]


def test_threads_are_found_at_every_level(client, mailbox, unique, ada):
    pod = client.inboxes.get(mailbox).pod_id
    lunch = client.inboxes.messages.search(mailbox, q=f"{unique} lunch").messages[0]
    client.inboxes.messages.reply(mailbox, lunch.message_id, text=f"Yes, {unique}")
    for search in (
        lambda **more: client.threads.search(q=unique, **more),
        lambda **more: client.pods.threads.search(pod, q=unique, **more),
        lambda **more: client.inboxes.threads.search(mailbox, q=unique, **more),
    ):
        found = search()
        assert sorted(subjects(found, "threads")) == sorted([f"Invoice {unique} INV-2024-0012", "Often", "Lunch"])
        thread = next(thread for thread in found.threads if thread.subject == "Lunch")
        assert thread.thread_id == lunch.thread_id and thread.message_count == 2
        assert any(f"**{unique}**" in piece for piece in thread.highlights.text)
        one = search(limit=1)
        two = search(limit=2, page_token=one.next_page_token)
        assert {t.thread_id for t in one.threads + two.threads} == {t.thread_id for t in found.threads}
        assert not two.next_page_token
    other = client.inboxes.create()
    assert subjects(client.inboxes.threads.search(other.inbox_id, q=unique), "threads") == []


def test_inboxes_are_found_by_beginnings_of_words(client, unique):
    first = client.inboxes.create(request=CreateInboxRequest(username=unique, display_name="Café Support"))
    second = client.inboxes.create(request=CreateInboxRequest(username=f"{unique}.two", display_name="Second"))
    found = client.inboxes.search(q=first.inbox_id)
    assert found.inboxes[0].inbox_id == first.inbox_id and found.count == len(found.inboxes)
    assert [i.inbox_id for i in client.inboxes.search(q=unique[:-1]).inboxes] == [second.inbox_id, first.inbox_id]
    assert [i.inbox_id for i in client.inboxes.search(q=f"{unique} cafe sup").inboxes] == [first.inbox_id]
    one = client.inboxes.search(q=unique, limit=1)
    two = client.inboxes.search(q=unique, limit=1, page_token=one.next_page_token)
    assert [one.inboxes[0].inbox_id, two.inboxes[0].inbox_id] == [second.inbox_id, first.inbox_id]
    within = client.pods.inboxes.search(first.pod_id, q=f"{unique} second")
    assert [i.inbox_id for i in within.inboxes] == [second.inbox_id] and within.inboxes[0].display_name == "Second"


@pytest.mark.parametrize("wrong", [{"q": ""}, {"q": "x" * 5000}, {"q": "xx", "limit": 101}, {"q": "xx", "page_token": "nonsense"}])
def test_wrong_searches_are_refused_with_a_reason(client, inbox, wrong):
    for search in (lambda **w: client.inboxes.messages.search(inbox.inbox_id, **w), client.threads.search, client.inboxes.search):
        with pytest.raises(ValidationError) as refused:
            search(**wrong)
        field = next(name for name in ("page_token", "limit", "q") if name in wrong)
        assert refused.value.body.fix and refused.value.body.errors[0]["path"] == [field]


def test_the_async_client_searches_too(async_client, mailbox, unique):
    async def search():
        return await async_client.inboxes.messages.search(mailbox, q=unique), await async_client.threads.search(q=unique)

    messages, threads = asyncio.run(search())
    assert subjects(messages)[1:] == ["Often", "Lunch"] and threads.count == 3
