"""An agent signs up by itself; its human confirms it with the code from the mail."""
import time

import pytest
from agentmail import ValidationError
from agentmail.core.api_error import ApiError


def code_in(client, human):
    """The code in the newest mail of an inbox that plays the human."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        mails = [mail for mail in client.inboxes.messages.list(human).messages if "is the code for" in mail.subject]
        if mails:
            return mails[0].subject[:6]
        time.sleep(0.05)
    pytest.fail("no code was mailed")


def test_a_human_lifts_the_limits(client, connect, unique):
    human = client.inboxes.create().inbox_id
    made = client.agent.sign_up(username=unique, human_email=human, source="conformance", referrer="tests")
    assert made.inbox_id == f"{unique}@mailroost.localhost" and made.organization_id != client.auth.me().organization_id
    agent = connect(made.api_key)
    assert agent.auth.me().organization_id == made.organization_id
    with pytest.raises(ApiError) as refused:
        agent.inboxes.messages.send(made.inbox_id, to="bob@customer.example", text="Hello")
    assert refused.value.status_code == 403 and refused.value.body.name == "MessageRejectedError"
    with pytest.raises(ApiError) as refused:
        agent.inboxes.create()
    assert refused.value.status_code == 403
    code = code_in(client, human)
    with pytest.raises(ApiError) as refused:
        agent.agent.verify(otp_code="000001" if code == "000000" else "000000")
    assert refused.value.status_code == 400
    assert agent.agent.verify(otp_code=code).verified is True
    agent.inboxes.messages.send(made.inbox_id, to="bob@customer.example", text="Hello")
    assert agent.inboxes.create().inbox_id


def test_a_human_is_attached_later(client, connect, unique, ada):
    made = client.agent.sign_up(username=unique)
    agent = connect(made.api_key)
    ada.send(ada.write(made.inbox_id, "In", text="It receives"))
    assert agent.inboxes.messages.list(made.inbox_id).messages[0].subject == "In"
    human = client.inboxes.create().inbox_id
    attached = agent.agent.attach_human(human_email=human)
    assert attached.human_email == human and "verify" in attached.instructions
    assert agent.agent.verify(otp_code=code_in(client, human)).verified is True
    with pytest.raises(ApiError) as refused:
        agent.agent.attach_human(human_email="ann@company.dev")
    assert refused.value.status_code == 409


def test_the_same_human_gets_the_same_organization(client, connect, unique):
    human = client.inboxes.create().inbox_id
    first = client.agent.sign_up(username=unique, human_email=human)
    second = client.agent.sign_up(username=unique + "2", human_email=human)
    assert (second.organization_id, second.inbox_id) == (first.organization_id, first.inbox_id)
    with pytest.raises(ApiError) as refused:
        connect(second.api_key).inboxes.messages.list(first.inbox_id)
    assert refused.value.status_code == 403, "a key that anybody can ask for opens nothing before the code"


def test_placeholders_are_no_humans(client, unique):
    with pytest.raises(ValidationError):
        client.agent.sign_up(username=unique, human_email="ada@example.com")
