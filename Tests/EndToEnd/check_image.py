"""Checks a firmware image against the format, from the published table alone.

usage: check_image.py DEVICE_ID VERSION WASM_FILE < IMAGE
Prints each fault; exit status 1 if there is any. Uses Python's standard library only.
"""

import hashlib
import struct
import sys
import uuid


def faults(image, device, version, wasm):
    if len(image) != 544 + len(wasm):
        yield f"the image has {len(image)} bytes, not 544 + {len(wasm)}"
        return
    if hashlib.sha256(image[32:]).digest() != image[:32]:
        yield "the first 32 bytes are not the SHA-256 of the rest"
    if image[32:48] != uuid.UUID(device).bytes:
        yield f"the device ID is {image[32:48].hex()}, not {device}"
    if image[48:52] != b"XTB1":
        yield f"the magic is {image[48:52]!r}"
    header, _flags, number, length = struct.unpack_from("<HHQQ", image, 52)
    if header != 1:
        yield f"the header version is {header}"
    if number != version:
        yield f"the version is {number}, not {version}"
    if length != len(wasm):
        yield f"the wasm length is {length}, not {len(wasm)}"
    if image[72:104] != hashlib.sha256(wasm).digest():
        yield "the digest at 72 is not the SHA-256 of the wasm"
    for name, start in (("app name", 112), ("app version", 144)):
        text, _, padding = image[start : start + 32].partition(b"\0")
        text.decode("utf-8")
        if padding.strip(b"\0"):
            yield f"the {name} is not zero padded"
    if any(image[320:544]):
        yield "bytes 320 to 543 are not zero"
    if image[544:] != wasm:
        yield "the bytes after 544 are not the wasm that was posted"


def main():
    device, version, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    with open(path, "rb") as file:
        wasm = file.read()
    found = list(faults(sys.stdin.buffer.read(), device, version, wasm))
    for fault in found:
        print(fault)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
