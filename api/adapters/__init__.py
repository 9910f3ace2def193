"""Reaching out: files, rendering, other systems."""
