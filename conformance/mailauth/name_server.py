"""A name server on loopback whose zone is changed between tests: UDP and TCP, nothing may be remembered."""
import socketserver
import struct
import threading

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

TIMEOUT = "TIMEOUT"


class NameServer:
    """`zone` maps names in lower case, without the final dot, to lists of (type, text in the form of a zone file). The
    entry TIMEOUT makes every question that no record of the name answers go unanswered."""

    def __init__(self):
        self.zone = {}
        self.ttl = 0
        self.asked = []
        owner = self

        class Datagrams(socketserver.BaseRequestHandler):
            def handle(self):
                data, sock = self.request
                if (answer := owner.answer(data)) is not None:
                    sock.sendto(answer, self.client_address)

        class Streams(socketserver.BaseRequestHandler):
            def handle(self):
                head = self.request.recv(2)
                if len(head) == 2:
                    answer = owner.answer(self.request.recv(struct.unpack("!H", head)[0]))
                    if answer is not None:
                        self.request.sendall(struct.pack("!H", len(answer)) + answer)

        self.udp = socketserver.ThreadingUDPServer(("127.0.0.1", 0), Datagrams)
        self.port = self.udp.server_address[1]
        socketserver.ThreadingTCPServer.allow_reuse_address = True
        self.tcp = socketserver.ThreadingTCPServer(("127.0.0.1", self.port), Streams)
        for server in (self.udp, self.tcp):
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def close(self):
        for server in (self.udp, self.tcp):
            server.shutdown()
            server.server_close()

    def answer(self, data):
        query = dns.message.from_wire(data)
        question = query.question[0]
        kind = dns.rdatatype.to_text(question.rdtype)
        self.asked.append((question.name.to_text(omit_final_dot=True), kind))
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        name = question.name
        for _ in range(8):  # aliases are followed here, as a resolver does
            records = self.zone.get(text(name))
            if records is None:
                if not reply.answer and not self.has_below(name):
                    reply.set_rcode(dns.rcode.NXDOMAIN)
                break
            found = [value for own, value in records if own == kind]
            if found:
                add(reply, name, kind, found, self.ttl)
                break
            if TIMEOUT in (own for own, _ in records):
                return None
            alias = [value for own, value in records if own == "CNAME"]
            if not alias:
                break
            add(reply, name, "CNAME", alias, self.ttl)
            name = dns.name.from_text(alias[0])
        return reply.to_wire(max_size=65000)

    def has_below(self, name):
        return any(known.endswith("." + text(name)) for known in self.zone)


def text(name):
    return b".".join(name.labels[:-1]).decode("latin-1").lower()


def add(reply, name, kind, values, ttl):
    rrset = dns.rrset.RRset(name, dns.rdataclass.IN, dns.rdatatype.from_text(kind))
    for value in values:
        if kind == "TXT":
            rdata = dns.rdata.from_text("IN", "TXT", " ".join(quoted(part) for part in value))
        else:
            rdata = dns.rdata.from_text("IN", kind, value)
        rrset.add(rdata, ttl)
    reply.answer.append(rrset)


def quoted(part):
    """A character string; YAML has octets beyond ASCII as characters of that number."""
    octets = part.encode("latin-1") if isinstance(part, str) else part
    return '"' + "".join(chr(o) if 32 <= o < 127 and chr(o) not in '"\\' else f"\\{o:03d}" for o in octets) + '"'


def pieces(value):
    """Texts longer than a character string are cut (RFC 1035 section 3.3.14)."""
    return [value[at:at + 255] for at in range(0, len(value), 255)] or [""]


