"""Sealed words of two people: lost with their key, found in no dump, kept through a rotation that stops."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from bokgi.apps.access import sealing
from bokgi.apps.access.models import AuditEntry
from bokgi.apps.access.sealing import Keys, Resealed, keys_of
from bokgi.apps.coaching import selectors, services
from bokgi.apps.coaching.models import OneOnOne, Pair, Paper, PaperKind, Plan
from bokgi.cli.commands.doctor import doctor
from bokgi.cli.session import Session
from bokgi.domain.errors import SetupError
from tests.apps.coaching.papers import AT, SECRET, note, proposed
from tests.homes import TODAY
from tests.plain_text import places_of


def test_what_two_people_write_stands_in_no_dump_and_no_file(home_with_key: Path, pair: Pair, talk: OneOnOne) -> None:
    note(talk, pair.coach)
    note(talk, pair.member, kind=PaperKind.OWN_NOTE)
    feedback = {"situation": SECRET, "behaviour": SECRET, "effect": SECRET}
    services.paper_write(one_on_one=talk, kind=PaperKind.FEEDBACK, words=feedback, by=pair.coach, at=AT, today=TODAY)
    plan = proposed(pair, behaviours=[SECRET], reason=SECRET)
    services.plan_agree(plan=plan, by=pair.member, baseline={"n": 3}, at=AT, today=TODAY)
    services.plan_end(plan=plan, by=pair.member, learned=SECRET, today=TODAY)
    assert Paper.objects.count() == 3
    assert AuditEntry.objects.exists()
    assert (home_with_key / "keys" / sealing.FILE).is_file()
    assert places_of(SECRET, home_with_key) == []
    opened = selectors.papers_read(pair.coach, Paper.objects.filter(kind=PaperKind.NOTE), pair)
    assert [one.text for one in opened] == [SECRET]


def test_who_loses_the_key_loses_the_notes_and_no_new_key_hides_that(home_with_key: Path, talk: OneOnOne) -> None:
    note(talk, talk.pair.coach)
    (home_with_key / "keys" / sealing.FILE).unlink()
    with pytest.raises(SetupError) as reading:
        selectors.papers_read(talk.pair.coach, Paper.objects.all(), talk.pair)
    with pytest.raises(SetupError) as writing:
        note(talk, talk.pair.coach)
    assert {reading.value.code, writing.value.code} == {"notes_key_missing"}
    assert not (home_with_key / "keys" / sealing.FILE).exists()


def test_a_rotation_seals_everything_anew(home_with_key: Path, pair: Pair, talk: OneOnOne) -> None:
    note(talk, pair.coach)
    proposed(pair, behaviours=["다음 약속을 통화 안에서 잡는다"])
    before = keys_of(home_with_key).keys[0].name
    assert sealing.rotate() == Resealed(2, 0)
    names = {
        sealed.partition(".")[0] for model in (Paper, Plan) for sealed in model.objects.values_list("sealed", flat=True)
    }
    assert names == {keys_of(home_with_key).keys[0].name} != {before}
    assert selectors.papers_read(pair.coach, Paper.objects.all(), pair)[0].text == SECRET
    assert sealing.rotate() == Resealed(2, 0)
    assert before not in [key.name for key in keys_of(home_with_key).keys]


def test_a_rotation_that_stops_in_the_middle_loses_nothing(home_with_key: Path, pair: Pair, talk: OneOnOne) -> None:
    note(talk, pair.coach)

    def dies(keys: Keys) -> Resealed:
        assert len(keys.keys) == 2
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sealing.key_renew(home_with_key, dies)
    assert selectors.papers_read(pair.coach, Paper.objects.all(), pair)[0].text == SECRET
    assert sealing.rotate() == Resealed(1, 0)
    assert selectors.papers_read(pair.coach, Paper.objects.all(), pair)[0].text == SECRET


def test_keys_of_the_environment_are_rotated_by_naming_the_new_one_first(talk: OneOnOne, settings: Settings) -> None:
    old = settings.NOTES_KEY
    note(talk, talk.pair.coach)
    settings.NOTES_KEY = f"{'new secret ' * 4}, {old}"
    assert sealing.rotate() == Resealed(1, 0)
    settings.NOTES_KEY = "new secret " * 4
    assert selectors.papers_read(talk.pair.coach, Paper.objects.all(), talk.pair)[0].text == SECRET


def test_a_changed_text_stops_no_rotation_and_no_key_leaves_while_it_is_closed(
    home_with_key: Path, pair: Pair, talk: OneOnOne
) -> None:
    note(talk, pair.coach)
    hurt = note(talk, pair.member)
    whole = Paper.objects.get(pk=hurt.pk).sealed
    for broken in (whole[:-8] + "AAAAAAA=", whole[:-1], whole.partition(".")[0] + ".%%", "nobody.AAAA"):
        Paper.objects.filter(pk=hurt.pk).update(sealed=broken)
        assert sealing.rotate() == Resealed(1, 1)
        assert Paper.objects.get(pk=hurt.pk).sealed == broken
    assert sealing.opened() == (2, 1)
    assert len(keys_of(home_with_key).keys) == 5
    Paper.objects.filter(pk=hurt.pk).update(sealed=whole)
    assert sealing.rotate() == Resealed(2, 0)
    assert len(keys_of(home_with_key).keys) == 2
    opened = selectors.papers_read(pair.member, Paper.objects.all(), pair)
    assert [one.text for one in opened] == [SECRET, SECRET]


def test_the_doctor_says_when_private_texts_do_not_open(
    home_with_key: Path, talk: OneOnOne, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("BOKGI_HOME", str(home_with_key)), ("BOKGI_DATABASE", "of the tests")):
        monkeypatch.setenv(name, value)
    note(talk, talk.pair.coach)
    session = Session(lang="ko", format="json", home=home_with_key)

    def found() -> dict[str, str]:
        return {check["code"]: check["message"] for check in doctor(session).data["checks"]}

    assert "notes_closed" not in found()
    assert "1건이 모두 열립니다" in found()["notes_open"]
    (home_with_key / "keys" / sealing.FILE).unlink()
    assert "1건 가운데 1건이 열리지 않습니다" in found()["notes_closed"]
