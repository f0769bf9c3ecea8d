"""What the demo company consists of: tables of invented people, places and companies."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import NamedTuple

ORGANIZATION = "Marlow & Finch"
PASSWORD = "demo-walk-in-cooler"  # noqa: S105


class Town(NamedTuple):
    """A place to put a store: position in degrees, time zone, district."""

    name: str
    state: str
    latitude: str
    longitude: str
    zone: str
    district: str


DISTRICTS = (
    # code, name, division
    ("PS", "Puget Sound", "NW"),
    ("OR", "Oregon", "NW"),
    ("IE", "Inland", "NW"),
    ("AZ", "Arizona", "SW"),
    ("NV", "Nevada", "SW"),
    ("MT", "Mountain", "SW"),
)
DIVISIONS = (("NW", "Northwest"), ("SW", "Southwest"))

PACIFIC, MOUNTAIN, PHOENIX = "America/Los_Angeles", "America/Denver", "America/Phoenix"
TOWNS = (
    Town("Tacoma Hilltop", "WA", "47.247800", "-122.458900", PACIFIC, "PS"),
    Town("Tucson Speedway", "AZ", "32.236200", "-110.921400", PHOENIX, "AZ"),
    Town("Kent Station", "WA", "47.384500", "-122.232900", PACIFIC, "PS"),
    Town("Portland Pearl", "OR", "45.529400", "-122.682900", PACIFIC, "OR"),
    Town("Las Vegas Sahara", "NV", "36.143800", "-115.160100", PACIFIC, "NV"),
    Town("Spokane South", "WA", "47.630600", "-117.403700", PACIFIC, "IE"),
    Town("Denver Highlands", "CO", "39.762300", "-105.011500", MOUNTAIN, "MT"),
    Town("Salem Lancaster", "OR", "44.949700", "-122.984100", PACIFIC, "OR"),
    Town("Phoenix Camelback", "AZ", "33.509600", "-112.052300", PHOENIX, "AZ"),
    Town("Everett Mall", "WA", "47.914900", "-122.211600", PACIFIC, "PS"),
    Town("Reno Midtown", "NV", "39.513000", "-119.804400", PACIFIC, "NV"),
    Town("Boise Overland", "ID", "43.589300", "-116.240000", "America/Boise", "IE"),
    Town("Olympia West", "WA", "47.043300", "-122.934300", PACIFIC, "PS"),
    Town("Eugene Oakway", "OR", "44.066700", "-123.075800", PACIFIC, "OR"),
    Town("Salt Lake Sugar House", "UT", "40.723600", "-111.858100", MOUNTAIN, "MT"),
    Town("Renton Highlands", "WA", "47.505600", "-122.172200", PACIFIC, "PS"),
    Town("Mesa Riverview", "AZ", "33.435500", "-111.874900", PHOENIX, "AZ"),
    Town("Bend Division", "OR", "44.057300", "-121.302600", PACIFIC, "OR"),
    Town("Bellevue Square", "WA", "47.616400", "-122.203700", PACIFIC, "PS"),
    Town("Henderson Green Valley", "NV", "36.022600", "-115.083600", PACIFIC, "NV"),
)

PEOPLE = (
    "Rosa Delgado",
    "Amir Haddad",
    "Wendy Tran",
    "Marcus Bell",
    "Ines Moreau",
    "Tom Okafor",
    "Hana Sato",
    "Luis Ortega",
    "Grace Nilsen",
    "Omar Farouk",
    "Kate Brennan",
    "Jonas Weiss",
    "Priya Nair",
    "Sam Whitaker",
    "Elena Petrova",
    "Noah Fields",
    "Mei Lin",
    "Diego Santos",
    "Ruth Abrams",
    "Callum Reid",
    "Fatima Zahra",
    "Ben Castillo",
    "Julia Novak",
    "Derek Olsen",
    "Aisha Bello",
    "Victor Huang",
    "Nora Quinn",
    "Paul Jensen",
    "Tara Singh",
    "Leo Marchetti",
    "Olga Ivanova",
    "Kofi Mensah",
    "Beth Sandoval",
    "Ian Fraser",
    "Lucia Romano",
    "Hugo Laurent",
    "Maya Cohen",
    "Erik Dahl",
    "Sofia Vargas",
    "Ryan Kelly",
)


def names() -> Iterator[str]:
    """Names without end: the people above, then their first and last names put together anew."""
    yield from PEOPLE
    first, last = zip(*(name.split(" ", 1) for name in PEOPLE), strict=True)
    for turn in count(1):
        for place, given in enumerate(first):
            name = f"{given} {last[(place + turn) % len(last)]}"
            yield name if turn < len(last) else f"{name} {turn}"


class Company(NamedTuple):
    """A vendor: code, name, trades, divisions, base town, standing, labor per hour, kind."""

    code: str
    name: str
    trades: tuple[str, ...]
    divisions: tuple[str, ...]
    base: str
    standing: str
    labor: int
    kind: str = "external"


COMPANIES = (
    Company("CASC", "Cascade Refrigeration", ("refrigeration",), ("NW",), "Tacoma Hilltop", "preferred", 118),
    Company("NSTR", "NorthStar Air Systems", ("hvac", "refrigeration"), ("NW",), "Kent Station", "approved", 124),
    Company("INLC", "Inland Cold Systems", ("refrigeration", "hvac"), ("NW", "SW"), "Spokane South", "approved", 109),
    Company("BLUE", "BlueLine Plumbing", ("plumbing",), ("NW",), "Portland Pearl", "preferred", 112),
    Company("KEYS", "Keystone Electric", ("electrical", "lighting"), ("NW", "SW"), "Olympia West", "approved", 121),
    Company("HARB", "Harbor Doors", ("doors",), ("NW", "SW"), "Everett Mall", "approved", 104),
    Company("WILL", "Willamette Food Service", ("kitchen",), ("NW",), "Salem Lancaster", "approved", 115),
    Company(
        "SONO",
        "Sonora Mechanical",
        ("hvac", "refrigeration", "plumbing"),
        ("SW",),
        "Phoenix Camelback",
        "preferred",
        107,
    ),
    Company("DESR", "Desert Kitchen Service", ("kitchen",), ("SW",), "Las Vegas Sahara", "approved", 110),
    Company("PEAK", "Peak Plumbing and Fire", ("plumbing", "fire"), ("SW", "NW"), "Denver Highlands", "trial", 116),
    Company("SURE", "SureGuard Pest and Fire", ("pest", "fire"), ("NW", "SW"), "Reno Midtown", "approved", 92),
    Company(
        "CREW",
        "Own maintenance crew",
        ("building", "doors", "lighting"),
        ("NW", "SW"),
        "Kent Station",
        "approved",
        48,
        "internal",
    ),
    Company("FOSS", "Foss Lock and Glass", ("doors",), ("NW",), "Olympia West", "preferred", 98),
)
WITHOUT_ACCOUNT = frozenset({"FOSS"})
"""Nobody there signs in: they answer, work and bill by the links in their mail."""


class Kit(NamedTuple):
    """Equipment every store has: tag prefix, category, name, area, make, replacement cost, age in years."""

    prefix: str
    category: str
    name: str
    area: str
    make: str
    cost: int
    age: int


EQUIPMENT = (
    Kit("RF", "Walk-in cooler", "Walk-in cooler 1, produce", "Back of house", "Kolpak", 14800, 7),
    Kit("RF", "Walk-in cooler", "Walk-in cooler 2, dairy", "Back of house", "Kolpak", 14800, 12),
    Kit("RF", "Walk-in freezer", "Walk-in freezer", "Back of house", "Norlake", 18200, 5),
    Kit("RF", "Display case", "Dairy case, aisle 9", "Sales floor", "Hussmann", 9600, 9),
    Kit("RF", "Ice machine", "Ice machine", "Kitchen", "Manitowoc", 5400, 1),
    Kit("AC", "Rooftop unit", "Rooftop unit 1", "Roof", "Lennox", 16500, 8),
    Kit("AC", "Rooftop unit", "Rooftop unit 2", "Roof", "Lennox", 16500, 14),
    Kit("KT", "Fryer", "Fryer 1", "Kitchen", "Pitco", 4200, 3),
    Kit("KT", "Oven", "Bakery oven", "Kitchen", "Baxter", 21500, 11),
    Kit("PL", "Water heater", "Water heater", "Back of house", "Bradford White", 3800, 6),
    Kit("DR", "Automatic door", "Front entrance door", "Sales floor", "Stanley", 6200, 10),
    Kit("EL", "Electrical panel", "Main panel", "Back of house", "Square D", 12500, 16),
)
AREAS = ("Sales floor", "Back of house", "Kitchen", "Restrooms", "Roof", "Parking lot")

WORDS = {
    "refrigeration": (
        "It reads 47 °F and climbing since the morning delivery. The fan is loud.",
        "Temperature alarm all night, product feels soft at the front.",
        "Water under the unit again and ice on the back wall.",
        "Compressor starts and stops every minute.",
    ),
    "hvac": (
        "Dining room is 84 and climbing. Unit is silent, the others sound normal.",
        "No air from the ceiling vents near the registers.",
        "Burning smell when it starts, then warm air only.",
    ),
    "kitchen": (
        "Pilot will not stay lit, we tried three times.",
        "It does not reach temperature, lunch is slow.",
        "Shows error E4 and shuts off.",
    ),
    "plumbing": (
        "Water on the floor behind the produce case.",
        "Hand sink drains slowly, prep area.",
        "No hot water since opening.",
    ),
    "electrical": ("Breaker trips when the bakery oven starts.", "Half of the outlets at the registers are dead."),
    "doors": ("Front door does not close fully.", "Dock door stops halfway and goes up again."),
    "lighting": ("Three sign letters out, street side.", "Parking lot pole light is out."),
    "fire": ("Exit sign is dark at the back door.", "Panel shows a trouble light."),
    "pest": ("Saw a mouse near the dry storage.", "Small flies around the floor drain."),
    "building": ("Ceiling tile is stained and sagging.", "Restroom tile is loose."),
}
PARTS = {
    "refrigeration": (("Evaporator fan motor", "142.50"), ("Door gasket", "88.00"), ("Contactor", "36.40")),
    "hvac": (("Contactor", "36.40"), ("Run capacitor", "24.80"), ("Blower belt", "31.00")),
    "kitchen": (("Thermocouple", "28.90"), ("Igniter", "64.00")),
    "plumbing": (("Trap assembly", "22.00"), ("Heating element", "58.00")),
    "electrical": (("Breaker 30 A", "41.00"),),
    "doors": (("Door closer", "129.00"), ("Photo eye", "74.00")),
    "lighting": (("LED driver", "66.00"),),
}
RATING_WORDS = ("", "", "Quick and friendly.", "Clean work.", "Came on time.")
