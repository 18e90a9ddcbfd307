"""Where the parts of an installation are: in a folder of deploy/stack, or as told by options and settings."""

import json
import os

from failure import Failure

# Of a stack's folder: what takes part in the encrypted archive of keys. The rest is made anew, or is the devices' own.
STACK_KEYS = ("authority", "bus", "director", "revocations", "secrets", "signing", "stack.json", "tls")
STACK_FILES = {"mosquitto-passwords": os.path.join("mosquitto", "passwords")}


class Installation:
    """The URL of the database, the image store's folder, and the keys: a path for each name in their archive."""

    def __init__(self, url, images, keys, stack=None):
        self.url = url
        self.images = images
        self.keys = keys
        self.stack = stack


def stack_keys(directory):
    places = {name: os.path.join(directory, name) for name in STACK_KEYS}
    places.update({name: os.path.join(directory, path) for name, path in STACK_FILES.items()})
    return places


def stack_url(directory, values):
    with open(os.path.join(directory, "secrets", "database"), encoding="utf-8") as file:
        secret = file.read().strip()
    return f"postgresql://xtblish:{secret}@127.0.0.1:{values['ports']['postgres']}/xtblish"


def of_stack(directory):
    """The stack in the folder, as deploy/stack left it."""
    try:
        with open(os.path.join(directory, "stack.json"), encoding="utf-8") as file:
            values = json.load(file)
    except FileNotFoundError:
        raise Failure(f"there is no stack in {directory}: name the folder that 'deploy/stack up --data' made", 66) from None
    keys = {name: path for name, path in stack_keys(directory).items() if os.path.exists(path)}
    return Installation(stack_url(directory, values), os.path.join(directory, "images"), keys, directory)


def named_keys(paths):
    """The last part of each path is its name in the archive, by which it is found again."""
    places = {}
    for path in paths:
        name = os.path.basename(os.path.abspath(path))
        if name in places:
            raise Failure(f"two folders of keys are named '{name}': name the folder above them instead", 64)
        places[name] = os.path.abspath(path)
    return places


def of_options(options):
    """As the options --data, or --images and --keys and the setting XTBLISH_DATABASE_URL, say."""
    if options.data:
        if options.images or options.keys:
            raise Failure("--data says where everything is: leave --images and --keys out", 64)
        return of_stack(os.path.abspath(options.data))
    url = os.environ.get("XTBLISH_DATABASE_URL", "")
    images = options.images or os.environ.get("XTBLISH_IMAGE_STORE_DIRECTORY", "")
    if not url or not images or not options.keys:
        raise Failure(
            "name a stack's folder with --data; or else --images, --keys for each folder of keys, and in the environment "
            "XTBLISH_DATABASE_URL", 64
        )
    return Installation(url, os.path.abspath(images), named_keys(options.keys))
