"""What exists about legal instruments: their kinds, and where they stand."""

from django.db.models import TextChoices


class InstrumentKind(TextChoices):
    """What kind of text a rule hangs on."""

    STATUTE = "statute", "Statute"
    ORDER = "order", "Executive order"
    DIRECTIVE = "directive", "Directive"
    MEMO = "memo", "Memorandum"
    CONTRACT_CLAUSE = "contract_clause", "Contract clause"
    PROPOSAL = "proposal", "Proposal"
    GUIDELINE = "guideline", "Guideline"
    PROGRAM_POLICY = "program_policy", "Policy of this program, not law"


class InstrumentStanding(TextChoices):
    """Where an instrument stands in law on a date."""

    IN_FORCE = "in_force", "In force"
    PROPOSED = "proposed", "Proposed"
    DORMANT = "dormant", "Dormant"
    LAPSED = "lapsed", "Lapsed"
    SUPERSEDED = "superseded", "Superseded"


class Knowledge(TextChoices):
    """How we know what is said of an instrument or rule. Only what was read counts as verified."""

    READ = "V", "Read in a public repository or on an official page"
    SECONDARY = "S", "Secondary sources only"
    MEMORY = "M", "From memory, not checked"
    CONFLICT = "X", "Sources conflict"
