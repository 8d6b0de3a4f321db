"""Mistakes that the rules must find: each changes a set of manifests, which is good without it."""


def container(kinds):
    return template(kinds)["spec"]["containers"][0]


def template(kinds):
    return kinds.get("Deployment", kinds.get("Service"))["spec"]["template"]


def add_variable(name, value):
    return lambda kinds: container(kinds)["env"].append({"name": name, "value": value})


def put(part, *path, value):
    """Sets a value at this path of a part of the manifests."""

    def change(kinds):
        place = part(kinds)
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value

    return change


def of(kind):
    return lambda kinds: kinds[kind]


def settings(text, other):
    def change(kinds):
        data = kinds["ConfigMap"]["data"]
        assert text in data["weld-host.toml"]
        data["weld-host.toml"] = data["weld-host.toml"].replace(text, other)

    return change


def drop_exceptions(kinds):
    for rule in kinds["NetworkPolicy"]["spec"]["egress"]:
        for peer in rule["to"]:
            peer.get("ipBlock", {}).pop("except", None)


def label_peers(kinds):
    kinds["NetworkPolicy"]["spec"]["egress"][0]["to"][0]["podSelector"] = {"matchLabels": {"k8s-app": "kube-dns", "instance": "shop"}}


# Of both kinds.
OF_PODS = [
    add_variable("WELD_PLUGIN", "/plugins"),
    add_variable("WELD_QUEUE", "many"),
    add_variable("WELD_GRACE", "10m"),
    add_variable("WELD_CACHE", "/root/.cache"),
    add_variable("WELD_CACHE", "/var/cache"),
    add_variable("WELD_PLUGINS", "/connectors"),
    add_variable("WELD_COMPILE_MEMORY", "1GiB"),
    add_variable("WELD_CACHE_SIZE", "4GiB"),
    put(container, "securityContext", "privileged", value=True),
    put(container, "securityContext", "allowPrivilegeEscalation", value=True),
    put(container, "securityContext", "readOnlyRootFilesystem", value=False),
    put(container, "securityContext", "runAsUser", value=0),
    put(container, "securityContext", "seccompProfile", value={"type": "Unconfined"}),
    put(container, "securityContext", "capabilities", value={"drop": ["ALL"], "add": ["SYS_ADMIN"]}),
    put(container, "readinessProbe", "httpGet", "path", value="/ready"),
    put(container, "readinessProbe", "httpGet", "port", value=8081),
    put(container, "livenessProbe", "httpget", value={"path": "/healthz", "port": 8080}),
    put(container, "ports", 0, "containerPort", value=8000),
    put(container, "volumeMounts", 0, "name", value="nothing"),
    put(container, "volumeMounts", 0, "readOnly", value=False),
    put(container, "volumeMounts", 0, "subPath", value="api-key"),
    put(container, "resources", "limits", "memory", value="1Gi"),
    put(template, "spec", "automountServiceAccountToken", value=True),
    put(template, "spec", "hostNetwork", value=True),
]

OF_KUBERNETES = [
    settings("0.0.0.0:9091", "0.0.0.0:9092"),
    settings("0.0.0.0:8080", "127.0.0.1:8081"),
    settings("/var/cache/weld-host", "/etc/weld-host/keys"),
    settings("cache-size", "cache-sizes"),
    settings("/etc/weld-host/keys/api-key", "/run/keys/api-key"),
    put(template, "spec", "terminationGracePeriodSeconds", value=30),
    put(template, "spec", "volumes", 0, value={"name": "keys", "hostPath": {"path": "/etc"}}),
    put(of("Deployment"), "spec", "replicas", value="two"),
    put(of("Service"), "spec", "selector", value={"app": "weld-host"}),
    put(of("Service"), "spec", "ports", 0, "targetPort", value="admin"),
    put(of("PodDisruptionBudget"), "spec", "maxUnavailabel", value=1),
    put(of("NetworkPolicy"), "spec", "ingress", 0, "ports", 0, "port", value=80),
    put(of("NetworkPolicy"), "spec", "policyTypes", value=["Ingress"]),
    drop_exceptions,
    label_peers,
]

OF_SCALERS = [
    put(of("HorizontalPodAutoscaler"), "spec", "scaleTargetRef", "name", value="shop"),
    put(of("HorizontalPodAutoscaler"), "spec", "metrics", 0, "pods", "metric", "name", value="weld_host_calls_queued"),
]

OF_ONE_CONNECTOR = [
    put(of("Deployment"), "spec", "strategy", value={"type": "RollingUpdate"}),
    put(of("PersistentVolumeClaim"), "metadata", "name", value="tokens"),
    put(of("Ingress"), "spec", "rules", 0, "http", "paths", 0, "backend", "service", "name", value="weld-host"),
    add_variable("WELD_TOKENS", "/var/cache/weld-host/tokens"),
]

OF_KNATIVE = [
    add_variable("PORT", "8080"),
    add_variable("WELD_LISTEN", "127.0.0.1:8080"),
    put(container, "lifecycle", value={"preStop": {"sleep": {"seconds": 5}}}),
    put(container, "ports", value=[{"containerPort": 9090}]),
    put(template, "spec", "securityContext", value={"fsGroup": 65532}),
    put(template, "spec", "timeoutSeconds", value=30),
    put(template, "spec", "containerConcurrency", value=1),
    put(template, "metadata", "annotations", "autoscaling.knative.dev/max-scale", value="4"),
    put(template, "metadata", "annotations", "autoscaling.knative.dev/minScale", value="1"),
    put(template, "metadata", "annotations", "autoscaling.knative.dev/min-scale", value=0),
    put(template, "metadata", "annotations", "autoscaling.knative.dev/scale-to-zero-pod-retention-period", value="0s"),
]


def annotate(name, value):
    return put(template, "metadata", "annotations", name, value=value)


OF_CLOUD_RUN = [
    add_variable("PORT", "8080"),
    add_variable("WELD_PLUGIN", "/plugins"),
    add_variable("WELD_QUEUE", "many"),
    add_variable("WELD_GRACE", "30s"),
    add_variable("WELD_DRAIN", "8s"),
    add_variable("WELD_LISTEN", "127.0.0.1:8080"),
    add_variable("WELD_LOG_FORMAT", "text"),
    add_variable("WELD_NO_BACKGROUND", "false"),
    add_variable("SHOP_TOKEN", "a-token"),
    annotate("run.googleapis.com/cpu-throttling", "false"),
    annotate("run.googleapis.com/execution-environment", "gen1"),
    annotate("run.googleapis.com/throttling", "true"),
    annotate("autoscaling.knative.dev/maxScale", "4"),
    annotate("autoscaling.knative.dev/minScale", 0),
    put(of("Service"), "metadata", "annotations", "run.googleapis.com/ingress", value="internal"),
    put(container, "startupProbe", "httpGet", "path", value="/ready"),
    put(container, "startupProbe", "failureThreshold", value=300),
    put(container, "livenessProbe", "httpGet", "port", value=8081),
    put(container, "livenessProbe", "timeoutSeconds", value=61),
    put(container, "ports", 0, "containerPort", value=8000),
    put(container, "env", 5, "valueFrom", "secretKeyRef", value={"name": "weld-api-key"}),
    put(container, "resources", "limits", "memory", value="256Mi"),
    put(container, "readinessProbe", value={"httpGet": {"path": "/readyz", "port": 8080}}),
    put(template, "spec", "timeoutSeconds", value=30),
    put(template, "spec", "containerConcurrency", value=1),
]
