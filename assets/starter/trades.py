"""Ten trades and the kinds of equipment that belong to them."""

from typing import NamedTuple


class TradeRow(NamedTuple):
    """A trade: code, name, and its sign in the set of icons."""

    code: str
    name: str
    icon: str


class CategoryRow(NamedTuple):
    """A kind of equipment: its trade, years it is expected to live, and what an hour of standstill costs."""

    trade: str
    name: str
    life_years: int
    downtime: int


TRADES = (
    TradeRow("refrigeration", "Refrigeration", "snowflake"),
    TradeRow("hvac", "Heating and cooling", "fan"),
    TradeRow("kitchen", "Kitchen equipment", "flame"),
    TradeRow("plumbing", "Plumbing", "droplets"),
    TradeRow("electrical", "Electrical", "zap"),
    TradeRow("doors", "Doors and locks", "door-open"),
    TradeRow("lighting", "Lighting and signs", "lightbulb"),
    TradeRow("fire", "Fire and life safety", "siren"),
    TradeRow("pest", "Pest control", "shield-check"),
    TradeRow("building", "Building and cleaning", "hammer"),
)

CATEGORIES = (
    CategoryRow("refrigeration", "Walk-in cooler", 15, 120),
    CategoryRow("refrigeration", "Walk-in freezer", 15, 150),
    CategoryRow("refrigeration", "Reach-in cooler", 10, 45),
    CategoryRow("refrigeration", "Display case", 12, 60),
    CategoryRow("refrigeration", "Ice machine", 8, 25),
    CategoryRow("refrigeration", "Condensing unit", 12, 150),
    CategoryRow("hvac", "Rooftop unit", 15, 80),
    CategoryRow("hvac", "Split system", 12, 40),
    CategoryRow("hvac", "Exhaust fan", 12, 35),
    CategoryRow("hvac", "Make-up air unit", 15, 60),
    CategoryRow("kitchen", "Fryer", 8, 70),
    CategoryRow("kitchen", "Oven", 12, 70),
    CategoryRow("kitchen", "Griddle", 10, 50),
    CategoryRow("kitchen", "Dishwasher", 10, 60),
    CategoryRow("kitchen", "Coffee machine", 7, 40),
    CategoryRow("plumbing", "Water heater", 10, 50),
    CategoryRow("plumbing", "Grease trap", 20, 60),
    CategoryRow("plumbing", "Backflow preventer", 15, 20),
    CategoryRow("electrical", "Electrical panel", 30, 150),
    CategoryRow("electrical", "Generator", 20, 30),
    CategoryRow("doors", "Automatic door", 12, 30),
    CategoryRow("doors", "Roll-up door", 15, 20),
    CategoryRow("doors", "Drive-through window", 12, 90),
    CategoryRow("lighting", "Illuminated sign", 12, 5),
    CategoryRow("lighting", "Parking lot lighting", 15, 10),
    CategoryRow("fire", "Fire alarm panel", 15, 0),
    CategoryRow("fire", "Hood suppression system", 15, 70),
    CategoryRow("fire", "Fire extinguisher", 12, 0),
    CategoryRow("building", "Elevator", 25, 30),
    CategoryRow("building", "Trash compactor", 12, 15),
)
