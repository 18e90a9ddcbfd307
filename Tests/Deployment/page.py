"""Runs the commands of a page of docs/, in its order, in one shell, on a stack of its own.

usage: page.py disaster.md      Prints how long each part took; exit status 1 if a command fails.
"""

import os
import pathlib
import re
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))

from running import BINARIES, DEPLOY, ROOT, run, work_folder  # noqa: E402

# Where the page's folder /tmp/xtblish, its programs and its apps are.
EXAMPLES = os.environ.get("XTBLISH_EXAMPLES", ".build-examples")


def blocks(text):
    """The heading that each block of `sh` stands under, and its commands."""
    heading = ""
    for part in re.finditer(r"^(#+ [^\n]*)$|^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        if part.group(1):
            heading = part.group(1)
        else:
            yield heading, part.group(2)


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 64
    folder = work_folder("page")
    script, marks = ["set -e -o pipefail", "trap 'echo \"failed: $BASH_COMMAND\" >&2' ERR"], []
    for heading, commands in blocks((ROOT / "docs" / sys.argv[1]).read_text(encoding="utf-8")):
        marks.append(heading)
        script.append(f"echo 'PART {len(marks) - 1}'")
        commands = commands.replace("/tmp/xtblish", str(folder / "stack"))
        script.append(commands.replace("$PWD/.build/release", str(BINARIES)).replace(".build-examples/", f"{EXAMPLES}/"))
    path = folder / "commands.sh"
    path.write_text("\n".join(script))
    values = {**os.environ, "XTBLISH_BINARIES": str(BINARIES), "XTBLISH_DEVICE_HEARTBEAT_SECONDS": "5"}
    begun, title = time.monotonic(), ""
    process = subprocess.Popen(["bash", path], cwd=ROOT, env=values, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    said = []
    for line in process.stdout:
        if line.startswith("PART "):
            if title:
                print(f"{time.monotonic() - begun:6.1f} s  {title}", flush=True)
            begun, title, said = time.monotonic(), marks[int(line.split()[1])], []
        else:
            said.append(line)
    status = process.wait()
    print(f"{time.monotonic() - begun:6.1f} s  {title}")
    if status != 0:
        print("".join(said[-40:]), file=sys.stderr)
        logs = run(DEPLOY / "stack", "logs", "--lines", "12", "--data", folder / "stack", check=False).stdout
        print(logs, file=sys.stderr)
    run(DEPLOY / "stack", "down", "--data", folder / "stack", check=False)
    subprocess.run(["rm", "-rf", str(folder)], check=False)
    return 1 if status else 0


if __name__ == "__main__":
    sys.exit(main())
