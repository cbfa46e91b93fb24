"""Book, its immutable versions, and the rules that start it: no agency's property, read by all."""

from django.db import models

from playbooks.states import RuleMode
from tenants.isolation.constraints import Granted


class Book(models.Model):
    """A playbook, under a name that stays while its versions change."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=160)
    description = models.TextField(default="")
    cacao_id = models.CharField(max_length=60, unique=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            Granted(name="book_granted", rights={"soc_tenant": "SELECT", "soc_central": "SELECT, INSERT, UPDATE"}, audited=True),
        ]

    def __str__(self) -> str:
        return self.name


class Version(models.Model):
    """One content of a book. Never changed: what runs has begun keeps the book it began with."""

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    content_hash = models.CharField(max_length=64)  # SHA-256 of `canonical`, in hex
    canonical = models.TextField()  # the definition in the canonical form of RFC 8785
    modified = models.DateTimeField()  # as the document says: with its id it names the version in the standard's words
    published_at = models.DateTimeField()
    published_by = models.CharField(max_length=120)
    published_by_person = models.ForeignKey("tenants.Person", null=True, on_delete=models.PROTECT, related_name="+")  # never approves it

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["book", "number"], name="version_number_once"),
            models.UniqueConstraint(fields=["book", "content_hash"], name="version_content_once"),
            Granted(name="version_granted", rights={"soc_tenant": "SELECT", "soc_central": "SELECT, INSERT"}, audited=True),
        ]


class TriggerRule(models.Model):
    """When a book starts by itself, and the sentence that tells why it did."""

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="triggers")
    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=200)
    about = models.CharField(max_length=20)  # the prefix of the subjects it looks at: "case"
    condition = models.TextField()  # in the language of a book's conditions, over the subject's facts
    why = models.TextField()  # said of a run that it starts; facts stand in it as variables
    urgent = models.BooleanField(default=False)  # its runs go in the emergency lane
    mode = models.CharField(max_length=10, choices=RuleMode, default=RuleMode.LIVE)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            Granted(name="triggerrule_granted", rights={"soc_tenant": "SELECT", "soc_central": "SELECT, INSERT, UPDATE"}, audited=True),
        ]
