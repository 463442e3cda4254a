"""What the benchmarks compare our analyses with gives our answers: SQL by hand, and pandas."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.analyses import QUESTIONS, agree, check, opened


def test_peers_give_the_answers_of_the_analyses(tmp_path: Path) -> None:
    connection, facts, paths = opened(1_500, tmp_path)
    for name in QUESTIONS:
        assert check(name, connection, facts, paths), name
    question = QUESTIONS["loss reasons"]
    assert question.pandas is not None
    with pytest.raises(SystemExit, match="by pandas"):
        agree(connection, question.pandas(paths).head(1), question.sql, "loss reasons")
