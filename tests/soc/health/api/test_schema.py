"""The schema of the API: what exists, all of it, and nothing else."""

import json
import re

import pytest
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver


def routes(patterns, prefix=""):
    """Every route of the site, as its pattern is written."""
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            yield "/" + path


@pytest.fixture
def schema(client):
    response = client.get("/api/schema/", headers={"Accept": "application/json"})
    assert response.status_code == 200
    assert response["Content-Type"].startswith("application/json")
    return json.loads(response.content)


def test_it_names_every_route_of_the_api_and_both_probes(schema):
    named = {path.replace("{", "<").replace("}", ">") for path in schema["paths"]}
    there = {re_typed(route) for route in routes(get_resolver().url_patterns) if route.startswith("/api/v1/")}
    assert named == there | {"/healthz", "/readyz"}
    assert len(there) > 10


def re_typed(route: str) -> str:
    """`<uuid:run>` as the schema writes it: `<run>`."""
    return re.sub(r"<(?:\w+:)?(\w+)>", r"<\1>", route)


def test_programs_read_in_it_how_to_sign_in(schema):
    assert schema["components"]["securitySchemes"]["bearer"] == {"type": "http", "scheme": "bearer"}


@pytest.mark.parametrize("accept", ["*/*", "text/html,application/xhtml+xml,*/*;q=0.8", "application/json"])
def test_it_answers_whatever_is_asked_for(client, accept):
    assert client.get("/api/schema/", headers={"Accept": accept}).status_code == 200
