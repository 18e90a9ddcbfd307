"""The image store's folder: blobs by their SHA-256, and which of them is the unstripped module of a build.

A blob is there before the database names it, and stays; one that it never names, as its upload is refused in the end, may
be taken out again. So a copy that is made after the database's snapshot has all that the snapshot names.
"""

import contextlib
import os
import re

import files
from database import is_digest


def path(directory, digest):
    return os.path.join(directory, digest[:2], digest)


def listed(images):
    """Digest and size in bytes of each blob of a store's or a backup's `images`, in order."""
    found = {}
    for shard in sorted(os.listdir(images)) if os.path.isdir(images) else []:
        folder = os.path.join(images, shard)
        if len(shard) != 2 or not os.path.isdir(folder):
            continue
        for name in sorted(os.listdir(folder)):
            if is_digest(name) and name.startswith(shard):
                with contextlib.suppress(FileNotFoundError):
                    found[name] = os.path.getsize(os.path.join(folder, name))
    return found


def is_build(name):
    """Whether that is the name of a build's file below a store's `debug`, and leads nowhere else."""
    return re.fullmatch(r"[0-9a-f]{2}/[0-9a-f]+", name) is not None


def builds(debug):
    """What each file of a store's `debug` says: the digest of a build's module."""
    found = {}
    for shard in sorted(os.listdir(debug)) if os.path.isdir(debug) else []:
        folder = os.path.join(debug, shard)
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
            if not is_build(f"{shard}/{name}"):
                continue
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                found[f"{shard}/{name}"] = file.read()
    return found


def take(store, target, previous, notice):
    """Copies the store's blobs into the backup; those that the previous backup has are linked to its own.

    Gives what is there afterwards, how many bytes were copied, and the damaged ones.
    """
    there, copied, damaged = {}, 0, []
    for digest, size in listed(os.path.join(store, "images")).items():
        os.makedirs(os.path.dirname(path(target, digest)), mode=0o700, exist_ok=True)
        if previous and link(path(previous, digest), path(target, digest), size):
            there[digest] = size
            continue
        try:
            is_whole = files.copy(path(os.path.join(store, "images"), digest), path(target, digest), digest)
        except FileNotFoundError:
            # Its upload was refused meanwhile. Were it one that the database names, it would be missing.
            continue
        if is_whole:
            there[digest] = size
            copied += size
        else:
            damaged.append(digest)
            notice(f"blob {digest} is damaged in the image store, and not in the backup: 'xtblish-image-store verify --all'")
    for shard in os.listdir(target) if os.path.isdir(target) else []:
        files.sync_folder(os.path.join(target, shard))
    return there, copied, damaged


def link(source, target, size):
    """Whether the earlier backup's file could be used once more."""
    try:
        if os.path.getsize(source) != size:
            return False
        os.link(source, target)
        return True
    except OSError:
        return False


def check(images, expected):
    """The digests that are missing or damaged in a backup's or a store's `images`."""
    wrong = []
    for digest in expected:
        try:
            if files.digest(path(images, digest)) != digest:
                wrong.append(digest)
        except OSError:
            wrong.append(digest)
    return wrong


def give(images, store, expected, known_builds):
    """Puts the backup's blobs into the store; what is there and whole stays. Says how many came."""
    owner = os.stat(store)
    count = 0
    for digest in expected:
        target = path(os.path.join(store, "images"), digest)
        if os.path.exists(target) and files.digest(target) == digest:
            continue
        folder(os.path.dirname(target), owner)
        if files.copy(path(images, digest), target, digest, mode=0o644):
            own(target, owner)
            count += 1
    for name, digest in known_builds.items():
        target = os.path.join(store, "debug", name)
        folder(os.path.dirname(target), owner)
        files.write(target, digest.encode(), mode=0o644)
        own(target, owner)
    return count


def folder(directory, owner):
    if not os.path.isdir(directory):
        folder(os.path.dirname(directory), owner)
        os.mkdir(directory, 0o755)
        own(directory, owner)


def own(target, owner):
    if os.geteuid() == 0:
        os.chown(target, owner.st_uid, owner.st_gid)
