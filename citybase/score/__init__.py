"""The score: what the published libraries say, compared with the truth about the synthetic city.

One module per library turns truth and library into rows of right or wrong; `figure.py` counts them.
Add a module when a library gets a score. Keep out: the models' own rules. What is expected here is
worked out from the truth alone, so that a mistake in a model cannot hide in the score.
"""

from citybase.score.compare import score, score_published
from citybase.score.figure import Figure, Score, UnderGoal
from citybase.score.verdict import Verdict

__all__ = ["Figure", "Score", "UnderGoal", "Verdict", "score", "score_published"]
