"""Volume: is the size of a delivery plausible beside the last one that was?

A header without rows, or a changed date format that sends everything to quarantine, keeps every
other promise of the contract and would empty a source. Add here rules about how many rows arrive.
Keep out: the rows themselves (``checks.py``) and what is done about it (``orchestration/``).
"""

from collections.abc import Iterable
from dataclasses import dataclass

MIN_KEPT_SHARE = 0.5
MAX_QUARANTINED_SHARE = 0.2


@dataclass(frozen=True)
class Volume:
    """The size of one committed batch, and whether an operator vouched for it."""

    batch_id: int
    rows_read: int
    rows_landed: int
    rows_quarantined: int
    is_accepted: bool

    @property
    def quarantined_share(self) -> float:
        """Of the rows read, those that did not land; 0 when none was read."""
        return self.rows_quarantined / self.rows_read if self.rows_read else 0.0


@dataclass(frozen=True)
class Verdict:
    """Whether the newest batch is plausible. ``earlier`` is what it was compared with: the last
    plausible or accepted batch before it; ``problem`` says what is wrong with its size, even when
    that was accepted.
    """

    newest: Volume
    earlier: Volume | None
    problem: str | None

    @property
    def is_plausible(self) -> bool:
        """Nothing is wrong with the size, or an operator said that it is right."""
        return self.problem is None or self.newest.is_accepted


def judge(history: Iterable[Volume]) -> Verdict | None:
    """Judge the newest batch of a table; ``history`` is all its batches, oldest first.

    A batch that was refused is compared with by none: the same delivery does not become plausible
    by arriving twice. None when there is no batch.
    """
    earlier: Volume | None = None
    verdict: Verdict | None = None
    for volume in history:
        verdict = Verdict(volume, earlier, _problem(volume, earlier))
        if verdict.is_plausible:
            earlier = volume
    return verdict


def _problem(volume: Volume, earlier: Volume | None) -> str | None:
    before = earlier.rows_landed if earlier else 0
    # Whoever accepted a share of rejected rows does not have to accept it every day.
    allowed = max(MAX_QUARANTINED_SHARE, earlier.quarantined_share if earlier else 0.0)
    if before and volume.rows_landed == 0:
        return f"no row landed; batch {earlier.batch_id if earlier else 0} had {before:,}"
    if volume.quarantined_share > allowed:
        return (
            f"{volume.rows_quarantined:,} of {volume.rows_read:,} rows read were rejected, "
            f"more than {allowed:.0%}"
        )
    if volume.rows_landed < MIN_KEPT_SHARE * before:
        return (
            f"{volume.rows_landed:,} rows landed, less than {MIN_KEPT_SHARE:.0%} of the "
            f"{before:,} before"
        )
    return None
