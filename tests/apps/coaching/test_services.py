"""Who may write and read what two people write, what both must agree on, and how it ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from bokgi.apps.access.models import User
from bokgi.apps.coaching import selectors, services
from bokgi.apps.coaching.models import OneOnOne, Pair, Paper, PaperKind, Plan, PlanCheck, PlanState
from bokgi.apps.coaching.rubric import DEFAULT
from bokgi.domain.errors import BokgiError, ConflictError, NotFoundError, UsageError
from tests.apps.coaching.papers import AT, SECRET, note, proposed
from tests.homes import TODAY

pytestmark = pytest.mark.usefixtures("home")


def test_a_manager_coaches_the_own_people_and_an_administrator_nobody(users: dict[str, User]) -> None:
    assert services.pair_begin(coach=users["manager"], member=users["rep"], on=TODAY).member == users["rep"]
    assert services.pair_begin(coach=users["leader"], member=users["rep"], on=TODAY).coach == users["leader"]
    for role in ("admin", "viewer", "rep"):
        with pytest.raises(UsageError, match="nobody you coach"):
            services.pair_begin(coach=users[role], member=users["manager"], on=TODAY)


def test_only_the_two_read_a_pair(pair: Pair, talk: OneOnOne, users: dict[str, User]) -> None:
    paper, plan = note(talk, pair.coach), proposed(pair)
    reads: list[Callable[[User], object]] = [
        lambda user: selectors.pair_of(user, pair.pk),
        lambda user: selectors.one_on_one_of(user, talk.pk),
        lambda user: selectors.paper_of(user, paper.pk),
        lambda user: selectors.plan_of(user, plan.pk),
    ]
    for role in ("admin", "leader", "viewer"):
        for read in reads:
            with pytest.raises(NotFoundError):
                read(users[role])
        assert selectors.record_of(users[role]) == []
        assert selectors.growth_plans_of(users[role], "lee") == []
    for party in (pair.coach, pair.member):
        assert selectors.plan_of(party, plan.pk) == plan
        assert len(selectors.growth_plans_of(party, "lee")) == 1


def test_a_stranger_writes_nothing(pair: Pair, talk: OneOnOne, users: dict[str, User]) -> None:
    paper, plan = note(talk, pair.coach, PaperKind.FOLLOW_UP), proposed(pair)
    leader = users["leader"]
    acts: list[Callable[[], object]] = [
        lambda: note(talk, leader),
        lambda: services.paper_remove(paper=paper, by=leader),
        lambda: services.paper_done(paper=paper, done=True, by=leader, at=AT),
        lambda: services.follow_up_agree(paper=paper, by=leader, at=AT, today=TODAY),
        lambda: services.plan_agree(plan=plan, by=leader, baseline={}, at=AT, today=TODAY),
        lambda: services.plan_decline(plan=plan, by=leader),
        lambda: services.plan_end(plan=plan, by=leader, learned="x", today=TODAY),
        lambda: services.papers_pass_on(pair=pair, to=leader, by=leader, at=AT, today=TODAY),
        lambda: services.papers_pass_on(pair=pair, to=leader, by=pair.coach, at=AT, today=TODAY),
        lambda: services.one_on_one_plan(pair=pair, on=TODAY + timedelta(days=7), by=leader, today=TODAY),
    ]
    for act in acts:
        with pytest.raises(NotFoundError):
            act()
    assert Paper.objects.count() == 1
    assert Plan.objects.get().state == PlanState.PROPOSED


def test_an_own_note_is_read_by_its_author_only(pair: Pair, talk: OneOnOne) -> None:
    mine = note(talk, pair.member, PaperKind.OWN_NOTE)
    assert selectors.papers_read(pair.coach, Paper.objects.all(), pair) == []
    assert selectors.papers_read(pair.member, Paper.objects.all(), pair)[0].text == SECRET
    with pytest.raises(NotFoundError):
        selectors.paper_of(pair.coach, mine.pk)


def test_after_a_change_of_managers_papers_stay_with_the_two(
    pair: Pair, talk: OneOnOne, users: dict[str, User]
) -> None:
    kept = note(talk, pair.coach)
    note(talk, pair.coach, PaperKind.OWN_NOTE, "혼자만 볼 메모")
    pair.coach.role = "rep"
    pair.coach.save()
    with pytest.raises(ConflictError) as over:
        note(talk, pair.coach)
    assert over.value.code == "pair_over"
    assert selectors.papers_read(pair.coach, [kept], pair)[0].text == SECRET
    leader = users["leader"]
    with pytest.raises(NotFoundError):
        selectors.pair_of(leader, pair.pk)
    services.papers_pass_on(pair=pair, to=leader, by=pair.member, at=AT, today=TODAY)
    assert list(selectors.pairs_passed_to(leader)) == [pair]
    read = selectors.papers_read(leader, Paper.objects.all(), selectors.pair_of(leader, pair.pk))
    assert [one.text for one in read] == [SECRET]
    with pytest.raises(NotFoundError):
        selectors.one_on_one_of(leader, talk.pk, writes=True)
    services.papers_take_back(pair=pair, to=leader, by=pair.member)
    with pytest.raises(NotFoundError):
        selectors.pair_of(leader, pair.pk)


def test_papers_pass_on_to_a_coach_only(pair: Pair, users: dict[str, User]) -> None:
    with pytest.raises(UsageError, match="who coaches you now"):
        services.papers_pass_on(pair=pair, to=users["admin"], by=pair.member, at=AT, today=TODAY)


def test_a_follow_up_leaves_the_room_when_both_agree(pair: Pair, talk: OneOnOne) -> None:
    paper = note(talk, pair.coach, PaperKind.FOLLOW_UP)
    assert services.follow_up_agree(paper=paper, by=pair.coach, at=AT, today=TODAY) is False
    assert services.follow_up_agree(paper=paper, by=pair.member, at=AT, today=TODAY) is True
    with pytest.raises(NotFoundError):
        services.follow_up_agree(paper=note(talk, pair.coach), by=pair.member, at=AT, today=TODAY)


def test_a_plan_runs_when_both_agree_and_one_at_a_time(pair: Pair) -> None:
    plan = proposed(pair)
    assert services.plan_agree(plan=plan, by=pair.coach, baseline={}, at=AT, today=TODAY).state == PlanState.PROPOSED
    with pytest.raises(ConflictError, match="already"):
        proposed(pair)
    running = services.plan_agree(plan=plan, by=pair.member, baseline={"n": 9}, at=AT, today=TODAY)
    assert (running.state, running.begun_on, running.baseline) == (PlanState.RUNNING, date(2026, 11, 30), {"n": 9})
    with pytest.raises(ConflictError, match="not where it was"):
        services.plan_decline(plan=plan, by=pair.member)
    services.plan_end(plan=plan, by=pair.member, learned="질문을 먼저 하니 길게 이야기했다", today=TODAY)
    opened = selectors.plan_read(Plan.objects.get())
    assert opened.learned == "질문을 먼저 하니 길게 이야기했다"
    assert opened.plan.state == PlanState.ENDED
    assert selectors.has_growth_plan("lee", since=TODAY)
    assert proposed(pair).state == PlanState.PROPOSED


@pytest.mark.parametrize("behaviours", [[], ["", " "], ["하나", "둘", "셋"], ["x" * 5_000]])
def test_a_plan_has_one_or_two_behaviours(pair: Pair, behaviours: list[str]) -> None:
    with pytest.raises(BokgiError):
        proposed(pair, behaviours=behaviours)


def test_a_check_is_kept_once(pair: Pair) -> None:
    plan = proposed(pair)
    assert services.plan_check_keep(plan=plan, weeks=4, on=TODAY, result={"n": 1}, at=AT)
    assert not services.plan_check_keep(plan=plan, weeks=4, on=TODAY, result={"n": 2}, at=AT)
    assert PlanCheck.objects.get().result == {"n": 1}


def test_talks_are_counted_once_they_took_place(pair: Pair, talk: OneOnOne) -> None:
    span = {"start": TODAY, "end": TODAY + timedelta(days=1)}
    assert selectors.one_on_ones_held("lee", **span) == 0
    services.one_on_one_close(one_on_one=talk, by=pair.member, at=AT, today=TODAY)
    assert selectors.one_on_ones_held("lee", **span) == 1
    later = services.one_on_one_plan(pair=pair, on=TODAY + timedelta(days=7), by=pair.member, today=TODAY)
    with pytest.raises(ConflictError, match="This 1:1 is on"):
        services.one_on_one_close(one_on_one=later, by=pair.member, at=AT, today=TODAY)


def test_erasing_a_person_leaves_nothing_of_the_pair(pair: Pair, talk: OneOnOne) -> None:
    note(talk, pair.coach)
    proposed(pair)
    assert services.person_erase(person_id="lee") == 1
    assert [model.objects.count() for model in (Pair, OneOnOne, Paper, Plan)] == [0, 0, 0, 0]


def test_the_rubric_begins_with_a_set_in_both_languages_and_keeps_versions(users: dict[str, User]) -> None:
    korean, english = selectors.rubric("ko"), selectors.rubric("en")
    assert [one.key for one in korean] == [one.key for one in english] == list(DEFAULT)
    assert korean[2].name == "문제 발견"
    texts = {lang: dict(parts) for lang, parts in DEFAULT["discovery"].items()}
    texts["ko"]["5"] = "고객이 문제의 비용을 스스로 계산해 말한다."
    services.skill_change(key="discovery", texts=texts, by=users["leader"], at=AT)
    assert selectors.rubric("ko")[2].anchors[5] == "고객이 문제의 비용을 스스로 계산해 말한다."
    first = selectors.rubric_skill("discovery", 1, "ko")
    assert first is not None
    assert first.anchors[5] == DEFAULT["discovery"]["ko"]["5"]
    services.skill_change(key="discovery", texts=texts, by=users["leader"], at=AT, retired=True)
    assert "discovery" not in [one.key for one in selectors.rubric("ko")]
    with pytest.raises(NotFoundError):
        services.skill_change(key="discovery", texts=texts, by=users["manager"], at=AT)
    with pytest.raises(UsageError):
        services.skill_change(key="closing", texts={"ko": texts["ko"]}, by=users["leader"], at=AT)
