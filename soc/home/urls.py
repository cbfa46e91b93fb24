"""Addresses of the pages that put several apps together."""

from django.urls import path

from soc.home.pages import agency, home

urlpatterns = [
    path("home/", home.HomePage.as_view(), name="home"),
    path("home/promises/csv/", home.PromisesCsv.as_view(), name="promises-csv"),
    path("agency/", agency.OwnAgencyPage.as_view(), name="own-agency"),
    path("agency/consents/", agency.GiveConsent.as_view(), name="consent-give"),
    path("agency/consents/<uuid:consent>/withdraw/", agency.WithdrawConsent.as_view(), name="consent-withdraw"),
    path("agencies/<slug:slug>/", agency.AgencyPage.as_view(), name="agency"),
]
