"""Judging: which rows are accepted, refused, or already known; each rule has one name, one code, one sentence."""
