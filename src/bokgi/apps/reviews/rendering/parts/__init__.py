"""From the content of the review to blocks in a language: one module for each part of the meeting."""
