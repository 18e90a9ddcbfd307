"""What a backup has, by which it is verified: manifest.json and the list blobs.txt."""

import json
import os

import blobs
import files
import vault
from failure import Failure

FORMAT = 1
NAME, DUMP, BLOBS, BUILDS = "manifest.json", "database.dump", "blobs.txt", "builds.json"
PARTS = (DUMP, BLOBS, BUILDS, vault.ARCHIVE, vault.RECIPIENT, vault.KEY)


def write(directory, values, known, builds):
    """Written last: a folder without it is no backup."""
    listing = "".join(f"{digest} {size}\n" for digest, size in sorted(known.items()))
    files.write(os.path.join(directory, BLOBS), listing.encode())
    files.write(os.path.join(directory, BUILDS), json.dumps(builds, indent=2, sort_keys=True).encode() + b"\n")
    parts = {}
    for name in PARTS:
        path = os.path.join(directory, name)
        if os.path.exists(path):
            parts[name] = {"sizeBytes": os.path.getsize(path), "sha256": files.digest(path)}
    text = json.dumps({"format": FORMAT, "parts": parts, **values}, indent=2, sort_keys=True)
    files.write(os.path.join(directory, NAME), text.encode() + b"\n")


def read(directory):
    try:
        with open(os.path.join(directory, NAME), encoding="utf-8") as file:
            values = json.load(file)
    except FileNotFoundError:
        raise Failure(f"{directory} is no backup: it has no {NAME}; backups are in folders named by their time", 66) from None
    except ValueError as error:
        raise Failure(f"{directory}/{NAME} is damaged ({error}): take another backup", 65) from None
    if values.get("format") != FORMAT:
        raise Failure(f"{directory} has format {values.get('format')}, this program reads {FORMAT}: use the one that made it", 65)
    return values


def verify(directory, values, say=lambda text: None, with_blobs=True):
    """Reads everything and compares it with its digest. Gives the blobs with their sizes, and the builds.

    with_blobs: of the blobs too, one of which may be damaged in all backups that share it.
    """
    for name, part in values["parts"].items():
        try:
            whole = files.digest(os.path.join(directory, name)) == part["sha256"]
        except OSError as error:
            raise Failure(f"{directory}/{name} can't be read ({error.strerror}): take another backup", 65) from None
        if not whole:
            raise Failure(f"{directory}/{name} is damaged: take another backup", 65)
    with open(os.path.join(directory, BLOBS), encoding="utf-8") as file:
        known = {line.split()[0]: int(line.split()[1]) for line in file}
    with open(os.path.join(directory, BUILDS), encoding="utf-8") as file:
        builds = json.load(file)
    strange = [name for name in builds if not blobs.is_build(name)]
    if strange:
        raise Failure(f"{directory}/{BUILDS} has a name that leaves its folder: {strange[0]!r}; nothing is restored", 65)
    wrong = blobs.check(os.path.join(directory, "images"), known) if with_blobs else []
    if wrong:
        raise Failure(
            f"{directory} lacks {len(wrong)} blobs, or they are damaged, such as {wrong[0]}: take another backup; where all "
            "share it, restore the rest with --only keys --only database, and push the apps again", 65
        )
    say(f"{f'{len(known)} blobs, ' if with_blobs else ''}the database and the keys are whole")
    return known, builds


def mark(path, values):
    """The figures of the last backup, as Prometheus's node exporter reads them from its textfile directory."""
    figures = {
        "xtblish_backup_last_success_timestamp_seconds": ("When the last whole backup was made.", values["finished"]),
        "xtblish_backup_last_duration_seconds": ("How long the last whole backup took.", values["seconds"]),
        "xtblish_backup_last_size_bytes": ("Size of the last whole backup, with what it shares.", values["sizeBytes"]),
        "xtblish_backup_last_blobs": ("Blobs in the last whole backup.", values["blobs"]),
    }
    lines = []
    for name, (text, value) in figures.items():
        lines += [f"# HELP {name} {text}", f"# TYPE {name} gauge", f"{name} {value}"]
    files.write(path, ("\n".join(lines) + "\n").encode(), mode=0o644)


def size(directory, known):
    own = sum(os.path.getsize(os.path.join(directory, name)) for name in PARTS if os.path.exists(os.path.join(directory, name)))
    return own + sum(known.values())
