"""The rules for a Knative Service: its pod by Kubernetes' own schema, the rest by the fields that Knative permits.

The lists are those of Knative's API without feature flags (`pkg/apis/serving/fieldmask.go`, `k8s_validation.go`).
"""

import copy

import kubernetes_validate
import pods

ANNOTATIONS = {f"autoscaling.knative.dev/{name}" for name in ("min-scale", "max-scale", "scale-to-zero-pod-retention-period")}
REVISION = {"containerConcurrency", "timeoutSeconds"}
POD = {"automountServiceAccountToken", "containers", "enableServiceLinks", "imagePullSecrets", "serviceAccountName", "volumes"}
CONTAINER = {
    "args", "command", "env", "envFrom", "image", "imagePullPolicy", "livenessProbe", "name", "ports", "readinessProbe",
    "resources", "securityContext", "startupProbe", "terminationMessagePath", "terminationMessagePolicy", "volumeMounts",
    "workingDir",
}  # fmt: skip
SECURITY = {
    "allowPrivilegeEscalation", "capabilities", "readOnlyRootFilesystem", "runAsGroup", "runAsNonRoot", "runAsUser",
    "seccompProfile",
}  # fmt: skip
VOLUMES = {"name", "secret", "configMap", "projected", "emptyDir"}
# Of the proxy that Knative puts into each pod, of its profiler, and the variables that Knative sets.
PORTS = {8008, 8012, 8013, 8022, 9090, 9091}
VARIABLES = {"PORT", "K_SERVICE", "K_CONFIGURATION", "K_REVISION"}
# `max-revision-timeout-seconds`, and the longest that a request stays open (`answer-within`).
LONGEST, ANSWER_WITHIN = 600, 55
# How long a page is kept that nobody waits for (`linger`).
LINGER = 120


def fields(document):
    """Fields that Knative refuses without a feature flag."""
    spec = document["spec"]["template"]["spec"]
    annotations = document["spec"]["template"]["metadata"]["annotations"]
    checked = [(annotations, ANNOTATIONS, "the annotations"), (spec, REVISION | POD, "the template")]
    checked += [(volume, VOLUMES, "a volume") for volume in spec["volumes"]]
    for container in spec["containers"]:
        checked.append((container, CONTAINER, "the container"))
        checked.append((container["securityContext"], SECURITY, "securityContext"))
    for value, permitted, where in checked:
        if unknown := set(value) - permitted:
            yield f"Knative permits no {', '.join(sorted(unknown))} in {where}"
    for name, value in annotations.items():
        if not isinstance(value, str):
            yield f"the annotation {name} is not text"
    if document["apiVersion"] != "serving.knative.dev/v1" or len(spec["containers"]) != 1:
        yield "it is not one container of a Knative Service"
    [container] = spec["containers"]
    if {entry["name"] for entry in container["env"]} & VARIABLES:
        yield "a variable is set that Knative sets itself"
    if len(container["ports"]) != 1 or container["ports"][0]["containerPort"] in PORTS:
        yield "Knative needs one port, and not one of its own"


def values(document):
    """Numbers that don't fit the host."""
    spec = document["spec"]["template"]["spec"]
    annotations = document["spec"]["template"]["metadata"]["annotations"]
    if not ANSWER_WITHIN + 5 <= spec["timeoutSeconds"] <= LONGEST:
        yield f"timeoutSeconds is {spec['timeoutSeconds']}"
    if annotations["autoscaling.knative.dev/max-scale"] != "1":
        yield "more than one pod would serve the connector"
    if pods.seconds(annotations["autoscaling.knative.dev/scale-to-zero-pod-retention-period"]) <= LINGER:
        yield "the last pod ends before a page that it keeps"
    if spec["containerConcurrency"] != 0:
        yield "Knative would hold requests back that the host can hold"


def findings(document, program):
    """Everything that is wrong with a Knative Service."""
    spec = copy.deepcopy(document["spec"]["template"]["spec"])
    for key in REVISION:
        spec.pop(key)
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": document["metadata"]["name"]}, "spec": spec}
    try:
        kubernetes_validate.validate(pod, kubernetes_validate.latest_version(), strict=True)
    except kubernetes_validate.ValidationError as error:
        return [f"{'.'.join(str(part) for part in error.path)}: {error.message}"]
    found = [*fields(document), *values(document), *pods.restricted(spec)]
    [container] = spec["containers"]
    variables, unknown = pods.variables(container, program)
    found += [*unknown, *pods.mounted(spec, container)]
    port = str(container["ports"][0]["containerPort"])
    settings = program.settings({"PORT": port, **variables}, {})
    found += pods.fits(spec, container, settings, "WELD_TOKENS" in variables)
    found += pods.stops_in_time(document["spec"]["template"]["spec"]["timeoutSeconds"], 0, settings)
    return found
