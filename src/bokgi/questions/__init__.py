"""Questions asked of a home's facts: one module each, facts in, an answer as JSON with its sentences out.

The command line, the weekly review and the pages all ask here, so a figure is the same wherever it stands. A question
cuts the facts to its day, takes amounts in the organisation's currency, runs the analysis, and puts names and sentences
(`domain.sentences`) to it. Rates are 0 to 1, money decimal strings with currency, null where nothing may be said, with
a `reason`.
"""
