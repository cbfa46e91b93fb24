"""Addresses of the clocks."""

from django.urls import path

from soc.clocks.pages.law import InstrumentPage, LawPage

urlpatterns = [
    path("law/", LawPage.as_view(), name="law"),
    path("law/<slug:code>/", InstrumentPage.as_view(), name="instrument"),
]
