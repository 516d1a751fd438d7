"""What the SDK's message says about its sender and its kind, beyond the SDK's own fields."""


def test_a_message_says_who_sent_it_and_what_it_is(client, inbox, ada):
    ada.send(ada.write(inbox.inbox_id, "Away", text="Back on Monday.", Auto_Submitted="auto-replied"))
    listed = client.inboxes.messages.list(inbox.inbox_id).messages
    message = client.inboxes.messages.get(inbox.inbox_id, listed[0].message_id)
    assert message.authentication == {"sender_proven": True, "reason": "local_machine"}
    assert message.facts[0] == {"kind": "auto_reply", "evidence": "Auto-Submitted: auto-replied"}
