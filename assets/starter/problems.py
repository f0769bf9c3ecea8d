"""The kinds of trouble that a store can name, with what the house knows about each beforehand."""

from typing import NamedTuple


class Question(NamedTuple):
    """A yes-or-no question; a yes raises the priority to `level`, and may put stock at risk."""

    text: str
    level: int
    stock: bool = False


class ProblemRow(NamedTuple):
    """A problem: default priority, not-to-exceed amount, cost of an hour's standstill, and what to ask and try."""

    trade: str
    name: str
    priority: int
    nte: int
    downtime: int = 0
    questions: tuple[Question, ...] = ()
    steps: tuple[str, ...] = ()
    photos: int = 0
    asset_required: bool = False
    stock: bool = False
    message: str = ""
    stops: bool = False
    certificate: bool = False


FOOD = Question("Is food above its safe temperature?", 1, True)
HURT = Question("Could somebody get hurt?", 1)
SPREADING = Question("Is it getting worse by the hour?", 2)
SELLING = Question("Does it keep you from serving customers?", 2)
ONLY_ONE = Question("Is it the only one you have?", 2)
BREAKER = "Look at the electrical panel: is its breaker on?"
PLUG = "Check that the plug sits firmly in the socket."
DOOR = "Check that the doors close fully and nothing blocks the seal."
AIRFLOW = "Clear boxes away from the fans and vents."

