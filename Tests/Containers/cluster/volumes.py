"""The folders that a kubelet would make for pods' volumes, with its modes, groups and links."""

import base64
import os
import time


def give(path, group):
    """A volume of the group: that is what fsGroup makes of claims."""
    os.chown(path, 0, group)
    path.chmod(path.stat().st_mode | 0o2070)


def data_of(thing):
    """What a ConfigMap or a Secret holds."""
    content = {name: base64.b64decode(text) for name, text in (thing.get("binaryData") or {}).items()}
    for name, text in (thing.get("data") or {}).items():
        content[name] = base64.b64decode(text) if thing["kind"] == "Secret" else text.encode()
    return content


class Volumes:
    """Makes them in a folder, of the objects of a cluster by kind and name."""

    def __init__(self, folder, objects):
        self.folder, self.objects = folder, objects

    def make(self, pod, volume, group):
        if "persistentVolumeClaim" in volume:
            # It outlives its pod.
            path = self.folder / "claims" / volume["persistentVolumeClaim"]["claimName"]
            path.mkdir(parents=True, exist_ok=True)
            give(path, group)
            return path
        path = self.folder / "pods" / pod / volume["name"]
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o777)
        if "projected" in volume:
            self.project(path, self.content(volume["projected"]["sources"]), volume["projected"]["defaultMode"], group)
        elif "configMap" in volume or "secret" in volume:
            mode = (volume.get("secret") or volume["configMap"]).get("defaultMode", 0o644)
            self.project(path, self.content([volume]), mode, group)
        elif "emptyDir" not in volume:
            raise RuntimeError(f"{pod}: what kind of volume is {volume}?")
        os.chown(path, 0, group)
        path.chmod(0o2777)
        return path

    def content(self, sources):
        """The files of a volume that is made of these."""
        files = {}
        for source in sources:
            kind, value = ("Secret", source["secret"]) if "secret" in source else ("ConfigMap", source["configMap"])
            name = value.get("secretName") or value.get("name")
            if (kind, name) not in self.objects and value.get("optional"):
                continue
            data = data_of(self.objects[kind, name])
            items = value.get("items") or [{"key": key, "path": key} for key in data]
            files.update({item["path"]: data[item["key"]] for item in items})
        return files

    def project(self, path, files, mode, group):
        """A folder that everybody may write to, of links to a folder of root's behind `..data`."""
        data = path / f"..{time.strftime('%Y_%m_%d_%H_%M_%S')}.1"
        data.mkdir()
        for name, text in files.items():
            (data / name).write_bytes(text)
            os.chown(data / name, 0, group)
            # fsGroup lets the group read it, whatever the mode says.
            (data / name).chmod(mode | 0o440)
            (path / name).symlink_to(f"..data/{name}")
        os.chown(data, 0, group)
        data.chmod(0o2755)
        (path / "..data").symlink_to(data.name)
