"""Use cases: verbs that take a session and never commit."""
