"""Case → HTML page, terminal text."""
