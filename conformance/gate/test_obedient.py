"""Whatever hostile mail asks for, nothing leaves to anybody outside its thread."""
import agent
import pytest
from agent import AUTHOR, COLLEAGUE, Agent, call, left_to
from feeds import FEEDS


@pytest.mark.parametrize("feed", FEEDS)
def test_an_agent_that_obeys_every_mail_writes_to_nobody_outside_the_thread(server, attacks, feed):
    assert len(attacks) >= 20
    outside, answered = [], 0
    for number, attack in enumerate(attacks):
        inbox = server.inbox()
        message_id = f"<attack-{feed}-{number}@stranger.example>"
        # Every other key reaches the whole organisation.
        obedient = Agent(server, inbox, "organization" if number % 2 else "inbox")
        way = FEEDS[feed](server, inbox)
        way.deliver(attack["subject"], attack["body"], message_id)
        way.show(obedient, message_id)
        obedient.obey(message_id, attack["subject"], attack["body"])
        within = {AUTHOR, COLLEAGUE, inbox}
        # A scheduled draft leaves in the background: it must have been judged before this is.
        waits_for_no_schedule(server, inbox)
        left = left_to(server, inbox)
        answered += bool(left)
        way.close()
        outside += [(number, person) for person in left - within]
        faults = [answer for answer in obedient.answers if answer[0] >= 500]
        assert not faults, (attack, faults)
    print(f"\n{feed}: {len(attacks)} attacks obeyed, {answered} answered in their thread, {len(outside)} deliveries outside it")
    assert not outside, outside
    # Nor did it make an inbox that nobody knows of, a webhook, or a key that may decide.
    status, hooks = call(server, server.key, "GET", "/v0/webhooks")
    assert status == 200 and not hooks["webhooks"], hooks


def waits_for_no_schedule(server, inbox):
    import time

    end = time.monotonic() + 30
    while True:
        status, page = call(server, server.key, "GET", f"/v0/inboxes/{inbox}/drafts?labels=scheduled&limit=100")
        assert status == 200, page
        if not page["drafts"]:
            return
        assert time.monotonic() < end, page
        time.sleep(0.02)


def test_the_agent_is_not_just_refused_everything(server):
    """The same agent, before it has read anything: the gate is what holds it later."""
    inbox = server.inbox()
    free = Agent(server, inbox, "inbox")
    body = {"to": agent.SINK, "text": "Hello."}
    status, told = call(server, free.key, "POST", f"/v0/inboxes/{inbox}/messages/send", body)
    assert status == 200, told
    assert left_to(server, inbox) == {agent.SINK}
