"""What a table of counted people keeps back, so that of no group under five its size can be told by differencing.

A table is a network: people flow through its cells, and what enters a node leaves it. Sums that are told are arcs which
cannot vary; a cell kept back can vary as far as the sums allow. The most people that an outsider must reckon with in a
cell is the largest flow that the told figures admit, so one question settles every way of adding and subtracting them
(max-flow min-cut): can each cell of one to four people still be one of five or more?
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Collection, Hashable, Iterable, Mapping
from typing import TypeVar

SMALLEST_GROUP = 5
"""A count of fewer people tells of somebody; nought tells of nobody."""

Node = Hashable
Arc = tuple[Node, Node]
_Step = tuple[Node, Arc, int]
Key = TypeVar("Key", bound=Hashable)


def small(count: int) -> bool:
    """Say whether a count is one of a group too small to be told."""
    return 0 < count < SMALLEST_GROUP


def pooled(sizes: Mapping[Key, int]) -> set[Key]:
    """Return the groups that have to stand together under one heading, so that no group of one to four stands alone.

    Those under five, and where they together are too few, the next smallest. All of them, if there are no others.
    """
    order = sorted((key for key in sizes if sizes[key]), key=lambda key: (sizes[key], str(key)))
    taken = [key for key in order if small(sizes[key])]
    rest = order[len(taken) :]
    while rest and small(sum(sizes[key] for key in taken)):
        taken.append(rest.pop(0))
    return set(taken)


def kept_back(cells: Mapping[Arc, int], told: Collection[Arc] = ()) -> set[Arc]:
    """Return the cells to keep back; `told` are the sums that stay, none of them of one to four people.

    What goes into a node has to come out of it, save where all its arcs go one way. The smallest further cells are kept
    back with the small ones until each of these might hold five people or more; where no counted cell helps, an empty
    one does. Raises ValueError where a sum is told that should have been pooled.
    """
    fixed = set(told)
    if any(small(cells[arc]) for arc in fixed):
        raise ValueError("a sum of one to four people is told")
    network = _Network(cells)
    order = sorted((arc for arc, count in cells.items() if small(count)), key=lambda arc: (cells[arc], str(arc)))
    for arc in order:
        network.hide(arc)
    for arc in order:
        while (found := network.pushed(arc))[0] + cells[arc] < SMALLEST_GROUP:
            open_to = [other for other in cells if other not in network.hidden and other not in fixed]
            helping = [other for other in open_to if _helps(other, cells[other], found[1])]
            if not helping:
                raise ValueError("a sum is told that leaves a small group open")
            network.hide(min(helping, key=lambda other: (cells[other] == 0, cells[other], str(other))))
    return set(network.hidden)


def _helps(arc: Arc, count: int, reached: set[Node]) -> bool:
    """Say whether people could be moved across the border of what is reached if this cell were kept back too."""
    tail, head = arc
    return (tail in reached and head not in reached) or (count > 0 and head in reached and tail not in reached)


class _Network:
    """The cells that are kept back: along one there may always be more people, against it as many fewer as it holds."""

    def __init__(self, cells: Mapping[Arc, int]):
        self.cells = cells
        self.hidden: dict[Arc, None] = {}
        self._links: defaultdict[Node, list[_Step]] = defaultdict(list)

    def hide(self, arc: Arc) -> None:
        """Let a cell vary."""
        self.hidden[arc] = None
        self._links[arc[0]].append((arc[1], arc, 1))
        self._links[arc[1]].append((arc[0], arc, -1))

    def pushed(self, arc: Arc) -> tuple[int, set[Node]]:
        """Move further people through a cell until it holds five; return how many, and what is reached at the end."""
        moved: Counter[Arc] = Counter()
        pushed = 0
        while True:
            came = self._search(arc, moved)
            if arc[0] not in came or self.cells[arc] + pushed >= SMALLEST_GROUP:
                return pushed, set(came)
            path: list[tuple[Arc, int]] = []
            step = came[arc[0]]
            while step is not None:
                node, other, way = step
                path.append((other, way))
                step = came[node]
            amount = min([SMALLEST_GROUP, *(self.cells[other] + moved[other] for other, way in path if way < 0)])
            for other, way in path:
                moved[other] += way * amount
            pushed += amount

    def _search(self, arc: Arc, moved: Mapping[Arc, int]) -> dict[Node, _Step | None]:
        """Return for each node reached from the cell's head, until its tail is, by which step."""
        came: dict[Node, _Step | None] = {arc[1]: None}
        waiting = deque([arc[1]])
        while waiting and arc[0] not in came:
            node = waiting.popleft()
            for other, along, way in self._links.get(node, ()):
                if along != arc and other not in came and (way > 0 or self.cells[along] + moved[along] > 0):
                    came[other] = (node, along, way)
                    waiting.append(other)
        return came


def crossed(rows: Mapping[Key, Mapping[str, int]], columns: Iterable[str]) -> dict[Key, dict[str, int | None]]:
    """Return a table of groups by column with None for what is kept back, where totals of both ways are told.

    No total may be one of one to four people: such groups and columns are pooled before.
    """
    names = list(columns)
    cells: dict[Arc, int] = {(("row", row), ("column", name)): found.get(name, 0) for row, found in rows.items()
                             for name in names}  # fmt: skip
    hidden = kept_back(cells)
    return {
        row: {name: None if (("row", row), ("column", name)) in hidden else found.get(name, 0) for name in names}
        for row, found in rows.items()
    }
