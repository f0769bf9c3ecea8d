"""How soon, by priority from P1 to P4: P1 and P2 around the clock, P3 and P4 in opening hours."""

HOUR = 60

MINUTES = {
    "triage": (15, 1 * HOUR, 4 * HOUR, 8 * HOUR),
    "response": (30, 2 * HOUR, 8 * HOUR, 24 * HOUR),
    "arrival": (4 * HOUR, 8 * HOUR, 24 * HOUR, 80 * HOUR),
    "completion": (24 * HOUR, 48 * HOUR, 40 * HOUR, 160 * HOUR),
}
CLOCK_TYPES = ("elapsed", "elapsed", "business", "business")
