"""The web project: settings, addresses, sign-in."""
