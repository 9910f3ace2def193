"""Dual reporting (双报到): members and units report in to communities, serve there, and are assessed explainably."""
