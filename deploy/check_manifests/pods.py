"""What every pod must fulfill: the profile "restricted" of Kubernetes' Pod Security Standards, and the program's settings."""

import re

PROBES = {"/readyz", "/healthz"}
# What the profile permits.
VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected", "secret"}
# Where images have their connectors, unless a volume is mounted there.
PLUGINS = "/plugins"
# What the process needs besides its calls and compilers.
OWN_MEMORY = 100 << 20
# For the last lines of the log.
LOG_SECONDS = 3


def number(quantity):
    """A quantity of Kubernetes (`2Gi`, `250m`), or a size of the program (`448MiB`), as a number."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([a-zA-Z]*)", str(quantity))
    units = {"": 1, "m": 0.001, "M": 10**6, "G": 10**9, "Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30}
    return float(found[1]) * units[found[2].removesuffix("B")]


def seconds(time):
    found = re.fullmatch(r"(\d+)(ms|s|m|h)", time)
    return int(found[1]) * {"ms": 0.001, "s": 1, "m": 60, "h": 3600}[found[2]]


def restricted(pod):
    """What the profile forbids, and what the host doesn't need."""
    for key in ("hostNetwork", "hostPID", "hostIPC", "initContainers", "ephemeralContainers"):
        if pod.get(key):
            yield f"{key} is set"
    for key in ("automountServiceAccountToken", "enableServiceLinks"):
        if pod.get(key) is not False:
            yield f"{key} is not false"
    for volume in pod.get("volumes", []):
        if unknown := set(volume) - {"name"} - VOLUMES:
            yield f"the volume {volume['name']} is of the kind {', '.join(unknown)}"
    whole = pod.get("securityContext", {})
    for container in pod["containers"]:
        own = container.get("securityContext", {})
        both = {**whole, **own}
        if both.get("runAsNonRoot") is not True or not both.get("runAsUser") or not both.get("runAsGroup"):
            yield "the user may be root"
        if both.get("seccompProfile", {}).get("type") not in ("RuntimeDefault", "Localhost"):
            yield "there is no seccomp profile"
        for key, expected in (("allowPrivilegeEscalation", False), ("readOnlyRootFilesystem", True)):
            if own.get(key) is not expected:
                yield f"{key} is not {str(expected).lower()}"
        if own.get("privileged") or own.get("procMount") or own.get("capabilities") != {"drop": ["ALL"]}:
            yield "the container has privileges or capabilities"
        if any("hostPort" in port for port in container.get("ports", [])):
            yield "a port of the node is used"


def mounts(pod, container):
    """The mounts of a container by their paths, each with its volume."""
    volumes = {volume["name"]: volume for volume in pod.get("volumes", [])}
    return {mount["mountPath"]: (mount, volumes.get(mount["name"])) for mount in container.get("volumeMounts", [])}


def mounted(pod, container):
    """Mounts and volumes that don't fit together, and files that would never be updated."""
    named = mounts(pod, container)
    for path, (mount, volume) in named.items():
        if volume is None:
            yield f"{path} is the mount of a volume that is missing, {mount['name']}"
            continue
        is_written = "emptyDir" in volume or "persistentVolumeClaim" in volume
        if not is_written and not mount.get("readOnly"):
            yield f"{path} is not read-only"
        if "subPath" in mount and "secret" in volume:
            yield f"{path} is a file of a Secret, which is never updated with subPath"
    used = {mount["name"] for mount, _ in named.values()}
    for volume in pod.get("volumes", []):
        if volume["name"] not in used:
            yield f"the volume {volume['name']} is not mounted"


def place(path, named):
    """The mount that a path is in."""
    over = [mount for mount in named if path == mount or path.startswith(f"{mount}/")]
    return named[max(over, key=len)] if over else None


def fits(pod, container, settings, has_tokens):
    """Where the container doesn't fit the settings that the program has in it."""
    named = mounts(pod, container)
    for setting in ("api-key-file", "admin-key-file", "token-key-file", "tls-cert", "tls-key"):
        path = settings.get(setting)
        if path and path.startswith("/") and place(path, named) is None:
            yield f"{setting} is {path}, where nothing is mounted"
    if settings["api-key"] is None or settings["api-key"] == "-":
        yield "the host has no key"
    if settings["plugins"] != PLUGINS:
        yield f"plugins is {settings['plugins']}, and images have {PLUGINS}"
    written = ["cache", "tokens"] if has_tokens else ["cache"]
    for setting in written:
        found = place(settings[setting], named)
        if found is None or found[0].get("readOnly") or not {"emptyDir", "persistentVolumeClaim"} & set(found[1]):
            yield f"{setting} is {settings[setting]}, which can't be written"
        elif settings[setting] == found[0]["mountPath"]:
            yield f"{setting} is a volume itself, which others may write to: put a folder into it"
        elif setting == "tokens" and "persistentVolumeClaim" not in found[1]:
            yield f"tokens is {settings[setting]}, which ends with the pod"
        elif setting == "cache" and number(found[1]["emptyDir"]["sizeLimit"]) <= number(settings["cache-size"]):
            yield "the cache's volume is not larger than cache-size"
    yield from fits_ports(container, settings)
    limits, requests = container["resources"]["limits"], container["resources"]["requests"]
    memory, processors = number(limits["memory"]), number(limits["cpu"])
    # --total-memory is half of the limit, and each processor has a compiler.
    if memory / 2 + processors * number(settings["compile-memory"]) + OWN_MEMORY > memory:
        yield "calls and compilers together may need more than the limit of memory"
    if number(requests["memory"]) > memory or number(requests["cpu"]) > processors:
        yield "a request is above its limit"


def fits_ports(container, settings):
    ports = {port.get("name", "http"): port["containerPort"] for port in container["ports"]}
    listeners = {"http": settings["listen"], "admin": settings.get("admin")}
    for name, address in listeners.items():
        host, _, port = (address or "").rpartition(":")
        is_reachable = host in ("0.0.0.0", "[::]")
        if (int(port) if is_reachable else None) != ports.get(name):
            yield f"the port {name} is {ports.get(name)}, and the host listens on {address}"
    for probe in ("readinessProbe", "livenessProbe"):
        asked = container.get(probe, {}).get("httpGet", {})
        if asked.get("path") not in PROBES or asked.get("port") not in ("http", ports["http"]):
            yield f"the {probe} asks for {asked}"


def stops_in_time(grace_period, pre_stop, settings):
    needed = pre_stop + seconds(settings["grace"]) + LOG_SECONDS
    if grace_period < needed:
        yield f"the pod is killed after {grace_period} s, and may need {needed:g} s"


def variables(container, program):
    """The container's variables with a value, and the faults in their names."""
    entries = container.get("env", [])
    unknown = [
        f"no setting has the variable {entry['name']}"
        for entry in entries
        if entry["name"].startswith("WELD_") and entry["name"] not in program.variables
    ]
    return {entry["name"]: entry["value"] for entry in entries if "value" in entry}, unknown
