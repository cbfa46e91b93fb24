"""Addresses of the clocks."""

from django.urls import path

from soc.clocks.pages.law import LawPage

urlpatterns = [path("law/", LawPage.as_view(), name="law")]
