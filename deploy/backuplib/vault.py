"""Keys in a backup: a tar archive, encrypted with OpenSSL's CMS (RFC 5652, AES-256-GCM, RFC 5084).

It is encrypted for a certificate on P-256. That is either one which the user names, whose key is kept elsewhere, so that
the machine can't read its own backups; or one made for this backup alone, whose key lies beside it, encrypted with a
passphrase under scrypt. Neither passphrase nor key is ever in a process's arguments.
"""

import io
import os
import subprocess
import tarfile

from failure import Failure
from files import require_private, write

ARCHIVE, RECIPIENT, KEY = "keys.cms", "keys.recipient.pem", "keys.recipient.key"


def openssl(arguments, data=b"", also=None):
    """Runs openssl with the data at its standard input; `also` is read by it at /dev/fd/N in the place of `{}`."""
    descriptors = []
    if also is not None:
        reading, writing = os.pipe()
        os.write(writing, also)
        os.close(writing)
        descriptors = [reading]
        arguments = [argument.replace("{}", f"/dev/fd/{reading}") for argument in arguments]
    try:
        result = subprocess.run(
            ["openssl", *arguments], input=data, capture_output=True, check=False, pass_fds=descriptors
        )
    except FileNotFoundError:
        raise Failure("openssl is not installed: 'apt-get install openssl'", 69) from None
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
    if result.returncode != 0:
        raise Failure(f"openssl {arguments[0]} failed: {result.stderr.decode(errors='replace').strip()}")
    return result.stdout


def pack(sources):
    """A tar archive of files and folders; `sources` gives the name in it and the path of each."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, path in sorted(sources.items()):
            archive.add(path, arcname=name, filter=lambda entry: entry if is_kept(entry) else None)
    return buffer.getvalue()


def is_kept(entry):
    """Sockets and files that are being written are no part of a backup."""
    return (entry.isreg() or entry.isdir() or entry.issym() or entry.islnk()) and not entry.name.endswith(".part")


def seal(data, directory, passphrase_file=None, recipient=None):
    """Writes the encrypted data into the folder."""
    if recipient:
        with open(recipient, "rb") as file:
            certificate = file.read()
        if b"PRIVATE KEY" in certificate:
            raise Failure(f"{recipient} has a private key in it: give the certificate alone, and keep the key elsewhere", 78)
    else:
        require_private(passphrase_file, "backup's passphrase")
        key = openssl(["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"])
        certificate = openssl(
            ["req", "-x509", "-new", "-key", "/dev/stdin", "-subj", "/CN=xtblish backup", "-days", "36500"], key
        )
        encrypted = openssl(
            ["pkcs8", "-topk8", "-v2", "aes-256-cbc", "-scrypt", "-passout", f"file:{passphrase_file}"], key
        )
        write(os.path.join(directory, KEY), encrypted)
    write(os.path.join(directory, RECIPIENT), certificate)
    sealed = openssl(
        ["cms", "-encrypt", "-binary", "-aes-256-gcm", "-outform", "DER", os.path.join(directory, RECIPIENT)], data
    )
    write(os.path.join(directory, ARCHIVE), sealed)


def unseal(directory, passphrase_file=None, identity=None):
    """The data again. The algorithm tells whether anybody changed it."""
    command = ["cms", "-decrypt", "-inform", "DER", "-recip", os.path.join(directory, RECIPIENT)]
    if identity:
        require_private(identity, "key of the backup")
        command += ["-inkey", identity]
        if passphrase_file:
            command += ["-passin", f"file:{passphrase_file}"]
    else:
        key = os.path.join(directory, KEY)
        if not os.path.exists(key):
            raise Failure(f"the keys in {directory} are encrypted for a certificate: give its key with --identity", 64)
        if not passphrase_file:
            raise Failure(f"the keys in {directory} are encrypted with a passphrase: give it with --passphrase-file", 64)
        require_private(passphrase_file, "backup's passphrase")
        command += ["-inkey", key, "-passin", f"file:{passphrase_file}"]
    with open(os.path.join(directory, ARCHIVE), "rb") as file:
        sealed = file.read()
    try:
        return openssl(command, sealed)
    except Failure as failure:
        raise Failure(
            f"the keys in {directory} can't be decrypted: the passphrase or key is another one, or the file is damaged "
            f"({str(failure).splitlines()[0]})", 65
        ) from None


def is_safe(entry):
    """Whether the entry stays inside the folder that it is unpacked into."""
    parts = entry.name.split("/")
    if entry.name.startswith("/") or ".." in parts:
        return False
    if entry.issym() or entry.islnk():
        return not entry.linkname.startswith("/") and ".." not in entry.linkname.split("/")
    return entry.isreg() or entry.isdir()


def entries(data):
    """The entries of the archive, each with its contents."""
    found = []
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        for entry in archive.getmembers():
            if not is_safe(entry):
                raise Failure(f"the keys' archive has an entry that leaves its folder: {entry.name!r}; nothing is unpacked", 65)
            source = archive.extractfile(entry) if entry.isreg() or entry.islnk() else None
            found.append((entry, source.read() if source else b""))
    return found


def unpack(data, places):
    """Puts the entries in their places; `places` gives the path of each first part of a name, None for those to leave out.

    Says how many files.
    """
    count = 0
    for entry, contents in entries(data):
        first, _, rest = entry.name.partition("/")
        if places[first] is None:
            continue
        path = os.path.join(places[first], rest) if rest else places[first]
        if entry.isdir():
            os.makedirs(path, exist_ok=True)
            os.chmod(path, entry.mode & 0o7777)
        elif entry.issym():
            if os.path.lexists(path):
                os.unlink(path)
            os.symlink(entry.linkname, path)
        else:
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
            write(path, contents, entry.mode & 0o7777)
            count += 1
        if os.geteuid() == 0:
            os.chown(path, entry.uid, entry.gid, follow_symlinks=False)
    return count
