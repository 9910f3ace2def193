"""Measurements: every goal as a row beside its limit."""
