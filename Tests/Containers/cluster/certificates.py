"""What cert-manager would make: the Secrets of the Certificates of a cluster, signed by the CA in their Issuer's Secret."""

import base64
import datetime
import re

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from volumes import data_of

EXTENDED = {"server auth": ExtendedKeyUsageOID.SERVER_AUTH, "client auth": ExtendedKeyUsageOID.CLIENT_AUTH}


def make(certificate, objects):
    spec = certificate["spec"]
    issuer = objects["Issuer", spec["issuerRef"]["name"]]
    authority = data_of(objects["Secret", issuer["spec"]["ca"]["secretName"]])
    chain = x509.load_pem_x509_certificates(authority["tls.crt"])
    signer = serialization.load_pem_private_key(authority["tls.key"], None)
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.timezone.utc)
    hours = int(re.fullmatch(r"(\d+)h", spec["duration"])[1])
    names = [x509.DNSName(name) for name in spec["dnsNames"]]
    names += [x509.UniformResourceIdentifier(name) for name in spec["uris"]]
    usage = {name: False for name in ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement")}
    usage |= {name: False for name in ("key_cert_sign", "crl_sign", "encipher_only", "decipher_only")}
    leaf = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, spec["commonName"])]))
        .issuer_name(chain[0].subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(hours=hours))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(digital_signature="digital signature" in spec["usages"], **usage), critical=True)
        .add_extension(x509.ExtendedKeyUsage([EXTENDED[u] for u in spec["usages"] if u in EXTENDED]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(chain[0].public_key()), critical=False)
        .sign(signer, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    # As it keeps keys that are not asked for as PKCS#8.
    form = serialization.PrivateFormat.TraditionalOpenSSL
    data = {
        "tls.crt": leaf.public_bytes(pem) + b"".join(one.public_bytes(pem) for one in chain),
        "tls.key": key.private_bytes(pem, form, serialization.NoEncryption()),
        "ca.crt": chain[-1].public_bytes(pem),
    }
    return {
        "kind": "Secret",
        "metadata": {"name": spec["secretName"]},
        "data": {name: base64.b64encode(text).decode() for name, text in data.items()},
    }
