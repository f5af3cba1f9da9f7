from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.live.harness import scenario
from tests.serve.hooks.test_webhooks import hook, secret
from tests.serve.service import service
from tests.serve.stream.test_streams import FRAMES

__all__ = ["secret"]  # a fixture that every test of a webhook needs

RULES = Path(__file__).parents[3] / "docs" / "deploy" / "prometheus-alerts.yaml"


@pytest.mark.usefixtures("secret")
@scenario
async def test_alert_rules_name_metrics_that_exist() -> None:
    """And so does the table of what to watch."""
    watched = Path(__file__).parents[3] / "docs" / "serve.md"
    named = {
        name
        for file in (RULES, watched)
        for name in re.findall(r"\bcalltrack_[a-z_]+", file.read_text(encoding="utf-8"))
    }
    async with service(hooks=[hook("https://crm.example/", allow_internal=False)]) as running:
        running.source.give(*FRAMES[:2])
        await running.reached(2)
        async with running.client.get("/metrics") as answer:
            text = await answer.text()

    exist = set(re.findall(r"^(calltrack_[a-z_]+)", text, re.MULTILINE)) | set(
        re.findall(r"^# TYPE (calltrack_[a-z_]+)", text, re.MULTILINE)
    )
    assert len(named) > 8
    assert set() == named - exist
