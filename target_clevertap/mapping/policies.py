"""What the settings say about values in general; a property's own words go before them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from target_clevertap.settings import LEDGER_OFF

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from target_clevertap.settings import InvalidPolicy, LongPolicy, NullPolicy, Settings


@dataclass(frozen=True, slots=True)
class Policies:
    """The settings that decide how a value is read, apart from the stream's mapping."""

    default_country: str | None
    zone: ZoneInfo
    invalid_properties: InvalidPolicy
    nulls: NullPolicy
    long_values: LongPolicy
    keyed: bool
    """Whether items carry the key of their row, for the ledger."""

    @classmethod
    def of(cls, settings: Settings) -> Policies:
        """The policies of typed settings."""
        return cls(
            default_country=settings.default_country,
            zone=settings.zone,
            invalid_properties=settings.invalid_properties,
            nulls=settings.nulls,
            long_values=settings.long_values,
            keyed=settings.ledger_url != LEDGER_OFF,
        )
