"""How it arrives: readers, mapping, judging, quarantine."""
