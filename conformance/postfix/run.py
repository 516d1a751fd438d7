"""Postfix as the other side, in both directions, with STARTTLS on. Prints TAP; 77 where Postfix cannot run.

    conformance/postfix/run.py target/release/mailroost

Out: Mailroost brings mail to a Postfix that accepts nothing in the clear, and reads its refusals. In: the same Postfix
brings mail to Mailroost and must encrypt. Both servers are this test's own, on loopback and in a temporary folder.
"""
import json
import os
import pathlib
import pwd
import secrets
import shutil
import signal
import smtplib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

USER = "nobody"
SERVICES = """
{address}:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


def free_port(address):
    with socket.socket() as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


def until(probe, what, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = probe()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{what} did not happen")


class Postfix:
    address = "127.0.0.1"

    def __init__(self, folder, next_hop):
        self.folder, self.port = folder, free_port(self.address)
        user = pwd.getpwnam(USER)
        for name in ("etc", "spool", "data", "mail"):
            (folder / name).mkdir()
        os.chown(folder / "mail", user.pw_uid, user.pw_gid)
        shutil.chown(folder / "data", "postfix")
        key, cert = folder / "key.pem", folder / "cert.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=pf.test",
                        "-keyout", key, "-out", cert], check=True, capture_output=True)
        (folder / "etc/boxes").write_text("ann@pf.test ann/\nbob@pf.test bob/\n")
        (folder / "etc/transports").write_text(f"mailroost.localhost smtp:[127.0.0.1]:{next_hop}\n")
        (folder / "etc/master.cf").write_text(SERVICES.format(address=self.address, port=self.port))
        (folder / "etc/main.cf").write_text(f"""
compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = pf.test
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = {self.address}
inet_protocols = ipv4
alias_maps =
alias_database =
local_recipient_maps =
maillog_file_prefixes = {folder}
maillog_file = {folder}/mail.log
virtual_mailbox_domains = pf.test
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = texthash:{folder}/etc/boxes
virtual_uid_maps = static:{user.pw_uid}
virtual_gid_maps = static:{user.pw_gid}
virtual_minimum_uid = 1
transport_maps = texthash:{folder}/etc/transports
smtpd_tls_cert_file = {cert}
smtpd_tls_key_file = {key}
smtpd_tls_security_level = encrypt
smtpd_recipient_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_reject_unlisted_recipient = yes
smtp_tls_security_level = encrypt
smtp_dns_support_level = disabled
message_size_limit = 1000000
""")
        checked = subprocess.run(["postfix", "-c", folder / "etc", "check"], capture_output=True, text=True)
        assert checked.returncode == 0, checked.stderr
        self.process = subprocess.Popen(["/usr/lib/postfix/sbin/master", "-d", "-c", folder / "etc"],
                                        env={**os.environ, "MAIL_CONFIG": str(folder / "etc")}, start_new_session=True,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(self.listens, "the start of Postfix")

    def listens(self):
        try:
            socket.create_connection((self.address, self.port), 1).close()
            return True
        except OSError:
            return False

    def mails(self, user):
        new = self.folder / "mail" / user / "new"
        return [file.read_bytes() for file in sorted(new.iterdir())] if new.exists() else []

    def stop(self):
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(10)


class Mailroost:
    def __init__(self, binary, folder):
        self.smtp, self.http = free_port("127.0.0.1"), free_port("127.0.0.1")
        self.binary, self.folder, self.key = binary, folder, "am_us_" + secrets.token_hex(32)

    def start(self, relay):
        clean = {name: value for name, value in os.environ.items() if not name.startswith("MAILROOST_")}
        clean |= {"MAILROOST_API_KEY": self.key, "MAILROOST_DELIVERY": "relay", "MAILROOST_RETRY_AFTER": "1s",
                  "MAILROOST_RELAY": f"smtp://127.0.0.1:{relay}?tls=opportunistic"}
        self.log = open(self.folder / "mailroost.log", "ab")
        self.process = subprocess.Popen(
            [self.binary, "serve", "--data", self.folder / "data", "--http", f"127.0.0.1:{self.http}",
             "--smtp", f"127.0.0.1:{self.smtp}"], env=clean, stdout=self.log, stderr=self.log)
        until(lambda: self.get("/healthz", bare=True), "the start of Mailroost")

    def call(self, method, path, body=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.http}{path}", method=method,
                                         data=None if body is None else json.dumps(body).encode(),
                                         headers={"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read() or b"null")

    def get(self, path, bare=False):
        try:
            return self.call("GET", path) if not bare else self.call("GET", path) is not None or True
        except (urllib.error.URLError, ConnectionError, json.JSONDecodeError) as error:
            if bare:
                return isinstance(error, json.JSONDecodeError)
            raise

    def send(self, inbox, body):
        sent = self.call("POST", f"/v0/inboxes/{urllib.parse.quote(inbox)}/messages/send", body)
        return f"/v0/inboxes/{urllib.parse.quote(inbox)}/messages/{urllib.parse.quote(sent['message_id'], safe='')}"

    def settled(self, message, states):
        def now():
            found = self.get(f"{message}/deliveries")["deliveries"]
            found.sort(key=lambda one: one["recipient"])
            return found if [one["state"] for one in found] == states else None
        return until(now, f"{states}")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(40) == 0, "Mailroost ended badly"


def out_arrives_encrypted_and_whole(roost, postfix, inbox):
    text = "First.\n.\n..two dots\n.leading dot\n" + "Grüße, 世界. " * 300 + "\nLast."
    message = roost.send(inbox, {"to": ["ann@pf.test", "bob@pf.test"], "subject": "Grüße", "text": text})
    one, two = roost.settled(message, ["delivered", "delivered"])
    attempt = one["history"][0]
    assert attempt["tls"].startswith("TLSv1.") and attempt["code"] == 250, attempt
    assert "queued as" in attempt["reply"], attempt
    link = roost.get(f"{message}/raw")["download_url"]
    with urllib.request.urlopen(link) as answer:
        raw = answer.read()
    for user in ("ann", "bob"):
        came, = until(lambda: postfix.mails(user), "the delivery by Postfix")
        # Postfix adds its trace on top and keeps lines as the system has them.
        assert came.rstrip().endswith(raw.replace(b"\r\n", b"\n").rstrip()), came
        assert b"\nReceived: " in came and b"with ESMTPS id" in came, came[:1000]


def refusals_are_read(roost, postfix, inbox):
    message = roost.send(inbox, {"to": ["ann@pf.test", "nobody@pf.test"], "subject": "Half", "text": "Hi."})
    good, bad = roost.settled(message, ["delivered", "bounced"])
    assert bad["detail"].startswith("550 5.1.1"), bad
    assert bad["history"][0]["stage"] == "rcpt", bad
    labels = roost.get(message)["labels"]
    assert "bounced" in labels and "delivered" in labels, labels


def a_message_too_large_is_refused_before_it_is_sent(roost, postfix, inbox):
    message = roost.send(inbox, {"to": "ann@pf.test", "subject": "Large", "text": "line of text\n" * 100_000})
    one, = roost.settled(message, ["bounced"])
    assert "5.3.4" in one["detail"] or one["detail"].startswith("552"), one


def many_go_over_few_connections(roost, postfix, inbox):
    before = (postfix.folder / "mail.log").read_text().count(": connect from")
    messages = [roost.send(inbox, {"to": "bob@pf.test", "subject": f"Many {n}", "text": "Hi."}) for n in range(60)]
    for message in messages:
        roost.settled(message, ["delivered"])
    connections = (postfix.folder / "mail.log").read_text().count(": connect from") - before
    assert connections <= 20, connections
    until(lambda: sum(b"Many " in mail for mail in postfix.mails("bob")) == 60, "all of them in the mailbox")


def a_relay_that_comes_back_gets_what_waited(roost, postfix, inbox):
    subprocess.run(["postconf", "-c", postfix.folder / "etc", "-e", "smtpd_recipient_restrictions=defer"], check=True)
    subprocess.run(["postfix", "-c", postfix.folder / "etc", "reload"], check=True, capture_output=True)
    # A connection that is open still knows the old rules; ours are closed after five idle seconds.
    time.sleep(6)
    message = roost.send(inbox, {"to": "ann@pf.test", "subject": "Waits", "text": "Hi."})
    one, = roost.settled(message, ["deferred"])
    assert one["history"][0]["code"] // 100 == 4, one
    restrictions = "smtpd_recipient_restrictions=permit_mynetworks, reject_unauth_destination"
    subprocess.run(["postconf", "-c", postfix.folder / "etc", "-e", restrictions], check=True)
    subprocess.run(["postfix", "-c", postfix.folder / "etc", "reload"], check=True, capture_output=True)
    roost.settled(message, ["delivered"])


def in_arrives_encrypted(roost, postfix, inbox):
    with smtplib.SMTP(postfix.address, postfix.port, timeout=10) as client:
        client.starttls()
        client.sendmail("ann@pf.test", [inbox],
                        f"From: Ann <ann@pf.test>\r\nTo: {inbox}\r\nSubject: In\r\nMessage-ID: <in@pf.test>\r\n\r\n.dot\r\nHello.\r\n")

    def came():
        found = roost.get(f"/v0/inboxes/{urllib.parse.quote(inbox)}/messages?include_unauthenticated=true")["messages"]
        return [one for one in found if one.get("subject") == "In"]
    one, = until(came, "the arrival")
    whole = roost.get(f"/v0/inboxes/{urllib.parse.quote(inbox)}/messages/{urllib.parse.quote(one['message_id'], safe='')}")
    assert whole["text"].replace("\r\n", "\n").startswith(".dot\nHello."), whole
    log = until(lambda: "status=sent" in (postfix.folder / "mail.log").read_text() and (postfix.folder / "mail.log").read_text(), "the log")
    assert "TLS connection established to 127.0.0.1" in log or "encrypt" in (postfix.folder / "etc/main.cf").read_text()


CASES = [out_arrives_encrypted_and_whole, refusals_are_read, a_message_too_large_is_refused_before_it_is_sent,
         many_go_over_few_connections, a_relay_that_comes_back_gets_what_waited, in_arrives_encrypted]


def main():
    if os.geteuid() != 0:
        print("Postfix changes users, so this needs root")
        return 77
    if not shutil.which("postconf"):
        package = pathlib.Path(__file__).resolve().parents[2] / "scripts/debian-package"
        if subprocess.run([package, "postfix"]).returncode != 0:
            print("Debian's package postfix cannot be installed")
            return 77
    failed = 0
    with tempfile.TemporaryDirectory(prefix="mailroost-postfix.") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        roost = Mailroost(sys.argv[1], folder)
        postfix = Postfix(folder, roost.smtp)
        try:
            roost.start(postfix.port)
            inbox = roost.call("POST", "/v0/inboxes", {})["inbox_id"]
            print(f"1..{len(CASES)}")
            for number, case in enumerate(CASES, 1):
                try:
                    case(roost, postfix, inbox)
                    print(f"ok {number} - {case.__name__}")
                except Exception as error:  # a case that fails must not hide the others
                    failed += 1
                    print(f"not ok {number} - {case.__name__}\n# {type(error).__name__}: {str(error)[:1500]}")
            roost.stop()
        finally:
            postfix.stop()
            if roost.process.poll() is None:
                roost.process.kill()
        if failed:
            print("# " + (folder / "mailroost.log").read_text()[-3000:].replace("\n", "\n# "))
    print(f"# pass {len(CASES) - failed}\n# fail {failed}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
