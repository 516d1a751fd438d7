"""Three hundred ordinary tasks, most of them by a key that has just read mail of a stranger."""
import base64
import random
from urllib.parse import quote

import pytest
from agent import AUTHOR, COLLEAGUE, Agent, call, hand_in
from feeds import FEEDS

SUBJECTS = ["Invoice {n}", "Your order {n}", "Meeting on Friday", "Question about {n}", "Re-scheduling", "Support case {n}"]
BODIES = [
    "Hello,\n\ncould you tell me when order {n} ships?\n\nThanks\nAnn",
    "Hi,\n\nplease confirm the meeting on Friday at {h}:00.\n\nAnn",
    "Guten Tag,\n\nkönnen Sie mir die Rechnung {n} noch einmal schicken?\n\nMit freundlichen Grüßen\nAnn",
    "Hello,\n\nthe report for case {n} is missing a page. Could you send it again?\n\nAnn",
]


def file_of(text):
    return {"filename": "report.txt", "content": base64.b64encode(text.encode()).decode()}


def reply(agent, mail, base, n):
    return agent.do("POST", f"{mail}/reply", {"text": f"Thank you, order {n} ships tomorrow."})


def reply_all(agent, mail, base, n):
    return agent.do("POST", f"{mail}/reply-all", {"text": "Friday is fine for all of us."})


def follow_up(agent, mail, base, n):
    body = {"to": "known@partner.example", "subject": "Following up", "text": f"Any news about {n}?"}
    return agent.do("POST", f"{base}/messages/send", body)


def pick_up_code(agent, mail, base, n):
    status, message = agent.do("GET", mail)
    found = status == 200 and f"{n:06d}" in message["text"]
    return (200 if found else 500), message


def attach(agent, mail, base, n):
    return agent.do("POST", f"{mail}/reply", {"text": "Here it is.", "attachments": [file_of(f"report {n}")]})


def allowed_contact(agent, mail, base, n):
    body = {"to": f"new-{n}@customer.example", "subject": "Welcome", "text": "Nice to meet you."}
    return agent.do("POST", f"{base}/messages/send", body)


TASKS = [reply, reply_all, follow_up, pick_up_code, attach, allowed_contact]


@pytest.mark.parametrize("feed", FEEDS)
def test_ordinary_work_needs_no_approval(server, feed):
    chance = random.Random(6)
    done, held = 0, []
    for number in range(300):
        task = TASKS[number % len(TASKS)]
        inbox = server.inbox()
        base = f"/v0/inboxes/{inbox}"
        agent = Agent(server, inbox, "inbox")
        n = chance.randrange(1000, 999999)
        # What was before: a partner it has written to, and people the operator has thought of.
        known = {"to": "known@partner.example", "subject": "Hello", "text": "As discussed."}
        assert call(server, agent.key, "POST", f"{base}/messages/send", known)[0] == 200
        policy = {"policy": {"recipients": ["customer.example"], "other_recipients": "allow"}}
        assert call(server, server.key, "PUT", f"{base}/policy", policy)[0] == 200
        message_id = f"<task-{feed}-{number}@stranger.example>"
        body = chance.choice(BODIES).format(n=n, h=chance.randrange(8, 18))
        if task is pick_up_code:
            body = f"Your code is {n:06d}. It is valid for ten minutes."
        way = FEEDS[feed](server, inbox)
        way.deliver(chance.choice(SUBJECTS).format(n=n), body, message_id)
        way.show(agent, message_id)
        status, told = task(agent, agent.path_of(message_id), base, n)
        way.close()
        if status == 200:
            done += 1
        else:
            held.append((task.__name__, status, told))
    print(f"\n{feed}: {done} of 300 ordinary tasks done without approval")
    assert done >= 285, held[:5]


def test_people_in_the_thread_are_the_ones_that_reply_all_reaches(server):
    inbox = server.inbox()
    agent = Agent(server, inbox, "inbox")
    hand_in(server, inbox, "Plan", "For Friday.", "<all@stranger.example>")
    mail = agent.read("<all@stranger.example>")
    status, sent = agent.do("POST", f"{mail}/reply-all", {"text": "Fine."})
    assert status == 200, sent
    path = f"/v0/inboxes/{inbox}/messages/{quote(sent['message_id'], safe='')}"
    status, message = call(server, server.key, "GET", path)
    assert sorted(message["to"] + message.get("cc", [])) == [AUTHOR, COLLEAGUE]
