"""The study: what the statistics reach on organisations with known truth, line by line against the goals.

One module a topic, each with `run(scale, seed) -> list[Row]`; `scale` is `small` (seconds, for CI), `medium` where a
topic has it in its `SCALES`, or `full`.
"""
