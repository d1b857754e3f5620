"""The verdict on a share: its goal is reached, missed, or missed by what may be chance.

Add here how a share is judged. Keep out: what counts as right, and the goals themselves.
"""

from enum import StrEnum
from math import exp, lgamma, log

CHANCE = 0.01


class Verdict(StrEnum):
    """What a share says of its goal.

    ``undecided`` is under the goal by no more than chance explains; ``none`` has no goal or
    nothing to count. Only ``missed`` fails a score.
    """

    REACHED = "reached"
    UNDECIDED = "undecided"
    MISSED = "missed"
    NONE = "none"

    @property
    def is_under_goal(self) -> bool:
        """The share is under the goal, whoever is to blame."""
        return self in (Verdict.UNDECIDED, Verdict.MISSED)


def judge(*, right: int, total: int, goal: float | None) -> Verdict:
    """Judge ``right`` of ``total`` by ``goal`` (0 to 1).

    A share under its goal is ``undecided`` when as many misses as these, or more, come by chance
    more than once in a hundred cities that just reach it: two wrong of twenty are 90 %, and that is
    so in one city of four where 95 % is the rule. A goal of 1 leaves nothing to chance.
    """
    if goal is None or not total:
        return Verdict.NONE
    if right / total >= goal:
        return Verdict.REACHED
    if chance_of(misses=total - right, total=total, goal=goal) > CHANCE:
        return Verdict.UNDECIDED
    return Verdict.MISSED


def chance_of(*, misses: int, total: int, goal: float) -> float:
    """The probability of that many misses or more when each of ``total`` cases is right with the
    probability ``goal``: the upper tail of a binomial distribution.

    By logarithms, as the coefficients of a large city exceed a float. ``misses`` are above their
    mean, where each term is smaller than the one before.
    """
    if goal >= 1:
        return 0.0 if misses else 1.0
    if goal <= 0:
        return 1.0
    chance = 0.0
    for wrong in range(misses, total + 1):
        term = exp(
            lgamma(total + 1)
            - lgamma(wrong + 1)
            - lgamma(total - wrong + 1)
            + wrong * log(1 - goal)
            + (total - wrong) * log(goal)
        )
        chance += term
        if term < 1e-12 * chance or term == 0.0:
            break
    return chance
