"""The sample company: CRM exports of an invented Korean B2B SaaS firm."""
