"""Telling what a meeting agreed: minutes by mail, as PDF, Markdown and calendar, to a webhook; reminders before it."""
