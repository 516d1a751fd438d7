"""A name server on loopback whose records a test sets, and which both the server under test and the verifier ask."""
import socket
import threading

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.resolver
import dns.rrset


class NameServer:
    def __init__(self):
        self.records = {}
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def publish(self, records, apex):
        """Sets records as the API shows them."""
        for record in records:
            name = apex if record.name == "@" else f"{record.name}.{apex}"
            if record.type == "TXT":
                parts = [record.value[at:at + 255] for at in range(0, len(record.value), 255)]
                data = " ".join(f'"{part}"' for part in parts)
            elif record.type == "MX":
                data = f"{record.priority} {record.value}."
            else:
                data = f"{record.value}."
            self.records.setdefault((dns.name.from_text(name), record.type), []).append(data)

    def txt(self, name, timeout=5):
        """What dkimpy calls to find a key: asks this server over UDP."""
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port, resolver.lifetime = ["127.0.0.1"], self.port, timeout
        text = name.decode() if isinstance(name, bytes) else name
        try:
            (record,) = resolver.resolve(text, "TXT", search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return None
        return b"".join(record.strings)

    def close(self):
        self.socket.close()

    def _serve(self):
        while True:
            try:
                wire, peer = self.socket.recvfrom(4096)
            except OSError:
                return
            query = dns.message.from_wire(wire)
            (question,) = query.question
            answer = dns.message.make_response(query, recursion_available=True)
            kind = dns.rdatatype.to_text(question.rdtype)
            found = self.records.get((question.name, kind), [])
            if found:
                answer.answer.append(dns.rrset.from_text_list(question.name, 0, "IN", kind, found))
            elif not any(name.is_subdomain(question.name) for name, _ in self.records):
                answer.set_rcode(dns.rcode.NXDOMAIN)
            self.socket.sendto(answer.to_wire(), peer)
