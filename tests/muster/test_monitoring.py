"""deploy/prometheus and deploy/grafana: what they name exists, and the page for operators explains it."""

import importlib
import json
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client import REGISTRY
from promql_parser import VectorSelector

from muster.generated import ROOT

RULES = yaml.safe_load((ROOT / "deploy/prometheus/muster.rules.yml").read_text())
SCRAPE = yaml.safe_load((ROOT / "deploy/prometheus/scrape.yml").read_text())
DASHBOARD = json.loads((ROOT / "deploy/grafana/muster.json").read_text())
PAGE = (ROOT / "docs/operations.md").read_text()
ALARMS: list[dict[str, Any]] = [rule for group in RULES["groups"] for rule in group["rules"]]
TARGETS = [target for panel in DASHBOARD["panels"] for target in panel.get("targets", ())]
EXPRESSIONS = [alarm["expr"] for alarm in ALARMS] + [
    target["expr"].replace("$__rate_interval", "5m") for target in TARGETS
]
OF_PROMETHEUS = {"up": {"job", "instance"}}


def metrics() -> dict[str, set[str]]:
    """The labels of each series that the code can make, by its name."""
    for room in ("models", "workers", "schema"):
        package = importlib.import_module(room)
        for module in pkgutil.walk_packages(package.__path__, f"{room}."):
            importlib.import_module(module.name)
    collectors = {id(one): one for one in REGISTRY._names_to_collectors.values()}.values()
    found = dict(OF_PROMETHEUS)
    for one in collectors:
        name = getattr(one, "_name", "")
        if name.startswith("muster_"):
            for series, more in series_of(name, one._type):  # type: ignore[attr-defined]
                found[series] = {*one._labelnames, *more, "job", "instance"}  # type: ignore[attr-defined]
    return found


def series_of(name: str, kind: str) -> Iterator[tuple[str, set[str]]]:
    if kind == "histogram":
        yield from ((f"{name}_bucket", {"le"}), (f"{name}_sum", set()), (f"{name}_count", set()))
    else:
        yield (f"{name}_total" if kind == "counter" else name), set()


METRICS = metrics()


def selectors(node: Any) -> Iterator[VectorSelector]:
    """All selectors of a parsed expression."""
    if isinstance(node, VectorSelector):
        yield node
    for name in ("expr", "lhs", "rhs", "param", "vector_selector", "vs"):
        inner = getattr(node, name, None)
        if inner is not None:
            yield from selectors(inner)
    for inner in getattr(node, "args", None) or ():
        yield from selectors(inner)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_parses_and_names_metrics_and_labels_that_exist(expression: str) -> None:
    found = list(selectors(promql_parser.parse(expression)))
    assert found, "it selects nothing"
    assert {one.name for one in found} == set(re.findall(r"\bmuster_\w+|\bup\b", expression))
    for one in found:
        assert one.name in METRICS
        assert {matcher.name for matcher in one.matchers.matchers} <= METRICS[one.name]
    grouped = {label.strip() for labels in re.findall(r"by \(([^)]*)\)", expression) for label in labels.split(",")}
    assert grouped <= set.union(*(METRICS[one.name] for one in found))


@pytest.mark.parametrize("alarm", ALARMS, ids=lambda alarm: alarm["alert"])
def test_an_alarm_is_complete_and_explained(alarm: dict[str, Any]) -> None:
    assert set(alarm) <= {"alert", "expr", "for", "labels", "annotations"}
    assert alarm["labels"]["severity"] in ("page", "ticket")
    assert alarm["annotations"]["summary"]
    assert f"| `{alarm['alert']}` |" in PAGE


def test_the_page_explains_no_alarm_that_does_not_exist() -> None:
    assert set(re.findall(r"^\| `(Muster\w+)` \|", PAGE, re.MULTILINE)) == {alarm["alert"] for alarm in ALARMS}


def test_the_page_and_the_dashboard_know_every_metric() -> None:
    names = {re.sub(r"_(bucket|sum|count)$", "", name) for name in METRICS if name.startswith("muster_")}
    assert set(re.findall(r"`(muster_\w+)`", PAGE)) == names
    shown = " ".join(target["expr"] for target in TARGETS)
    assert not [name for name in names if name not in shown]


def test_the_dashboard_is_whole() -> None:
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    places = [tuple(panel["gridPos"][side] for side in "xywh") for panel in DASHBOARD["panels"]]
    assert all(x + w <= 24 for x, _, w, _ in places)
    assert not [
        (a, b)
        for index, a in enumerate(places)
        for b in places[index + 1 :]
        if a[0] < b[0] + b[2] and b[0] < a[0] + a[2] and a[1] < b[1] + b[3] and b[1] < a[1] + a[3]
    ], "panels lie on one another"
    assert {variable["name"] for variable in DASHBOARD["templating"]["list"]} == {"datasource"}


def test_the_example_scrapes_the_services_of_docker_compose() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    for job in SCRAPE:
        for config in job["static_configs"]:
            assert {target.split(":")[0] for target in config["targets"]} <= set(services)
