"""Writes what the services in the .proto files say: Generated/Services.pb.swift, and the table in docs/bus.md.

usage: services.py [--check]        --check writes nothing, and ends with 1 if a file is not what it would write
Needs protoc and Python's protobuf (make python).
"""

import importlib
import os
import subprocess
import sys
import tempfile

from google.protobuf import descriptor_pb2

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "../../../.."))
BEGIN, END = "<!-- written by make protocols -->\n", "<!-- end -->\n"
# What the table calls who answers.
SERVERS = {
    "Registry": "Registry", "Provisioner": "Provisioner", "ImageStore": "Image store", "Notifier": "Notifier",
    "Service": "every service", "DeviceAgent": "Device's agent",
}


def services():
    """Of each service its name, and of its methods the request, the answer, callers, idempotence and comment."""
    protocols = sorted(
        os.path.join("xtblish/v1", name) for name in os.listdir(os.path.join(HERE, "xtblish/v1")) if name.endswith(".proto"))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "set")
        subprocess.run(
            ["protoc", "-I", HERE, "-I", "/usr/include", "--include_source_info", f"--descriptor_set_out={path}",
             f"--python_out={folder}"] + protocols, check=True, cwd=HERE)
        sys.path.insert(0, folder)
        access = importlib.import_module("xtblish.v1.access_pb2")
        with open(path, "rb") as file:
            files = descriptor_pb2.FileDescriptorSet.FromString(file.read()).file
        sys.path.remove(folder)
    found = {}
    for file in files:
        comments = {tuple(place.path): place.leading_comments for place in file.source_code_info.location}
        for number, service in enumerate(file.service):
            found[service.name] = [
                (method.input_type.split(".")[-1], method.output_type.split(".")[-1],
                 [access.Role.Name(role) for role in method.options.Extensions[access.access].callers],
                 method.options.idempotency_level == descriptor_pb2.MethodOptions.IDEMPOTENT,
                 comments.get((6, number, 2, place), "").strip().split("\n"))
                for place, method in enumerate(service.method)]
    for name, methods in found.items():
        for request, _, callers, _, _ in methods:
            if not callers:
                sys.exit(f"{name}.{request} names no callers, so nobody could send it: give it option (access)")
    return {name: found[name] for name in SERVERS}


def swift(found):
    lines = [
        "// Written by Sources/Shared/Wire/Protocols/generate from the services in the .proto files; don't edit.", ""]
    for service, methods in found.items():
        lines += [f"// {service}", ""]
        for request, answer, callers, idempotent, comment in methods:
            lines += [f"/// {line.strip()}" for line in comment if line.strip()]
            first, *others = ["".join(word.capitalize() for word in role.split("_")) for role in callers] or [""]
            names = ", ".join("." + name[0].lower() + name[1:] for name in [first] + others if name)
            lines += [
                f"extension Wire{request}: WireRequest {{",
                f"  package typealias Response = Wire{answer}",
                f"  package static var callers: BusRoles {{ [{names}] }}",
                f"  package static var isIdempotent: Bool {{ {str(idempotent).lower()} }}",
                "}", ""]
    lines += ["/// The kinds of request that each service declares, by their full names.", "package enum DeclaredRequests {"]
    for service, methods in found.items():
        lines += [f"  package static let {service[0].lower() + service[1:]}: Set<String> = ["]
        lines += [f'    "xtblish.v1.{request}",' for request, *_ in methods]
        lines += ["  ]"]
    lines += ["", "  /// The messages themselves, in that order.", "  package static let all: [any WireRequest.Type] = ["]
    lines += [f"    Wire{request}.self," for methods in found.values() for request, *_ in methods]
    lines += ["  ]", "}", ""]
    return "\n".join(lines)


def table(found):
    rows = [
        f"| {SERVERS[service]} | `{request}` | {', '.join(role.lower().replace('_', '-') for role in callers)} |\n"
        for service, methods in found.items() for request, _, callers, _, _ in sorted(methods)]
    return "| asked of | request | may be sent by |\n|---|---|---|\n" + "".join(rows)


def main(arguments):
    if arguments not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 64
    found = services()
    page = os.path.join(ROOT, "docs/bus.md")
    with open(page, encoding="utf-8") as file:
        text = file.read()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    wanted = {
        os.path.join(HERE, "../Generated/Services.pb.swift"): swift(found),
        page: before + BEGIN + table(found) + END + after,
    }
    status = 0
    for path, content in wanted.items():
        present = ""
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                present = file.read()
        if present == content:
            continue
        if arguments:
            print(f"{os.path.relpath(path, ROOT)} is not what the .proto files say: run make protocols")
            status = 1
        else:
            with open(path, "w", encoding="utf-8") as file:
                file.write(content)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
