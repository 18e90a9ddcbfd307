"""The faults, and the alerts that each must raise."""

import os
import shutil
import signal
import socket
import ssl
import subprocess
import time
from dataclasses import dataclass
from typing import Callable

from world import DISK, World

FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"

NOT_BY_A_FAULT = {
    "XtblishSeriesDropped": "no fault makes more series than a process keeps, as no label takes its values from strangers",
}


@dataclass
class Scenario:
    name: str
    fault: str
    alerts: list
    cause: Callable[[World], None]
    cure: Callable[[World], None]
    # How long each alert may take to fire, and to go back: thresholds in seconds are not shortened.
    seconds: int = 90
    # The replica whose alerts count; of any if there is none. The machine's own disk may be full as well.
    instance: str = ""


def settle(seconds):
    # Sleeps: Prometheus must have seen each state, and looks once a second.
    time.sleep(seconds)


def store_gone(world):
    world.kill("image-store-1")
    # Needs no image store: the Registry knows the earlier version. The device can't fetch it.
    world.admin("registry", "firmware", "rollback", "device-1")


def database_gone(world):
    world.over = world.load("/v1/devices", 2)
    settle(3)
    world.stack("stop", "postgres")


def database_back(world):
    world.stack("start", "postgres")
    settle(5)
    world.over.set()


def notifier_hangs(world):
    world.signal(world.pid("notifier-1"), signal.SIGSTOP)
    world.push("sensor-c.wasm", 2, "sensor", "1.2", wait=False)


def registry_hangs(world):
    # So little room that what devices say meanwhile does not find any.
    world.restart_with("notifier-1", XTBLISH_NOTIFIER_REPORTS_DEVICES="1")
    settle(3)
    world.signal(world.pid("registry-1"), signal.SIGSTOP)


def registry_back(world):
    world.signal(world.pid("registry-1"), signal.SIGCONT)
    world.restart("notifier-1")


def devices_gone(world):
    for number in (1, 2, 3):
        world.kill(f"device-{number}")


def devices_back(world):
    for number in (1, 2, 3):
        world.start(f"device-{number}")


def bad_version(world):
    for number in (1, 2, 3, 4):
        world.push("crash-c.wasm", number, "crash", "1.0", wait=False)


def good_version(world):
    for number in (1, 2, 3, 4):
        world.push("sensor-c.wasm", number, "sensor", f"2.{time.time():.0f}")


def looping_version(world):
    for number in (1, 2, 3):
        world.push(world.loops, number, "loops", "1.0", wait=False)


def certificate(lifetime):
    def issue(world):
        authority, secret = os.path.join(world.data, "authority"), os.path.join(world.data, "secrets", "authority")
        world.admin(
            "provisioner", "certificate", "issue", "--authority", authority, "--passphrase-file", secret, "--service", "registry-1",
            "--role", "registry", "--dns", "registry", "--dns", "localhost", "--ip", "127.0.0.1", "--lifetime", lifetime,
            "--out", os.path.join(world.data, "tls"),
        )

    return issue


def filler(world):
    return os.path.join(world.images, "filler")


