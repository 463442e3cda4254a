"""The company after its two years: everything that happened, with ids and names as the CRM writes them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bokgi.sample.contacts import Contacts, make_contacts
from bokgi.sample.draws import Draws, Ints, Texts
from bokgi.sample.feedback import Responses, make_responses
from bokgi.sample.leads import Leads, make_leads
from bokgi.sample.words import company_names
from bokgi.sample.world import World

_STREAM = 21


@dataclass(frozen=True)
class Company:
    """Everything that happened, with the labels that the files use."""

    world: World
    seed: int
    leads: Leads
    contacts: Contacts
    responses: Responses
    deal_ids: Texts
    deal_order: Ints
    """Deals in the order of their ids."""
    account_ids: Texts
    account_names: Texts
    contact_ids: Texts
    lead_ids: Texts
    lead_order: Ints

    @property
    def people(self) -> Texts:
        """Names of sellers and then team leads."""
        return self.world.roster.names


def numbered(pattern: str, numbers: Ints) -> Texts:
    """Write ids by a pattern with one number in it.

    >>> numbered("OPP-%06d", np.array([7])).tolist()
    ['OPP-000007']
    """
    written: Texts = np.char.mod(pattern, numbers).astype(object)
    return written


def picked(table: tuple[str, ...], positions: Ints) -> Texts:
    """Look texts up by position; -1 gives an empty text.

    >>> picked(("a", "b"), np.array([1, -1])).tolist()
    ['b', '']
    """
    texts: Texts = np.array([*table, ""], dtype=object)[positions]
    return texts


def looked_up(labels: Texts, positions: Ints) -> Texts:
    """Look ids or names up by number; a negative number gives an empty text."""
    texts: Texts = labels[positions]
    texts[positions < 0] = ""
    return texts


def grouped(numbers: npt.NDArray[np.int64]) -> Texts:
    """Write whole numbers with separators of thousands, as a spreadsheet shows them.

    >>> grouped(np.array([12500, -300])).tolist()
    ['12,500', '-300']
    """
    different, positions = np.unique(numbers, return_inverse=True)
    texts: Texts = np.array([f"{number:,}" for number in different.tolist()], dtype=object)[positions]
    return texts


def label(world: World, seed: int) -> Company:
    """Draw what surrounds the deals and give everything its labels."""
    pipeline = world.pipeline
    leads = make_leads(world, seed)
    contacts = make_contacts(world, seed)
    n, accounts = pipeline.n, pipeline.accounts
    deal_order = np.argsort(pipeline.created[:n], kind="stable")
    lead_order = np.argsort(leads.created, kind="stable")
    return Company(
        world=world,
        seed=seed,
        leads=leads,
        contacts=contacts,
        responses=make_responses(world, seed),
        deal_ids=_ids("OPP-%06d", deal_order),
        deal_order=deal_order,
        account_ids=_ids("ACC-%05d", np.argsort(accounts.since[: accounts.n], kind="stable")),
        account_names=company_names(Draws(seed, _STREAM), accounts.industry[: accounts.n]),
        contact_ids=numbered("CON-%05d", np.arange(1, len(contacts.account) + 1)),
        lead_ids=_ids("LD-%06d", lead_order),
        lead_order=lead_order,
    )


def _ids(pattern: str, order: Ints) -> Texts:
    """Number things in an order and give the id of each by its own number."""
    ids: Texts = np.empty(len(order), dtype=object)
    ids[order] = numbered(pattern, np.arange(1, len(order) + 1))
    return ids
