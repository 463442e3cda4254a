"""The application as a WSGI server wants it: `bokgi.project.wsgi.application`."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bokgi.project.settings")
application = get_wsgi_application()
