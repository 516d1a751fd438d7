"""A person outside: writes mail with Python's `email`, hands it in over SMTP, and reads what the agent sent them."""
import email
import email.message
import email.policy
import email.utils
import smtplib
import urllib.error
import urllib.request
from dataclasses import dataclass

POLICY = email.policy.SMTP


@dataclass
class Correspondent:
    name: str
    address: str
    smtp: str  # "address:port" of the server's SMTP door

    @property
    def mailbox(self):
        return email.utils.formataddr((self.name, self.address))

    def write(self, to, subject, text=None, html=None, cc=None, **headers):
        """A new mail. Keyword `In_Reply_To="<a@b>"` sets the header In-Reply-To."""
        mail = email.message.EmailMessage(policy=POLICY)
        mail["From"] = self.mailbox
        mail["To"] = to if isinstance(to, str) else ", ".join(to)
        if cc:
            mail["Cc"] = cc if isinstance(cc, str) else ", ".join(cc)
        mail["Subject"] = subject
        mail["Date"] = email.utils.localtime()
        mail["Message-ID"] = email.utils.make_msgid(domain=self.address.partition("@")[2])
        for header, value in headers.items():
            mail[header.replace("_", "-")] = value
        if text is not None:
            mail.set_content(text, cte="quoted-printable")
        if html is not None and text is not None:
            mail.add_alternative(html, subtype="html", cte="quoted-printable")
        elif html is not None:
            mail.set_content(html, subtype="html", cte="quoted-printable")
        return mail

    def answer(self, to_mail, text):
        """What a mail program makes of "reply": threading headers, a prefixed subject, the old text quoted below."""
        quoted = to_mail.get_body(("plain", "html")).get_content()
        date, sender = to_mail["Date"], to_mail["From"]
        body = f"{text}\n\nOn {date}, {sender} wrote:\n" + "".join(f"> {line}\n" for line in quoted.splitlines())
        subject = to_mail["Subject"] or ""
        return self.write(
            email.utils.parseaddr(to_mail.get("Reply-To", sender))[1],
            subject if subject.lower().startswith("re:") else f"Re: {subject}",
            text=body,
            In_Reply_To=to_mail["Message-ID"],
            References=" ".join(filter(None, [to_mail["References"], to_mail["Message-ID"]])),
        )

    def send(self, mail, *recipients):
        """Hands the mail in over SMTP and returns the very bytes that went out."""
        raw = mail if isinstance(mail, bytes) else mail.as_bytes()
        host, _, port = self.smtp.rpartition(":")
        if not recipients:
            fields = [str(value) for name in ("To", "Cc") for value in mail.get_all(name, [])]
            recipients = [address for _, address in email.utils.getaddresses(fields)]
        with smtplib.SMTP(host, int(port), local_hostname="client.example", timeout=30) as connection:
            refused = connection.sendmail(self.address, recipients, raw, mail_options=["BODY=8BITMIME"])
        assert refused == {}, refused
        return raw


def fetch(url, **headers):
    """(status, headers, bytes) of a plain GET: no credential, no SDK."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


def raw_of(client, inbox_id, message_id):
    """The bytes of a stored message, through the signed link."""
    answer = client.inboxes.messages.get_raw(inbox_id, message_id)
    status, _, raw = fetch(answer.download_url)
    assert status == 200
    assert len(raw) == answer.size
    return raw


def mail_of(client, inbox_id, message_id):
    """A sent message as the outside person's mail program would read it."""
    return email.message_from_bytes(raw_of(client, inbox_id, message_id), policy=email.policy.default)


def address_of(mailbox):
    return email.utils.parseaddr(str(mailbox))[1].lower()


def addresses_of(header):
    return [address.lower() for _, address in email.utils.getaddresses([str(header or "")])]
