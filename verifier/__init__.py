"""Runs what the pages and docstrings show, in every lane, and records what it saw."""
