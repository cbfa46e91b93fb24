"""The invented agencies of the simulated floor and the people who work for them and for the watch."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DemoAgency:
    """One invented agency. `slowness` stretches how long its part of the work takes; `weight` is its share of the alerts."""

    acronym: str
    name: str
    size_class: str
    domain: str  # of its network: "brt" in BRT-WS-2291 and brt\\j.tsosie
    weight: float
    slowness: float = 1.0
    time_zone: str = "America/New_York"
    consents: bool = True  # gave a standing consent to the isolation of hosts

    @property
    def slug(self) -> str:
        return self.acronym.lower()


AGENCIES = (
    DemoAgency("DPL", "Department of Public Lands", "cfo_act", "brt", 3.0, 0.9, "America/Denver"),
    DemoAgency("DRC", "Department of Rural Commerce", "cfo_act", "drc", 2.4),
    DemoAgency("DTW", "Department of Tides and Waterways", "cfo_act", "dtw", 2.2, 1.1),
    DemoAgency("DHR", "Department of Historic Roads", "cfo_act", "dhr", 2.0, 4.0),  # the slow one
    DemoAgency("COF", "Commission on Fisheries", "small", "cof", 1.2, 1.2, consents=False),
    DemoAgency("FLS", "Federal Library Service", "small", "fls", 1.3, 0.6),
    DemoAgency("CRO", "Civil Records Office", "small", "cro", 1.2, 0.8, "America/Chicago"),
    DemoAgency("PPB", "Public Pensions Board", "small", "ppb", 1.4, 0.7),
    DemoAgency("SLB", "Shipping and Lighthouse Board", "small", "slb", 1.1, 1.3, "America/Los_Angeles"),
    DemoAgency("WIA", "Weather Instruments Agency", "micro", "wia", 0.7, 1.0, "America/Denver"),
    DemoAgency("ICB", "Inland Canals Board", "micro", "icb", 0.6, 1.2, "America/Chicago"),
    DemoAgency("OSR", "Office of Seed Research", "micro", "osr", 0.6, 1.4),
)


@dataclass(frozen=True)
class DemoPerson:
    """Someone on the simulated floor. `signs_in` people get a password that `var/demo.json` tells."""

    key: str
    name: str
    role: str
    agencies: tuple[str, ...] = ()  # slugs; none is the whole programme
    title: str = ""
    phone: str = ""
    time_zone: str = "America/New_York"
    signs_in: bool = False

    @property
    def email(self) -> str:
        place = f"{self.agencies[0]}.example" if self.role == "liaison" else "watchfloor.example"
        return f"{self.name.lower().replace(' ', '.')}@{place}"


FLOOR = (
    DemoPerson("rosa", "Rosa Delgado", "analyst", signs_in=True),
    DemoPerson("mina", "Mina Park", "analyst", signs_in=True),
    DemoPerson("ayesha", "Ayesha Siddiqui", "analyst"),
    DemoPerson("ben", "Ben Whitehorse", "analyst"),
    DemoPerson("teresa", "Teresa Lund", "analyst", agencies=("cof", "fls", "cro", "ppb", "slb"), signs_in=True),
    DemoPerson("jude", "Jude Okafor", "watch_lead", signs_in=True),
    DemoPerson("harriet", "Harriet Cole", "admin", signs_in=True),
    DemoPerson("samuel", "Samuel Adeyemi", "auditor", signs_in=True),
)

LIAISONS = (
    DemoPerson("carol", "Carol Nakai", "liaison", ("dpl",), "Deputy CISO", "+1 202 555 0101", "America/Denver", signs_in=True),
    DemoPerson("lena", "Lena Ortiz", "liaison", ("cof",), "Security officer", "+1 202 555 0105", signs_in=True),
    DemoPerson("grant", "Grant Whitfield", "liaison", ("fls", "cro"), "Shared services CISO", "+1 202 555 0106", signs_in=True),
    DemoPerson("priya", "Priya Raman", "liaison", ("drc",), "CISO", "+1 202 555 0102"),
    DemoPerson("walter", "Walter Boone", "liaison", ("dtw",), "CISO", "+1 202 555 0103"),
    DemoPerson("edith", "Edith Marsh", "liaison", ("dhr",), "Security manager", "+1 202 555 0104"),
    DemoPerson("owen", "Owen Castillo", "liaison", ("ppb",), "CISO", "+1 202 555 0108"),
    DemoPerson("marta", "Marta Fine", "liaison", ("slb",), "Security officer", "+1 202 555 0109", "America/Los_Angeles"),
    DemoPerson("hal", "Hal Sorensen", "liaison", ("wia",), "IT director", "+1 202 555 0110", "America/Denver"),
    DemoPerson("dora", "Dora Quill", "liaison", ("icb",), "IT director", "+1 202 555 0111", "America/Chicago"),
    DemoPerson("yusuf", "Yusuf Tran", "liaison", ("osr",), "Security officer", "+1 202 555 0112"),
)

PEOPLE = FLOOR + LIAISONS
WORKERS = ("rosa", "mina", "ayesha", "ben")


def liaison_of(slug: str) -> DemoPerson:
    """The liaison of an invented agency."""
    return next(person for person in LIAISONS if slug in person.agencies)


def agency_named(slug: str) -> DemoAgency:
    """The invented agency of that slug."""
    return next(agency for agency in AGENCIES if agency.slug == slug)
