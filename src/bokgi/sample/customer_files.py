"""Accounts, contacts, who takes part in which deal, leads and what customers answered."""

from __future__ import annotations

from typing import Final

import numpy as np

from bokgi.sample.company import Company, grouped, looked_up, numbered, picked
from bokgi.sample.contacts import DEPARTMENTS, ROLES, TITLES
from bokgi.sample.draws import Draws
from bokgi.sample.feedback import COMMENTS, SURVEYS
from bokgi.sample.files import Encoding, Sheet
from bokgi.sample.leads import OUTCOMES
from bokgi.sample.library import JOURNEY
from bokgi.sample.truth import GRADES, INDUSTRIES, REGIONS, SOURCES

ISO_DATE: Final = "{y:04d}-{m:02d}-{d:02d}"
SLASHED_DATE: Final = "{y:04d}/{m:02d}/{d:02d}"
_STREAM: Final = 23
_MEDIAN_EMPLOYEES: Final = (2_400, 320, 45)
_EMPLOYEE_SPREAD: Final = (0.8, 0.6, 0.6)
_LARGE, _MIDDLE, _SMALL = 1_000, 300, 50
_SIZES: Final = ("대기업", "중견기업", "중소기업", "소기업")
_ENTERED_WITHIN_DAYS: Final = 20


def account_sheet(company: Company) -> Sheet:
    """Make the accounts file, a row an account in the order of ids."""
    world = company.world
    accounts, timeline = world.pipeline.accounts, world.timeline
    n = accounts.n
    team = accounts.team[:n]
    employees = np.array(_MEDIAN_EMPLOYEES)[team] * np.exp(np.array(_EMPLOYEE_SPREAD)[team] * accounts.size[:n])
    employees = np.maximum(np.floor(employees).astype(np.int64), 5)
    size = (employees < _LARGE).astype(np.int64) + (employees < _MIDDLE) + (employees < _SMALL)
    columns = {
        "고객사 ID": company.account_ids,
        "고객사명": company.account_names,
        "산업": picked(INDUSTRIES, accounts.industry[:n]),
        "직원 수": grouped(employees),
        "규모": picked(_SIZES, size),
        "지역": picked(REGIONS, accounts.region[:n]),
        "고객 구분": np.where(accounts.customer[:n], "고객", "잠재 고객").astype(object),
        "등록일": timeline.date_texts(accounts.since[:n], ISO_DATE),
    }
    order = np.argsort(accounts.since[:n], kind="stable")
    return Sheet("고객사.csv", Encoding.EXCEL_UTF8, {name: column[order] for name, column in columns.items()})


def contact_sheet(company: Company) -> Sheet:
    """Make the contacts file, a row a person at a customer."""
    contacts, world = company.contacts, company.world
    draws = Draws(company.seed, _STREAM)
    since = world.pipeline.accounts.since[contacts.account]
    entered = np.minimum(since + draws.between(0, _ENTERED_WITHIN_DAYS, len(since)), world.timeline.today_day)
    columns = {
        "연락처 ID": company.contact_ids,
        "이름": contacts.name,
        "고객사": company.account_names[contacts.account],
        "부서": picked(DEPARTMENTS, contacts.role),
        "직함": picked(TITLES, contacts.role),
        "이메일": numbered("con%05d@customer.example", np.arange(1, len(since) + 1)),
        "등록일": world.timeline.date_texts(entered, ISO_DATE),
    }
    return Sheet("연락처.csv", Encoding.EXCEL_UTF8, columns)


def deal_contact_sheet(company: Company) -> Sheet:
    """Make the file of who takes part in which deal, with the role in the decision."""
    contacts, pipeline = company.contacts, company.world.pipeline
    order = company.deal_order
    count = contacts.per_deal[order]
    deal = np.repeat(order, count)
    place = np.arange(len(deal)) - np.repeat(np.cumsum(count) - count, count)
    contact = contacts.first[pipeline.account[deal]] + place
    columns = {
        "영업기회 ID": company.deal_ids[deal],
        "연락처 ID": company.contact_ids[contact],
        "역할": picked(ROLES, contacts.role[contact]),
    }
    return Sheet("기회연락처.csv", Encoding.EXCEL_UTF8, columns)


def lead_sheet(company: Company) -> Sheet:
    """Make the leads file, a row a lead in the order of ids, with zoned times."""
    leads, timeline = company.leads, company.world.timeline
    columns = {
        "리드 ID": company.lead_ids,
        "리드 출처": picked(SOURCES, leads.source),
        "리드 등급": picked(GRADES, leads.grade),
        "담당자": company.people[leads.owner],
        "회사명": company.account_names[leads.account],
        "생성일시": timeline.second_texts(leads.created, between="T", zone="+09:00"),
        "배정일시": timeline.second_texts(timeline.seconds(leads.assigned), between="T", zone="+09:00"),
        "전환 영업기회 ID": looked_up(company.deal_ids, leads.deal),
        "결과": picked(OUTCOMES, leads.outcome),
    }
    order = company.lead_order
    return Sheet("리드.csv", Encoding.PLAIN_UTF8, {name: column[order] for name, column in columns.items()})


def response_sheet(company: Company) -> Sheet:
    """Make the file of customers' answers in order of time."""
    responses, pipeline, timeline = company.responses, company.world.pipeline, company.world.timeline
    draws = Draws(company.seed, _STREAM + 1)
    account = pipeline.account[responses.deal]
    comments = tuple(comment for of_tone in COMMENTS for comment in of_tone)
    columns = {
        "응답 ID": numbered("RSP-%05d", np.arange(1, len(account) + 1)),
        "고객사": company.account_names[account],
        "영업기회 ID": company.deal_ids[responses.deal],
        "연락처 ID": company.contact_ids[company.contacts.of_deals(draws, responses.deal, account)],
        "여정 단계": picked(JOURNEY, responses.journey),
        "설문": picked(SURVEYS, responses.survey),
        "점수": numbered("%d", responses.score),
        "응답일": timeline.date_texts(timeline.day_of(responses.moment), SLASHED_DATE),
        "의견": picked(comments, responses.comment),
    }
    return Sheet("고객응답.csv", Encoding.EXCEL_UTF8, columns)
