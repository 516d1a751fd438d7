"""Writes the configuration of the peers that the load harness starts: Postfix with Maildir, Postfix with Dovecot.

Both get what an operator would give them for this work (no content filter, no DNS look-ups per client, generous
process limits) and keep their own defaults for durability. Nothing of theirs can leave the machine: mail that
bounces goes to `discard`.
"""
import os
import pathlib
import pwd
import shutil
import subprocess
import sys

PACKAGES = ["postfix", "dovecot-imapd", "dovecot-lmtpd"]
SERVICES = """
127.0.0.1:2525 inet n - n - 200 smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - 20 virtual
lmtp unix - - n - 20 lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
"""


def available():
    """None when the peers can run here, otherwise why not."""
    if os.geteuid() != 0:
        return "the peers need root (Postfix changes users)"
    if not shutil.which("postconf") or not shutil.which("dovecot"):
        return f"install Debian's packages {' '.join(PACKAGES)} to measure the peers"
    return None


def write(work):
    """Puts everything the harness expects under `work`."""
    try:
        pwd.getpwnam("vmail")
    except KeyError:
        subprocess.run(["useradd", "--system", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", "vmail"], check=True)
    user = pwd.getpwnam("vmail")
    for folder in ("vmail/md", "vmail/dc", "dc/run", "pf/etc", "pf/spool", "pf/data"):
        (work / folder).mkdir(parents=True, exist_ok=True)
    for folder in ("vmail", "vmail/md", "vmail/dc"):
        os.chown(work / folder, user.pw_uid, user.pw_gid)
    shutil.chown(work / "pf/data", "postfix")
    (work / "dc/extra.conf").touch()
    (work / "dc/dovecot.conf").write_text(dovecot(work))
    (work / "pf/etc/main.cf").write_text(postfix(work, user))
    (work / "pf/etc/master.cf").write_text(SERVICES)
    (work / "pf/etc/boxes").write_text("".join(f"user{n}@example.test user{n}/\n" for n in range(1000)))
    check = subprocess.run(["postfix", "-c", str(work / "pf/etc"), "check"], capture_output=True, text=True)
    if check.returncode:
        sys.exit(f"postfix check: {check.stderr}")


def postfix(work, user):
    return f"""
compatibility_level = 3.6
queue_directory = {work}/pf/spool
data_directory = {work}/pf/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.example.test
mydestination =
mynetworks =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
local_recipient_maps =
alias_maps =
alias_database =
biff = no
default_transport = discard
relay_transport = discard
virtual_mailbox_domains = example.test
virtual_mailbox_base = {work}/vmail/md
virtual_mailbox_maps = texthash:{work}/pf/etc/boxes
virtual_uid_maps = static:{user.pw_uid}
virtual_gid_maps = static:{user.pw_gid}
virtual_minimum_uid = 1
virtual_mailbox_limit = 0
message_size_limit = 31457280
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_client_message_rate_limit = 0
smtpd_client_recipient_rate_limit = 0
smtpd_recipient_restrictions = reject_unauth_destination
smtpd_relay_restrictions = reject_unauth_destination
smtpd_peername_lookup = no
smtpd_tls_security_level = none
default_process_limit = 200
"""


def dovecot(work):
    return f"""
protocols = imap lmtp
listen = 127.0.0.1
base_dir = {work}/dc/run
log_path = {work}/dc/dovecot.log
ssl = no
disable_plaintext_auth = no
auth_username_format = %n
auth_mechanisms = plain
mail_location = maildir:{work}/vmail/dc/%n/Maildir
mail_uid = vmail
mail_gid = vmail
first_valid_uid = 1
passdb {{
  driver = static
  args = nopassword=y
}}
userdb {{
  driver = static
  args = uid=vmail gid=vmail home={work}/vmail/dc/%n allow_all_users=yes
}}
service imap-login {{
  inet_listener imap {{
    port = 2143
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = 2424
  }}
  unix_listener {work}/dc/lmtp {{
    mode = 0666
  }}
  process_limit = 100
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
protocol lmtp {{
  postmaster_address = postmaster@example.test
}}
!include_try {work}/dc/extra.conf
"""


if __name__ == "__main__":
    write(pathlib.Path(sys.argv[1]))
