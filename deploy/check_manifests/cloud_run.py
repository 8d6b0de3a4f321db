"""The rules for a service of Cloud Run, whose form is that of a Knative Service with other annotations.

The fields are those of Cloud Run's reference (https://cloud.google.com/run/docs/reference/yaml/v1).
"""

import re
import shlex
from pathlib import Path

from pods import PROBES, number, seconds

CONTAINERFILE = Path(__file__).parents[2] / "deploy/container/Containerfile"

SERVICE = {"run.googleapis.com/ingress"}
TEMPLATE = {
    "autoscaling.knative.dev/maxScale", "autoscaling.knative.dev/minScale", "run.googleapis.com/cpu-throttling",
    "run.googleapis.com/execution-environment", "run.googleapis.com/startup-cpu-boost",
}  # fmt: skip
REVISION = {"containerConcurrency", "containers", "timeoutSeconds"}
CONTAINER = {"env", "image", "livenessProbe", "name", "ports", "resources", "startupProbe"}
PROBE = {"failureThreshold", "httpGet", "periodSeconds", "timeoutSeconds"}
# What Cloud Run sets itself.
VARIABLES = {"PORT", "K_SERVICE", "K_CONFIGURATION", "K_REVISION"}
# The longest that a request stays open (`answer-within`), and what Cloud Run permits: seconds of a request and of a start,
# requests in one instance, bytes of memory in its second generation, seconds between SIGTERM and SIGKILL.
ANSWER_WITHIN, LONGEST, START, CONCURRENCY, MEMORY, GRACE = 55, 3600, 240, 1000, 512 << 20, 10


def image_variables():
    """The variables of the image that the service runs."""
    lines = [line for line in CONTAINERFILE.read_text().splitlines() if not line.lstrip().startswith("#")]
    text = "\n".join(lines).replace("\\\n", " ")
    found = re.findall(r"^ENV (.*)$", text, re.MULTILINE)
    return dict(word.split("=", 1) for words in found for word in shlex.split(words))


def fields(document):
    """Fields that Cloud Run doesn't know, and those without which Weld can't use the service."""
    template = document["spec"]["template"]
    spec = template["spec"]
    checked = [
        (document["metadata"]["annotations"], SERVICE, "the service's annotations"),
        (template["metadata"]["annotations"], TEMPLATE, "the template's annotations"),
        (spec, REVISION, "the template"),
    ]
    [container] = spec["containers"]
    checked.append((container, CONTAINER, "the container"))
    checked += [(container[probe], PROBE, probe) for probe in ("startupProbe", "livenessProbe")]
    for value, permitted, where in checked:
        if unknown := set(value) - permitted:
            yield f"Cloud Run knows no {', '.join(sorted(unknown))} in {where}"
    for name, value in [*document["metadata"]["annotations"].items(), *template["metadata"]["annotations"].items()]:
        if not isinstance(value, str):
            yield f"the annotation {name} is not text"
    if document["apiVersion"] != "serving.knative.dev/v1" or document["kind"] != "Service":
        yield "it is not a service"
    if document["metadata"]["annotations"]["run.googleapis.com/ingress"] != "all":
        yield "Weld can't reach the service"


def probes(container):
    port = container["ports"][0]["containerPort"]
    for probe, path in (("startupProbe", "/readyz"), ("livenessProbe", "/healthz")):
        asked = container[probe]["httpGet"]
        if asked != {"path": path, "port": port} or path not in PROBES:
            yield f"the {probe} asks for {asked}"
        if container[probe]["timeoutSeconds"] > container[probe]["periodSeconds"]:
            yield f"the {probe} may take longer than its period"
    start = container["startupProbe"]
    if start["failureThreshold"] * start["periodSeconds"] > START:
        yield "the start may take longer than Cloud Run permits"


def environment(container, program):
    """The variables with their values, and the faults in them."""
    entries, found = container["env"], []
    for entry in entries:
        name = entry["name"]
        if name in VARIABLES:
            found.append(f"{name} is set by Cloud Run")
        if name.startswith("WELD_") and name not in program.variables:
            found.append(f"no setting has the variable {name}")
        secret = entry.get("valueFrom", {}).get("secretKeyRef")
        if ("value" in entry) == (secret is not None) or (secret and set(secret) != {"name", "key"}):
            found.append(f"{name} has neither a value nor a secret")
        if re.search("KEY|TOKEN", name) and secret is None:
            found.append(f"{name} is not a secret")
    # The value of a secret is any text.
    return {entry["name"]: entry.get("value", "a-secret") for entry in entries}, found


def findings(document, program):
    """Everything that is wrong with a service."""
    template = document["spec"]["template"]
    spec, annotations = template["spec"], template["metadata"]["annotations"]
    [container] = spec["containers"]
    found = [*fields(document), *probes(container)]
    variables, wrong = environment(container, program)
    found += wrong
    port = str(container["ports"][0]["containerPort"])
    settings = program.settings({**image_variables(), "PORT": port, **variables}, {})
    if settings["listen"] != f"0.0.0.0:{port}":
        found.append(f"the host listens on {settings['listen']}")
    if settings["log-format"] != "google" or "GOOGLE_CLOUD_PROJECT" not in variables:
        found.append("the log has no names of traces")
    is_throttled = annotations["run.googleapis.com/cpu-throttling"] == "true"
    if is_throttled != (settings["no-background"] == "true"):
        found.append("the host and Cloud Run don't agree about the processor between requests")
    if annotations["run.googleapis.com/execution-environment"] != "gen2":
        found.append("sandboxes need the 2nd generation")
    if annotations["autoscaling.knative.dev/maxScale"] != "1":
        found.append("more than one instance would serve the connector")
    if not ANSWER_WITHIN + 5 <= spec["timeoutSeconds"] <= LONGEST:
        found.append(f"timeoutSeconds is {spec['timeoutSeconds']}")
    if not 80 <= spec["containerConcurrency"] <= CONCURRENCY:
        found.append(f"containerConcurrency is {spec['containerConcurrency']}")
    if number(container["resources"]["limits"]["memory"]) < MEMORY:
        found.append("the 2nd generation needs more memory")
    if seconds(settings["grace"]) >= GRACE or seconds(settings["drain"]) >= seconds(settings["grace"]):
        found.append(f"the host may take {settings['grace']} to stop")
    return found