def fill_disk(world):
    free = shutil.disk_usage(world.images).free
    with open(filler(world), "wb") as file:
        file.write(b"\0" * (free - DISK * (1 << 20) // 64))


def damage_blob(world):
    path = world.blob()
    with open(path, "r+b") as file:
        world.whole = (path, file.read())
        file.seek(len(world.whole[1]) - 20)
        file.write(bytes(byte ^ 0xFF for byte in world.whole[1][-20:-19]))
    url = f"{world.environment()['XTBLISH_IMAGE_STORE_URL']}/images/sha256:{os.path.basename(path)}"
    world.until(lambda: world.get(url) == 500, 20, "the refusal of a damaged image")


def mend_blob(world):
    path, whole = getattr(world, "whole", (None, None))
    if not path:
        return
    with open(path, "wb") as file:
        file.write(whole)


def wrong_role(world):
    key = os.path.join(world.data, "bus", "notifier-1.bus-key")
    for _ in range(3):
        world.admin("registry", "devices", "list", check=False, XTBLISH_BUS_KEY_FILE=key)


def few_descriptors(world):
    pid = world.pid("image-store-1")
    count = len(os.listdir(f"/proc/{pid}/fd"))
    world.run("prlimit", f"--pid={pid}", f"--nofile={count * 10 // 9}:20000")


def enough_descriptors(world):
    world.run("prlimit", f"--pid={world.pid('image-store-1')}", "--nofile=20000:20000")


def restarts(world):
    for _ in range(4):
        world.kill("notifier-1")
        world.start("notifier-1")
        settle(2)


def fast_clock(world):
    world.restart_with("image-store-1", LD_PRELOAD=FAKETIME, FAKETIME="+60s", FAKETIME_DONT_FAKE_MONOTONIC="1")


def lock_table(world):
    world.lock = subprocess.Popen(
        world.sql("begin; lock table registry.devices in access exclusive mode; select pg_sleep(900)"),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    world.over = world.load("/v1/devices", 30)


def unlock_table(world):
    world.run(*world.sql(
        "select pg_terminate_backend(pid) from pg_stat_activity where query like '%lock table registry%' and pid <> pg_backend_pid()"
    ))
    world.lock.wait(30)
    settle(5)
    world.over.set()


def nonsense(world):
    folder, device = world.device_files(5)
    identity = os.path.join(folder, "identity")
    port = world.ports()["mosquitto.devices"]
    subprocess.run(
        ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(port), "--cafile", f"{identity}/ca.pem", "--cert", f"{identity}/device.pem",
         "--key", f"{identity}/device.key", "-i", device, "-V", "mqttv5", "-q", "1", "-t", f"/devices/{device}/state", "-l"],
        input="nonsense\n" * 40, text=True, check=True, timeout=30,
    )


def strangers(world):
    key, chain = os.path.join(world.directory, "stranger.key"), os.path.join(world.directory, "stranger.pem")
    world.run(
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=stranger",
        "-days", "2", "-keyout", key, "-out", chain,
    )
    context = ssl.create_default_context(cafile=world.environment()["XTBLISH_CA_FILE"])
    context.load_cert_chain(chain, key)
    host, port = world.environment()["XTBLISH_IMAGE_STORE_URL"].removeprefix("https://").split(":")
    for count in range(80):
        # The first makes the series, and what it counted is no increase to Prometheus.
        if count == 1:
            settle(3)
        try:
            with socket.create_connection((host, int(port)), 10) as plain, context.wrap_socket(plain, server_hostname=host) as connection:
                connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                connection.recv(1)
        except OSError:
            pass


def engine_gone(world):
    engine = os.path.join(world.directory, "libwasmtime.so")
    shutil.copyfile(os.path.realpath(os.path.join(world.binaries, "libwasmtime.so")), engine)
    world.restart_with("image-store-1", XTBLISH_ENGINE=engine)
    os.unlink(engine)
    world.push("blink-c.wasm", 5, "blink", "1.0", wait=False)


def old_backup(hours):
    def write(world):
        with open(world.backup_file, "w", encoding="utf-8") as file:
            file.write(f"xtblish_backup_last_success_timestamp_seconds {time.time() - hours * 3600:.0f}\n")

    return write


SCENARIOS = [
    Scenario("store-gone", "the image store is killed, then a device is given an earlier version",
             ["XtblishReplicaDown", "XtblishServiceDown", "XtblishDeploymentsStuck"], store_gone,
             lambda world: world.start("image-store-1"), 150),
    Scenario("restarts", "a Notifier is killed and started four times", ["XtblishRestarts"], restarts, lambda world: None, 120),
    Scenario("broker-gone", "the broker is stopped", ["XtblishBrokerDisconnected", "XtblishNotReady"],
             lambda world: world.stack("stop", "mosquitto"), lambda world: world.stack("start", "mosquitto")),
    Scenario("notifier-hangs", "the Notifier is stopped by a signal, then a version is pushed",
             ["XtblishOutboxStuck", "XtblishRPCFailures"], notifier_hangs,
             lambda world: world.signal(world.pid("notifier-1"), signal.SIGCONT), 150),
    Scenario("registry-hangs", "the Registry is stopped by a signal, and the Notifier has little room",
             ["XtblishIntakeBacklog", "XtblishDeviceMessagesLost"], registry_hangs, registry_back, 180),
    Scenario("database-gone", "PostgreSQL is stopped",
             ["XtblishDatabaseDown", "XtblishHTTPErrors", "XtblishRevocationsFailing", "XtblishFiguresStale"],
             database_gone, database_back, 240),
    Scenario("table-locked", "a session locks the table of devices while 30 clients ask for them",
             ["XtblishPoolExhausted", "XtblishDatabaseSlow", "XtblishHTTPSlow"], lock_table, unlock_table, 120),
    Scenario("devices-gone", "three of five devices are killed", ["XtblishDevicesOffline"], devices_gone, devices_back, 120),
    Scenario("bad-version", "a version that crashes at its start is pushed to four devices",
             ["XtblishRollbacks", "XtblishDeploymentsFailed"], bad_version, good_version, 150),
    Scenario("crash-loop", "a version that confirms itself and then crashes is pushed to three devices",
             ["XtblishCrashes", "XtblishCrashLoops"], looping_version, good_version, 150),
    Scenario("certificate-20d", "the Registry gets a certificate for 20 days", ["XtblishExpiresSoon"], certificate("20d"), certificate("365d"), 120),
    Scenario("certificate-3d", "the Registry gets a certificate for 3 days", ["XtblishExpiresVerySoon"], certificate("3d"), certificate("365d"), 120),
    Scenario("provisioner-gone", "the Provisioner is stopped", ["XtblishRevocationsStale"],
             lambda world: world.stack("stop", "provisioner-1"), lambda world: world.start("provisioner-1"), 150),
    Scenario("disk-full", "the image store's disk is filled", ["XtblishDiskFull", "XtblishDiskFillsUp"], fill_disk,
             lambda world: os.unlink(filler(world)), 90, "image-store-1"),
    Scenario("blob-damaged", "a byte of a stored image is changed, then it is fetched", ["XtblishBlobDamaged"], damage_blob, mend_blob, 200),
    Scenario("engine-gone", "the engine's file is removed, then an app is pushed", ["XtblishCodeCheckFailing"], engine_gone,
             lambda world: world.restart("image-store-1"), 120),
    Scenario("wrong-role", "a Notifier's key asks the Registry for its devices", ["XtblishRPCDenied"], wrong_role, lambda world: None, 120),
    Scenario("strangers", "80 clients show a certificate of another authority", ["XtblishCertificatesRefused"], strangers, lambda world: None, 120),
    Scenario("nonsense", "a device sends 40 messages that are no reports", ["XtblishMessagesRejected"], nonsense, lambda world: None, 120),
    Scenario("descriptors", "the limit of descriptors is lowered to what is open", ["XtblishDescriptorsShort"], few_descriptors, enough_descriptors),
    Scenario("clock", "the image store's clock is a minute fast (faketime)", ["XtblishClockOff"], fast_clock,
             lambda world: world.restart("image-store-1")),
    Scenario("backup-old", "the file of the last backup says that it was 30 hours ago", ["XtblishBackupOld"], old_backup(30), old_backup(0)),
]


def names():
    return [scenario.name for scenario in SCENARIOS]
