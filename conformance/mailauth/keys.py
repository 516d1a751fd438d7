"""Signing keys made on the spot: RSA of any length, Ed25519, and the records that publish them."""
import base64
import math
import secrets

import nacl.signing


class Rsa:
    """`private` is what dkimpy signs with: RSAPrivateKey in PEM."""

    algorithm = b"rsa-sha256"

    def __init__(self, bits=1024):
        while True:
            p, q = prime(bits // 2), prime(bits - bits // 2)
            n, t = p * q, (p - 1) * (q - 1)
            if p != q and n.bit_length() == bits and math.gcd(65537, t) == 1:
                break
        d = pow(65537, -1, t)
        numbers = [0, n, 65537, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p)]
        body = base64.encodebytes(sequence(*map(integer, numbers))).decode()
        self.private = f"-----BEGIN RSA PRIVATE KEY-----\n{body}-----END RSA PRIVATE KEY-----\n".encode()
        public = sequence(integer(n), integer(65537))
        identifier = sequence(bytes.fromhex("06092a864886f70d010101"), b"\x05\x00")
        info = sequence(identifier, value(3, b"\0" + public))
        self.record = f"v=DKIM1; k=rsa; p={base64.b64encode(info).decode()}"


class Ed25519:
    algorithm = b"ed25519-sha256"

    def __init__(self):
        key = nacl.signing.SigningKey.generate()
        self.private = base64.b64encode(bytes(key))
        self.record = f"v=DKIM1; k=ed25519; p={base64.b64encode(bytes(key.verify_key)).decode()}"


def prime(bits):
    while True:
        candidate = secrets.randbits(bits) | 1 | (3 << (bits - 2))
        if all(candidate % small for small in (3, 5, 7, 11, 13, 17, 19, 23)) and probably_prime(candidate):
            return candidate


def probably_prime(n):
    odd, twos = n - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for _ in range(32):
        x = pow(secrets.randbelow(n - 3) + 2, odd, n)
        if x in (1, n - 1):
            continue
        for _ in range(twos - 1):
            x = x * x % n
            if x == n - 1:
                break
        else:
            return False
    return True


def value(tag, content):
    length = len(content)
    if length < 128:
        return bytes([tag, length]) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + content


def integer(number):
    return value(2, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def sequence(*parts):
    return value(0x30, b"".join(parts))
