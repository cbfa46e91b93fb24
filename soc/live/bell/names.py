"""Names of groups on the channel layer."""


def group_of(agency_id: int | None, topic: str) -> str:
    """The group of one topic; of the programme's topics when there is no agency."""
    return f"live.{agency_id if agency_id is not None else 'programme'}.{topic}"


def person_group(person_id: int) -> str:
    """The group that hears when a person's sessions must be looked at again."""
    return f"live.person.{person_id}"
