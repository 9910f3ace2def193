"""Matching: who could serve which need, the best way as an exact min-cost flow, and why for each proposal.

`propose.propose(asks, offers, weights, limits)` is the way in; it is pure and gives the same answer for the same
inputs in whatever order they come. It proposes and never assigns.
"""
