"""``datasets.md``: the registry, for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ingest.registry import Dataset, Feed, Pace, Road, Source, sources
from lake.docs.markdown import cell, page, table

INTRODUCTION = """\
What can be ingested, by which roads, and how far back each road reaches. A *road* is one way to the same
publication; the planner takes the cheapest that still reaches the period, and `pmp plan` says which and why.
Lengths that are not confirmed by the source were measured, and move. `pmp catalog` and the view
`meta.datasets` say the same.
"""


def datasets_page() -> str:
    """What each ISO publishes and how it is fetched."""
    return page("Datasets", "the registry in `ingest/sources`", datasets_lines())


def datasets_lines() -> Iterator[str]:
    """The registry, ISO by ISO."""
    yield INTRODUCTION
    for source in sources().values():
        yield from source_lines(source)


def source_lines(source: Source) -> Iterator[str]:
    """One ISO: facts, datasets, roads, gaps, hubs, products."""
    named = [dataset for dataset in source.datasets.values() if dataset.data_type != "control"]
    yield f"## {source.iso}: {source.title}"
    yield ""
    yield f"{source.regions[:1].upper()}{source.regions[1:]}. The market's clock is `{source.clock}`."
    yield f"May its data be passed on: {source.terms.redistribute}. {source.terms.note}"
    yield ""
    yield from table(
        ("dataset", "what", "the source's name", "minutes", "locations", "since", "published", "feeds"),
        (
            (
                f"`{dataset.name}`" + ("" if dataset.default else " (by name only)"),
                dataset.title,
                dataset.source_name,
                dataset.interval_minutes,
                ", ".join(dataset.scopes),
                since(dataset),
                published(dataset),
                "; ".join(feeds(dataset.feeds.values())),
            )
            for dataset in named
        ),
    )
    yield from table(
        ("dataset", "road", "brings", "one request", "reaches back", "MB a request", "note"),
        (
            (
                f"`{dataset.name}`",
                road.name,
                road.brings,
                request(road),
                reach(road, dataset),
                f"{road.megabytes:g}",
                road.note,
            )
            for dataset in source.datasets.values()
            for road in dataset.roads
        ),
    )
    yield from hosts_lines(source)
    yield from gaps_lines(source)
    yield from locations_lines(source)
    yield from products_lines(source)


def since(dataset: Dataset) -> str:
    """First day, with its reason, and last day where it ended."""
    first = str(dataset.since) if dataset.since else ""
    last = f" until {dataset.until}" if dataset.until else ""
    return f"{first}{last}" + (f" ({dataset.since_reason})" if dataset.since_reason else "")


def published(dataset: Dataset) -> str:
    """When a delivery day can be asked for, in words."""
    day, at = dataset.published.day, f"{dataset.published.at:%H:%M}"
    if day == 0:
        return f"{at} on the day"
    count = f"{abs(day)} day{'s' if abs(day) > 1 else ''}"
    return f"{at}, {count} {'before' if day < 0 else 'after'}"


def feeds(entries: Iterable[Feed]) -> Iterator[str]:
    """Table and, where there are several, stage."""
    for feed in entries:
        yield f"`{feed.table}`" + (
            "" if feed.stage == "final" else f" ({', '.join(filter(None, (feed.market, feed.stage)))})"
        )


def request(road: Road) -> str:
    """What one request covers."""
    if road.span == "hour":
        return "an hour"
    return road.span if " " in road.span else f"a {road.span}"


def reach(road: Road, dataset: Dataset) -> str:
    """How far back a road reaches."""
    kept = road.retention
    length = f"{kept.months} months" if kept.months else f"{kept.days} days" if kept.days else ""
    words = length or (
        f"since {kept.since}" if kept.since else "everything" if dataset.since else "not limited"
    )
    return words if kept.confirmed else f"{words}, not confirmed"


def hosts_lines(source: Source) -> Iterator[str]:
    """How fast each host is asked."""
    for host in source.hosts.values():
        line = f"- `{host.base}` is asked at most {pace(host.pace)}"
        if host.member_pace and host.credential:
            line += f"; with a key of one's own (`{host.credential}`) {pace(host.member_pace)}"
        if host.credentials:
            names = ", ".join(f"`{name}`" for name in host.credentials.variables)
            line += f"; needs an account: {names} ({host.credentials.account})"
        if host.needs:
            line += f"; its pages need a {host.needs}"
        yield line + "."
    yield ""


def pace(limit: Pace) -> str:
    """A pace in words."""
    count = "once" if limit.requests == 1 else f"{limit.requests} times"
    return f"{count} in {limit.seconds:g} s"


def gaps_lines(source: Source) -> Iterator[str]:
    """What is known to be missing."""
    if source.gaps:
        yield "Declared gaps:"
        yield ""
        for name, reason in source.gaps.items():
            yield f"- `{name}`: {cell(reason)}"
        yield ""


def locations_lines(source: Source) -> Iterator[str]:
    """What the scope ``hubs`` holds."""
    for kind, known in source.locations.known.items():
        if kind in source.locations.hub_types:
            yield (
                f"{kind} in scope `hubs`: "
                + ", ".join(
                    f"`{place}`" if name in ("", place) else f"{name} (`{place}`)"
                    for place, name in known.items()
                )
                + "."
            )
            yield ""


def products_lines(source: Source) -> Iterator[str]:
    """The ancillary services and their regions."""
    yield from table(
        ("as_product", "as_product_standard", "what"),
        (
            (f"`{name}`", f"`{product.standard}`", product.title)
            for name, product in source.as_products.items()
        ),
    )
    regions = (
        f"`{name}`" + (f" (in `{outer}`)" if outer else "") for name, outer in source.as_regions.items()
    )
    yield f"Regions: {', '.join(regions)}. {source.as_regions_note}".rstrip()
    yield ""
