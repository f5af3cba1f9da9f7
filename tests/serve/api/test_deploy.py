from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from calltrack.serve.alerts.rules import Destination, Rule
from calltrack.serve.api.statuses import AccountFigures
from calltrack.serve.config import Config
from tests.live.harness import scenario
from tests.serve.hooks.test_webhooks import hook, secret
from tests.serve.security.test_guard import nothing
from tests.serve.service import service
from tests.serve.stream.test_streams import FRAMES

__all__ = ["secret"]  # a fixture that every test of a webhook needs

DEPLOY = Path(__file__).parents[3] / "docs" / "deploy"
RULES, DASHBOARD = DEPLOY / "prometheus-alerts.yaml", DEPLOY / "grafana-dashboard.json"


@pytest.mark.usefixtures("secret")
@scenario
async def test_alert_rules_name_metrics_that_exist() -> None:
    """And so do the dashboard, and the table of what to watch; and so are their labels."""
    watched = Path(__file__).parents[3] / "docs" / "serve.md"
    named = {
        name
        for file in (RULES, DASHBOARD, watched)
        for name in re.findall(r"\bcalltrack_(?!worker_|connector_)[a-z_]+", file.read_text(encoding="utf-8"))
    }
    reported = Config(
        [hook("https://crm.example/", allow_internal=False)],
        [Rule(name="connection", when="lost")],
        [Destination(name="night", url_env="HOOK_SECRET")],
    )
    async with service(config=reported) as running:
        running.source.give(*FRAMES)
        await running.reached(len(FRAMES))
        async with running.client.get("/metrics") as answer:
            text = await answer.text()

    of_many = CollectorRegistry()
    of_many.register(AccountFigures(nothing()))
    text += generate_latest(of_many).decode()
    exist = set(re.findall(r"^(?:# TYPE )?(calltrack_[a-z_]+)", text, re.MULTILINE))
    assert len(named) > 8
    assert set() == named - exist
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel["targets"]:
            name = re.findall(r"calltrack_[a-z_]+", target["expr"])[0]
            for label in re.findall(r"{{(\w+)}}", target["legendFormat"]):
                here = re.findall(rf"^{name}[ {{].*", text, re.MULTILINE)
                assert all(f'{{{label}="' in one for one in here), (panel["title"], label)
