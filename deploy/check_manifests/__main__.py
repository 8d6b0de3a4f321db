"""Checks the manifests in deploy/kubernetes, deploy/knative and deploy/cloud-run: python3 deploy/check_manifests WELD_HOST

Needs `kubectl`, and PyPI's `kubernetes-validate`. Each set is built by `kubectl kustomize` and checked; then mistakes are made in
it, each of which must be found.
"""

import copy
import re
import shutil
import subprocess
import sys
import tempfile

import cloud_run
import knative
import kubernetes
import mistakes
import yaml
from program import Program

KUBERNETES = kubernetes.ROOT / "deploy/kubernetes"
# The commands of docs/deploy/kubernetes.md that make an overlay for another connector.
COPY = "cp -r deploy/kubernetes/overlays/one-connector deploy/kubernetes/overlays/crm"


def built(folder):
    """The documents of a Kustomize folder. Warnings count, since they announce that a later kustomize refuses it."""
    done = subprocess.run(["kubectl", "kustomize", folder], capture_output=True, text=True, check=False)
    if done.returncode or done.stderr:
        sys.exit(f"kubectl kustomize {folder}: {done.stderr.strip()}")
    return list(yaml.safe_load_all(done.stdout))


def copied(first_line):
    """What the commands of the page that begin with this line print, run as printed in a copy of the folder."""
    page = (kubernetes.ROOT / "docs/deploy/kubernetes.md").read_text()
    commands = re.search(rf"^```sh\n({re.escape(first_line)}\n.*?)^```$", page, re.DOTALL | re.MULTILINE)[1]
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(KUBERNETES, f"{folder}/deploy/kubernetes")
        done = subprocess.run(["bash", "-ec", commands], cwd=folder, capture_output=True, text=True, check=True)
    if "shop" in done.stdout:
        sys.exit(f"the copied overlay still contains shop:\n{done.stdout}")
    return list(yaml.safe_load_all(done.stdout))


def check(name, documents, findings, changes):
    """Checks a set, and that each change of it is found. Returns the number of problems."""
    problems = [f"{name}: {problem}" for problem in findings(documents)]
    for number, change in enumerate(changes):
        changed = copy.deepcopy(documents)
        change({document["kind"]: document for document in changed})
        try:
            found = findings(changed)
        except ValueError as error:
            # The program itself refuses the settings.
            found = [str(error)]
        if not found:
            problems.append(f"{name}: the mistake {number} of its list in mistakes.py is not found")
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{name}: {len(documents)} documents, {len(changes)} mistakes")
    return len(problems)


def main(weld_host):
    program = Program(weld_host)
    of_kubernetes = lambda documents: kubernetes.findings(documents, program)
    of_knative = lambda documents: knative.findings(documents[0], program)
    problems = 0
    own = {
        "base": mistakes.OF_PODS + mistakes.OF_KUBERNETES,
        "overlays/one-connector": mistakes.OF_ONE_CONNECTOR,
        "overlays/queue-hpa": mistakes.OF_SCALERS,
    }
    folders = ["base", *sorted(str(path.parent.relative_to(KUBERNETES)) for path in KUBERNETES.glob("overlays/*/kustomization.yaml"))]
    for name in folders:
        problems += check(name, built(KUBERNETES / name), of_kubernetes, own[name])
    problems += check("the copy of an overlay", copied(COPY), of_kubernetes, [])
    service = kubernetes.ROOT / "deploy/knative/service.yaml"
    documents = list(yaml.safe_load_all(service.read_text()))
    problems += check("knative", documents, of_knative, mistakes.OF_PODS + mistakes.OF_KNATIVE)
    service = kubernetes.ROOT / "deploy/cloud-run/service.yaml"
    documents = list(yaml.safe_load_all(service.read_text()))
    of_cloud_run = lambda documents: cloud_run.findings(documents[0], program)
    problems += check("cloud-run", documents, of_cloud_run, mistakes.OF_CLOUD_RUN)
    route = yaml.safe_load((KUBERNETES / "overlays/one-connector/httproute.yaml").read_text())
    problems += check("httproute", [route], lambda one: list(kubernetes.http_route(one[0])), [lambda kinds: kinds["HTTPRoute"]["spec"].update(hosts=[])])
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
