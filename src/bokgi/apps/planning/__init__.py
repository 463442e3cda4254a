"""People, teams, KPIs, targets, first-team design."""
