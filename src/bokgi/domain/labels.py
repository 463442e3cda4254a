"""What kinds, outcomes, parts and reasons are called on screens, in reports and in the terminal."""

from __future__ import annotations

from typing import Final

from bokgi.domain.messages import N_

ACTIVITIES: Final = {
    "meeting": N_("Meetings"),
    "call": N_("Calls"),
    "email": N_("E-mails"),
    "message": N_("Messages"),
    "task": N_("Tasks"),
    "note": N_("Notes"),
    "other": N_("Other"),
}
"""Kinds of activity, several of them."""

ACTIVITY: Final = {
    "meeting": N_("Meeting"),
    "call": N_("Call"),
    "email": N_("E-mail"),
    "message": N_("Message"),
    "task": N_("Task"),
    "note": N_("Note"),
    "other": N_("Other activity"),
}
"""One activity, by its kind."""

PIPELINE_PARTS: Final = {
    "created": N_("New deals"),
    "reopened": N_("Re-opened"),
    "pulled_in": N_("Pulled in"),
    "pushed_in": N_("Pushed in"),
    "dated_in": N_("Dated"),
    "moved_in": N_("Came from elsewhere"),
    "owner_filled": N_("Owner filled in"),
    "amount_up": N_("Amount up"),
    "amount_down": N_("Amount down"),
    "amount_filled": N_("Amount filled in"),
    "amount_emptied": N_("Amount emptied"),
    "won": N_("Won"),
    "lost": N_("Lost"),
    "no_decision": N_("No decision"),
    "closed_undated": N_("Closed, day unknown"),
    "removed": N_("Removed"),
    "pushed_out": N_("Pushed out"),
    "pulled_out": N_("Pulled out"),
    "undated_out": N_("Date emptied"),
    "moved_out": N_("Went elsewhere"),
}
"""What makes the open pipeline grow or shrink, see `analysis.pipeline_change`."""

METRICS: Final = {
    "won_amount": N_("Won amount"),
    "won_count": N_("Deals won"),
    "created_count": N_("Deals created"),
    "meetings": N_("Meetings"),
}
"""What targets are set for."""

OUTCOMES: Final = {"won": N_("Won"), "lost": N_("Lost"), "no_decision": N_("No decision"), "removed": N_("Removed")}
"""How deals end."""

STANDINGS: Final = {"open": N_("Open"), **OUTCOMES}
"""How deals stand: open, or how they ended."""

NO_REASON: Final = N_("No reason given")
"""Stands in the place of the reason of a loss."""

NO_STAGE: Final = N_("No stage on record")
"""Stands in the place of the stage that a loss stood in last."""

ATTENTION: Final = {
    "no_amount": N_("No amount"),
    "no_close_date": N_("No close date"),
    "close_passed": N_("Close date passed"),
    "pushed": N_("Close date pushed"),
    "no_next_step": N_("No next step"),
    "next_step_passed": N_("Next step overdue"),
    "untouched": N_("Untouched"),
    "never_touched": N_("Never touched"),
    "nothing_planned": N_("Nothing planned"),
    "stage_overdue": N_("Long in the stage"),
}
"""Why an open deal wants attention, see `analysis.hygiene`."""

FORECAST_METHODS: Final = {
    "forecast": N_("Forecast"),
    "stage_model": N_("Open deals and new business alone"),
    "run_rate": N_("Pace of the last 26 weeks"),
    "seasonal_naive": N_("Same weeks a year ago"),
    "weighted_pipeline": N_("Weighted pipeline"),
    "weighted_pipeline_due": N_("Weighted pipeline, due deals"),
    "best_simple": N_("Best simple method so far"),
}
"""Ways to foresee a period, see `analysis.forecast`."""

FORECAST_CHANGES: Final = {
    "won": N_("Won"),
    "lost": N_("Lost"),
    "entered": N_("Came in"),
    "moved_in": N_("Came from elsewhere"),
    "owner_filled": N_("Owner filled in"),
    "moved_out": N_("Went elsewhere"),
    "moved_on": N_("Moved on"),
    "moved_back": N_("Moved back"),
    "amount": N_("Amount changed"),
    "close_date": N_("Close date changed"),
    "filled_in": N_("Not known a week ago"),
    "waited": N_("Stood still"),
    "to_come": N_("Business yet to come"),
}
"""What moved a forecast within a week, see `analysis.forecast.change`."""

