"""Referees outside our code: R, and runs whose summaries are kept with the script that made them."""
