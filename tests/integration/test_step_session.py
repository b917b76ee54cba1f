"""One OpenJD session in this process: what it hears of its actions, and when."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import pytest
from openjd.sessions import ActionState, Session

from rendermill.engine.host.session import Outcome, StepSession
from rendermill.farm.blueprint import instantiate
from support.templates import shell, template


def test_an_action_that_ended_before_it_was_told_to_run_has_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    over, here = threading.Event(), threading.current_thread()
    tell = Session._action_callback

    def late(session: Session, state: ActionState) -> None:
        if state is ActionState.RUNNING and threading.current_thread() is here:
            assert over.wait(60)
        tell(session, state)
        if state is ActionState.SUCCESS:
            over.set()

    monkeypatch.setattr(Session, "_action_callback", late)
    blueprint = instantiate(template(shell("true")), {})
    session = StepSession(
        blueprint,
        blueprint.step("run"),
        tmp_path,
        [],
        {"PATH": "/bin:/usr/bin"},
        logging.NullHandler(),
        lambda *_: None,
    )
    assert session.run(0, None) == Outcome("", usable=True)
    assert over.is_set()