FORECAST_CATEGORIES: Final = {
    "commit": N_("In commit"),
    "best_case": N_("In best case"),
    "pipeline": N_("In pipeline"),
    "omitted": N_("Left out of the forecast"),
    "none": N_("No category"),
}
"""Categories that reps give open deals in the CRM, see `questions.forecast_categories`."""

JOURNEY_STAGES: Final = {
    "awareness": N_("Awareness"),
    "interest": N_("Interest"),
    "consideration": N_("Consideration"),
    "decision": N_("Decision"),
    "retention": N_("Retention and expansion"),
}
"""The five stages of the customer's journey."""

KPIS: Final = {
    "win-rate": N_("Win rate"),
    "cohort-close-rate": N_("Cohort close rate"),
    "stage-conversion": N_("Stage conversion"),
    "time-in-stage": N_("Time in stage"),
    "sales-cycle": N_("Sales cycle"),
    "velocity": N_("Sales velocity"),
    "coverage": N_("Pipeline coverage"),
    "pipeline-conversion": N_("Pipeline conversion"),
    "attainment": N_("Attainment"),
    "slippage": N_("Slippage"),
    "untouched": N_("Untouched deals"),
    "lead-response": N_("Lead response time"),
    "activity": N_("Activity"),
    "star-dependency": N_("Star dependency"),
    "won": N_("Won"),
    "forecast": N_("Forecast"),
    "forecast-categories": N_("Commit, best case, pipeline"),
}
"""KPIs of the dictionary, by their key."""

PIPELINES: Final = {"default": N_("Default pipeline")}
"""What a pipeline is called where the source names none; every other has the source's name."""

TRENDS: Final = {
    **{key: KPIS[key] for key in ("win-rate", "cohort-close-rate", "sales-cycle", "activity")},
    "created": N_("New deals"),
}
"""What `questions.trends` follows over time."""

KPI_COUNTS: Final = {
    "closed": N_("{n} closed {n:deal|deals}"),
    "won": N_("{n} won {n:deal|deals}"),
    "due": N_("{n} {n:deal|deals} due"),
    "open": N_("{n} open {n:deal|deals}"),
    "leads": N_("{n} {n:lead|leads}"),
    "created": N_("{n} {n:deal|deals} created"),
    "activities": N_("{n} {n:activity|activities}"),
}
"""What the n of a KPI counts."""

KPI_REASONS: Final = {
    "too_few": N_("too few cases for a value"),
    "few_ended": N_("too few that are known to have ended"),
    "few_old": N_("too few that were followed to the age of 90 days"),
    "no_target": N_("no target is set for this quarter"),
    "target_of_teams": N_("the target counts deals of other teams, too"),
    "target_reached": N_("the target is reached"),
    "no_wins": N_("no won deal with a known amount and duration"),
    "unknown": N_("not known"),
    "not_of_person": N_("not told of one person"),
    "not_of_pipeline": N_("not told of one pipeline"),
    "few_people": N_("won by fewer than three people, or what is left would show one"),
    "by_month": N_("what was won is told by month only"),
}
"""Why a KPI has no value."""

GAPS: Final = {
    "no_amount": ATTENTION["no_amount"],
    "no_rate": N_("No exchange rate"),
    **{code: ATTENTION[code] for code in ("no_close_date", "close_passed")},
    "no_owner": N_("No owner"),
    "unknown_stage": N_("Unknown stage"),
    **{code: ATTENTION[code] for code in ("no_next_step", "never_touched")},
}
"""What an open deal may lack, see `analysis.data_gaps`."""

RESPONSE_KINDS: Final = {"nps": "NPS", "csat": "CSAT", "ces": "CES", "feeling": N_("feeling")}
"""What a customer is asked for."""

DEAL_FIELDS: Final = {
    "account_id": N_("account"),
    "owner_id": N_("owner"),
    "pipeline": N_("pipeline"),
    "type": N_("type"),
    "product": N_("product"),
    "source": N_("source"),
    "lead_id": N_("lead"),
    "lead_grade": N_("lead grade"),
    "assigned_on": N_("assigned on"),
    "amount": N_("amount"),
    "currency": N_("currency"),
    "amount_kind": N_("kind of amount"),
    "vat": N_("VAT"),
    "expected_close_on": N_("expected close"),
    "closed_on": N_("closed on"),
    "outcome": N_("outcome"),
    "lost_reason": N_("reason of the loss"),
    "forecast_category": N_("forecast category"),
    "probability": N_("probability"),
    "has_next_step": N_("next step"),
    "next_step_on": N_("date of the next step"),
}
"""The columns of deals, as people call them in a sentence."""