PROBLEMS = (
    # Refrigeration
    ProblemRow(
        "refrigeration",
        "Too warm",
        2,
        650,
        120,
        (FOOD, ONLY_ONE, SPREADING),
        (DOOR, AIRFLOW, "Check the set temperature on the display.", BREAKER),
        1,
        True,
        True,
    ),
    ProblemRow(
        "refrigeration",
        "Not running",
        2,
        650,
        120,
        (FOOD, ONLY_ONE),
        (BREAKER, PLUG),
        0,
        True,
        True,
    ),
    ProblemRow(
        "refrigeration",
        "Ice build-up",
        3,
        450,
        30,
        (FOOD, Question("Does the door no longer close?", 2)),
        (DOOR,),
        1,
        True,
    ),
    ProblemRow(
        "refrigeration",
        "Leaking water",
        3,
        450,
        20,
        (Question("Could somebody slip on it?", 2), FOOD),
        ("Put out a wet floor sign.", "Check that the drain is not covered."),
        1,
    ),
    ProblemRow(
        "refrigeration",
        "Ice machine makes no ice",
        3,
        400,
        25,
        (SELLING,),
        ("Check that the water valve is open.", "Check that the bin switch is not pressed.", BREAKER),
        0,
        True,
    ),
    ProblemRow("refrigeration", "Noisy or vibrating", 4, 350, 0, (SPREADING,), (), 0, True),
    # Heating and cooling
    ProblemRow(
        "hvac",
        "Too hot inside",
        3,
        500,
        60,
        (Question("Is it above 85 °F (29 °C) where people are?", 2), SELLING, FOOD),
        ("Check the set temperature and the mode.", AIRFLOW, BREAKER),
    ),
    ProblemRow(
        "hvac",
        "Too cold inside",
        3,
        500,
        60,
        (Question("Is it below 60 °F (16 °C) where people are?", 2), SELLING),
        ("Check the set temperature and the mode.", BREAKER),
    ),
    ProblemRow("hvac", "Water from the ceiling or unit", 2, 500, 20, (HURT, SPREADING), (), 1),
    ProblemRow(
        "hvac",
        "Kitchen exhaust not working",
        2,
        600,
        70,
        (Question("Does smoke stay in the kitchen?", 1), SELLING),
        (BREAKER, "Check the switch at the hood."),
    ),
    ProblemRow("hvac", "Bad smell from the vents", 3, 350, 0, (Question("Does it smell of gas or burning?", 1),)),
    # Kitchen equipment
    ProblemRow(
        "kitchen",
        "Does not heat",
        3,
        500,
        70,
        (ONLY_ONE, SELLING),
        (BREAKER, "Is the gas valve open and the pilot light burning?"),
        0,
        True,
    ),
    ProblemRow(
        "kitchen",
        "Gas smell",
        1,
        800,
        100,
        (HURT,),
        (),
        message="Leave the building, close the gas valve if you can do so safely, and call 911 before you send this.",
    ),
    ProblemRow("kitchen", "Does not turn on", 3, 500, 60, (ONLY_ONE, SELLING), (PLUG, BREAKER), 0, True),
    ProblemRow(
        "kitchen",
        "Dishwasher does not clean or drain",
        3,
        450,
        60,
        (SELLING,),
        ("Empty the strainer.", "Check soap and rinse supply."),
        0,
        True,
    ),
    ProblemRow("kitchen", "Leaking oil or water", 2, 450, 40, (HURT,), ("Put out a wet floor sign.",), 1, True),
    # Plumbing
    ProblemRow(
        "plumbing",
        "Blocked drain or toilet",
        3,
        350,
        20,
        (Question("Is sewage coming up?", 1), Question("Is it your only restroom?", 2), SELLING),
        ("Try a plunger once.", "Close the restroom if it overflows."),
        0,
    ),
    ProblemRow(
        "plumbing",
        "Water leak",
        2,
        450,
        40,
        (Question("Can you not stop the water?", 1), SPREADING, HURT),
        ("Close the valve at the fixture.", "Put out a wet floor sign."),
        1,
    ),
    ProblemRow("plumbing", "No water", 1, 600, 150, (SELLING,), ("Ask your neighbors whether they have water.",)),
    ProblemRow(
        "plumbing",
        "No hot water",
        2,
        500,
        60,
        (SELLING,),
        (BREAKER, "Is the pilot light of the water heater burning?"),
    ),
    ProblemRow("plumbing", "Faucet or fixture broken", 4, 250, 0, (Question("Does water keep running?", 3),), (), 1),
    # Electrical
    ProblemRow(
        "electrical",
        "No power in part of the store",
        2,
        500,
        150,
        (Question("Are registers or coolers without power?", 1, True), HURT),
        (BREAKER,),
    ),
    ProblemRow(
        "electrical",
        "Whole site without power",
        1,
        800,
        300,
        (FOOD,),
        ("Ask your neighbors whether they have power.",),
        message="If the whole street is dark, call the utility first.",
        stock=True,
    ),
    ProblemRow(
        "electrical",
        "Sparks, smoke or a hot outlet",
        1,
        600,
        50,
        (HURT,),
        (),
        message="Switch the breaker off and keep people away. For fire, call 911 first.",
    ),
    ProblemRow(
        "electrical",
        "Outlet or switch not working",
        3,
        300,
        0,
        (SELLING,),
        (BREAKER, "Press the reset button of the outlet."),
    ),
    # Doors and locks
    ProblemRow(
        "doors",
        "Does not lock or close",
        2,
        400,
        20,
        (Question("Can the site not be locked tonight?", 1),),
        ("Clear the track and the threshold.",),
        1,
    ),
    ProblemRow(
        "doors",
        "Automatic door not working",
        3,
        450,
        30,
        (HURT, Question("Can customers not get in?", 2)),
        ("Turn the switch at the top of the door off and on.", "Wipe the sensor."),
        0,
        True,
    ),
    ProblemRow("doors", "Broken glass", 1, 700, 30, (HURT,), ("Keep people away and cover the opening.",), 1),
    ProblemRow("doors", "Key or lock trouble", 3, 250, 0, (Question("Is somebody locked in or out?", 1),)),
    ProblemRow("doors", "Drive-through window stuck", 2, 450, 90, (SELLING,), ("Clear the track.",), 0, True),
    # Lighting and signs
    ProblemRow(
        "lighting",
        "Lights out inside",
        3,
        300,
        10,
        (HURT, Question("Is more than half of the room dark?", 2)),
        (BREAKER,),
        0,
    ),
    ProblemRow(
        "lighting",
        "Parking lot dark",
        3,
        500,
        10,
        (Question("Is the whole lot dark at night?", 2),),
        ("Check the timer.",),
        0,
    ),
    ProblemRow(
        "lighting", "Sign damaged or dark", 4, 600, 5, (Question("Could it fall?", 1),), ("Check the timer.",), 1
    ),
    ProblemRow("lighting", "Emergency or exit light out", 2, 300, 0, (), (), 1, certificate=True),
    # Fire and life safety
    ProblemRow(
        "fire", "Alarm panel shows trouble", 1, 600, 0, (), ("Read the display and write down what it says.",), 1
    ),
    ProblemRow("fire", "Extinguisher used or missing", 2, 200, 0, (), (), 1, certificate=True),
    ProblemRow("fire", "Hood suppression went off or leaks", 1, 900, 70, (SELLING,), (), 1, certificate=True),
    ProblemRow("fire", "Yearly inspection due", 4, 400, 0, (), (), certificate=True),
    # Pest control
    ProblemRow("pest", "Rodents seen", 2, 300, 0, (Question("Were they seen where food is kept?", 1),), (), 0),
    ProblemRow("pest", "Insects seen", 3, 250, 0, (Question("Are they where food is kept or eaten?", 2),), (), 0),
    ProblemRow(
        "pest", "Birds or other animals inside", 3, 300, 0, (SELLING,), ("Open the doors and turn the lights down.",), 0
    ),
    # Building and cleaning
    ProblemRow(
        "building",
        "Roof leak",
        2,
        600,
        20,
        (HURT, SPREADING),
        ("Put a bucket under it and a wet floor sign next to it.",),
        1,
    ),
    ProblemRow("building", "Floor, wall or ceiling damaged", 4, 500, 0, (HURT,), (), 1),
    ProblemRow(
        "building", "Graffiti or vandalism", 4, 350, 0, (Question("Is it offensive or facing customers?", 3),), (), 1
    ),
    ProblemRow("building", "Deep cleaning needed", 4, 400, 0, (), (), 0),
    ProblemRow(
        "building",
        "Snow or ice on the lot",
        2,
        400,
        0,
        (HURT,),
        ("Put down salt at the entrance.",),
        0,
    ),
    ProblemRow(
        "building",
        "Trash not collected",
        4,
        0,
        0,
        (),
        (),
        message="Call the waste company named on the container: its service is not ordered here.",
        stops=True,
    ),
)
