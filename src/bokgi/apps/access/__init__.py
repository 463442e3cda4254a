"""Who may see what: the organisation, its users and their roles, sign-in, the audit trail."""
