"""What OASIS publishes: reports, versions, members, headers, and the places that have a price."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

# LMP_TYPE and the XML_DATA_ITEM beside it.
COMPONENTS: Mapping[str, str] = {
    "LMP": "LMP_PRC",
    "MCC": "LMP_CONG_PRC",
    "MCE": "LMP_ENE_PRC",
    "MCL": "LMP_LOSS_PRC",
    "MGHG": "LMP_GHG_PRC",
}

DAM_HEADER = (
    "INTERVALSTARTTIME_GMT,INTERVALENDTIME_GMT,OPR_DT,OPR_HR,OPR_INTERVAL,NODE_ID_XML,NODE_ID,NODE,MARKET_RUN_ID,"
    "LMP_TYPE,XML_DATA_ITEM,PNODE_RESMRID,GRP_TYPE,POS,MW,GROUP"
)
# Real time moves OPR_INTERVAL behind the price and names the price by report and version.
RT_HEADER = (
    "INTERVALSTARTTIME_GMT,INTERVALENDTIME_GMT,OPR_DT,OPR_HR,NODE_ID_XML,NODE_ID,NODE,MARKET_RUN_ID,LMP_TYPE,"
    "XML_DATA_ITEM,PNODE_RESMRID,GRP_TYPE,POS,{price},OPR_INTERVAL,GROUP"
)
AS_HEADER = (
    "INTERVALSTARTTIME_GMT,INTERVALENDTIME_GMT,OPR_DT,OPR_HR,OPR_INTERVAL,OPR_TYPE,ANC_TYPE,ANC_REGION,MARKET_RUN_ID,"
    "XML_DATA_ITEM,MW,GROUP"
)
AS_RT_HEADER = (
    "INTERVALSTARTTIME_GMT,INTERVALENDTIME_GMT,OPR_DT,OPR_HR,OPR_TYPE,ANC_TYPE,XML_DATA_ITEM,MARKET_RUN_ID,MW,"
    "ANC_REGION,OPR_INTERVAL,GROUP"
)
CORRECTIONS_HEADER = (
    "TRADE_DATE,HOUR_ENDING,INTERVAL,MARKET,AFFECTED_AREA,CORRECTION_METHOD,CORRECTION_COUNT,ENERGY_TYPECODE,"
    "CORRECTION_REASON,REPORT_GENERATED"
)

# Day-ahead answers carry the greenhouse-gas component from these trade dates on.
SINGLE_GHG_SINCE = date(2020, 7, 1)
GROUP_GHG_SINCE = date(2023, 1, 1)


@dataclass(frozen=True)
class Version:
    """One layout of a report: the price column, the components, and whether each is a member of its own."""

    price: str
    split: bool
    types: tuple[str, ...] = tuple(COMPONENTS)
    fixed: bool = False


NO_GHG = ("LMP", "MCC", "MCE", "MCL")
# The one quoted row of version 3 numbers its groups MCC 1, MCE 2, LMP 5.
V3_ORDER = ("MCC", "MCE", "MCL", "MGHG", "LMP")


@dataclass(frozen=True)
class Report:
    """A price report; ``single`` and ``group`` are the layouts of SingleZip and GroupZip, by version."""

    query: str
    market: str
    minutes: int
    single: Mapping[int, Version]
    group: Mapping[int, Version]
    reserves: bool = False

    @property
    def day_ahead(self) -> bool:
        """Whether the report is of the day-ahead market."""
        return self.market == "DAM"

    def header(self, version: Version) -> str:
        """The header of a CSV member in that layout."""
        if self.reserves:
            return AS_HEADER if self.day_ahead else AS_RT_HEADER
        return DAM_HEADER if self.day_ahead else RT_HEADER.format(price=version.price)


_MW = Version("MW", split=False)
REPORTS: Mapping[str, Report] = {
    report.query: report
    for report in (
        Report(
            "PRC_LMP",
            "DAM",
            60,
            {1: _MW, 12: _MW},
            {1: Version("MW", split=True), 12: Version("MW", split=True)},
        ),
        Report(
            "PRC_RTPD_LMP",
            "RTPD",
            15,
            {2: Version("PRC", split=False), 3: Version("PRC", split=True, types=V3_ORDER)},
            {1: Version("PRC", split=False, types=NO_GHG), 3: Version("PRC", split=True, types=V3_ORDER)},
        ),
        Report(
            "PRC_INTVL_LMP",
            "RTM",
            5,
            {
                1: Version("MW", split=False, types=NO_GHG),
                2: Version("MW", split=False, types=NO_GHG),
                3: Version("VALUE", split=True, types=V3_ORDER, fixed=True),
            },
            {
                1: Version("MW", split=False, types=NO_GHG),
                3: Version("VALUE", split=True, types=V3_ORDER, fixed=True),
            },
        ),
        Report("PRC_AS", "DAM", 60, {1: _MW, 12: _MW}, {1: _MW, 12: _MW}, reserves=True),
        Report("PRC_INTVL_AS", "RTM", 15, {1: _MW}, {1: _MW}, reserves=True),
    )
}


@dataclass(frozen=True)
class Group:
    """A GroupZip: one trade day per request, or one operating hour."""

    name: str
    report: Report | None
    versions: tuple[int, ...]
    hourly: bool = False


GROUPS: Mapping[str, Group] = {
    group.name: group
    for group in (
        Group("DAM_LMP_GRP", REPORTS["PRC_LMP"], (1, 12)),
        Group("RTPD_LMP_GRP", REPORTS["PRC_RTPD_LMP"], (1, 3), hourly=True),
        Group("RTM_LMP_GRP", REPORTS["PRC_INTVL_LMP"], (1, 3), hourly=True),
        Group("DAM_PRC_AS_GRP", REPORTS["PRC_AS"], (1, 12)),
        Group("RTM_PRC_AS_GRP", REPORTS["PRC_INTVL_AS"], (1,)),
        Group("PRC_CORR_GRP", None, (1,)),
    )
}

HUBS = ("TH_NP15_GEN-APND", "TH_SP15_GEN-APND", "TH_ZP26_GEN-APND")
ZONES = ("DLAP_PGAE-APND", "DLAP_SCE-APND", "DLAP_SDGE-APND", "DLAP_VEA-APND")
AGGREGATES = ("ELAP_NEVP-APND", "ELAP_PACE-APND", "SLAP_PGCC-APND", "SLAP_SCEC-APND")
TIES = ("MALIN_5_N101", "PALOVRDE_ASR-APND")


@lru_cache(maxsize=8)
def locations(nodes: int) -> tuple[str, ...]:
    """Every place with a price, sorted, ``nodes`` of them synthetic."""
    synthetic = (f"SIM{index:05d}_{(1, 2, 6, 7)[index % 4]}_N{index % 900 + 1:03d}" for index in range(nodes))
    return tuple(sorted((*HUBS, *ZONES, *AGGREGATES, *TIES, *synthetic)))


def group_type(location: str) -> tuple[str, str]:
    """GRP_TYPE and POS of a location: aggregates are told apart by them."""
    return ("ALL_APNODES", "0") if location.endswith("-APND") else ("ALL", "1")


# The item that names a reserve product's price.
AS_ITEMS: Mapping[str, str] = {
    "NR": "NS_CLR_PRC",
    "RD": "RD_CLR_PRC",
    "RMD": "RMD_CLR_PRC",
    "RMU": "RMU_CLR_PRC",
    "RU": "RU_CLR_PRC",
    "SR": "SP_CLR_PRC",
}
AS_REGIONS = ("AS_CAISO", "AS_CAISO_EXP", "AS_NP26", "AS_NP26_EXP", "AS_SP26", "AS_SP26_EXP")


def regions_of(product: str) -> tuple[str, ...]:
    """The regions that a product is priced in; mileage knows one only."""
    return ("AS_CAISO_EXP",) if product in ("RMU", "RMD") else AS_REGIONS
