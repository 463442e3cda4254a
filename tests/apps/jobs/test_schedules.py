"""Every schedule of the source is known to a process that has just started, as a worker has."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import bokgi

_LISTED = """
import json, django
django.setup()
from bokgi.apps.jobs.schedules import all_scheduled
print(json.dumps(sorted(all_scheduled())))
"""


def test_a_fresh_process_knows_every_schedule(tmp_path: Path) -> None:
    written = {
        name
        for path in Path(bokgi.__file__).parent.rglob("*.py")
        for name in re.findall(r'^@scheduled\(\s*"([^"]+)"', path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert {"corrections", "drop folder", "export reminder", "warm"} <= written
    there = {**os.environ, "BOKGI_HOME": str(tmp_path), "DJANGO_SETTINGS_MODULE": "bokgi.project.settings"}
    listed = subprocess.run([sys.executable, "-c", _LISTED], env=there, capture_output=True, text=True, check=True)
    assert set(json.loads(listed.stdout)) == written
