"""Who works in the demonstration department, whom it sells to, and what."""

from app.people.permissions import Position

TEAMS: dict[str, str | None] = {
    "Sales": None,
    "North": "Sales",
    "South": "Sales",
}

PEOPLE: tuple[tuple[str, Position, str], ...] = (
    ("Ruth Adler", Position.SALES_MANAGER, "Sales"),
    ("Marta Lindqvist", Position.SALES_MANAGER, "North"),
    ("Samuel Okafor", Position.SALES_MANAGER, "South"),
    ("Ines Moreau", Position.SALES_REPRESENTATIVE, "North"),
    ("Tomas Novak", Position.SALES_REPRESENTATIVE, "North"),
    ("Priya Raman", Position.SALES_REPRESENTATIVE, "South"),
    ("Jonas Weber", Position.SALES_REPRESENTATIVE, "South"),
    ("Carla Mendes", Position.ACCOUNT_EXECUTIVE, "North"),
    ("David Stern", Position.ACCOUNT_EXECUTIVE, "South"),
    ("Aiko Tanaka", Position.ACCOUNT_MANAGER, "North"),
    ("Leon Fischer", Position.ACCOUNT_MANAGER, "South"),
    ("Noor Haddad", Position.BUSINESS_DEVELOPMENT_REPRESENTATIVE, "North"),
    ("Ben Carter", Position.BUSINESS_DEVELOPMENT_REPRESENTATIVE, "South"),
    ("Sofia Rossi", Position.SALES_SUPPORT_SPECIALIST, "Sales"),
    ("Peter Novotny", Position.SALES_OPERATIONS_SPECIALIST, "Sales"),
)

SELLERS = (Position.SALES_REPRESENTATIVE, Position.ACCOUNT_EXECUTIVE)

PRODUCTS: tuple[tuple[str, str, int], ...] = (
    ("Harbor Basic", "Harbor", 1_200),
    ("Harbor Plus", "Harbor", 4_800),
    ("Harbor Fleet", "Harbor", 18_500),
    ("Beacon Sensor", "Beacon", 640),
    ("Beacon Gateway", "Beacon", 2_950),
    ("Care Plan", "Services", 3_400),
)

INDUSTRIES = ("logistics", "retail", "medical", "manufacturing", "energy", "finance")

COMPANIES = (
    "Alder Freight", "Birchwood Clinics", "Cobalt Energy", "Dunmore Retail", "Eastgate Tools", "Fairlane Foods",
    "Granite Homes", "Hawthorn Labs", "Ironbridge Steel", "Juniper Stores", "Kestrel Air", "Larkfield Farms",
    "Mossbank Paper", "Northgate Bank", "Oakridge Dental", "Pinecrest Hotels", "Quayside Marine", "Redwood Media",
    "Silverline Rail", "Thornbury Wines", "Umber Ceramics", "Valley Water", "Westfold Textiles", "Yarrow Pharma",
)  # fmt: skip

FIRST_NAMES = ("Anna", "Bruno", "Clara", "Dmitri", "Elena", "Felix", "Grace", "Hugo", "Irene", "Karim", "Lucia", "Milo")
LAST_NAMES = ("Berg", "Castillo", "Dvorak", "Eriksen", "Farrell", "Gruber", "Hansen", "Ivanova", "Jensen", "Kovacs")

LESSONS = (
    "Bring the decision maker into the first presentation.",
    "Send the delivery timeline with the first proposal.",
    "Ask for the budget before the demonstration.",
    "A pilot of two weeks settles technical objections.",
)
