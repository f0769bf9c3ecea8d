"""The cast: the same people and places in every story, few enough to know by heart."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import cached_property

from accounts import people
from accounts.models import Role, User
from assets.models import Asset, ProblemType, Region, Site, Trade
from assets.postings import post
from tests.factories.accounts import PersonFactory
from tests.factories.assets import (
    AssetCategoryFactory,
    AssetFactory,
    ProblemTypeFactory,
    RegionFactory,
    SiteFactory,
    TradeFactory,
)
from tests.factories.clock import HOUSE, NOW
from tests.factories.vendors import VendorFactory
from vendors.models import Vendor
from vendors.staffing import employ


class Cast:
    """Everybody is made when first spoken of, and only once per test.

    The north with the sites Hilltop and Harbor, the south with Desert: the other side of every wall.
    Two vendors that compete, Cascade (our story's) and Summit (its rival).
    """

    # Places

    @cached_property
    def company(self) -> Region:
        return RegionFactory(code="ALL", name="Fresh Fields", level="Company")

    @cached_property
    def north(self) -> Region:
        return RegionFactory(code="NORTH", name="North", level="Division", parent=self.company)

    @cached_property
    def south(self) -> Region:
        return RegionFactory(code="SOUTH", name="South", level="Division", parent=self.company)

    @cached_property
    def hilltop(self) -> Site:
        """The site of the story."""
        return SiteFactory(code="M-114", name="Tacoma Hilltop", region=self.north)

    @cached_property
    def harbor(self) -> Site:
        """Its sibling: same region, another store."""
        return SiteFactory(code="M-115", name="Gig Harbor", region=self.north, city="Gig Harbor")

    @cached_property
    def desert(self) -> Site:
        """A foreign site: another region."""
        return SiteFactory(
            code="M-201", name="Tucson Desert", region=self.south, city="Tucson", state="AZ",
            latitude=Decimal("32.221700"), longitude=Decimal("-110.926500"), time_zone="America/Phoenix",
        )  # fmt: skip

    # What breaks

    @cached_property
    def refrigeration(self) -> Trade:
        return TradeFactory(code="refrigeration", name="Refrigeration", icon="snowflake")

    @cached_property
    def plumbing(self) -> Trade:
        return TradeFactory(code="plumbing", name="Plumbing", icon="droplets")

    @cached_property
    def too_warm(self) -> ProblemType:
        """ "Walk-in cooler too warm": standard unless an answer raises it."""
        return ProblemTypeFactory(trade=self.refrigeration, name="Cooler too warm", stock_at_risk=True)

    @cached_property
    def leak(self) -> ProblemType:
        return ProblemTypeFactory(trade=self.plumbing, name="Leak")

    @cached_property
    def cooler(self) -> Asset:
        """The walk-in cooler of Hilltop."""
        return AssetFactory(
            tag="RF-114-02",
            name="Walk-in cooler 2",
            site=self.hilltop,
            category=AssetCategoryFactory(trade=self.refrigeration, name="Walk-in cooler"),
        )

    # Vendors

    @cached_property
    def cascade(self) -> Vendor:
        """Covers both regions for both trades."""
        return VendorFactory(
            code="CASC",
            name="Cascade Refrigeration",
            trades=[self.refrigeration, self.plumbing],
            regions=[self.north, self.south],
        )

    @cached_property
    def summit(self) -> Vendor:
        """The rival: the same trades and regions."""
        return VendorFactory(
            code="SUMM",
            name="Summit Mechanical",
            trades=[self.refrigeration, self.plumbing],
            regions=[self.north, self.south],
        )

    # The operator's people

    @cached_property
    def admin(self) -> User:
        """Ada runs the installation's settings, vendors and people; she has no spending power."""
        return self.person("Ada Admin", Role.ADMINISTRATOR)

    @cached_property
    def second_admin(self) -> User:
        """Alex, the other administrator: for what nobody may do to himself."""
        return self.person("Alex Admin", Role.ADMINISTRATOR)

    @cached_property
    def store(self) -> User:
        """Stella manages Hilltop."""
        return self.person("Stella Store", Role.STORE_MANAGER, sites=[self.hilltop])

    @cached_property
    def sibling_store(self) -> User:
        """Hal manages Harbor."""
        return self.person("Hal Harbor", Role.STORE_MANAGER, sites=[self.harbor])

    @cached_property
    def foreign_store(self) -> User:
        """Dora manages Desert."""
        return self.person("Dora Desert", Role.STORE_MANAGER, sites=[self.desert])

    @cached_property
    def district(self) -> User:
        """Dan is district manager of the north and approves up to $2,500."""
        return self.person("Dan District", Role.DISTRICT_MANAGER, regions=[self.north], limit=Decimal(2500))

    @cached_property
    def fm(self) -> User:
        """Fay is facilities manager of the north and spends up to $5,000."""
        return self.person("Fay Facilities", Role.FACILITIES_MANAGER, regions=[self.north], limit=Decimal(5000))

    @cached_property
    def second_fm(self) -> User:
        """Frida shares the north with him: two who work through the same queue."""
        return self.person("Frida Facilities", Role.FACILITIES_MANAGER, regions=[self.north], limit=Decimal(5000))

    @cached_property
    def foreign_fm(self) -> User:
        """Sol is facilities manager of the south."""
        return self.person("Sol South", Role.FACILITIES_MANAGER, regions=[self.south], limit=Decimal(5000))

    @cached_property
    def finance(self) -> User:
        """Fin approves invoices of the north up to $10,000."""
        return self.person("Fin Finance", Role.FINANCE, regions=[self.north], limit=Decimal(10000))

    @cached_property
    def auditor(self) -> User:
        """Audrey reads everything and changes nothing."""
        return self.person("Audrey Auditor", Role.AUDITOR)

    # The vendors' people

    @cached_property
    def dispatcher(self) -> User:
        """Dex answers for Cascade."""
        return self.person("Dex Dispatcher", Role.DISPATCHER, vendor=self.cascade)

    @cached_property
    def technician(self) -> User:
        """Tess goes out for Cascade."""
        return self.person("Tess Technician", Role.TECHNICIAN, vendor=self.cascade)

    @cached_property
    def colleague(self) -> User:
        """Theo goes out for Cascade too."""
        return self.person("Theo Technician", Role.TECHNICIAN, vendor=self.cascade)

    @cached_property
    def rival(self) -> User:
        """Rita answers for Summit."""
        return self.person("Rita Rival", Role.DISPATCHER, vendor=self.summit)

    @cached_property
    def rival_technician(self) -> User:
        """Rob goes out for Summit."""
        return self.person("Rob Rival", Role.TECHNICIAN, vendor=self.summit)

    # Nobody's people

    @cached_property
    def operator(self) -> User:
        """Otis may open the admin window and has no role in the work."""
        return self.person("Otis Operator", is_staff=True, is_superuser=True)

    @cached_property
    def stranger(self) -> User:
        """Stan signs in, but nobody has given him a role."""
        return self.person("Stan Stranger")

    # How they are made

    def of_every_role(self) -> dict[str, User]:
        """One person per role, and the stranger under the empty name."""
        return {
            Role.STORE_MANAGER: self.store,
            Role.DISTRICT_MANAGER: self.district,
            Role.FACILITIES_MANAGER: self.fm,
            Role.ADMINISTRATOR: self.admin,
            Role.FINANCE: self.finance,
            Role.AUDITOR: self.auditor,
            Role.DISPATCHER: self.dispatcher,
            Role.TECHNICIAN: self.technician,
            "": self.stranger,
        }

    def person(
        self,
        name: str,
        role: str = "",
        *,
        regions: Iterable[Region] = (),
        sites: Iterable[Site] = (),
        trades: Iterable[Trade] = (),
        vendor: Vendor | None = None,
        limit: Decimal | None = None,
        **facts: object,
    ) -> User:
        """A person who holds `role` where the scopes say, with one limit for all kinds of spending."""
        user: User = PersonFactory(name=name, **facts)
        if role:
            membership = people.grant(user=user, role=role, by=HOUSE, now=NOW)
            if vendor:
                employ(membership=membership, vendor=vendor, by=HOUSE, now=NOW)
            elif regions or sites or trades:
                post(membership=membership, regions=regions, sites=sites, trades=trades, by=HOUSE, now=NOW)
        if limit is not None:
            people.set_limits(user=user, limits=dict.fromkeys(people.LIMITS, limit), by=HOUSE, now=NOW)
        # As a request finds the person: nothing remembered from before the roles were given.
        return User.objects.get(pk=user.pk)
