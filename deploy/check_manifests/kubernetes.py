"""The rules for a built set of Kubernetes manifests."""

from pathlib import Path

import kubernetes_validate
import pods

ROOT = Path(__file__).resolve().parents[2]
# The oldest version that the manifests are for, and the newest one with a schema.
VERSIONS = ("1.30", kubernetes_validate.latest_version())
# The fields of an HTTPRoute that httproute.yaml uses; its schema is not a part of Kubernetes.
HTTP_ROUTE = {
    "parentRefs": {"name", "namespace"},
    "hostnames": None,
    "rules": {"matches", "backendRefs", "timeouts"},
}


def of_kind(documents, kind):
    return [document for document in documents if document["kind"] == kind]


def schemas(documents):
    """Unknown and missing fields, and values of another type."""
    for document in documents:
        for version in VERSIONS:
            try:
                kubernetes_validate.validate(document, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                where = ".".join(str(part) for part in error.path)
                yield f"{document['kind']} for Kubernetes {version}: {where}: {error.message}"


def deployments(documents, program):
    for deployment in of_kind(documents, "Deployment"):
        pod = deployment["spec"]["template"]["spec"]
        [container] = pod["containers"]
        variables, unknown = pods.variables(container, program)
        yield from unknown
        yield from pods.restricted(pod)
        yield from pods.mounted(pod, container)
        settings = program.settings(variables, files(documents, pod, container))
        yield from pods.fits(pod, container, settings, "WELD_TOKENS" in variables)
        pre_stop = container["lifecycle"]["preStop"]["sleep"]["seconds"]
        yield from pods.stops_in_time(pod["terminationGracePeriodSeconds"], pre_stop, settings)
        if ("WELD_TOKENS" in variables) and deployment["spec"].get("strategy", {}).get("type") != "Recreate":
            yield "two pods would write the tokens while the deployment is updated"


def files(documents, pod, container):
    """The files of the generated ConfigMaps, by their paths in the container."""
    maps = {document["metadata"]["name"]: document.get("data", {}) for document in of_kind(documents, "ConfigMap")}
    found = {}
    for path, (mount, volume) in pods.mounts(pod, container).items():
        data = maps.get((volume or {}).get("configMap", {}).get("name"), {})
        single = mount.get("subPath")
        found.update({path if single else f"{path}/{name}": text for name, text in data.items() if single in (None, name)})
    return found


def references(documents):
    """Selectors that select nothing or too much, and names of what is missing."""
    [deployment] = of_kind(documents, "Deployment")
    name, spec = deployment["metadata"]["name"], deployment["spec"]
    labels = spec["template"]["metadata"]["labels"]
    ports = {port["name"]: port["containerPort"] for port in spec["template"]["spec"]["containers"][0]["ports"]}
    selectors = {"Deployment": spec["selector"]["matchLabels"]}
    [service] = of_kind(documents, "Service")
    selectors["Service"] = service["spec"]["selector"]
    for kind, key in (("PodDisruptionBudget", "selector"), ("NetworkPolicy", "podSelector")):
        [document] = of_kind(documents, kind)
        selectors[kind] = document["spec"][key]["matchLabels"]
    for kind, selector in selectors.items():
        if selector != labels:
            yield f"the {kind} selects {selector}, and the pods have {labels}"
    for port in service["spec"]["ports"]:
        if port["targetPort"] != "http":
            yield f"the Service leads to the port {port['targetPort']}"
    for scaler in of_kind(documents, "HorizontalPodAutoscaler"):
        if scaler["spec"]["scaleTargetRef"]["name"] != name or "replicas" in spec:
            yield "the HorizontalPodAutoscaler scales another deployment, or this one has a fixed number of pods"
    claims = {document["metadata"]["name"] for document in of_kind(documents, "PersistentVolumeClaim")}
    for volume in spec["template"]["spec"]["volumes"]:
        claim = volume.get("persistentVolumeClaim", {}).get("claimName")
        if claim and claim not in claims:
            yield f"there is no PersistentVolumeClaim {claim}"
    for ingress in of_kind(documents, "Ingress"):
        for rule in ingress["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                backend = path["backend"]["service"]
                if backend != {"name": service["metadata"]["name"], "port": {"name": "http"}}:
                    yield f"the Ingress leads to {backend}"
    yield from policy(of_kind(documents, "NetworkPolicy")[0], ports)


def policy(document, ports):
    """A network policy that lets too much or too little through."""
    spec = document["spec"]
    if sorted(spec["policyTypes"]) != ["Egress", "Ingress"]:
        yield "the NetworkPolicy leaves a direction open"
    allowed = [port["port"] for rule in spec["ingress"] for port in rule["ports"]]
    if sorted(allowed) != sorted(ports.values()):
        yield f"the NetworkPolicy permits the ports {allowed}, and the pod has {ports}"
    for rule in [*spec["ingress"], *spec["egress"]]:
        for peer in rule.get("from", rule.get("to", [])):
            for selector in ("namespaceSelector", "podSelector"):
                if "matchLabels" in peer.get(selector, {}):
                    yield "a peer of the NetworkPolicy has matchLabels, to which kustomize adds labels of the pods"
    blocks = {
        peer["ipBlock"]["cidr"]: set(peer["ipBlock"].get("except", [])) for rule in spec["egress"] for peer in rule["to"] if "ipBlock" in peer
    }
    for block, metadata in (("0.0.0.0/0", "169.254.0.0/16"), ("::/0", "fc00::/7")):
        if metadata not in blocks.get(block, set()):
            yield f"the NetworkPolicy lets requests to the metadata service through ({metadata})"


def metrics(documents):
    """Metrics of autoscalers that the host doesn't have."""
    known = (ROOT / "docs/operating/metrics.md").read_text()
    for scaler in of_kind(documents, "HorizontalPodAutoscaler"):
        for metric in scaler["spec"]["metrics"]:
            name = metric.get("pods", {}).get("metric", {}).get("name")
            if name and f"| `{name}` | gauge |" not in known:
                yield f"docs/operating/metrics.md has no gauge {name}"


def findings(documents, program):
    """Everything that is wrong with a built set of manifests."""
    found = list(schemas(documents))
    # The rules below rely on the fields.
    if not found:
        for rule in (deployments(documents, program), references(documents), metrics(documents)):
            found.extend(rule)
    return found


def http_route(document):
    """Fields that httproute.yaml doesn't need."""
    for key, fields in HTTP_ROUTE.items():
        for entry in document["spec"].get(key, []):
            if fields is not None and (unknown := set(entry) - fields):
                yield f"the HTTPRoute has {', '.join(unknown)} in {key}"
    if unknown := set(document["spec"]) - set(HTTP_ROUTE):
        yield f"the HTTPRoute has {', '.join(unknown)}"
