"""Durable work and schedules."""
