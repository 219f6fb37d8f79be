"""The standard suite that the Singer SDK has for targets, against the sandbox.

All of its tests run. Two more that the SDK keeps but leaves out of its suite are at the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.testing import TargetTestRunner, get_target_test_class
from singer_sdk.testing.target_tests import (
    TargetMultipleStateMessages,
    TargetRecordMissingRequiredProperty,
)

from target_clevertap.target import TargetCleverTap
from tests.support.pipeline import config, rejected

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.sandbox import Sandbox

StandardTests = get_target_test_class(TargetCleverTap)


def profiles_by(column: str) -> dict[str, Any]:
    return {"type": "profile", "identifier": {"identity": column}}


STREAMS = {
    "*": profiles_by("id"),
    "string_formats": profiles_by("uuid"),
    "TestCamelcase": profiles_by("Id"),
    "ForecastingTypeToCategory": profiles_by("Id"),
    "test:SpecialChars!in?attributes": profiles_by("_id"),
    "test_object_schema_with_properties": profiles_by("object_store.id"),
    "test_object_schema_no_properties": profiles_by("object_store.id"),
}


@pytest.fixture
def runner(sandbox: Sandbox, tmp_path: Path) -> Iterator[TargetTestRunner]:
    """A runner that points at the sandbox, and whose input is closed afterwards."""
    settings = config(sandbox, tmp_path, streams=STREAMS)
    runner = TargetTestRunner(target_class=TargetCleverTap, config=settings)
    yield runner
    if runner.target_input is not None:
        runner.target_input.close()


class TestTarget(StandardTests):  # type: ignore[misc,valid-type] # made by the SDK at run time
    """The suite, with the runner above in place of the SDK's own."""

    @pytest.fixture
    def runner(self, runner: TargetTestRunner) -> TargetTestRunner:
        return runner


def run(test: Any, runner: TargetTestRunner) -> None:  # noqa: ANN401 - a template of the SDK
    template = test()
    template.runner = runner
    runner.input_filepath = template.singer_filepath
    runner.sync_all()


def test_a_record_without_a_required_property_is_rejected(
    runner: TargetTestRunner, tmp_path: Path
) -> None:
    run(TargetRecordMissingRequiredProperty, runner)
    assert [row["rejected"]["code"] for row in rejected(tmp_path)] == ["schema_violation"]


def test_the_last_of_several_states_is_written(runner: TargetTestRunner) -> None:
    # The SDK's own assertion wants every state; here one a second and always the last is enough.
    run(TargetMultipleStateMessages, runner)
    assert runner.state_messages[-1:] == [
        {"test_multiple_state_messages_a": 5, "test_multiple_state_messages_b": 6}
    ]
